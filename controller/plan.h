/* controller/plan.h - how a node is planned: which cap brings it to a level.
 *
 * A plan holds the corners of the least concave majorant of the node's curve over its settable caps, from the least
 * cap up to the first that reaches the greatest throughput: more is never of use. Between corners the cap is linear
 * in the level, in whole units, so sums over nodes are exact, in any order, on any machine:
 *
 *     cap(level) = corner cap + slope x (level - corner level)
 *
 * Levels are whole steps of 2^-34, caps while filling whole steps of 2^-40 W. Slopes are rounded down, so that a cap
 * just below a corner may fall short of the majorant by at most 2^-6 W; at the corner it is exact. */
#ifndef CONTROLLER_PLAN_H
#define CONTROLLER_PLAN_H

#include "controller/problem.h"

enum { LEVEL_BITS = 34, FINE_BITS = 40, LEVEL_RATIO_MAX = 1000 };

#define LEVEL_ONE (INT64_C(1) << LEVEL_BITS)
#define FINE_PER_W (INT64_C(1) << FINE_BITS)
/* Above every level that a plan can have. */
#define LEVEL_TOP (LEVEL_ONE * (LEVEL_RATIO_MAX + 1))

struct plan_corner {
    int64_t level; /* rises strictly */
    int64_t cap_w; /* rises strictly */
    int64_t slope; /* fine watts a level step from here on; 0 at the last corner */
};

struct plan {
    bool rising;      /* each settable cap up to the top does more work than the one below */
    uint32_t corners; /* >= 1 */
    const struct plan_corner *corner;
};

/* How many corners the plan of a node with this curve may have. */
uint32_t plan_corners_max(const struct curve *curve);

/* Makes the plan in corner[plan_corners_max(curve)], which it then borrows. */
struct plan plan_make(const struct problem_node *node, struct plan_corner corner[]);

static inline int64_t plan_top_level(const struct plan *plan)
{
    return plan->corner[plan->corners - 1].level;
}

static inline int64_t plan_top_w(const struct plan *plan)
{
    return plan->corner[plan->corners - 1].cap_w;
}

/* Fine watts above the least cap at a level, and how fast they rise there. */
static inline wide_int plan_fine(const struct plan *plan, int64_t level, int64_t *slope)
{
    const struct plan_corner *corner = plan->corner;
    uint32_t at = 0;

    *slope = 0;
    if (level <= corner[0].level)
        return 0;
    while (at + 1 < plan->corners && corner[at + 1].level <= level)
        at++;
    *slope = corner[at].slope;
    return (wide_int)(corner[at].cap_w - corner[0].cap_w) * FINE_PER_W +
           (wide_int)corner[at].slope * (level - corner[at].level);
}

/* The least settable cap that does as much work as any settable cap <= cap_w: where a measured curve dips, watts
 * above it would be lost. */
int64_t plan_below_w(const struct plan *plan, const struct problem_node *node, int64_t cap_w);

/* The next settable cap that does more work than cap_w does; cap_w itself at the top. */
int64_t plan_next_w(const struct plan *plan, const struct problem_node *node, int64_t cap_w);

/* The least settable cap >= cap_w that is worth its watts; the top if there is none. */
int64_t plan_above_w(const struct plan *plan, const struct problem_node *node, int64_t cap_w);

/* The level that a cap is planned to reach, rounded down. */
int64_t plan_level(const struct plan *plan, int64_t cap_w);

/* The least cap that reaches a level, rounded up to whole watts; the top if none does. */
int64_t plan_cap_for_w(const struct plan *plan, int64_t level);

#endif
