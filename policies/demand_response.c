/* Does what a grid event asks for: comes down to its target in time, stays there, and comes back without a rebound.
 *
 *     import | ___ before              before ____ _ _ _
 *            |    \                         /         '
 *            |     \ ramp          release / at most   ' release
 *            |      \_____ target _______ / `before`   '
 *            |     start                 end    end + recovery
 *
 * The ramp begins so early that the target is reached at the start; an event that is told too late goes to its
 * target at once. A reduction counts against the baseline (policies/baseline.h) of each hour; without enough like
 * days against the load before the event, and without that against nothing: then the target is as low as it gets.
 * Afterwards the limit rises at `release` and, for the time of `recovery`, no higher than the load before the event:
 * deferred work is not made up for in one peak. What is cancelled recovers at once; what is no longer told, or whose
 * source is silent, holds until its end (policies/event_table.h). Of overlapping events the least limit holds. */
#include "policies/demand_response.h"

#include "policies/baseline.h"
#include "policies/calendar.h"
#include "policies/compliance.h"
#include "policies/event_table.h"
#include "policies/metering.h"
#include "policies/ticks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    TREAD_S =
        5, /* both ramps are stairs below their lines, so that caps don't change in every tick */
    BEFORE_S = 900 /* over which the load before an event is taken */
};

static const char *const likenesses[] = {"working_days", "same_weekday", "all_days", NULL};

struct settings {
    uint32_t branch;
    uint32_t events;
    int64_t ramp_w_per_s, release_w_per_s;
    int64_t recovery_ns;
    int like; /* enum day_likeness */
    int64_t days;
    int64_t adjustment_bp;
    int64_t interval_ns;
    int64_t when_silent_w;
    bool when_silent_given;
    int64_t generation_margin_bp;
    bool hard;
};

struct state {
    bool started;
    double branch_mark;
    int64_t last_ns;
    struct event_table table;
    struct baseline_history history;
    bool before_known;
    double before_w; /* mean load of the last quarter of an hour without an event */
    double before_s; /* or of so much less, at the beginning */
    struct compliance compliance;
    bool limited, silent;
    double limit_w, baseline_w;
};

#define AT(field) offsetof(struct settings, field)
/* clang-format off */
static const struct setting demand_response_settings[] = {
    {.name = "branch", .kind = KIND_BRANCH, .need = NEED_REQUIRED, .at = AT(branch),
     .help = "branch at whose meter the event is judged"},
    {.name = "events", .kind = KIND_EVENT_SOURCE, .need = NEED_REQUIRED, .at = AT(events),
     .help = "who tells of events"},
    {.name = "ramp", .kind = KIND_POWER_RATE, .need = NEED_DEFAULT, .min = 1, .max = LIMIT_MAX_W, .fallback = "100 kW/min", .at = AT(ramp_w_per_s),
     .help = "how fast import goes down before an event; it begins so early that the target is reached at the start"},
    {.name = "release", .kind = KIND_POWER_RATE, .need = NEED_DEFAULT, .min = 1, .max = LIMIT_MAX_W, .fallback = "50 kW/min", .at = AT(release_w_per_s),
     .help = "how fast import may rise again after it"},
    {.name = "recovery", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 0, .max = 86400e9, .fallback = "30 min", .at = AT(recovery_ns),
     .help = "how long after an event import stays at or below what it was before"},
    {.name = "like_days", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "working_days", .choices = likenesses, .at = AT(like),
     .help = "which days the baseline is made of: working days or weekends as today, the same weekday, or all"},
    {.name = "days", .kind = KIND_INTEGER, .need = NEED_DEFAULT, .min = 1, .max = BASELINE_LIKE_MAX, .fallback = "10", .at = AT(days),
     .help = "how many of the last like days without an event"},
    {.name = "adjustment", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = 5000, .fallback = "20 %", .at = AT(adjustment_bp),
     .help = "how far the three hours that end an hour before the event may move the baseline, up or down"},
    {.name = "interval", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 10e9, .max = 3600e9, .fallback = "5 min", .at = AT(interval_ns),
     .help = "over which compliance is judged"},
    {.name = "when_silent", .kind = KIND_POWER, .need = NEED_OPTIONAL, .min = 0, .max = LIMIT_MAX_W, .at = AT(when_silent_w), .given_at = AT(when_silent_given),
     .help = "highest import while the source is silent: it might be telling of an event"},
    {.name = "generation_margin", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = SHARE_WHOLE_BP, .fallback = "25 %",
     .at = AT(generation_margin_bp), .help = "share of on-site production that does not make room for load"},
    {.name = "hard", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "false", .at = AT(hard),
     .help = "whether it is kept like a contract: with a shed list, and before every goal"},
    {0},
};
/* clang-format on */

static double whole_treads_s(double span_s) { return floor(span_s / TREAD_S) * TREAD_S; }

/* What this tick knows, besides the state. */
struct now {
    const struct settings *s;
    const struct policy_input *in;
    struct calendar calendar;
    bool dated; /* calendar is known */
    bool measured;
    double import_w; /* measured, or the most that it may be */
    double dt_s;
};

/* ---- one event ------------------------------------------------------------------------------- */

static void take_before(const struct state *state, struct held_event *e, const struct now *now)
{
    int hour = 0;

    if (e->biting)
        return;
    e->biting = true;
    e->before_known = state->before_known;
    e->before_w = state->before_w;
    if (!now->dated)
        return;
    hour = (int)((now->calendar.local_s - now->calendar.day * 86400) / 3600);
    e->ratio = baseline_ratio(&state->history, (enum day_likeness)now->s->like,
                              (uint32_t)now->s->days, now->calendar.day, hour,
                              (double)now->s->adjustment_bp / (double)SHARE_WHOLE_BP);
}

/* The baseline of the hour that an event is in, or begins in. */
static double baseline_w(const struct state *state, const struct held_event *e,
                         const struct now *now)
{
    double mean_w = 0.0;
    int64_t at_s = now->calendar.local_s + (int64_t)event_starts_in_s(e, now->in->snapshot);
    int64_t day = floor_div(at_s, 86400);

    if (now->dated &&
        baseline_mean_w(&state->history, (enum day_likeness)now->s->like, (uint32_t)now->s->days,
                        day, (int)((at_s - day * 86400) / 3600), &mean_w))
        return mean_w * e->ratio;
    if (e->biting)
        return e->before_known ? e->before_w : 0.0;
    return state->before_known ? state->before_w : 0.0;
}

static double target_w(const struct state *state, const struct held_event *e, const struct now *now)
{
    if (e->target == EVENT_LIMIT)
        return (double)e->target_w;
    return fmax(baseline_w(state, e, now) - (double)e->target_w, 0.0);
}

/* Held at what it was before, then let go; over when it no longer holds anything. */
static double recovering_w(struct held_event *e, const struct now *now)
{
    const struct row_estimate *row = &now->in->estimate->row[now->s->branch];
    double most_w = (double)(row->uncontrolled_w + row->fixed_w + row->max_w);
    double since_s = seconds(now->in->snapshot->now_ns - e->recovering_ns);
    double hold_s = seconds(now->s->recovery_ns);
    double release = (double)now->s->release_w_per_s;
    double ceiling_w = e->before_known ? fmax(e->before_w, e->limit_w) : e->limit_w;
    double end_w = fmin(e->limit_w + release * hold_s, ceiling_w); /* of the hold */
    double held_w = fmin(e->limit_w + release * whole_treads_s(since_s), end_w);

    if (since_s > hold_s)
        held_w = end_w + release * whole_treads_s(since_s - hold_s);
    e->left_s = fmax(hold_s - since_s + (most_w - end_w) / release, 0.0);
    if (since_s > hold_s && held_w >= most_w)
        e->phase = EVENT_FREE;
    return held_w;
}

static double event_w(const struct state *state, struct held_event *e, const struct now *now)
{
    double above_w = 0.0; /* the target, by the ramp */
    double limit_w = 0.0;

    if (e->phase == EVENT_RECOVERING)
        return recovering_w(e, now);
    above_w =
        (double)now->s->ramp_w_per_s * whole_treads_s(event_starts_in_s(e, now->in->snapshot));
    limit_w = target_w(state, e, now) + above_w;
    if (e->phase == EVENT_ACTIVE || limit_w < now->import_w) {
        take_before(state, e, now);
        limit_w = target_w(state, e, now) + above_w; /* with the ratio that is fixed now */
    }
    e->limit_w = limit_w;
    e->target_now_w = target_w(state, e, now);
    e->left_s = e->phase == EVENT_ACTIVE ? event_ends_in_s(e, now->in->snapshot)
                                         : event_starts_in_s(e, now->in->snapshot);
    return limit_w;
}

static void judge(struct state *state, const struct held_event *e, const struct now *now)
{
    int64_t now_ns = now->in->snapshot->now_ns;

    if (e == NULL) {
        compliance_end(&state->compliance, now_ns);
        return;
    }
    compliance_judge(&state->compliance,
                     &(struct compliance_tick){.mark = e->mark,
                                               .reduction = e->target == EVENT_REDUCTION,
                                               .limit_w = e->limit_w,
                                               .baseline_w = baseline_w(state, e, now),
                                               .committed_w = (double)e->target_w,
                                               .measured = now->measured,
                                               .import_w = now->import_w,
                                               .dt_s = now->dt_s,
                                               .now_ns = now_ns,
                                               .interval_ns = now->s->interval_ns});
}

/* ---- one tick -------------------------------------------------------------------------------- */

static void count_load(struct state *state, const struct now *now, bool event)
{
    if (now->dated)
        baseline_add(&state->history, now->calendar.local_s, now->dt_s, now->measured,
                     now->import_w);
    if (event) {
        baseline_mark_event(&state->history);
    } else if (now->measured) {
        double part = 1.0;

        state->before_s = fmin(state->before_s + now->dt_s, BEFORE_S);
        if (state->before_known && state->before_s > 0.0)
            part = now->dt_s / state->before_s;
        state->before_w += (now->import_w - state->before_w) * part;
        state->before_known = true;
    }
}

static struct now look(const struct settings *s, struct state *state, const struct policy_input *in)
{
    const struct snapshot *snapshot = in->snapshot;
    struct now now = {.s = s, .in = in};
    double mark = note_mark(in->site->tree.name[s->branch]);

    if (state->branch_mark != mark && state->branch_mark != 0.0)
        memset(state, 0, sizeof *state); /* another meter: nothing of it holds there */
    state->branch_mark = mark;
    now.dated = calendar_at(&snapshot->local, &now.calendar);
    now.measured = import_measured_w(in, s->branch, &now.import_w);
    if (!now.measured)
        now.import_w = import_most_w(in, s->branch);
    now.dt_s = state->started ? step_s(state->last_ns, snapshot->now_ns) : 0.0;
    state->started = true;
    state->last_ns = snapshot->now_ns;
    return now;
}

/* The event with the least limit; of the active ones, the one with the least is judged. */
struct pick {
    const struct held_event *least, *judged;
    double limit_w;
    bool biting;
};

static struct pick pick(struct state *state, const struct now *now)
{
    struct pick pick = {.limit_w = (double)LIMIT_MAX_W};

    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        struct held_event *e = &state->table.event[i];
        double limit_w = 0.0;

        if (e->phase == EVENT_FREE)
            continue;
        limit_w = event_w(state, e, now);
        e->limit_now_w = limit_w;
        pick.biting = pick.biting || e->biting;
        if (limit_w < pick.limit_w) {
            pick.least = e;
            pick.limit_w = limit_w;
        }
        if (e->phase == EVENT_ACTIVE && (pick.judged == NULL || e->limit_w < pick.judged->limit_w))
            pick.judged = e;
    }
    return pick;
}

static bool source_silent(const struct settings *s, const struct policy_input *in)
{
    const struct event_list *list =
        in->snapshot->events == NULL ? NULL : &in->snapshot->events[s->events];

    return list == NULL || !list->heard ||
           in->snapshot->now_ns - list->heard_ns > in->site->event_source[s->events].stale_after_ns;
}

enum reason { REASON_RAMP, REASON_ACTIVE, REASON_RECOVERING, REASON_SILENT };

static enum reason reason_of(const struct held_event *e)
{
    return e->phase == EVENT_PENDING  ? REASON_RAMP
           : e->phase == EVENT_ACTIVE ? REASON_ACTIVE
                                      : REASON_RECOVERING;
}

static void evaluate(const void *settings, void *memory, uint32_t index,
                     const struct policy_input *in, struct limit_list *out)
{
    const struct settings *s = settings;
    struct state *state = memory;
    struct now now = look(s, state, in);
    enum reason reason = REASON_SILENT;
    struct pick picked = {0};
    int64_t import_w = 0;
    struct limit limit = {0};

    event_table_hear(&state->table,
                     in->snapshot->events == NULL ? NULL : &in->snapshot->events[s->events],
                     in->snapshot);
    event_table_advance(&state->table, in->snapshot);
    picked = pick(state, &now);
    judge(state, picked.judged, &now);
    count_load(state, &now, picked.biting);
    state->silent = source_silent(s, in);
    if (picked.least != NULL)
        reason = reason_of(picked.least);
    if (state->silent && s->when_silent_given && (double)s->when_silent_w < picked.limit_w) {
        picked.limit_w = (double)s->when_silent_w;
        reason = REASON_SILENT;
    }
    state->limit_w = picked.limit_w;
    state->limited = picked.limit_w < (double)LIMIT_MAX_W;
    state->baseline_w = picked.judged != NULL ? state->compliance.baseline_w : 0.0;
    if (!state->limited)
        return;
    import_w = limit_of_w(picked.limit_w);
    limit = (struct limit){
        .row = s->branch,
        .value_w = import_w + generation_relied_w(in, s->branch, s->generation_margin_bp),
        .failsafe_w = import_w,
        .valid_until_ns = limit_valid_until_ns(in->snapshot),
        .strength = s->hard ? LIMIT_HARD : LIMIT_SOFT,
        .reason = {index, reason, {(double)import_w, state->before_w, state->baseline_w}},
    };
    limit_add(out, &limit);
}

static void explain(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size)
{
    static const char *const words[] = {[REASON_RAMP] = "on the way down to a grid event",
                                        [REASON_ACTIVE] = "a grid event",
                                        [REASON_RECOVERING] = "coming back from a grid event",
                                        [REASON_SILENT] = "the source of events is silent"};
    const struct limit_reason *why = &limit->reason;
    char against[64] = "";

    (void)settings;
    (void)site;
    if (why->number[2] > 0.0)
        snprintf(against, sizeof against, ", baseline %.1f kW", why->number[2] / 1e3);
    snprintf(out, size, "%s: import up to %.1f kW (before %.1f kW%s)",
             words[why->code < COUNT(words) ? why->code : REASON_ACTIVE], why->number[0] / 1e3,
             why->number[1] / 1e3, against);
}

/* ---- what is asked now and then -------------------------------------------------------------- */

static uint32_t figures(const void *settings, const void *memory, struct policy_figure out[])
{
    const struct state *state = memory;
    const struct compliance *c = &state->compliance;
    uint32_t count = 0;
    double held = 0;

    (void)settings;
    for (uint32_t i = 0; i < EVENTS_MAX; i++)
        held += state->table.event[i].phase == EVENT_PENDING ||
                state->table.event[i].phase == EVENT_ACTIVE;
    out[count++] = (struct policy_figure){"events_held", held};
    out[count++] = (struct policy_figure){"event_active", c->running};
    out[count++] = (struct policy_figure){"events_refused", (double)state->table.refused};
    out[count++] = (struct policy_figure){"source_silent", state->silent};
    if (state->limited)
        out[count++] = (struct policy_figure){"permitted_w", state->limit_w};
    if (state->before_known)
        out[count++] = (struct policy_figure){"before_w", state->before_w};
    return compliance_figures(c, count, out);
}

static uint32_t events(const void *settings, const void *memory, struct policy_event out[])
{
    const struct state *state = memory;

    (void)settings;
    return event_table_show(&state->table, out);
}

static uint32_t remember(const void *settings, const void *memory, struct policy_note note[])
{
    const struct state *state = memory;
    struct notes notes = {note, 0};

    (void)settings;
    note_put(&notes, "branch", state->branch_mark);
    event_table_remember(&state->table, &notes);
    if (state->before_known)
        note_put(&notes, "before", state->before_w);
    baseline_remember(&state->history, &notes);
    return notes.count;
}

static void recall(const void *settings, void *memory, const struct policy_note note[],
                   uint32_t notes)
{
    struct state *state = memory;

    (void)settings;
    if (!note_get(note, notes, "branch", 0, note_mark_most, &state->branch_mark))
        return;
    event_table_recall(&state->table, note, notes);
    state->before_known = note_get(note, notes, "before", 0, (double)LIMIT_MAX_W, &state->before_w);
    state->before_s = state->before_known ? BEFORE_S : 0.0;
    baseline_recall(&state->history, note, notes);
}

static bool suspect(const void *settings, const struct site *site, struct error *err)
{
    const struct settings *s = settings;

    if (site->tree.power_point[s->branch] == NONE_INDEX)
        return failure(err, ERR_MISSING, "branch",
                       "a branch with a meter: without one there is no baseline",
                       "\"%s\", which has none", site->tree.name[s->branch]);
    if (s->like == LIKE_WEEKDAY && s->days * 7 > BASELINE_DAYS)
        return failure(err, ERR_CONFLICT, "days", "at most 5: 36 days are kept",
                       "%lld of the same weekday", (long long)s->days);
    return true;
}

const struct policy_kind demand_response = {
    .name = "demand_response",
    .summary = "Follows the grid's events: down to a target in time, and back without a rebound.",
    .manual =
        "A goal, unless `hard` is set. An event is a limit, or a reduction against the baseline: "
        "the mean of the same hour of the last like `days` without an event, as this controller "
        "measured them, moved by at most `adjustment` by today's load. With fewer than three such "
        "days (or `days`, if that is less) it is the load before the event.\n"
        "\n"
        "The ramp begins so early that the target is reached at the start; an event that is told "
        "later goes to its target at once. Both ramps go in steps of 5 s. After its end import "
        "rises at `release`, and for "
        "`recovery` no higher than before the event. An event that is cancelled recovers at once; "
        "told again with the same id it is replaced; one that is no longer told, or whose source "
        "falls silent, holds until its end. Of overlapping events the least limit holds.\n"
        "\n"
        "Figures: `events_held`, `event_active`, `events_refused`, `source_silent`, `permitted_w`, "
        "`before_w`, `baseline_w`, and of the event that is or was judged last `actual_w`, "
        "`compliance_min`, `compliance_mean` ((baseline - actual) / committed of each "
        "`interval`; against a limit 1 at or below it, else limit / actual) and "
        "`comply_after_s`.",
    .settings = demand_response_settings,
    .settings_size = sizeof(struct settings),
    .state_size = sizeof(struct state),
    .suspect = suspect,
    .evaluate = evaluate,
    .explain = explain,
    .notes_version = 1,
    .remember = remember,
    .recall = recall,
    .figures = figures,
    .events = events,
};
