/* policies/compliance.h - how well a grid event is or was followed, interval by interval.
 *
 *     score = (baseline - actual) / committed;   against a limit: 1 at or below it, else limit / actual
 *
 * An interval of which less than half was measured is not judged. Pure. */
#ifndef POLICIES_COMPLIANCE_H
#define POLICIES_COMPLIANCE_H

#include "policies/policy.h"

/* Of the event that is judged now, or was judged last. Zeroed: none was. */
struct compliance {
    bool running;
    double mark;                   /* of the event */
    int64_t begun_ns, interval_ns; /* the event's beginning; the interval's */
    double drawn_ws, measured_s;
    double limit_w, baseline_w, committed_w; /* of the last tick */
    bool reduction;
    uint32_t intervals;
    double least, sum;
    double actual_w; /* of the last interval */
    bool complied;
    double comply_after_s;
};

/* What a tick knows of the event that is judged. */
struct compliance_tick {
    double mark;
    bool reduction;
    double limit_w, baseline_w, committed_w;
    bool measured;
    double import_w, dt_s;
    int64_t now_ns, interval_ns; /* interval_ns: how long one is */
};

void compliance_judge(struct compliance *compliance, const struct compliance_tick *tick);

/* No event is judged any more: its last interval ends. */
void compliance_end(struct compliance *compliance, int64_t now_ns);

/* Its figures, after the `count` that are there; returns how many there are then. */
uint32_t compliance_figures(const struct compliance *compliance, uint32_t count,
                            struct policy_figure out[]);

#endif
