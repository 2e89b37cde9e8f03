#include "hil/limits.h"

#include <stdio.h>

static uint32_t channels_of(const struct rating *rating)
{
    switch (rating->kind) {
    case RATING_NONE:
        return 0;
    case RATING_W:
    case RATING_VA:
        return 1;
    case RATING_A:
        return PHASES;
    }
    return 0;
}

static void add_watch(struct limits *limits, uint32_t branch, enum channel channel)
{
    static const char *const suffix[] = {"", " L1", " L2", " L3"};
    char name[JUDGE_NAME_BYTES];

    snprintf(name, sizeof name, "%s%s", limits->site->tree.name[branch], suffix[channel]);
    limits->watch[limits->watches++] = (struct watch){branch, channel};
    judge_add(&limits->judge, name);
}

void limits_init(struct limits *limits, const struct site *site, int64_t contract_w,
                 struct arena *arena)
{
    const struct supply_tree *tree = &site->tree;
    uint32_t count = 0;

    for (uint32_t b = 0; b < tree->branches; b++)
        count += channels_of(&tree->rating[b]);
    *limits = (struct limits){
        .site = site, .watch = arena_array(arena, count, struct watch), .contract_w = contract_w};
    judge_init(&limits->judge, count + 1, arena);
    for (uint32_t b = 0; b < tree->branches; b++) {
        if (channels_of(&tree->rating[b]) == 1)
            add_watch(limits, b, CHANNEL_TOTAL);
        for (int p = 0; p < PHASES && tree->rating[b].kind == RATING_A; p++)
            add_watch(limits, b, (enum channel)(CHANNEL_L1 + p));
    }
    limits->contract = judge_add(&limits->judge, "import");
}

void limits_contract(struct limits *limits, int64_t contract_w, int64_t now_ns)
{
    if (contract_w < limits->contract_w)
        judge_step(&limits->judge, limits->contract, now_ns);
    limits->contract_w = contract_w;
}

/* rating x derating of one channel in W: of the total, or of a phase whose amperes are limited. */
static double channel_w(const struct limits *limits, const struct branch_truth *truth, uint32_t b,
                        enum channel channel)
{
    const struct supply_tree *tree = &limits->site->tree;
    double carries = tree->rating[b].value * (double)tree->derating_bp[b] / (double)SHARE_WHOLE_BP;

    switch (tree->rating[b].kind) {
    case RATING_NONE:
        return 0;
    case RATING_W:
        return carries;
    case RATING_VA:
        return carries * truth->terminal.power_factor;
    case RATING_A:
        return carries * truth->terminal.voltage_v[channel - CHANNEL_L1] *
               truth->terminal.power_factor;
    }
    return 0;
}

void limits_see(struct limits *limits, const struct plant *plant, int64_t now_ns)
{
    for (uint32_t i = 0; i < limits->watches; i++) {
        const struct watch *watch = &limits->watch[i];
        const struct branch_truth *truth = plant_branch(plant, watch->branch);
        double load_w = watch->channel == CHANNEL_TOTAL
                            ? truth->load_w
                            : truth->phase_load_w[watch->channel - CHANNEL_L1];

        judge_see(&limits->judge, i, now_ns, load_w,
                  channel_w(limits, truth, watch->branch, watch->channel));
    }
    judge_see(&limits->judge, limits->contract, now_ns, plant_branch(plant, 0)->terminal.power_w,
              (double)limits->contract_w);
}

double limits_branch_w(const struct limits *limits, const struct plant *plant, uint32_t branch)
{
    const struct branch_truth *truth = plant_branch(plant, branch);
    double sum_w = 0;

    if (channels_of(&limits->site->tree.rating[branch]) == 1)
        return channel_w(limits, truth, branch, CHANNEL_TOTAL);
    for (int p = 0; p < PHASES && limits->site->tree.rating[branch].kind == RATING_A; p++)
        sum_w += channel_w(limits, truth, branch, (enum channel)(CHANNEL_L1 + p));
    return sum_w;
}
