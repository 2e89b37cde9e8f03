#include "cli/command.h"

#include "config/load.h"
#include "drivers/driver.h"
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>

enum { OPT_EXAMPLE = 'e', EXAMPLE_MOST_BYTES = 1 << 20 };

static const struct argp_option options[] = {
    {"example", OPT_EXAMPLE, "FILE", 0, "A policy file to show on the page of its KIND", 0},
    {0},
};

struct arguments {
    const char *which, *example;
    const struct policy_kind *kind;
};

static void take_argument(struct arguments *a, const char *text, struct argp_state *state)
{
    if (state->arg_num == 0) {
        if (strcmp(text, "site") != 0 && strcmp(text, "policy") != 0)
            argp_error(state, "\"%s\"; expected site or policy", text);
        a->which = text;
        return;
    }
    if (state->arg_num > 1 || strcmp(a->which, "policy") != 0)
        argp_error(state, "\"%s\"; expected site, policy or policy KIND", text);
    a->kind = policy_kind_find(text);
    if (a->kind == NULL)
        argp_error(state, "\"%s\"; expected a kind that `capstan reference policy` lists", text);
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case OPT_EXAMPLE:
        a->example = text;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(a, text, state);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected site or policy");
        return 0;
    case ARGP_KEY_END:
        if (a->example != NULL && a->kind == NULL)
            argp_error(state, "--example: expected policy KIND with it");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp reference_argp = {options,
                                    parse,
                                    "site|policy [KIND]",
                                    "Prints the manual of site files, of policy files or of one "
                                    "kind of policy as Markdown, made from the tables that check "
                                    "them.",
                                    NULL,
                                    NULL,
                                    NULL};

static int write_page(const struct arguments *a)
{
    struct error err;
    char line[600];
    char *example = NULL;

    if (a->example != NULL && !file_read(a->example, EXAMPLE_MOST_BYTES, &example, NULL, &err)) {
        fprintf(stderr, "capstan reference: %s\n", error_line(&err, line, sizeof line));
        return EXIT_FAILED;
    }
    write_policy_page(stdout, a->kind, example);
    free(example);
    return EXIT_OK;
}

int cmd_reference(int argc, char **argv)
{
    struct arguments a = {0};
    int end = EXIT_OK;

    argp_parse(&reference_argp, argc, argv, 0, NULL, &a);
    if (a.kind != NULL)
        end = write_page(&a);
    else if (strcmp(a.which, "site") == 0)
        write_site_reference(stdout, driver_schemas());
    else
        write_policy_reference(stdout);
    return ferror(stdout) ? EXIT_FAILED : end;
}
