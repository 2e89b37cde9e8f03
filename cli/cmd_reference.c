#include "cli/command.h"

#include "config/load.h"
#include "drivers/driver.h"

#include <string.h>

static error_t parse(int key, char *text, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num > 0 || (strcmp(text, "site") != 0 && strcmp(text, "policy") != 0))
            argp_error(state, "\"%s\"; expected site or policy", text);
        *(const char **)state->input = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected site or policy");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp reference_argp = {NULL,
                                    parse,
                                    "site|policy",
                                    "Prints the manual of site files or of policy files as "
                                    "Markdown, made from the tables that check them.",
                                    NULL,
                                    NULL,
                                    NULL};

int cmd_reference(int argc, char **argv)
{
    const char *which = NULL;

    argp_parse(&reference_argp, argc, argv, 0, NULL, &which);
    if (strcmp(which, "site") == 0)
        write_site_reference(stdout, driver_schemas());
    else
        write_policy_reference(stdout);
    return ferror(stdout) ? EXIT_FAILED : EXIT_OK;
}
