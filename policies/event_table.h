/* policies/event_table.h - the grid events that a demand-response policy holds, whatever their source says later.
 *
 *     told ---> PENDING --start--> ACTIVE --end or cancelled--> RECOVERING --ramp done--> forgotten
 *                  '--cancelled before its ramp began--> forgotten
 *
 * The same id told again replaces times and target. An event that is no longer told, or whose source is silent,
 * stays as it was. Each time is kept on two clocks, the wall's and the monotonic one as it stood when the event was
 * told: an event begins when the first of them says so and ends when both have, so that no clock step ends it early
 * or lets it begin late. With the wall clock never known it has begun, and ends when it is cancelled. Pure. */
#ifndef POLICIES_EVENT_TABLE_H
#define POLICIES_EVENT_TABLE_H

#include "policies/notes.h"

enum event_phase { EVENT_FREE, EVENT_PENDING, EVENT_ACTIVE, EVENT_RECOVERING };

struct held_event {
    enum event_phase phase;
    double mark;             /* of its id; see note_mark */
    char id[EVENT_ID_BYTES]; /* empty when it was recalled and not told again */
    int64_t start_utc_s, end_utc_s;
    enum event_target target;
    int64_t target_w;
    bool cancelled;
    bool placed; /* on the monotonic clock: */
    int64_t start_ns, end_ns;
    bool biting;       /* its ramp is below the load */
    bool before_known; /* the load before it: */
    double before_w;   /* what recovery goes back to, at most */
    double ratio;      /* same-day adjustment of the baseline, fixed when it begins to bite */
    double limit_w;    /* in force in the last tick, or where recovery began */
    double target_now_w, limit_now_w, left_s; /* of the last tick, to be shown: see policy_event */
    bool recalled;                            /* after a restart; its recovery begins again */
    int64_t recovering_ns;                    /* since when */
};

struct event_table {
    struct held_event event[EVENTS_MAX];
    uint64_t refused; /* malformed, or no room */
};

/* Takes over what a source tells now; NULL or unheard: nothing new. */
void event_table_hear(struct event_table *table, const struct event_list *told,
                      const struct snapshot *snapshot);

/* PENDING to ACTIVE to RECOVERING, by the clocks. A cancelled one that never bit is forgotten. */
void event_table_advance(struct event_table *table, const struct snapshot *snapshot);

/* Seconds until it begins, by the clock that says the least; 0 when it has begun or nobody knows. */
double event_starts_in_s(const struct held_event *event, const struct snapshot *snapshot);

/* Seconds until it ends, by the clock that says the most; -1 when nobody knows. */
double event_ends_in_s(const struct held_event *event, const struct snapshot *snapshot);

/* For struct policy_kind.events. */
uint32_t event_table_show(const struct event_table *table, struct policy_event out[]);

void event_table_remember(const struct event_table *table, struct notes *notes);
/* A recovery begins again from the start: nobody knows how far it was. */
void event_table_recall(struct event_table *table, const struct policy_note note[], uint32_t notes);

#endif
