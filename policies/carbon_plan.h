/* policies/carbon_plan.h - how a carbon budget is best spent over the hours that are left.
 *
 *     max  sum V(p_t) h_t    so that   sum c_t p_t h_t <= G,   low <= p_t <= high
 *
 * At the optimum the work that one more gram would do is the same in all slots that are not at a bound
 * (Karush-Kuhn-Tucker: V'(p_t) = price x c_t), so one number says the power of each:
 *     linear  V = p        full below a threshold of c, low above it, the slots at the threshold share the rest
 *     concave V = sqrt p   p_t = k / c_t^2
 * Pure. Worked numbers in tests/policies/arithmetic_test.c. */
#ifndef POLICIES_CARBON_PLAN_H
#define POLICIES_CARBON_PLAN_H

#include "model/base.h"

enum work_value { WORK_LINEAR, WORK_CONCAVE };

struct carbon_slot {
    double hours;
    double intensity_gco2_per_kwh; /* >= 0 */
    double power_w;                /* the result */
};

struct carbon_bounds {
    double low_w, high_w;
    double budget_g;
};

/* Grams that the slots cost at their power. */
double carbon_plan_cost_g(const struct carbon_slot slot[], uint32_t slots);

/* Fills in the powers; when the budget can't even carry low_w, all are low_w and it returns false. */
bool carbon_plan(struct carbon_slot slot[], uint32_t slots, const struct carbon_bounds *bounds,
                 enum work_value value);

#endif
