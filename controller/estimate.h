/* controller/estimate.h - from readings and reports to what is believed of every node and row.
 *
 * Uncontrolled load of a row, from a fresh meter:
 *
 *     load         = meter + on-site production behind it
 *     uncontrolled = load - sum of coefficient x measured power of each node
 *
 * each of the same moment and held at its greatest over a window (controller/feedback.h): it rises at once and falls
 * slowly, so that a meter which froze while nodes rose can't argue it down before the freeze is noticed. Nodes that fall silent are not explained away: the last
 * uncontrolled load stands, unless the meter shows that even their bounds don't cover the difference. Nodes that
 * were never heard leave their whole draw unexplained, so it counts as uncontrolled beside their bounds. A silent
 * meter: last uncontrolled x margin. No meter: what stands below it and the configured worst case. */
#ifndef CONTROLLER_ESTIMATE_H
#define CONTROLLER_ESTIMATE_H

#include "controller/feedback.h"
#include "controller/node_set.h"
#include "controller/remainder.h"
#include "controller/stage.h"
#include "model/estimate.h"

/* What a node adds to each of its rows, times its coefficient there. Whole numbers, so that a row's sum can follow
 * each change of a node by the difference and never drifts. */
struct node_part {
    int64_t fixed_w, min_w, max_w; /* as in struct row_estimate */
    int64_t known_w;               /* measured power */
    int64_t unheard_w;             /* the bound of a node that is not heard */
    int64_t bound_w;
    bool unheard;
};

struct row_sum {
    int64_t fixed_bp, min_bp, max_bp, known_bp, unheard_bp, bound_bp;
    uint32_t unheard; /* nodes */
};

struct estimator {
    const struct site *site;
    const struct row_table *rows;
    struct remainder *remainder;     /* [nodes] */
    struct remainder_pool **pool_of; /* [nodes] */
    struct node_part *part;          /* [nodes] */
    struct row_sum *sum;             /* [rows] */
    struct feedback *feedback;       /* what is learned of the metered rows */
    int64_t *unknown_w; /* [branches] what sources below it may give whose reading is not good */
    int64_t *carry_bp;  /* [branches] what a watt below it is at the branch, at most */
    bool *all_sources_good; /* [branches] production below the branch is known */
    bool started, took_over;
    int64_t first_ns;
    struct estimate out;
};

void estimate_create(struct estimator *estimator, const struct site *site,
                     const struct row_table *rows, const int64_t remainder_w[],
                     struct feedback *feedback, struct arena *arena);

/* After stage_listen and feedback_begin of the same snapshot. Looks at the nodes in `awake`, which must hold every node about which the
 * snapshot or the stage says anything new, or whose time has come (estimate_due_ns); of the others nothing has
 * changed. The result is valid until the next call. */
const struct estimate *estimate_run(struct estimator *estimator, const struct stage *stage,
                                    const struct snapshot *snapshot, const struct node_set *awake);

/* When the node must be looked at again though nothing comes of it. */
int64_t estimate_due_ns(const struct estimator *estimator, uint32_t node,
                        const struct node_report *report);

#endif
