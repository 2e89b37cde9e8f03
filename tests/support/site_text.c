#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "platform/file.h"
#include "tests/support/site_text.h"

#include <string.h>

struct no_settings {
    bool nothing;
};

static const struct setting none[] = {{0}};

static const struct driver_schema drivers[] = {
    {"feed", ROLE_SIGNAL, none, sizeof(struct no_settings)},
    {"feed", ROLE_FORECAST, none, sizeof(struct no_settings)},
    {"feed", ROLE_EVENTS, none, sizeof(struct no_settings)},
    {"agent", ROLE_ACTUATOR, none, sizeof(struct no_settings)},
    {0},
};

static void must(bool loaded, struct diagnostics *found)
{
    char line[1024];

    for (size_t i = 0; i < found->count; i++)
        print_message("%s\n", diagnostic_line(&found->item[i], line, sizeof line));
    diagnostics_free(found);
    if (!loaded)
        fail_msg("the test's own file has mistakes");
}

static void write_text(const char *path, const char *text)
{
    struct error err;

    if (!file_write_atomic(path, text, strlen(text), &err))
        fail_msg("%s: %s", err.where, err.got);
}

struct site *site_from_text(const char *text)
{
    const struct load_options options = {.drivers = drivers};
    struct diagnostics found = {0};
    struct site *site = NULL;

    write_text("site.cfg", text);
    must(load_site("site.cfg", &options, &site, &found), &found);
    return site;
}

struct policy_set *policies_from_text(const char *text, const struct site *site)
{
    struct diagnostics found = {0};
    struct policy_set *set = NULL;

    write_text("policy.cfg", text);
    must(load_policies("policy.cfg", site, &set, &found), &found);
    return set;
}
