/* Keeps the mean load of each billing window within a target, since the dearest window of a month is billed.
 *
 *     power  |      ____                    E   drawn since the window began
 *            |  ___/ E  \    permitted      S = allowed x T - E, what is left of it
 *     target |_/_________\_ _ _ _ _ _ _
 *            |            \   S             permitted = S / time left: what it was below the target
 *            |_____________\____________    at first may be drawn above it now
 *            0              t           T
 *
 * Load that is above what is permitted does not fall at once: what it draws until it has (dead time, then a rate) is
 * taken off S first. In the last dead time and tick of a window nothing can be done for it any more: the limit stays,
 * so that a rest of energy never becomes a burst. With S used up the window is lost: the load goes to `floor`, and the next window is
 * defended. What is defended is the highest of the target, the month's peak so far and the ratchet: a peak that is
 * billed anyway is free.
 *
 * Whose time: windows begin by the site's wall clock + `clock_offset`. While that is not known, and for a window
 * after it has stepped, every alignment must hold: the rule for sliding windows then stands beside the fixed one.
 * Whose energy: the utility's register, and between its steps the power; time that was not measured counts at the
 * most that may have been drawn, and never makes a peak. */
#include "policies/demand_charge.h"

#include "policies/demand_window.h"
#include "policies/ticks.h"
#include "policies/window.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400 };

enum window_rule { WINDOWS_FIXED, WINDOWS_SLIDING };

static const char *const window_rules[] = {"fixed", "sliding", NULL};

struct settings {
    uint32_t branch;
    uint32_t register_point;
    bool register_given;
    int64_t target_w;
    int64_t window_ns;
    int rule; /* enum window_rule */
    int64_t sub_ns;
    int64_t clock_offset_ns;
    int64_t guard_bp;
    int64_t floor_w;
    int64_t most_w;
    bool most_given;
    bool follow_peak;
    int64_t ratchet_bp, ratchet_months;
    int64_t dead_ns;
    int64_t fall_w_per_s;
    int64_t generation_margin_bp;
    bool hard;
};

struct state {
    struct demand_window window;
    /* The last evaluation, for figures and for the end of a window. */
    bool decided;
    double permitted_w, defended_w, month_peak_w, left_s, used_wh;
};

#define AT(field) offsetof(struct settings, field)
/* clang-format off */
static const struct setting demand_charge_settings[] = {
    {.name = "branch", .kind = KIND_BRANCH, .need = NEED_REQUIRED, .at = AT(branch),
     .help = "branch whose meter the utility bills by"},
    {.name = "register", .kind = KIND_SIGNAL, .need = NEED_OPTIONAL, .at = AT(register_point), .given_at = AT(register_given),
     .quantity = QUANTITY_ENERGY_IMPORT, .help = "the meter's energy register; without it power is integrated"},
    {.name = "target", .kind = KIND_POWER, .need = NEED_REQUIRED, .min = 1, .max = LIMIT_MAX_W, .at = AT(target_w),
     .help = "highest mean import of a window"},
    {.name = "window", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 60e9, .max = 3600e9, .fallback = "15 min", .at = AT(window_ns),
     .help = "over which the utility takes the mean"},
    {.name = "windows", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "fixed", .choices = window_rules, .at = AT(rule),
     .help = "fixed: one after the other; sliding: a new one begins with every sub-window"},
    {.name = "sub_window", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 1e9, .max = 3600e9, .fallback = "1 min", .at = AT(sub_ns),
     .help = "step of sliding windows; the window is 1 to 60 of them"},
    {.name = "clock_offset", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = -3600e9, .max = 3600e9, .fallback = "0 s", .at = AT(clock_offset_ns),
     .help = "how far the utility's clock is ahead of the site's"},
    {.name = "guard", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = 5000, .fallback = "1 %", .at = AT(guard_bp),
     .help = "share of a window's energy that is kept free"},
    {.name = "floor", .kind = KIND_POWER, .need = NEED_DEFAULT, .min = 0, .max = LIMIT_MAX_W, .fallback = "0 W", .at = AT(floor_w),
     .help = "import that is always left, whatever becomes of the window"},
    {.name = "most", .kind = KIND_POWER, .need = NEED_OPTIONAL, .min = 1, .max = LIMIT_MAX_W, .at = AT(most_w), .given_at = AT(most_given),
     .help = "import that is never exceeded, however much energy the window has left"},
    {.name = "follow_peak", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "true", .at = AT(follow_peak),
     .help = "whether a peak that the month has seen is allowed again"},
    {.name = "ratchet", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = SHARE_WHOLE_BP, .fallback = "0 %", .at = AT(ratchet_bp),
     .help = "share of earlier months' highest peak that is billed anyway, and so allowed"},
    {.name = "ratchet_months", .kind = KIND_INTEGER, .need = NEED_DEFAULT, .min = 1, .max = PEAK_MONTHS_MAX - 1, .fallback = "11", .at = AT(ratchet_months),
     .help = "how many months before this one the ratchet looks at"},
    {.name = "dead_time", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 0, .max = 300e9, .fallback = "10 s", .at = AT(dead_ns),
     .help = "until load follows a limit: from the meter's reading to caps in force"},
    {.name = "fall", .kind = KIND_POWER_RATE, .need = NEED_DEFAULT, .min = 1, .max = LIMIT_MAX_W, .fallback = "100 kW/s", .at = AT(fall_w_per_s),
     .help = "how fast load falls then"},
    {.name = "generation_margin", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = SHARE_WHOLE_BP, .fallback = "25 %",
     .at = AT(generation_margin_bp), .help = "share of on-site production that does not make room for load"},
    {.name = "hard", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "false", .at = AT(hard),
     .help = "whether it is kept like a contract: with a shed list, and before every goal"},
    {0},
};
/* clang-format on */

static double window_s(const struct settings *s) { return seconds(s->window_ns); }

static uint32_t subs_of(const struct settings *s) { return (uint32_t)(s->window_ns / s->sub_ns); }

static struct demand_rules rules_of(const struct settings *s)
{
    return (struct demand_rules){.branch = s->branch,
                                 .register_point =
                                     s->register_given ? s->register_point : NONE_INDEX,
                                 .window_ns = s->window_ns,
                                 .sub_ns = s->sub_ns,
                                 .clock_offset_ns = s->clock_offset_ns,
                                 .sliding = s->rule == WINDOWS_SLIDING};
}

/* ---- deciding -------------------------------------------------------------------------------- */

/* The mean power that is defended; the target alone while it is not sure which month it is. */
static double defended_w(const struct settings *s, struct state *state,
                         const struct snapshot *snapshot, const struct demand_place *place)
{
    double peak_w = 0.0;
    double ratchet_w = 0.0;

    state->month_peak_w = 0.0;
    if (place == NULL)
        return (double)s->target_w;
    if (demand_peaks_ahead(&state->window.peaks, place->month)) {
        if (!clock_steady(&state->window.clock, snapshot, DAY_S * NS_PER_S))
            return (double)s->target_w;
        demand_peaks_forget_after(&state->window.peaks, place->month);
    }
    peak_w = demand_peak_w(&state->window.peaks, place->month);
    state->month_peak_w = peak_w;
    ratchet_w = demand_peak_before_w(&state->window.peaks, place->month, s->ratchet_months) *
                (double)s->ratchet_bp / (double)SHARE_WHOLE_BP;
    if (!s->follow_peak)
        peak_w = 0.0;
    return fmax((double)s->target_w, fmax(peak_w, ratchet_w));
}

/* What load above `permitted_w` still draws until it has come down is energy that is gone already. */
static double falling_wh(const struct settings *s, double measured_w, double permitted_w)
{
    return window_falling_wh(measured_w, permitted_w, seconds(s->dead_ns), (double)s->fall_w_per_s);
}

static double fixed_w(const struct settings *s, const struct state *state, double allowed_wh,
                      double measured_w, double left_s)
{
    double floor_w = (double)s->floor_w;
    double used_wh = state->window.high_wh;
    double first_w = window_permitted_w(allowed_wh, used_wh, left_s, floor_w);

    used_wh += falling_wh(s, measured_w, first_w);
    return window_permitted_w(allowed_wh, used_wh, left_s, floor_w);
}

static double sliding_w(const struct settings *s, const struct state *state, double allowed_wh,
                        double measured_w, double least_left_s)
{
    const struct energy_ring *ring = &state->window.ring;
    double past_wh[RING_SUBS_MAX];
    double left_s = fmax(seconds(ring->sub_ns - ring->into_ns), least_left_s);
    double used_wh = energy_ring_high_wh(ring, 0);
    double first_w = 0.0;

    for (uint32_t i = 0; i + 1 < ring->subs; i++)
        past_wh[i] = energy_ring_high_wh(ring, i + 1);
    first_w =
        window_sliding_w(allowed_wh, past_wh, ring->subs, seconds(ring->sub_ns), used_wh, left_s);
    used_wh += falling_wh(s, measured_w, fmax(first_w, (double)s->floor_w));
    return window_sliding_w(allowed_wh, past_wh, ring->subs, seconds(ring->sub_ns), used_wh,
                            left_s);
}

/* How the limit came about, for the sentence. */
enum reason { REASON_FIXED, REASON_SLIDING, REASON_CLOCK, REASON_LOST };

static enum reason decide(const struct settings *s, struct state *state,
                          const struct policy_input *in, const struct demand_place *place)
{
    const struct snapshot *snapshot = in->snapshot;
    bool steady = clock_steady(&state->window.clock, snapshot, s->window_ns);
    bool fixed = s->rule == WINDOWS_FIXED && place != NULL;
    double least_left_s = seconds(s->dead_ns + in->site->control.tick_period_ns);
    double allowed_wh = 0.0;
    double measured_w = 0.0;
    double permitted_w = (double)(s->most_given ? s->most_w : LIMIT_MAX_W);

    if (!import_measured_w(in, s->branch, &measured_w))
        measured_w = import_most_w(in, s->branch);
    state->defended_w = defended_w(s, state, snapshot, place);
    allowed_wh = state->defended_w * window_s(s) / 3600.0 * (double)(SHARE_WHOLE_BP - s->guard_bp) /
                 (double)SHARE_WHOLE_BP;
    state->used_wh =
        fixed ? state->window.high_wh : energy_ring_recent_wh(&state->window.ring, window_s(s));
    state->left_s =
        fixed ? window_s(s) - place->into_s : seconds(s->sub_ns - state->window.ring.into_ns);
    if (fixed && state->left_s >= least_left_s)
        permitted_w = fmin(permitted_w, fixed_w(s, state, allowed_wh, measured_w, state->left_s));
    else if (fixed && state->decided) /* too late for this window to do anything about */
        permitted_w = fmin(permitted_w, state->permitted_w);
    else if (fixed)
        permitted_w = fmin(permitted_w, fixed_w(s, state, allowed_wh, measured_w, least_left_s));
    if (!fixed || !steady)
        permitted_w = fmin(permitted_w, sliding_w(s, state, allowed_wh, measured_w, least_left_s));
    state->permitted_w = fmax(permitted_w, (double)s->floor_w);
    state->decided = true;
    if (permitted_w <= (double)s->floor_w)
        return REASON_LOST;
    return !steady || place == NULL ? REASON_CLOCK : fixed ? REASON_FIXED : REASON_SLIDING;
}

static void evaluate(const void *settings, void *memory, uint32_t index,
                     const struct policy_input *in, struct limit_list *out)
{
    const struct settings *s = settings;
    struct state *state = memory;
    struct demand_rules rules = rules_of(s);
    struct demand_place place = {0};
    struct limit limit = {0};
    bool placed = demand_place_of(&rules, in->snapshot, &place);
    enum reason reason = REASON_FIXED;

    if (demand_window_run(&state->window, &rules, in, placed ? &place : NULL))
        state->decided = false;
    reason = decide(s, state, in, placed ? &place : NULL);
    limit = (struct limit){
        .row = s->branch,
        .value_w = limit_of_w(state->permitted_w) +
                   generation_relied_w(in, s->branch, s->generation_margin_bp),
        .failsafe_w = min_w(limit_of_w(state->permitted_w), s->target_w),
        .valid_until_ns = limit_valid_until_ns(in->snapshot),
        .strength = s->hard ? LIMIT_HARD : LIMIT_SOFT,
        .reason = {index, reason, {state->used_wh, state->defended_w, state->left_s}},
    };
    limit_add(out, &limit);
}

static void explain(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size)
{
    static const char *const words[] = {[REASON_FIXED] = "",
                                        [REASON_SLIDING] = " (sliding)",
                                        [REASON_CLOCK] =
                                            " (of any alignment: the clock is not sure)",
                                        [REASON_LOST] = " (lost: down to the floor)"};
    const struct settings *s = settings;
    const struct limit_reason *why = &limit->reason;

    (void)site;
    snprintf(out, size, "%.0f min window%s: %.1f of %.1f kWh drawn at most, %.0f s left",
             window_s(s) / 60.0, words[why->code < COUNT(words) ? why->code : 0],
             why->number[0] / 1e3, why->number[1] * window_s(s) / 3600.0 / 1e3, why->number[2]);
}

/* ---- what is asked now and then -------------------------------------------------------------- */

static uint32_t figures(const void *settings, const void *memory, struct policy_figure out[])
{
    const struct state *state = memory;

    (void)settings;
    if (!state->window.started)
        return 0;
    out[0] = (struct policy_figure){"window_energy_wh", state->used_wh};
    out[1] = (struct policy_figure){"window_left_s", state->left_s};
    out[2] = (struct policy_figure){"permitted_w", state->permitted_w};
    out[3] = (struct policy_figure){"defended_w", state->defended_w};
    out[4] = (struct policy_figure){"month_peak_w", state->month_peak_w};
    return 5;
}

static uint32_t remember(const void *settings, const void *memory, struct policy_note note[])
{
    const struct state *state = memory;
    struct notes notes = {note, 0};

    (void)settings;
    if (state->window.started && demand_window_remember(&state->window, &notes))
        note_put(&notes, "permitted_w", state->permitted_w);
    return notes.count;
}

static void recall(const void *settings, void *memory, const struct policy_note note[],
                   uint32_t notes)
{
    struct demand_rules rules = rules_of(settings);
    struct state *state = memory;

    state->decided =
        demand_window_recall(&state->window, &rules, note, notes) &&
        note_get(note, notes, "permitted_w", 0, (double)LIMIT_MAX_W, &state->permitted_w);
}

static bool check(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;
    double window_min = window_s(s) / 60.0;

    (void)site;
    if (s->window_ns % NS_PER_S != 0 || DAY_S % (s->window_ns / NS_PER_S) != 0)
        return failure(err, ERR_RANGE, "window", "a part of a day, such as 15 min or 30 min",
                       "%g min, of which a day holds no whole number", window_min);
    if (s->sub_ns > s->window_ns || s->window_ns % s->sub_ns != 0 || subs_of(s) > RING_SUBS_MAX)
        return failure(err, ERR_CONFLICT, "sub_window", "a 1st to 60th part of the window",
                       "%g s, where the window is %g min", seconds(s->sub_ns), window_min);
    if (s->clock_offset_ns % NS_PER_S != 0)
        return failure(err, ERR_RANGE, "clock_offset", "whole seconds", "%g s",
                       seconds(s->clock_offset_ns));
    if (s->floor_w > s->target_w)
        return failure(err, ERR_CONFLICT, "floor", "no more than the target",
                       "%.1f kW, where the target is %.1f kW", (double)s->floor_w / 1e3,
                       (double)s->target_w / 1e3);
    if (s->most_given && s->most_w < s->target_w)
        return failure(err, ERR_CONFLICT, "most", "no less than the target",
                       "%.1f kW, where the target is %.1f kW", (double)s->most_w / 1e3,
                       (double)s->target_w / 1e3);
    return true;
}

static bool suspect(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;

    if (site->tree.power_point[s->branch] == NONE_INDEX)
        return failure(err, ERR_MISSING, "branch",
                       "a branch with a meter, or all counts at the most that may be drawn",
                       "\"%s\", which has none", site->tree.name[s->branch]);
    if (4 * s->dead_ns > s->window_ns)
        return failure(err, ERR_RANGE, "dead_time", "at most a quarter of the window",
                       "%g s, where the window is %g s", seconds(s->dead_ns), window_s(s));
    if (s->rule == WINDOWS_SLIDING && s->dead_ns > s->sub_ns)
        return failure(err, ERR_RANGE, "sub_window", "no shorter than the dead time",
                       "%g s, where the dead time is %g s", seconds(s->sub_ns),
                       seconds(s->dead_ns));
    return true;
}

const struct policy_kind demand_charge = {
    .name = "demand_charge",
    .summary = "Keeps the mean import of each billing window within a target, since the dearest "
               "window of the month is billed.",
    .manual =
        "A goal, unless `hard` is set. What the window has not used so far may be drawn in the "
        "rest of it: after 10 of 15 minutes and 180 of 250 kWh, 840 kW are permitted. Load that "
        "is too high needs time to fall, so what it draws meanwhile is taken off first. When the "
        "window is lost, import goes to `floor` and the next window is defended.\n"
        "\n"
        "What is defended is the target or, if higher, the month's peak so far "
        "(`follow_peak`) or the `ratchet`'s share of earlier months' peaks: both are billed "
        "anyway. A peak counts only as far as it was measured. Energy comes from `register` if "
        "there is one, between its steps from the meter's power. Time without a reading counts "
        "at the most that may have been drawn; so does the time before a start in the middle of "
        "a window, unless the controller remembers it.\n"
        "\n"
        "Windows begin by the site's clock + `clock_offset`. While the clock is not known, and "
        "for a window after it has stepped, windows of every alignment are kept. Figures: "
        "`window_energy_wh`, `window_left_s`, `permitted_w`, `defended_w`, `month_peak_w`.",
    .settings = demand_charge_settings,
    .settings_size = sizeof(struct settings),
    .state_size = sizeof(struct state),
    .check = check,
    .suspect = suspect,
    .evaluate = evaluate,
    .explain = explain,
    .notes_version = 1,
    .remember = remember,
    .recall = recall,
    .figures = figures,
};
