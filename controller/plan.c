#include "controller/plan.h"

#include <math.h>

/* ---- a node's settable caps ---- */

int64_t problem_settable_below_w(const struct problem_node *node, int64_t cap_w)
{
    uint32_t low = 0;
    uint32_t high = node->settables;

    if (cap_w <= node->min_w)
        return node->min_w;
    if (cap_w >= node->max_w)
        return node->max_w;
    if (node->settable_w == NULL)
        return node->min_w + (cap_w - node->min_w) / node->step_w * node->step_w;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (node->settable_w[middle] <= cap_w)
            low = middle;
        else
            high = middle;
    }
    return node->settable_w[low];
}

int64_t problem_settable_above_w(const struct problem_node *node, int64_t cap_w)
{
    int64_t below_w = problem_settable_below_w(node, cap_w);
    uint32_t at = 0;

    if (cap_w >= node->max_w)
        return node->max_w;
    if (below_w >= cap_w)
        return below_w;
    if (node->settable_w == NULL)
        return min_w(below_w + node->step_w, node->max_w);
    while (node->settable_w[at] < cap_w)
        at++;
    return node->settable_w[at];
}

bool problem_settable(const struct problem_node *node, int64_t cap_w)
{
    return cap_w >= node->min_w && cap_w <= node->max_w &&
           problem_settable_below_w(node, cap_w) == cap_w;
}

double problem_throughput(const struct problem_node *node, int64_t cap_w)
{
    return curve_throughput(node->curve, (double)cap_w) /
           curve_throughput(node->curve, (double)node->max_w);
}

double problem_level(const struct problem_node *node, int64_t cap_w)
{
    return problem_throughput(node, cap_w) / (double)node->weight;
}

/* ---- the majorant ---- */

struct spot {
    int64_t cap_w;
    double throughput;
};

uint32_t plan_corners_max(const struct curve *curve)
{
    return curve == NULL ? 2 : 2 * curve->points + 2;
}

/* True when b lies on or below the line from a to c, so that the majorant has no corner there. */
static bool below_line(const struct spot *a, const struct spot *b, const struct spot *c)
{
    return (b->throughput - a->throughput) * (double)(c->cap_w - a->cap_w) <=
           (c->throughput - a->throughput) * (double)(b->cap_w - a->cap_w);
}

/* Adds a spot to the right of all others and drops what it leaves below the majorant. */
static uint32_t add_spot(struct spot *spot, uint32_t spots, const struct problem_node *node,
                         int64_t cap_w)
{
    struct spot next = {cap_w, curve_throughput(node->curve, (double)cap_w)};

    if (spots > 0 && cap_w <= spot[spots - 1].cap_w)
        return spots;
    while (spots > 1 && below_line(&spot[spots - 2], &spot[spots - 1], &next))
        spots--;
    spot[spots] = next;
    return spots + 1;
}

/* The corners of the majorant. Between two measured points the curve is straight, so of the settable caps there
 * only the first and the last can be corners. */
static uint32_t majorant(const struct problem_node *node, struct spot *spot)
{
    uint32_t spots = add_spot(spot, 0, node, node->min_w);

    for (uint32_t i = 0; node->curve != NULL && i < node->curve->points; i++) {
        int64_t cap_w = node->curve->point[i].cap_w;

        if (cap_w <= node->min_w || cap_w >= node->max_w)
            continue;
        spots = add_spot(spot, spots, node, problem_settable_below_w(node, cap_w));
        spots = add_spot(spot, spots, node, problem_settable_above_w(node, cap_w));
    }
    spots = add_spot(spot, spots, node, node->max_w);
    /* Past the peak it only falls. */
    while (spots > 1 && spot[spots - 1].throughput <= spot[spots - 2].throughput)
        spots--;
    return spots;
}

static int64_t level_of(double throughput, double whole, uint32_t weight)
{
    double ratio = whole > 0 ? throughput / whole : 1;

    return (int64_t)floor(fmin(fmax(ratio, 0), LEVEL_RATIO_MAX) * (double)LEVEL_ONE /
                          (double)weight);
}

/* In proportion to the cap, in whole numbers. */
static int64_t level_in_proportion(const struct problem_node *node, int64_t cap_w)
{
    return (int64_t)((wide_int)cap_w * LEVEL_ONE / ((wide_int)node->max_w * node->weight));
}

/* Between two points the curve is straight: if it rises over each piece it rises everywhere. */
static bool rises(const struct problem_node *node, int64_t top_w)
{
    for (uint32_t i = 1; node->curve != NULL && i < node->curve->points; i++) {
        const struct curve_point *a = &node->curve->point[i - 1];

        if (a->cap_w < top_w && a[1].cap_w > node->min_w && a[1].throughput <= a->throughput)
            return false;
    }
    return true;
}

struct plan plan_make(const struct problem_node *node, struct plan_corner corner[])
{
    struct spot spot[2 * CURVE_POINTS_MAX + 2];
    uint32_t spots = majorant(node, spot);
    double whole = curve_throughput(node->curve, (double)node->max_w);

    for (uint32_t i = 0; i < spots; i++) {
        corner[i] = (struct plan_corner){
            .cap_w = spot[i].cap_w,
            .level = node->curve == NULL ? level_in_proportion(node, spot[i].cap_w)
                                         : level_of(spot[i].throughput, whole, node->weight)};
        if (i > 0) {
            int64_t wide_w = corner[i].cap_w - corner[i - 1].cap_w;
            /* A nearly flat piece is made so steep that its slope stays below 2^62. */
            int64_t least = (wide_w >> (62 - FINE_BITS)) + 1;

            corner[i].level = max_w(corner[i].level, corner[i - 1].level + least);
            corner[i - 1].slope =
                (int64_t)((wide_int)wide_w * FINE_PER_W / (corner[i].level - corner[i - 1].level));
        }
    }
    return (struct plan){rises(node, spot[spots - 1].cap_w), spots, corner};
}

/* ---- caps that are worth their watts ---- */

int64_t plan_below_w(const struct plan *plan, const struct problem_node *node, int64_t cap_w)
{
    int64_t best_w = problem_settable_below_w(node, min_w(cap_w, plan_top_w(plan)));
    double best = 0;

    if (plan->rising)
        return best_w;
    best = curve_throughput(node->curve, (double)best_w);
    /* Greater work than at the end of a piece can only be at the start of a piece that falls. */
    for (uint32_t i = node->curve->points; i-- > 0;) {
        for (int side = 0; side < 2; side++) {
            int64_t other_w = side == 0
                                  ? problem_settable_above_w(node, node->curve->point[i].cap_w)
                                  : problem_settable_below_w(node, node->curve->point[i].cap_w);
            double work = curve_throughput(node->curve, (double)other_w);

            if (other_w < best_w && work >= best) {
                best = work;
                best_w = other_w;
            }
        }
    }
    return best_w;
}

int64_t plan_next_w(const struct plan *plan, const struct problem_node *node, int64_t cap_w)
{
    double work = 0;

    if (cap_w >= plan_top_w(plan))
        return cap_w;
    if (plan->rising)
        return problem_settable_above_w(node, cap_w + 1);
    work = curve_throughput(node->curve, (double)cap_w);
    /* Bounded by the settable caps, and passed only where the curve dips. */
    do {
        cap_w = problem_settable_above_w(node, cap_w + 1);
    } while (cap_w < plan_top_w(plan) && curve_throughput(node->curve, (double)cap_w) <= work);
    return cap_w;
}

int64_t plan_above_w(const struct plan *plan, const struct problem_node *node, int64_t cap_w)
{
    int64_t settable_w = problem_settable_above_w(node, cap_w);
    int64_t below_w = plan_below_w(plan, node, settable_w);

    return below_w >= settable_w ? below_w : plan_next_w(plan, node, below_w);
}

/* ---- from cap to level and back ---- */

int64_t plan_level(const struct plan *plan, int64_t cap_w)
{
    const struct plan_corner *corner = plan->corner;
    uint32_t at = 0;

    while (at + 1 < plan->corners && corner[at + 1].cap_w <= cap_w)
        at++;
    if (at + 1 == plan->corners || cap_w <= corner[at].cap_w)
        return corner[at].level;
    return corner[at].level +
           (int64_t)((wide_int)(corner[at + 1].level - corner[at].level) *
                     (cap_w - corner[at].cap_w) / (corner[at + 1].cap_w - corner[at].cap_w));
}

int64_t plan_cap_for_w(const struct plan *plan, int64_t level)
{
    const struct plan_corner *corner = plan->corner;
    uint32_t at = 0;
    wide_int wide_level = 0;
    wide_int part = 0;

    if (level <= corner[0].level)
        return corner[0].cap_w;
    while (at + 1 < plan->corners && corner[at + 1].level <= level)
        at++;
    if (at + 1 == plan->corners)
        return corner[at].cap_w;
    wide_level = corner[at + 1].level - corner[at].level;
    part = (wide_int)(corner[at + 1].cap_w - corner[at].cap_w) * (level - corner[at].level);
    return corner[at].cap_w + (int64_t)((part + wide_level - 1) / wide_level);
}
