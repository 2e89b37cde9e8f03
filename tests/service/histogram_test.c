#include "service/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_empty_one_has_no_quantiles(void **state)
{
    struct histogram h = {0};

    (void)state;
    assert_int_equal(histogram_quantile_us(&h, 0.5), 0);
    assert_int_equal(histogram_quantile_us(&h, 0.99), 0);
}

static void a_quantile_is_never_below_the_truth_and_within_a_sixteenth(void **state)
{
    struct histogram h = {0};

    (void)state;
    for (int64_t us = 1; us <= 10000; us++)
        histogram_add(&h, us * 1000);
    for (int percent = 1; percent <= 100; percent++) {
        int64_t truth_us = percent * 100;
        int64_t got_us = histogram_quantile_us(&h, percent / 100.0);

        assert_true(got_us >= truth_us);
        assert_true(got_us <= truth_us + truth_us / 16 + 1);
    }
    assert_int_equal(h.count, 10000);
    assert_int_equal(h.sum_ns, INT64_C(50005000) * 1000);
}

static void one_slow_tick_in_a_hundred_shows_above_p99(void **state)
{
    struct histogram h = {0};

    (void)state;
    for (int i = 0; i < 99; i++)
        histogram_add(&h, 100 * 1000);
    histogram_add(&h, NS_PER_S);
    assert_in_range(histogram_quantile_us(&h, 0.99), 100, 107);
    assert_in_range(histogram_quantile_us(&h, 1.0), 1000000, 1062500);
}

static void what_is_off_the_scale_counts_at_its_ends(void **state)
{
    struct histogram h = {0};

    (void)state;
    histogram_add(&h, -5);
    histogram_add(&h, INT64_MAX / 2);
    assert_int_equal(h.count, 2);
    assert_int_equal(histogram_below(&h, 4), 1);
    assert_int_equal(histogram_below(&h, HISTOGRAM_TOP_OCTAVE), 1);
    assert_true(histogram_quantile_us(&h, 1.0) > 60 * 1000 * 1000);
}

static void counts_below_a_power_of_two_are_exact(void **state)
{
    struct histogram h = {0};

    (void)state;
    for (int64_t us = 0; us < 100000; us++)
        histogram_add(&h, us * 1000);
    for (unsigned power = 4; power <= 16; power++)
        assert_int_equal(histogram_below(&h, power), 1U << power);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_has_no_quantiles),
        cmocka_unit_test(a_quantile_is_never_below_the_truth_and_within_a_sixteenth),
        cmocka_unit_test(one_slow_tick_in_a_hundred_shows_above_p99),
        cmocka_unit_test(what_is_off_the_scale_counts_at_its_ends),
        cmocka_unit_test(counts_below_a_power_of_two_are_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
