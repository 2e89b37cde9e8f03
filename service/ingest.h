/* service/ingest.h - what devices say becomes the snapshot that a tick is given.
 *
 * Samples pass the tests of model/reading.h; of reports of nodes, forecasts and lists of events
 * the latest of each is kept. What comes late never goes back in time. Fixed memory, loop thread only. */
#ifndef SERVICE_INGEST_H
#define SERVICE_INGEST_H

#include "model/snapshot.h"

struct ingest {
    const struct site *site;
    struct reading *reading;         /* [points] */
    struct reading_history *history; /* [points] */
    struct node_report *report;      /* [nodes] */
    uint32_t *changed;               /* [nodes] who reported since the last snapshot, each once */
    bool *has_changed;               /* [nodes] who stands there */
    uint32_t changes;
    bool lent;                       /* the list was lent with a snapshot: a new one begins */
    struct forecast *forecast;       /* [forecasts] */
    struct event_list *events;       /* [event_sources] */
    uint64_t samples[QUALITY_COUNT]; /* by what the tests said */
    uint64_t samples_late, reports, reports_late;
    uint64_t forecasts, forecasts_late, event_lists, event_lists_late;
};

/* Everything missing, nobody heard; memory from the arena. */
void ingest_init(struct ingest *in, const struct site *site, struct arena *arena);

/* False when the sample is older than the last one and was ignored (and counted). */
bool ingest_sample(struct ingest *in, uint32_t point, const struct sample *sample);
bool ingest_report(struct ingest *in, uint32_t node, const struct node_report *report);

/* False when an issue that is newer is known already: the older one was ignored (and counted). */
bool ingest_forecast(struct ingest *in, uint32_t forecast, const struct forecast *said);
/* False when the list is older than the last one. Else *changed says whether it tells anything new. */
bool ingest_events(struct ingest *in, uint32_t event_source, const struct event_list *told,
                   bool *changed);

/* Ages the readings and lends everything to one tick: valid until the next call of any function
 * here. */
struct snapshot ingest_snapshot(struct ingest *in, int64_t now_ns, struct local_time local);

#endif
