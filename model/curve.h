/* model/curve.h - how much work a node does at a cap: its power -> throughput curve, as it was measured.
 *
 * Measured curves are neither concave nor monotone: they are kept as they are, and whoever plans on one says what
 * it makes of it (see controller/plan.h). Points rise strictly in cap; throughput is any unit >= 0, since only its
 * ratio to that at the greatest cap counts. Read-only; the points belong to the site or problem. */
#ifndef MODEL_CURVE_H
#define MODEL_CURVE_H

#include "model/base.h"

enum { CURVE_POINTS_MAX = 64 };

struct curve_point {
    int64_t cap_w;
    double throughput;
};

struct curve {
    uint32_t points; /* 2 .. CURVE_POINTS_MAX */
    const struct curve_point *point;
};

/* Straight between two points; outside of them the nearest point's. NULL: in proportion to the cap (1 at 1 W). */
double curve_throughput(const struct curve *curve, double cap_w);

#endif
