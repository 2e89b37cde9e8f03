/* controller/remainder.h - how much a node may draw beside its capped part, learned as an upper bound.
 *
 *     sample = power of the node - min(power of the capped part, cap in force long enough)
 *     remainder = (1 + margin) x greatest sample of the last window, scaled to the top of the cap range
 *
 * Fans, memory and losses grow with load, so a sample counts only from half of the cap range's top upward, and is
 * scaled up to it: that overstates fixed parts and never understates. Until enough has been seen, and while the
 * node is not heard, the configured worst case holds; a greater sample is believed at once.
 *
 * Nodes of a kind learn together at first: of N + 1 samples that could have come in any order the last one is the
 * greatest with probability 1 / (N + 1), and nodes that the site file describes alike give N quickly. So a node that
 * was seen a few times itself counts at the greatest of its whole kind, and at its own once it was seen enough. Each
 * node takes its kind's at its own reports, so that who is looked at decides nothing. Pure. */
#ifndef CONTROLLER_REMAINDER_H
#define CONTROLLER_REMAINDER_H

#include "model/site.h"
#include "model/snapshot.h"

enum { REMAINDER_BUCKETS = 4 };

/* What was seen of all nodes of a kind. */
struct remainder_pool {
    int64_t greatest_w[REMAINDER_BUCKETS];
    int64_t bucket_ns;
    uint32_t samples, nodes; /* the first is saturating; how many nodes gave any */
};

struct remainder {
    int64_t greatest_w[REMAINDER_BUCKETS]; /* per quarter of the window */
    int64_t bucket_ns;                     /* start of the newest bucket */
    int64_t report_ns;                     /* of the last sample */
    int64_t
        reference_w; /* the cap that draw is held against: a lowered cap counts once draw had time to follow */
    int64_t cap_w, cap_changed_ns;
    uint32_t samples; /* since start, saturating */
    bool pooled;      /* its kind's greatest was taken over, at its last report */
    int64_t pool_w;
    bool known_before; /* from the run before */
    int64_t before_w;  /* <= the configured worst case */
};

/* What the run before had learned, with its margin; below 0: nothing. Of what was above the worst case the part above
 * grows old from now on as if it had just been seen: nothing above it is believed for ever. */
void remainder_recall(struct remainder *remainder, const struct site *site, uint32_t node,
                      int64_t before_w);

/* Takes in a report that is newer than the last. pool: of the node's kind, or NULL. */
void remainder_learn(struct remainder *remainder, struct remainder_pool *pool,
                     const struct site *site, uint32_t node, const struct node_report *report);

/* A pool for each kind, in the arena: pool_of[n] is the node's, or NULL when there are more kinds than pools. */
struct remainder_pool **remainder_pools(const struct site *site, struct arena *arena);

/* The bound to use. */
int64_t remainder_bound_w(const struct remainder *remainder, const struct site *site, uint32_t node,
                          bool fresh);

/* The learned bound alone; negative while there is none. */
int64_t remainder_learned_w(const struct remainder *remainder, const struct site *site,
                            uint32_t node);

#endif
