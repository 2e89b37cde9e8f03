#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/modbus/reply.h"

static const struct request request = {
    .transaction = 0x1234, .unit = 7, .function = 4, .address = 52, .count = 2};
static const uint8_t good[] = {0x12, 0x34, 0, 0, 0, 7, 7, 4, 4, 0x44, 0x7a, 0, 0};
static const uint8_t exception_6[] = {0x12, 0x34, 0, 0, 0, 3, 7, 0x84, 6};

static enum frame look(const uint8_t *bytes, size_t n, size_t *length)
{
    struct error err;

    return frame_look(bytes, n, length, &err);
}

static enum reply read_frame(const uint8_t *bytes, size_t n, struct cursor *registers,
                             uint8_t *exception)
{
    struct error err;

    return reply_read(&request, bytes, n, registers, exception, &err);
}

static void a_request_is_twelve_bytes(void **state)
{
    static const uint8_t expected[] = {0x12, 0x34, 0, 0, 0, 6, 7, 4, 0, 52, 0, 2};
    uint8_t out[REQUEST_BYTES];

    (void)state;
    request_write(&request, out);
    assert_memory_equal(out, expected, sizeof expected);
}

static void a_frame_is_short_until_its_last_byte(void **state)
{
    size_t length = 0;

    (void)state;
    for (size_t n = 0; n < sizeof good; n++) {
        assert_int_equal(look(good, n, &length), FRAME_SHORT);
        assert_int_equal(length, n < 7 ? FRAME_LEAST : sizeof good);
    }
    assert_int_equal(look(good, sizeof good, &length), FRAME_WHOLE);
    assert_int_equal(length, sizeof good);
    assert_int_equal(frame_transaction(good), 0x1234);
}

static void an_answer_gives_exactly_the_registers_asked_for(void **state)
{
    struct cursor registers;
    uint8_t exception = 0;

    (void)state;
    assert_int_equal(read_frame(good, sizeof good, &registers, &exception), REPLY_REGISTERS);
    assert_int_equal(registers.left, 4);
    assert_int_equal(take_u16(&registers), 0x447a);
    assert_int_equal(take_u16(&registers), 0);
    assert_true(registers.ok);
    assert_int_equal(take_u16(&registers), 0); /* past the end: nothing, and not ok */
    assert_false(registers.ok);
    assert_int_equal(read_frame(exception_6, sizeof exception_6, &registers, &exception),
                     REPLY_EXCEPTION);
    assert_int_equal(exception, 6);
}

struct change {
    size_t at;
    uint8_t to;
    enum frame frame; /* what the stream's look says */
};

static void every_changed_byte_is_noticed(void **state)
{
    static const struct change changes[] = {
        {0, 0x13, FRAME_WHOLE}, {1, 0x35, FRAME_WHOLE},  {2, 1, FRAME_BROKEN},
        {3, 1, FRAME_BROKEN},   {4, 1, FRAME_BROKEN},    {5, 2, FRAME_BROKEN},
        {5, 8, FRAME_SHORT},    {5, 6, FRAME_BROKEN},    {6, 8, FRAME_WHOLE},
        {7, 3, FRAME_WHOLE},    {7, 0x84, FRAME_BROKEN}, {7, 0, FRAME_BROKEN},
        {7, 16, FRAME_BROKEN},  {8, 2, FRAME_BROKEN},    {8, 5, FRAME_BROKEN},
        {8, 6, FRAME_BROKEN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        uint8_t bytes[sizeof good];
        struct cursor registers;
        uint8_t exception;
        size_t length = 0;

        memcpy(bytes, good, sizeof good);
        bytes[changes[i].at] = changes[i].to;
        assert_int_equal(look(bytes, sizeof bytes, &length), changes[i].frame);
        assert_int_equal(read_frame(bytes, sizeof bytes, &registers, &exception), REPLY_WRONG);
    }
}

static void another_count_is_another_answer(void **state)
{
    static const uint8_t more[] = {0x12, 0x34, 0, 0, 0, 9, 7, 4, 6, 1, 2, 3, 4, 5, 6};
    struct cursor registers;
    uint8_t exception;
    size_t length = 0;

    (void)state;
    assert_int_equal(look(more, sizeof more, &length), FRAME_WHOLE);
    assert_int_equal(read_frame(more, sizeof more, &registers, &exception), REPLY_WRONG);
}

static void exceptions_mean_different_things(void **state)
{
    (void)state;
    for (uint8_t e = 1; e <= 3; e++)
        assert_int_equal(refusal_of(e), REFUSED_FOR_GOOD);
    assert_int_equal(refusal_of(5), REFUSED_FOR_NOW);
    assert_int_equal(refusal_of(6), REFUSED_FOR_NOW);
    assert_int_equal(refusal_of(0x0a), REFUSED_SILENT);
    assert_int_equal(refusal_of(0x0b), REFUSED_SILENT);
    assert_int_equal(refusal_of(4), REFUSED_FAULT);
    assert_int_equal(refusal_of(200), REFUSED_FAULT);
    assert_string_equal(exception_text(2), "illegal data address");
    assert_string_equal(exception_text(0), "unknown exception");
    assert_string_equal(exception_text(255), "unknown exception");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_twelve_bytes),
        cmocka_unit_test(a_frame_is_short_until_its_last_byte),
        cmocka_unit_test(an_answer_gives_exactly_the_registers_asked_for),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(another_count_is_another_answer),
        cmocka_unit_test(exceptions_mean_different_things),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
