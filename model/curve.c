#include "model/curve.h"

double curve_throughput(const struct curve *curve, double cap_w)
{
    if (curve == NULL)
        return cap_w;
    if (cap_w <= (double)curve->point[0].cap_w)
        return curve->point[0].throughput;
    for (uint32_t i = 1; i < curve->points; i++) {
        const struct curve_point *a = &curve->point[i - 1];
        const struct curve_point *b = &curve->point[i];

        if (cap_w <= (double)b->cap_w)
            return a->throughput + (b->throughput - a->throughput) * (cap_w - (double)a->cap_w) /
                                       (double)(b->cap_w - a->cap_w);
    }
    return curve->point[curve->points - 1].throughput;
}
