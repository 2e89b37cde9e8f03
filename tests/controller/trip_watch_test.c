/* How near a breaker is to tripping, by its curve, and what is excused because of it: from one curve by itself up to the
 * controller that loses its meter in the middle of an excess. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "controller/budget.h"
#include "controller/controller.h"
#include "model/trip.h"
#include "tests/support/site_text.h"

static const struct trip_point points[] = {{11300, 3600000}, {14500, 300000}, {25500, 10000}};
static const struct trip_curve curve = {3, points, 600000};

static void is_about(double got, double expected, double off)
{
    if (!(fabs(got - expected) <= off))
        fail_msg("expected %.4f within %.4f, got %.4f", expected, off, got);
}

/* ---- a curve by itself ---- */

static void a_curve_goes_through_its_points_and_is_straight_in_logarithms(void **state)
{
    double before_s = INFINITY;

    (void)state;
    assert_true(isinf(trip_hold_s(&curve, 0)));
    assert_true(isinf(trip_hold_s(&curve, 10000)));
    assert_true(isinf(trip_hold_s(&curve, 11300))); /* the first point is borne for ever */
    is_about(trip_hold_s(&curve, 11300.001), 3600, 0.01);
    is_about(trip_hold_s(&curve, 14500), 300, 1e-6);
    is_about(trip_hold_s(&curve, 25500), 10, 1e-6);
    /* halfway in logarithms of the load is halfway in those of the time */
    is_about(trip_hold_s(&curve, sqrt(11300.0 * 14500)), sqrt(3600.0 * 300), 1e-6);
    is_about(trip_hold_s(&curve, sqrt(14500.0 * 25500)), sqrt(300.0 * 10), 1e-6);
    is_about(trip_hold_s(&curve, 99000), 10,
             1e-6); /* beyond the last: its time, not less and not 0 */
    for (int bp = 11301; bp < 30000; bp += 50) {
        assert_true(trip_hold_s(&curve, (double)bp) <= before_s);
        before_s = trip_hold_s(&curve, (double)bp);
    }
}

static void a_curve_of_one_point_is_a_step(void **state)
{
    const struct trip_curve one = {1, points, 600000};

    (void)state;
    assert_true(isinf(trip_hold_s(&one, 11300)));
    is_about(trip_hold_s(&one, 11301), 3600, 1e-6);
    is_about(trip_hold_s(&one, 90000), 3600, 1e-6);
}

static void shares_of_different_loads_add_up(void **state)
{
    double used = 0;

    (void)state;
    used = trip_used(&curve, used, 14500, 100); /* a third */
    used = trip_used(&curve, used, 25500, 2);   /* and a fifth */
    is_about(used, 1.0 / 3 + 0.2, 1e-9);
    is_about(trip_margin_s(&curve, used, 25500), 10 * (1 - used), 1e-9);
    is_about(trip_margin_s(&curve, used, 14500), 300 * (1 - used), 1e-9);
    assert_true(isinf(trip_margin_s(&curve, used, 11000)));
    used = trip_used(&curve, used, 14500, 1000);
    is_about(used, 1, 0); /* no more than all of it */
    is_about(trip_margin_s(&curve, used, 14500), 0, 0);
    is_about(trip_used(&curve, used, 5000, 60), 0.9, 1e-9); /* cools by its reset time, and */
    is_about(trip_used(&curve, used, 5000, 6000), 0, 0);    /* no further than cold */
}

/* ---- a watch over rows ---- */

static const char text[] =
    "site = { name = \"t\"; time_zone = \"UTC\"; mode = \"enforce\"; };\n"
    "control = { guard = \"1 %\"; guard_most = \"5 %\"; release_rate = \"100 kW/s\"; trip_alarm = "
    "\"2 min\"; };\n"
    "breakers = ( { name = \"q\"; reset = \"10 min\";\n"
    "  points = ( ( \"113 %\", \"1 h\" ), ( \"145 %\", \"5 min\" ), ( \"255 %\", \"10 s\" ) ); } "
    ");\n"
    "branches = ( { name = \"root\"; rating = \"20 kW\"; derating = \"80 %\"; meter = \"m\"; "
    "breaker = \"q\"; },\n"
    "  { name = \"plain\"; parent = \"root\"; rating = \"16 kW\"; derating = \"100 %\"; } );\n"
    "signals = ( { name = \"m\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"5 s\"; } "
    ");\n"
    "node_kinds = ( { name = \"k\"; cap_min = 300; cap_max = 3000; cap_step = 10; safe_cap = 300;\n"
    "  uncapped = 3000; remainder = 300; idle = 200; } );\n"
    "nodes = ( { name = \"n[1-4]\"; kind = \"k\"; actuator = \"x\"; feeds = ( { branch = "
    "\"plain\"; } ); } );\n"
    "actuators = ( { name = \"x\"; driver = \"agent\"; mode = \"enforce\"; } );\n";

enum { NODES = 4, ROOT = 0, PLAIN = 1, RATED_W = 20000, LIMIT_W = 16000, PLAIN_W = 16000 };

struct bench {
    struct site *site;
    struct arena arena;
    struct row_table rows;
    struct trip_watch watch;
    int64_t now_ns;
};

static void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->site = site_from_text(text);
    rows_build(&b->rows, b->site, &b->arena);
    trip_watch_create(&b->watch, b->site, &b->rows, &b->arena);
}

static void bench_close(struct bench *b)
{
    arena_free(&b->arena);
    site_free(b->site);
}

/* One tick, dt_s after the last: both rows at this share of the full rating; the margin of the root. */
static double tick(struct bench *b, double share, double dt_s, bool measured)
{
    struct row_estimate row[2] = {{.load_w = (int64_t)(share * RATED_W)},
                                  {.load_w = (int64_t)(share * PLAIN_W)}};
    struct estimate estimate = {.row = row};
    struct limit limit[2] = {{.row = ROOT, .value_w = LIMIT_W}, {.row = PLAIN, .value_w = PLAIN_W}};
    struct limit_list limits = {.limit = limit, .count = 2};

    for (int r = 0; r < 2; r++)
        row[r].load_least_w = measured ? row[r].load_w : 0;
    b->now_ns += (int64_t)(dt_s * 1e9);
    trip_watch_run(&b->watch, &estimate, &limits, b->now_ns);
    return b->watch.margin_s[ROOT];
}

static double ticks(struct bench *b, double share, int count)
{
    double margin_s = 0;

    for (int i = 0; i < count; i++)
        margin_s = tick(b, share, 1, true);
    return margin_s;
}

/* Nobody knows what it carried before: half used, and that fades as the breaker cools. */
static void a_start_is_neither_hot_nor_cold(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    is_about(tick(&b, 1.45, 1, true), 150, 0.01); /* no time has passed yet */
    bench_close(&b);
    bench_open(&b);
    ticks(&b, 0.5, 151); /* a quarter of the reset time */
    is_about(tick(&b, 1.45, 0, true), 0.75 * 300, 0.01);
    bench_close(&b);
    bench_open(&b);
    ticks(&b, 0.5, 301);
    is_about(tick(&b, 1.45, 0, true), 300, 0.01);
    ticks(&b, 0.5, 1000);
    is_about(tick(&b, 1.45, 0, true), 300, 0.01); /* no colder than cold */
    bench_close(&b);
}

static void the_load_is_judged_against_the_full_rating(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    ticks(&b, 0.5, 301);
    /* 120 % of the derated limit are 96 % of what the breaker is made for */
    assert_true(isinf(ticks(&b, 1.2 * LIMIT_W / RATED_W, 100)));
    assert_true(isinf(ticks(&b, 1.13, 100)));
    assert_true(isfinite(ticks(&b, 1.14, 1)));
    bench_close(&b);
}

/* A minute at 145 % takes a fifth, a minute of rest gives a tenth back. */
static void bursts_with_rests_between_add_up(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    ticks(&b, 0.5, 301);
    for (int burst = 0; burst < 8; burst++) {
        is_about(b.watch.used[ROOT], 0.1 * burst, 0.02 + 0.005 * burst);
        ticks(&b, 1.45, 60);
        ticks(&b, 0.5, 61); /* the first second still counts at 145 % */
    }
    is_about(tick(&b, 1.45, 0, true), 300 * (1 - b.watch.used[ROOT]), 0.01);
    assert_true(b.watch.used[ROOT] > 0.8);
    bench_close(&b);
}

static void between_two_readings_the_greater_counts(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    ticks(&b, 0.5, 301);
    tick(&b, 1.45, 30, true); /* it may have risen just after the reading before */
    is_about(b.watch.used[ROOT], 0.1, 1e-9);
    tick(&b, 0.5, 30, true); /* and fallen just before this one */
    is_about(b.watch.used[ROOT], 0.2, 1e-9);
    tick(&b, 0.5, 30, true);
    is_about(b.watch.used[ROOT], 0.15, 1e-9);
    bench_close(&b);
}

static void it_is_time_that_counts_and_not_ticks(void **state)
{
    static const int steps_ms[] = {250, 1000, 5000, 60000};
    struct bench b;

    (void)state;
    for (size_t i = 0; i < COUNT(steps_ms); i++) {
        bench_open(&b);
        tick(&b, 0.5, 0, true);
        tick(&b, 0.5, 300, true);
        tick(&b, 1.45, 0, true);
        for (int ms = 0; ms < 120000; ms += steps_ms[i])
            tick(&b, 1.45, steps_ms[i] / 1e3, true);
        is_about(b.watch.margin_s[ROOT], 180, 0.001);
        tick(&b, 1.45, 0, true); /* the same moment again */
        is_about(b.watch.margin_s[ROOT], 180, 0.001);
        bench_close(&b);
    }
}

/* It tripped, somebody closes it again a minute later: it is still hot. */
static void closed_again_it_is_still_hot(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    ticks(&b, 0.5, 301);
    ticks(&b, 1.45, 301);
    is_about(b.watch.margin_s[ROOT], 0, 0);
    assert_false(trip_watch_bears(&b.watch, ROOT, 1));
    tick(&b, 0, 0, true); /* open */
    assert_true(isinf(ticks(&b, 0, 60)));
    is_about(tick(&b, 1.45, 0, true), 30, 0.01);
    assert_true(trip_watch_bears(&b.watch, ROOT, 29));
    assert_false(trip_watch_bears(&b.watch, ROOT, 31));
    bench_close(&b);
}

/* A silent meter: the row is taken at what is estimated, and time goes on. */
static void without_readings_it_does_not_cool(void **state)
{
    struct bench b;
    double margin_s = 0;

    (void)state;
    bench_open(&b);
    ticks(&b, 0.5, 301);
    margin_s = ticks(&b, 1.45, 60);
    for (int i = 0; i < 60; i++) {
        double next_s = tick(&b, 1.45, 1, false);

        assert_true(next_s < margin_s);
        margin_s = next_s;
    }
    is_about(margin_s, 180, 1);
    bench_close(&b);
}

static void without_a_curve_the_margin_is_nothing_above_the_rating(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    ticks(&b, 1.0, 1);
    assert_true(isinf(b.watch.margin_s[PLAIN]));
    assert_false(trip_watch_bears(&b.watch, PLAIN, 0.001));
    ticks(&b, 1.001, 1);
    is_about(b.watch.margin_s[PLAIN], 0, 0);
    tick(&b, 1.001, 1, false); /* an estimate is no evidence */
    assert_true(isinf(b.watch.margin_s[PLAIN]));
    assert_false(trip_watch_bears(&b.watch, PLAIN, 0));
    bench_close(&b);
}

/* ---- the controller: what is excused, and what is not ---- */

struct loop {
    struct site *site;
    struct policy_set *policies;
    struct controller *controller;
    struct node_report report[NODES];
    struct reading reading;
    int64_t now_ns;
    int64_t most_cap_w; /* the sum of caps in force */
    double unmetered_w; /* load that no cap moves */
    bool silent;
    const struct decision *decision;
};

static void loop_open(struct loop *l, const char *policies)
{
    struct controller_options options = {.epoch = 1};

    memset(l, 0, sizeof *l);
    l->site = site_from_text(text);
    l->policies = policies_from_text(policies, l->site);
    l->controller = controller_create(l->site, l->policies, &options);
    for (uint32_t n = 0; n < NODES; n++)
        l->report[n] = (struct node_report){.heard = true,
                                            .incarnation = n + 1,
                                            .cap_in_force = true,
                                            .enforced_cap_w = 3000,
                                            .power_known = true,
                                            .capped_power_known = true};
}

static void loop_close(struct loop *l)
{
    controller_free(l->controller);
    policy_set_free(l->policies);
    site_free(l->site);
}

static void obey(struct loop *l)
{
    for (uint32_t i = 0; i < l->decision->commands; i++) {
        const struct command *c = &l->decision->command[i];
        struct node_report *report = &l->report[c->node];

        if (c->kind == COMMAND_RAISE || c->cap_w < report->enforced_cap_w)
            report->enforced_cap_w = c->cap_w;
        report->applied = c->id;
    }
}

/* A second in which every node draws its cap, and everything is known at once. Returns the sum of caps in force. */
static int64_t second(struct loop *l)
{
    struct snapshot snapshot = {
        .local = {true, 0, 0, 0}, .report = l->report, .reading = &l->reading};
    int64_t caps_w = 0;
    double load_w = l->unmetered_w;

    l->now_ns += NS_PER_S;
    snapshot.now_ns = l->now_ns;
    for (uint32_t n = 0; n < NODES; n++) {
        struct node_report *r = &l->report[n];

        r->taken_ns = l->now_ns;
        r->capped_power_w = (double)r->enforced_cap_w;
        r->power_w = r->capped_power_w + 300;
        load_w += r->power_w;
        caps_w += r->enforced_cap_w;
    }
    if (!l->silent)
        l->reading = (struct reading){load_w, l->now_ns, QUALITY_GOOD, FLAW_NONE};
    else if (l->now_ns - l->reading.taken_ns > 5 * NS_PER_S)
        l->reading.quality = QUALITY_STALE;
    l->decision = controller_tick(l->controller, &snapshot);
    obey(l);
    return caps_w;
}

static void run(struct loop *l, int seconds)
{
    for (int i = 0; i < seconds; i++)
        second(l);
}

static bool alarmed(const struct loop *l, enum alarm_kind kind)
{
    for (uint32_t i = 0; i < l->decision->alarms; i++)
        if (l->decision->alarm[i].kind == kind)
            return true;
    return false;
}

/* A step of the load that no cap moves, after a minute of rest; the tick in which the meter shows it first. */
static void step_by(struct loop *l, double step_w)
{
    run(l, 60);
    assert_int_equal(second(l), NODES * 3000); /* there was room for all */
    l->unmetered_w += step_w;
    second(l);
}

static uint32_t lowers(const struct loop *l)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < l->decision->commands; i++)
        count += l->decision->command[i].kind == COMMAND_LOWER;
    return count;
}

/* 17.7 kW where 16 are allowed and 20 is what the breaker is made for: it bears that for ever. */
static void what_the_breaker_bears_is_left_to_the_feedback(void **state)
{
    struct loop l;

    (void)state;
    loop_open(&l, "policies = ( );");
    step_by(&l, 4500);
    assert_int_equal(lowers(&l), 0);
    assert_false(alarmed(&l, ALARM_TRIP_NEAR));
    assert_true(isinf(l.decision->row[ROOT].trip_margin_s));
    run(&l, 10); /* but it does not stay */
    assert_true(second(&l) + NODES * 300 + 4500 <= LIMIT_W);
    loop_close(&l);
}

/* 40 kW are borne for 42 s from cold; after a minute it still counts as two fifths used up. */
static void what_it_does_not_bear_is_taken_off_in_the_same_tick(void **state)
{
    struct loop l;

    (void)state;
    loop_open(&l, "policies = ( );");
    step_by(&l, 27000);
    assert_int_equal(lowers(&l), NODES);
    assert_true(alarmed(&l, ALARM_ROW_OVER_LIMIT));
    assert_true(alarmed(&l, ALARM_TRIP_NEAR));
    is_about(l.decision->row[ROOT].trip_margin_s, 42 * 0.6, 2);
    loop_close(&l);
}

/* 145 % are borne; not when others have used the breaker's time up before. */
static void what_is_excused_when_cold_is_not_when_hot(void **state)
{
    struct loop l;

    (void)state;
    loop_open(&l, "policies = ( );");
    run(&l, 600);
    step_by(&l, 15500); /* 28.7 kW: 143 % for five minutes and a half */
    assert_int_equal(lowers(&l), 0);
    l.unmetered_w = 0;
    run(&l, 120); /* caps are free again */
    for (uint32_t n = 0; n < NODES; n++)
        l.report[n].enforced_cap_w = 3000;
    l.unmetered_w = 31000 - NODES * 3300; /* 155 % whatever is lowered, until its time is up */
    for (int i = 0; i < 260; i++) {
        l.unmetered_w = 31000 - (double)(second(&l) + NODES * 300);
    }
    l.unmetered_w = 0;
    run(&l, 60); /* a tenth comes back, and caps rise */
    step_by(&l, 15500);
    assert_int_equal(lowers(&l), NODES);
    loop_close(&l);
}

static void a_contract_knows_no_breaker(void **state)
{
    struct loop l;

    (void)state;
    loop_open(&l, "policies = ( { name = \"contract\"; kind = \"import_limit\"; branch = \"root\"; "
                  "limit = \"15 kW\"; } );");
    step_by(&l, 4500);
    assert_int_equal(lowers(&l), NODES);
    assert_true(alarmed(&l, ALARM_ROW_OVER_LIMIT));
    loop_close(&l);
}

/* In the middle of an excess that is excused the meter falls silent: from then on nothing rises. */
static void a_meter_that_falls_silent_raises_nothing(void **state)
{
    struct loop l;
    int64_t before_w = 0;

    (void)state;
    for (int shown = 0; shown < 6; shown++) { /* for how many ticks it shows the excess */
        loop_open(&l, "policies = ( );");
        step_by(&l, 4500);
        run(&l, shown);
        l.silent = true;
        before_w = second(&l);
        for (int i = 0; i < 300; i++) {
            int64_t caps_w = second(&l);

            assert_true(caps_w <= before_w);
            before_w = caps_w;
        }
        loop_close(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curve_goes_through_its_points_and_is_straight_in_logarithms),
        cmocka_unit_test(a_curve_of_one_point_is_a_step),
        cmocka_unit_test(shares_of_different_loads_add_up),
        cmocka_unit_test(a_start_is_neither_hot_nor_cold),
        cmocka_unit_test(the_load_is_judged_against_the_full_rating),
        cmocka_unit_test(bursts_with_rests_between_add_up),
        cmocka_unit_test(between_two_readings_the_greater_counts),
        cmocka_unit_test(it_is_time_that_counts_and_not_ticks),
        cmocka_unit_test(closed_again_it_is_still_hot),
        cmocka_unit_test(without_readings_it_does_not_cool),
        cmocka_unit_test(without_a_curve_the_margin_is_nothing_above_the_rating),
        cmocka_unit_test(what_the_breaker_bears_is_left_to_the_feedback),
        cmocka_unit_test(what_it_does_not_bear_is_taken_off_in_the_same_tick),
        cmocka_unit_test(what_is_excused_when_cold_is_not_when_hot),
        cmocka_unit_test(a_contract_knows_no_breaker),
        cmocka_unit_test(a_meter_that_falls_silent_raises_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
