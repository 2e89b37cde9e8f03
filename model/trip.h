/* model/trip.h - how long a breaker bears how much: its inverse-time curve, and how near it is to tripping.
 *
 * The curve holds the maker's lower edge: times for which it certainly does not trip. Between points time is
 * interpolated over load in logarithms; below the first point it bears the load for ever; above the last one it
 * bears the last time. Any sequence of loads is judged by the share of its time that was used up:
 *
 *     used += dt / time(load) above the first point,   used -= dt / reset below it;   it may trip at 1
 *
 * (time-dependent overcurrent accumulation as in GE N60 and IEC 60255-151 devices with a reset time.) Pure. */
#ifndef MODEL_TRIP_H
#define MODEL_TRIP_H

#include "model/base.h"

enum { TRIP_POINTS_MAX = 16 };

struct trip_point {
    int64_t load_bp; /* of the full rating, rising strictly; > 10000 */
    int64_t hold_ms; /* borne at least this long, falling strictly; > 0 */
};

struct trip_curve {
    uint32_t points; /* 1 .. TRIP_POINTS_MAX */
    const struct trip_point *point;
    int64_t reset_ms; /* from the brink back to cold; > 0 */
};

/* How long a constant load is borne from cold, s; infinite at or below the first point. */
double trip_hold_s(const struct trip_curve *curve, double load_bp);

/* The share used up after dt_s more at this load: 0 .. 1, where 1 may trip. */
double trip_used(const struct trip_curve *curve, double used, double load_bp, double dt_s);

/* Seconds until it may trip if the load stays; infinite when it may stay for ever. */
double trip_margin_s(const struct trip_curve *curve, double used, double load_bp);

#endif
