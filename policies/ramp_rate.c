/* Keeps the grid's view of the site from changing too fast: kW a minute at the meter, up and down.
 *
 *     import |            . - limit: rises by `up`, and is never further above
 *            |       . - ' ___       the measured load than `up` gives in `lead`
 *            |   . ' ____/
 *            |  ____/
 *            | /     ' - . floor: falls by `down`; goals press no lower
 *            0                       t
 *
 *     limit(t) = min(limit(t - dt) + up x dt, highest load of late + up x lead)
 *     floor(t) = max(floor(t - dt) - down x dt, least load of late - down x lead)
 *
 * Both are passed on as stairs (policies/stair.h) with treads of half a lead, on the safe side of their lines, so that
 * caps don't change in every tick.
 *
 * "Of late" is the last one to two leads, so that a meter's noise does not pull the load down. A job that ends is a
 * fall that no cap can hold; the limit follows it down, so what comes after must climb again. Without a reading
 * the limit rises no further, and the floor goes on falling. Both are soft: hard limits are kept whatever the ramp. */
#include "policies/ramp_rate.h"

#include "policies/metering.h"
#include "policies/stair.h"
#include "policies/ticks.h"

#include <math.h>
#include <stdio.h>

struct settings {
    uint32_t branch;
    int64_t up_w_per_s, down_w_per_s;
    bool up_given, down_given;
    int64_t lead_ns;
};

/* The highest and least of the last one to two `lead`s: those of this stretch and of the one before. */
struct recent {
    int64_t since_ns;
    double high_w[2], low_w[2]; /* 0: this stretch */
};

struct state {
    bool started;
    int64_t last_ns;
    struct recent recent;
    double limit_w, floor_w;         /* the lines */
    struct stair limit_at, floor_at; /* what is passed on of them */
    bool measured;
};

#define AT(field) offsetof(struct settings, field)
/* clang-format off */
static const struct setting ramp_rate_settings[] = {
    {.name = "branch", .kind = KIND_BRANCH, .need = NEED_REQUIRED, .at = AT(branch),
     .help = "branch at whose meter the ramp is judged"},
    {.name = "up", .kind = KIND_POWER_RATE, .need = NEED_OPTIONAL, .min = 1, .max = LIMIT_MAX_W, .at = AT(up_w_per_s), .given_at = AT(up_given),
     .help = "how fast import may rise"},
    {.name = "down", .kind = KIND_POWER_RATE, .need = NEED_OPTIONAL, .min = 1, .max = LIMIT_MAX_W, .at = AT(down_w_per_s), .given_at = AT(down_given),
     .help = "how fast goals may lower import; hard limits are not slowed down"},
    {.name = "lead", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 1e9, .max = 300e9, .fallback = "10 s", .at = AT(lead_ns),
     .help = "how far ahead of the measured load the limit runs: from the meter's reading to caps in force; it stands for half of this between steps"},
    {0},
};
/* clang-format on */

static void see(const struct settings *s, struct state *state, double import_w, int64_t now_ns)
{
    struct recent *r = &state->recent;

    if (!state->started) {
        *r = (struct recent){now_ns, {import_w, import_w}, {import_w, import_w}};
    } else if (now_ns - r->since_ns >= s->lead_ns) {
        r->since_ns = now_ns;
        r->high_w[1] = r->high_w[0];
        r->low_w[1] = r->low_w[0];
        r->high_w[0] = r->low_w[0] = import_w;
    }
    r->high_w[0] = fmax(r->high_w[0], import_w);
    r->low_w[0] = fmin(r->low_w[0], import_w);
}

static void move(const struct settings *s, struct state *state, int64_t now_ns)
{
    double dt_s = step_s(state->last_ns, now_ns);
    double lead_s = (double)s->lead_ns / (double)NS_PER_S;
    double up = (double)s->up_w_per_s;
    double down = (double)s->down_w_per_s;
    double high_w = fmax(state->recent.high_w[0], state->recent.high_w[1]);
    double low_w = fmin(state->recent.low_w[0], state->recent.low_w[1]);

    if (!state->started) {
        state->limit_w = high_w + up * lead_s;
        state->floor_w = low_w - down * lead_s;
    } else {
        state->limit_w = fmin(state->limit_w + up * dt_s, high_w + up * lead_s);
        state->floor_w = fmax(state->floor_w - down * dt_s, low_w - down * lead_s);
    }
    /* Load that fell by itself is not lifted back up to where it came from. */
    state->floor_w = fmin(state->floor_w, s->up_given ? state->limit_w : high_w);
}

static void evaluate(const void *settings, void *memory, uint32_t index,
                     const struct policy_input *in, struct limit_list *out)
{
    const struct settings *s = settings;
    struct state *state = memory;
    int64_t now_ns = in->snapshot->now_ns;
    int64_t made_w = in->estimate->generation_w[s->branch];
    double import_w = 0.0;
    double limit_w = 0.0;
    double floor_w = 0.0;
    struct limit limit = {.row = s->branch, .valid_until_ns = limit_valid_until_ns(in->snapshot)};

    state->measured = import_measured_w(in, s->branch, &import_w);
    if (state->measured) {
        see(s, state, import_w, now_ns);
        move(s, state, now_ns);
        state->started = true;
    } else if (state->started) {
        state->floor_w -=
            (double)s->down_w_per_s * (double)(now_ns - state->last_ns) / (double)NS_PER_S;
    } else {
        return; /* never read: the estimate lets nothing rise at a blind branch, and a start is no reason to fall */
    }
    state->last_ns = now_ns;
    limit_w = stair_below_w(&state->limit_at, state->limit_w, now_ns, s->lead_ns / 2);
    floor_w = stair_above_w(&state->floor_at, state->floor_w, now_ns, s->lead_ns / 2);
    if (s->up_given)
        floor_w = fmin(floor_w, limit_w);
    limit.reason =
        (struct limit_reason){index, state->measured, {limit_w, floor_w, (double)made_w}};
    if (s->up_given) {
        limit.strength = LIMIT_SOFT;
        limit.value_w = limit_of_w(limit_w) + made_w;
        limit.failsafe_w = limit.value_w - made_w;
        limit_add(out, &limit);
    }
    if (s->down_given) {
        limit.strength = LIMIT_FLOOR;
        limit.value_w = limit_of_w(floor_w) + made_w;
        limit.failsafe_w = 0; /* a floor that nobody renews holds nothing up */
        limit_add(out, &limit);
    }
}

static void explain(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size)
{
    const struct settings *s = settings;
    bool floor = limit->strength == LIMIT_FLOOR;

    (void)site;
    snprintf(out, size, "import %s %.1f kW now, %s at %.1f kW/min%s",
             floor ? "no lower than" : "up to", limit->reason.number[floor ? 1 : 0] / 1e3,
             floor ? "falling" : "rising",
             (double)(floor ? s->down_w_per_s : s->up_w_per_s) * 60.0 / 1e3,
             limit->reason.code ? ""
             : floor            ? " (meter lost)"
                                : " (held: meter lost)");
}

static uint32_t figures(const void *settings, const void *memory, struct policy_figure out[])
{
    const struct settings *s = settings;
    const struct state *state = memory;
    uint32_t count = 0;

    if (state->started && s->up_given)
        out[count++] = (struct policy_figure){"permitted_w", state->limit_at.at_w};
    if (state->started && s->down_given)
        out[count++] = (struct policy_figure){"floor_w", fmax(state->floor_at.at_w, 0.0)};
    return count;
}

static bool check(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;

    if (!s->up_given && !s->down_given)
        return failure(err, ERR_MISSING, "up", "up, down or both", "neither is given");
    if (site->tree.power_point[s->branch] == NONE_INDEX)
        return failure(err, ERR_CONFLICT, "branch",
                       "a branch with a meter: the ramp is judged there", "\"%s\" has none",
                       site->tree.name[s->branch]);
    return true;
}

static bool below(const struct site *site, uint32_t branch, uint32_t top)
{
    while (branch != NONE_INDEX && branch != top)
        branch = site->tree.parent[branch];
    return branch == top;
}

/* The nodes behind the meter whose caps can be set. */
static uint32_t nodes_behind(const struct site *site, uint32_t branch)
{
    uint32_t count = 0;

    for (uint32_t n = 0; n < site->nodes.count; n++) {
        bool behind = false;

        for (uint32_t h = 0; h < site->nodes.hangs[n]; h++)
            behind = behind || below(site, site->nodes.hang[n][h].branch, branch);
        count += behind && site->nodes.cappable[n];
    }
    return count;
}

static bool suspect(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;
    double lead_s = (double)s->lead_ns / (double)NS_PER_S;
    double held_w = (double)site->control.dead_band_w * (double)nodes_behind(site, s->branch);

    if (s->lead_ns < 2 * site->control.tick_period_ns)
        return failure(err, ERR_RANGE, "lead", "at least two ticks, or the load can't keep up",
                       "%g s", lead_s);
    /* A step is half of what the lead lets rise; if it is less than all dead bands together, nobody rises. */
    if (s->up_given && lead_s * (double)s->up_w_per_s < 2.0 * held_w)
        return failure(err, ERR_CONFLICT, "lead",
                       "twice as long as all dead bands take at this rate, or none may rise",
                       "%g s, in which %.1f kW may rise; dead bands hold %.1f kW back", lead_s,
                       lead_s * (double)s->up_w_per_s / 1e3, held_w / 1e3);
    return true;
}

const struct policy_kind ramp_rate = {
    .name = "ramp_rate",
    .summary = "Keeps import at a meter from rising, and goals from lowering it, faster than so "
               "many kW a minute.",
    .manual =
        "Soft. Upwards it is a limit that rises from the load measured last, also after an event "
        "or an outage is over; production behind the meter makes room. Downwards it is a floor "
        "under all goals of the branch; a breaker or a contract lowers load at once all the same, "
        "and a job that ends is a fall that no cap can hold. Both move in steps of half a `lead`, "
        "so "
        "that caps don't change in every tick; with a `dead_band` they change less often still. "
        "Without a reading the limit rises no "
        "further and the floor goes on falling. Figures: `permitted_w`, `floor_w`.",
    .settings = ramp_rate_settings,
    .settings_size = sizeof(struct settings),
    .state_size = sizeof(struct state),
    .limits_most = 2,
    .check = check,
    .suspect = suspect,
    .evaluate = evaluate,
    .explain = explain,
    .figures = figures,
};
