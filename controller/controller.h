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

/* How the feedback is tuned: constants, changed by nobody but a test that wants to see the loop without them. */
struct feedback_tuning {
    double
        gain; /* share of a reading's surprise that the estimate of the uncontrolled load takes in */
    double crossing_z; /* deviations of noise that count as noise */
    bool aligned;      /* readings are held against the nodes' sums of their own moment */
    int64_t raise_hold_dead_times; /* after a crossing */
};

extern const struct feedback_tuning feedback_tuning_default;

/* What is learned of a row, for people. */
struct feedback_figures {
    bool metered;          /* false: nothing is learned of it, and only dead_time_s is meaningful */
    double uncontrolled_w; /* before it is held */
    double noise_w;        /* standard deviation of a reading at rest; 0 while unknown */
    double swing_w;        /* trough to peak of the load that no node explains; 0: none seen */
    double reading_age_s;  /* the greatest of late */
    double dead_time_s;    /* from a cap that is sent to a reading that shows it */
};

struct controller_options {
    uint64_t epoch; /* higher than that of every controller before; see service/state */
    /* Learned remainders from before, [nodes], or NULL. NONE (a negative value) where unknown. */
    const int64_t *remainder_w;
    const struct feedback_tuning *tuning; /* NULL: the default */
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

void controller_feedback(const struct controller *controller, uint32_t row,
                         struct feedback_figures *out);

/* An epoch higher than ours was seen: another controller took over. From then on nothing is commanded. */
bool controller_deposed(const struct controller *controller);

/* The highest epoch that any node has reported: a controller that starts anew must be above it. */
uint64_t controller_highest_epoch(const struct controller *controller);

/* The state of policy `policy` of the present set, for its kind's remember and figures; valid until the next reload. */
const void *controller_policy_state(const struct controller *controller, uint32_t policy);

/* Gives a policy what it remembered before a restart; only before the first tick. */
void controller_recall(struct controller *controller, uint32_t policy,
                       const struct policy_note note[], uint32_t notes);

#endif
