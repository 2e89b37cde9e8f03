/* config/site_schema.h - the sections of a site file as tables, and the structs that their rows fill.
 *
 * Names of things may be ranges, and so may references to them: see config/range.h. They stay text here;
 * config/load_*.c expands them. */
#ifndef CONFIG_SITE_SCHEMA_H
#define CONFIG_SITE_SCHEMA_H

#include "model/device.h"
#include "model/setting.h"
#include "model/site.h"

enum section_id {
    SECTION_SITE,
    SECTION_CONTROL,
    SECTION_BROKERS,
    SECTION_FEEDS,
    SECTION_BREAKERS,
    SECTION_BRANCHES,
    SECTION_NODE_KINDS,
    SECTION_NODES,
    SECTION_SOURCES,
    SECTION_METERS,
    SECTION_SIGNALS,
    SECTION_FORECASTS,
    SECTION_EVENT_SOURCES,
    SECTION_ACTUATORS,
    SECTION_SCHEDULERS,
    SECTION_COUNT
};

struct section {
    const char *name;
    bool list; /* a list of groups, else one group */
    bool required;
    const struct setting *rows;
    size_t size;    /* of the struct that the rows fill */
    enum role role; /* devices: a driver adds its own rows; ROLE_COUNT otherwise */
    const char *help;
};

extern const struct section site_sections[SECTION_COUNT];

struct site_entry {
    const char *name, *time_zone;
    int mode;
};

struct feed_entry {
    const char *name, *branch;
};

/* An entry of `points`; the core's unit of time here is the millisecond. */
struct breaker_point {
    int64_t load_bp, hold_ns;
};

struct breaker_entry {
    const char *name;
    int64_t reset_ns;
    struct group_list points; /* of struct breaker_point */
};

struct branch_entry {
    const char *name, *level, *parent, *meter, *breaker; /* the last three NULL when not given */
    struct rating rating;
    bool rated;
    int64_t derating_bp, loss_bp, unmetered_w;
    bool unmetered_given;
    double nominal_v, least_v, least_power_factor;
    bool least_v_given;
};

struct kind_entry {
    const char *name;
    bool cappable;
    int64_t cap_min_w, cap_max_w, cap_step_w, safe_cap_w, uncapped_w, remainder_w, idle_w;
    bool cap_min_given, cap_max_given, safe_cap_given, remainder_given;
    int64_t priority_class, weight;
    struct group_list curve; /* of struct curve_point; empty when not given */
};

struct hang_entry {
    const char *branch;
    int64_t share_bp;
    bool share_given;
    int phases; /* index of hang_phases */
};

extern const uint8_t hang_phases[]; /* the masks of the choices of `phases` */

struct node_entry {
    const char *name, *kind, *actuator, *gang; /* the last two NULL when not given */
    struct group_list hangs;
};

struct source_entry {
    const char *name, *branch, *meter, *charge; /* the last NULL when not given */
    int kind;
    bool meter_counts_import;
    int64_t rated_w, capacity_wh, reserve_bp;
    bool capacity_given, reserve_given;
};

/* Meters, signals, forecasts, sources of events, actuators and schedulers; what does not apply to a role stays zeroed. */
struct device_entry {
    const char *name, *driver;
    int quantity;
    bool quantity_given;
    int64_t stale_after_ns, frozen_after_ns;
    bool stale_given, frozen_given;
    struct measure plausible_min, plausible_max, jump_per_s;
    bool min_given, max_given, jump_given;
    int basis; /* enum signal_basis */
    bool basis_given;
    int mode;
};

#endif
