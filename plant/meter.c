#include "plant/meter.h"

#include <math.h>

enum { RANDOM_METER = 3 };

/* A class 0.5 meter at half of what its class allows, and a refresh as quick as good meters have. */
static const double gain_error = 0.001;
static const double noise = 0.0003;
static const int64_t period_ns = 100 * NS_PER_MS;

void plant_meter_init(struct plant_meter *meter, uint64_t seed, uint32_t index)
{
    *meter = (struct plant_meter){.random = random_stream(seed, RANDOM_METER, index)};
    meter->energy_import_wh = random_between(&meter->random, 1e6, 1e9); /* it is not new */
    meter->energy_export_wh = random_between(&meter->random, 1e3, 1e6);
    meter->gain = 1 + random_between(&meter->random, -gain_error, gain_error);
}

static void show(struct plant_meter *meter, enum quantity quantity, double value, double step)
{
    meter->value[quantity] = round(value / step) * step;
    meter->has[quantity] = true;
}

static void show_powers(struct plant_meter *meter, const struct electrical *truth)
{
    double apparent_va = fabs(truth->power_w) / truth->power_factor;
    double sum_w = 0;

    for (int p = 0; p < PHASES; p++) {
        enum quantity power = (enum quantity)(QUANTITY_POWER_L1 + p);
        enum quantity current = (enum quantity)(QUANTITY_CURRENT_L1 + p);
        enum quantity voltage = (enum quantity)(QUANTITY_VOLTAGE_L1 + p);
        double phase_w =
            truth->phase_w[p] * meter->gain * (1 + noise * random_normal(&meter->random));
        double phase_va = fabs(phase_w) / truth->power_factor;

        sum_w += phase_w;
        show(meter, power, phase_w, 1);
        show(meter, voltage, truth->voltage_v[p], 0.1);
        show(meter, current, phase_va / truth->voltage_v[p], 0.01);
    }
    show(meter, QUANTITY_POWER, sum_w, 1);
    show(meter, QUANTITY_APPARENT_POWER, apparent_va, 1);
    show(meter, QUANTITY_REACTIVE_POWER,
         apparent_va * sqrt(1 - truth->power_factor * truth->power_factor), 1);
}

void meter_step(struct plant_meter *meter, const struct electrical *truth, int64_t now_ns,
                int64_t dt_ns)
{
    double energy_wh = truth->power_w * (double)dt_ns / 3.6e12;

    if (energy_wh > 0)
        meter->energy_import_wh += energy_wh;
    else
        meter->energy_export_wh -= energy_wh;
    if (meter->frozen || now_ns < meter->next_ns)
        return;
    meter->next_ns = now_ns + period_ns;
    show_powers(meter, truth);
    show(meter, QUANTITY_POWER_FACTOR, truth->power_factor, 0.001);
    show(meter, QUANTITY_FREQUENCY, truth->frequency_hz, 0.01);
    show(meter, QUANTITY_ENERGY_IMPORT, meter->energy_import_wh, 10);
    show(meter, QUANTITY_ENERGY_EXPORT, meter->energy_export_wh, 10);
}
