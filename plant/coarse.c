#include "plant/coarse.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_NODE = 11, STREAM_LOAD = 12, STREAM_GANG = 13, STREAM_SOURCE = 14 };
enum { TAP_PPM = 1000000, SOURCE_PERIOD_S = 10 };

/* Within what a site file takes for the worst when nobody measures: 90 % of nominal, and 0.9. */
static const double voltage_low = 0.905, voltage_high = 1.03, factor_low = 0.905,
                    factor_high = 0.995;

/* A breaker that the site file says nothing of: a common moulded-case one, lower edge (shape of IEC 60947-2). */
static const struct trip_point common_point[] = {
    {10500, 3600000}, {13000, 300000}, {15000, 60000}, {20000, 15000}, {30000, 4000}};
static const struct trip_curve common_curve = {COUNT(common_point), common_point, 600000};

struct coarse_tap {
    uint32_t at; /* in flow_uw */
    int64_t ppm;
};

uint32_t coarse_name_number(const char *name)
{
    uint32_t hash = UINT32_C(2166136261);

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT32_C(16777619);
    return hash;
}

double coarse_voltage_v(const struct coarse_plant *plant, uint32_t branch)
{
    return plant->site->tree.nominal_v[branch] * plant->voltage_part;
}

double coarse_power_factor(const struct coarse_plant *plant) { return plant->power_factor; }

/* ---- creation ---- */

static uint32_t depth_of(const struct supply_tree *tree, uint32_t branch)
{
    uint32_t depth = 0;

    for (uint32_t b = branch; b != NONE_INDEX; b = tree->parent[b])
        depth++;
    return depth;
}

static void rate_branch(struct coarse_plant *plant, uint32_t b)
{
    const struct rating *rating = &plant->site->tree.rating[b];
    int64_t *uw = &plant->rating_uw[(size_t)b * CHANNEL_COUNT];
    double phase_w = rating->value * coarse_voltage_v(plant, b) * plant->power_factor;

    for (int c = 0; c < CHANNEL_COUNT; c++)
        uw[c] = INT64_MAX;
    if (rating->kind == RATING_W)
        uw[CHANNEL_TOTAL] = (int64_t)(rating->value * 1e6);
    if (rating->kind == RATING_VA)
        uw[CHANNEL_TOTAL] = (int64_t)(rating->value * plant->power_factor * 1e6);
    for (int p = 0; rating->kind == RATING_A && p < PHASES; p++)
        uw[CHANNEL_L1 + p] = (int64_t)(phase_w * 1e6);
}

static void create_gangs(struct coarse_plant *plant)
{
    for (uint32_t g = 0; g < COARSE_GANGS_MAX; g++) {
        struct random random = random_stream(plant->seed, STREAM_GANG, g);

        if (random_uniform(&random) < 0.3)
            continue;
        plant->gang[g].period_ns = (int64_t)(random_between(&random, 3, 40) * 1e9);
        plant->gang[g].offset_ns = (int64_t)(random_between(&random, 0, 40) * 1e9);
        plant->gang[g].depth_bp = (int64_t)random_between(&random, 1000, 5000);
    }
}

static void create_node(struct coarse_plant *plant, uint32_t n, const struct coarse_hardware *h)
{
    const struct site *site = plant->site;
    struct coarse_node *node = &plant->node[n];
    uint32_t room = 0;

    for (uint32_t k = 0; k < site->nodes.hangs[n]; k++)
        room += depth_of(&site->tree, site->nodes.hang[n][k].branch) * CHANNEL_COUNT;
    *node = (struct coarse_node){
        .hardware = *h,
        .cappable = site->nodes.cappable[n],
        .random = random_stream(plant->seed, STREAM_NODE, coarse_name_number(site->nodes.name[n])),
        .tap = arena_array(&plant->arena, room, struct coarse_tap)};
}

static void tap_nodes(struct coarse_plant *plant);

struct coarse_plant *coarse_create(const struct site *site, const struct coarse_settings *settings)
{
    struct coarse_plant *plant = calloc(1, sizeof *plant);
    uint32_t branches = site->tree.branches;
    size_t channels = (size_t)branches * CHANNEL_COUNT;

    if (plant == NULL)
        abort(); /* as the arena does: there is nothing to simulate yet */
    plant->site = site;
    plant->seed = settings->seed;
    plant->node = arena_array(&plant->arena, site->nodes.count, struct coarse_node);
    plant->load = arena_array(&plant->arena, branches, struct coarse_load);
    plant->flow_uw = arena_array(&plant->arena, channels, int64_t);
    plant->other_uw = arena_array(&plant->arena, channels, int64_t);
    plant->trip_used = arena_array(&plant->arena, channels, double);
    plant->rating_uw = arena_array(&plant->arena, channels, int64_t);
    plant->generation_w = arena_array(&plant->arena, branches, int64_t);
    plant->source_w = arena_array(&plant->arena, site->sources, int64_t);
    plant->source_next_ns = arena_array(&plant->arena, site->sources, int64_t);
    plant->sky = arena_array(&plant->arena, site->sources, double);
    plant->source_random = random_stream(settings->seed, STREAM_SOURCE, 0);
    plant->voltage_part = random_between(&plant->source_random, voltage_low, voltage_high);
    plant->power_factor = random_between(&plant->source_random, factor_low, factor_high);
    create_gangs(plant);
    for (uint32_t n = 0; n < site->nodes.count; n++)
        create_node(plant, n, &settings->hardware[n]);
    for (uint32_t b = 0; b < branches; b++) {
        struct random random =
            random_stream(settings->seed, STREAM_LOAD, coarse_name_number(site->tree.name[b]));
        uint8_t one = (uint8_t)(1U << random_next(&random) % PHASES);

        rate_branch(plant, b);
        plant->load[b] = (struct coarse_load){.most_w = settings->own_most_w[b], .phases = 7};
        if (random_uniform(&random) < 0.3)
            plant->load[b].phases = one;
        plant->load[b].random = random;
    }
    tap_nodes(plant);
    return plant;
}

void coarse_free(struct coarse_plant *plant)
{
    if (plant == NULL)
        return;
    arena_free(&plant->arena);
    free(plant);
}

/* ---- flows ---- */

/* The share that hang h carries now; 0 when its feed is lost. */
static int64_t hang_share_bp(const struct coarse_plant *plant, uint32_t n, uint32_t h)
{
    const struct hang *hang = plant->site->nodes.hang[n];
    const uint32_t *feed = plant->site->tree.feed;
    uint32_t hangs = plant->site->nodes.hangs[n];
    bool here_lost = feed[hang[h].branch] != NONE_INDEX && plant->lost[feed[hang[h].branch]];
    bool other_lost = hangs == 2 && feed[hang[1 - h].branch] != NONE_INDEX &&
                      plant->lost[feed[hang[1 - h].branch]];

    if (here_lost)
        return 0;
    return other_lost ? SHARE_WHOLE_BP : hang[h].share_bp;
}

/* Is the channel of the branch looked at by anybody? */
static bool watched(const struct supply_tree *tree, uint32_t b, int channel)
{
    return channel == CHANNEL_TOTAL || tree->rating[b].kind == RATING_A ||
           tree->phase_power_point[b][channel - CHANNEL_L1] != NONE_INDEX;
}

static void tap_hang(struct coarse_plant *plant, uint32_t n, uint32_t h)
{
    const struct supply_tree *tree = &plant->site->tree;
    const struct hang *hang = &plant->site->nodes.hang[n][h];
    struct coarse_node *node = &plant->node[n];
    int64_t share_bp = hang_share_bp(plant, n, h);
    double ppm = (double)share_bp * TAP_PPM / (double)SHARE_WHOLE_BP;
    int phases = (hang->phases & 1) + (hang->phases >> 1 & 1) + (hang->phases >> 2 & 1);

    for (uint32_t b = hang->branch; share_bp > 0 && b != NONE_INDEX; b = tree->parent[b]) {
        ppm *= 1 + (double)tree->loss_bp[b] / (double)SHARE_WHOLE_BP;
        for (int c = 0; c < CHANNEL_COUNT; c++) {
            bool on = c == CHANNEL_TOTAL || (hang->phases >> (c - CHANNEL_L1) & 1) != 0;
            int64_t part = (int64_t)(c == CHANNEL_TOTAL ? ppm : ppm / fmax(phases, 1));

            if (on && watched(tree, b, c))
                node->tap[node->taps++] =
                    (struct coarse_tap){b * CHANNEL_COUNT + (uint32_t)c, part};
        }
    }
}

int64_t coarse_share_ppm(const struct coarse_plant *plant, uint32_t n, uint32_t branch,
                         enum channel channel)
{
    int64_t ppm = 0;

    for (uint32_t i = 0; i < plant->node[n].taps; i++) {
        if (plant->node[n].tap[i].at == branch * CHANNEL_COUNT + (uint32_t)channel)
            ppm += plant->node[n].tap[i].ppm;
    }
    return ppm;
}

/* What a node draws under its demand and its cap, put on every flow as a difference. */
static void draw(struct coarse_plant *plant, uint32_t n)
{
    struct coarse_node *node = &plant->node[n];
    int64_t most_w = node->cap_set ? node->enforced_w : node->hardware.uncapped_w;
    int64_t capped_w = min_w(min_w(node->demand_w, most_w), node->hardware.uncapped_w);
    int64_t power_w = capped_w + coarse_remainder_w(&node->hardware, capped_w);
    int64_t more_w = 0;

    if (node->dark)
        capped_w = power_w = 0;
    more_w = power_w - node->power_w;
    node->capped_w = capped_w;
    node->power_w = power_w;
    for (uint32_t i = 0; more_w != 0 && i < node->taps; i++)
        plant->flow_uw[node->tap[i].at] += node->tap[i].ppm * more_w;
}

static void tap_nodes(struct coarse_plant *plant)
{
    memset(plant->flow_uw, 0,
           (size_t)plant->site->tree.branches * CHANNEL_COUNT * sizeof *plant->flow_uw);
    for (uint32_t n = 0; n < plant->site->nodes.count; n++) {
        struct coarse_node *node = &plant->node[n];

        node->taps = 0;
        for (uint32_t h = 0; h < plant->site->nodes.hangs[n]; h++)
            tap_hang(plant, n, h);
        node->dark = node->taps == 0;
        node->power_w = 0;
        draw(plant, n);
    }
}

/* Own loads of all branches, with what stands below and each branch's losses: one pass, children before parents. */
static void sum_others(struct coarse_plant *plant)
{
    const struct supply_tree *tree = &plant->site->tree;

    memset(plant->other_uw, 0, (size_t)tree->branches * CHANNEL_COUNT * sizeof *plant->other_uw);
    for (uint32_t b = tree->branches; b-- > 0;) {
        const struct coarse_load *load = &plant->load[b];
        int64_t *here = &plant->other_uw[(size_t)b * CHANNEL_COUNT];
        int phases = (load->phases & 1) + (load->phases >> 1 & 1) + (load->phases >> 2 & 1);
        bool dark = tree->feed[b] != NONE_INDEX && plant->lost[tree->feed[b]];

        for (int c = 0; c < CHANNEL_COUNT; c++) {
            int64_t own_uw = dark ? 0 : load->own_w * COARSE_UW_PER_W;

            if (c != CHANNEL_TOTAL)
                own_uw = (load->phases >> (c - CHANNEL_L1) & 1) != 0 ? own_uw / phases : 0;
            here[c] += own_uw;
            here[c] += here[c] / SHARE_WHOLE_BP * tree->loss_bp[b];
            if (tree->parent[b] != NONE_INDEX)
                plant->other_uw[(size_t)tree->parent[b] * CHANNEL_COUNT + (size_t)c] += here[c];
        }
    }
}

/* ---- what goes on by itself ---- */

static void step_gangs(struct coarse_plant *plant)
{
    for (uint32_t g = 0; g < COARSE_GANGS_MAX; g++) {
        struct coarse_gang *gang = &plant->gang[g];

        gang->dips = gang->period_ns > 0 &&
                     (plant->now_ns + gang->offset_ns) % gang->period_ns < gang->period_ns / 3;
    }
}

/* Mostly busy, now and then idle; a level stays from seconds to minutes. */
static void next_level(struct coarse_plant *plant, struct coarse_node *node)
{
    double r = random_uniform(&node->random);
    double level = r < 0.1 ? 0.05 : r < 0.35 ? 1.0 : random_between(&node->random, 0.3, 1.0);

    node->level_w = (int64_t)((double)node->hardware.uncapped_w * level);
    node->next_change_ns = plant->now_ns + (int64_t)(random_between(&node->random, 5, 300) * 1e9);
}

static void step_node(struct coarse_plant *plant, uint32_t n)
{
    struct coarse_node *node = &plant->node[n];
    uint32_t gang = plant->site->nodes.gang[n];
    int64_t demand_w = 0;

    if (plant->now_ns >= node->next_change_ns && !plant->steady)
        next_level(plant, node);
    demand_w = node->level_w;
    if (plant->now_ns < plant->busy_until_ns)
        demand_w = node->hardware.uncapped_w * plant->busy_bp / SHARE_WHOLE_BP;
    if (gang != NONE_INDEX && plant->gang[gang % COARSE_GANGS_MAX].dips)
        demand_w -= demand_w * plant->gang[gang % COARSE_GANGS_MAX].depth_bp / SHARE_WHOLE_BP;
    if (demand_w == node->demand_w)
        return;
    node->demand_w = demand_w;
    draw(plant, n);
}

static bool step_load(struct coarse_plant *plant, uint32_t b)
{
    struct coarse_load *load = &plant->load[b];
    double level = 0;

    if (plant->now_ns < load->next_change_ns || plant->steady || load->most_w == 0)
        return false;
    level = random_uniform(&load->random) < 0.2 ? random_uniform(&load->random)
                                                : random_between(&load->random, 0.5, 0.7);
    load->own_w = (int64_t)((double)load->most_w * level);
    load->next_change_ns = plant->now_ns + (int64_t)(random_between(&load->random, 30, 600) * 1e9);
    return true;
}

/* Sun and wind as a walk; a battery gives and takes, and what it takes is load that nobody planned: here it stands
 * still instead. */
static void step_source(struct coarse_plant *plant, uint32_t s)
{
    const struct source *source = &plant->site->source[s];
    double step = random_between(&plant->source_random, -0.08, 0.08);
    int64_t power_w = 0;

    plant->source_next_ns[s] = plant->now_ns + SOURCE_PERIOD_S * NS_PER_S;
    if (random_uniform(&plant->source_random) < 0.03) /* a cloud's edge, a gust's end */
        step = random_between(&plant->source_random, -1, 1);
    plant->sky[s] = fmin(1, fmax(0, plant->sky[s] + step));
    power_w = (int64_t)((double)source->rated_w * plant->sky[s]);
    for (uint32_t b = source->branch; b != NONE_INDEX; b = plant->site->tree.parent[b])
        plant->generation_w[b] += power_w - plant->source_w[s];
    plant->source_w[s] = power_w;
}

void coarse_step(struct coarse_plant *plant, int64_t now_ns)
{
    bool changed = false;

    assert(now_ns >= plant->now_ns);
    plant->now_ns = now_ns;
    step_gangs(plant);
    for (uint32_t n = 0; n < plant->site->nodes.count; n++)
        step_node(plant, n);
    for (uint32_t b = 0; b < plant->site->tree.branches; b++)
        changed = step_load(plant, b) || changed;
    if (changed)
        sum_others(plant);
    for (uint32_t s = 0; s < plant->site->sources; s++) {
        if (now_ns >= plant->source_next_ns[s])
            step_source(plant, s);
    }
}

/* ---- what others do to it ---- */

int64_t coarse_clamped_w(const struct coarse_hardware *h, int64_t cap_w)
{
    if (cap_w <= h->cap_min_w)
        return h->cap_min_w;
    if (cap_w >= h->cap_max_w)
        return h->cap_max_w;
    return cap_w - (cap_w - h->cap_min_w) % h->cap_step_w;
}

void coarse_cap(struct coarse_plant *plant, uint32_t n, bool set, int64_t cap_w)
{
    struct coarse_node *node = &plant->node[n];

    if (!node->cappable || node->stuck)
        return;
    node->cap_set = set;
    node->enforced_w = set ? coarse_clamped_w(&node->hardware, cap_w) : 0;
    draw(plant, n);
}

void coarse_force(struct coarse_plant *plant, uint32_t n, int64_t cap_w)
{
    plant->node[n].cap_set = true;
    plant->node[n].enforced_w = cap_w;
    draw(plant, n);
}

void coarse_busy(struct coarse_plant *plant, int64_t share_bp, int64_t until_ns)
{
    plant->busy_bp = share_bp;
    plant->busy_until_ns = until_ns;
}

void coarse_own_load(struct coarse_plant *plant, uint32_t branch, int64_t own_w)
{
    plant->load[branch].own_w = own_w;
    sum_others(plant);
}

void coarse_feed(struct coarse_plant *plant, uint32_t feed, bool lost)
{
    plant->lost[feed] = lost;
    tap_nodes(plant);
    sum_others(plant);
}

bool coarse_breakers(struct coarse_plant *plant, double dt_s, uint32_t *branch,
                     enum channel *channel)
{
    const struct supply_tree *tree = &plant->site->tree;
    bool tripped = false;

    for (uint32_t i = tree->branches * CHANNEL_COUNT; i-- > 0;) {
        int64_t load_uw = plant->flow_uw[i] + plant->other_uw[i];
        const struct trip_curve *curve = NULL;

        if (load_uw <= plant->rating_uw[i] && plant->trip_used[i] <= 0)
            continue;
        curve = tree->trip == NULL ? NULL : tree->trip[i / CHANNEL_COUNT];
        plant->trip_used[i] = trip_used(curve == NULL ? &common_curve : curve, plant->trip_used[i],
                                        (double)load_uw / (double)plant->rating_uw[i] * 1e4, dt_s);
        if (plant->trip_used[i] < 1)
            continue;
        tripped = true;
        *branch = i / CHANNEL_COUNT;
        *channel = (enum channel)(i % CHANNEL_COUNT);
    }
    return tripped;
}
