/* plant/node.h - one simulated node: a workload, a capped part that follows min(demand, cap), and a remainder.
 *
 *     cap told --> clamp, round down --> dead time --> + --> first-order lag --> capped part ----+
 *                  (read back at once)                 ^min                                      +--> power
 *     workload: levels that ramp, training swings --> demand       fixed + part of capped + noise+
 *
 * The remainder stays below the site file's worst case, but is not known to the controller. */
#ifndef PLANT_NODE_H
#define PLANT_NODE_H

#include "model/site.h"
#include "plant/random.h"

enum { NODE_PENDING_MAX = 16 };

struct workload; /* node.c */

/* How the capped part answers, the same for all nodes. */
struct node_dynamics {
    int64_t dead_time_ns;
    double lag_s;
    double
        overshoot; /* part of the cap that a load running into it draws on top, for about the lag */
};

struct node_cap_change {
    int64_t acts_at_ns;
    bool set;
    int64_t cap_w;
};

struct plant_node {
    /* What it is. */
    const struct workload *work;
    bool cappable;
    int64_t cap_min_w, cap_max_w, cap_step_w;
    double uncapped_w, fixed_w, remainder_part, remainder_worst_w;
    double idle_w; /* what the capped part draws with nothing to do */
    uint32_t gang;
    struct random random;

    /* The cap as the hardware took it, and what of it acts already. */
    bool cap_set;
    int64_t enforced_w;
    struct node_cap_change pending[NODE_PENDING_MAX];
    uint32_t pendings;
    bool acting_set;
    int64_t acting_w;

    /* The workload: level moves to goal, both 0 .. 1 of what the node can draw. */
    double goal, level;
    int64_t goal_until_ns;
    double swing_period_s, swing_offset_s;

    /* Watts now, and watt-seconds since the counters were cleared. */
    double demand_w, capped_w, over_w, remainder_w, power_w;
    bool limited;
    double demanded_ws, delivered_ws;
};

void node_init(struct plant_node *node, const struct site *site, uint32_t index, uint64_t seed);

/* Tells the hardware a cap, or takes it away. Does nothing on a node that has none. */
void node_cap(struct plant_node *node, const struct node_dynamics *dynamics, int64_t now_ns,
              bool set, int64_t cap_w);

/* jobs: 0 .. 1, how much of the site's work is there at all; hour: of the day, for work that follows it. */
void node_step(struct plant_node *node, const struct node_dynamics *dynamics, int64_t now_ns,
               int64_t dt_ns, double jobs, double hour);

#endif
