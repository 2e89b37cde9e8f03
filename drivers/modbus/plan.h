/* drivers/modbus/plan.h - the fewest reads that fetch a device's values.
 *
 * A value is never split between reads, and its scale register comes in the same read, since a device may
 * change it at any time. Registers between a value and its scale register are read with them; other unused
 * registers only as far as the profile's max_gap allows, in reads of at most max_registers. Pure. */
#ifndef DRIVERS_MODBUS_PLAN_H
#define DRIVERS_MODBUS_PLAN_H

#include "model/device.h"
#include "model/error.h"

struct plan_value {
    const struct profile_register *reg;
    uint32_t point;        /* of the site */
    uint16_t start, words; /* what must be read for it, its scale register included */
};

/* One read. Addresses are the profile's: with SunSpec they count from the model's start. */
struct plan_block {
    uint8_t function;
    uint16_t address, count;
    uint32_t first, values; /* slice of plan.value */
    /* Of whoever polls: */
    int64_t not_before_ns;
    uint32_t refusals; /* in a row */
    bool disabled;     /* the device says that it does not have this */
};

struct plan {
    uint32_t values, blocks;
    struct plan_value *value; /* [values], by function and address */
    struct plan_block *block; /* [blocks]; there is room for as many as there are values */
};

/* Takes memory; plan_free gives it back, also after a failure. */
MUST_USE bool plan_build(struct plan *plan, const struct device_profile *profile,
                         const struct device_point *point, uint32_t points, struct error *err);
void plan_free(struct plan *plan);

/* Replaces a block that the device refused as a whole by one block for each value. False when there is only one
 * value in it. */
bool plan_split(struct plan *plan, uint32_t block);

/* The value's bytes in the block's. */
size_t plan_offset(const struct plan_block *block, uint16_t address);

#endif
