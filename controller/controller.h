/* controller/controller.h - the functional core: snapshot in, decision out.
 *
 *     estimate > limits (policies) > budget > allocate > stage
 *
 * No clock, no I/O, no globals, no allocation after creation (a reload allocates, a tick never does). The same
 * creation and the same snapshots give the same decisions, bit for bit. One controller belongs to one thread. */
#ifndef CONTROLLER_CONTROLLER_H
#define CONTROLLER_CONTROLLER_H

#include "model/decision.h"
#include "policies/policy.h"

struct controller;

struct controller_options {
    uint64_t epoch; /* higher than that of every controller before; see service/state */
    /* Learned remainders from before, [nodes], or NULL. NONE (a negative value) where unknown. */
    const int64_t *remainder_w;
};

/* Whether the site can be run as its control settings ask; false with what stands in the way (an objective that
 * could only be approximated). Ask before controller_create. */
MUST_USE bool controller_can(const struct site *site, struct error *err);

/* Builds everything that ticks need. The site outlives the controller; *policies too, until the next
 * controller_reload. Free with controller_free. */
struct controller *controller_create(const struct site *site, const struct policy_set *policies,
                                     const struct controller_options *options);
void controller_free(struct controller *controller); /* NULL is fine */

/* Swaps the policies between two ticks; states of policies whose name and kind stay are kept. A reload loosens
 * nothing by itself: the next tick's raises go through staging like all others. */
void controller_reload(struct controller *controller, const struct policy_set *policies);

/* Decides. The result belongs to the controller and is valid until the next call. */
const struct decision *controller_tick(struct controller *controller,
                                       const struct snapshot *snapshot);

/* Views for whoever shows or records; valid until the next tick. */
const struct estimate *controller_estimate(const struct controller *controller);
const struct row_table *controller_rows(const struct controller *controller);
/* The learned remainder of a node, negative while it is not learned yet. */
int64_t controller_learned_remainder_w(const struct controller *controller, uint32_t node);

/* An epoch higher than ours was seen: another controller took over. From then on nothing is commanded. */
bool controller_deposed(const struct controller *controller);

/* The highest epoch that any node has reported: a controller that starts anew must be above it. */
uint64_t controller_highest_epoch(const struct controller *controller);

#endif
