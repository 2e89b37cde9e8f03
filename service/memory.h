/* service/memory.h - what policies remember over a restart, as JSON in the state file.
 *
 *     "policies": {"peak": {"kind": "demand_charge", "version": 1, "notes": {"peak_w0": 1180000.0, ...}}}
 *
 * A policy that has another kind or whose notes are of another version begins anew; what a note says is judged by the
 * policy itself (policies/policy.h). */
#ifndef SERVICE_MEMORY_H
#define SERVICE_MEMORY_H

#include "controller/controller.h"

struct json_t;

/* The caller's; NULL without memory to spare. */
struct json_t *memory_take(const struct controller *controller, const struct policy_set *policies);

/* Before the first tick. `memory` may be NULL, and anything that JSON can be: it came from a file. */
void memory_give(const struct json_t *memory, struct controller *controller,
                 const struct policy_set *policies);

#endif
