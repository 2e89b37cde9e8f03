#include "config/site_load.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---------------------------------------------------------------- what the parts share */

const config_setting_t *section_groups(struct site_load *load, enum section_id id, uint32_t *count)
{
    const struct section *section = &site_sections[id];
    const config_setting_t *root = config_root_setting(&load->reader.config);
    const config_setting_t *list = config_setting_get_member(root, section->name);

    *count = 0;
    if (list == NULL && section->required)
        mistake(&load->reader, root,
                &(struct mistake){.kind = ERR_MISSING,
                                  .member = section->name,
                                  .read = "is missing",
                                  .expected = "a list of groups"});
    if (list == NULL)
        return NULL;
    if (!config_setting_is_list(list)) {
        mistake(&load->reader, list,
                &(struct mistake){.kind = ERR_TYPE,
                                  .expected = "a list of groups: ( { ... }, { ... } )"});
        return NULL;
    }
    *count = (uint32_t)config_setting_length(list);
    return list;
}

/* A pattern's names, within the file's budget. */
static bool expand(struct site_load *load, const config_setting_t *at, const char *member,
                   const char *pattern, struct range *out)
{
    struct error err = {0};
    uint32_t count = 0;

    if (!range_count(pattern, &count, &err)) /* the schema has said so */
        return false;
    if (count > load->names_left)
        return mistake(&load->reader, at,
                       &(struct mistake){.kind = ERR_FULL,
                                         .member = member,

                                         .expected = "at most 1,000,000 names in a file"});
    load->names_left -= count;
    return range_expand(pattern, load->schema.arena, out, &err);
}

struct range take_names(struct site_load *load, const config_setting_t *at, const char *pattern,
                        struct name_index *index, uint32_t first)
{
    struct range names = {NULL, 0};
    char read[100];

    if (pattern == NULL || !expand(load, at, "name", pattern, &names))
        return (struct range){NULL, 0};
    for (uint32_t i = 0; i < names.count; i++) {
        if (!name_add(index, names.name[i], first + i, NULL)) {
            mistake(&load->reader, at,
                    &(struct mistake){
                        .kind = ERR_DUPLICATE,
                        .member = "name",
                        .read = text_of(read, sizeof read, "\"%s\" is taken", names.name[i]),
                        .expected = "a name that nothing else has"});
            break; /* the rest of the range most likely is, too */
        }
    }
    return names;
}

bool take_name(struct site_load *load, const config_setting_t *at, const char *pattern,
               struct name_index *index, uint32_t value)
{
    uint32_t before = index->count;

    if (pattern == NULL)
        return false;
    take_names(load, at, pattern, index, value);
    return index->count > before;
}

static bool unknown_name(struct site_load *load, const config_setting_t *at, const char *member,
                         const char *name, const struct name_index *index, const char *noun)
{
    char read[100];
    char expected[100];

    return mistake(
        &load->reader, at,
        &(struct mistake){.kind = ERR_UNKNOWN,
                          .member = member,
                          .read = text_of(read, sizeof read, "\"%s\"", name),
                          .expected = text_of(expected, sizeof expected, "the name of %s", noun),
                          .suggestion = name_nearest(index->name, index->count, name)});
}

const uint32_t *take_references(struct site_load *load, const config_setting_t *at,
                                const char *member, const char *pattern, uint32_t things,
                                const struct name_index *index, const char *noun)
{
    struct range names = {NULL, 0};
    uint32_t *value = NULL;
    char read[120];

    if (pattern == NULL || things == 0 || !expand(load, at, member, pattern, &names))
        return NULL;
    assert(names.count > 0); /* a pattern stands for one name at least */
    if (things % names.count != 0) {
        mistake(&load->reader, at,
                &(struct mistake){.kind = ERR_CONFLICT,
                                  .member = member,
                                  .read = text_of(read, sizeof read,
                                                  things == 1 ? "%u names for one thing"
                                                              : "%u names for %u things",
                                                  names.count, things),
                                  .expected = "a number of names that divides the things evenly"});
        return NULL;
    }
    value = arena_array(&load->scratch, things, uint32_t);
    for (uint32_t i = 0; i < names.count; i++) {
        uint32_t found = name_find(index, names.name[i]);
        uint32_t each = things / names.count;

        if (found == NONE_INDEX) {
            unknown_name(load, at, member, names.name[i], index, noun);
            return NULL;
        }
        for (uint32_t k = 0; k < each; k++)
            value[i * each + k] = found;
    }
    return value;
}

uint32_t device_point(const struct device *device, enum quantity quantity)
{
    for (uint32_t i = 0; i < device->points; i++) {
        if (device->point[i].quantity == quantity)
            return device->point[i].point;
    }
    return NONE_INDEX;
}

/* ---------------------------------------------------------------- the single groups */

/* Whether the system knows the time zone: with a wrong one every schedule would be hours off. */
static bool zone_known(const char *zone)
{
    const char *folder = getenv("TZDIR");
    char path[PATH_MAX];
    struct stat about;

    if (strcmp(zone, "UTC") == 0)
        return true;
    if (zone[0] == '/' || zone[0] == '.' || strstr(zone, "..") != NULL)
        return false;
    text_of(path, sizeof path, "%s/%s", folder != NULL ? folder : "/usr/share/zoneinfo", zone);
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* A section that is one group: its setting, or NULL when it is missing. */
static const config_setting_t *section_group(struct site_load *load, enum section_id id)
{
    const config_setting_t *root = config_root_setting(&load->reader.config);
    const config_setting_t *group = config_setting_get_member(root, site_sections[id].name);

    if (group == NULL && site_sections[id].required)
        mistake(&load->reader, root,
                &(struct mistake){.kind = ERR_MISSING,
                                  .member = site_sections[id].name,
                                  .read = "is missing",
                                  .expected = "a group { ... }"});
    return group;
}

static void load_head(struct site_load *load)
{
    const config_setting_t *group = section_group(load, SECTION_SITE);
    struct site_entry entry = {0};
    const struct schema_part part = {site_sections[SECTION_SITE].rows, &entry};

    if (group == NULL)
        return;
    (void)schema_fill(&load->schema, group, &part, 1);
    if (entry.time_zone != NULL && !zone_known(entry.time_zone))
        mistake(&load->reader, group,
                &(struct mistake){.kind = ERR_UNKNOWN,
                                  .member = "time_zone",

                                  .expected =
                                      "a time zone that the system knows, such as Europe/Berlin"});
    load->site->name = entry.name;
    load->site->time_zone = entry.time_zone;
    load->site->mode = (enum mode)entry.mode;
}

static void load_control(struct site_load *load)
{
    const config_setting_t *group = section_group(load, SECTION_CONTROL);
    struct control_settings *control = &load->site->control;
    const struct schema_part part = {site_sections[SECTION_CONTROL].rows, control};

    if (group == NULL) {
        schema_defaults(&load->schema, part.rows, control);
        return;
    }
    if (!schema_fill(&load->schema, group, &part, 1))
        return;
    if (control->lease_ns < 3 * control->tick_period_ns)
        mistake(&load->reader, group,
                &(struct mistake){
                    .kind = ERR_CONFLICT,
                    .member = "lease",
                    .read = "shorter than three ticks",
                    .expected = "at least three times `tick`, so that it can be renewed in time"});
}

void load_brokers(struct site_load *load)
{
    uint32_t count = 0;
    const config_setting_t *list = section_groups(load, SECTION_BROKERS, &count);
    struct broker *broker = arena_array(load->schema.arena, count, struct broker);

    for (uint32_t i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(list, i);
        const struct schema_part part = {site_sections[SECTION_BROKERS].rows, &broker[i]};

        schema_fill(&load->schema, at, &part, 1);
        take_name(load, at, broker[i].name, &load->brokers, i);
        if (broker[i].url != NULL && strncmp(broker[i].url, "tcp://", 6) != 0 &&
            strncmp(broker[i].url, "ssl://", 6) != 0)
            mistake(&load->reader, at,
                    &(struct mistake){.kind = ERR_SYNTAX,
                                      .member = "url",

                                      .expected = "tcp://host:port or ssl://host:port"});
    }
    load->site->brokers = count;
    load->site->broker = broker;
}

/* ---------------------------------------------------------------- the whole */

static void prepare(struct site_load *load, const struct load_options *options, struct site *site)
{
    struct name_index *index[] = {&load->brokers,  &load->devices,  &load->actuators,
                                  &load->points,   &load->profiles, &load->branches,
                                  &load->breakers, &load->feeds,    &load->kinds,
                                  &load->nodes,    &load->sources,  &load->measures.names};

    for (size_t i = 0; i < COUNT(index); i++)
        index[i]->arena = &load->scratch;
    load->options = options;
    load->site = site;
    load->names_left = RANGE_NAMES_MAX;
    load->references =
        (struct references){.brokers = &load->brokers, .profile = find_profile, .context = load};
    load->schema = (struct schema){&load->reader, &site->arena, &load->references};
}

static void load_sections(struct site_load *load)
{
    const char *name[SECTION_COUNT] = {NULL};

    for (int i = 0; i < SECTION_COUNT; i++)
        name[i] = site_sections[i].name;
    schema_names(&load->schema, config_root_setting(&load->reader.config), name, SECTION_COUNT);
    load_head(load);
    load_control(load);
    load_brokers(load);
    load_devices(load);
    load_breakers(load);
    load_branches(load);
    load_nodes(load);
    load_sources(load);
    if (reader_clean(&load->reader))
        suspect_site(load);
}

/* The reader is open; gives the site when all is well. */
static bool finish(struct site_load *load, const struct load_options *options, struct site **out)
{
    struct site *site = calloc(1, sizeof *site);
    bool ok = site != NULL;

    if (ok) {
        prepare(load, options, site);
        load_sections(load);
        ok = reader_clean(&load->reader);
        arena_free(&load->scratch);
    }
    if (ok)
        *out = site;
    else
        site_free(site);
    return ok;
}

bool load_site(const char *path, const struct load_options *options, struct site **out,
               struct diagnostics *found)
{
    struct site_load load = {0};
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    bool ok = false;

    *out = NULL;
    load.folder =
        text_of(folder, sizeof folder, "%.*s", slash == NULL ? 0 : (int)(slash + 1 - path), path);
    ok = reader_open(&load.reader, path, found) && finish(&load, options, out);
    reader_close(&load.reader);
    diagnostics_sort(found);
    return ok;
}

bool load_site_text(const char *name, const char *text, size_t size,
                    const struct load_options *options, struct site **out,
                    struct diagnostics *found)
{
    struct site_load load = {.folder = "/nowhere/"};
    bool ok = false;

    *out = NULL;
    ok = reader_open_text(&load.reader, name, text, size, found) && finish(&load, options, out);
    reader_close(&load.reader);
    diagnostics_sort(found);
    return ok;
}

void site_free(struct site *site)
{
    if (site == NULL)
        return;
    arena_free(&site->arena);
    free(site);
}
