#include "plant/coarse_meter.h"

#include <math.h>

enum { STREAM_METER = 15 };

/* A drift that went further than this would be noticed by whoever reads the bill. */
static const double drift_most = 0.5;
static const double spike_chance = 0.2;

void coarse_meter_init(struct coarse_meter *meter, uint64_t seed, uint32_t number, int64_t error_bp)
{
    double error = (double)error_bp / 1e4;

    *meter = (struct coarse_meter){.random = random_stream(seed, STREAM_METER, number)};
    meter->noise = error / 4;
    meter->gain = 1 + random_between(&meter->random, -0.75, 0.75) * error;
}

void coarse_meter_break(struct coarse_meter *meter, enum meter_fault fault, double strength,
                        int64_t now_ns)
{
    meter->fault = fault;
    meter->strength = strength;
    meter->since_ns = now_ns;
}

bool coarse_meter_show(struct coarse_meter *meter, double truth, double last, int64_t now_ns,
                       double *value)
{
    double noise = random_between(&meter->random, -meter->noise, meter->noise);
    double seconds = (double)(now_ns - meter->since_ns) / 1e9;
    double digit = fabs(truth) > 10 ? 0.01 : 0.0001;
    /* A value that never moves in its last digits is not a measurement. */
    double shown =
        truth * meter->gain * (1 + noise) + random_between(&meter->random, -5, 5) * digit;

    switch (meter->fault) {
    case METER_WELL:
        break;
    case METER_SILENT:
        return false;
    case METER_FROZEN:
        *value = last;
        return true;
    case METER_DRIFTING:
        shown *= 1 - fmin(drift_most, meter->strength * seconds);
        break;
    case METER_SPIKING:
        if (random_uniform(&meter->random) < spike_chance)
            shown *= meter->strength;
        break;
    }
    *value = round(shown / digit) * digit;
    return true;
}
