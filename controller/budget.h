/* controller/budget.h - from limits to what each row leaves for controllable caps.
 *
 *     budget = min(hard limit - guard, soft limits) - uncontrolled - fixed
 *
 * Hard before soft: a soft limit can only make a budget smaller. The least limit of a row holds, whoever set it,
 * so no policy can loosen the equipment's. Pure. */
#ifndef CONTROLLER_BUDGET_H
#define CONTROLLER_BUDGET_H

#include "model/decision.h"

/* Fills the row part of the decision: limits, budget, shortfall. */
void budget_run(const struct site *site, const struct row_table *rows,
                const struct snapshot *snapshot, const struct estimate *estimate,
                struct decision *decision);

#endif
