#include "config/schema.h"
#include "config/schema_value.h"

#include "config/quantity.h"
#include "config/range.h"
#include "config/setting_text.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 200 };

/* ---------------------------------------------------------------- one value */

static void put(const struct setting *row, const union amount *a, void *field)
{
    switch (row->kind) {
    case KIND_RATING:
        memcpy(field, &a->rating, sizeof a->rating);
        break;
    case KIND_MEASURE:
        memcpy(field, &a->measure, sizeof a->measure);
        break;
    case KIND_NUMBER:
    case KIND_CURRENT:
    case KIND_VOLTAGE:
    case KIND_INTENSITY:
        memcpy(field, &a->number, sizeof a->number);
        break;
    default:
        memcpy(field, &a->whole, sizeof a->whole);
    }
}

bool schema_wrong_type(const struct schema *schema, const struct setting *row,
                       const config_setting_t *member)
{
    char expected[TEXT_BYTES];

    return mistake(schema->reader, member,
                   &(struct mistake){.kind = ERR_TYPE,
                                     .expected = setting_expected(row, expected, sizeof expected)});
}

bool schema_out_of_range(const struct schema *schema, const struct setting *row,
                         const config_setting_t *member)
{
    char range[TEXT_BYTES];
    char example[100];
    char expected[TEXT_BYTES];
    bool plain = row->kind == KIND_INTEGER || row->kind == KIND_NUMBER;
    bool amount = amount_kind(row->kind) && !plain;

    setting_range(row, range, sizeof range);
    if (range[0] == '\0')
        setting_expected(row, expected, sizeof expected);
    else
        text_of(expected, sizeof expected, "%s%s%s", range, amount ? ", such as " : "",
                amount ? setting_example(row, example, sizeof example) : "");
    return mistake(schema->reader, member,
                   &(struct mistake){.kind = ERR_RANGE, .expected = expected});
}

static bool read_amount(const struct setting *row, const config_setting_t *member, union amount *a,
                        struct error *err)
{
    if (config_setting_type(member) == CONFIG_TYPE_STRING)
        return amount_parse(row->kind, config_setting_get_string(member), a, err);
    if (row->kind == KIND_INTEGER && config_setting_type(member) != CONFIG_TYPE_FLOAT) {
        a->whole = config_setting_get_int64(member); /* whole, where a double might not be */
        return true;
    }
    if (config_setting_type(member) == CONFIG_TYPE_FLOAT)
        return amount_from_number(row->kind, config_setting_get_float(member), a, err);
    return amount_from_number(row->kind, (double)config_setting_get_int64(member), a, err);
}

static bool bad_amount(const struct schema *schema, const struct setting *row,
                       const config_setting_t *member, const struct error *err)
{
    char expected[TEXT_BYTES];
    char suggestion[64];
    const char *text = config_setting_get_string(member);
    struct mistake m = {.kind = err->what,
                        .expected = setting_expected(row, expected, sizeof expected)};

    if (err->what == ERR_TYPE)
        m.expected = err->expected; /* "whole watts" says it best */
    else if (err->what == ERR_UNIT && text != NULL &&
             amount_suggest(row->kind, text, suggestion, sizeof suggestion))
        m.suggestion = suggestion;
    return mistake(schema->reader, member, &m);
}

static bool fill_amount(const struct schema *schema, const struct setting *row,
                        const config_setting_t *member, void *field)
{
    struct error err = {0};
    union amount a = {0};
    bool number = config_setting_is_number(member);
    bool plain = row->kind == KIND_INTEGER || row->kind == KIND_NUMBER;

    if (!number && (plain || config_setting_type(member) != CONFIG_TYPE_STRING))
        return schema_wrong_type(schema, row, member);
    if (!read_amount(row, member, &a, &err) && err.what != ERR_RANGE)
        return bad_amount(schema, row, member, &err);
    if (err.what == ERR_RANGE ||
        !(setting_value(row, &a) >= setting_min(row) && setting_value(row, &a) <= setting_max(row)))
        return schema_out_of_range(schema, row, member);
    put(row, &a, field);
    return true;
}

static bool fill_text(const struct schema *schema, const struct setting *row,
                      const config_setting_t *member, void *field)
{
    const char *text = config_setting_get_string(member);
    const char *copy = NULL;

    if (text == NULL)
        return schema_wrong_type(schema, row, member);
    if ((double)strlen(text) < row->min || (double)strlen(text) > setting_max(row))
        return schema_out_of_range(schema, row, member);
    for (const char *at = text; *at != '\0'; at++) {
        if (iscntrl((unsigned char)*at))
            return mistake(schema->reader, member,
                           &(struct mistake){.kind = ERR_SYNTAX,

                                             .expected = "text without control characters"});
    }
    copy = arena_text(schema->arena, text, strlen(text));
    memcpy(field, &copy, sizeof copy);
    return true;
}

static bool fill_name(const struct schema *schema, const struct setting *row,
                      const config_setting_t *member, void *field)
{
    const char *text = config_setting_get_string(member);
    struct error err = {0};
    uint32_t count = 0;

    if (text == NULL)
        return schema_wrong_type(schema, row, member);
    if (row->max == 1 && strchr(text, '[') != NULL)
        return mistake(schema->reader, member,
                       &(struct mistake){.kind = ERR_TYPE, .expected = "one name, not a range"});
    if (!range_count(text, &count, &err))
        return mistake(schema->reader, member,
                       &(struct mistake){.kind = err.what, .expected = err.expected});
    text = arena_text(schema->arena, text, strlen(text));
    memcpy(field, &text, sizeof text);
    return true;
}

static bool fill_bool(const struct schema *schema, const struct setting *row,
                      const config_setting_t *member, void *field)
{
    bool value = config_setting_get_bool(member);

    if (config_setting_type(member) != CONFIG_TYPE_BOOL)
        return schema_wrong_type(schema, row, member);
    memcpy(field, &value, sizeof value);
    return true;
}

static bool fill_choice(const struct schema *schema, const struct setting *row,
                        const config_setting_t *member, void *field)
{
    const char *text = config_setting_get_string(member);
    char expected[TEXT_BYTES];

    if (text == NULL)
        return schema_wrong_type(schema, row, member);
    for (int i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], text) == 0) {
            memcpy(field, &i, sizeof i);
            return true;
        }
    }
    return mistake(schema->reader, member,
                   &(struct mistake){
                       .kind = ERR_UNKNOWN,
                       .expected = setting_expected(row, expected, sizeof expected),
                       .suggestion = name_nearest(row->choices, setting_choice_count(row), text)});
}

/* ---------------------------------------------------------------- groups and tables */

static bool fill_value(const struct schema *schema, const struct setting *row,
                       const config_setting_t *member, void *field);

/* Groups in groups: as deep as the tables are, not as the file is. */
/* NOLINTBEGIN(misc-no-recursion) */

static bool fill_groups(const struct schema *schema, const struct setting *row,
                        const config_setting_t *member, void *field)
{
    uint32_t count = (uint32_t)config_setting_length(member);
    struct group_list list = {NULL, count};
    char *item = NULL;
    bool ok = true;

    if (!config_setting_is_list(member))
        return schema_wrong_type(schema, row, member);
    if (count < setting_min(row) || count > setting_max(row))
        return schema_out_of_range(schema, row, member);
    item = arena_take(schema->arena, count, row->group_size);
    list.item = item;
    for (uint32_t i = 0; i < count; i++) {
        const config_setting_t *group = config_setting_get_elem(member, i);
        const struct schema_part part = {row->group, item + i * row->group_size};

        ok = schema_fill(schema, group, &part, 1) && ok;
    }
    memcpy(field, &list, sizeof list);
    return ok;
}

/* "cap, throughput": what the values of an entry are, in order. */
static void entry_names(const struct setting *rows, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (const struct setting *row = rows; row->name != NULL && used < size; row++)
        used +=
            (size_t)snprintf(out + used, size - used, "%s%s", row == rows ? "" : ", ", row->name);
}

/* A list with one value for each row, in order. */
static bool fill_entry(const struct schema *schema, const struct setting *rows,
                       const config_setting_t *entry, char *item)
{
    char names[100];
    char expected[TEXT_BYTES];
    uint32_t count = 0;
    bool ok = true;

    while (rows[count].name != NULL)
        count++;
    if ((!config_setting_is_list(entry) && !config_setting_is_array(entry)) ||
        config_setting_length(entry) != (int)count) {
        entry_names(rows, names, sizeof names);
        text_of(expected, sizeof expected, "a list of %u values: ( %s )", count, names);
        return mistake(schema->reader, entry,
                       &(struct mistake){.kind = ERR_TYPE, .expected = expected});
    }
    for (uint32_t i = 0; i < count; i++)
        ok = fill_value(schema, &rows[i], config_setting_get_elem(entry, i), item + rows[i].at) &&
             ok;
    return ok;
}

static bool fill_table(const struct schema *schema, const struct setting *row,
                       const config_setting_t *member, void *field)
{
    uint32_t count = (uint32_t)config_setting_length(member);
    struct group_list list = {NULL, count};
    char *item = NULL;
    bool ok = true;

    if (!config_setting_is_list(member))
        return schema_wrong_type(schema, row, member);
    if (count < setting_min(row) || count > setting_max(row))
        return schema_out_of_range(schema, row, member);
    item = arena_take(schema->arena, count, row->group_size);
    list.item = item;
    for (uint32_t i = 0; i < count; i++)
        ok = fill_entry(schema, row->group, config_setting_get_elem(member, i),
                        item + i * row->group_size) &&
             ok;
    memcpy(field, &list, sizeof list);
    return ok;
}

/* ---------------------------------------------------------------- rows */

static bool fill_value(const struct schema *schema, const struct setting *row,
                       const config_setting_t *member, void *field)
{
    switch (row->kind) {
    case KIND_TEXT:
        return fill_text(schema, row, member, field);
    case KIND_BOOL:
        return fill_bool(schema, row, member, field);
    case KIND_CHOICE:
        return fill_choice(schema, row, member, field);
    case KIND_NAME:
        return fill_name(schema, row, member, field);
    case KIND_BRANCH:
    case KIND_SIGNAL:
    case KIND_FORECAST:
    case KIND_EVENT_SOURCE:
    case KIND_BROKER:
        return schema_fill_reference(schema, row, member, field);
    case KIND_SOURCES:
        return schema_fill_sources(schema, row, member, field);
    case KIND_PROFILE:
        return schema_fill_profile(schema, row, member, field);
    case KIND_GROUPS:
        return fill_groups(schema, row, member, field);
    case KIND_TABLE:
        return fill_table(schema, row, member, field);
    default:
        return fill_amount(schema, row, member, field);
    }
}

/* Defaults are our own promise, so a bad one is a bug, not a mistake of the file. */
static void fill_default(const struct setting *row, void *field)
{
    union amount a = {0};
    bool truth = strcmp(row->fallback, "true") == 0;
    bool readable = false;
    int choice = 0;

    switch (row->kind) {
    case KIND_TEXT:
    case KIND_NAME:
        memcpy(field, &row->fallback, sizeof row->fallback);
        return;
    case KIND_BOOL:
        memcpy(field, &truth, sizeof truth);
        return;
    case KIND_CHOICE:
        while (row->choices[choice] != NULL && strcmp(row->choices[choice], row->fallback) != 0)
            choice++;
        assert(row->choices[choice] != NULL);
        memcpy(field, &choice, sizeof choice);
        return;
    case KIND_GROUPS:
    case KIND_TABLE:
    case KIND_SOURCES:
        assert(row->fallback[0] == '\0');
        return; /* zeroed is the empty list */
    default:
        break;
    }
    readable = amount_kind(row->kind) && amount_parse(row->kind, row->fallback, &a, NULL);
    assert(readable);
    put(row, &a, field);
}

static bool fill_missing(const struct schema *schema, const config_setting_t *group,
                         const struct setting *row, char *out)
{
    char expected[TEXT_BYTES];

    if (row->need == NEED_OPTIONAL)
        return true;
    if (row->need == NEED_DEFAULT) {
        fill_default(row, out + row->at);
        return true;
    }
    return mistake(schema->reader, group,
                   &(struct mistake){.kind = ERR_MISSING,
                                     .member = row->name,
                                     .read = "is missing",
                                     .expected = setting_expected(row, expected, sizeof expected)});
}

static bool fill_row(const struct schema *schema, const config_setting_t *group,
                     const struct setting *row, char *out)
{
    const config_setting_t *member = config_setting_get_member(group, row->name);
    bool given = member != NULL;

    if (row->need == NEED_OPTIONAL && row->given_at != 0)
        memcpy(out + row->given_at, &given, sizeof given);
    return given ? fill_value(schema, row, member, out + row->at)
                 : fill_missing(schema, group, row, out);
}

/* NOLINTEND(misc-no-recursion) */

/* ---------------------------------------------------------------- names that no row knows */

enum { NAMES_MAX = 100 };

static size_t row_names(const struct schema_part *part, size_t parts, const char *name[NAMES_MAX])
{
    size_t count = 0;

    for (size_t p = 0; p < parts; p++) {
        for (const struct setting *row = part[p].rows; row != NULL && row->name != NULL; row++) {
            if (count < NAMES_MAX)
                name[count++] = row->name;
        }
    }
    return count;
}

static bool unknown_setting(const struct schema *schema, const config_setting_t *member,
                            const char *const *name, size_t count)
{
    char expected[TEXT_BYTES] = "one of ";
    size_t used = strlen(expected);

    for (size_t i = 0; i < count && used < sizeof expected; i++)
        used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s", i > 0 ? ", " : "",
                                 name[i]);
    if (used >= sizeof expected)
        memcpy(expected + sizeof expected - 4, "...", 4);
    return mistake(schema->reader, member,
                   &(struct mistake){.kind = ERR_UNKNOWN,
                                     .read = "no such setting",
                                     .expected = expected,
                                     .suggestion = name_nearest(name, count, member->name)});
}

bool schema_names(const struct schema *schema, const config_setting_t *group,
                  const char *const *name, size_t count)
{
    bool ok = true;

    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        bool known = member->name[0] == SOURCE_DUPLICATE; /* reported already */

        for (size_t k = 0; k < count && !known; k++)
            known = strcmp(name[k], member->name) == 0;
        if (!known)
            ok = unknown_setting(schema, member, name, count);
    }
    return ok;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables are */
bool schema_fill(const struct schema *schema, const config_setting_t *group,
                 const struct schema_part *part, size_t parts)
{
    const char *name[NAMES_MAX] = {NULL};
    bool ok = true;

    if (!config_setting_is_group(group))
        return mistake(schema->reader, group,
                       &(struct mistake){.kind = ERR_TYPE, .expected = "a group { ... }"});
    ok = schema_names(schema, group, name, row_names(part, parts, name));
    for (size_t p = 0; p < parts; p++) {
        for (const struct setting *row = part[p].rows; row != NULL && row->name != NULL; row++)
            ok = fill_row(schema, group, row, part[p].out) && ok;
    }
    return ok;
}

void schema_defaults(const struct schema *schema, const struct setting *rows, void *out)
{
    for (const struct setting *row = rows; row->name != NULL; row++)
        (void)fill_missing(schema, NULL, row, out);
}
