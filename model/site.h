/* model/site.h - a site as its file describes it: tree, nodes, points, sources, devices, control settings.
 *
 * Built once by the loader in one arena, read-only afterwards, so any thread may read it. */
#ifndef MODEL_SITE_H
#define MODEL_SITE_H

#include "model/arena.h"
#include "model/curve.h"
#include "model/device.h"
#include "model/forecast.h"
#include "model/grid_event.h"
#include "model/reading.h"
#include "model/supply_tree.h"

enum mode { MODE_OBSERVE, MODE_ENFORCE };

/* What the allocator makes great within a class; stated in controller/problem.h. */
enum objective { OBJECTIVE_MAX_MIN, OBJECTIVE_THROUGHPUT };

/* One power supply of a node: where it hangs, how much of the node it carries, on which phases. */
struct hang {
    uint32_t branch;
    int64_t share_bp;
    uint8_t phases; /* bit 0 is L1; a supply on several phases loads them evenly */
};

/* A node's draw is a capped part plus a remainder. Structure of arrays, one entry a node. */
struct node_table {
    uint32_t count;
    const char *const *name;
    const char *const *kind;              /* name of its node kind, for people */
    const struct hang (*hang)[HANGS_MAX]; /* the first `hangs` are used */
    const uint8_t *hangs;                 /* 1 or 2; shares add up to SHARE_WHOLE_BP */
    const bool *cappable;                 /* an uncappable node counts at uncapped_w, and is said */
    const int64_t *cap_min_w, *cap_max_w, *cap_step_w; /* settable: min + k x step, and max */
    const int64_t *safe_cap_w; /* what its agent falls to when the lease ends; >= cap_min_w */
    const int64_t *uncapped_w; /* the capped part's most when no cap is in force; >= cap_max_w */
    const int64_t
        *remainder_worst_w;        /* fans, memory, losses, overshoot: the configured upper bound */
    const int64_t *idle_w;         /* whole node, idle */
    const uint32_t *weight;        /* 1 .. 1000 */
    const uint8_t *priority_class; /* 0 is served first */
    const uint32_t *gang;     /* nodes of one synchronous job share a number; NONE_INDEX: none */
    const uint32_t *actuator; /* index in site.actuators; NONE_INDEX: none */
    const struct curve *const
        *curve; /* NULL as a whole, or of a node: work in proportion to the cap */
};

enum source_kind { SOURCE_PV, SOURCE_WIND, SOURCE_BATTERY };

/* On-site generation: feeds in at a branch, behind that branch's meter. */
struct source {
    const char *name;
    enum source_kind kind;
    uint32_t branch;
    uint32_t power_point;     /* W; production is positive here, whatever the meter's sign */
    bool meter_counts_import; /* the meter shows production as negative import: turn it around */
    int64_t rated_w;
    /* Of a battery; NONE_INDEX and 0 for all others. */
    uint32_t charge_point; /* state of charge, % of capacity_wh */
    int64_t capacity_wh;
    int64_t reserve_bp; /* of the capacity: kept for riding through, never planned on */
};

enum failover_rule { FAILOVER_OFF, FAILOVER_CHECK };

/* How the control core behaves on this site. Every field has a default in the schema. */
struct control_settings {
    int64_t tick_period_ns;
    int64_t guard_bp; /* kept free below each hard limit, for meter error and swing */
    int64_t
        guard_most_bp; /* measured noise and swing make the guard no larger; below guard_bp: they don't at all */
    int64_t dead_time_ns;  /* from a command to its effect, until it was measured */
    int64_t trip_alarm_ns; /* a breaker that may trip sooner is an alarm */
    int64_t
        uncontrolled_margin_bp; /* a silent meter's last uncontrolled load counts this much: >= 10000 */
    int64_t
        uncontrolled_hold_ns; /* the uncontrolled load is its maximum over this time: fast up, slow down */
    int64_t report_stale_after_ns; /* a node silent for longer is unreachable */
    int64_t
        takeover_ns; /* after start-up: how long nodes may take to report before they count as lost */
    int64_t ack_timeout_ns;  /* then a command is sent again */
    int64_t lease_ns;        /* agents hold a cap this long; it is renewed at a third of it */
    int64_t release_w_per_s; /* the site's caps together rise no faster than this */
    int64_t dead_band_w;     /* smaller changes of a cap are left alone unless a limit needs them */
    int64_t
        dead_band_ns; /* a cap changes no more often than this unless a limit needs it; 0: off */
    enum objective objective;
    int64_t remainder_window_ns; /* a node's remainder is its maximum over this time */
    int64_t remainder_margin_bp; /* on top of the learned maximum */
    enum failover_rule failover;
    int64_t
        failover_overload_bp; /* share of the full rating that a feed may carry when the other is lost */
};

struct site {
    struct arena arena; /* holds everything below */
    const char *name;
    const char *time_zone; /* IANA name, for schedules */
    enum mode mode;
    struct control_settings control;
    struct supply_tree tree;
    struct node_table nodes;

    uint32_t points;
    const struct point *point; /* [points] */

    uint32_t sources;
    const struct source *source;

    uint32_t forecasts;
    const struct forecast_source *forecast;
    const struct device *forecast_device; /* [forecasts]; NULL: nobody brings them */

    uint32_t event_sources;
    const struct event_source *event_source;
    const struct device *event_device; /* [event_sources]; NULL: nobody brings them */

    uint32_t brokers;
    const struct broker *broker;

    uint32_t meters; /* devices that give several points */
    const struct device *meter;
    uint32_t signals; /* devices that give one point each */
    const struct device *signal;
    uint32_t actuators;
    const struct device *actuator;
    uint32_t schedulers; /* what runs jobs on the nodes, which it calls by the same names */
    const struct device *scheduler;
};

/* Index of a point by name, NONE_INDEX if there is none. */
uint32_t site_point(const struct site *site, const char *name);
uint32_t site_branch(const struct site *site, const char *name);
uint32_t site_node(const struct site *site, const char *name);

/* True when commands to this node may leave: the site and the node's actuator are both set to enforce. */
bool site_enforces(const struct site *site, uint32_t node);

#endif
