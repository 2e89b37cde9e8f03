#include "plant/plant.h"

#include "plant/day.h"
#include "plant/node.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_BRANCH = 4 };

static const double pi = 3.14159265358979323846;
static const double jobs_per_s = 0.2; /* all work comes or goes in five seconds */
static const double pv_most = 0.70; /* of its rating that the array gives in the day's best light */

/* A load that no cap moves, at a branch for which the site file allows one: cooling, light, pumps. It follows
 * the heat below with the inertia of water, the weather of the day, and a wander of its own, and never passes
 * what the site file calls its worst case. */
struct uncontrolled {
    double worst_w; /* 0: none here */
    double heat;    /* 0 .. 1: heat below against the most seen, lagged */
    double wander;
    double load_w;
};

struct supply {
    struct random random;
    double voltage_wander, factor_wander;
};

struct plant {
    struct arena arena;
    const struct site *site;
    struct plant_settings settings;
    struct node_dynamics dynamics;
    int64_t now_ns;
    double hour;
    bool day_goes_on;
    double jobs, jobs_goal;
    double clear, clear_goal, clear_per_s;

    struct plant_node *node;         /* [nodes] */
    double (*flow_w)[CHANNEL_COUNT]; /* [branches] */
    struct branch_truth *branch;     /* [branches] */
    struct uncontrolled *uncontrolled;
    struct supply *supply;
    struct plant_meter *branch_meter; /* [branches] */
    double *source_w;                 /* [sources] */
    struct plant_meter *source_meter;
};

struct plant_settings plant_settings_default(uint64_t seed)
{
    return (struct plant_settings){
        .seed = seed,
        .hours_per_s = 24.0 / 120,
        .dead_time_ns = 200 * NS_PER_MS,
        .lag_s = 0.2,
    };
}

struct plant *plant_create(const struct site *site, const struct plant_settings *settings)
{
    struct plant *plant = calloc(1, sizeof *plant);
    uint32_t branches = site->tree.branches;

    if (plant == NULL)
        abort(); /* as the arena does: there is nothing to simulate yet */
    plant->site = site;
    plant->settings = *settings;
    plant->dynamics = (struct node_dynamics){settings->dead_time_ns, settings->lag_s, 0.01};
    plant->hour = settings->start_hour;
    plant->clear = plant->clear_goal = 1;
    plant->node = arena_array(&plant->arena, site->nodes.count, struct plant_node);
    plant->flow_w = arena_take(&plant->arena, branches, sizeof *plant->flow_w);
    plant->branch = arena_array(&plant->arena, branches, struct branch_truth);
    plant->uncontrolled = arena_array(&plant->arena, branches, struct uncontrolled);
    plant->supply = arena_array(&plant->arena, branches, struct supply);
    plant->branch_meter = arena_array(&plant->arena, branches, struct plant_meter);
    plant->source_w = arena_array(&plant->arena, site->sources, double);
    plant->source_meter = arena_array(&plant->arena, site->sources, struct plant_meter);

    for (uint32_t n = 0; n < site->nodes.count; n++)
        node_init(&plant->node[n], site, n, settings->seed);
    for (uint32_t b = 0; b < branches; b++) {
        plant->supply[b].random = random_stream(settings->seed, RANDOM_BRANCH, b);
        plant->uncontrolled[b].worst_w = (double)site->tree.unmetered_w[b];
        plant_meter_init(&plant->branch_meter[b], settings->seed, b);
    }
    for (uint32_t s = 0; s < site->sources; s++)
        plant_meter_init(&plant->source_meter[s], settings->seed, branches + s);
    return plant;
}

void plant_free(struct plant *plant)
{
    if (plant == NULL)
        return;
    arena_free(&plant->arena);
    free(plant);
}

/* ---------------------------------------------------------------- one step */

static double approach(double value, double goal, double most)
{
    return value + fmin(most, fmax(-most, goal - value));
}

/* A wander around 0 with deviation 1 that forgets in about tau_s (an Ornstein-Uhlenbeck process). */
static double wander(double value, struct random *random, double dt_s, double tau_s)
{
    double keep = exp(-dt_s / tau_s);

    return value * keep + sqrt(1 - keep * keep) * random_normal(random);
}

static void step_weather(struct plant *plant, double dt_s)
{
    const struct site *site = plant->site;

    if (plant->day_goes_on)
        plant->hour += plant->settings.hours_per_s * dt_s;
    plant->jobs = approach(plant->jobs, plant->jobs_goal, jobs_per_s * dt_s);
    plant->clear = approach(plant->clear, plant->clear_goal, plant->clear_per_s * dt_s);
    for (uint32_t s = 0; s < site->sources; s++) {
        double light = day_irradiance(plant->hour) / day_irradiance_most() * plant->clear;

        /* Only PV is modelled; wind and batteries stand still. */
        plant->source_w[s] = site->source[s].kind == SOURCE_PV
                                 ? (double)site->source[s].rated_w * pv_most * light
                                 : 0;
    }
}

/* Puts what a node draws on the branches that its supplies hang from. */
static void add_node(struct plant *plant, uint32_t n)
{
    const struct hang *hang = plant->site->nodes.hang[n];

    for (uint32_t h = 0; h < plant->site->nodes.hangs[n]; h++) {
        double *flow_w = plant->flow_w[hang[h].branch];
        double share_w = plant->node[n].power_w * (double)hang[h].share_bp / (double)SHARE_WHOLE_BP;
        uint8_t phases = hang[h].phases & 7U;
        int count = (phases & 1) + (phases >> 1 & 1) + (phases >> 2 & 1);

        flow_w[CHANNEL_TOTAL] += share_w;
        for (int p = 0; p < PHASES && count > 0; p++)
            flow_w[CHANNEL_L1 + p] += phases >> p & 1 ? share_w / count : 0;
    }
}

/* heat_w: what the nodes below draw, in which the load's inertia is seen. */
static void step_uncontrolled(struct plant *plant, uint32_t b, double heat_w, double dt_s)
{
    struct uncontrolled *u = &plant->uncontrolled[b];
    double weather = 0.5 - 0.5 * cos(2 * pi * (plant->hour - 3) / 24);
    double share = 0;

    if (u->worst_w <= 0)
        return;
    /* Heat sinks in by degrees: more of it saturates, and water remembers it for a quarter of a minute. */
    u->heat += (heat_w / (heat_w + 2 * u->worst_w) - u->heat) * (1 - exp(-dt_s / 15));
    u->wander = wander(u->wander, &plant->supply[b].random, dt_s, 8);
    share = 0.55 + 0.15 * weather + 0.30 * u->heat + 0.004 * u->wander;
    u->load_w = u->worst_w * fmin(0.98, share);
}

/* Children come after their parents: one pass from the end adds everything up, losses on top of each branch. */
static void sum_branches(struct plant *plant, double dt_s)
{
    const struct supply_tree *tree = &plant->site->tree;

    for (uint32_t b = tree->branches; b-- > 0;) {
        double *flow_w = plant->flow_w[b];
        double loss = 1 + (double)tree->loss_bp[b] / (double)SHARE_WHOLE_BP;

        step_uncontrolled(plant, b, flow_w[CHANNEL_TOTAL], dt_s);
        flow_w[CHANNEL_TOTAL] += plant->uncontrolled[b].load_w;
        for (int p = 0; p < PHASES; p++)
            flow_w[CHANNEL_L1 + p] += plant->uncontrolled[b].load_w / PHASES;
        for (int c = 0; c < CHANNEL_COUNT; c++) {
            flow_w[c] *= loss;
            if (tree->parent[b] != NONE_INDEX)
                plant->flow_w[tree->parent[b]][c] += flow_w[c];
        }
    }
}

static void add_generation(struct plant *plant)
{
    const struct supply_tree *tree = &plant->site->tree;

    for (uint32_t b = 0; b < tree->branches; b++)
        plant->branch[b].generation_w = 0;
    for (uint32_t s = 0; s < plant->site->sources; s++) {
        for (uint32_t b = plant->site->source[s].branch; b != NONE_INDEX; b = tree->parent[b])
            plant->branch[b].generation_w += plant->source_w[s];
    }
}

static void settle_branch(struct plant *plant, uint32_t b, double dt_s)
{
    struct branch_truth *truth = &plant->branch[b];
    struct supply *supply = &plant->supply[b];

    supply->voltage_wander = wander(supply->voltage_wander, &supply->random, dt_s, 10);
    supply->factor_wander = wander(supply->factor_wander, &supply->random, dt_s, 20);
    truth->load_w = plant->flow_w[b][CHANNEL_TOTAL];
    truth->terminal.power_w = truth->load_w - truth->generation_w;
    truth->terminal.power_factor = fmin(0.995, 0.975 + 0.003 * supply->factor_wander);
    truth->terminal.frequency_hz = 50 + 0.01 * supply->voltage_wander;
    for (int p = 0; p < PHASES; p++) {
        truth->phase_load_w[p] = plant->flow_w[b][CHANNEL_L1 + p];
        truth->terminal.phase_w[p] = truth->phase_load_w[p] - truth->generation_w / PHASES;
        truth->terminal.voltage_v[p] =
            plant->site->tree.nominal_v[b] * (0.995 + 0.001 * (supply->voltage_wander + p - 1));
    }
}

static void step_meters(struct plant *plant, int64_t dt_ns)
{
    for (uint32_t b = 0; b < plant->site->tree.branches; b++)
        meter_step(&plant->branch_meter[b], &plant->branch[b].terminal, plant->now_ns, dt_ns);
    for (uint32_t s = 0; s < plant->site->sources; s++) {
        struct electrical at = plant->branch[plant->site->source[s].branch].terminal;

        at.power_w = plant->source_w[s];
        at.power_factor = 0.999;
        for (int p = 0; p < PHASES; p++)
            at.phase_w[p] = at.power_w / PHASES;
        meter_step(&plant->source_meter[s], &at, plant->now_ns, dt_ns);
    }
}

void plant_step(struct plant *plant, int64_t dt_ns)
{
    double dt_s = (double)dt_ns / 1e9;
    const struct site *site = plant->site;

    assert(dt_ns > 0);
    plant->now_ns += dt_ns;
    step_weather(plant, dt_s);
    memset(plant->flow_w, 0, site->tree.branches * sizeof *plant->flow_w);
    for (uint32_t n = 0; n < site->nodes.count; n++) {
        node_step(&plant->node[n], &plant->dynamics, plant->now_ns, dt_ns, plant->jobs,
                  plant->hour);
        add_node(plant, n);
    }
    sum_branches(plant, dt_s);
    add_generation(plant);
    for (uint32_t b = 0; b < site->tree.branches; b++)
        settle_branch(plant, b, dt_s);
    step_meters(plant, dt_ns);
}

/* ---------------------------------------------------------------- what others do to it */

void plant_cap(struct plant *plant, uint32_t node, bool set, int64_t cap_w)
{
    assert(node < plant->site->nodes.count);
    node_cap(&plant->node[node], &plant->dynamics, plant->now_ns, set, cap_w);
}

void plant_jobs(struct plant *plant, double jobs) { plant->jobs_goal = jobs; }

void plant_day(struct plant *plant, bool goes_on)
{
    if (goes_on && !plant->day_goes_on) {
        for (uint32_t n = 0; n < plant->site->nodes.count; n++)
            plant->node[n].demanded_ws = plant->node[n].delivered_ws = 0;
    }
    plant->day_goes_on = goes_on;
}

void plant_cloud(struct plant *plant, double clear, double over_s)
{
    plant->clear_goal = clear;
    plant->clear_per_s = fabs(clear - plant->clear) / fmax(over_s, 0.001);
}

void plant_freeze_branch_meter(struct plant *plant, uint32_t branch, bool frozen)
{
    assert(branch < plant->site->tree.branches);
    plant->branch_meter[branch].frozen = frozen;
}

void plant_freeze_source_meter(struct plant *plant, uint32_t source, bool frozen)
{
    assert(source < plant->site->sources);
    plant->source_meter[source].frozen = frozen;
}

/* ---------------------------------------------------------------- what is seen */

int64_t plant_now_ns(const struct plant *plant) { return plant->now_ns; }

double plant_hour(const struct plant *plant) { return fmod(plant->hour, 24); }

double plant_carbon(const struct plant *plant) { return day_carbon(plant->hour); }

const struct branch_truth *plant_branch(const struct plant *plant, uint32_t branch)
{
    assert(branch < plant->site->tree.branches);
    return &plant->branch[branch];
}

struct node_truth plant_node_truth(const struct plant *plant, uint32_t node)
{
    const struct plant_node *n = &plant->node[node];

    assert(node < plant->site->nodes.count);
    return (struct node_truth){
        .power_w = n->power_w,
        .capped_w = n->capped_w + n->over_w,
        .demand_w = n->demand_w,
        .cap_set = n->cap_set,
        .enforced_w = n->enforced_w,
        .cap_min_w = n->cap_min_w,
        .cap_max_w = n->cap_max_w,
        .cap_step_w = n->cap_step_w,
    };
}

double plant_source_w(const struct plant *plant, uint32_t source)
{
    assert(source < plant->site->sources);
    return plant->source_w[source];
}

uint32_t plant_work(const struct plant *plant, struct work_truth out[WORK_CLASSES_MAX])
{
    struct work_truth by_class[256] = {0};
    uint32_t count = 0;

    for (uint32_t n = 0; n < plant->site->nodes.count; n++) {
        struct work_truth *work = &by_class[plant->site->nodes.priority_class[n]];

        work->nodes++;
        work->demanded_wh += plant->node[n].demanded_ws / 3600;
        work->delivered_wh += plant->node[n].delivered_ws / 3600;
    }
    for (size_t c = 0; c < COUNT(by_class) && count < WORK_CLASSES_MAX; c++) {
        if (by_class[c].nodes == 0)
            continue;
        out[count] = by_class[c];
        out[count++].priority_class = (uint8_t)c;
    }
    return count;
}

static bool reading(const struct plant_meter *meter, enum quantity quantity, double *value)
{
    if (!meter->has[quantity])
        return false;
    *value = meter->value[quantity];
    return true;
}

bool plant_branch_reading(const struct plant *plant, uint32_t branch, enum quantity quantity,
                          double *value)
{
    assert(branch < plant->site->tree.branches);
    return reading(&plant->branch_meter[branch], quantity, value);
}

bool plant_source_reading(const struct plant *plant, uint32_t source, enum quantity quantity,
                          double *value)
{
    assert(source < plant->site->sources);
    if (quantity ==
        QUANTITY_ENERGY_EXPORT) /* power counts as positive here, energy as what it is */
        return reading(&plant->source_meter[source], QUANTITY_ENERGY_IMPORT, value);
    return quantity != QUANTITY_ENERGY_IMPORT &&
           reading(&plant->source_meter[source], quantity, value);
}

/* FNV-1a, over the bytes of a double. */
static uint64_t mix(uint64_t hash, double value)
{
    uint64_t bits = 0;

    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 8; i++)
        hash = (hash ^ (bits >> 8 * i & 0xff)) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t mix_meter(uint64_t hash, const struct plant_meter *meter)
{
    for (int q = 0; q < QUANTITY_COUNT; q++)
        hash = mix(hash, meter->value[q]);
    return hash;
}

uint64_t plant_hash(const struct plant *plant)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (uint32_t n = 0; n < plant->site->nodes.count; n++) {
        const struct plant_node *node = &plant->node[n];

        hash = mix(mix(mix(hash, node->power_w), node->demand_w), (double)node->enforced_w);
    }
    for (uint32_t b = 0; b < plant->site->tree.branches; b++) {
        hash = mix(mix(hash, plant->branch[b].load_w), plant->branch[b].generation_w);
        hash = mix_meter(hash, &plant->branch_meter[b]);
    }
    for (uint32_t s = 0; s < plant->site->sources; s++)
        hash = mix_meter(mix(hash, plant->source_w[s]), &plant->source_meter[s]);
    return mix(hash, plant->hour);
}
