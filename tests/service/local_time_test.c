#include "service/local_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

/* 2026-03-29 01:00:00Z: Central Europe goes from 02:00 to 03:00. A Sunday. */
#define SPRING_S INT64_C(1774746000)

static void open_or_skip(const char *zone)
{
    struct error err;

    if (!local_time_open(zone, &err))
        skip(); /* a machine without tzdata */
}

static void monday_is_day_0_and_minutes_count_from_midnight(void **state)
{
    struct local_time t;

    (void)state;
    open_or_skip("UTC");
    t = local_time_at(true, SPRING_S);
    assert_true(t.known);
    assert_int_equal(t.weekday, 6);
    assert_int_equal(t.minute_of_day, 60);
    t = local_time_at(true, SPRING_S + 23 * 3600);
    assert_int_equal(t.weekday, 0);
    assert_int_equal(t.minute_of_day, 0);
}

static void the_hour_that_spring_skips_is_skipped(void **state)
{
    (void)state;
    open_or_skip("Europe/Berlin");
    assert_int_equal(local_time_at(true, SPRING_S - 1).minute_of_day, 2 * 60 - 1);
    assert_int_equal(local_time_at(true, SPRING_S).minute_of_day, 3 * 60);
}

static void a_day_begins_where_the_site_is(void **state)
{
    struct local_time t;

    (void)state;
    open_or_skip("Asia/Tokyo");
    t = local_time_at(true, SPRING_S + 14 * 3600); /* Sunday 15:00Z is Monday 00:00 there */
    assert_int_equal(t.weekday, 0);
    assert_int_equal(t.minute_of_day, 0);
}

static void a_clock_that_can_not_be_right_is_unknown(void **state)
{
    (void)state;
    open_or_skip("UTC");
    assert_false(local_time_at(true, 0).known);
    assert_false(local_time_at(true, INT64_C(1704067199)).known); /* 2023-12-31T23:59:59Z */
    assert_true(local_time_at(true, INT64_C(1704067200)).known);
    assert_false(local_time_at(true, INT64_C(4102444800)).known);
    assert_false(local_time_at(true, INT64_MIN).known);
    assert_false(local_time_at(true, INT64_MAX).known);
}

static void an_unknown_zone_is_an_error_and_not_utc(void **state)
{
    static const char *const wrong[] = {"Europe/Berlim", "", "/etc/localtime", "../zoneinfo/UTC",
                                        ":UTC"};
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_false(local_time_open(wrong[i], &err));
        assert_int_equal(err.what, ERR_UNKNOWN);
        assert_string_equal(err.got, wrong[i]);
    }
    assert_false(local_time_at(false, SPRING_S).known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monday_is_day_0_and_minutes_count_from_midnight),
        cmocka_unit_test(the_hour_that_spring_skips_is_skipped),
        cmocka_unit_test(a_day_begins_where_the_site_is),
        cmocka_unit_test(a_clock_that_can_not_be_right_is_unknown),
        cmocka_unit_test(an_unknown_zone_is_an_error_and_not_utc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
