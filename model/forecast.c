#include "model/forecast.h"

bool forecast_at(const struct forecast *forecast, int64_t utc_s, double *value)
{
    int64_t step = 0;

    if (!forecast->known || utc_s < forecast->start_utc_s)
        return false;
    step = (utc_s - forecast->start_utc_s) / forecast->step_s;
    if (step >= (int64_t)forecast->count)
        return false;
    *value = forecast->value[step];
    return true;
}
