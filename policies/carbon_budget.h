/* policies/carbon_budget.h - the kind's table; everything else about it is in the source. */
#ifndef POLICIES_CARBON_BUDGET_H
#define POLICIES_CARBON_BUDGET_H

#include "policies/policy.h"

extern const struct policy_kind carbon_budget;

#endif
