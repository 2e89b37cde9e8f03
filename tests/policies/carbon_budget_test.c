/* carbon_budget: the period, what is spent, and what is not known. */
#include "tests/policies/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2.4 t a day are 1 MW at 100 g/kWh. */
#define TONNES(more)                                                                            \
    "policies = ( { name = \"co2\"; kind = \"carbon_budget\"; branch = \"root\"; "              \
    "signal = \"carbon\"; basis = \"average\"; budget = \"2400 kg\"; highest = \"400 g/kWh\"; " \
    "most = \"2 MW\"; " more " } );"

static void open_budget(struct bench *b, const char *policy)
{
    bench_open(b, policy);
    b->estimate.row[0] = (struct row_estimate){.uncontrolled_w = 50000,
                                               .min_w = 50000,
                                               .max_w = 1950000,
                                               .bound_bp = 1950000 * SHARE_WHOLE_BP};
}

/* Draws for so long, a tick in ten seconds; the last limit. */
static int64_t draw(struct bench *b, double import_w, double intensity, int64_t seconds)
{
    int64_t limit = 0;

    for (int64_t s = 0; s < seconds; s += 10) {
        pass_seconds(b, 10);
        read_point(b, "grid", import_w, QUALITY_GOOD);
        read_point(b, "carbon", intensity, QUALITY_GOOD);
        limit = limit_w(b);
    }
    return limit;
}

static void start(struct bench *b, double intensity)
{
    read_point(b, "grid", 0, QUALITY_GOOD);
    read_point(b, "carbon", intensity, QUALITY_GOOD);
    limit_w(b);
}

static void near(double got, double wanted, double off)
{
    if (!(fabs(got - wanted) <= off))
        fail_msg("got %.9g, expected %.9g", got, wanted);
}

/* Hourly from midnight. */
static void foretell(struct bench *b, uint32_t hours, const double value[])
{
    struct forecast *f = &b->forecast[0];

    f->known = true;
    f->issued_utc_s++;
    f->start_utc_s = BENCH_BEGIN_UTC_S;
    f->step_s = 3600;
    f->count = hours;
    for (uint32_t i = 0; i < hours; i++)
        f->value[i] = value[i];
}

static void without_a_forecast_it_is_spent_evenly(void **state)
{
    struct bench b;
    int64_t limit = 0;

    (void)state;
    open_budget(&b, TONNES());
    start(&b, 100);
    /* 24 h of 100 kW that must run may cost 400 instead of 100 g/kWh: 720 kg are kept back. */
    near((double)draw(&b, 0, 100, 10), (2400e3 - 720e3) / 24 / 100 * 1000, 2000);
    near((double)draw(&b, 0, 200, 60), (2400e3 - 480e3) / 24 / 200 * 1000, 2000);
    /* At noon, with nothing used, twice as much. */
    limit = draw(&b, 0, 200, 12 * 3600 - 70);
    near((double)limit, (2400e3 - 240e3) / 12 / 200 * 1000, 3000);
    near(figure(&b, "used_kg"), 0, 0.001);
    bench_close(&b);
}

static void a_forecast_moves_load_to_where_it_is_clean(void **state)
{
    double value[24];
    struct bench b;
    int64_t dirty = 0;

    (void)state;
    for (int i = 0; i < 24; i++)
        value[i] = i < 12 ? 200 : 50;
    open_budget(&b, TONNES("forecast = \"clean\"; forecast_error = \"0 %\"; work = \"linear\";"));
    foretell(&b, 24, value);
    start(&b, 200);
    /* Clean hours in full cost 12 h x 2 MW x 50 = 1200 kg; what is left goes evenly to the dirty ones. */
    dirty = draw(&b, 0, 200, 10);
    near((double)dirty, 1200e3 / 12 / 200 * 1000, 2000);
    draw(&b, (double)dirty, 200, 12 * 3600 - 20);
    near((double)draw(&b, (double)dirty, 50, 60), 2000000, 0);
    bench_close(&b);
}

static void what_was_used_is_counted_and_the_rest_planned_anew(void **state)
{
    struct bench b;

    (void)state;
    open_budget(&b, TONNES());
    start(&b, 100);
    draw(&b, 1000000, 100, 6 * 3600);
    near(figure(&b, "used_kg"), 600, 1);
    near(figure(&b, "left_kg"), 1800, 1);
    draw(&b, 1000000, 400, 4 * 3600); /* 1600 kg more: little is left */
    near(figure(&b, "left_kg"), 200, 2);
    near((double)limit_w(&b), 0, 0); /* less than what must run may cost: the floor */
    bench_close(&b);
}

static void load_that_obeys_stays_within_the_budget(void **state)
{
    struct bench b;
    int64_t limit = 0;

    (void)state;
    open_budget(&b, TONNES());
    start(&b, 100);
    limit = limit_w(&b);
    for (int i = 0; i < 24 * 60 - 1; i++) {
        double intensity = 150 + 120 * sin(i / 200.0);

        limit = draw(&b, fmin(fmax((double)limit, 100000), 2000000), intensity, 60);
    }
    assert_true(figure(&b, "used_kg") <= 2400);
    assert_true(figure(&b, "used_kg") >= 2250); /* and most of it was of use */
    bench_close(&b);
}

static void the_rest_lapses_or_is_carried_over(void **state)
{
    struct bench b;

    (void)state;
    open_budget(&b, TONNES("carry_over = \"25 %\";"));
    start(&b, 100);
    draw(&b, 500000, 100, 86400); /* half of it */
    near(figure(&b, "budget_kg"), 3000, 1);
    near(figure(&b, "used_kg"), 0, 1);
    draw(&b, 3000000, 100, 86400);       /* and far too much: 7200 of 3000 kg */
    near(figure(&b, "budget_kg"), 0, 1); /* no more than a day's budget is owed */
    bench_close(&b);
}

static void a_lost_signal_counts_as_the_highest_and_a_lost_meter_at_the_most(void **state)
{
    struct bench b;
    int64_t before = 0;

    (void)state;
    open_budget(&b, TONNES());
    start(&b, 100);
    before = draw(&b, 500000, 100, 600);
    near(figure(&b, "used_kg"), 500 * 100 / 6.0 / 1000, 0.2);
    pass_seconds(&b, 10);
    read_point(&b, "grid", 500000, QUALITY_GOOD);
    read_point(&b, "carbon", 100, QUALITY_STALE);
    assert_true(limit_w(&b) < before / 2);
    near(figure(&b, "intensity_gco2_per_kwh"), 400, 0);
    before = limit_w(&b);
    pass_seconds(&b, 3600);
    read_point(&b, "grid", 500000, QUALITY_BAD);
    assert_true(limit_w(&b) <= before);
    near(figure(&b, "used_kg"), 8.9 + 2000 * 0.4, 5);
    bench_close(&b);
}

static void a_forecast_that_is_lost_stays_as_it_was_told(void **state)
{
    double value[24];
    struct bench b;
    int64_t before = 0;

    (void)state;
    for (int i = 0; i < 24; i++)
        value[i] = i < 12 ? 200 : 50;
    open_budget(&b, TONNES("forecast = \"clean\";"));
    foretell(&b, 24, value);
    start(&b, 200);
    before = draw(&b, 0, 200, 60);
    b.forecast[0].known = false;
    assert_true(draw(&b, 0, 200, 60) <= before + before / 100);
    b.snapshot.forecast = NULL;
    assert_true(draw(&b, 0, 200, 60) <= before + before / 100);
    bench_close(&b);
}

static void hostile_forecasts_do_no_harm(void **state)
{
    const double odd[] = {NAN, INFINITY, -5, 1e300};
    struct bench b;

    (void)state;
    open_budget(&b, TONNES("forecast = \"clean\";"));
    start(&b, 200);
    foretell(&b, 4, odd);
    assert_true(draw(&b, 0, 200, 120) >= 0);
    foretell(&b, 4, odd);
    b.forecast[0].step_s = INT64_MAX;
    assert_true(draw(&b, 0, 200, 120) >= 0);
    foretell(&b, 4, odd);
    b.forecast[0].start_utc_s = INT64_MIN;
    assert_true(draw(&b, 0, 200, 120) >= 0);
    foretell(&b, 4, odd);
    b.forecast[0].step_s = 1;
    b.forecast[0].count = FORECAST_STEPS_MAX;
    assert_true(draw(&b, 0, 200, 120) >= 0);
    bench_close(&b);
}

/* ---- clocks and restarts ---- */

static void a_start_at_noon_takes_the_morning_as_spent_evenly(void **state)
{
    struct bench b;

    (void)state;
    open_budget(&b, TONNES());
    set_clock(&b, BENCH_BEGIN_UTC_S + 43200);
    start(&b, 100);
    near(figure(&b, "used_kg"), 1200, 0.1);
    bench_close(&b);
}

static void a_clock_step_never_brings_a_new_budget(void **state)
{
    struct bench b;

    (void)state;
    open_budget(&b, TONNES());
    start(&b, 100);
    draw(&b, 2000000, 100, 10 * 3600);
    near(figure(&b, "used_kg"), 2000, 1);
    set_clock(&b, BENCH_BEGIN_UTC_S + 86400 + 60);
    draw(&b, 0, 100, 60);
    near(figure(&b, "used_kg"), 2000, 1);
    /* Back and over the same midnight again and again: once it brings a budget, as each day does. */
    for (int i = 0; i < 5; i++) {
        set_clock(&b, BENCH_BEGIN_UTC_S + 2 * 86400 - 60);
        draw(&b, 2000000, 100, 600);
    }
    near(figure(&b, "used_kg"), 33 * 4 + 30, 20);
    bench_close(&b);
}

static void without_a_clock_the_whole_period_is_to_come(void **state)
{
    struct bench b;
    int64_t limit = 0;

    (void)state;
    open_budget(&b, TONNES());
    start(&b, 100);
    draw(&b, 0, 100, 20 * 3600);
    b.snapshot.local.known = false;
    limit = draw(&b, 0, 100, 60);
    near((double)limit, (2400e3 - 720e3) / 24 / 100 * 1000, 3000);
    bench_close(&b);
}

static void a_month_has_its_own_days(void **state)
{
    struct bench b;

    (void)state;
    open_budget(&b, TONNES("period = \"month\";"));
    set_clock(&b,
              BENCH_BEGIN_UTC_S + 45 * 86400); /* 15 of February's 29 days are left with this one */
    start(&b, 10);
    near(figure(&b, "used_kg"), 2400.0 * 14 / 29, 0.1);
    bench_close(&b);
}

static void a_restart_remembers_what_was_used(void **state)
{
    struct bench b;
    int64_t before = 0;

    (void)state;
    open_budget(&b, TONNES("carry_over = \"25 %\";"));
    start(&b, 100);
    draw(&b, 500000, 100, 86400);
    before = draw(&b, 1000000, 100, 6 * 3600);
    near(figure(&b, "used_kg"), 600, 1);
    bench_restart(&b, TONNES("carry_over = \"25 %\";"));
    pass_seconds(&b, 36);
    read_point(&b, "carbon", 100, QUALITY_GOOD);
    read_point(&b, "grid", 1000000, QUALITY_GOOD);
    assert_true(limit_w(&b) <= before);
    near(figure(&b, "used_kg"), 600 + 2000.0 * 36 / 3600 * 0.4,
         1); /* at most, and at the highest */
    near(figure(&b, "budget_kg"), 3000, 1);
    bench_restart(&b, TONNES("carry_over = \"25 %\";"));
    set_clock(&b, BENCH_BEGIN_UTC_S + 3 * 86400);
    limit_w(&b);
    near(figure(&b, "used_kg"), 0, 1);
    near(figure(&b, "budget_kg"), 2400, 1); /* nobody saw how the other day ended */
    bench_close(&b);
}

static void another_basis_or_period_begins_anew(void **state)
{
    struct bench b;

    (void)state;
    open_budget(&b, TONNES());
    start(&b, 100);
    draw(&b, 500000, 100, 6 * 3600);
    bench_reload(&b, "policies = ( { name = \"co2\"; kind = \"carbon_budget\"; branch = \"root\"; "
                     "signal = \"carbon\"; basis = \"marginal\"; budget = \"2400 kg\"; "
                     "highest = \"900 g/kWh\"; most = \"2 MW\"; forecast = \"next\"; } );");
    draw(&b, 500000, 500, 10);
    near(figure(&b, "used_kg"), 600, 1); /* a quarter of the day as spent evenly */
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_forecast_it_is_spent_evenly),
        cmocka_unit_test(a_forecast_moves_load_to_where_it_is_clean),
        cmocka_unit_test(what_was_used_is_counted_and_the_rest_planned_anew),
        cmocka_unit_test(load_that_obeys_stays_within_the_budget),
        cmocka_unit_test(the_rest_lapses_or_is_carried_over),
        cmocka_unit_test(a_lost_signal_counts_as_the_highest_and_a_lost_meter_at_the_most),
        cmocka_unit_test(a_forecast_that_is_lost_stays_as_it_was_told),
        cmocka_unit_test(hostile_forecasts_do_no_harm),
        cmocka_unit_test(a_start_at_noon_takes_the_morning_as_spent_evenly),
        cmocka_unit_test(a_clock_step_never_brings_a_new_budget),
        cmocka_unit_test(without_a_clock_the_whole_period_is_to_come),
        cmocka_unit_test(a_month_has_its_own_days),
        cmocka_unit_test(a_restart_remembers_what_was_used),
        cmocka_unit_test(another_basis_or_period_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
