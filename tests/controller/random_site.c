#include "tests/controller/random_site.h"

#include <stdio.h>

enum { BRANCHES_MAX = 40, POINTS_MAX = 200 };

struct builder {
    struct site *site;
    struct arena *arena;
    struct rng *rng;
    struct point *point;
    uint32_t *parent, *first_child, *children, *feed, *power_point, *power_factor_point;
    uint32_t (*phase_power)[PHASES], (*phase_voltage)[PHASES];
    const char **name, **level;
    struct rating *rating;
    int64_t *derating_bp, *loss_bp, *unmetered_w;
    double *nominal_v, *least_v, *least_pf;
};

static const char *text(struct arena *arena, const char *prefix, uint32_t number)
{
    char out[32];
    int length = snprintf(out, sizeof out, "%s%u", prefix, number);

    return arena_text(arena, out, (size_t)length);
}

static uint32_t add_point(struct builder *b, enum quantity quantity)
{
    uint32_t p = b->site->points++;

    b->point[p] = (struct point){.name = text(b->arena, "point", p),
                                 .quantity = quantity,
                                 .min = quantity_min(quantity),
                                 .max = quantity_max(quantity),
                                 .stale_after_ns = 3 * NS_PER_S};
    return p;
}

static uint32_t add_branch(struct builder *b, uint32_t parent, const char *level, uint32_t feed)
{
    uint32_t i = b->site->tree.branches++;

    b->parent[i] = parent;
    b->name[i] = text(b->arena, level, i);
    b->level[i] = level;
    b->feed[i] = feed;
    b->derating_bp[i] = 8000;
    b->loss_bp[i] = rng_chance(b->rng, 50) ? rng_between(b->rng, 0, 300) : 0;
    b->nominal_v[i] = 230;
    b->least_v[i] = 207;
    b->least_pf[i] = 0.9;
    b->power_point[i] =
        rng_chance(b->rng, 70) || parent == NONE_INDEX ? add_point(b, QUANTITY_POWER) : NONE_INDEX;
    b->power_factor_point[i] = NONE_INDEX;
    for (int p = 0; p < PHASES; p++) {
        b->phase_power[i][p] = NONE_INDEX;
        b->phase_voltage[i][p] = NONE_INDEX;
    }
    if (parent != NONE_INDEX && b->children[parent]++ == 0)
        b->first_child[parent] = i;
    return i;
}

/* Breadth-first: feeders, then all PDUs, then all racks. Returns the first rack. */
static uint32_t add_branches(struct builder *b)
{
    struct supply_tree *tree = &b->site->tree;
    uint32_t feeds = (uint32_t)rng_between(b->rng, 1, 2);
    uint32_t pdus = (uint32_t)rng_between(b->rng, 1, 3);
    uint32_t racks = (uint32_t)rng_between(b->rng, 1, 3);
    uint32_t feeder = 0;
    uint32_t pdu = 0;
    uint32_t rack = 0;

    add_branch(b, NONE_INDEX, "site", NONE_INDEX);
    feeder = tree->branches;
    for (uint32_t f = 0; f < feeds; f++) {
        tree->feed_name[f] = f == 0 ? "A" : "B";
        tree->feed_branch[f] = add_branch(b, 0, "feeder", f);
    }
    tree->feeds = feeds;
    pdu = tree->branches;
    for (uint32_t i = 0; i < feeds * pdus; i++)
        add_branch(b, feeder + i / pdus, "pdu", i / pdus);
    rack = tree->branches;
    for (uint32_t i = 0; i < feeds * pdus * racks; i++)
        add_branch(b, pdu + i / racks, "rack", b->feed[pdu + i / racks]);
    return rack;
}

static void take_tree(struct builder *b)
{
    struct supply_tree *t = &b->site->tree;

    b->parent = arena_array(b->arena, BRANCHES_MAX, uint32_t);
    b->first_child = arena_array(b->arena, BRANCHES_MAX, uint32_t);
    b->children = arena_array(b->arena, BRANCHES_MAX, uint32_t);
    b->feed = arena_array(b->arena, BRANCHES_MAX, uint32_t);
    b->power_point = arena_array(b->arena, BRANCHES_MAX, uint32_t);
    b->power_factor_point = arena_array(b->arena, BRANCHES_MAX, uint32_t);
    b->phase_power = arena_take(b->arena, BRANCHES_MAX, sizeof *b->phase_power);
    b->phase_voltage = arena_take(b->arena, BRANCHES_MAX, sizeof *b->phase_voltage);
    b->name = arena_array(b->arena, BRANCHES_MAX, const char *);
    b->level = arena_array(b->arena, BRANCHES_MAX, const char *);
    b->rating = arena_array(b->arena, BRANCHES_MAX, struct rating);
    b->derating_bp = arena_array(b->arena, BRANCHES_MAX, int64_t);
    b->loss_bp = arena_array(b->arena, BRANCHES_MAX, int64_t);
    b->unmetered_w = arena_array(b->arena, BRANCHES_MAX, int64_t);
    b->nominal_v = arena_array(b->arena, BRANCHES_MAX, double);
    b->least_v = arena_array(b->arena, BRANCHES_MAX, double);
    b->least_pf = arena_array(b->arena, BRANCHES_MAX, double);
    *t = (struct supply_tree){.parent = b->parent,
                              .first_child = b->first_child,
                              .children = b->children,
                              .name = b->name,
                              .level = b->level,
                              .rating = b->rating,
                              .derating_bp = b->derating_bp,
                              .loss_bp = b->loss_bp,
                              .nominal_v = b->nominal_v,
                              .least_v = b->least_v,
                              .least_power_factor = b->least_pf,
                              .unmetered_w = b->unmetered_w,
                              .feed = b->feed,
                              .power_point = b->power_point,
                              .phase_power_point = (const uint32_t(*)[PHASES])b->phase_power,
                              .phase_voltage_point = (const uint32_t(*)[PHASES])b->phase_voltage,
                              .power_factor_point = b->power_factor_point};
}

struct columns {
    const char **name, **kind;
    struct hang (*hang)[HANGS_MAX];
    uint8_t *hangs, *priority_class;
    bool *cappable;
    int64_t *cap_min_w, *cap_max_w, *cap_step_w, *safe_cap_w, *uncapped_w, *remainder_w, *idle_w;
    uint32_t *weight, *gang, *actuator;
};

static void take_nodes(struct site *site, struct columns *c, uint32_t count)
{
    struct arena *arena = &site->arena;

    c->name = arena_array(arena, count, const char *);
    c->kind = arena_array(arena, count, const char *);
    c->hang = arena_take(arena, count, sizeof *c->hang);
    c->hangs = arena_array(arena, count, uint8_t);
    c->priority_class = arena_array(arena, count, uint8_t);
    c->cappable = arena_array(arena, count, bool);
    c->cap_min_w = arena_array(arena, count, int64_t);
    c->cap_max_w = arena_array(arena, count, int64_t);
    c->cap_step_w = arena_array(arena, count, int64_t);
    c->safe_cap_w = arena_array(arena, count, int64_t);
    c->uncapped_w = arena_array(arena, count, int64_t);
    c->remainder_w = arena_array(arena, count, int64_t);
    c->idle_w = arena_array(arena, count, int64_t);
    c->weight = arena_array(arena, count, uint32_t);
    c->gang = arena_array(arena, count, uint32_t);
    c->actuator = arena_array(arena, count, uint32_t);
    site->nodes = (struct node_table){.count = count,
                                      .name = c->name,
                                      .kind = c->kind,
                                      .hang = (const struct hang(*)[HANGS_MAX])c->hang,
                                      .hangs = c->hangs,
                                      .cappable = c->cappable,
                                      .cap_min_w = c->cap_min_w,
                                      .cap_max_w = c->cap_max_w,
                                      .cap_step_w = c->cap_step_w,
                                      .safe_cap_w = c->safe_cap_w,
                                      .uncapped_w = c->uncapped_w,
                                      .remainder_worst_w = c->remainder_w,
                                      .idle_w = c->idle_w,
                                      .weight = c->weight,
                                      .priority_class = c->priority_class,
                                      .gang = c->gang,
                                      .actuator = c->actuator};
}

static void hang_node(struct builder *b, struct columns *c, uint32_t n, uint32_t first_rack)
{
    struct supply_tree *tree = &b->site->tree;
    uint32_t racks = tree->branches - first_rack;
    uint32_t one = first_rack + (uint32_t)rng_between(b->rng, 0, racks - 1);
    uint32_t other = first_rack + (uint32_t)rng_between(b->rng, 0, racks - 1);
    int64_t share = rng_between(b->rng, 1, 99) * 100;
    uint8_t phases = (uint8_t)rng_between(b->rng, 1, 7);

    c->hang[n][0] = (struct hang){one, SHARE_WHOLE_BP, phases};
    c->hangs[n] = 1;
    if (tree->feeds < 2 || tree->feed[one] == tree->feed[other])
        return;
    c->hang[n][0].share_bp = share;
    c->hang[n][1] = (struct hang){other, SHARE_WHOLE_BP - share, phases};
    c->hangs[n] = 2;
}

static void add_nodes(struct builder *b, uint32_t count, uint32_t first_rack)
{
    struct columns c;

    take_nodes(b->site, &c, count);
    for (uint32_t n = 0; n < count; n++) {
        c.name[n] = text(b->arena, "node", n);
        c.kind[n] = "any";
        c.cappable[n] = !rng_chance(b->rng, 10);
        c.cap_step_w[n] = rng_between(b->rng, 1, 50);
        c.cap_min_w[n] = rng_between(b->rng, 50, 500);
        c.cap_max_w[n] = c.cap_min_w[n] + rng_between(b->rng, 0, 3000);
        c.safe_cap_w[n] = rng_between(b->rng, c.cap_min_w[n], c.cap_max_w[n]);
        c.uncapped_w[n] = c.cap_max_w[n] + rng_between(b->rng, 0, 500);
        c.remainder_w[n] = rng_between(b->rng, 10, 400);
        c.idle_w[n] = rng_between(b->rng, 0, 10);
        c.weight[n] = (uint32_t)rng_between(b->rng, 1, 4);
        c.priority_class[n] = (uint8_t)rng_between(b->rng, 0, 2);
        c.gang[n] = rng_chance(b->rng, 20) ? (uint32_t)rng_between(b->rng, 0, 2) : NONE_INDEX;
        c.actuator[n] = c.cappable[n] ? 0 : NONE_INDEX;
        hang_node(b, &c, n, first_rack);
    }
}

/* Watts that the nodes below may draw at most, per branch. */
static void most_below(const struct site *site, int64_t most_w[])
{
    for (uint32_t n = 0; n < site->nodes.count; n++) {
        for (uint32_t h = 0; h < site->nodes.hangs[n]; h++)
            most_w[site->nodes.hang[n][h].branch] +=
                (site->nodes.uncapped_w[n] + site->nodes.remainder_worst_w[n]) *
                site->nodes.hang[n][h].share_bp / SHARE_WHOLE_BP;
    }
    tree_sum_up(&site->tree, most_w);
}

/* Ratings between 'binds hard' and 'never binds'. */
static void rate_branches(struct builder *b)
{
    int64_t most_w[BRANCHES_MAX] = {0};

    most_below(b->site, most_w);
    for (uint32_t i = 0; i < b->site->tree.branches; i++) {
        double watts = (double)(most_w[i] + 2000) * (double)rng_between(b->rng, 50, 160) / 100.0;

        switch (rng_between(b->rng, 0, 3)) {
        case 0:
            b->rating[i] = (struct rating){RATING_W, watts};
            break;
        case 1:
            b->rating[i] = (struct rating){RATING_VA, watts * 1.1};
            break;
        case 2:
            b->rating[i] = (struct rating){RATING_A, watts / (PHASES * 207 * 0.9) * 1.5};
            for (int p = 0; p < PHASES && rng_chance(b->rng, 80); p++)
                b->phase_power[i][p] = add_point(b, (enum quantity)(QUANTITY_POWER_L1 + p));
            break;
        default:
            b->rating[i] = (struct rating){RATING_NONE, 0};
        }
    }
}

struct site *random_site(struct rng *rng, uint32_t nodes_max)
{
    struct arena arena = {0};
    struct site *site = arena_array(&arena, 1, struct site);
    struct device *actuator = arena_array(&arena, 1, struct device);
    struct builder b = {.site = site, .arena = &site->arena, .rng = rng};
    uint32_t first_rack = 0;

    site->arena = arena;
    *actuator = (struct device){
        .name = "agents", .driver = "agent", .role = ROLE_ACTUATOR, .mode = MODE_ENFORCE};
    site->name = "random";
    site->mode = MODE_ENFORCE;
    site->actuators = 1;
    site->actuator = actuator;
    b.point = arena_array(&site->arena, POINTS_MAX, struct point);
    site->point = b.point;
    take_tree(&b);
    first_rack = add_branches(&b);
    add_nodes(&b, (uint32_t)rng_between(rng, 1, nodes_max), first_rack);
    rate_branches(&b);
    site->control = (struct control_settings){
        .tick_period_ns = NS_PER_S,
        .uncontrolled_margin_bp = 11000,
        .report_stale_after_ns = 4 * NS_PER_S,
        .takeover_ns = 5 * NS_PER_S,
        .ack_timeout_ns = 2 * NS_PER_S,
        .dead_band_w = 0,
        .remainder_window_ns = 120 * NS_PER_S,
        .remainder_margin_bp = 1000,
    };
    /* One at a time: the order within an initializer is the compiler's. */
    site->control.guard_bp = rng_between(rng, 0, 200);
    site->control.uncontrolled_hold_ns = rng_between(rng, 4, 12) * NS_PER_S;
    site->control.lease_ns = rng_between(rng, 12, 40) * NS_PER_S;
    site->control.release_w_per_s = rng_between(rng, 200, 20000);
    site->control.failover_overload_bp = rng_between(rng, 10000, 13000);
    site->control.failover = rng_chance(rng, 50) ? FAILOVER_CHECK : FAILOVER_OFF;
    return site;
}

void random_site_free(struct site *site)
{
    struct arena arena = {0};

    if (site == NULL)
        return;
    arena = site->arena;
    arena_free(&arena);
}
