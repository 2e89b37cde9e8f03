/* demand_charge: windows, registers, peaks, clocks and restarts. */
#include "tests/policies/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PEAK(more)                                                                  \
    "policies = ( { name = \"peak\"; kind = \"demand_charge\"; branch = \"root\"; " \
    "target = \"1 MW\"; generation_margin = \"25 %\"; " more " } );"
#define EXACT "guard = \"0 %\"; dead_time = \"0 s\"; "

/* The nodes may draw 1.5 MW at most. */
static void open_peak(struct bench *b, const char *policy)
{
    bench_open(b, policy);
    b->estimate.row[0].bound_bp = 1300000 * SHARE_WHOLE_BP;
    b->estimate.row[0].uncontrolled_w = 200000;
}

/* Draws import_w for so long, a tick a second; the last limit. */
static int64_t draw(struct bench *b, double import_w, int64_t seconds)
{
    int64_t limit = 0;

    for (int64_t i = 0; i < seconds; i++) {
        pass_seconds(b, 1);
        read_point(b, "grid", import_w, QUALITY_GOOD);
        limit = limit_w(b);
    }
    return limit;
}

/* Begins a whole window: one that was watched from its start. */
static void into_a_window(struct bench *b)
{
    read_point(b, "grid", 0, QUALITY_GOOD);
    limit_w(b);
    draw(b, 0, 900);
}

static void near_w(int64_t got, int64_t wanted, int64_t off)
{
    if (llabs(got - wanted) > off)
        fail_msg("got %lld W, expected %lld W", (long long)got, (long long)wanted);
}

/* 1 MW, 15 min, 180 kWh at minute 10: 840 kW. */
static void what_the_window_has_not_used_may_be_drawn(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    near_w(draw(&b, 1080000, 600), 840000, 1500);
    near_w((int64_t)figure(&b, "window_energy_wh"), 180000, 400);
    near_w(draw(&b, 500000, 1), 840000 + 1200, 1500);
    bench_close(&b);
}

static void a_new_window_begins_with_the_target(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT "most = \"1400 kW\";"));
    into_a_window(&b);
    near_w(draw(&b, 400000, 899), 1400000, 0); /* much is left, but never more than `most` */
    near_w(draw(&b, 400000, 1), 1000000, 1500);
    assert_int_equal(b.limit[0].strength, LIMIT_SOFT);
    bench_close(&b);
}

static void a_lost_window_goes_to_the_floor_and_the_next_is_defended(void **state)
{
    struct bench b;
    char text[200];

    (void)state;
    open_peak(&b, PEAK(EXACT "floor = \"300 kW\"; follow_peak = false;"));
    into_a_window(&b);
    assert_int_equal(draw(&b, 1500000, 620), 300000);
    policy_explain(b.set, &b.limit[0], b.site, text, sizeof text);
    assert_non_null(strstr(text, "lost"));
    draw(&b, 300000, 279);
    near_w(draw(&b, 300000, 1), 1000000, 1500);
    bench_close(&b);
}

/* Load above what is permitted falls after the dead time: what it draws until then is gone. */
static void load_that_is_too_high_lowers_the_limit_by_what_it_still_draws(void **state)
{
    struct bench b;
    int64_t exact = 0;

    (void)state;
    open_peak(&b, PEAK("guard = \"0 %\"; dead_time = \"60 s\"; fall = \"1 MW/s\";"));
    into_a_window(&b);
    exact = draw(&b, 1000000, 450);
    near_w(exact, 1000000, 3000);
    /* 200 kW over for 60 s, spread over the 450 s that are left */
    near_w(draw(&b, 1200000, 1), 1000000 - 200000 * 60 / 450, 3000);
    bench_close(&b);
}

static void production_behind_the_meter_makes_room_less_its_margin(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    b.estimate.generation_w[0] = 200000;
    near_w(draw(&b, 0, 1), 1150000, 3000);
    bench_close(&b);
}

static void the_utilitys_clock_may_be_ahead(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT "clock_offset = \"30 s\"; most = \"1300 kW\";"));
    into_a_window(&b);
    draw(&b, 200000, 869);
    assert_int_equal(limit_w(&b), 1300000);
    near_w(draw(&b, 200000, 2), 1000000, 3000);
    bench_close(&b);
}

/* ---- energy ---- */

static void the_register_counts_where_there_is_one(void **state)
{
    struct bench b;
    double register_wh = 5e6;

    (void)state;
    open_peak(&b, PEAK(EXACT "register = \"register\";"));
    read_point(&b, "register", register_wh, QUALITY_GOOD);
    into_a_window(&b);
    for (int i = 0; i < 600;
         i++) { /* the power reads 10 % low, and the register steps by whole kWh */
        pass_seconds(&b, 1);
        register_wh += 1080000.0 / 3600.0;
        read_point(&b, "grid", 972000, QUALITY_GOOD);
        read_point(&b, "register", floor(register_wh / 1000) * 1000, QUALITY_GOOD);
        limit_w(&b);
    }
    near_w(limit_w(&b), 840000, 15000);
    /* Meter and register fall silent: now it is the power at its most, 1.5 MW. */
    b.reading[site_point(b.site, "grid")].quality = QUALITY_STALE;
    b.reading[site_point(b.site, "register")].quality = QUALITY_STALE;
    pass_seconds(&b, 60);
    limit_w(&b);
    near_w((int64_t)figure(&b, "window_energy_wh"), 205000, 1300);
    /* Back again, and it was only 600 kW: what the register says stands. */
    register_wh += 600000.0 / 60;
    pass_seconds(&b, 1);
    read_point(&b, "grid", 600000, QUALITY_GOOD);
    read_point(&b, "register", register_wh, QUALITY_GOOD);
    limit_w(&b);
    near_w((int64_t)figure(&b, "window_energy_wh"), 190000, 1300);
    bench_close(&b);
}

static void a_register_that_falls_back_is_another_meter(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT "register = \"register\";"));
    read_point(&b, "register", 9e9, QUALITY_GOOD);
    into_a_window(&b);
    draw(&b, 1000000, 300);
    read_point(&b, "register", 10, QUALITY_GOOD);
    draw(&b, 1000000, 1);
    near_w((int64_t)figure(&b, "window_energy_wh"), 83600, 700);
    bench_close(&b);
}

static void time_without_a_reading_counts_at_the_most(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    draw(&b, 500000, 300);
    for (int i = 0; i < 60; i++) {
        pass_seconds(&b, 1);
        read_point(&b, "grid", 500000, QUALITY_STALE);
        limit_w(&b);
    }
    near_w((int64_t)figure(&b, "window_energy_wh"), 41667 + 25000, 500);
    bench_close(&b);
}

static void a_start_in_the_middle_of_a_window_counts_what_nobody_saw_at_the_most(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    set_clock(&b, BENCH_BEGIN_UTC_S + 300);
    read_point(&b, "grid", 100000, QUALITY_GOOD);
    /* 1.5 MW for 5 min is 125 of 250 kWh; 125 in the 10 min that are left */
    near_w(limit_w(&b), 750000, 12000);
    bench_close(&b);
}

/* ---- peaks ---- */

static void a_peak_that_is_billed_is_defended_instead_of_the_target(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    draw(&b, 1200000, 901);
    near_w((int64_t)figure(&b, "month_peak_w"), 1200000, 3000);
    near_w((int64_t)figure(&b, "defended_w"), 1200000, 3000);
    near_w(draw(&b, 0, 1), 1200000, 6000);
    /* The next month knows nothing of it. */
    set_clock(&b, BENCH_BEGIN_UTC_S + 31 * 86400);
    draw(&b, 0, 1);
    near_w((int64_t)figure(&b, "defended_w"), 1000000, 0);
    bench_close(&b);
}

static void a_ratchet_looks_back_over_months(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT "ratchet = \"80 %\"; ratchet_months = 2;"));
    into_a_window(&b);
    draw(&b, 1500000, 901);
    set_clock(&b, BENCH_BEGIN_UTC_S + 31 * 86400);
    draw(&b, 0, 1);
    near_w((int64_t)figure(&b, "defended_w"), 1200000, 3000);
    set_clock(&b, BENCH_BEGIN_UTC_S + 100 * 86400); /* April: three months */
    draw(&b, 0, 1);
    near_w((int64_t)figure(&b, "defended_w"), 1000000, 0);
    bench_close(&b);
}

static void what_was_not_measured_makes_no_peak(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    for (int i = 0; i < 901; i++) {
        pass_seconds(&b, 1);
        read_point(&b, "grid", 1400000, QUALITY_BAD);
        limit_w(&b);
    }
    near_w((int64_t)figure(&b, "defended_w"), 1000000, 0);
    bench_close(&b);
}

static void a_clock_that_went_back_a_month_finds_no_old_peak(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    draw(&b, 1400000, 901);
    set_clock(&b, BENCH_BEGIN_UTC_S + 31 * 86400);
    draw(&b, 1100000, 1801);
    near_w((int64_t)figure(&b, "month_peak_w"), 1100000, 3000);
    set_clock(&b, BENCH_BEGIN_UTC_S + 3600);
    draw(&b, 0, 1);
    near_w((int64_t)figure(&b, "defended_w"), 1000000, 0);
    bench_close(&b);
}

/* ---- clocks ---- */

static void without_a_clock_every_alignment_is_kept(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    draw(&b, 1300000, 300);
    b.snapshot.local.known = false;
    /* 5 min at 1.3 MW and 10 at nothing: the window that ends in 10 min has 141.7 of 250 kWh left. */
    near_w(draw(&b, 1300000, 1), 850000, 20000);
    assert_true(limit_w(&b) <= 850000 + 20000);
    bench_close(&b);
}

static void a_step_never_brings_a_fresh_window(void **state)
{
    struct bench b;
    int64_t before = 0;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    before = draw(&b, 1400000, 500);
    for (int64_t step = -3000; step <= 3000; step += 250) {
        struct bench stepped = b;

        set_clock(&stepped, stepped.snapshot.local.utc_s + step);
        stepped.snapshot.reading = stepped.reading;
        pass_seconds(&stepped, 1);
        read_point(&stepped, "grid", 1400000, QUALITY_GOOD);
        assert_true(limit_w(&stepped) <= before);
    }
    bench_close(&b);
}

/* ---- sliding ---- */

/* Quarters of 1300, 1000 and 900 kW: 800 in the next, when the hour is 1 MW. */
static void sliding_windows_hold_what_a_burst_leaves(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT "follow_peak = false; windows = \"sliding\"; window = \"60 min\"; "
                             "sub_window = \"15 min\";"));
    read_point(&b, "grid", 0, QUALITY_GOOD);
    limit_w(&b);
    draw(&b, 0, 3600);
    draw(&b, 900000, 900);
    draw(&b, 1000000, 900);
    near_w(draw(&b, 1300000, 900), 800000, 3000);
    bench_close(&b);
}

/* ---- restarts and reloads ---- */

static void a_restart_remembers_the_window_and_counts_the_time_between_at_the_most(void **state)
{
    struct bench b;
    int64_t before = 0;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    draw(&b, 1200000, 901);
    before = draw(&b, 600000, 300);
    bench_restart(&b, PEAK(EXACT));
    pass_seconds(&b, 30);
    read_point(&b, "grid", 600000, QUALITY_GOOD);
    assert_true(limit_w(&b) <= before);
    near_w((int64_t)figure(&b, "window_energy_wh"), 50000 + 12500, 800);
    near_w((int64_t)figure(&b, "month_peak_w"), 1200000, 3000);
    bench_close(&b);
}

static void a_restart_after_the_window_is_a_fresh_start_that_knows_its_peaks(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    draw(&b, 1200000, 901);
    bench_restart(&b, PEAK(EXACT));
    pass_seconds(&b, 2000);
    read_point(&b, "grid", 600000, QUALITY_GOOD);
    limit_w(&b);
    near_w((int64_t)figure(&b, "month_peak_w"), 1200000, 3000);
    assert_true(figure(&b, "window_energy_wh") > 1500000.0 * 199 / 3600);
    bench_close(&b);
}

static void notes_of_another_window_length_are_dropped(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    draw(&b, 1200000, 901);
    bench_restart(&b, PEAK(EXACT "window = \"30 min\";"));
    pass_seconds(&b, 1);
    read_point(&b, "grid", 0, QUALITY_GOOD);
    limit_w(&b);
    near_w((int64_t)figure(&b, "month_peak_w"), 0, 0);
    bench_close(&b);
}

static void a_reload_with_another_target_goes_on_counting(void **state)
{
    struct bench b;

    (void)state;
    open_peak(&b, PEAK(EXACT));
    into_a_window(&b);
    draw(&b, 1080000, 600);
    bench_reload(&b, "policies = ( { name = \"peak\"; kind = \"demand_charge\"; branch = \"root\"; "
                     "target = \"1200 kW\"; " EXACT " } );");
    near_w(draw(&b, 1080000, 1), 840000 + 200000 * 3, 4000);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_window_has_not_used_may_be_drawn),
        cmocka_unit_test(a_new_window_begins_with_the_target),
        cmocka_unit_test(a_lost_window_goes_to_the_floor_and_the_next_is_defended),
        cmocka_unit_test(load_that_is_too_high_lowers_the_limit_by_what_it_still_draws),
        cmocka_unit_test(production_behind_the_meter_makes_room_less_its_margin),
        cmocka_unit_test(the_utilitys_clock_may_be_ahead),
        cmocka_unit_test(the_register_counts_where_there_is_one),
        cmocka_unit_test(a_register_that_falls_back_is_another_meter),
        cmocka_unit_test(time_without_a_reading_counts_at_the_most),
        cmocka_unit_test(a_start_in_the_middle_of_a_window_counts_what_nobody_saw_at_the_most),
        cmocka_unit_test(a_peak_that_is_billed_is_defended_instead_of_the_target),
        cmocka_unit_test(a_ratchet_looks_back_over_months),
        cmocka_unit_test(what_was_not_measured_makes_no_peak),
        cmocka_unit_test(a_clock_that_went_back_a_month_finds_no_old_peak),
        cmocka_unit_test(without_a_clock_every_alignment_is_kept),
        cmocka_unit_test(a_step_never_brings_a_fresh_window),
        cmocka_unit_test(sliding_windows_hold_what_a_burst_leaves),
        cmocka_unit_test(a_restart_remembers_the_window_and_counts_the_time_between_at_the_most),
        cmocka_unit_test(a_restart_after_the_window_is_a_fresh_start_that_knows_its_peaks),
        cmocka_unit_test(notes_of_another_window_length_are_dropped),
        cmocka_unit_test(a_reload_with_another_target_goes_on_counting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
