#include "model/device.h"

#include <math.h>
#include <string.h>

uint16_t register_words(enum register_type type)
{
    switch (type) {
    case REGISTER_U16:
    case REGISTER_S16:
        return 1;
    case REGISTER_U32:
    case REGISTER_S32:
    case REGISTER_F32:
        return 2;
    case REGISTER_U64:
    case REGISTER_S64:
    case REGISTER_F64:
        return 4;
    }
    return 0;
}

const struct profile_register *profile_find(const struct device_profile *profile,
                                            enum quantity quantity)
{
    for (uint32_t i = 0; i < profile->registers; i++) {
        if (profile->reg[i].quantity == quantity)
            return &profile->reg[i];
    }
    return NULL;
}

/* The raw bits, words put into big-endian order. */
static uint64_t raw_bits(const struct device_profile *profile, uint16_t words, const uint8_t *bytes)
{
    uint64_t raw = 0;

    for (uint16_t w = 0; w < words; w++) {
        uint16_t from = profile->words == WORDS_HIGH_FIRST ? w : (uint16_t)(words - 1 - w);

        raw = raw << 16 | (uint64_t)bytes[2 * from] << 8 | bytes[2 * from + 1];
    }
    return raw;
}

static double raw_value(enum register_type type, uint64_t raw)
{
    float f32 = 0;
    double f64 = 0;
    uint32_t low = (uint32_t)raw;

    switch (type) {
    case REGISTER_U16:
    case REGISTER_U32:
    case REGISTER_U64:
        return (double)raw;
    case REGISTER_S16:
        return (int16_t)raw;
    case REGISTER_S32:
        return (int32_t)raw;
    case REGISTER_S64:
        return (double)(int64_t)raw;
    case REGISTER_F32:
        memcpy(&f32, &low, sizeof f32);
        return (double)f32;
    case REGISTER_F64:
        memcpy(&f64, &raw, sizeof f64);
        return f64;
    }
    return NAN;
}

bool register_decode(const struct device_profile *profile, const struct profile_register *reg,
                     const uint8_t *bytes, int exponent, double *value)
{
    uint64_t raw = raw_bits(profile, register_words(reg->type), bytes);
    double unscaled = raw_value(reg->type, raw);

    if ((reg->has_sentinel && raw == reg->sentinel) || !isfinite(unscaled))
        return false;
    *value = unscaled * reg->scale * pow(10.0, exponent);
    return isfinite(*value);
}

static uint64_t clamped(double value, double low, double high)
{
    if (isnan(value)) /* an integer can't say so; who means it writes the sentinel */
        return 0;
    if (value <= low)
        return (uint64_t)(int64_t)low;
    if (value >= high)
        return high > 9e18 ? INT64_MAX : (uint64_t)(int64_t)high;
    return (uint64_t)(int64_t)value;
}

static uint64_t value_raw(enum register_type type, double unscaled)
{
    double whole = round(unscaled);
    float f32 = (float)unscaled;
    uint32_t low = 0;
    uint64_t raw = 0;

    switch (type) {
    case REGISTER_U16:
        return clamped(whole, 0, UINT16_MAX);
    case REGISTER_S16:
        return clamped(whole, INT16_MIN, INT16_MAX) & UINT16_MAX;
    case REGISTER_U32:
        return clamped(whole, 0, UINT32_MAX);
    case REGISTER_S32:
        return clamped(whole, INT32_MIN, INT32_MAX) & UINT32_MAX;
    case REGISTER_U64:
        return clamped(whole, 0, 9.3e18);
    case REGISTER_S64:
        return clamped(whole, -9.2e18, 9.3e18);
    case REGISTER_F32:
        memcpy(&low, &f32, sizeof low);
        return low;
    case REGISTER_F64:
        memcpy(&raw, &unscaled, sizeof raw);
        return raw;
    }
    return 0;
}

void register_encode(const struct device_profile *profile, const struct profile_register *reg,
                     double value, int exponent, uint8_t *bytes)
{
    uint16_t words = register_words(reg->type);
    uint64_t raw = value_raw(reg->type, value / (reg->scale * pow(10.0, exponent)));

    for (uint16_t w = 0; w < words; w++) {
        uint16_t to = profile->words == WORDS_HIGH_FIRST ? (uint16_t)(words - 1 - w) : w;

        bytes[2 * to] = (uint8_t)(raw >> (16 * w + 8));
        bytes[2 * to + 1] = (uint8_t)(raw >> (16 * w));
    }
}
