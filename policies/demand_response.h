/* policies/demand_response.h - the kind's table; everything else about it is in the source. */
#ifndef POLICIES_DEMAND_RESPONSE_H
#define POLICIES_DEMAND_RESPONSE_H

#include "policies/policy.h"

extern const struct policy_kind demand_response;

#endif
