#include "service/ingest.h"

#include <assert.h>
#include <string.h>

void ingest_init(struct ingest *in, const struct site *site, struct arena *arena)
{
    *in = (struct ingest){
        .site = site,
        .reading = arena_array(arena, site->points, struct reading), /* zeroed: QUALITY_MISSING */
        .history = arena_array(arena, site->points, struct reading_history),
        .report = arena_array(arena, site->nodes.count, struct node_report),
        .changed = arena_array(arena, site->nodes.count, uint32_t),
        .has_changed = arena_array(arena, site->nodes.count, bool),
        .forecast = arena_array(arena, site->forecasts, struct forecast),
        .events = arena_array(arena, site->event_sources, struct event_list),
    };
}

bool ingest_sample(struct ingest *in, uint32_t point, const struct sample *sample)
{
    struct reading *reading = NULL;

    assert(point < in->site->points);
    reading = &in->reading[point];
    if (!reading_accept(&in->site->point[point], &in->history[point], sample, reading)) {
        in->samples_late++;
        return false;
    }
    in->samples[reading->quality]++;
    return true;
}

/* The tick has seen whom the last snapshot named. */
static void begin_anew(struct ingest *in)
{
    for (uint32_t i = 0; i < in->changes; i++)
        in->has_changed[in->changed[i]] = false;
    in->changes = 0;
    in->lent = false;
}

static void note_change(struct ingest *in, uint32_t node)
{
    if (in->lent)
        begin_anew(in);
    if (in->has_changed[node])
        return;
    in->has_changed[node] = true;
    in->changed[in->changes++] = node;
}

bool ingest_report(struct ingest *in, uint32_t node, const struct node_report *report)
{
    struct node_report *kept = NULL;

    assert(node < in->site->nodes.count);
    kept = &in->report[node];
    if (kept->heard && report->taken_ns < kept->taken_ns) {
        in->reports_late++;
        return false;
    }
    in->reports++;
    note_change(in, node);
    *kept = *report;
    kept->heard = true;
    return true;
}

bool ingest_forecast(struct ingest *in, uint32_t forecast, const struct forecast *said)
{
    struct forecast *kept = NULL;

    assert(forecast < in->site->forecasts);
    kept = &in->forecast[forecast];
    if (kept->known && said->issued_utc_s < kept->issued_utc_s) {
        in->forecasts_late++;
        return false;
    }
    in->forecasts++;
    *kept = *said;
    kept->known = true;
    return true;
}

static bool same_event(const struct grid_event *a, const struct grid_event *b)
{
    return strcmp(a->id, b->id) == 0 && a->notified_utc_s == b->notified_utc_s &&
           a->start_utc_s == b->start_utc_s && a->end_utc_s == b->end_utc_s &&
           a->target == b->target && a->target_w == b->target_w && a->cancelled == b->cancelled;
}

static bool same_list(const struct event_list *a, const struct event_list *b)
{
    bool same = a->count == b->count;

    for (uint32_t i = 0; same && i < a->count; i++)
        same = same_event(&a->event[i], &b->event[i]);
    return same;
}

bool ingest_events(struct ingest *in, uint32_t event_source, const struct event_list *told,
                   bool *changed)
{
    struct event_list *kept = NULL;

    assert(event_source < in->site->event_sources && told->count <= EVENTS_MAX);
    kept = &in->events[event_source];
    if (kept->heard && told->heard_ns < kept->heard_ns) {
        in->event_lists_late++;
        return false;
    }
    in->event_lists++;
    *changed = !kept->heard || !same_list(kept, told);
    *kept = *told;
    kept->heard = true;
    return true;
}

struct snapshot ingest_snapshot(struct ingest *in, int64_t now_ns, struct local_time local)
{
    for (uint32_t p = 0; p < in->site->points; p++)
        reading_age(&in->site->point[p], &in->reading[p], now_ns);
    if (in->lent)
        begin_anew(in); /* nobody reported since the snapshot before */
    in->lent = true;
    return (struct snapshot){.now_ns = now_ns,
                             .local = local,
                             .reading = in->reading,
                             .report = in->report,
                             .forecast = in->forecast,
                             .events = in->events,
                             .changed = in->changed,
                             .changes = in->changes};
}
