/* config/site_load.h - the state of one loading of a site file, shared by the files that load its parts.
 *
 * Parts are loaded in an order in which each finds the names that it refers to: brokers, devices (which make
 * points), branches and feeds, nodes, sources. Everything is checked even after mistakes; what is built then
 * is thrown away. */
#ifndef CONFIG_SITE_LOAD_H
#define CONFIG_SITE_LOAD_H

#include "config/load.h"
#include "config/range.h"
#include "config/schema.h"
#include "config/site_schema.h"

enum { PROFILES_MAX = 256 };

/* Branches as they stand in the file, ranges expanded, before they are sorted. */
struct branch_seed {
    const char *name;
    const config_setting_t *at; /* the group in the file */
    const struct branch_entry *entry;
    uint32_t parent;  /* index of the seed; NONE_INDEX: the site, or a name that is wrong */
    uint32_t meter;   /* index in measures; NONE_INDEX */
    uint32_t breaker; /* index in load->trip; NONE_INDEX */
    bool first;       /* of its group */
};

/* Meters and signals by one name: what can measure a branch. */
struct measures {
    struct name_index names;
    const struct device **device; /* by the index's values; NULL: its mistakes were reported */
    uint32_t count;
};

/* Nodes in the file, for warnings that tell where. */
struct node_group {
    const config_setting_t *at;
    uint32_t first, count; /* of the site's nodes */
};

struct site_load {
    struct reader reader;
    struct site *site;
    const struct load_options *options;
    const char *folder; /* of the site file; "" is here */
    struct arena scratch;
    struct schema schema;
    struct references references;
    uint32_t names_left; /* of RANGE_NAMES_MAX, for the whole file */

    struct name_index brokers, devices, actuators, points, profiles, breakers, branches, feeds,
        kinds, nodes, sources;
    const struct trip_curve *trip; /* by the values in breakers */
    struct measures measures;
    struct point *point; /* grows; copied to the site when all are known */
    uint32_t point_count, point_room;
    const struct device_profile
        *profile[PROFILES_MAX]; /* by the values in profiles; NULL: bad, and reported */
    uint32_t profile_count;
    struct forecast_source *forecast;  /* the site's, while they are being filled */
    struct event_source *event_source; /* the same */
    struct branch_seed *seed;
    uint32_t seeds;
    uint32_t *branch_of;     /* [seeds]: index in the tree */
    struct kind_entry *kind; /* by the value in kinds */
    const config_setting_t **kind_at;
    const struct curve **curve; /* the same; NULL where a kind has none */
    struct node_group *group;
    uint32_t groups;
};

/* Parts, in order. Mistakes are in the reader's diagnostics. */
void load_brokers(struct site_load *load);
void load_devices(struct site_load *load);
void load_breakers(struct site_load *load);
void load_branches(struct site_load *load); /* feeds too */
void load_nodes(struct site_load *load);    /* node_kinds too */
void load_sources(struct site_load *load);
/* Of a kind whose caps are well: mistakes of its curve; the curve in the arena, NULL if it has none. */
bool check_curve(struct site_load *load, const config_setting_t *at, const struct kind_entry *kind);
const struct curve *take_curve(struct site_load *load, const struct kind_entry *kind);
/* What is legal but suspicious; only when all is well. */
void suspect_site(struct site_load *load);

/* A profile for KIND_PROFILE: from the cache, or found and loaded. */
const struct device_profile *find_profile(void *context, const char *name,
                                          const config_setting_t *at);

/* ---- what the parts share ---- */

/* The groups of a list section, *count of them; NULL and 0 when it is missing or no list (then reported). */
const config_setting_t *section_groups(struct site_load *load, enum section_id id, uint32_t *count);

/* The names that a group's `name` stands for; count 0 when there is none (then reported). Each is added to
 * the index with the values from `first` on; what is there already is reported. */
struct range take_names(struct site_load *load, const config_setting_t *at, const char *pattern,
                        struct name_index *index, uint32_t first);

/* The same for what must be one name. False when it is none or is taken. */
bool take_name(struct site_load *load, const config_setting_t *at, const char *pattern,
               struct name_index *index, uint32_t value);

/* What `things` things refer to by a pattern: value[things], dealt out evenly and in order. NULL after
 * reporting. `noun` is "a branch"; member is the setting. */
const uint32_t *take_references(struct site_load *load, const config_setting_t *at,
                                const char *member, const char *pattern, uint32_t things,
                                const struct name_index *index, const char *noun);

/* The point of a device for a quantity; NONE_INDEX if it has none. */
uint32_t device_point(const struct device *device, enum quantity quantity);

#endif
