/* Uses on-site production first: load follows it, so that grid import stays at a target.
 *
 *     load(branch) <= import target + credited production
 *
 * Credit rises at a bounded rate and falls at once with the production: a cloud lowers load now, the sun that
 * comes back raises it gently. A source whose meter is stale or bad is credited nothing. */
#include "policies/renewable_follow.h"

#include "model/error.h"

#include <stdio.h>

enum { VALID_S = 10, MAX_STEP_S = 60 };

struct settings {
    uint32_t branch;
    struct index_list sources;
    int64_t import_target_w;
    int64_t rise_w_per_s;
};

struct state {
    bool started;
    int64_t credit_mw; /* milliwatts, so that short ticks add up */
    int64_t last_ns;
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
    {0},
};
/* clang-format on */

static int64_t production_w(const struct settings *s, const struct policy_input *in)
{
    int64_t sum_w = 0;

    for (uint32_t i = 0; i < s->sources.count; i++) {
        int64_t power_w = 0;

        if (source_power_w(in->site, s->sources.index[i], in->snapshot, &power_w))
            sum_w += power_w;
    }
    return sum_w;
}

static void move_credit(const struct settings *s, struct state *state, int64_t now_mw,
                        int64_t now_ns)
{
    int64_t elapsed_ms = (now_ns - state->last_ns) / NS_PER_MS;

    if (elapsed_ms > MAX_STEP_S * 1000)
        elapsed_ms = MAX_STEP_S * 1000;
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
    int64_t now_w = production_w(s, in);
    int64_t credit_w = 0;
    struct limit limit = {0};

    move_credit(s, state, now_w * 1000, in->snapshot->now_ns);
    credit_w = state->credit_mw / 1000;
    limit = (struct limit){
        .row = s->branch,
        .value_w = s->import_target_w + credit_w,
        .failsafe_w = s->import_target_w,
        .valid_until_ns = in->snapshot->now_ns + VALID_S * NS_PER_S,
        .strength = LIMIT_SOFT,
        .reason = {index, 0, {(double)s->import_target_w, (double)credit_w, (double)now_w}},
    };
    limit_add(out, &limit);
}

static void explain(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size)
{
    const double *number = limit->reason.number;

    (void)settings;
    (void)site;
    snprintf(out, size, "import target %.1f kW + %.1f kW followed of %.1f kW produced on site",
             number[0] / 1e3, number[1] / 1e3, number[2] / 1e3);
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
    }
    return true;
}

const struct policy_kind renewable_follow = {
    .name = "renewable_follow",
    .summary = "Uses on-site PV or wind first: keeps grid import at a target as production rises "
               "and falls.",
    .manual = "Soft: it lowers caps as far as their minimum and never below. Falling production "
              "lowers load at "
              "once, rising production raises it at `rise`.",
    .settings = renewable_follow_settings,
    .settings_size = sizeof(struct settings),
    .state_size = sizeof(struct state),
    .check = check,
    .evaluate = evaluate,
    .explain = explain,
};
