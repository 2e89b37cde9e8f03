/* Uses on-site production first: load follows it, so that grid import stays at a target.
 *
 *     load(branch) <= import target + credited production
 *     of a battery, with `battery_time`:  min(rated, (charge - reserve) x capacity / battery_time)
 *
 * Order: PV and wind, then the battery, then the grid. A battery is credited what it can give steadily for the time
 * that is asked for, without touching its reserve, so that load never leans on a battery that is empty in a minute;
 * its own controller discharges it when import would exceed the target. Without `battery_time` it counts with what
 * it gives now, like any source.
 *
 * Credit rises at a bounded rate and falls at once with the production: a cloud lowers load now, the sun that
 * comes back raises it gently. A source whose meter, or charge, is stale or bad is credited nothing. */
#include "policies/renewable_follow.h"
#include "model/error.h"

#include "policies/ticks.h"

#include <math.h>
#include <stdio.h>

struct settings {
    uint32_t branch;
    struct index_list sources;
    int64_t import_target_w;
    int64_t rise_w_per_s;
    int64_t battery_ns;
    bool battery_given;
};

struct state {
    bool started;
    int64_t credit_mw; /* milliwatts, so that short ticks add up */
    int64_t last_ns;
    int64_t battery_w; /* of the credit that is wanted now */
};

#define AT(field) offsetof(struct settings, field)
/* clang-format off */
static const struct setting renewable_follow_settings[] = {
    {.name = "branch", .kind = KIND_BRANCH, .need = NEED_REQUIRED, .at = AT(branch),
     .help = "branch behind whose meter the sources feed in"},
    {.name = "sources", .kind = KIND_SOURCES, .need = NEED_REQUIRED, .min = 1, .max = 64, .at = AT(sources),
     .help = "on-site sources to follow"},
    {.name = "import_target", .kind = KIND_POWER, .need = NEED_REQUIRED, .min = 0, .max = LIMIT_MAX_W, .at = AT(import_target_w),
     .help = "grid import to keep while production rises and falls"},
    {.name = "rise", .kind = KIND_POWER_RATE, .need = NEED_DEFAULT, .min = 1, .max = LIMIT_MAX_W, .fallback = "10 kW/s",
     .at = AT(rise_w_per_s), .help = "how fast rising production is followed; falling production is followed at once"},
    {.name = "battery_time", .kind = KIND_DURATION, .need = NEED_OPTIONAL, .min = 60e9, .max = 86400e9, .at = AT(battery_ns), .given_at = AT(battery_given),
     .help = "how long a battery must be able to give what it is credited, down to its reserve; not given: it counts with what it gives now"},
    {0},
};
/* clang-format on */

/* What a battery gives steadily for battery_time, down to its reserve; 0 when its charge is not known. Rounded down. */
static int64_t battery_w(const struct settings *s, const struct policy_input *in,
                         const struct source *battery)
{
    double charge_percent = 0.0;
    double usable_wh = 0.0;
    double hours = (double)s->battery_ns / (double)(3600 * NS_PER_S);

    if (battery->charge_point == NONE_INDEX || battery->capacity_wh <= 0 ||
        !reading_good(&in->snapshot->reading[battery->charge_point], &charge_percent))
        return 0;
    usable_wh = (charge_percent - (double)battery->reserve_bp / 100.0) *
                (double)battery->capacity_wh / 100.0;
    return (int64_t)floor(fmin(fmax(usable_wh, 0.0) / hours, (double)battery->rated_w));
}

static int64_t production_w(const struct settings *s, struct state *state,
                            const struct policy_input *in)
{
    int64_t sum_w = 0;

    state->battery_w = 0;
    for (uint32_t i = 0; i < s->sources.count; i++) {
        const struct source *source = &in->site->source[s->sources.index[i]];
        int64_t power_w = 0;

        if (s->battery_given && source->kind == SOURCE_BATTERY)
            state->battery_w += battery_w(s, in, source);
        else if (source_power_w(in->site, s->sources.index[i], in->snapshot, &power_w))
            sum_w += power_w;
    }
    return sum_w + state->battery_w;
}

static void move_credit(const struct settings *s, struct state *state, int64_t now_mw,
                        int64_t now_ns)
{
    int64_t elapsed_ms = step_ms(state->last_ns, now_ns);

    if (!state->started || now_mw <= state->credit_mw)
        state->credit_mw = now_mw;
    else if (now_mw - state->credit_mw > s->rise_w_per_s * elapsed_ms)
        state->credit_mw += s->rise_w_per_s * elapsed_ms; /* W/s x ms is mW */
    else
        state->credit_mw = now_mw;
    state->started = true;
    state->last_ns = now_ns;
}

static void evaluate(const void *settings, void *memory, uint32_t index,
                     const struct policy_input *in, struct limit_list *out)
{
    const struct settings *s = settings;
    struct state *state = memory;
    int64_t now_w = production_w(s, state, in);
    int64_t credit_w = 0;
    struct limit limit = {0};

    move_credit(s, state, now_w * 1000, in->snapshot->now_ns);
    credit_w = state->credit_mw / 1000;
    limit = (struct limit){
        .row = s->branch,
        .value_w = s->import_target_w + credit_w,
        .failsafe_w = s->import_target_w,
        .valid_until_ns = limit_valid_until_ns(in->snapshot),
        .strength = LIMIT_SOFT,
        .reason = {index,
                   state->battery_w > 0,
                   {(double)s->import_target_w, (double)credit_w, (double)now_w}},
    };
    limit_add(out, &limit);
}

static void explain(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size)
{
    const double *number = limit->reason.number;

    (void)settings;
    (void)site;
    snprintf(out, size, "import target %.1f kW + %.1f kW followed of %.1f kW produced on site%s",
             number[0] / 1e3, number[1] / 1e3, number[2] / 1e3,
             limit->reason.code ? " or in the battery" : "");
}

static bool check(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;
    char where[64];

    for (uint32_t i = 0; i < s->sources.count; i++) {
        const struct source *source = &site->source[s->sources.index[i]];

        snprintf(where, sizeof where, "sources[%u]", i);
        if (!tree_below(&site->tree, source->branch, s->branch))
            return failure(err, ERR_CONFLICT, where,
                           "a source that feeds in at or below the branch",
                           "\"%s\" feeds in at \"%s\", which is not below \"%s\"", source->name,
                           site->tree.name[source->branch], site->tree.name[s->branch]);
        if (s->battery_given && source->kind == SOURCE_BATTERY &&
            (source->charge_point == NONE_INDEX || source->capacity_wh <= 0))
            return failure(err, ERR_CONFLICT, where,
                           "a battery with `charge` and `capacity`, as `battery_time` needs them",
                           "\"%s\" has none in the site file", source->name);
    }
    return true;
}

static bool suspect(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;

    for (uint32_t i = 0; s->battery_given && i < s->sources.count; i++) {
        if (site->source[s->sources.index[i]].kind == SOURCE_BATTERY)
            return true;
    }
    if (s->battery_given)
        return failure(err, ERR_CONFLICT, "battery_time", "a battery among `sources`",
                       "none of them is one");
    return true;
}

static uint32_t figures(const void *settings, const void *memory, struct policy_figure out[])
{
    const struct settings *s = settings;
    const struct state *state = memory;

    if (!state->started)
        return 0;
    out[0] = (struct policy_figure){"credit_w", (double)state->credit_mw / 1e3};
    out[1] = (struct policy_figure){"battery_w", (double)state->battery_w};
    out[2] = (struct policy_figure){"permitted_w",
                                    (double)s->import_target_w + (double)state->credit_mw / 1e3};
    return 3;
}

const struct policy_kind renewable_follow = {
    .name = "renewable_follow",
    .summary = "Uses on-site PV, wind and a battery first: keeps grid import at a target as they "
               "rise and fall.",
    .manual =
        "A goal: it lowers caps as far as their least and never below. Falling production lowers "
        "load at once, rising production raises it at `rise`; production whose meter is stale or "
        "bad is not counted.\n"
        "\n"
        "With `battery_time` a battery is credited what it can give steadily for that time without "
        "touching its reserve: 400 kWh at 70 % with a reserve of 20 % over 2 h are 100 kW, at most "
        "its rated power. Whoever controls the battery discharges it when import would exceed the "
        "target. A state of charge that is stale or bad credits nothing. Figures: `credit_w`, "
        "`battery_w`, `permitted_w`.",
    .settings = renewable_follow_settings,
    .settings_size = sizeof(struct settings),
    .state_size = sizeof(struct state),
    .check = check,
    .suspect = suspect,
    .evaluate = evaluate,
    .explain = explain,
    .figures = figures,
};
