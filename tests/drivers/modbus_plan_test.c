#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/modbus/decode.h"
#include "drivers/modbus/plan.h"
#include "tests/drivers/modbus_bench.h"

enum { VALUES = 8, ROUNDS = 3000 };

/* Values of one function, at `address` with `words` registers each. */
struct layout {
    struct profile_register reg[VALUES];
    struct device_point point[VALUES];
    struct device_profile profile;
};

static void layout_init(struct layout *l, uint16_t max_registers, uint16_t max_gap)
{
    *l = (struct layout){
        .profile = {
            .name = "test", .max_registers = max_registers, .max_gap = max_gap, .reg = l->reg}};
}

static struct profile_register *layout_add(struct layout *l, uint16_t address,
                                           enum register_type type)
{
    uint32_t i = l->profile.registers++;

    l->reg[i] = (struct profile_register){.quantity = (enum quantity)i,
                                          .function_code = 3,
                                          .address = address,
                                          .type = type,
                                          .scale = 1};
    l->point[i] = (struct device_point){(enum quantity)i, i};
    return &l->reg[i];
}

static void plan_of(struct plan *plan, const struct layout *l)
{
    struct error err;

    assert_true(plan_build(plan, &l->profile, l->point, l->profile.registers, &err));
}

static void expect_block(const struct plan *plan, uint32_t block, uint16_t address, uint16_t count,
                         uint32_t values)
{
    assert_int_equal(plan->block[block].address, address);
    assert_int_equal(plan->block[block].count, count);
    assert_int_equal(plan->block[block].values, values);
}

static void neighbours_are_read_together_gaps_only_as_far_as_allowed(void **state)
{
    struct layout l;
    struct plan plan;

    (void)state;
    layout_init(&l, 125, 2);
    (void)layout_add(&l, 20, REGISTER_F32); /* the profile's order does not matter */
    (void)layout_add(&l, 0, REGISTER_F32);
    (void)layout_add(&l, 2, REGISTER_F64);
    (void)layout_add(&l, 8, REGISTER_U16);  /* two unused before it */
    (void)layout_add(&l, 12, REGISTER_U16); /* three */
    plan_of(&plan, &l);
    assert_int_equal(plan.blocks, 3);
    expect_block(&plan, 0, 0, 9, 3);
    expect_block(&plan, 1, 12, 1, 1);
    expect_block(&plan, 2, 20, 2, 1);
    plan_free(&plan);
}

static void functions_and_lengths_separate(void **state)
{
    struct layout l;
    struct plan plan;

    (void)state;
    layout_init(&l, 5, 0);
    (void)layout_add(&l, 0, REGISTER_F32);
    (void)layout_add(&l, 2, REGISTER_F32);
    (void)layout_add(&l, 4, REGISTER_F32); /* would make six, and is not cut in two */
    layout_add(&l, 6, REGISTER_F32)->function_code = 4;
    plan_of(&plan, &l);
    assert_int_equal(plan.blocks, 3);
    expect_block(&plan, 0, 0, 4, 2);
    expect_block(&plan, 1, 4, 2, 1);
    expect_block(&plan, 2, 6, 2, 1);
    assert_int_equal(plan.block[2].function, 4);
    plan_free(&plan);
}

static void a_scale_register_comes_with_its_value(void **state)
{
    struct layout l;
    struct plan plan;
    struct profile_register *reg;
    const uint8_t bytes[] = {0x00, 0x7b, 0, 0, 0, 0, 0xff, 0xfe};
    const struct cursor registers = cursor_over(bytes, sizeof bytes);
    double value = 0;

    (void)state;
    layout_init(&l, 60, 0);
    reg = layout_add(&l, 18, REGISTER_S16);
    reg->has_scale_register = true;
    reg->scale_address = 21;
    plan_of(&plan, &l);
    assert_int_equal(plan.blocks, 1);
    expect_block(&plan, 0, 18, 4, 1);
    assert_true(decode_value(&l.profile, &plan.block[0], &plan.value[0], registers, &value));
    assert_float_equal(value, 1.23, 1e-12);
    plan_free(&plan);
}

static void a_scale_that_is_not_there_or_mad_is_no_value(void **state)
{
    struct layout l;
    struct plan plan;
    struct profile_register *reg;
    static const uint8_t bad[][4] = {{0, 1, 0x80, 0}, {0, 1, 0, 11}, {0, 1, 0xff, 0xf5}};
    static const uint8_t good[][4] = {{0, 1, 0, 10}, {0, 1, 0xff, 0xf6}};
    double value = 0;

    (void)state;
    layout_init(&l, 60, 0);
    reg = layout_add(&l, 0, REGISTER_U16);
    reg->has_scale_register = true;
    reg->scale_address = 1;
    plan_of(&plan, &l);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(decode_value(&l.profile, &plan.block[0], &plan.value[0],
                                  cursor_over(bad[i], 4), &value));
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(decode_value(&l.profile, &plan.block[0], &plan.value[0],
                                 cursor_over(good[i], 4), &value));
    assert_float_equal(value, 1e-10, 1e-15);
    plan_free(&plan);
}

static void what_does_not_fit_in_a_read_is_a_mistake_of_the_profile(void **state)
{
    struct layout l;
    struct plan plan;
    struct profile_register *reg;
    struct error err;

    (void)state;
    layout_init(&l, 10, 0);
    reg = layout_add(&l, 0, REGISTER_U16);
    reg->has_scale_register = true;
    reg->scale_address = 10;
    assert_false(plan_build(&plan, &l.profile, l.point, 1, &err));
    assert_int_equal(err.what, ERR_CONFLICT);
    plan_free(&plan);
    assert_false(plan_build(&plan, &l.profile, l.point, 0, &err));
    plan_free(&plan);
}

static void a_refused_block_falls_into_its_values(void **state)
{
    struct layout l;
    struct plan plan;

    (void)state;
    layout_init(&l, 125, 0);
    (void)layout_add(&l, 0, REGISTER_F32);
    (void)layout_add(&l, 10, REGISTER_F32);
    (void)layout_add(&l, 12, REGISTER_F32);
    (void)layout_add(&l, 14, REGISTER_F32);
    (void)layout_add(&l, 30, REGISTER_F32);
    plan_of(&plan, &l);
    assert_int_equal(plan.blocks, 3);
    assert_false(plan_split(&plan, 0));
    assert_true(plan_split(&plan, 1));
    assert_int_equal(plan.blocks, 5);
    expect_block(&plan, 0, 0, 2, 1);
    expect_block(&plan, 1, 10, 2, 1);
    expect_block(&plan, 2, 12, 2, 1);
    expect_block(&plan, 3, 14, 2, 1);
    expect_block(&plan, 4, 30, 2, 1);
    for (uint32_t b = 0; b < plan.blocks; b++)
        assert_int_equal(plan.block[b].first, b);
    plan_free(&plan);
}

/* ---------------------------------------------------------------- against trying everything */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static bool may_be_one_block(const struct plan *plan, const struct device_profile *profile,
                             uint32_t set)
{
    uint32_t start = UINT32_MAX, end = 0;

    for (uint32_t i = 0; i < plan->values; i++) { /* sorted by start */
        const struct plan_value *v = &plan->value[i];
        uint32_t v_end = (uint32_t)v->start + v->words;

        if ((set >> i & 1U) == 0)
            continue;
        if (start == UINT32_MAX)
            start = end = v->start;
        if (v->start > end + profile->max_gap)
            return false;
        end = v_end > end ? v_end : end;
    }
    return start == UINT32_MAX || end - start <= profile->max_registers;
}

/* The fewest blocks of any partition of the values, by dynamic programming over sets. */
static uint32_t fewest_blocks(const struct plan *plan, const struct device_profile *profile)
{
    uint32_t best[1U << VALUES] = {0};

    for (uint32_t set = 1; set < 1U << plan->values; set++) {
        best[set] = UINT32_MAX;
        for (uint32_t part = set; part != 0; part = (part - 1) & set)
            if (may_be_one_block(plan, profile, part) && best[set & ~part] + 1 < best[set])
                best[set] = best[set & ~part] + 1;
    }
    return best[(1U << plan->values) - 1];
}

static void no_other_plan_needs_fewer_reads(void **state)
{
    uint32_t random = 20261125; /* the seed: printed with a failure */

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t seed = random;
        struct layout l;
        struct plan plan;

        layout_init(&l, (uint16_t)(8 + next_random(&random) % 12),
                    (uint16_t)(next_random(&random) % 5));
        for (uint32_t i = 0; i < 6; i++) {
            struct profile_register *reg =
                layout_add(&l, (uint16_t)(next_random(&random) % 40),
                           (enum register_type)(next_random(&random) % (REGISTER_F64 + 1)));

            reg->has_scale_register = next_random(&random) % 3 == 0;
            reg->scale_address = (uint16_t)(reg->address + next_random(&random) % 8);
        }
        plan_of(&plan, &l);
        if (plan.blocks != fewest_blocks(&plan, &l.profile))
            fail_msg("seed %u: %u blocks, %u would do", seed, plan.blocks,
                     fewest_blocks(&plan, &l.profile));
        plan_free(&plan);
    }
}

/* ---------------------------------------------------------------- the shipped profiles */

struct reads {
    const char *profile;
    uint32_t values, reads;
};

static void the_shipped_profiles_need_few_reads(void **state)
{
    static const struct reads expected[] = {
        {"eastron-sdm630", 16, 1},        {"schneider-iem3000", 15, 5},
        {"siemens-pac3200", 16, 2},       {"sunspec-meter-203", 16, 1},
        {"sunspec-inverter-103", 12, 1},  {"abb-b23", 14, 2},
        {"carlo-gavazzi-em24-e1", 14, 7}, {"janitza-umg96rm", 14, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(expected); i++) {
        static struct bench bench;
        const struct device_profile *profile;
        struct bench_meter *meter;
        struct plan plan;
        struct error err;

        bench_open(&bench);
        profile = bench_profile(&bench, expected[i].profile);
        assert_non_null(profile_find(profile, QUANTITY_POWER));
        meter = bench_meter(&bench, 502, 1, profile, 1000, 1000);
        assert_true(plan_build(&plan, profile, meter->device_point, profile->registers, &err));
        if (plan.values != expected[i].values || plan.blocks != expected[i].reads)
            fail_msg("%s: %u values in %u reads", expected[i].profile, plan.values, plan.blocks);
        plan_free(&plan);
        bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_read_together_gaps_only_as_far_as_allowed),
        cmocka_unit_test(functions_and_lengths_separate),
        cmocka_unit_test(a_scale_register_comes_with_its_value),
        cmocka_unit_test(a_scale_that_is_not_there_or_mad_is_no_value),
        cmocka_unit_test(what_does_not_fit_in_a_read_is_a_mistake_of_the_profile),
        cmocka_unit_test(a_refused_block_falls_into_its_values),
        cmocka_unit_test(no_other_plan_needs_fewer_reads),
        cmocka_unit_test(the_shipped_profiles_need_few_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
