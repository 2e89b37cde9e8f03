/* Every sample passes a row of named tests; what fails is never a value again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/reading.h"

#include <math.h>

static const struct point meter = {.name = "meter.power",
                                   .quantity = QUANTITY_POWER,
                                   .min = -1000,
                                   .max = 100000,
                                   .stale_after_ns = 3 * NS_PER_S,
                                   .checks_jump = true,
                                   .jump_per_s = 5000,
                                   .checks_frozen = true,
                                   .frozen_after_ns = 10 * NS_PER_S};

static struct reading after(struct reading_history *history, double value, int64_t second)
{
    struct sample sample = {.value = value, .taken_ns = second * NS_PER_S};
    struct reading reading = {0};

    assert_true(reading_accept(&meter, history, &sample, &reading));
    return reading;
}

static void a_believable_sample_is_good(void **state)
{
    struct reading_history history = {0};
    struct reading reading = after(&history, 4000, 1);
    double value = 0;

    (void)state;
    assert_int_equal(reading.quality, QUALITY_GOOD);
    assert_true(reading_good(&reading, &value));
    assert_true(value == 4000);
}

static void what_is_not_a_number_or_out_of_range_is_bad(void **state)
{
    static const struct {
        double value;
        enum flaw flaw;
    } cases[] = {{NAN, FLAW_NOT_A_NUMBER},
                 {INFINITY, FLAW_NOT_A_NUMBER},
                 {-1001, FLAW_OUT_OF_RANGE},
                 {1e30, FLAW_OUT_OF_RANGE}};
    double value = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct reading_history history = {0};
        struct reading reading = after(&history, cases[i].value, 1);

        assert_int_equal(reading.quality, QUALITY_BAD);
        assert_int_equal(reading.flaw, cases[i].flaw);
        assert_false(reading_good(&reading, &value));
        assert_true(reading.value == 0);
    }
}

static void what_the_device_itself_refuses_is_bad(void **state)
{
    struct reading_history history = {0};
    struct sample sample = {.value = 4000, .taken_ns = NS_PER_S, .refused = true};
    struct reading reading = {0};

    (void)state;
    assert_true(reading_accept(&meter, &history, &sample, &reading));
    assert_int_equal(reading.flaw, FLAW_DEVICE);
}

static void a_jump_is_bad_until_it_is_the_truth(void **state)
{
    struct reading_history history = {0};
    int bad = 0;

    (void)state;
    after(&history, 4000, 1);
    for (int64_t second = 2; second < 20; second++) {
        struct reading reading = after(&history, 90000 + (double)second, second);

        if (reading.quality == QUALITY_GOOD)
            break;
        assert_int_equal(reading.flaw, FLAW_JUMP);
        bad++;
    }
    assert_int_equal(bad, 5);
}

static void other_flaws_do_not_make_a_jump_believable(void **state)
{
    struct reading_history history = {0};

    (void)state;
    after(&history, 4000, 1);
    for (int64_t second = 2; second < 10; second++)
        assert_int_equal(after(&history, NAN, second).quality, QUALITY_BAD);
    assert_int_equal(after(&history, 90000, 10).flaw, FLAW_JUMP);
}

static void the_same_value_for_too_long_is_frozen(void **state)
{
    struct reading_history history = {0};
    struct reading reading = {0};

    (void)state;
    for (int64_t second = 1; second <= 10; second++)
        assert_int_equal(after(&history, 4000.5, second).quality, QUALITY_GOOD);
    reading = after(&history, 4000.5, 11);
    assert_int_equal(reading.flaw, FLAW_FROZEN);
    assert_int_equal(after(&history, 4000.6, 12).quality, QUALITY_GOOD);
}

static void an_exact_zero_may_last(void **state)
{
    struct reading_history history = {0};

    (void)state;
    for (int64_t second = 1; second < 100; second++)
        assert_int_equal(after(&history, 0, second).quality, QUALITY_GOOD);
}

static void a_late_answer_does_not_go_back_in_time(void **state)
{
    struct reading_history history = {0};
    struct sample late = {.value = 3000, .taken_ns = 4 * NS_PER_S};
    struct reading reading = after(&history, 4000, 5);

    (void)state;
    assert_false(reading_accept(&meter, &history, &late, &reading));
    assert_true(reading.value == 4000);
}

static void an_old_reading_is_stale_and_not_good(void **state)
{
    struct reading_history history = {0};
    struct reading reading = after(&history, 4000, 5);
    double value = 0;

    (void)state;
    reading_age(&meter, &reading, 8 * NS_PER_S);
    assert_int_equal(reading.quality, QUALITY_GOOD);
    reading_age(&meter, &reading, 8 * NS_PER_S + 1);
    assert_int_equal(reading.quality, QUALITY_STALE);
    assert_false(reading_good(&reading, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_believable_sample_is_good),
        cmocka_unit_test(what_is_not_a_number_or_out_of_range_is_bad),
        cmocka_unit_test(what_the_device_itself_refuses_is_bad),
        cmocka_unit_test(a_jump_is_bad_until_it_is_the_truth),
        cmocka_unit_test(other_flaws_do_not_make_a_jump_believable),
        cmocka_unit_test(the_same_value_for_too_long_is_frozen),
        cmocka_unit_test(an_exact_zero_may_last),
        cmocka_unit_test(a_late_answer_does_not_go_back_in_time),
        cmocka_unit_test(an_old_reading_is_stale_and_not_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
