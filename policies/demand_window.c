#include "policies/demand_window.h"

#include "policies/ticks.h"

#include <math.h>
#include <string.h>

static double window_s(const struct demand_rules *rules) { return seconds(rules->window_ns); }

bool demand_place_of(const struct demand_rules *rules, const struct snapshot *snapshot,
                     struct demand_place *out)
{
    struct calendar calendar;
    int64_t clock_s = 0;
    int64_t length_s = rules->window_ns / NS_PER_S;

    if (!calendar_at(&snapshot->local, &calendar))
        return false;
    clock_s = calendar.local_s + rules->clock_offset_ns / NS_PER_S;
    out->id = floor_div(clock_s, length_s);
    out->into_s = (double)(clock_s - out->id * length_s);
    out->month = calendar.month;
    return true;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static struct demand_mark mark_of(const struct demand_rules *rules, const struct site *site)
{
    bool has_register = rules->register_point != NONE_INDEX;

    return (struct demand_mark){
        .branch = note_mark(site->tree.name[rules->branch]),
        .register_point = has_register ? note_mark(site->point[rules->register_point].name) : 0.0,
        .window_ns = rules->window_ns,
        .sub_ns = rules->sub_ns,
    };
}

static bool same_mark(const struct demand_mark *a, const struct demand_mark *b)
{
    return a->branch == b->branch && a->register_point == b->register_point &&
           a->window_ns == b->window_ns && a->sub_ns == b->sub_ns;
}

/* After a restart in the same window: the time in between is a step that nobody watched. */
static bool resume(struct demand_window *w, const struct demand_rules *rules,
                   const struct snapshot *snapshot)
{
    int64_t gap_s = snapshot->local.utc_s - w->recalled_utc_s;

    w->recalled = false;
    if (!snapshot->local.known || gap_s < 0 || gap_s > rules->window_ns / NS_PER_S)
        return false;
    w->energy.started = true;
    w->energy.unwatched = true;
    w->energy.last_ns = snapshot->now_ns - gap_s * NS_PER_S;
    w->clock = (struct clock_watch){
        .running = true, .last_ns = w->energy.last_ns, .last_utc_s = w->recalled_utc_s};
    return true;
}

/* True when it began anew. */
static bool begin(struct demand_window *w, const struct demand_rules *rules,
                  const struct policy_input *in, const struct demand_place *place)
{
    struct demand_mark now = mark_of(rules, in->site);
    struct demand_peaks peaks = w->peaks;
    double into_s = 0.0;
    bool same = same_mark(&w->mark, &now);

    if (same && w->recalled && resume(w, rules, in->snapshot))
        w->started = true;
    if (same && w->started)
        return false;
    memset(w, 0, sizeof *w);
    if (same) /* they were of this meter and this window */
        w->peaks = peaks;
    w->mark = now;
    w->started = true;
    if (place != NULL)
        into_s = fmod(place->into_s, seconds(rules->sub_ns));
    energy_ring_start(&w->ring, (uint32_t)(rules->window_ns / rules->sub_ns), rules->sub_ns,
                      rules->sub_ns - (int64_t)into_s * NS_PER_S, import_most_w(in, rules->branch));
    return true;
}

/* ---- counting -------------------------------------------------------------------------------- */

/* A window that the last one ran into, tick by tick; any other may have begun unwatched. */
static void enter_window(struct demand_window *w, const struct demand_rules *rules,
                         const struct demand_place *place, const struct energy_step *step)
{
    double dt_s = seconds(step->dt_ns);
    bool ran_into = w->in_window && !w->clock.stepped && place->into_s <= dt_s + 1.0;

    if (ran_into) {
        if (!rules->sliding)
            demand_peak_add(&w->peaks, w->month, w->low_wh * 3600.0 / window_s(rules));
        /* The clock tells whole seconds: it may be up to one more. */
        w->high_wh =
            step->high_w * fmin(dt_s, place->into_s + 1.0) / 3600.0 + fmax(step->high_wh, 0.0);
    } else {
        w->high_wh = energy_ring_recent_wh(&w->ring, place->into_s);
    }
    w->low_wh = 0.0;
    w->in_window = true;
    w->id = place->id;
    w->month = place->month;
    w->energy.anchor_in_window = false;
}

static void count_window(struct demand_window *w, const struct demand_rules *rules,
                         const struct demand_place *place, const struct energy_step *step)
{
    double dt_h = seconds(step->dt_ns) / 3600.0;

    if (place == NULL) {
        w->in_window = false;
    } else if (!w->in_window || w->id != place->id || w->clock.stepped) {
        enter_window(w, rules, place, step);
    } else {
        w->high_wh += step->high_w * dt_h + (step->corrects_high ? step->high_wh : 0.0);
        w->low_wh += step->low_w * dt_h + (step->corrects_low ? step->low_wh : 0.0);
        w->high_wh = fmax(w->high_wh, 0.0);
        w->low_wh = fmax(w->low_wh, 0.0);
    }
}

static void count_sliding(struct demand_window *w, const struct demand_rules *rules,
                          const struct demand_place *place)
{
    double sum_wh = 0.0;

    if (w->ring.completed == w->completed_seen || !rules->sliding)
        return;
    w->completed_seen = w->ring.completed;
    for (uint32_t back = 1; back <= w->ring.subs; back++)
        sum_wh += energy_ring_low_wh(&w->ring, back);
    if (place != NULL && !w->clock.stepped)
        demand_peak_add(&w->peaks, place->month, sum_wh * 3600.0 / window_s(rules));
}

bool demand_window_run(struct demand_window *w, const struct demand_rules *rules,
                       const struct policy_input *in, const struct demand_place *place)
{
    bool anew = begin(w, rules, in, place);
    struct energy_step step;

    clock_watch_run(&w->clock, in->snapshot);
    step = energy_count_run(&w->energy, in, rules->branch, rules->register_point);
    energy_ring_pass(&w->ring, &step);
    count_window(w, rules, place, &step);
    count_sliding(w, rules, place);
    return anew;
}

/* ---- over a restart -------------------------------------------------------------------------- */

bool demand_window_remember(const struct demand_window *w, struct notes *notes)
{
    const struct energy_count *energy = &w->energy;

    note_put(notes, "branch", w->mark.branch);
    note_put(notes, "register", w->mark.register_point);
    note_put(notes, "window_ns", (double)w->mark.window_ns);
    note_put(notes, "sub_ns", (double)w->mark.sub_ns);
    demand_peaks_remember(&w->peaks, notes);
    if (!w->clock.running || !w->in_window)
        return false; /* of the window nothing is sure */
    note_put(notes, "utc_s", (double)w->clock.last_utc_s);
    note_put(notes, "window_id", (double)w->id);
    note_put(notes, "window_month", (double)w->month);
    note_put(notes, "window_high_wh", w->high_wh);
    note_put(notes, "window_low_wh", w->low_wh);
    note_put(notes, "into_ns", (double)w->ring.into_ns);
    for (uint32_t back = 0; back <= w->ring.subs; back++) {
        note_put_at(notes, "high", back, energy_ring_high_wh(&w->ring, back));
        note_put_at(notes, "low", back, energy_ring_low_wh(&w->ring, back));
    }
    if (energy->anchored && energy->anchor_in_window) {
        note_put(notes, "register_wh", energy->register_wh);
        note_put(notes, "since_high_wh", energy->since_high_wh);
        note_put(notes, "since_low_wh", energy->since_low_wh);
    }
    return true;
}

/* The window and its ring, all or nothing; the newest is put last, so that index 0 is the oldest. */
static bool recall_window(struct demand_window *w, const struct policy_note note[], uint32_t notes)
{
    const double most_wh = 1e12;
    struct energy_ring *ring = &w->ring;
    double utc_s = 0, id = 0, month = 0, into_ns = 0;

    ring->subs = (uint32_t)(w->mark.window_ns / w->mark.sub_ns);
    ring->sub_ns = w->mark.sub_ns;
    ring->newest = ring->subs;
    if (!note_get(note, notes, "utc_s", 0, 1e12, &utc_s) ||
        !note_get(note, notes, "window_id", -1e12, 1e12, &id) ||
        !note_get(note, notes, "window_month", 0, 1e6, &month) ||
        !note_get(note, notes, "window_high_wh", 0, most_wh, &w->high_wh) ||
        !note_get(note, notes, "window_low_wh", 0, w->high_wh, &w->low_wh) ||
        !note_get(note, notes, "into_ns", 0, (double)ring->sub_ns - 1, &into_ns))
        return false;
    for (uint32_t back = 0; back <= ring->subs; back++) {
        double *high_wh = &ring->high_wh[ring->subs - back];

        if (!note_get_at(note, notes, "high", back, 0, most_wh, high_wh) ||
            !note_get_at(note, notes, "low", back, 0, *high_wh, &ring->low_wh[ring->subs - back]))
            return false;
    }
    ring->into_ns = (int64_t)into_ns;
    w->recalled_utc_s = (int64_t)utc_s;
    w->id = (int64_t)id;
    w->month = (int64_t)month;
    w->in_window = true;
    return true;
}

bool demand_window_recall(struct demand_window *w, const struct demand_rules *rules,
                          const struct policy_note note[], uint32_t notes)
{
    const double most_wh = 1e18;
    struct energy_count *energy = &w->energy;
    double window_ns = (double)rules->window_ns;
    double sub_ns = (double)rules->sub_ns;
    double same = 0;

    if (!note_get(note, notes, "branch", 0, note_mark_most, &w->mark.branch) ||
        !note_get(note, notes, "register", 0, note_mark_most, &w->mark.register_point) ||
        !note_get(note, notes, "window_ns", window_ns, window_ns, &same) ||
        !note_get(note, notes, "sub_ns", sub_ns, sub_ns, &same)) {
        memset(w, 0, sizeof *w);
        return false;
    }
    w->mark.window_ns = rules->window_ns;
    w->mark.sub_ns = rules->sub_ns;
    demand_peaks_recall(&w->peaks, note, notes);
    w->recalled = recall_window(w, note, notes);
    energy->anchored =
        w->recalled && note_get(note, notes, "register_wh", 0, most_wh, &energy->register_wh) &&
        note_get(note, notes, "since_high_wh", 0, most_wh, &energy->since_high_wh) &&
        note_get(note, notes, "since_low_wh", 0, energy->since_high_wh, &energy->since_low_wh);
    energy->anchor_in_window = energy->anchored;
    return w->recalled;
}
