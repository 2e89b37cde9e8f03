/* cli/picture.h - the status JSON of a running controller as a struct that can be drawn.
 *
 * What is missing or of the wrong type reads as 0, empty or unknown: another version of the
 * service must not stop anyone from looking. Numbers of items are bounded. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "model/base.h"

#include <jansson.h>

enum { NAME_TEXT = 96, REASON_TEXT = 256, POWER_TEXT = 16 };

struct picture_branch {
    char name[NAME_TEXT], level[24], quality[16];
    uint32_t parent;                       /* NONE_INDEX: the site */
    uint32_t depth, first_child, children; /* children stand together */
    bool measured;                         /* load_w comes from a meter that is fresh */
    int64_t load_w, generation_w;
    bool limited, soft, budgeted; /* which of the next are there */
    int64_t limit_w, soft_limit_w, budget_w;
    int64_t used_w, committed_w, uncontrolled_w, shortfall_w;
    int64_t nodes, capped, held, binds;
    bool tight, tight_soft; /* its fullest row: the total or a phase */
    int64_t tight_load_w, tight_limit_w;
    char tight_row[NAME_TEXT], tight_channel[8], tight_reason[REASON_TEXT];
    bool may_trip; /* its breaker, in so many seconds if the load stays */
    double trip_margin_s;
    char limit_reason[REASON_TEXT], soft_reason[REASON_TEXT], binding_reason[REASON_TEXT];
    char binding_row[NAME_TEXT];
};

struct picture_node {
    char name[NAME_TEXT], kind[32], branch[NAME_TEXT], contact[16], bound_by[24],
        bound_row[NAME_TEXT];
    char why[REASON_TEXT];
    int64_t priority_class;
    bool power_known, capped;
    int64_t power_w, cap_w, wanted_w, cap_max_w;
};

struct picture_alarm {
    char kind[48], subject[NAME_TEXT];
    double number, for_s;
};

struct picture_signal { /* a source, or a point that no branch has: carbon, price, weather */
    char name[NAME_TEXT], unit[16], quality[16];
    bool known, is_power;
    double value;
    int64_t rated_w;
};

struct picture_event { /* a grid event that a policy follows */
    char id[NAME_TEXT], phase[16];
    bool cancelled, timed, limited; /* timed: left_s is known; limited: limit_w is */
    double left_s;
    int64_t target_w, limit_w;
};

struct picture_forecast {
    char name[NAME_TEXT], unit[16], basis[16];
    bool known, valued, next_valued; /* which of the next are there */
    double age_s, value, next_value, next_in_s, reaches_s;
};

struct picture {
    char site[NAME_TEXT], policy_file[256], policy_version[24], policy_error[REASON_TEXT], time[32];
    bool enforces, deposed, taking_over;
    double uptime_s, tick_age_s, tick_period_s;
    int64_t epoch, ticks, tick_p50_us, tick_p99_us, writes;
    int64_t reloads_ok, reloads_failed, invariants; /* sum of the counters: 0 for ever */
    int64_t points_good, points_other, devices, devices_lost;
    int64_t nodes_total, nodes_fresh, nodes_lost, nodes_never, nodes_passive, nodes_capped,
        nodes_held, nodes_controllable;
    size_t branches, nodes, alarms, signals, events, forecasts;
    struct picture_branch *branch;
    struct picture_node *node; /* the page that was asked for */
    int64_t node_offset;
    struct picture_alarm *alarm;
    struct picture_signal *signal;
    struct picture_event *event;
    struct picture_forecast *forecast;
};

struct picture *picture_read(const json_t *status);
void picture_free(struct picture *picture); /* NULL is fine */

/* "1.25 MW", "812 kW", "-40 W": three digits that matter. Returns out. */
const char *power_text(int64_t power_w, char out[POWER_TEXT]);

#endif
