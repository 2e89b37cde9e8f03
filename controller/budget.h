/* controller/budget.h - from limits to what each row leaves for controllable caps.
 *
 *     budget = min(hard limit - guard, soft limits) - uncontrolled - fixed
 *
 * Hard before soft: a soft limit can only make a budget smaller. The least limit of a row holds, whoever set it,
 * so no policy can loosen the equipment's.
 *
 * The feed-forward is in what is subtracted: caps count as committed, so a cap that is lowered makes room when it is
 * in force, not when a meter shows it. The feedback corrects the uncontrolled load and sizes the guard (feedback.h).
 * A reading above a hard limit takes the fast path: all that it shows beyond what the nodes can have drawn comes off
 * the budget in this tick, unfiltered, and for three dead times the budget does not rise. Only an excess above the
 * breaker's own limit, whose curve says that the equipment bears it for far longer than the feedback needs, is left
 * to the feedback; without a curve, or above anybody else's limit, no excess is excused. */
#ifndef CONTROLLER_BUDGET_H
#define CONTROLLER_BUDGET_H

#include "controller/feedback.h"
#include "controller/trip_watch.h"

/* Fills the row part of the decision: limits, guard, budget, shortfall, margin to trip. */
void budget_run(const struct site *site, const struct row_table *rows,
                const struct snapshot *snapshot, const struct estimate *estimate,
                const struct trip_watch *watch, struct feedback *feedback,
                struct decision *decision);

#endif
