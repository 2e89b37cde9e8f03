/* policies/metering.h - what a branch draws from the grid, for policies that count it.
 *
 * Two numbers: the most that it may have been (for what must not be exceeded) and what was surely measured (for what
 * grows by it, such as a peak that is already billed). Lost readings push the two apart and never loosen anything.
 * Energies are W x s / 3600 as doubles: they feed limits, which are rounded down. Pure. */
#ifndef POLICIES_METERING_H
#define POLICIES_METERING_H

#include "policies/policy.h"

/* Net import by the branch's meter, W, never negative; false when there is no good reading. */
bool import_measured_w(const struct policy_input *in, uint32_t branch, double *import_w);

/* The most that may be drawn: all nodes at their bounds, and the uncontrolled load; no production. */
double import_most_w(const struct policy_input *in, uint32_t branch);

/* Production behind the meter that makes room for load, W: measured now, less its margin. */
int64_t generation_relied_w(const struct policy_input *in, uint32_t branch, int64_t margin_bp);

/* Watts as a limit: whole, rounded down, 0 .. LIMIT_MAX_W. */
int64_t limit_of_w(double watts);

/* What passed since the tick before. */
struct energy_step {
    int64_t dt_ns;
    double high_w, low_w;             /* at most and surely drawn, over the whole step */
    double high_wh, low_wh;           /* what the register says beyond that: may be negative */
    bool corrects_high, corrects_low; /* these two may be applied to the present window */
};

/* The register that the utility bills by. Between two of its steps the power is integrated; a step then says how
 * much it really was. */
struct energy_count {
    bool started;
    bool unwatched; /* nobody looked since last_ns: set after a restart */
    int64_t last_ns;
    bool anchored;
    bool anchor_in_window; /* the register was last read since the present window began */
    double register_wh;
    double since_high_wh, since_low_wh; /* integrated since its last step */
};

enum { ENERGY_GAP_S = 60 }; /* no tick for longer: nobody knows what was drawn */

/* register_point: NONE_INDEX: there is none. */
struct energy_step energy_count_run(struct energy_count *count, const struct policy_input *in,
                                    uint32_t branch, uint32_t register_point);

/* Energy by sub-windows of the monotonic clock, the newest under way: what a window of any alignment holds. */
enum { RING_SUBS_MAX = 60 };

struct energy_ring {
    uint32_t subs; /* that make a window; one more is kept */
    int64_t sub_ns, into_ns;
    uint32_t newest;
    uint64_t completed; /* sub-windows since the start */
    double high_wh[RING_SUBS_MAX + 1], low_wh[RING_SUBS_MAX + 1];
};

/* A past that nobody watched: at most unknown_w was drawn. The first sub-window ends in first_ns. */
void energy_ring_start(struct energy_ring *ring, uint32_t subs, int64_t sub_ns, int64_t first_ns,
                       double unknown_w);
void energy_ring_pass(struct energy_ring *ring, const struct energy_step *step);
/* The `back`-th sub-window: 0 is the one under way, 1 the last complete one. */
double energy_ring_high_wh(const struct energy_ring *ring, uint32_t back);
double energy_ring_low_wh(const struct energy_ring *ring, uint32_t back);
/* At most drawn in the last over_s seconds: a sub-window that is touched counts in whole. */
double energy_ring_recent_wh(const struct energy_ring *ring, double over_s);

#endif
