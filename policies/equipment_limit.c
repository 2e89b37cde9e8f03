/* The limit that no policy file can remove: what a branch is rated for.
 *
 *     W   rating x derating
 *     VA  rating x derating x power factor
 *     A   rating x derating x voltage x power factor, for each phase
 *
 * Voltage and power factor are the measured ones, or the site file's worst case when they are not known. With
 * a feed lost, the survivor may carry its full rating x the site's failover overload for as long as shedding
 * takes. On-site generation is not credited: the conductor must also carry the load when it is gone. */
#include "policies/equipment_limit.h"

#include "policies/ticks.h"

#include <math.h>
#include <stdio.h>

/* The estimate is made anew in each tick; a limit that was not renewed for so long falls to its worst case. */
/* A voltage reading outside this share of nominal is a dead phase or a wrong transformer ratio. */
static const double least_credible = 0.5, most_credible = 1.1;

static double voltage_v(const struct policy_input *in, uint32_t branch, int phase)
{
    const struct supply_tree *tree = &in->site->tree;
    uint32_t point = tree->phase_voltage_point[branch][phase];
    double value = 0;

    if (point == NONE_INDEX || !reading_good(&in->snapshot->reading[point], &value))
        return tree->least_v[branch];
    if (value < least_credible * tree->nominal_v[branch])
        return tree->least_v[branch];
    return fmin(value, most_credible * tree->nominal_v[branch]);
}

static double power_factor(const struct policy_input *in, uint32_t branch)
{
    const struct supply_tree *tree = &in->site->tree;
    uint32_t point = tree->power_factor_point[branch];
    double value = 0;

    if (point == NONE_INDEX || !reading_good(&in->snapshot->reading[point], &value) || value == 0.0)
        return tree->least_power_factor[branch];
    return fmin(fabs(value), 1.0);
}

/* Watts of a rating at a voltage and a power factor, before any derating. */
static double rating_w(const struct rating *rating, double volts, double factor)
{
    switch (rating->kind) {
    case RATING_NONE:
        return (double)LIMIT_MAX_W;
    case RATING_W:
        return rating->value;
    case RATING_VA:
        return rating->value * factor;
    case RATING_A:
        return rating->value * volts * factor;
    }
    return 0;
}

static int64_t whole_w(double watts, int64_t share_bp)
{
    /* Rounded down: a limit one watt low costs a watt, one watt high can cost the feeder. */
    return (int64_t)floor(fmin(watts, (double)LIMIT_MAX_W) * (double)share_bp /
                          (double)SHARE_WHOLE_BP);
}

/* True when the row is the one in which its branch's kind of rating is judged. */
static bool judged(const struct rating *rating, const struct row *row)
{
    return rating->kind != RATING_NONE &&
           (rating->kind == RATING_A) == (row->channel != CHANNEL_TOTAL);
}

static void evaluate(const void *settings, void *state, uint32_t index,
                     const struct policy_input *in, struct limit_list *out)
{
    const struct supply_tree *tree = &in->site->tree;

    (void)settings;
    (void)state;
    for (uint32_t r = 0; r < in->rows->count; r++) {
        const struct row *row = &in->rows->row[r];
        uint32_t b = row->branch;
        const struct rating *rating = &tree->rating[b];
        bool failover = row->lost_feed != NONE_INDEX;
        int64_t share_bp = failover ? in->site->control.failover_overload_bp : tree->derating_bp[b];
        double volts = 0;
        double factor = 0;
        struct limit limit = {0};

        if (!judged(rating, row))
            continue;
        factor = power_factor(in, b);
        volts = rating->kind == RATING_A ? voltage_v(in, b, (int)row->channel - CHANNEL_L1) : 0.0;
        limit = (struct limit){
            .row = r,
            .value_w = whole_w(rating_w(rating, volts, factor), share_bp),
            .failsafe_w =
                whole_w(rating_w(rating, tree->least_v[b], tree->least_power_factor[b]), share_bp),
            .valid_until_ns = limit_valid_until_ns(in->snapshot),
            .strength = LIMIT_HARD,
            .reason = {index, failover, {(double)share_bp / 100.0, volts, factor}},
        };
        limit_add(out, &limit);
    }
}

static void explain(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size)
{
    (void)settings;
    (void)site;
    if (limit->reason.number[1] > 0)
        snprintf(out, size, "%s rating x %.0f %% at %.1f V and power factor %.3f",
                 limit->reason.code ? "failover: full" : "the breaker's", limit->reason.number[0],
                 limit->reason.number[1], limit->reason.number[2]);
    else
        snprintf(out, size, "%s rating x %.0f %%",
                 limit->reason.code ? "failover: full" : "the breaker's", limit->reason.number[0]);
}

static const struct setting no_settings[] = {{0}};

const struct policy_kind equipment_limit = {
    .name = "equipment_limit",
    .summary = "Keeps every branch within its rating x derating; always on.",
    .manual = "Comes from the site file's ratings and needs no line in a policy file; a policy "
              "can't remove or "
              "loosen it. Amperes are judged per phase at the measured voltage and power factor, "
              "and at the "
              "branch's `least_voltage` and `least_power_factor` when these are not measured.",
    .settings = no_settings,
    .always_on = true,
    .evaluate = evaluate,
    .explain = explain,
};
