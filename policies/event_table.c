#include "policies/event_table.h"

#include <math.h>
#include <string.h>

enum { FAR_S = 400 * 86400 }; /* an event that is further away on the clock is no event of ours */

static bool well_formed(const struct grid_event *event)
{
    return memchr(event->id, '\0', sizeof event->id) != NULL && event->id[0] != '\0' &&
           event->end_utc_s > event->start_utc_s && event->target_w >= 0 &&
           event->target_w <= LIMIT_MAX_W &&
           (event->target == EVENT_LIMIT || event->target == EVENT_REDUCTION) &&
           event->start_utc_s > 0 && event->end_utc_s < INT64_C(1) << 40;
}

static struct held_event *find(struct event_table *table, double mark)
{
    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        if (table->event[i].phase != EVENT_FREE && table->event[i].mark == mark)
            return &table->event[i];
    }
    return NULL;
}

/* A free place, or that of the recovery that began first. */
static struct held_event *room(struct event_table *table)
{
    struct held_event *oldest = NULL;

    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        struct held_event *e = &table->event[i];

        if (e->phase == EVENT_FREE)
            return e;
        if (e->phase == EVENT_RECOVERING &&
            (oldest == NULL || e->recovering_ns < oldest->recovering_ns))
            oldest = e;
    }
    return oldest;
}

/* Where it is on the monotonic clock, by what the wall clock says now. */
static void place(struct held_event *e, const struct snapshot *snapshot)
{
    int64_t utc_s = snapshot->local.utc_s;
    int64_t to_start_s = e->start_utc_s - utc_s;
    int64_t to_end_s = e->end_utc_s - utc_s;

    e->placed = snapshot->local.known && to_start_s < FAR_S && to_start_s > -FAR_S &&
                to_end_s < FAR_S && to_end_s > -FAR_S;
    if (!e->placed)
        return;
    e->start_ns = snapshot->now_ns + to_start_s * NS_PER_S;
    e->end_ns = snapshot->now_ns + to_end_s * NS_PER_S;
}

static void hear_one(struct event_table *table, const struct grid_event *told,
                     const struct snapshot *snapshot)
{
    double mark = note_mark(told->id);
    struct held_event *e = find(table, mark);
    bool same = false;

    if (e == NULL &&
        (told->cancelled || (snapshot->local.known && told->end_utc_s <= snapshot->local.utc_s)))
        return; /* nothing to hold */
    if (e == NULL || (e->phase == EVENT_RECOVERING && !told->cancelled &&
                      told->end_utc_s > e->end_utc_s && !e->cancelled)) {
        struct held_event *fresh = e != NULL ? e : room(table);

        if (fresh == NULL) {
            table->refused++;
            return;
        }
        e = fresh;
        *e = (struct held_event){.phase = EVENT_PENDING, .mark = mark, .ratio = 1.0};
    }
    memcpy(e->id, told->id, sizeof e->id);
    same = e->start_utc_s == told->start_utc_s && e->end_utc_s == told->end_utc_s;
    e->start_utc_s = told->start_utc_s;
    e->end_utc_s = told->end_utc_s;
    e->target = told->target;
    e->target_w = told->target_w;
    e->cancelled = e->cancelled || told->cancelled;
    if (!same)
        place(e, snapshot);
}

void event_table_hear(struct event_table *table, const struct event_list *told,
                      const struct snapshot *snapshot)
{
    if (told == NULL || !told->heard)
        return;
    for (uint32_t i = 0; i < told->count && i < EVENTS_MAX; i++) {
        if (well_formed(&told->event[i]))
            hear_one(table, &told->event[i], snapshot);
        else
            table->refused++;
    }
}

double event_starts_in_s(const struct held_event *e, const struct snapshot *snapshot)
{
    double wall_s = (double)(e->start_utc_s - snapshot->local.utc_s);
    double steady_s = (double)(e->start_ns - snapshot->now_ns) / (double)NS_PER_S;

    if (!snapshot->local.known && !e->placed)
        return 0.0;
    if (!snapshot->local.known)
        return fmax(steady_s, 0.0);
    return fmax(e->placed ? fmin(wall_s, steady_s) : wall_s, 0.0);
}

double event_ends_in_s(const struct held_event *e, const struct snapshot *snapshot)
{
    double wall_s = (double)(e->end_utc_s - snapshot->local.utc_s);
    double steady_s = (double)(e->end_ns - snapshot->now_ns) / (double)NS_PER_S;

    if (!snapshot->local.known)
        return e->placed ? fmax(steady_s, 0.0) : -1.0;
    return fmax(e->placed ? fmax(wall_s, steady_s) : wall_s, 0.0);
}

static const char *phase_word(const struct held_event *e)
{
    switch (e->phase) {
    case EVENT_PENDING:
        return e->biting ? "ramp" : "notified";
    case EVENT_ACTIVE:
        return "active";
    case EVENT_RECOVERING:
        return "recovery";
    case EVENT_FREE:
        break;
    }
    return "";
}

uint32_t event_table_show(const struct event_table *table, struct policy_event out[])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        const struct held_event *e = &table->event[i];

        if (e->phase == EVENT_FREE)
            continue;
        out[count++] = (struct policy_event){.id = e->id,
                                             .phase = phase_word(e),
                                             .cancelled = e->cancelled,
                                             .target_w = e->target_now_w,
                                             .limit_w = e->limit_now_w,
                                             .left_s = e->left_s};
    }
    return count;
}

static bool ended(const struct held_event *e, const struct snapshot *snapshot)
{
    bool wall = snapshot->local.known && snapshot->local.utc_s >= e->end_utc_s;
    bool steady = e->placed && snapshot->now_ns >= e->end_ns;

    if (e->cancelled)
        return true;
    if (!snapshot->local.known)
        return steady;
    return wall && (steady || !e->placed);
}

static void advance(struct held_event *e, const struct snapshot *snapshot)
{
    if (!e->placed && e->phase != EVENT_RECOVERING)
        place(e, snapshot);
    if (e->recalled && e->phase == EVENT_RECOVERING)
        e->recovering_ns = snapshot->now_ns;
    e->recalled = false;
    if (e->phase == EVENT_PENDING && event_starts_in_s(e, snapshot) == 0.0 && !e->cancelled)
        e->phase = EVENT_ACTIVE;
    if ((e->phase == EVENT_PENDING || e->phase == EVENT_ACTIVE) && ended(e, snapshot)) {
        e->phase = e->biting ? EVENT_RECOVERING : EVENT_FREE;
        e->recovering_ns = snapshot->now_ns;
    }
}

void event_table_advance(struct event_table *table, const struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        if (table->event[i].phase != EVENT_FREE)
            advance(&table->event[i], snapshot);
    }
}

void event_table_remember(const struct event_table *table, struct notes *notes)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        const struct held_event *e = &table->event[i];

        if (e->phase == EVENT_FREE)
            continue;
        note_put_at(notes, "recovering", count, e->phase == EVENT_RECOVERING);
        note_put_at(notes, "limit_w", count, e->limit_w);
        note_put_at(notes, "id", count, e->mark);
        note_put_at(notes, "start_utc_s", count, (double)e->start_utc_s);
        note_put_at(notes, "end_utc_s", count, (double)e->end_utc_s);
        note_put_at(notes, "reduction", count, e->target == EVENT_REDUCTION);
        note_put_at(notes, "target_w", count, (double)e->target_w);
        note_put_at(notes, "ratio", count, e->ratio);
        if (e->before_known)
            note_put_at(notes, "before_w", count, e->before_w);
        count++;
    }
}

void event_table_recall(struct event_table *table, const struct policy_note note[], uint32_t notes)
{
    const double most_w = (double)LIMIT_MAX_W;
    const double most_s = 1099511627776.0; /* 2^40 */

    for (uint32_t i = 0; i < EVENTS_MAX; i++) {
        struct held_event *e = &table->event[i];
        double start = 0, end = 0, reduction = 0, target_w = 0, mark = 0, recovering = 0;

        if (!note_get_at(note, notes, "id", i, 0, note_mark_most, &mark) ||
            !note_get_at(note, notes, "start_utc_s", i, 1, most_s, &start) ||
            !note_get_at(note, notes, "end_utc_s", i, start + 1, most_s, &end) ||
            !note_get_at(note, notes, "reduction", i, 0, 1, &reduction) ||
            !note_get_at(note, notes, "target_w", i, 0, most_w, &target_w))
            continue;
        (void)note_get_at(note, notes, "recovering", i, 0, 1, &recovering);
        *e = (struct held_event){.phase = recovering > 0 ? EVENT_RECOVERING : EVENT_PENDING,
                                 .recalled = true,
                                 .mark = mark,
                                 .start_utc_s = (int64_t)start,
                                 .end_utc_s = (int64_t)end,
                                 .target = reduction > 0 ? EVENT_REDUCTION : EVENT_LIMIT,
                                 .target_w = (int64_t)target_w,
                                 .ratio = 1.0};
        (void)note_get_at(note, notes, "ratio", i, 0, 2, &e->ratio);
        (void)note_get_at(note, notes, "limit_w", i, 0, most_w, &e->limit_w);
        e->before_known = note_get_at(note, notes, "before_w", i, 0, most_w, &e->before_w);
        e->biting = e->before_known;
    }
}
