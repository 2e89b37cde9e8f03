#include "controller/remainder.h"

#include "model/rows.h"

#include <math.h>

/* Fewer samples than this say nothing of the greatest one. */
enum { SAMPLES_NEEDED = 60 };

/* Draw follows a lowered cap within its averaging window, a second or so for RAPL (Linux powercap) and for
 * accelerators; what it draws on the way down is not remainder. */
#define SETTLED_NS (3 * NS_PER_S)

static int64_t greatest_w(const struct remainder *remainder)
{
    int64_t greatest = 0;

    for (int i = 0; i < REMAINDER_BUCKETS; i++)
        greatest = remainder->greatest_w[i] > greatest ? remainder->greatest_w[i] : greatest;
    return greatest;
}

/* Begins a new bucket when the newest is full. However long nobody drew, only one is forgotten: silence is no
 * evidence. */
static void turn(struct remainder *remainder, int64_t window_ns, int64_t now_ns)
{
    if (now_ns - remainder->bucket_ns < window_ns / REMAINDER_BUCKETS + 1)
        return;
    for (int k = REMAINDER_BUCKETS - 1; k > 0; k--)
        remainder->greatest_w[k] = remainder->greatest_w[k - 1];
    remainder->greatest_w[0] = 0;
    remainder->bucket_ns = now_ns;
}

static int64_t reference_w(struct remainder *remainder, int64_t cap_w, int64_t now_ns)
{
    if (cap_w != remainder->cap_w) {
        remainder->cap_w = cap_w;
        remainder->cap_changed_ns = now_ns;
    }
    if (cap_w >= remainder->reference_w || now_ns - remainder->cap_changed_ns >= SETTLED_NS)
        remainder->reference_w = cap_w;
    return remainder->reference_w;
}

/* What the report says of the remainder at the top of the cap range; false when it says nothing. */
static bool sample(const struct remainder *remainder, const struct site *site, uint32_t node,
                   const struct node_report *report, double cap_w, double *sample_w)
{
    double top_w = (double)site->nodes.cap_max_w[node];
    double worst_w = (double)site->nodes.remainder_worst_w[node];
    double seen_w = 0;

    if (!report->capped_power_known) {
        /* The whole node alone: what it draws above its cap is a part of the remainder; no more is known. */
        *sample_w = report->power_w - cap_w;
        return *sample_w > worst_w;
    }
    seen_w = report->power_w - fmin(report->capped_power_w, cap_w);
    *sample_w = seen_w;
    if (report->capped_power_w < top_w / 2)
        return seen_w > (double)greatest_w(remainder);
    /* Scaling guesses; only what was seen may go beyond the configured worst case. */
    *sample_w = fmax(seen_w, fmin(worst_w, seen_w * fmax(1.0, top_w / report->capped_power_w)));
    return true;
}

void remainder_learn(struct remainder *remainder, const struct site *site, uint32_t node,
                     const struct node_report *report)
{
    int64_t cap_w = report->cap_in_force ? report->enforced_cap_w : site->nodes.uncapped_w[node];
    double sample_w = 0;

    if (!report->heard || !report->power_known || report->taken_ns <= remainder->report_ns)
        return;
    if (remainder->report_ns == 0)
        remainder->bucket_ns = report->taken_ns;
    remainder->report_ns = report->taken_ns;
    cap_w = reference_w(remainder, cap_w, report->taken_ns);
    if (!sample(remainder, site, node, report, (double)cap_w, &sample_w))
        return;
    turn(remainder, site->control.remainder_window_ns, report->taken_ns);
    if (sample_w > (double)remainder->greatest_w[0])
        remainder->greatest_w[0] = (int64_t)ceil(fmin(sample_w, (double)LIMIT_MAX_W));
    if (report->capped_power_known && remainder->samples < SAMPLES_NEEDED &&
        report->capped_power_w >= (double)site->nodes.cap_max_w[node] / 2)
        remainder->samples++;
}

/* The margin reaches up to the configured worst case, and beyond it only for what was seen beyond it. */
static int64_t with_margin_w(int64_t greatest, int64_t worst_w, int64_t margin_bp)
{
    int64_t bound_w = share_margin_w(greatest, margin_bp);

    return greatest <= worst_w && bound_w > worst_w ? worst_w : bound_w;
}

int64_t remainder_learned_w(const struct remainder *remainder, const struct site *site,
                            uint32_t node)
{
    int64_t learned_w = with_margin_w(greatest_w(remainder), site->nodes.remainder_worst_w[node],
                                      site->control.remainder_margin_bp);

    if (remainder->samples >= SAMPLES_NEEDED)
        return learned_w;
    if (!remainder->known_before)
        return -1;
    return remainder->before_w > learned_w ? remainder->before_w : learned_w;
}

int64_t remainder_bound_w(const struct remainder *remainder, const struct site *site, uint32_t node,
                          bool fresh)
{
    int64_t worst_w = site->nodes.remainder_worst_w[node];
    int64_t learned_w = remainder_learned_w(remainder, site, node);
    int64_t seen_w =
        with_margin_w(greatest_w(remainder), worst_w, site->control.remainder_margin_bp);

    if (learned_w < 0 || !fresh)
        return seen_w > worst_w ? seen_w : worst_w;
    return learned_w;
}
