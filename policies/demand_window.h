/* policies/demand_window.h - the energy of the utility's billing window as it is now, and the month's peaks.
 *
 * Counted at most and at least: by the utility's clock while it is known, and in a ring of sub-windows that holds a window
 * of any alignment. A window counts from its beginning only if the one before ran into it tick by tick; otherwise it may
 * have begun unwatched, and the ring says what it holds at most. What is counted belongs to one meter, register and length:
 * with others it begins anew. Pure. */
#ifndef POLICIES_DEMAND_WINDOW_H
#define POLICIES_DEMAND_WINDOW_H

#include "policies/calendar.h"
#include "policies/demand_peaks.h"
#include "policies/metering.h"
#include "policies/notes.h"

/* What is counted, and how. */
struct demand_rules {
    uint32_t branch;
    uint32_t register_point; /* NONE_INDEX: there is none */
    int64_t window_ns, sub_ns, clock_offset_ns;
    bool sliding;
};

/* Where the present window of the utility's clock is. */
struct demand_place {
    int64_t id, month;
    double into_s;
};

/* Which count this is. */
struct demand_mark {
    double branch, register_point;
    int64_t window_ns, sub_ns;
};

/* Zeroed: nothing was counted. */
struct demand_window {
    bool started;
    struct demand_mark mark;
    struct clock_watch clock;
    struct energy_count energy;
    struct energy_ring ring;
    bool in_window;
    int64_t id, month;
    double high_wh, low_wh; /* of the present one, at most and surely */
    uint64_t completed_seen;
    struct demand_peaks peaks;
    bool recalled; /* and not run yet */
    int64_t recalled_utc_s;
};

/* False while the clock is not known. */
bool demand_place_of(const struct demand_rules *rules, const struct snapshot *snapshot,
                     struct demand_place *out);

/* One tick; place is NULL while it is not known. True when the count began anew. */
bool demand_window_run(struct demand_window *window, const struct demand_rules *rules,
                       const struct policy_input *in, const struct demand_place *place);

/* The peaks always, the window while it is sure which one it is: true then. */
bool demand_window_remember(const struct demand_window *window, struct notes *notes);

/* True when the window is known again, too; else at most the peaks are. */
bool demand_window_recall(struct demand_window *window, const struct demand_rules *rules,
                          const struct policy_note note[], uint32_t notes);

#endif
