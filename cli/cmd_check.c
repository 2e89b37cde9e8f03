#include "cli/command.h"
#include "cli/file_kind.h"

#include "config/load.h"
#include "controller/controller.h"
#include "drivers/driver.h"
#include "platform/file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPT_SITE = 's',
    OPT_STRICT = 'S',
    OPT_JSON = 'j',
    FILES_MOST = 256,
    FILE_MOST_BYTES = 16 << 20
};

static const struct argp_option options[] = {
    {"site", OPT_SITE, "SITE.cfg", 0, "The site that policy files are checked against", 0},
    {"strict", OPT_STRICT, NULL, 0, "Warnings fail, too", 0},
    {"json", OPT_JSON, NULL, 0, "Print the findings as JSON", 0},
    {0},
};

struct arguments {
    const char *site_path;
    bool strict, json;
    const char *file[FILES_MOST];
    size_t files;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case OPT_SITE:
        a->site_path = text;
        return 0;
    case OPT_STRICT:
        a->strict = true;
        return 0;
    case OPT_JSON:
        a->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->files == FILES_MOST)
            argp_error(state, "expected at most %d files", FILES_MOST);
        a->file[a->files++] = text;
        return 0;
    case ARGP_KEY_END:
        if (a->files == 0 && a->site_path == NULL)
            argp_error(state, "expected at least one file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp check_argp = {
    options,
    parse,
    "FILE...",
    "Finds the mistakes in site and policy files, each with its line and what was expected.\v"
    "Policies are checked against a site: the one of --site, or the first site file among FILEs. "
    "Exit codes: "
    "0 good (warnings allowed), 1 mistakes, 2 wrong usage.",
    NULL,
    NULL,
    NULL};

static void add_plain(struct diagnostics *found, const char *file, enum error_kind kind,
                      const char *read, const char *expected)
{
    struct diagnostic item = {.severity = SEVERITY_ERROR, .kind = kind};

    snprintf(item.file, sizeof item.file, "%s", file);
    snprintf(item.read, sizeof item.read, "%s", read);
    snprintf(item.expected, sizeof item.expected, "%s", expected);
    diagnostics_add(found, &item);
}

/* A file that can't be read is a site file: its loader says what is wrong with it. */
static enum file_kind kind_of(const char *path)
{
    char *text = NULL;
    size_t length = 0;
    enum file_kind kind = FILE_SITE;

    if (file_read(path, FILE_MOST_BYTES, &text, &length, NULL))
        kind = file_kind_of(text, length);
    free(text);
    return kind;
}

static void check_site(const char *path, struct site **kept, struct diagnostics *found)
{
    const struct load_options load_options = {.drivers = driver_schemas()};
    struct site *site = NULL;

    struct error err;

    if (!load_site(path, &load_options, &site, found))
        return;
    if (!controller_can(site, &err))
        add_plain(found, path, err.what, err.got, err.expected);
    if (*kept == NULL)
        *kept = site;
    else
        site_free(site);
}

static void check_policies(const char *path, const struct site *site, struct diagnostics *found)
{
    struct policy_set *policies = NULL;

    if (site == NULL) {
        add_plain(found, path, ERR_MISSING, "policies were not checked",
                  "a site file without mistakes");
        return;
    }
    if (load_policies(path, site, &policies, found))
        policy_set_free(policies);
}

/* False when policies came without any site: that is wrong usage, not a mistake in a file. */
static bool check_all(const struct arguments *a, struct diagnostics *found)
{
    bool any_site = a->site_path != NULL, any_policy = false;
    enum file_kind kind[FILES_MOST] = {FILE_SITE};
    struct site *site = NULL;

    for (size_t f = 0; f < a->files; f++) {
        kind[f] = kind_of(a->file[f]);
        any_site = any_site || kind[f] == FILE_SITE;
        any_policy = any_policy || kind[f] == FILE_POLICY;
    }
    if (any_policy && !any_site)
        return false;
    if (a->site_path != NULL)
        check_site(a->site_path, &site, found);
    for (size_t f = 0; f < a->files; f++)
        if (kind[f] == FILE_SITE && (a->site_path == NULL || strcmp(a->file[f], a->site_path) != 0))
            check_site(a->file[f], &site, found);
    for (size_t f = 0; f < a->files; f++)
        if (kind[f] == FILE_POLICY)
            check_policies(a->file[f], site, found);
    site_free(site);
    diagnostics_sort(found);
    return true;
}

static void print_text(const struct arguments *a, const struct diagnostics *found)
{
    bool colours = colours_wanted(stdout);
    size_t files = a->files + (a->site_path != NULL);
    char line[1024];

    for (size_t d = 0; d < found->count; d++) {
        const char *colour = found->item[d].severity == SEVERITY_ERROR ? "\033[31m" : "\033[33m";

        printf("%s%s%s\n", colours ? colour : "",
               diagnostic_line(&found->item[d], line, sizeof line), colours ? "\033[0m" : "");
    }
    if (found->count < found->errors + found->warnings)
        printf("... and %zu more\n", found->errors + found->warnings - found->count);
    printf("%zu file%s: %zu mistake%s, %zu warning%s\n", files, files == 1 ? "" : "s",
           found->errors, found->errors == 1 ? "" : "s", found->warnings,
           found->warnings == 1 ? "" : "s");
}

static void print_json(const struct diagnostics *found)
{
    json_t *items = json_array();
    json_t *out = json_pack("{s:I, s:I, s:o}", "mistakes", (json_int_t)found->errors, "warnings",
                            (json_int_t)found->warnings, "findings", items);

    for (size_t d = 0; d < found->count; d++) {
        const struct diagnostic *i = &found->item[d];

        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "severity",
                                        i->severity == SEVERITY_ERROR ? "mistake" : "warning",
                                        "kind", error_name(i->kind), "file", i->file, "line",
                                        (int)i->line, "path", i->path, "read", i->read, "expected",
                                        i->expected, "suggestion", i->suggestion));
    }
    json_dumpf(out, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(out);
}

int cmd_check(int argc, char **argv)
{
    struct arguments a = {0};
    struct diagnostics found = {0};
    bool failed = false;

    argp_parse(&check_argp, argc, argv, 0, NULL, &a);
    if (!check_all(&a, &found)) {
        fputs(
            "capstan check: policies need a site: give --site SITE.cfg, or a site file with them\n",
            stderr);
        return EXIT_USAGE;
    }
    if (a.json)
        print_json(&found);
    else
        print_text(&a, &found);
    failed = found.errors > 0 || (a.strict && found.warnings > 0);
    diagnostics_free(&found);
    return failed ? EXIT_FAILED : EXIT_OK;
}
