#include "model/trip.h"

#include <math.h>

double trip_hold_s(const struct trip_curve *curve, double load_bp)
{
    const struct trip_point *point = curve->point;
    const struct trip_point *last = &point[curve->points - 1];

    if (load_bp <= (double)point[0].load_bp)
        return INFINITY;
    for (uint32_t i = 1; i < curve->points; i++) {
        double low_bp = (double)point[i - 1].load_bp;
        double high_bp = (double)point[i].load_bp;
        double part = 0;

        if (load_bp > high_bp)
            continue;
        part = log(load_bp / low_bp) / log(high_bp / low_bp);
        return exp(log((double)point[i - 1].hold_ms) * (1 - part) +
                   log((double)point[i].hold_ms) * part) /
               1e3;
    }
    return (double)last->hold_ms / 1e3;
}

double trip_used(const struct trip_curve *curve, double used, double load_bp, double dt_s)
{
    double hold_s = trip_hold_s(curve, load_bp);

    used += isinf(hold_s) ? -dt_s * 1e3 / (double)curve->reset_ms : dt_s / hold_s;
    return fmin(fmax(used, 0), 1);
}

double trip_margin_s(const struct trip_curve *curve, double used, double load_bp)
{
    return (1 - used) * trip_hold_s(curve, load_bp);
}
