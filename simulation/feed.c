#include "simulation/feed.h"

#include <string.h>

void feed_init(struct feed *feed, const struct site *site, struct arena *arena)
{
    *feed = (struct feed){
        .site = site,
        .reading = arena_array(arena, site->points, struct reading),
        .history = arena_array(arena, site->points, struct reading_history),
        .report = arena_array(arena, site->nodes.count, struct node_report),
        .forecast = arena_array(arena, site->forecasts, struct forecast),
        .events = arena_array(arena, site->event_sources, struct event_list),
        .changed = arena_array(arena, site->nodes.count, uint32_t),
        .is_changed = arena_array(arena, site->nodes.count, bool),
        .anew = true,
    };
}

void feed_forget(struct feed *feed)
{
    const struct site *site = feed->site;

    memset(feed->reading, 0, site->points * sizeof *feed->reading);
    memset(feed->history, 0, site->points * sizeof *feed->history);
    memset(feed->report, 0, site->nodes.count * sizeof *feed->report);
    memset(feed->forecast, 0, site->forecasts * sizeof *feed->forecast);
    memset(feed->events, 0, site->event_sources * sizeof *feed->events);
    feed->anew = true;
}

void feed_sample(struct feed *feed, uint32_t point, const struct sample *sample)
{
    (void)reading_accept(&feed->site->point[point], &feed->history[point], sample,
                         &feed->reading[point]);
}

bool feed_report(struct feed *feed, uint32_t node, const struct node_report *report)
{
    struct node_report *kept = &feed->report[node];

    if (kept->heard && report->taken_ns < kept->taken_ns)
        return false;
    *kept = *report;
    kept->heard = true;
    if (!feed->is_changed[node])
        feed->changed[feed->changes++] = node;
    feed->is_changed[node] = true;
    return true;
}

struct snapshot feed_snapshot(struct feed *feed, int64_t now_ns, struct local_time local)
{
    struct snapshot snapshot = {
        .now_ns = now_ns,
        .local = local,
        .reading = feed->reading,
        .report = feed->report,
        .forecast = feed->forecast,
        .events = feed->events,
        .changed = feed->anew ? NULL : feed->changed,
        .changes = feed->changes,
    };

    for (uint32_t p = 0; p < feed->site->points; p++)
        reading_age(&feed->site->point[p], &feed->reading[p], now_ns);
    for (uint32_t i = 0; i < feed->changes; i++)
        feed->is_changed[feed->changed[i]] = false;
    feed->changes = 0;
    feed->anew = false;
    return snapshot;
}
