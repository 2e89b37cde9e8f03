#include "plant/day.h"

#include <math.h>

static double along(const double *table, size_t points, double hour)
{
    double position = fmod(hour, 24.0) / 24.0 * (double)points;
    size_t at = 0;
    double part = 0;

    if (position < 0)
        position += (double)points;
    at = (size_t)position % points;
    part = position - floor(position);
    return table[at] + (table[(at + 1) % points] - table[at]) * part;
}

double day_irradiance(double hour) { return along(pv_day_w_per_m2, PV_DAY_POINTS, hour); }

double day_carbon(double hour) { return along(carbon_day_g_per_kwh, CARBON_DAY_POINTS, hour); }

double day_irradiance_most(void)
{
    double most = 0;

    for (size_t i = 0; i < PV_DAY_POINTS; i++)
        most = fmax(most, pv_day_w_per_m2[i]);
    return most;
}
