#include "controller/delay.h"

#include <math.h>

enum { BUCKETS_PER_OCTAVE = 4, LEAST_OCTAVE = 20 /* 2^20 ns is 1 ms */, FADE_AT = 4096 };

/* A command without effect for so long is a fault, not a delay: others speak of it. */
#define GIVEN_UP_NS (60 * NS_PER_S)

/* Draw counts as settled within this share above the cap: the rest belongs to the remainder. */
static const double settled = 1.02;

/* ---- the histogram ---- */

static uint32_t bucket_of(int64_t delay_ns)
{
    uint64_t ns = delay_ns > 0 ? (uint64_t)delay_ns : 0;
    uint32_t octave = 0;
    uint32_t bucket = 0;

    if (ns < UINT64_C(1) << LEAST_OCTAVE)
        return 0;
    octave = 63 - (uint32_t)__builtin_clzll(ns);
    bucket = 1 + (octave - LEAST_OCTAVE) * BUCKETS_PER_OCTAVE + (uint32_t)(ns >> (octave - 2) & 3);
    return bucket < DELAY_BUCKETS ? bucket : DELAY_BUCKETS - 1;
}

static int64_t upper_edge_ns(uint32_t bucket)
{
    uint32_t octave = LEAST_OCTAVE + (bucket - 1) / BUCKETS_PER_OCTAVE;
    uint32_t quarter = (bucket - 1) % BUCKETS_PER_OCTAVE;

    return bucket == 0 ? INT64_C(1) << LEAST_OCTAVE : (int64_t)(5 + quarter) << (octave - 2);
}

void delay_add(struct delay_histogram *histogram, int64_t delay_ns)
{
    histogram->count[bucket_of(delay_ns)]++;
    if (++histogram->total < FADE_AT)
        return;
    histogram->total = 0;
    for (uint32_t i = 0; i < DELAY_BUCKETS; i++) {
        histogram->count[i] /= 2;
        histogram->total += histogram->count[i];
    }
}

int64_t delay_quantile_ns(const struct delay_histogram *histogram, int64_t share_bp,
                          int64_t unknown_ns)
{
    int64_t wanted = ((int64_t)histogram->total * share_bp + SHARE_WHOLE_BP - 1) / SHARE_WHOLE_BP;
    int64_t seen = 0;

    if (histogram->total < DELAYS_NEEDED)
        return unknown_ns;
    for (uint32_t i = 0; i < DELAY_BUCKETS; i++) {
        seen += histogram->count[i];
        if (seen >= wanted)
            return upper_edge_ns(i);
    }
    return upper_edge_ns(DELAY_BUCKETS - 1);
}

/* ---- the nodes ---- */

static void refresh(struct delays *d)
{
    int64_t unknown_ns = d->site->control.dead_time_ns;
    int64_t p50_ns = 0;
    int64_t p99_ns = 0;

    for (uint32_t a = 0; a < d->site->actuators; a++) {
        p50_ns = max_w(p50_ns, delay_quantile_ns(&d->effect[a], 5000, unknown_ns));
        p99_ns = max_w(p99_ns, delay_quantile_ns(&d->effect[a], 9900, unknown_ns));
    }
    d->effect_p50_ns = p50_ns;
    d->effect_p99_ns = p99_ns;
    d->report_p99_ns = delay_quantile_ns(&d->report, 9900, unknown_ns);
}

void delay_create(struct delays *d, const struct site *site, struct arena *arena)
{
    *d = (struct delays){.site = site};
    d->probe = arena_array(arena, site->nodes.count, struct delay_probe);
    d->effect = arena_array(arena, site->actuators, struct delay_histogram);
    refresh(d);
}

/* In force, and the draw has followed it down as far as it is known. */
static bool has_effect(const struct delay_probe *probe, const struct node_report *report)
{
    if (command_id_compare(report->applied, probe->id) < 0)
        return false;
    return !probe->settles || !report->capped_power_known ||
           report->capped_power_w <= fmax((double)probe->cap_w * settled, (double)probe->cap_w + 1);
}

static void hear(struct delays *d, const struct snapshot *snapshot, uint32_t n)
{
    struct delay_probe *probe = &d->probe[n];
    const struct node_report *report = &snapshot->report[n];

    if (!report->heard || report->taken_ns <= probe->report_ns)
        return;
    if (probe->report_ns != 0 &&
        snapshot->now_ns - probe->report_ns <= d->site->control.report_stale_after_ns)
        delay_add(&d->report, snapshot->now_ns - probe->report_ns);
    probe->report_ns = report->taken_ns;
    if (!probe->active)
        return;
    if (report->incarnation != probe->incarnation) {
        probe->active = false;
    } else if (has_effect(probe, report)) {
        delay_add(&d->effect[d->site->nodes.actuator[n]], snapshot->now_ns - probe->sent_ns);
        probe->active = false;
    }
}

void delay_listen(struct delays *d, const struct snapshot *snapshot, const struct node_set *awake)
{
    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1))
        hear(d, snapshot, n);
    refresh(d);
}

void delay_sent(struct delays *d, const struct decision *decision)
{
    for (uint32_t i = 0; i < decision->commands; i++) {
        const struct command *command = &decision->command[i];
        struct delay_probe *probe = &d->probe[command->node];

        if (!command->may_be_sent ||
            (command->kind != COMMAND_LOWER && command->kind != COMMAND_RAISE))
            continue;
        /* A second command before the first had its effect: lowers go on being timed from the first, since that is
         * how long the draw took; a raise after a lower has nothing left to wait for. */
        if (probe->active && decision->now_ns - probe->sent_ns < GIVEN_UP_NS &&
            (command->kind == COMMAND_LOWER || !probe->settles))
            continue;
        *probe = (struct delay_probe){.active = true,
                                      .settles = command->kind == COMMAND_LOWER,
                                      .id = command->id,
                                      .cap_w = command->cap_w,
                                      .sent_ns = decision->now_ns,
                                      .report_ns = probe->report_ns,
                                      .incarnation = command->incarnation};
    }
}
