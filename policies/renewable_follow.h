/* policies/renewable_follow.h - the kind's table; everything else about it is in the source. */
#ifndef POLICIES_RENEWABLE_FOLLOW_H
#define POLICIES_RENEWABLE_FOLLOW_H

#include "policies/policy.h"

extern const struct policy_kind renewable_follow;

#endif
