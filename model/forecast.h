/* model/forecast.h - what a source expects of a quantity over the hours to come, as it was issued.
 *
 * A forecast has a basis, and forecasts of different bases are never mixed: the average intensity of all generation
 * and the marginal intensity of the next plant to move are two quantities. An old forecast is still a forecast; its
 * reader decides by the issue time. */
#ifndef MODEL_FORECAST_H
#define MODEL_FORECAST_H

#include "model/quantity.h"

enum signal_basis { BASIS_AVERAGE, BASIS_MARGINAL };

enum { FORECAST_STEPS_MAX = 768 };

/* What a site file says of one. */
struct forecast_source {
    const char *name;
    enum quantity quantity;
    enum signal_basis basis;
};

/* The latest that came of it. */
struct forecast {
    bool known; /* false: none came yet */
    int64_t issued_utc_s;
    int64_t start_utc_s; /* of value[0] */
    int64_t step_s;      /* > 0 */
    uint32_t count;
    double value[FORECAST_STEPS_MAX]; /* mean over its step, in the quantity's unit */
};

/* The value expected for a moment; false when the forecast does not reach there. */
bool forecast_at(const struct forecast *forecast, int64_t utc_s, double *value);

#endif
