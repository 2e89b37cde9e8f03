/* model/grid_event.h - a demand-response event: from when to when, and what the grid asks for.
 *
 * A source tells all events that it knows of, each time it tells anything. One that is no longer told has vanished,
 * which is not the same as cancelled: what was asked holds until its end. */
#ifndef MODEL_GRID_EVENT_H
#define MODEL_GRID_EVENT_H

#include "model/base.h"

enum { EVENT_ID_BYTES = 64, EVENTS_MAX = 32 };

enum event_target {
    EVENT_LIMIT,    /* draw no more than target_w */
    EVENT_REDUCTION /* draw target_w less than the baseline */
};

struct grid_event {
    char id[EVENT_ID_BYTES]; /* the source's; the same id told again replaces the former */
    int64_t notified_utc_s;  /* when it was issued */
    int64_t start_utc_s, end_utc_s;
    enum event_target target;
    int64_t target_w;
    bool cancelled;
};

/* What a site file says of a source of events. */
struct event_source {
    const char *name;
    int64_t stale_after_ns; /* a source that is silent for longer knows nothing of new events */
};

/* All that a source told last. */
struct event_list {
    bool heard;
    int64_t heard_ns; /* monotonic */
    uint32_t count;
    struct grid_event event[EVENTS_MAX];
};

#endif
