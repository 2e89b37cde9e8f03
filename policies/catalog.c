#include "policies/carbon_budget.h"
#include "policies/carbon_response.h"
#include "policies/demand_charge.h"
#include "policies/demand_response.h"
#include "policies/equipment_limit.h"
#include "policies/import_limit.h"
#include "policies/policy.h"
#include "policies/ramp_rate.h"
#include "policies/renewable_follow.h"

#include <stdio.h>
#include <string.h>

const struct policy_kind *const policy_kinds[] = {
    &equipment_limit, &import_limit,     &demand_charge,
    &demand_response, &ramp_rate,        &carbon_budget,
    &carbon_response, &renewable_follow, NULL,
};

const struct policy_kind *policy_kind_find(const char *name)
{
    for (size_t i = 0; policy_kinds[i] != NULL; i++) {
        if (strcmp(policy_kinds[i]->name, name) == 0)
            return policy_kinds[i];
    }
    return NULL;
}

void policy_set_builtin(struct policy_set *set)
{
    struct policy *policy = arena_array(&set->arena, 1, struct policy);

    *policy = (struct policy){.name = "equipment", .kind = &equipment_limit, .file = "built in"};
    set->policy = policy;
    set->count = 1;
}

uint32_t policy_set_limits_max(const struct policy_set *set, const struct row_table *rows)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        const struct policy_kind *kind = set->policy[i].kind;

        most += kind->limits_most > 0 ? kind->limits_most : kind->always_on ? rows->count : 1;
    }
    return most;
}

const char *policy_explain(const struct policy_set *set, const struct limit *limit,
                           const struct site *site, char *out, size_t size)
{
    const struct policy *policy = &set->policy[limit->reason.policy];
    int length = snprintf(out, size, "%s: ", policy->name);

    if (length > 0 && (size_t)length < size)
        policy->kind->explain(policy->settings, limit, site, out + length, size - (size_t)length);
    return out;
}
