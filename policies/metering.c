#include "policies/metering.h"

#include "policies/ticks.h"

#include <math.h>

static const double hour_s = 3600.0;

bool import_measured_w(const struct policy_input *in, uint32_t branch, double *import_w)
{
    uint32_t point = in->site->tree.power_point[branch];

    if (point == NONE_INDEX || !reading_good(&in->snapshot->reading[point], import_w))
        return false;
    *import_w = fmax(*import_w, 0.0); /* export is not paid back in watts */
    return true;
}

double import_most_w(const struct policy_input *in, uint32_t branch)
{
    const struct row_estimate *row = &in->estimate->row[branch];
    double bound_w = (double)row->bound_bp / (double)SHARE_WHOLE_BP;

    return fmin(fmax(bound_w, 0.0) + (double)row->uncontrolled_w, (double)LIMIT_MAX_W);
}

int64_t generation_relied_w(const struct policy_input *in, uint32_t branch, int64_t margin_bp)
{
    return in->estimate->generation_w[branch] * (SHARE_WHOLE_BP - margin_bp) / SHARE_WHOLE_BP;
}

int64_t limit_of_w(double watts)
{
    return (int64_t)floor(fmin(fmax(watts, 0.0), (double)LIMIT_MAX_W));
}

/* ---- counting ---- */

static void take_register(struct energy_count *count, double now_wh, struct energy_step *step)
{
    double counted_wh = now_wh - count->register_wh;

    if (count->anchored && counted_wh == 0.0)
        return; /* it has not stepped: what was integrated since is all there is */
    if (count->anchored && counted_wh > 0.0) {
        step->high_wh = counted_wh - count->since_high_wh;
        step->low_wh = counted_wh - count->since_low_wh;
        /* Part of it was drawn in the window before; how much, nobody knows: up counts, down does not. */
        step->corrects_high = count->anchor_in_window || step->high_wh > 0.0;
        step->corrects_low = count->anchor_in_window || step->low_wh < 0.0;
    }
    /* Also a register that fell back: another meter, or an overflow. */
    count->anchored = true;
    count->anchor_in_window = true;
    count->register_wh = now_wh;
    count->since_high_wh = 0.0;
    count->since_low_wh = 0.0;
}

struct energy_step energy_count_run(struct energy_count *count, const struct policy_input *in,
                                    uint32_t branch, uint32_t register_point)
{
    const struct snapshot *snapshot = in->snapshot;
    struct energy_step step = {.dt_ns = count->started ? snapshot->now_ns - count->last_ns : 0};
    double import_w = 0.0;
    double register_wh = 0.0;
    bool measured = import_measured_w(in, branch, &import_w);
    bool gap = count->unwatched || step.dt_ns > ENERGY_GAP_S * NS_PER_S;

    if (step.dt_ns < 0)
        step.dt_ns = 0;
    step.high_w = measured && !gap ? import_w : fmax(import_w, import_most_w(in, branch));
    step.low_w = measured && !gap ? import_w : 0.0;
    count->since_high_wh += step.high_w * seconds(step.dt_ns) / hour_s;
    count->since_low_wh += step.low_w * seconds(step.dt_ns) / hour_s;
    if (register_point != NONE_INDEX &&
        reading_good(&snapshot->reading[register_point], &register_wh))
        take_register(count, register_wh, &step);
    count->started = true;
    count->unwatched = false;
    count->last_ns = snapshot->now_ns;
    return step;
}

/* ---- the ring ---- */

static uint32_t slot(const struct energy_ring *ring, uint32_t back)
{
    uint32_t slots = ring->subs + 1;

    return (ring->newest + slots - back % slots) % slots;
}

double energy_ring_high_wh(const struct energy_ring *ring, uint32_t back)
{
    return ring->high_wh[slot(ring, back)];
}

double energy_ring_low_wh(const struct energy_ring *ring, uint32_t back)
{
    return ring->low_wh[slot(ring, back)];
}

void energy_ring_start(struct energy_ring *ring, uint32_t subs, int64_t sub_ns, int64_t first_ns,
                       double unknown_w)
{
    *ring = (struct energy_ring){.subs = subs, .sub_ns = sub_ns, .into_ns = sub_ns - first_ns};
    for (uint32_t i = 0; i <= subs; i++)
        ring->high_wh[i] = unknown_w * seconds(sub_ns) / hour_s;
    ring->high_wh[ring->newest] = unknown_w * seconds(ring->into_ns) / hour_s;
}

/* What is taken off was put in since the register's last step: the newest sub-windows hold it. */
static void correct(const struct energy_ring *ring, double wh[], double by_wh)
{
    if (by_wh > 0.0)
        wh[ring->newest] += by_wh;
    for (uint32_t back = 0; back <= ring->subs && by_wh < 0.0; back++) {
        double *here = &wh[slot(ring, back)];
        double part_wh = fmax(by_wh, -*here);

        *here += part_wh;
        by_wh -= part_wh;
    }
}

void energy_ring_pass(struct energy_ring *ring, const struct energy_step *step)
{
    int64_t left_ns = step->dt_ns;
    int64_t most_ns = (int64_t)(ring->subs + 1) * ring->sub_ns;

    if (left_ns > most_ns) /* older is forgotten anyway; this bounds the loop */
        left_ns = most_ns;
    while (left_ns > 0) {
        int64_t part_ns = min_w(left_ns, ring->sub_ns - ring->into_ns);

        ring->high_wh[ring->newest] += step->high_w * seconds(part_ns) / hour_s;
        ring->low_wh[ring->newest] += step->low_w * seconds(part_ns) / hour_s;
        ring->into_ns += part_ns;
        left_ns -= part_ns;
        if (ring->into_ns >= ring->sub_ns) {
            ring->newest = (ring->newest + 1) % (ring->subs + 1);
            ring->high_wh[ring->newest] = 0.0;
            ring->low_wh[ring->newest] = 0.0;
            ring->into_ns = 0;
            ring->completed++;
        }
    }
    correct(ring, ring->high_wh, step->high_wh);
    correct(ring, ring->low_wh, step->low_wh);
}

double energy_ring_recent_wh(const struct energy_ring *ring, double over_s)
{
    double covered_s = seconds(ring->into_ns);
    double sum_wh = energy_ring_high_wh(ring, 0);

    for (uint32_t back = 1; back <= ring->subs && covered_s < over_s; back++) {
        sum_wh += energy_ring_high_wh(ring, back);
        covered_s += seconds(ring->sub_ns);
    }
    return sum_wh;
}
