/* A SunSpec device at 40000:
 *
 *     "SunS" | 1, 66: common | model, length: body | 0xffff, 0
 *
 * What the profile does not name stays "not implemented": the pattern for that depends on the point's type.
 * Other devices have their registers where the profile says, and nothing around them. */
#include "hil/register_map.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    SUNSPEC_BASE = 40000,
    SUNSPEC_FUNCTION = 3,
    COMMON_LENGTH = 66,
    COMMON_AT = 2,                            /* after "SunS" */
    MODEL_AT = COMMON_AT + 2 + COMMON_LENGTH, /* offsets of a profile count from here */
    MODEL_LENGTH_MAX = 124,
    SUNSPEC_REGISTERS_MAX = MODEL_AT + 2 + MODEL_LENGTH_MAX + 2,
    SUNSPEC_END = 0xffff,
    SUNSPEC_STATE_OFFSET = 38, /* of inverters with integers */
    STATE_SLEEPING = 2,
    STATE_MPPT = 4
};

struct register_map {
    const struct device_profile *profile;
    struct register_source source;
    int *exponent;         /* [registers]; 0 without a scale register */
    uint16_t first, last;  /* last is behind the end; of plain devices */
    uint16_t model_length; /* SunSpec */
};

/* ---------------------------------------------------------------- building */

static uint16_t sunspec_length(uint16_t model)
{
    if (model >= 101 && model <= 103)
        return 50;
    if (model >= 111 && model <= 113)
        return 60;
    if (model >= 201 && model <= 204)
        return 105;
    return MODEL_LENGTH_MAX;
}

/* The most that a value of this quantity can reach on this device, for its scale factor. */
static double quantity_most(const struct register_source *source, enum quantity quantity)
{
    switch (quantity_unit(quantity)[0]) {
    case 'W':
        return quantity == QUANTITY_ENERGY_IMPORT || quantity == QUANTITY_ENERGY_EXPORT
                   ? 4e9
                   : source->rated_w;
    case 'v': /* var */
        return source->rated_w;
    case 'V':
        return strcmp(quantity_unit(quantity), "VA") == 0 ? source->rated_w : 400;
    case 'A':
        return source->rated_w / 200;
    case 'H':
        return 70;
    default:
        return 1;
    }
}

static double raw_most(enum register_type type)
{
    switch (type) {
    case REGISTER_U16:
        return 65000;
    case REGISTER_S16:
        return 32000;
    case REGISTER_U32:
        return 4.2e9;
    case REGISTER_S32:
        return 2.1e9;
    case REGISTER_U64:
    case REGISTER_S64:
    case REGISTER_F32:
    case REGISTER_F64:
        break;
    }
    return 9e15;
}

/* The finest power of ten with which the value still fits; energy in whole units is fine enough. */
static int finest_exponent(const struct register_source *source, const struct profile_register *reg)
{
    double most = quantity_most(source, reg->quantity) / fabs(reg->scale);
    int exponent = register_words(reg->type) > 1 ? 0 : -2;

    while (exponent < 6 && most / pow(10, exponent) > raw_most(reg->type))
        exponent++;
    return exponent;
}

static void choose_exponents(struct register_map *map)
{
    const struct device_profile *profile = map->profile;

    for (uint32_t i = 0; i < profile->registers; i++) {
        if (profile->reg[i].has_scale_register)
            map->exponent[i] = finest_exponent(&map->source, &profile->reg[i]);
    }
    for (uint32_t i = 0; i < profile->registers;
         i++) { /* who shares a scale register takes the coarsest */
        for (uint32_t k = 0; k < profile->registers; k++) {
            if (profile->reg[i].has_scale_register && profile->reg[k].has_scale_register &&
                profile->reg[i].scale_address == profile->reg[k].scale_address &&
                map->exponent[k] > map->exponent[i])
                map->exponent[i] = map->exponent[k];
        }
    }
}

struct register_map *register_map_build(const struct device_profile *profile,
                                        const struct register_source *source, struct arena *arena)
{
    struct register_map *map = arena_array(arena, 1, struct register_map);

    *map = (struct register_map){
        .profile = profile,
        .source = *source,
        .exponent = arena_array(arena, profile->registers, int),
        .first = UINT16_MAX,
        .model_length = sunspec_length(profile->sunspec_model),
    };
    for (uint32_t i = 0; i < profile->registers; i++) {
        const struct profile_register *reg = &profile->reg[i];
        uint32_t end = (uint32_t)reg->address + register_words(reg->type);

        map->first = reg->address < map->first ? reg->address : map->first;
        map->last = end > map->last ? (uint16_t)end : map->last;
    }
    choose_exponents(map);
    return map;
}

/* ---------------------------------------------------------------- encoding */

static void put(uint8_t *at, uint16_t word)
{
    at[0] = (uint8_t)(word >> 8);
    at[1] = (uint8_t)word;
}

/* The bytes of one value; what the device does not have becomes the sentinel, or zeros. */
static void encode(const struct register_map *map, uint32_t i, uint8_t bytes[8])
{
    const struct profile_register *reg = &map->profile->reg[i];
    uint16_t words = register_words(reg->type);
    double value = 0;

    memset(bytes, 0, 8);
    if (map->source.value(map->source.context, reg->quantity, &value)) {
        register_encode(map->profile, reg, value, map->exponent[i], bytes);
    } else if (reg->has_sentinel) {
        for (uint16_t w = 0; w < words; w++) {
            uint16_t to = map->profile->words == WORDS_HIGH_FIRST ? (uint16_t)(words - 1 - w) : w;

            put(bytes + 2 * to, (uint16_t)(reg->sentinel >> 16 * w));
        }
    }
}

/* ---------------------------------------------------------------- SunSpec */

static void put_text(uint8_t *at, const char *text, size_t registers)
{
    memset(at, 0, 2 * registers);
    for (size_t i = 0; i < 2 * registers && text[i] != '\0'; i++)
        at[i] = (uint8_t)text[i];
}

static void put_common(uint8_t *image)
{
    put(image, 1);
    put(image + 2, COMMON_LENGTH);
    put_text(image + 2 * 2, "Capstan", 16);
    put_text(image + 2 * 18, "simulated source", 16);
    put_text(image + 2 * 34, "rig", 8);
    put_text(image + 2 * 42, "1", 8);
    put_text(image + 2 * 50, "0001", 16);
    put(image + 2 * 66, 1);      /* DA: device address */
    put(image + 2 * 67, 0x8000); /* pad */
}

/* What "not implemented" looks like for the points of models 101 .. 103: u is 0xffff, i is 0x8000, 0 is 0. */
static void put_not_implemented(const struct register_map *map, uint8_t *body)
{
    static const char inverter[] = "uuuuiuuuuuuiiiuiiiiiii00iuiuiiiiiiii";
    bool known = map->profile->sunspec_model >= 101 && map->profile->sunspec_model <= 103;

    for (uint16_t i = 0; i < map->model_length; i++) {
        char kind = !known ? 'i' : i < sizeof inverter - 1 ? inverter[i] : 'u';

        put(body + 2 * i, kind == 'u' ? 0xffff : kind == 'i' ? 0x8000 : 0);
    }
}

static void put_points(const struct register_map *map, uint8_t *model)
{
    const struct device_profile *profile = map->profile;

    for (uint32_t i = 0; i < profile->registers; i++) {
        const struct profile_register *reg = &profile->reg[i];
        uint8_t bytes[8];

        if (reg->address + register_words(reg->type) > map->model_length + 2)
            continue; /* the profile is wrong: that point is not there */
        encode(map, i, bytes);
        memcpy(model + 2 * (size_t)reg->address, bytes, 2U * register_words(reg->type));
        if (reg->has_scale_register && reg->scale_address < map->model_length + 2)
            put(model + 2 * (size_t)reg->scale_address, (uint16_t)(int16_t)map->exponent[i]);
    }
}

static enum modbus_exception read_sunspec(const struct register_map *map, uint8_t function_code,
                                          uint16_t address, uint16_t count, uint8_t *out)
{
    uint8_t image[2 * SUNSPEC_REGISTERS_MAX];
    uint8_t *model = image + 2 * MODEL_AT;
    uint32_t registers = MODEL_AT + 2 + (uint32_t)map->model_length + 2;
    double power_w = 0;

    if (function_code != SUNSPEC_FUNCTION || address < SUNSPEC_BASE ||
        (uint32_t)address + count > SUNSPEC_BASE + registers)
        return MODBUS_ILLEGAL_ADDRESS;
    put(image, 0x5375); /* "SunS" */
    put(image + 2, 0x6e53);
    put_common(image + 2 * COMMON_AT);
    put(model, map->profile->sunspec_model);
    put(model + 2, map->model_length);
    put_not_implemented(map, model + 4);
    if (map->profile->sunspec_model <= 103)
        put(model + 2 * SUNSPEC_STATE_OFFSET,
            map->source.value(map->source.context, QUANTITY_POWER, &power_w) && power_w != 0
                ? STATE_MPPT
                : STATE_SLEEPING);
    put_points(map, model);
    put(model + 4 + 2 * (size_t)map->model_length, SUNSPEC_END);
    put(model + 6 + 2 * (size_t)map->model_length, 0);
    memcpy(out, image + 2 * (size_t)(address - SUNSPEC_BASE), 2U * count);
    return MODBUS_OK;
}

/* ---------------------------------------------------------------- plain registers */

/* A device that lets reads span unused registers shows 0 there; others refuse, and refuse to cut values too. */
static enum modbus_exception read_plain(const struct register_map *map, uint8_t function_code,
                                        uint16_t address, uint16_t count, uint8_t *out)
{
    uint32_t end = (uint32_t)address + count;
    uint32_t mapped = 0;
    bool cut = false;

    if (address < map->first || end > map->last)
        return MODBUS_ILLEGAL_ADDRESS;
    memset(out, 0, 2U * count);
    for (uint32_t i = 0; i < map->profile->registers; i++) {
        const struct profile_register *reg = &map->profile->reg[i];
        uint16_t words = register_words(reg->type);
        uint8_t bytes[8];

        if (reg->function_code != function_code || reg->address >= end ||
            (uint32_t)reg->address + words <= address)
            continue;
        encode(map, i, bytes);
        for (uint16_t w = 0; w < words; w++) {
            uint32_t at = (uint32_t)reg->address + w;

            if (at < address || at >= end) {
                cut = true;
                continue;
            }
            memcpy(out + 2 * (at - address), bytes + 2 * w, 2);
            mapped++;
        }
    }
    if (mapped == 0 || (map->profile->max_gap == 0 && (cut || mapped < count)))
        return MODBUS_ILLEGAL_ADDRESS;
    return MODBUS_OK;
}

enum modbus_exception register_map_read(const struct register_map *map, uint8_t function_code,
                                        uint16_t address, uint16_t count, uint8_t *out)
{
    uint16_t most = map->profile->max_registers < MODBUS_READ_MAX && map->profile->max_registers > 0
                        ? map->profile->max_registers
                        : MODBUS_READ_MAX;

    if (function_code != 3 && function_code != 4)
        return MODBUS_ILLEGAL_FUNCTION;
    if (count == 0 || count > most)
        return MODBUS_ILLEGAL_VALUE;
    return map->profile->sunspec ? read_sunspec(map, function_code, address, count, out)
                                 : read_plain(map, function_code, address, count, out);
}
