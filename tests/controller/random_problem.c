#include "tests/controller/random_problem.h"

#include <string.h>

/* Numbers are drawn one at a time: the order within an initializer is the compiler's. */

static void make_curve(struct random_problem *p, struct rng *rng, uint32_t n)
{
    int64_t cap_w = rng_between(rng, 50, 300);
    int64_t work = rng_between(rng, 100, 500);

    for (int i = 0; i < RANDOM_POINTS; i++) {
        p->point[n][i].cap_w = cap_w;
        p->point[n][i].throughput = (double)work / 7.0;
        p->settable_w[n][i] = cap_w;
        cap_w += rng_between(rng, 15, 150);
        work += rng_between(rng, -40, 300);
        work = work < 50 ? 50 : work;
    }
    p->curve[n] = (struct curve){RANDOM_POINTS, p->point[n]};
}

static void make_node(struct random_problem *p, struct rng *rng, uint32_t n, bool gangs)
{
    struct problem_node *node = &p->node[n];

    make_curve(p, rng, n);
    *node = (struct problem_node){.min_w = p->point[n][0].cap_w,
                                  .max_w = p->point[n][RANDOM_POINTS - 1].cap_w,
                                  .gang = NONE_INDEX};
    node->step_w = rng_chance(rng, 50) ? 1 : rng_between(rng, 1, 60);
    if (rng_chance(rng, 25)) {
        node->settable_w = p->settable_w[n];
        node->settables = RANDOM_POINTS;
    }
    if (rng_chance(rng, 60))
        node->curve = &p->curve[n];
    node->weight = (uint32_t)rng_between(rng, 1, 5);
    node->priority_class = (uint8_t)rng_between(rng, 0, RANDOM_CLASSES - 1);
    if (gangs && rng_chance(rng, 25))
        node->gang = (uint32_t)rng_between(rng, 0, RANDOM_GANGS - 1);
    node->fixed = rng_chance(rng, 5);
}

static uint32_t add_share(struct random_problem *p, uint32_t count, uint32_t row, int64_t bp)
{
    if (bp > 0)
        p->share[count++] = (struct row_share){row, (uint32_t)bp};
    return count;
}

/* Rows: 0 the site; then for each feed its top, PDUs and racks; then the same while the other feed is lost; then three
 * phases of feed A. */
static void make_shares(struct random_problem *p, struct rng *rng, enum random_shape shape)
{
    uint32_t feeds = shape == SHAPE_NESTED ? 1 : (uint32_t)rng_between(rng, 1, 2);
    uint32_t pdus = (uint32_t)rng_between(rng, 1, 2);
    uint32_t racks = pdus * (uint32_t)rng_between(rng, 1, 3);
    uint32_t per_feed = 1 + pdus + racks;
    uint32_t phase = 1 + 2 * feeds * per_feed;
    int64_t loss_bp = shape == SHAPE_NESTED ? 0 : rng_between(rng, 0, 300);
    uint32_t count = 0;

    p->problem.rows = phase + (shape == SHAPE_NESTED ? 0 : 3);
    for (uint32_t n = 0; n < p->problem.nodes; n++) {
        int64_t share_bp = feeds == 1 ? SHARE_WHOLE_BP : rng_between(rng, 1, 9) * 1000;

        p->first[n] = count;
        count = add_share(p, count, 0, SHARE_WHOLE_BP + loss_bp);
        for (uint32_t f = 0; f < feeds; f++) {
            uint32_t rack = (uint32_t)rng_between(rng, 0, racks - 1);
            uint32_t pdu = rack % pdus;
            int64_t mine_bp = f == 0 ? share_bp : SHARE_WHOLE_BP - share_bp;

            for (uint32_t lost = 0; lost < feeds; lost++) {
                uint32_t base = 1 + (2 * f + lost) * per_feed;
                int64_t bp = lost == 0 ? mine_bp : SHARE_WHOLE_BP;

                count = add_share(p, count, base, bp + loss_bp);
                count = add_share(p, count, base + 1 + pdu, bp);
                count = add_share(p, count, base + 1 + pdus + rack, bp);
            }
        }
        if (shape == SHAPE_CROSSING) {
            uint32_t row = phase + (uint32_t)rng_between(rng, 0, 2);

            count = add_share(p, count, row, rng_between(rng, 3000, 6000));
        }
    }
    p->first[p->problem.nodes] = count;
}

/* From 'not even the least caps' to 'never full'. */
static void make_limits(struct random_problem *p, struct rng *rng)
{
    double least_bp[RANDOM_ROWS_MAX] = {0};
    double most_bp[RANDOM_ROWS_MAX] = {0};

    for (uint32_t n = 0; n < p->problem.nodes; n++) {
        for (uint32_t i = p->first[n]; !p->node[n].fixed && i < p->first[n + 1]; i++) {
            least_bp[p->share[i].row] +=
                (double)p->share[i].coefficient_bp * (double)p->node[n].min_w;
            most_bp[p->share[i].row] +=
                (double)p->share[i].coefficient_bp * (double)p->node[n].max_w;
        }
    }
    for (uint32_t r = 0; r < p->problem.rows; r++) {
        double part = (double)rng_between(rng, rng_chance(rng, 10) ? -30 : 2, 130) / 100.0;

        p->limit_w[r] = (int64_t)((least_bp[r] + part * (most_bp[r] - least_bp[r])) / 1e4) + 1;
    }
}

void random_problem(struct random_problem *p, struct rng *rng, enum random_shape shape,
                    uint32_t nodes_max)
{
    memset(p, 0, sizeof *p);
    p->problem = (struct problem){.nodes = (uint32_t)rng_between(rng, 1, nodes_max),
                                  .limit_w = p->limit_w,
                                  .node = p->node,
                                  .first = p->first,
                                  .share = p->share};
    for (uint32_t n = 0; n < p->problem.nodes; n++)
        make_node(p, rng, n, shape == SHAPE_CROSSING);
    make_shares(p, rng, shape);
    make_limits(p, rng);
}
