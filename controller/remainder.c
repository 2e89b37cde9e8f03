#include "controller/remainder.h"

#include "model/rows.h"

#include <math.h>
#include <string.h>

/* Fewer samples than this say nothing of the greatest one. */
enum { SAMPLES_NEEDED = 60 };

/* Draw follows a lowered cap within its averaging window, a second or so for RAPL (Linux powercap) and for
 * accelerators; what it draws on the way down is not remainder. */
#define SETTLED_NS (3 * NS_PER_S)

/* A kind says something of a node that was seen so often, once so many of its nodes gave so many samples. */
enum { OWN_NEEDED = 5, POOL_NODES_NEEDED = 8, POOL_SAMPLES_NEEDED = 200, POOLS_MOST = 64 };

static int64_t greatest_of(const int64_t bucket_w[REMAINDER_BUCKETS])
{
    int64_t greatest = 0;

    for (int i = 0; i < REMAINDER_BUCKETS; i++)
        greatest = max_w(greatest, bucket_w[i]);
    return greatest;
}

static int64_t greatest_w(const struct remainder *remainder)
{
    return greatest_of(remainder->greatest_w);
}

/* Begins a new bucket when the newest is full. However long nobody drew, only one is forgotten: silence is no
 * evidence. */
static void turn(int64_t bucket_w[REMAINDER_BUCKETS], int64_t *bucket_ns, int64_t window_ns,
                 int64_t now_ns)
{
    if (now_ns - *bucket_ns < window_ns / REMAINDER_BUCKETS + 1)
        return;
    for (int k = REMAINDER_BUCKETS - 1; k > 0; k--)
        bucket_w[k] = bucket_w[k - 1];
    bucket_w[0] = 0;
    *bucket_ns = now_ns;
}

void remainder_recall(struct remainder *remainder, const struct site *site, uint32_t node,
                      int64_t before_w)
{
    int64_t worst_w = site->nodes.remainder_worst_w[node];
    int64_t margin_bp = site->control.remainder_margin_bp;

    if (before_w < 0)
        return;
    remainder->known_before = true;
    remainder->before_w = min_w(before_w, worst_w);
    if (before_w > worst_w)
        remainder->greatest_w[0] = before_w * SHARE_WHOLE_BP / (SHARE_WHOLE_BP + margin_bp) + 1;
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

static bool near_top(const struct site *site, uint32_t node, const struct node_report *report)
{
    return report->capped_power_known &&
           report->capped_power_w >= (double)site->nodes.cap_max_w[node] / 2;
}

static void learn_together(struct remainder *remainder, struct remainder_pool *pool,
                           const struct site *site, int64_t sample_w)
{
    if (pool->samples == 0)
        pool->bucket_ns = remainder->report_ns;
    turn(pool->greatest_w, &pool->bucket_ns, site->control.remainder_window_ns,
         remainder->report_ns);
    pool->greatest_w[0] = max_w(pool->greatest_w[0], sample_w);
    pool->samples += pool->samples < POOL_SAMPLES_NEEDED;
    pool->nodes += remainder->samples == 1;
    if (remainder->samples < OWN_NEEDED || pool->nodes < POOL_NODES_NEEDED ||
        pool->samples < POOL_SAMPLES_NEEDED)
        return;
    remainder->pooled = true;
    remainder->pool_w = greatest_of(pool->greatest_w);
}

/* More than the worst case was seen: of a node that did not do as it said, perhaps. That is remembered for a window
 * like all else, also while the node draws too little for a sample to count, or what it is counted at would keep it
 * there for ever. It falls to the worst case, or what is still seen, and no lower. */
static void forget_excess(struct remainder *remainder, const struct site *site, uint32_t node,
                          int64_t seen_w)
{
    int64_t worst_w = site->nodes.remainder_worst_w[node];

    if (greatest_w(remainder) <= worst_w)
        return;
    turn(remainder->greatest_w, &remainder->bucket_ns, site->control.remainder_window_ns,
         remainder->report_ns);
    remainder->greatest_w[0] = max_w(remainder->greatest_w[0], max_w(worst_w, seen_w));
}

void remainder_learn(struct remainder *remainder, struct remainder_pool *pool,
                     const struct site *site, uint32_t node, const struct node_report *report)
{
    int64_t cap_w = report->cap_in_force ? report->enforced_cap_w : site->nodes.uncapped_w[node];
    double sample_w = 0;
    int64_t whole_w = 0;
    bool counts = false;

    if (!report->heard || !report->power_known || report->taken_ns <= remainder->report_ns)
        return;
    if (remainder->report_ns == 0)
        remainder->bucket_ns = report->taken_ns;
    remainder->report_ns = report->taken_ns;
    cap_w = reference_w(remainder, cap_w, report->taken_ns);
    counts = sample(remainder, site, node, report, (double)cap_w, &sample_w);
    whole_w = (int64_t)ceil(fmin(sample_w, (double)LIMIT_MAX_W));
    if (!counts) {
        forget_excess(remainder, site, node, whole_w);
        return;
    }
    turn(remainder->greatest_w, &remainder->bucket_ns, site->control.remainder_window_ns,
         report->taken_ns);
    remainder->greatest_w[0] = max_w(remainder->greatest_w[0], whole_w);
    if (!near_top(site, node, report) || remainder->samples >= SAMPLES_NEEDED)
        return;
    remainder->samples++;
    if (pool != NULL)
        learn_together(remainder, pool, site, whole_w);
}

/* ---- kinds ---- */

static bool alike(const struct node_table *nodes, uint32_t a, uint32_t b)
{
    return strcmp(nodes->kind[a], nodes->kind[b]) == 0 &&
           nodes->remainder_worst_w[a] == nodes->remainder_worst_w[b] &&
           nodes->cap_max_w[a] == nodes->cap_max_w[b] &&
           nodes->uncapped_w[a] == nodes->uncapped_w[b];
}

struct remainder_pool **remainder_pools(const struct site *site, struct arena *arena)
{
    struct remainder_pool **pool_of =
        arena_array(arena, site->nodes.count, struct remainder_pool *);
    struct remainder_pool *pool = arena_array(arena, POOLS_MOST, struct remainder_pool);
    uint32_t first[POOLS_MOST]; /* a node of each */
    uint32_t pools = 0;

    for (uint32_t n = 0; n < site->nodes.count; n++) {
        uint32_t k = 0;

        while (k < pools && !alike(&site->nodes, first[k], n))
            k++;
        if (k == POOLS_MOST)
            continue;
        if (k == pools)
            first[pools++] = n;
        pool_of[n] = &pool[k];
    }
    return pool_of;
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
    if (remainder->known_before)
        return max_w(remainder->before_w, learned_w);
    if (!remainder->pooled)
        return -1;
    return max_w(learned_w, with_margin_w(remainder->pool_w, site->nodes.remainder_worst_w[node],
                                          site->control.remainder_margin_bp));
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
