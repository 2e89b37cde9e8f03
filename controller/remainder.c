#include "controller/remainder.h"

#include "model/rows.h"

#include <math.h>

/* Fewer samples than this say nothing of the greatest one. */
enum { SAMPLES_NEEDED = 60 };

static int64_t greatest_w(const struct remainder *remainder)
{
    int64_t greatest = 0;

    for (int i = 0; i < REMAINDER_BUCKETS; i++)
        greatest = remainder->greatest_w[i] > greatest ? remainder->greatest_w[i] : greatest;
    return greatest;
}

/* Moves on to the bucket that now_ns falls in, forgetting what has left the window. */
static void turn(struct remainder *remainder, int64_t window_ns, int64_t now_ns)
{
    int64_t bucket_ns = window_ns / REMAINDER_BUCKETS + 1;

    for (int i = 0; i < REMAINDER_BUCKETS && now_ns - remainder->bucket_ns >= bucket_ns; i++) {
        for (int k = REMAINDER_BUCKETS - 1; k > 0; k--)
            remainder->greatest_w[k] = remainder->greatest_w[k - 1];
        /* A window without a sample keeps what was known: silence is no evidence. */
        remainder->greatest_w[0] = i == 0 ? 0 : remainder->greatest_w[1];
        remainder->bucket_ns += bucket_ns;
    }
    if (now_ns - remainder->bucket_ns >= bucket_ns)
        remainder->bucket_ns = now_ns;
}

void remainder_learn(struct remainder *remainder, const struct site *site, uint32_t node,
                     const struct node_report *report)
{
    double top_w = (double)site->nodes.cap_max_w[node];
    double capped_w = report->capped_power_w;
    double cap_w = report->cap_in_force ? (double)report->enforced_cap_w
                                        : (double)site->nodes.uncapped_w[node];
    double sample_w = 0;

    if (!report->heard || !report->power_known || report->taken_ns <= remainder->report_ns)
        return;
    if (!report->capped_power_known) {
        /* The whole node alone: what it draws above its cap is a part of the remainder, no more is known. */
        sample_w = report->power_w - cap_w;
        if (sample_w <= (double)site->nodes.remainder_worst_w[node])
            return;
    } else {
        sample_w = report->power_w - fmin(capped_w, cap_w);
        if (capped_w < top_w / 2 && sample_w <= (double)greatest_w(remainder))
            return;
        if (capped_w >= top_w / 2 && capped_w < top_w)
            sample_w *= top_w / capped_w;
    }
    if (remainder->report_ns == 0)
        remainder->bucket_ns = report->taken_ns;
    remainder->report_ns = report->taken_ns;
    turn(remainder, site->control.remainder_window_ns, report->taken_ns);
    if (sample_w > (double)remainder->greatest_w[0])
        remainder->greatest_w[0] = (int64_t)ceil(fmin(sample_w, (double)LIMIT_MAX_W));
    if (capped_w >= top_w / 2 && remainder->samples < SAMPLES_NEEDED)
        remainder->samples++;
}

int64_t remainder_learned_w(const struct remainder *remainder, const struct site *site)
{
    int64_t greatest = greatest_w(remainder);

    if (remainder->samples < SAMPLES_NEEDED && !remainder->known_before)
        return -1;
    greatest = share_margin_w(greatest, site->control.remainder_margin_bp);
    return remainder->samples < SAMPLES_NEEDED && remainder->before_w > greatest
               ? remainder->before_w
               : greatest;
}

int64_t remainder_bound_w(const struct remainder *remainder, const struct site *site, uint32_t node,
                          bool fresh)
{
    int64_t worst_w = site->nodes.remainder_worst_w[node];
    int64_t learned_w = remainder_learned_w(remainder, site);
    int64_t seen_w = share_margin_w(greatest_w(remainder), site->control.remainder_margin_bp);

    if (learned_w < 0 || !fresh)
        return seen_w > worst_w ? seen_w : worst_w;
    return learned_w;
}
