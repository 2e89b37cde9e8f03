/* A stream of bytes from a device: frames are cut off it, taken as answers, decoded to values.
 *
 * Input: block, transaction u16, unit, then the stream. */
#include "drivers/modbus/decode.h"
#include "drivers/modbus/reply.h"

#include <assert.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* clang-format off */
static const struct profile_register registers[] = {
    {.quantity = QUANTITY_POWER,         .function_code = 4, .address = 0,  .type = REGISTER_F32, .scale = 1},
    {.quantity = QUANTITY_ENERGY_IMPORT, .function_code = 4, .address = 2,  .type = REGISTER_F64, .scale = 1000},
    {.quantity = QUANTITY_ENERGY_EXPORT, .function_code = 4, .address = 6,  .type = REGISTER_S64, .scale = 0.1},
    {.quantity = QUANTITY_POWER_L1,      .function_code = 3, .address = 18, .type = REGISTER_S16, .scale = 1,
     .has_scale_register = true, .scale_address = 22, .has_sentinel = true, .sentinel = 0x8000},
    {.quantity = QUANTITY_POWER_L2,      .function_code = 3, .address = 19, .type = REGISTER_U32, .scale = -1,
     .has_scale_register = true, .scale_address = 22},
    {.quantity = QUANTITY_FREQUENCY,     .function_code = 4, .address = 90, .type = REGISTER_U16, .scale = 0.01},
};
/* clang-format on */
static const struct device_profile profile = {.name = "fuzz",
                                              .words = WORDS_LOW_FIRST,
                                              .max_registers = 125,
                                              .registers = COUNT(registers),
                                              .reg = registers};

static void decode_all(const struct plan *plan, const struct plan_block *block,
                       struct cursor answer)
{
    for (uint32_t i = 0; i < block->values; i++) {
        double value = NAN;

        if (decode_value(&profile, block, &plan->value[block->first + i], answer, &value))
            assert(isfinite(value));
    }
}

static void take_stream(const struct plan *plan, const struct plan_block *block,
                        const struct request *request, struct cursor stream)
{
    for (;;) { /* each turn takes at least FRAME_LEAST bytes */
        struct cursor answer, frame;
        struct error err;
        size_t length = 0;
        uint8_t exception = 0;
        enum frame seen = frame_look(stream.at, stream.left, &length, &err);

        assert(length >= FRAME_LEAST && length <= FRAME_MOST);
        if (seen != FRAME_WHOLE)
            return;
        frame = take(&stream, length);
        assert(frame.ok);
        if (reply_read(request, frame.at, length, &answer, &exception, &err) == REPLY_REGISTERS) {
            assert(answer.left == 2U * request->count && answer.at + answer.left == stream.at);
            assert(frame_transaction(frame.at) == request->transaction);
            decode_all(plan, block, answer);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_over(data, size);
    uint8_t which = take_u8(&c);
    struct request request = {.transaction = take_u16(&c), .unit = take_u8(&c)};
    struct device_point point[COUNT(registers)];
    struct plan plan;
    bool built;

    if (!c.ok)
        return 0;
    for (uint32_t i = 0; i < COUNT(registers); i++)
        point[i] = (struct device_point){registers[i].quantity, i};
    built = plan_build(&plan, &profile, point, COUNT(registers), NULL);
    assert(built);
    if (which >= 128)
        (void)plan_split(&plan, which % plan.blocks);
    which %= (uint8_t)plan.blocks;
    request.function = plan.block[which].function;
    request.address = plan.block[which].address;
    request.count = plan.block[which].count;
    take_stream(&plan, &plan.block[which], &request, c);
    plan_free(&plan);
    return 0;
}
