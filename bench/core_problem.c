/* A large site as the solver sees it. Each rack hangs from an A and a B side, which are grouped differently into
 * busways and PDUs, so that the two trees cross:
 *
 *     site > feeder, of side A or B > 7 PDUs > 10 busways each > 10 racks each > 40 nodes each
 *
 * Every branch below the site has two rows: what it carries, and what it would carry with the other feed lost. Most
 * nodes have two equal power supplies, some unequal ones, some only one. A limit lies somewhere between what least and
 * greatest caps need, so that some rows are full at each level and about half of the nodes are bound by one. */
#include "bench/core.h"

#include <math.h>
#include <string.h>

enum {
    NODES_PER_RACK = 40,
    RACKS_PER_BUSWAY = 10,
    BUSWAYS_PER_PDU = 10,
    PDUS_PER_FEEDER = 7,
    FEEDS = 2,
    POINTS = 9,
    HARDWARE = 8,
    WORKLOADS = 4, /* the last has no curve */
    SHARES_MAX = 1 + FEEDS * 2 * (CORE_LEVELS - 1)
};

static const struct hardware {
    int64_t min_w, max_w, step_w;
} hardware[HARDWARE] = {
    {900, 3000, 10}, {1200, 5600, 50}, {1500, 6500, 50}, {2000, 10200, 100},
    {400, 1000, 5},  {600, 1600, 10},  {800, 2400, 25},  {1000, 4000, 20},
};

/* What transformers and cables add on the way, in parts per 10,000 of the node's draw. */
static const uint32_t loss_bp[CORE_LEVELS] = {300, 250, 200, 0, 0};

/* How full a level's rows may be: 0 is what least caps need, 1 what greatest caps need. */
static const struct {
    double low, high;
} room[CORE_LEVELS] = {{.64, .64}, {.62, .95}, {.58, 1.3}, {.55, 1.5}, {.5, 1.6}};

/* splitmix64, as a function of what it is for: the same at each size. */
static uint64_t chance(uint64_t variant, uint64_t topic, uint64_t i)
{
    uint64_t z = (variant << 48 ^ topic << 40 ^ i) * UINT64_C(0x9e3779b97f4a7c15) +
                 UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double part(uint64_t variant, uint64_t topic, uint64_t i) /* 0 .. 1 */
{
    return (double)(chance(variant, topic, i) >> 11) / (double)(UINT64_C(1) << 53);
}

enum topic {
    FOR_CURVE,
    FOR_HARDWARE,
    FOR_WORKLOAD,
    FOR_CLASS,
    FOR_WEIGHT,
    FOR_CORDS,
    FOR_LIMIT,
    FOR_OWN
};

/* ---- places ---- */

struct plan_of_site {
    uint32_t count[CORE_LEVELS];         /* branches at each level, of one feed */
    uint32_t row[FEEDS][2][CORE_LEVELS]; /* first row: normal, and with the other feed lost */
    uint32_t rows;
};

static uint32_t ceil_div(uint32_t a, uint32_t b) { return (a + b - 1) / b; }

static struct plan_of_site lay_out(uint32_t nodes)
{
    struct plan_of_site s = {.rows = 1};

    s.count[LEVEL_SITE] = 1;
    s.count[LEVEL_RACK] = ceil_div(nodes, NODES_PER_RACK);
    s.count[LEVEL_BUSWAY] = ceil_div(s.count[LEVEL_RACK], RACKS_PER_BUSWAY);
    s.count[LEVEL_PDU] = ceil_div(s.count[LEVEL_BUSWAY], BUSWAYS_PER_PDU);
    s.count[LEVEL_FEEDER] = ceil_div(s.count[LEVEL_PDU], PDUS_PER_FEEDER);
    for (int feed = 0; feed < FEEDS; feed++) {
        for (int lost = 0; lost < 2; lost++) {
            for (int level = LEVEL_FEEDER; level < CORE_LEVELS; level++) {
                s.row[feed][lost][level] = s.rows;
                s.rows += s.count[level];
            }
        }
    }
    return s;
}

/* Which branch of a level a rack hangs from. The B side is shifted by half a group at each level. */
static uint32_t branch_of(const struct plan_of_site *s, int feed, int level, uint32_t rack)
{
    static const uint32_t group[CORE_LEVELS] = {
        [LEVEL_BUSWAY] = RACKS_PER_BUSWAY,
        [LEVEL_PDU] = BUSWAYS_PER_PDU,
        [LEVEL_FEEDER] = PDUS_PER_FEEDER,
    };
    uint32_t branch = rack;

    for (int at = LEVEL_BUSWAY; at >= level; at--) {
        if (feed == 1)
            branch = (branch + group[at] / 2) % s->count[at + 1];
        branch /= group[at];
    }
    return branch;
}

/* Of ten thousand parts, what feed A carries. */
static uint32_t cords(uint32_t node)
{
    double x = part(0, FOR_CORDS, node);

    return x < .85 ? 5000 : x < .93 ? 6000 : x < .965 ? 10000 : 0;
}

static uint32_t with_loss(uint32_t share_bp, int level)
{
    return (share_bp * (10000 + loss_bp[level]) + 9999) / 10000;
}

static uint32_t list_shares(const struct plan_of_site *s, uint32_t node, struct row_share share[])
{
    uint32_t rack = node / NODES_PER_RACK;
    uint32_t a_bp = cords(node);
    const uint32_t side_bp[FEEDS] = {a_bp, 10000 - a_bp};
    uint32_t count = 0;

    share[count++] = (struct row_share){0, with_loss(10000, LEVEL_SITE)};
    for (int feed = 0; feed < FEEDS; feed++) {
        for (int level = LEVEL_FEEDER; level < CORE_LEVELS && side_bp[feed] > 0; level++) {
            uint32_t branch = branch_of(s, feed, level, rack);

            share[count++] = (struct row_share){s->row[feed][0][level] + branch,
                                                with_loss(side_bp[feed], level)};
            share[count++] =
                (struct row_share){s->row[feed][1][level] + branch, with_loss(10000, level)};
        }
    }
    return count;
}

/* ---- nodes ---- */

/* Measured curves flatten towards the top, with some noise: a few dip. */
static struct curve *make_curve(struct core_problem *out, const struct hardware *kind,
                                uint64_t which)
{
    struct curve *curve = arena_array(&out->arena, 1, struct curve);
    struct curve_point *point = arena_array(&out->arena, POINTS, struct curve_point);
    double bend = .35 + .5 * part(1, FOR_CURVE, which);

    for (int i = 0; i < POINTS; i++) {
        int64_t cap_w = kind->min_w + (kind->max_w - kind->min_w) * i / (POINTS - 1);
        double noise = .02 * (part(2, FOR_CURVE, which * POINTS + (uint64_t)i) - .5);

        point[i] = (struct curve_point){
            cap_w, 1000 * pow((double)cap_w / (double)kind->max_w, bend) * (1 + noise)};
    }
    *curve = (struct curve){POINTS, point};
    return curve;
}

/* Racks hold one kind of hardware, some two. */
static uint32_t hardware_of(uint32_t node)
{
    uint64_t rack = node / NODES_PER_RACK;
    bool second = chance(3, FOR_HARDWARE, rack) % 4 == 0 && node % NODES_PER_RACK >= 28;

    return (uint32_t)(chance(second ? 5 : 4, FOR_HARDWARE, rack) % HARDWARE);
}

static struct problem_node make_node(struct core_problem *out, uint32_t n, uint64_t variant,
                                     enum core_curves curves, struct curve *const curve[])
{
    static const uint32_t weights[] = {1, 1, 1, 2, 4};
    uint32_t kind = hardware_of(n);
    uint64_t workload = chance(variant, FOR_WORKLOAD, n) % WORKLOADS;
    double class = part(variant, FOR_CLASS, n);

    return (struct problem_node){
        .min_w = hardware[kind].min_w,
        .max_w = hardware[kind].max_w,
        .step_w = hardware[kind].step_w,
        .curve = curves == CURVES_OWN        ? make_curve(out, &hardware[kind], 1000 + n)
                 : workload + 1 == WORKLOADS ? NULL
                                             : curve[kind * WORKLOADS + workload],
        .weight = weights[chance(variant, FOR_WEIGHT, n) % COUNT(weights)],
        .gang = NONE_INDEX,
        .priority_class = class < .2   ? 0
                          : class < .7 ? 1
                                       : 2,
    };
}

/* ---- limits ---- */

static void set_limits(struct core_problem *out, const struct plan_of_site *s, int64_t limit_w[],
                       uint64_t variant)
{
    const struct problem *p = &out->problem;
    double *least = arena_array(&out->arena, s->rows, double);
    double *most = arena_array(&out->arena, s->rows, double);
    uint8_t *level = arena_array(&out->arena, s->rows, uint8_t);

    for (int feed = 0; feed < FEEDS; feed++) {
        for (int lost = 0; lost < 2; lost++) {
            for (int k = LEVEL_FEEDER; k < CORE_LEVELS; k++)
                memset(&level[s->row[feed][lost][k]], k, s->count[k]);
        }
    }
    for (uint32_t n = 0; n < p->nodes; n++) {
        for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++) {
            double share = p->share[i].coefficient_bp / 1e4;

            least[p->share[i].row] += share * (double)p->node[n].min_w;
            most[p->share[i].row] += share * (double)p->node[n].max_w;
        }
    }
    for (uint32_t r = 0; r < s->rows; r++) {
        double full = room[level[r]].low +
                      (room[level[r]].high - room[level[r]].low) * part(variant, FOR_LIMIT, r);

        limit_w[r] = (int64_t)(least[r] + full * (most[r] - least[r]));
    }
    out->row_level = level;
}

void core_problem_make(struct core_problem *out, uint32_t nodes, uint64_t variant,
                       enum core_curves curves)
{
    struct plan_of_site s = lay_out(nodes);
    struct curve *curve[HARDWARE * WORKLOADS] = {NULL};
    struct problem_node *node = NULL;
    uint32_t *first = NULL;
    struct row_share *share = NULL;
    int64_t *limit_w = NULL;

    *out = (struct core_problem){0};
    node = arena_array(&out->arena, nodes, struct problem_node);
    first = arena_array(&out->arena, (size_t)nodes + 1, uint32_t);
    share = arena_array(&out->arena, (size_t)nodes * SHARES_MAX, struct row_share);
    limit_w = arena_array(&out->arena, s.rows, int64_t);
    for (uint32_t i = 0; i < COUNT(curve); i++)
        curve[i] = make_curve(out, &hardware[i / WORKLOADS], i);
    for (uint32_t n = 0; n < nodes; n++) {
        node[n] = make_node(out, n, variant, curves, curve);
        first[n + 1] = first[n] + list_shares(&s, n, &share[first[n]]);
    }
    out->problem = (struct problem){.rows = s.rows,
                                    .nodes = nodes,
                                    .limit_w = limit_w,
                                    .node = node,
                                    .first = first,
                                    .share = share};
    set_limits(out, &s, limit_w, variant);
    out->bytes = (uint64_t)nodes * (sizeof *node + sizeof *first + sizeof(struct node_answer)) +
                 (uint64_t)first[nodes] * sizeof *share + (uint64_t)s.rows * 2 * sizeof *limit_w +
                 (curves == CURVES_OWN ? nodes : COUNT(curve)) *
                     (sizeof(struct curve) + POINTS * sizeof(struct curve_point));
}

void core_problem_free(struct core_problem *problem) { arena_free(&problem->arena); }
