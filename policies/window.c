#include "policies/window.h"

#include <math.h>

static const double hour_s = 3600.0;

double window_permitted_w(double allowed_wh, double used_wh, double left_s, double floor_w)
{
    double spare_wh = allowed_wh - used_wh - floor_w * left_s / hour_s;

    return spare_wh < 0.0 ? floor_w : floor_w + spare_wh * hour_s / left_s;
}

double window_falling_wh(double power_w, double aim_w, double dead_s, double fall_w_per_s)
{
    double over_w = power_w - aim_w;

    if (over_w <= 0.0)
        return 0.0;
    return (over_w * dead_s + over_w * over_w / (2.0 * fall_w_per_s)) / hour_s;
}

double window_sliding_w(double allowed_wh, const double past_wh[], uint32_t subs, double sub_s,
                        double used_wh, double left_s)
{
    double sum_wh = used_wh;
    double least_w = 0.0;

    for (uint32_t i = 0; i + 1 < subs; i++)
        sum_wh += past_wh[i];
    for (uint32_t j = 1; j <= subs;
         j++) { /* the window that ends with the j-th sub-window from now */
        double hold_w = (allowed_wh - sum_wh) * hour_s / (left_s + (j - 1) * sub_s);

        least_w = j == 1 ? hold_w : fmin(least_w, hold_w);
        if (j < subs)
            sum_wh -= past_wh[subs - 1 - j]; /* the oldest leaves */
    }
    return least_w;
}
