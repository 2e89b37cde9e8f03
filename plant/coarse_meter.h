/* plant/coarse_meter.h - what a meter shows of a whole-watt truth, and what can be wrong with it. */
#ifndef PLANT_COARSE_METER_H
#define PLANT_COARSE_METER_H

#include "plant/random.h"

enum meter_fault { METER_WELL, METER_SILENT, METER_FROZEN, METER_DRIFTING, METER_SPIKING };

struct coarse_meter {
    double gain;  /* its own, constant */
    double noise; /* relative, at most */
    enum meter_fault fault;
    double strength;  /* DRIFTING: share of the truth lost per second; SPIKING: factor of a spike */
    int64_t since_ns; /* of the fault */
    struct random random;
};

/* Class error and noise are drawn up to error_bp of the truth, together. */
void coarse_meter_init(struct coarse_meter *meter, uint64_t seed, uint32_t number,
                       int64_t error_bp);

void coarse_meter_break(struct coarse_meter *meter, enum meter_fault fault, double strength,
                        int64_t now_ns);

/* What it shows of a truth now. last is what it showed of it before; false: nothing comes. */
bool coarse_meter_show(struct coarse_meter *meter, double truth, double last, int64_t now_ns,
                       double *value);

#endif
