#include "controller/defer_expect.h"

#include <math.h>
#include <string.h>

/* A walk that shows no steps of its own beyond the errors is all but flat. */
static const double least_variance_ratio = 1e-3;

/* s^2 / q: how much smoother the walk is than what is said of it. */
static double smoothness(const double said[], uint32_t steps, double deviation)
{
    double noise = deviation * deviation;
    double sum = 0;

    for (uint32_t i = 1; i < steps; i++)
        sum += (said[i] - said[i - 1]) * (said[i] - said[i - 1]);
    return noise / fmax(sum / (steps - 1) - 2 * noise, least_variance_ratio * noise);
}

void defer_expect(const double said[], uint32_t steps, double deviation, double scratch[],
                  double expected[])
{
    double ratio = 0;

    if (!(deviation > 0) || steps < 2) {
        memcpy(expected, said, steps * sizeof *said);
        return;
    }
    ratio = smoothness(said, steps, deviation);
    /* Elimination from the first to the last: row i is (-ratio, 1 + ratio x neighbours, -ratio); scratch[i] is what is
     * left above its diagonal. No pivot is below 1. */
    for (uint32_t i = 0; i < steps; i++) {
        double neighbours = (i > 0) + (i + 1 < steps);
        double pivot = 1 + ratio * neighbours + (i > 0 ? ratio * scratch[i - 1] : 0);

        scratch[i] = -ratio / pivot;
        expected[i] = (said[i] + (i > 0 ? ratio * expected[i - 1] : 0)) / pivot;
    }
    for (uint32_t i = steps - 1; i-- > 0;)
        expected[i] -= scratch[i] * expected[i + 1];
}
