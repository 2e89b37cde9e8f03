/* simulation/feed.h - what the controller hears: the same tests of samples and the same rules for late reports as
 * in the real-time host, which this folder can't include. */
#ifndef SIMULATION_FEED_H
#define SIMULATION_FEED_H

#include "model/snapshot.h"

struct feed {
    const struct site *site;
    struct reading *reading;         /* [points] */
    struct reading_history *history; /* [points] */
    struct node_report *report;      /* [nodes] */
    struct forecast *forecast;       /* [site.forecasts] */
    struct event_list *events;       /* [site.event_sources] */
    uint32_t *changed;               /* [nodes]: whose reports are new since the last snapshot */
    bool *is_changed;
    uint32_t changes;
    bool anew; /* a controller that has heard nothing yet: it must look at all */
};

void feed_init(struct feed *feed, const struct site *site, struct arena *arena);
/* Everything heard is forgotten: another process reads from now on. */
void feed_forget(struct feed *feed);
void feed_sample(struct feed *feed, uint32_t point, const struct sample *sample);
/* False when it is older than what was heard already. */
bool feed_report(struct feed *feed, uint32_t node, const struct node_report *report);
/* Valid until the next call of any of these. */
struct snapshot feed_snapshot(struct feed *feed, int64_t now_ns, struct local_time local);

#endif
