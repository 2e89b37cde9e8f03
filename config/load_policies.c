#include "config/load.h"
#include "config/policy_schema.h"
#include "config/schema.h"

#include <stdlib.h>
#include <string.h>

enum { POLICIES_MAX = 256, KINDS_MAX = 64 };

/* What every policy has; its kind adds the rest. */
struct policy_entry {
    const char *name, *kind;
};

#define AT(field) offsetof(struct policy_entry, field)
const struct setting policy_settings[] = {
    {.name = "name",
     .kind = KIND_TEXT,
     .need = NEED_REQUIRED,
     .min = 1,
     .max = 63,
     .at = AT(name),
     .help = "what people and explanations call it; unique"},
    {.name = "kind",
     .kind = KIND_NAME,
     .need = NEED_REQUIRED,
     .max = 1,
     .at = AT(kind),
     .help = "what it does: one of the kinds below"},
    {0},
};
#undef AT

struct policy_load {
    struct reader reader;
    const struct site *site;
    struct policy_set *set;
    struct arena scratch;
    struct name_index branches, points, sources, brokers, forecasts, event_sources, names;
    struct references references;
    struct schema schema;
    struct policy *policy;
    uint32_t count;
};

/* ---------------------------------------------------------------- one policy */

static const char *group_text(const config_setting_t *group, const char *member)
{
    const config_setting_t *setting =
        config_setting_is_group(group) ? config_setting_get_member(group, member) : NULL;

    return setting == NULL ? NULL : config_setting_get_string(setting);
}

static bool no_kind(const struct policy_load *load, const config_setting_t *at, const char *name)
{
    const config_setting_t *member = config_setting_get_member(at, "kind");
    const char *known[KINDS_MAX];
    size_t count = 0;
    char expected[200] = "one of ";
    size_t used = strlen(expected);

    for (const struct policy_kind *const *k = policy_kinds; *k != NULL && count < KINDS_MAX; k++) {
        if ((*k)->always_on)
            continue;
        if (used < sizeof expected)
            used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s",
                                     count > 0 ? ", " : "", (*k)->name);
        known[count++] = (*k)->name;
    }
    return mistake(
        &load->reader, at,
        &(struct mistake){.kind = member == NULL ? ERR_MISSING : ERR_UNKNOWN,
                          .member = "kind",
                          .read = member == NULL ? "is missing" : NULL,
                          .expected = expected,
                          .suggestion = name == NULL ? NULL : name_nearest(known, count, name)});
}

static const struct policy_kind *kind_of(const struct policy_load *load, const config_setting_t *at)
{
    const char *name = group_text(at, "kind");
    const struct policy_kind *kind = name == NULL ? NULL : policy_kind_find(name);

    if (kind == NULL) {
        no_kind(load, at, name);
        return NULL;
    }
    if (kind->always_on) {
        mistake(&load->reader, at,
                &(struct mistake){
                    .kind = ERR_CONFLICT,
                    .member = "kind",

                    .expected =
                        "another kind: this one is always on, and set by the site file's ratings"});
        return NULL;
    }
    return kind;
}

static void take_policy_name(struct policy_load *load, const config_setting_t *at, const char *name)
{
    char read[100];

    if (name == NULL || name_add(&load->names, name, load->count, NULL))
        return;
    mistake(&load->reader, at,
            &(struct mistake){.kind = ERR_DUPLICATE,
                              .member = "name",
                              .read = text_of(read, sizeof read, "\"%s\" is taken", name),
                              .expected = "a name that no other policy has"});
}

/* What the kind itself has to say of settings that are well formed. */
static void ask_kind(const struct policy_load *load, const config_setting_t *at,
                     const struct policy_kind *kind, const void *settings)
{
    struct error err = {0};
    struct mistake m = {.member = err.where, .read = err.got, .expected = err.expected};

    if (kind->check != NULL && !kind->check(settings, load->site, &err)) {
        m.kind = err.what;
        m.member = err.where[0] != '\0' ? err.where : NULL;
        mistake(&load->reader, at, &m);
    } else if (kind->suspect != NULL && !kind->suspect(settings, load->site, &err)) {
        m.kind = err.what;
        m.member = err.where[0] != '\0' ? err.where : NULL;
        suspicion(&load->reader, at, &m);
    }
}

static void load_policy(struct policy_load *load, const config_setting_t *at)
{
    struct policy_entry entry = {0};
    const struct policy_kind *kind = NULL;
    struct schema_part part[2] = {{policy_settings, &entry}, {NULL, NULL}};
    void *settings = NULL;
    const char *file = NULL;
    uint32_t line = 0;

    if (!config_setting_is_group(at)) {
        mistake(&load->reader, at,
                &(struct mistake){.kind = ERR_TYPE, .expected = "a group { ... }"});
        return;
    }
    kind = kind_of(load, at);
    if (kind == NULL) { /* without it nothing is known of the other settings */
        take_policy_name(load, at, group_text(at, "name"));
        return;
    }
    settings = arena_take(load->schema.arena, 1, kind->settings_size);
    part[1] = (struct schema_part){kind->settings, settings};
    if (schema_fill(&load->schema, at, part, COUNT(part)))
        ask_kind(load, at, kind, settings);
    take_policy_name(load, at, entry.name);
    setting_place(&load->reader, at, &file, &line);
    load->policy[load->count++] = (struct policy){
        entry.name, kind, settings, arena_text(load->schema.arena, file, strlen(file)), line};
}

/* ---------------------------------------------------------------- all of them */

static void index_site(struct policy_load *load)
{
    const struct site *site = load->site;
    struct name_index *index[] = {&load->branches, &load->points,    &load->sources,
                                  &load->brokers,  &load->forecasts, &load->event_sources,
                                  &load->names};

    for (size_t i = 0; i < COUNT(index); i++)
        index[i]->arena = &load->scratch;
    for (uint32_t i = 0; i < site->tree.branches; i++)
        (void)name_add(&load->branches, site->tree.name[i], i, NULL);
    for (uint32_t i = 0; i < site->points; i++)
        (void)name_add(&load->points, site->point[i].name, i, NULL);
    for (uint32_t i = 0; i < site->sources; i++)
        (void)name_add(&load->sources, site->source[i].name, i, NULL);
    for (uint32_t i = 0; i < site->brokers; i++)
        (void)name_add(&load->brokers, site->broker[i].name, i, NULL);
    for (uint32_t i = 0; i < site->forecasts; i++)
        (void)name_add(&load->forecasts, site->forecast[i].name, i, NULL);
    for (uint32_t i = 0; i < site->event_sources; i++)
        (void)name_add(&load->event_sources, site->event_source[i].name, i, NULL);
    load->references = (struct references){.branches = &load->branches,
                                           .points = &load->points,
                                           .sources = &load->sources,
                                           .brokers = &load->brokers,
                                           .forecasts = &load->forecasts,
                                           .event_sources = &load->event_sources,
                                           .point = site->point,
                                           .forecast = site->forecast};
}

/* The list of policies; NULL after reporting. An empty list is fine: the equipment's limits stand alone. */
static const config_setting_t *policy_list(struct policy_load *load)
{
    static const char *const sections[] = {"policies"};
    const config_setting_t *root = config_root_setting(&load->reader.config);
    const config_setting_t *list = config_setting_get_member(root, "policies");
    char read[100];

    schema_names(&load->schema, root, sections, COUNT(sections));
    if (list == NULL) {
        mistake(&load->reader, root,
                &(struct mistake){.kind = ERR_MISSING,
                                  .member = "policies",
                                  .read = "is missing",
                                  .expected = "a list of groups: ( { ... }, { ... } )"});
    } else if (!config_setting_is_list(list)) {
        mistake(&load->reader, list,
                &(struct mistake){.kind = ERR_TYPE,
                                  .expected = "a list of groups: ( { ... }, { ... } )"});
    } else if (config_setting_length(list) > POLICIES_MAX) {
        mistake(&load->reader, list,
                &(struct mistake){
                    .kind = ERR_RANGE,
                    .read = text_of(read, sizeof read, "%d policies", config_setting_length(list)),
                    .expected = "at most 256 policies"});
    } else {
        return list;
    }
    return NULL;
}

/* The built-in policies stay in front; the file's follow in its order. */
static void load_list(struct policy_load *load)
{
    const config_setting_t *list = policy_list(load);
    uint32_t count = list == NULL ? 0 : (uint32_t)config_setting_length(list);
    uint32_t builtin = load->set->count;

    load->policy = arena_array(load->schema.arena, builtin + count, struct policy);
    for (uint32_t i = 0; i < builtin; i++) {
        load->policy[i] = load->set->policy[i];
        (void)name_add(&load->names, load->policy[i].name, i, NULL);
    }
    load->count = builtin;
    for (uint32_t i = 0; i < count; i++)
        load_policy(load, config_setting_get_elem(list, i));
    load->set->policy = load->policy;
    load->set->count = load->count;
    load->set->version = load->reader.source.version;
}

static bool finish(struct policy_load *load, const struct site *site, struct policy_set **out)
{
    bool ok = false;

    load->set = calloc(1, sizeof *load->set);
    if (load->set == NULL)
        return false;
    policy_set_builtin(load->set);
    load->site = site;
    load->schema = (struct schema){&load->reader, &load->set->arena, &load->references};
    index_site(load);
    load_list(load);
    arena_free(&load->scratch);
    ok = reader_clean(&load->reader);
    if (ok)
        *out = load->set;
    else
        policy_set_free(load->set);
    return ok;
}

bool load_policies(const char *path, const struct site *site, struct policy_set **out,
                   struct diagnostics *found)
{
    struct policy_load load = {0};
    bool ok = false;

    *out = NULL;
    ok = reader_open(&load.reader, path, found) && finish(&load, site, out);
    reader_close(&load.reader);
    diagnostics_sort(found);
    return ok;
}

bool load_policies_text(const char *name, const char *text, size_t size, const struct site *site,
                        struct policy_set **out, struct diagnostics *found)
{
    struct policy_load load = {0};
    bool ok = false;

    *out = NULL;
    ok = reader_open_text(&load.reader, name, text, size, found) && finish(&load, site, out);
    reader_close(&load.reader);
    diagnostics_sort(found);
    return ok;
}

void policy_set_free(struct policy_set *set)
{
    if (set == NULL)
        return;
    arena_free(&set->arena);
    free(set);
}
