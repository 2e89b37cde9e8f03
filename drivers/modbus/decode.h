/* drivers/modbus/decode.h - the registers of a block to values. Pure. */
#ifndef DRIVERS_MODBUS_DECODE_H
#define DRIVERS_MODBUS_DECODE_H

#include "drivers/modbus/cursor.h"
#include "drivers/modbus/plan.h"

/* `registers` are the block's, 2 x count bytes. False when the device says that it has no such value: sentinel,
 * NaN, a scale factor that is missing or not believable (SunSpec allows -10 .. 10). */
MUST_USE bool decode_value(const struct device_profile *profile, const struct plan_block *block,
                           const struct plan_value *value, struct cursor registers, double *out);

#endif
