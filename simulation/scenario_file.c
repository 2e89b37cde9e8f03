/* A scenario file is libconfig:
 *
 *     seed = 7; seconds = 900; ...
 *     site = { site = { name = "hunt"; ... }; branches = ( ... ); ... };     a whole site file
 *     policies = ( { policies = ( ... ); }, ... );                           whole policy files
 *     nameplates = ( { node = "n1"; uncapped = 900; }, ... );
 *     timeline = ( { at = 40; what = "meter_frozen"; target = "m1"; lasts = 60; value = 0.0; }, ... );
 *
 * Parts that are missing have defaults, so that a shrunk scenario is short. */
#include "simulation/scenario_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- libconfig to text: what config_write does, for a part, in lines that a person can compare ---- */

enum { LINE_LEVELS = 2 }; /* groups deeper than this stand on one line */

static void write_text_value(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void write_value(FILE *out, const config_setting_t *s, int level);

/* NOLINTNEXTLINE(misc-no-recursion): as deep as a site file's groups are */
static void write_members(FILE *out, const config_setting_t *s, int level, bool list)
{
    int count = config_setting_length(s);
    bool lines = level <= LINE_LEVELS;

    for (int i = 0; i < count; i++) {
        const config_setting_t *member = config_setting_get_elem(s, (unsigned)i);

        fprintf(out, "%s%*s", lines ? "\n" : " ", lines ? 2 * level : 0, "");
        if (!list)
            fprintf(out, "%s = ", config_setting_name(member));
        write_value(out, member, level + 1);
        fputs(!list ? ";" : i + 1 < count ? "," : "", out);
    }
    fputc(' ', out);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as a site file's groups are */
static void write_value(FILE *out, const config_setting_t *s, int level)
{
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_GROUP:
        fputc('{', out);
        write_members(out, s, level, false);
        fputc('}', out);
        break;
    case CONFIG_TYPE_LIST:
    case CONFIG_TYPE_ARRAY:
        fputc(config_setting_is_list(s) ? '(' : '[', out);
        write_members(out, s, level, true);
        fputc(config_setting_is_list(s) ? ')' : ']', out);
        break;
    case CONFIG_TYPE_INT:
        fprintf(out, "%d", config_setting_get_int(s));
        break;
    case CONFIG_TYPE_INT64:
        fprintf(out, "%lldL", (long long)config_setting_get_int64(s));
        break;
    case CONFIG_TYPE_FLOAT:
        fprintf(out, "%#.9g", config_setting_get_float(s));
        break;
    case CONFIG_TYPE_BOOL:
        fputs(config_setting_get_bool(s) ? "true" : "false", out);
        break;
    default:
        write_text_value(out, config_setting_get_string(s));
    }
}

void scenario_write_group(FILE *out, const config_setting_t *group)
{
    write_members(out, group, 0, false);
    fputc('\n', out);
}

/* The group's members as a file of their own, in the arena. */
static const char *part_text(const config_setting_t *group, struct arena *arena)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *kept = NULL;

    if (out == NULL)
        return "";
    scenario_write_group(out, group);
    fclose(out);
    kept = arena_text(arena, text, size);
    free(text);
    return kept;
}

/* ---- reading ---- */

static int64_t whole(const config_setting_t *group, const char *name, int64_t otherwise)
{
    const config_setting_t *s = config_setting_get_member(group, name);

    if (s == NULL)
        return otherwise;
    if (config_setting_type(s) == CONFIG_TYPE_FLOAT)
        return (int64_t)config_setting_get_float(s);
    return config_setting_get_int64(s);
}

static double number(const config_setting_t *group, const char *name)
{
    const config_setting_t *s = config_setting_get_member(group, name);

    if (s == NULL)
        return 0;
    if (config_setting_type(s) == CONFIG_TYPE_FLOAT)
        return config_setting_get_float(s);
    return (double)config_setting_get_int64(s);
}

static void text_into(const config_setting_t *group, const char *name, char *out, size_t size)
{
    const char *text = "";

    config_setting_lookup_string(group, name, &text);
    snprintf(out, size, "%s", text);
}

static bool read_events(const config_setting_t *root, struct scenario *out, const char *name,
                        struct error *err)
{
    const config_setting_t *list = config_setting_get_member(root, "timeline");
    int count = list == NULL ? 0 : config_setting_length(list);

    if (count > SCENARIO_EVENTS_MAX)
        return failure(err, ERR_RANGE, name, "at most 2000 events", "%d", count);
    out->event = arena_array(&out->arena, (size_t)count, struct event);
    for (int i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
        struct event *event = &out->event[i];
        char what[SCENARIO_NAME_BYTES];

        text_into(at, "what", what, sizeof what);
        if (!event_find(what, &event->kind))
            return failure(err, ERR_UNKNOWN, name, "an event of docs/hunt.md", "\"%s\"", what);
        event->at_s = whole(at, "at", 0);
        event->lasts_s = whole(at, "lasts", 0);
        event->value = number(at, "value");
        text_into(at, "target", event->target, sizeof event->target);
        if (event->at_s < 0 || event->lasts_s < 0 || (i > 0 && event->at_s < event[-1].at_s))
            return failure(err, ERR_RANGE, name, "events in order of their times", "at = %" PRId64,
                           event->at_s);
    }
    out->events = (uint32_t)count;
    return true;
}

static void read_nameplates(const config_setting_t *root, struct scenario *out)
{
    const config_setting_t *list = config_setting_get_member(root, "nameplates");
    int count = list == NULL ? 0 : config_setting_length(list);

    out->nameplate = arena_array(&out->arena, (size_t)count, struct nameplate);
    for (int i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(list, (unsigned)i);
        struct nameplate *plate = &out->nameplate[i];

        text_into(at, "node", plate->node, sizeof plate->node);
        plate->cap_min_w = whole(at, "cap_min", 0);
        plate->cap_max_w = whole(at, "cap_max", 0);
        plate->uncapped_w = whole(at, "uncapped", 0);
        plate->remainder_w = whole(at, "remainder", 0);
    }
    out->nameplates = (uint32_t)count;
}

static bool in_range(int64_t value, int64_t least, int64_t most, const char *what, const char *name,
                     struct error *err)
{
    char expected[96];

    if (value >= least && value <= most)
        return true;
    snprintf(expected, sizeof expected, "%s from %" PRId64 " to %" PRId64, what, least, most);
    return failure(err, ERR_RANGE, name, expected, "%" PRId64, value);
}

bool scenario_from_config(const config_setting_t *root, const char *name, struct scenario *out,
                          struct error *err)
{
    const config_setting_t *site = config_setting_get_member(root, "site");
    const config_setting_t *policies = config_setting_get_member(root, "policies");
    int count = policies == NULL ? 0 : config_setting_length(policies);
    char sabotage[SCENARIO_NAME_BYTES];

    *out = (struct scenario){.seed = (uint64_t)whole(root, "seed", 1),
                             .seconds = whole(root, "seconds", 600),
                             .report_period_ms = whole(root, "report_period_ms", 1000),
                             .meter_error_bp = whole(root, "meter_error_bp", 0),
                             .meter_late_ticks = whole(root, "meter_late_ticks", 0),
                             .link_ms = whole(root, "link_ms", 20)};
    text_into(root, "sabotage", sabotage, sizeof sabotage);
    if (sabotage[0] != '\0' && !sabotage_find(sabotage, &out->sabotage))
        return failure(err, ERR_UNKNOWN, name, "a sabotage of docs/hunt.md", "\"%s\"", sabotage);
    if (!in_range(out->seconds, 1, 10000000, "seconds", name, err) ||
        !in_range(out->report_period_ms, 100, 60000, "report_period_ms", name, err) ||
        !in_range(out->meter_error_bp, 0, 1000, "meter_error_bp", name, err) ||
        !in_range(out->meter_late_ticks, 0, 2, "meter_late_ticks", name, err) ||
        !in_range(out->link_ms, 0, 60000, "link_ms", name, err) ||
        !in_range(count, 0, SCENARIO_POLICIES_MAX, "policies", name, err))
        return false;
    if (site == NULL || !config_setting_is_group(site))
        return failure(err, ERR_MISSING, name, "site = { ... }", "none");
    out->site = part_text(site, &out->arena);
    for (int i = 0; i < count; i++) {
        const config_setting_t *one = config_setting_get_elem(policies, (unsigned)i);

        if (!config_setting_is_group(one))
            return failure(err, ERR_TYPE, name, "policies = ( { policies = ( ... ); } )",
                           "another");
        out->policy[out->policies++] = part_text(one, &out->arena);
    }
    read_nameplates(root, out);
    return read_events(root, out, name, err);
}

bool scenario_parse(const char *name, const char *text, struct scenario *out, struct error *err)
{
    config_t config;
    bool ok = false;

    config_init(&config);
    *out = (struct scenario){0};
    if (config_read_string(&config, text))
        ok = scenario_from_config(config_root_setting(&config), name, out, err);
    else
        failure(err, ERR_SYNTAX, name, "a scenario as docs/hunt.md says", "line %d: %s",
                config_error_line(&config), config_error_text(&config));
    config_destroy(&config);
    if (!ok)
        scenario_free(out);
    return ok;
}

/* ---- writing ---- */

static void write_head(FILE *out, const char *head)
{
    for (const char *line = head; line != NULL && *line != '\0';) {
        size_t length = strcspn(line, "\n");

        fprintf(out, "# %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void write_nameplates(FILE *out, const struct scenario *scenario)
{
    fputs("nameplates = (", out);
    for (uint32_t i = 0; i < scenario->nameplates; i++) {
        const struct nameplate *p = &scenario->nameplate[i];

        fprintf(out,
                "%s\n  { node = \"%s\"; cap_min = %" PRId64 "; cap_max = %" PRId64
                "; uncapped = %" PRId64 "; remainder = %" PRId64 "; }",
                i > 0 ? "," : "", p->node, p->cap_min_w, p->cap_max_w, p->uncapped_w,
                p->remainder_w);
    }
    fputs(" );\n", out);
}

static void write_timeline(FILE *out, const struct scenario *scenario)
{
    fputs("timeline = (", out);
    for (uint32_t i = 0; i < scenario->events; i++) {
        const struct event *e = &scenario->event[i];

        fprintf(out,
                "%s\n  { at = %" PRId64 "; what = \"%s\"; target = \"%s\"; lasts = %" PRId64
                "; value = %#.6g; }",
                i > 0 ? "," : "", e->at_s, event_name(e->kind), e->target, e->lasts_s, e->value);
    }
    fputs(" );\n", out);
}

char *scenario_text(const struct scenario *scenario, const char *head)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    write_head(out, head);
    fprintf(out,
            "seed = %" PRIu64 "L;\nseconds = %" PRId64 ";\nreport_period_ms = %" PRId64
            ";\nmeter_error_bp = %" PRId64 ";\nmeter_late_ticks = %" PRId64 ";\nlink_ms = %" PRId64
            ";\nsabotage = \"%s\";\n",
            scenario->seed, scenario->seconds, scenario->report_period_ms, scenario->meter_error_bp,
            scenario->meter_late_ticks, scenario->link_ms, sabotage_name(scenario->sabotage));
    fprintf(out, "site = {\n%s};\npolicies = (", scenario->site);
    for (uint32_t i = 0; i < scenario->policies; i++)
        fprintf(out, "%s\n{ %s }", i > 0 ? "," : "", scenario->policy[i]);
    fputs(" );\n", out);
    write_nameplates(out, scenario);
    write_timeline(out, scenario);
    fclose(out);
    return text;
}
