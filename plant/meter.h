/* plant/meter.h - what a meter makes of the truth: a gain error, noise, steps, and now and then it stands still. */
#ifndef PLANT_METER_H
#define PLANT_METER_H

#include "model/quantity.h"
#include "model/supply_tree.h"
#include "plant/random.h"

/* The truth at the point where the meter sits. Import is positive. */
struct electrical {
    double power_w;
    double phase_w[PHASES];
    double voltage_v[PHASES];
    double power_factor; /* 0 .. 1 */
    double frequency_hz;
};

struct plant_meter {
    double gain; /* this meter's own, constant: within its class */
    struct random random;
    bool frozen;
    int64_t next_ns;
    double energy_import_wh, energy_export_wh;
    double value[QUANTITY_COUNT];
    bool has[QUANTITY_COUNT];
};

void plant_meter_init(struct plant_meter *meter, uint64_t seed, uint32_t index);

/* Counts energy in each step and takes a new reading each METER_PERIOD_NS, unless frozen. */
void meter_step(struct plant_meter *meter, const struct electrical *truth, int64_t now_ns,
                int64_t dt_ns);

#endif
