/* controller/estimate.h - from readings and reports to what is believed of every node and row.
 *
 * Uncontrolled load of a row, from a fresh meter:
 *
 *     load         = meter + on-site production behind it
 *     uncontrolled = load - sum of coefficient x measured power of each node
 *
 * held at its greatest over a window: it rises at once and falls slowly, so that a meter which froze while nodes
 * rose can't argue it down before the freeze is noticed. Nodes that fall silent are not explained away: the last
 * uncontrolled load stands, unless the meter shows that even their bounds don't cover the difference. Nodes that
 * were never heard leave their whole draw unexplained, so it counts as uncontrolled beside their bounds. A silent
 * meter: last uncontrolled x margin. No meter: what stands below it and the configured worst case. */
#ifndef CONTROLLER_ESTIMATE_H
#define CONTROLLER_ESTIMATE_H

#include "controller/remainder.h"
#include "controller/stage.h"
#include "model/estimate.h"

enum { HOLD_BUCKETS = 8 };

/* The greatest of a value over a sliding window. */
struct hold {
    bool started;
    bool complete; /* begun with every node heard; before, what silent nodes draw was counted in */
    int64_t greatest_w[HOLD_BUCKETS];
    int64_t bucket_ns;
};

struct estimator {
    const struct site *site;
    const struct row_table *rows;
    struct remainder *remainder; /* [nodes] */
    struct hold *hold;           /* [rows] */
    int64_t *unknown_w; /* [branches] what sources below it may give whose reading is not good */
    bool *all_sources_good; /* [branches] production below the branch is known */
    bool started, took_over;
    int64_t first_ns;
    struct estimate out;
};

void estimate_create(struct estimator *estimator, const struct site *site,
                     const struct row_table *rows, const int64_t remainder_w[],
                     struct arena *arena);

/* After stage_listen of the same snapshot. The result is valid until the next call. */
const struct estimate *estimate_run(struct estimator *estimator, const struct stage *stage,
                                    const struct snapshot *snapshot);

#endif
