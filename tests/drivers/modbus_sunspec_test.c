#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/modbus/sunspec.h"

enum { REGISTERS = 65536, STEPS_MOST = 100 };

/* A device's registers; what was not set is refused. */
struct map {
    uint16_t word[REGISTERS];
    bool there[REGISTERS];
};

static struct map map;

static int setup(void **state)
{
    (void)state;
    memset(&map, 0, sizeof map);
    return 0;
}

static uint32_t put(uint32_t at, uint16_t word)
{
    map.word[at] = word;
    map.there[at] = true;
    return at + 1;
}

static uint32_t put_model(uint32_t at, uint16_t id, uint16_t length)
{
    at = put(put(at, id), length);
    for (uint32_t i = 0; i < length && at + i < REGISTERS; i++)
        (void)put(at + i, 0xeeee);
    return at + length;
}

static uint32_t put_signature(uint32_t at) { return put(put(at, 0x5375), 0x6e53); }

/* Reads for the walk until it is over; returns how many reads that took. */
static int walk_to_end(struct sunspec_walk *walk, uint16_t wanted)
{
    uint16_t address, count;
    int steps = 0;

    sunspec_begin(walk, wanted);
    for (; sunspec_next(walk, &address, &count); steps++) {
        uint8_t bytes[4];

        assert_int_equal(count, 2);
        assert_true(steps < STEPS_MOST && (uint32_t)address + count <= REGISTERS);
        if (!map.there[address] || !map.there[address + 1]) {
            sunspec_refused(walk, 2);
            continue;
        }
        for (size_t i = 0; i < 2; i++) {
            bytes[2 * i] = (uint8_t)(map.word[address + i] >> 8);
            bytes[2 * i + 1] = (uint8_t)map.word[address + i];
        }
        sunspec_registers(walk, cursor_over(bytes, sizeof bytes));
    }
    return steps;
}

static void the_model_is_found_at_each_base(void **state)
{
    static const uint16_t bases[] = {40000, 0, 50000};

    for (size_t b = 0; b < COUNT(bases); b++) {
        struct sunspec_walk walk;
        uint32_t at;

        (void)setup(state);
        at = put_model(put_model(put_signature(bases[b]), 1, 66), 17, 4);
        (void)put_model(put_model(at, 203, 105), 0xffff, 0);
        assert_int_equal(walk_to_end(&walk, 203), (int)b + 1 + 3);
        assert_int_equal(walk.stage, SUNSPEC_FOUND);
        assert_int_equal(walk.address, at);
        assert_int_equal(walk.length, 105);
    }
}

static void another_thing_at_a_base_is_passed_by(void **state)
{
    struct sunspec_walk walk;

    (void)state;
    (void)put(put(40000, 0), 7); /* answers, but is no map */
    (void)put_model(put_model(put_signature(50000), 1, 65), 103, 50);
    (void)walk_to_end(&walk, 103);
    assert_int_equal(walk.stage, SUNSPEC_FOUND);
    assert_int_equal(walk.address, 50000 + 2 + 67);
}

static void expect_failed(uint16_t wanted, enum error_kind what)
{
    struct sunspec_walk walk;

    (void)walk_to_end(&walk, wanted);
    assert_int_equal(walk.stage, SUNSPEC_FAILED);
    assert_int_equal(walk.why.what, what);
}

static void a_device_without_a_map_or_model_says_so(void **state)
{
    expect_failed(203, ERR_MISSING);
    (void)put_model(put_model(put_signature(0), 1, 66), 0xffff, 0);
    expect_failed(203, ERR_MISSING);
    (void)setup(state);
    (void)put_model(put_signature(0), 1, 66); /* no end: the next header is refused */
    expect_failed(203, ERR_MISSING);
}

static void chains_that_lie_end(void **state)
{
    uint32_t at;

    (void)state;
    (void)put_model(put_signature(0), 103, 50); /* model 1 is not first */
    expect_failed(203, ERR_PROTOCOL);
    (void)setup(state);
    (void)put_model(put_model(put_signature(0), 1, 66), 50, 0); /* stands still */
    expect_failed(203, ERR_PROTOCOL);
    (void)setup(state);
    (void)put_model(put_model(put_signature(50000), 1, 66), 50, 60000); /* leads past the end */
    expect_failed(203, ERR_PROTOCOL);
    (void)setup(state);
    (void)put_model(put_model(put_signature(50000), 1, 66), 203, 60000); /* so does the model */
    expect_failed(203, ERR_PROTOCOL);
    (void)setup(state);
    at = put_model(put_signature(0), 1, 66); /* without end */
    for (int i = 0; i < 100; i++)
        at = put_model(at, 50, 1);
    expect_failed(203, ERR_FULL);
}

static void fewer_registers_than_asked_end_the_walk(void **state)
{
    static const uint8_t bytes[] = {0x53, 0x75, 0x6e};
    struct sunspec_walk walk;

    (void)state;
    sunspec_begin(&walk, 203);
    sunspec_registers(&walk, cursor_over(bytes, sizeof bytes));
    assert_int_equal(walk.stage, SUNSPEC_FAILED);
    assert_int_equal(walk.why.what, ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_model_is_found_at_each_base, setup),
        cmocka_unit_test_setup(another_thing_at_a_base_is_passed_by, setup),
        cmocka_unit_test_setup(a_device_without_a_map_or_model_says_so, setup),
        cmocka_unit_test_setup(chains_that_lie_end, setup),
        cmocka_unit_test_setup(fewer_registers_than_asked_end_the_walk, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
