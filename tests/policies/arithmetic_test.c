/* The worked numbers of the arithmetic that policies share. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policies/baseline.h"
#include "policies/calendar.h"
#include "policies/carbon_plan.h"
#include "policies/window.h"

static void near(double got, double wanted, double off)
{
    if (!(fabs(got - wanted) <= off))
        fail_msg("got %.9g, expected %.9g", got, wanted);
}

/* ---- windows ---- */

static void a_window_leaves_what_it_has_not_used(void **state)
{
    (void)state;
    /* 1 MW over 15 min, 180 kWh at minute 10 */
    near(window_permitted_w(250e3, 180e3, 300, 0), 840e3, 1e-6);
    near(window_permitted_w(250e3, 180e3, 300, 200e3), 840e3, 1e-6);
    /* Lost: not even the floor fits. */
    near(window_permitted_w(250e3, 245e3, 300, 100e3), 100e3, 0);
}

static void load_that_falls_late_has_drawn_already(void **state)
{
    (void)state;
    /* 1100 to 500 kW, 20 s of dead time, 20 kW/s: 5.83 kWh */
    near(window_falling_wh(1100e3, 500e3, 20, 20e3), 5833.333, 0.001);
    near(window_falling_wh(500e3, 500e3, 20, 20e3), 0, 0);
    near(window_falling_wh(400e3, 500e3, 20, 20e3), 0, 0);
}

static void sliding_windows_remember_a_burst(void **state)
{
    static const double past[] = {1300e3, 1000e3, 900e3};
    static const double calm[] = {1000e3, 1000e3, 1000e3};

    (void)state;
    near(window_sliding_w(4000e3, past, 4, 3600, 0, 3600), 800e3, 1e-6);
    near(window_sliding_w(4000e3, calm, 4, 3600, 0, 3600), 1000e3, 1e-6);
    /* Half an hour into it, 500 kWh used: 300 kWh in the other half. */
    near(window_sliding_w(4000e3, past, 4, 3600, 500e3, 1800), 600e3, 1e-6);
    assert_true(window_sliding_w(1000e3, past, 4, 3600, 0, 3600) < 0);
    near(window_sliding_w(250e3, NULL, 1, 900, 180e3, 300), 840e3, 1e-6);
}

/* Spending all of a sliding window's credit echoes the burst: 800, 900, 1000, 1300, 800. */
static void a_burst_echoes_while_all_credit_is_spent(void **state)
{
    static const double wanted[] = {800e3, 900e3, 1000e3, 1300e3, 800e3};
    double past[3] = {1300e3, 1000e3, 900e3};

    (void)state;
    for (size_t i = 0; i < COUNT(wanted); i++) {
        double sum = past[0] + past[1] + past[2];

        near(4000e3 - sum, wanted[i], 1e-6); /* what the window that ends next leaves */
        assert_true(window_sliding_w(4000e3, past, 4, 3600, 0, 3600) <= wanted[i]);
        past[2] = past[1];
        past[1] = past[0];
        past[0] = wanted[i];
    }
}

/* ---- carbon ---- */

static void plan(const double intensity[], size_t n, double budget_g, enum work_value value,
                 struct carbon_slot slot[])
{
    const struct carbon_bounds bounds = {20e3, 100e3, budget_g};

    for (size_t i = 0; i < n; i++)
        slot[i] = (struct carbon_slot){1.0, intensity[i], -1.0};
    assert_true(carbon_plan(slot, (uint32_t)n, &bounds, value));
    assert_true(carbon_plan_cost_g(slot, (uint32_t)n) <= budget_g * (1 + 1e-12));
}

static const double rising[] = {100, 200, 300, 400};

static void linear_work_runs_below_a_threshold(void **state)
{
    static const double wanted_w[] = {100e3, 100e3, 40e3, 20e3};
    struct carbon_slot slot[4];
    double sum_wh = 0;

    (void)state;
    plan(rising, 4, 50e3, WORK_LINEAR, slot);
    for (int i = 0; i < 4; i++) {
        near(slot[i].power_w, wanted_w[i], 1e-6);
        sum_wh += slot[i].power_w;
    }
    near(sum_wh, 260e3, 1e-6);
}

static void concave_work_has_one_price_of_carbon(void **state)
{
    static const double wanted_w[] = {100e3, 92.3e3, 41.0e3, 23.1e3};
    struct carbon_slot slot[4];

    (void)state;
    plan(rising, 4, 50e3, WORK_CONCAVE, slot);
    for (int i = 0; i < 4; i++)
        near(slot[i].power_w, wanted_w[i], 50);
    near(carbon_plan_cost_g(slot, 4), 50e3, 1e-3);
    /* V' / c is the same for all that are at no bound. */
    near(sqrt(slot[1].power_w) * 200, sqrt(slot[3].power_w) * 400, 1e-3);
}

static void equal_intensities_share_evenly(void **state)
{
    static const double same[] = {250, 250, 250, 250};
    struct carbon_slot slot[4];

    (void)state;
    for (int value = WORK_LINEAR; value <= WORK_CONCAVE; value++) {
        plan(same, 4, 50e3, (enum work_value)value, slot);
        for (int i = 0; i < 4; i++)
            near(slot[i].power_w, 50e3, 1e-3);
    }
}

static void a_budget_that_is_large_or_none_is_said(void **state)
{
    struct carbon_slot slot[4];
    const struct carbon_bounds none = {20e3, 100e3, 10e3};

    (void)state;
    plan(rising, 4, 100e3, WORK_LINEAR, slot);
    near(slot[3].power_w, 100e3, 0);
    plan(rising, 4, 100e3, WORK_CONCAVE, slot);
    near(slot[3].power_w, 100e3, 0);
    assert_false(carbon_plan(slot, 4, &none, WORK_LINEAR));
    near(slot[0].power_w, 20e3, 0);
    near(slot[3].power_w, 20e3, 0);
}

/* ---- the calendar ---- */

static struct local_time at(int64_t utc_s, int64_t ahead_s)
{
    int64_t local_s = utc_s + ahead_s;

    return (struct local_time){true, utc_s, (int)((floor_div(local_s, 86400) % 7 + 10) % 7),
                               (int)((local_s - floor_div(local_s, 86400) * 86400) / 60)};
}

static void the_local_day_follows_from_weekday_and_minute(void **state)
{
    /* 2024-02-29 23:30:15 UTC, in zones from -12 h to +14 h */
    const int64_t utc_s = 1709249415;
    struct calendar calendar;

    (void)state;
    for (int64_t ahead_s = -43200; ahead_s <= 50400; ahead_s += 900) {
        struct local_time local = at(utc_s, ahead_s);

        assert_true(calendar_at(&local, &calendar));
        assert_int_equal(calendar.local_s, utc_s + ahead_s);
        assert_int_equal(calendar.month, 2024 * 12 + (ahead_s >= 1785 ? 2 : 1));
    }
}

static void months_begin_where_they_begin(void **state)
{
    (void)state;
    assert_int_equal(month_first_day(1970 * 12), 0);
    assert_int_equal(month_first_day(2024 * 12 + 2) - month_first_day(2024 * 12 + 1), 29);
    assert_int_equal(month_first_day(2100 * 12 + 2) - month_first_day(2100 * 12 + 1), 28);
    assert_int_equal(month_first_day(2024 * 12) * 86400, 1704067200);
    for (int64_t month = 1960 * 12; month < 2200 * 12; month++) {
        struct local_time first = at(month_first_day(month) * 86400, 0);
        struct local_time last = at(month_first_day(month + 1) * 86400 - 1, 0);
        struct calendar calendar;

        assert_true(calendar_at(&first, &calendar));
        assert_int_equal(calendar.month, month);
        assert_true(calendar_at(&last, &calendar));
        assert_int_equal(calendar.month, month);
    }
}

static void a_clock_that_says_nonsense_is_not_known(void **state)
{
    struct local_time wrong[] = {
        {false, 0, 0, 0}, {true, INT64_MAX, 0, 0}, {true, INT64_MIN, 0, 0},
        {true, 0, 7, 0},  {true, 0, 0, 1440},      {true, 0, 0, 0} /* Monday, on a Thursday */};
    struct calendar calendar;

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(calendar_at(&wrong[i], &calendar));
}

static void a_step_of_the_clock_is_seen(void **state)
{
    struct clock_watch watch = {0};
    struct snapshot snapshot = {.now_ns = NS_PER_S, .local = at(1000, 0)};

    (void)state;
    clock_watch_run(&watch, &snapshot);
    assert_false(watch.stepped);
    assert_true(clock_steady(&watch, &snapshot, 900 * NS_PER_S));
    for (int i = 0; i < 100; i++) { /* a clock that is slewed by 1 % does not step */
        snapshot.now_ns += 10100 * NS_PER_MS;
        snapshot.local = at(snapshot.local.utc_s + 10, 0);
        clock_watch_run(&watch, &snapshot);
        assert_false(watch.stepped);
    }
    snapshot.now_ns += NS_PER_S;
    snapshot.local = at(snapshot.local.utc_s + 5, 0);
    clock_watch_run(&watch, &snapshot);
    assert_true(watch.stepped);
    assert_false(clock_steady(&watch, &snapshot, 900 * NS_PER_S));
    snapshot.now_ns += 901 * NS_PER_S;
    snapshot.local = at(snapshot.local.utc_s + 901, 0);
    clock_watch_run(&watch, &snapshot);
    assert_false(watch.stepped);
    assert_true(clock_steady(&watch, &snapshot, 900 * NS_PER_S));
    snapshot.local.known = false;
    assert_false(clock_steady(&watch, &snapshot, 900 * NS_PER_S));
}

/* ---- the baseline ---- */

static void live_day(struct baseline_history *h, int64_t day, double load_w, bool event)
{
    for (int64_t s = 0; s < 86400; s += 60)
        baseline_add(h, day * 86400 + s, 60, true, load_w);
    if (event)
        baseline_mark_event(h);
}

static void the_baseline_is_the_mean_of_like_days(void **state)
{
    struct baseline_history h = {0};
    const int64_t monday = 19723; /* 2024-01-01 */
    double mean_w = 0;

    (void)state;
    assert_false(baseline_mean_w(&h, LIKE_ANY, 10, monday, 12, &mean_w));
    for (int64_t day = 0; day < 12;
         day++) /* weekends draw 500 kW, working days 1000; one had an event */
        live_day(&h, monday + day, day == 9 ? 100e3 : day % 7 >= 5 ? 500e3 : 1000e3, day == 9);
    live_day(&h, monday + 12, 0, false);
    assert_true(baseline_mean_w(&h, LIKE_WORKING, 10, monday + 14, 12, &mean_w));
    near(mean_w, 1000e3, 1);
    assert_true(baseline_mean_w(&h, LIKE_ANY, 10, monday + 12, 12, &mean_w));
    near(mean_w, 900e3, 1); /* of the last ten without an event two drew 500 kW */
    assert_false(baseline_mean_w(&h, LIKE_WEEKDAY, 10, monday + 14, 12, &mean_w));
}

/* Mean 1000, today 1.3 of it, clipped at 20 %: 1200. */
static void today_moves_the_baseline_only_so_far(void **state)
{
    struct baseline_history h = {0};
    const int64_t monday = 19723;
    double mean_w = 0;

    (void)state;
    for (int64_t day = 0; day < 4; day++)
        live_day(&h, monday + day, 1000e3, false);
    for (int64_t s = 0; s < 12 * 3600; s += 60)
        baseline_add(&h, (monday + 4) * 86400 + s, 60, true, 1300e3);
    assert_true(baseline_mean_w(&h, LIKE_WORKING, 10, monday + 4, 12, &mean_w));
    near(mean_w * baseline_ratio(&h, LIKE_WORKING, 10, monday + 4, 12, 0.2), 1200e3, 1);
    near(baseline_ratio(&h, LIKE_WORKING, 10, monday + 4, 12, 0.4), 1.3, 1e-6);
    near(baseline_ratio(&h, LIKE_WORKING, 10, monday + 4, 2, 0.4), 1.0, 0); /* no three hours yet */
}

static void hours_with_too_few_readings_are_not_known(void **state)
{
    struct baseline_history h = {0};
    const int64_t monday = 19723;
    double mean_w = 0;

    (void)state;
    for (int64_t day = 0; day < 4; day++) {
        for (int64_t s = 0; s < 86400; s += 60)
            baseline_add(&h, (monday + day) * 86400 + s, 60, s % 3600 < 2400, 1000e3);
    }
    assert_false(baseline_mean_w(&h, LIKE_ANY, 10, monday + 5, 12, &mean_w));
}

static void a_baseline_is_remembered(void **state)
{
    static struct policy_note note[POLICY_NOTES_MAX];
    struct baseline_history h = {0};
    struct baseline_history again = {0};
    struct notes notes = {note, 0};
    double mean_w = 0;

    (void)state;
    for (int64_t day = 0; day < 40; day++)
        live_day(&h, 19723 + day, 900e3 + 1e3 * (double)day, false);
    baseline_remember(&h, &notes);
    baseline_recall(&again, note, notes.count);
    assert_true(baseline_mean_w(&again, LIKE_ANY, 10, 19723 + 39, 5, &mean_w));
    near(mean_w, 900e3 + 1e3 * 33.5, 1);
    assert_int_equal(again.day[again.newest].day, 19723 + 39);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_leaves_what_it_has_not_used),
        cmocka_unit_test(load_that_falls_late_has_drawn_already),
        cmocka_unit_test(sliding_windows_remember_a_burst),
        cmocka_unit_test(a_burst_echoes_while_all_credit_is_spent),
        cmocka_unit_test(linear_work_runs_below_a_threshold),
        cmocka_unit_test(concave_work_has_one_price_of_carbon),
        cmocka_unit_test(equal_intensities_share_evenly),
        cmocka_unit_test(a_budget_that_is_large_or_none_is_said),
        cmocka_unit_test(the_local_day_follows_from_weekday_and_minute),
        cmocka_unit_test(months_begin_where_they_begin),
        cmocka_unit_test(a_clock_that_says_nonsense_is_not_known),
        cmocka_unit_test(a_step_of_the_clock_is_seen),
        cmocka_unit_test(the_baseline_is_the_mean_of_like_days),
        cmocka_unit_test(today_moves_the_baseline_only_so_far),
        cmocka_unit_test(hours_with_too_few_readings_are_not_known),
        cmocka_unit_test(a_baseline_is_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
