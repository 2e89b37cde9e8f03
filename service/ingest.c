#include "service/ingest.h"

#include <assert.h>

void ingest_init(struct ingest *in, const struct site *site, struct arena *arena)
{
    *in = (struct ingest){
        .site = site,
        .reading = arena_array(arena, site->points, struct reading), /* zeroed: QUALITY_MISSING */
        .history = arena_array(arena, site->points, struct reading_history),
        .report = arena_array(arena, site->nodes.count, struct node_report),
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
    *kept = *report;
    kept->heard = true;
    return true;
}

struct snapshot ingest_snapshot(struct ingest *in, int64_t now_ns, struct local_time local)
{
    for (uint32_t p = 0; p < in->site->points; p++)
        reading_age(&in->site->point[p], &in->reading[p], now_ns);
    return (struct snapshot){
        .now_ns = now_ns, .local = local, .reading = in->reading, .report = in->report};
}
