#include "plant/node.h"

#include <assert.h>
#include <math.h>

static const double pi = 3.14159265358979323846;

/* How a kind of machine is used. Levels are shares of what its capped part can draw. */
struct workload {
    double low, high;      /* a level is drawn from here */
    double dwell_s;        /* how long it stays, on average */
    double ramp_s;         /* from nothing to everything */
    double daily;          /* part of the level that comes and goes with the day, most at 15:00 */
    double swing;          /* gangs only: depth of the wait for one another between two steps */
    double swing_period_s; /* about; each gang has its own */
};

static const struct workload accelerators = {0.70, 1.00, 20, 4, 0.0, 0.30, 6};
static const struct workload processors = {0.75, 1.00, 15, 5, 0.1, 0.0, 0};
static const struct workload storage = {0.75, 0.95, 20, 8, 0.05, 0.0, 0};

/* The site file does not say what a node is for; what its capped part can draw does. */
enum { ACCELERATOR_LEAST_W = 2500 };

enum { RANDOM_NODE = 1, RANDOM_GANG = 2 };

static const struct workload *workload_of(const struct node_table *nodes, uint32_t n)
{
    if (!nodes->cappable[n])
        return &storage;
    return nodes->uncapped_w[n] >= ACCELERATOR_LEAST_W ? &accelerators : &processors;
}

void node_init(struct plant_node *node, const struct site *site, uint32_t index, uint64_t seed)
{
    const struct node_table *nodes = &site->nodes;
    double uncapped_w = (double)nodes->uncapped_w[index];
    double worst_w = (double)nodes->remainder_worst_w[index];

    *node = (struct plant_node){
        .work = workload_of(nodes, index),
        .cappable = nodes->cappable[index],
        .cap_min_w = nodes->cap_min_w[index],
        .cap_max_w = nodes->cap_max_w[index],
        .cap_step_w = nodes->cap_step_w[index] > 0 ? nodes->cap_step_w[index] : 1,
        .uncapped_w = uncapped_w,
        /* 70 % fixed, up to 90 % of the worst case at full load; noise adds 2 %, overshoot is extra. */
        .fixed_w = 0.70 * worst_w,
        .remainder_part = uncapped_w > 0 ? 0.20 * worst_w / uncapped_w : 0,
        .remainder_worst_w = worst_w,
        .idle_w = fmax(0, (double)nodes->idle_w[index] - 0.70 * worst_w),
        .gang = nodes->gang[index],
        .random = random_stream(seed, RANDOM_NODE, index),
    };
    if (node->gang != NONE_INDEX && node->work->swing > 0) {
        struct random gang = random_stream(seed, RANDOM_GANG, node->gang);

        node->swing_period_s = node->work->swing_period_s * random_between(&gang, 0.8, 1.2);
        node->swing_offset_s = node->swing_period_s * random_uniform(&gang);
    }
    node->capped_w = node->idle_w;
    node->remainder_w = node->fixed_w;
    node->power_w = node->idle_w + node->fixed_w;
}

/* What the hardware makes of a number: inside its range, on its grid, never above what was asked for. */
static int64_t hardware_cap_w(const struct plant_node *node, int64_t cap_w)
{
    if (cap_w <= node->cap_min_w)
        return node->cap_min_w;
    if (cap_w >= node->cap_max_w)
        return node->cap_max_w;
    return cap_w - (cap_w - node->cap_min_w) % node->cap_step_w;
}

void node_cap(struct plant_node *node, const struct node_dynamics *dynamics, int64_t now_ns,
              bool set, int64_t cap_w)
{
    int64_t enforced_w = set ? hardware_cap_w(node, cap_w) : 0;

    if (!node->cappable || (set == node->cap_set && enforced_w == node->enforced_w))
        return;
    node->cap_set = set;
    node->enforced_w = enforced_w;
    if (node->pendings == NODE_PENDING_MAX) /* told faster than it acts: the last word counts */
        node->pendings--;
    node->pending[node->pendings++] =
        (struct node_cap_change){now_ns + dynamics->dead_time_ns, set, enforced_w};
}

static void act_on_caps(struct plant_node *node, int64_t now_ns)
{
    uint32_t done = 0;

    while (done < node->pendings && node->pending[done].acts_at_ns <= now_ns) {
        node->acting_set = node->pending[done].set;
        node->acting_w = node->pending[done].cap_w;
        done++;
    }
    for (uint32_t i = done; i < node->pendings; i++)
        node->pending[i - done] = node->pending[i];
    node->pendings -= done;
}

static void move_level(struct plant_node *node, int64_t now_ns, double dt_s)
{
    const struct workload *work = node->work;
    double most = dt_s / work->ramp_s;
    double gap = 0;

    if (now_ns >= node->goal_until_ns) {
        node->goal = random_between(&node->random, work->low, work->high);
        node->goal_until_ns =
            now_ns + (int64_t)(work->dwell_s * random_between(&node->random, 0.5, 1.5) * 1e9);
    }
    gap = node->goal - node->level;
    node->level += fmin(most, fmax(-most, gap));
}

/* A synchronous job computes, then waits for its slowest member: 1, dipping to 1 - swing, without edges. */
static double swing(const struct plant_node *node, int64_t now_ns)
{
    double phase = 0;
    double dip = 0;

    if (node->swing_period_s <= 0)
        return 1;
    phase = fmod((double)now_ns / 1e9 + node->swing_offset_s, node->swing_period_s) /
            node->swing_period_s;
    dip = phase < 0.3 ? 0.5 - 0.5 * cos(2 * pi * phase / 0.3) : 0;
    return 1 - node->work->swing * dip;
}

static double demand_w(const struct plant_node *node, int64_t now_ns, double jobs, double hour)
{
    double day = 1 - node->work->daily * (0.5 - 0.5 * cos(2 * pi * (hour - 15) / 24));

    return fmax(node->idle_w, jobs * node->level * day * swing(node, now_ns) * node->uncapped_w);
}

void node_step(struct plant_node *node, const struct node_dynamics *dynamics, int64_t now_ns,
               int64_t dt_ns, double jobs, double hour)
{
    double dt_s = (double)dt_ns / 1e9;
    double follow = 1 - exp(-dt_s / dynamics->lag_s);
    double target_w = 0;
    bool limited = false;

    assert(dt_ns > 0);
    act_on_caps(node, now_ns);
    move_level(node, now_ns, dt_s);
    node->demand_w = demand_w(node, now_ns, jobs, hour);
    limited = node->acting_set && node->demand_w > (double)node->acting_w;
    target_w = limited ? (double)node->acting_w : node->demand_w;
    if (limited && !node->limited) /* the regulator needs a moment to notice */
        node->over_w = dynamics->overshoot * target_w;
    node->limited = limited;
    node->over_w -= node->over_w * follow;
    node->capped_w += (target_w - node->capped_w) * follow;

    node->remainder_w = node->fixed_w + node->remainder_part * node->capped_w +
                        0.003 * node->remainder_worst_w * random_normal(&node->random);
    node->power_w = node->capped_w + node->over_w + node->remainder_w;
    node->demanded_ws += node->demand_w * dt_s;
    node->delivered_ws += fmin(node->capped_w, node->demand_w) * dt_s;
}
