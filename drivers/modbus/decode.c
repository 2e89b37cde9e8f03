#include "drivers/modbus/decode.h"

#include <assert.h>

enum { SCALE_MOST = 10 };

static int scale_at(struct cursor registers, size_t offset)
{
    (void)take(&registers, offset);
    return (int16_t)take_u16(&registers);
}

bool decode_value(const struct device_profile *profile, const struct plan_block *block,
                  const struct plan_value *value, struct cursor registers, double *out)
{
    const struct profile_register *reg = value->reg;
    size_t offset = plan_offset(block, reg->address);
    int exponent = 0;

    assert(registers.ok && registers.left == 2U * block->count); /* reply_read() saw to it */
    if (reg->has_scale_register)
        exponent = scale_at(registers, plan_offset(block, reg->scale_address));
    if (exponent < -SCALE_MOST || exponent > SCALE_MOST)
        return false;
    return register_decode(profile, reg, registers.at + offset, exponent, out);
}
