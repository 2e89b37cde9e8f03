/* What is learned of a row: noise, swing, lag, delays, and the ways in which the uncontrolled load may not be fooled. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "controller/budget.h"
#include "tests/controller/rng.h"
#include "tests/support/site_text.h"

static const char text[] =
    "site = { name = \"t\"; time_zone = \"UTC\"; mode = \"enforce\"; };\n"
    "control = { guard = \"1 %\"; guard_most = \"5 %\"; };\n"
    "breakers = ( { name = \"q\"; reset = \"10 min\";\n"
    "  points = ( ( \"113 %\", \"1 h\" ), ( \"145 %\", \"5 min\" ), ( \"255 %\", \"10 s\" ) ); } "
    ");\n"
    "branches = ( { name = \"root\"; rating = \"100 kW\"; derating = \"80 %\"; meter = \"m\"; },\n"
    "  { name = \"curved\"; parent = \"root\"; rating = \"50 kW\"; derating = \"100 %\"; breaker = "
    "\"q\"; } );\n"
    "signals = ( { name = \"m\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"15 s\"; "
    "} );\n"
    "node_kinds = ( { name = \"k\"; cap_min = 300; cap_max = 3000; cap_step = 10; safe_cap = 300;\n"
    "  uncapped = 3000; remainder = 300; idle = 200; } );\n"
    "nodes = ( { name = \"n[1-2]\"; kind = \"k\"; actuator = \"x\"; feeds = ( { branch = "
    "\"curved\"; } ); } );\n"
    "actuators = ( { name = \"x\"; driver = \"agent\"; mode = \"enforce\"; } );\n";

enum { NODES = 2, ROOT = 0, CURVED = 1 };

struct bench {
    struct site *site;
    struct arena arena;
    struct row_table rows;
    struct feedback feedback;
    struct node_set awake;
    struct node_report report[NODES];
    int64_t now_ns;
    struct row_estimate row;
    struct reading peak;
    struct rng rng;
};

static void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->site = site_from_text(text);
    rows_build(&b->rows, b->site, &b->arena);
    feedback_create(&b->feedback, b->site, &b->rows, &feedback_tuning_default, &b->arena);
    node_set_create(&b->awake, NODES, &b->arena);
    node_set_fill(&b->awake);
    b->rng.state = 7;
}

static void bench_close(struct bench *b)
{
    arena_free(&b->arena);
    site_free(b->site);
}

struct tick {
    int64_t load_w, nodes_w;
    int64_t age_s;
    bool silent; /* a node is not heard */
    bool stale;  /* no new reading */
    bool bad;
};

/* A second: both nodes report, and the meter shows load_w of age_s ago. */
static void tick(struct bench *b, const struct tick *t)
{
    struct snapshot snapshot = {.report = b->report};
    struct feedback_input in = {.good = !t->bad,
                                .load_w = t->load_w,
                                .nodes_w = t->nodes_w,
                                .unheard_w = t->silent ? 3300 : 0,
                                .all_heard = !t->silent,
                                .took_over = true,
                                .peak = &b->peak};

    b->now_ns += NS_PER_S;
    for (uint32_t n = 0; n < NODES; n++)
        b->report[n] = (struct node_report){
            .heard = true, .taken_ns = b->now_ns - NS_PER_S / 5, .incarnation = 1};
    snapshot.now_ns = b->now_ns;
    feedback_begin(&b->feedback, &snapshot, &b->awake);
    in.taken_ns = t->stale ? b->feedback.row[ROOT]->taken_ns : b->now_ns - t->age_s * NS_PER_S;
    feedback_run(&b->feedback, ROOT, &in, &b->row);
}

static void run(struct bench *b, int ticks, const struct tick *t)
{
    for (int i = 0; i < ticks; i++)
        tick(b, t);
}

static int64_t noise(struct bench *b, double deviation_w)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += (double)(rng_next(&b->rng) >> 11) / 9007199254740992.0;
    return (int64_t)(sum * deviation_w);
}

static struct feedback_figures figures(const struct bench *b)
{
    struct feedback_figures f;

    feedback_view(&b->feedback, ROOT, &f);
    return f;
}

static void a_step_is_believed_whole_and_held(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    run(&b, 60, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    assert_int_equal(b.row.uncontrolled_w, 4000);
    tick(&b, &(struct tick){.load_w = 15000, .nodes_w = 6000});
    /* The nodes' reports of that moment are not in: nothing may be raised on it, nothing is lowered yet. */
    assert_true(b.row.uncontrolled_w <= 4010);
    assert_int_equal(b.row.uncontrolled_w + b.row.unconfirmed_w, 9000);
    assert_int_equal(
        b.row.uncontrolled_w + feedback_evident_w(&b.feedback, ROOT, b.row.uncontrolled_w), 9000);
    run(&b, 4, &(struct tick){.load_w = 15000, .nodes_w = 6000});
    assert_in_range(b.row.uncontrolled_w, 9000, 9010);
    run(&b, 30, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    assert_in_range(b.row.uncontrolled_w, 9000, 9010);
    run(&b, 30, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    assert_true(b.row.uncontrolled_w < 4100);
    bench_close(&b);
}

/* The meter shows 4 s late, with the time of arrival on it, what the nodes did. */
static void a_late_meter_makes_no_load_of_a_step_of_the_nodes(void **state)
{
    static const int64_t nodes_w[] = {6000, 2000};
    struct bench b;

    (void)state;
    bench_open(&b);
    run(&b, 60, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    for (int i = 0; i < 60; i++)
        tick(&b, &(struct tick){.load_w = 4000 + nodes_w[i >= 4], .nodes_w = nodes_w[1]});
    assert_true(b.row.uncontrolled_w <= 4000 + 4000 / 16); /* the slow pull inside the range */
    assert_true(b.row.uncontrolled_w >= 3999);
    bench_close(&b);
}

static void the_lag_is_learned_while_the_nodes_move(void **state)
{
    struct bench b;
    int64_t past_w[4] = {0};

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 600; i++) {
        int64_t nodes_w = rng_between(&b.rng, 2000, 6000);

        tick(&b, &(struct tick){.load_w = 4000 + past_w[2], .nodes_w = nodes_w});
        memmove(&past_w[1], &past_w[0], 3 * sizeof past_w[0]);
        past_w[0] = nodes_w;
    }
    /* 3 slots late, and one slot on either side; before it was learned, all that the site file allows. */
    assert_true(b.feedback.row[ROOT]->lag_most - b.feedback.row[ROOT]->lag_least <= 2);
    assert_true(b.row.uncontrolled_w >= 4000 - 1 && b.row.uncontrolled_w < 4500);
    bench_close(&b);
}

static void noise_is_measured_and_sizes_the_guard(void **state)
{
    struct bench b;
    int64_t guard_w = 0;

    (void)state;
    bench_open(&b);
    assert_int_equal(feedback_guard_w(&b.feedback, ROOT, 80000), 800); /* the configured share */
    for (int i = 0; i < 400; i++) {
        tick(&b, &(struct tick){.load_w = 20000 + noise(&b, 500), .nodes_w = 6000});
        guard_w = feedback_guard_w(&b.feedback, ROOT, 80000);
    }
    assert_true(figures(&b).noise_w > 380 && figures(&b).noise_w < 620);
    assert_true(figures(&b).swing_w < 100);
    /* z sigma sqrt(2 / (2 - K)) = 3.72 x 500 x 1.054 = 1961 W, as well as sigma is known */
    assert_true(guard_w > 1400 && guard_w < 2500);
    assert_true(b.row.uncontrolled_w > 13600 && b.row.uncontrolled_w < 15200);
    for (int i = 0; i < 400; i++) {
        tick(&b, &(struct tick){.load_w = 20000 + noise(&b, 4000), .nodes_w = 6000});
        guard_w = feedback_guard_w(&b.feedback, ROOT, 80000);
    }
    assert_int_equal(guard_w, 4000); /* guard_most */
    bench_close(&b);
}

static void swing_is_called_swing(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 300; i++) { /* 8 s of each: up and down within the hold */
        tick(&b, &(struct tick){.load_w = (i / 8 % 2 ? 16000 : 10000) + noise(&b, 50),
                                .nodes_w = 6000});
        feedback_guard_w(&b.feedback, ROOT, 80000);
    }
    assert_true(figures(&b).noise_w < 100);
    assert_true(figures(&b).swing_w > 4000 && figures(&b).swing_w < 7000);
    assert_true(b.row.uncontrolled_w >= 9900); /* held at its peaks */
    bench_close(&b);
}

static void a_step_each_way_is_no_swing(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    run(&b, 60, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    run(&b, 120, &(struct tick){.load_w = 16000, .nodes_w = 6000});
    run(&b, 120, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    assert_true(figures(&b).swing_w == 0);
    bench_close(&b);
}

static void a_maximum_register_tells_what_was_between_two_readings(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    b.peak = (struct reading){.value = 12000, .quality = QUALITY_GOOD};
    run(&b, 60, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    assert_int_equal(b.row.uncontrolled_w, 4000); /* an old maximum says nothing */
    b.peak.value = 14000;
    run(&b, 5, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    assert_in_range(b.row.uncontrolled_w, 8000, 8010);
    bench_close(&b);
}

static void a_silent_node_is_not_explained_away(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    run(&b, 60, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    run(&b, 60, &(struct tick){.load_w = 10000, .nodes_w = 3000, .silent = true});
    assert_int_equal(b.row.uncontrolled_w, 4000);
    /* 17 kW less 3 kW of the one that is heard less 3.3 kW, the most of the one that is not */
    run(&b, 1, &(struct tick){.load_w = 17000, .nodes_w = 3000, .silent = true});
    assert_int_equal(b.row.uncontrolled_w, 10700);
    bench_close(&b);
}

static void what_was_shown_last_is_not_forgotten_when_the_meter_falls_silent(void **state)
{
    struct bench b;
    int64_t held_w = 0;

    (void)state;
    bench_open(&b);
    run(&b, 60, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    tick(&b, &(struct tick){.load_w = 15000, .nodes_w = 6000});
    tick(&b, &(struct tick){.load_w = 0, .nodes_w = 6000, .bad = true});
    assert_true(feedback_held_w(&b.feedback, ROOT, &held_w));
    assert_int_equal(held_w, 9000);
    bench_close(&b);
}

static void what_is_not_good_moves_nothing(void **state)
{
    struct bench b;
    int64_t held_w = 0;

    (void)state;
    bench_open(&b);
    assert_false(feedback_held_w(&b.feedback, ROOT, &held_w));
    run(&b, 60, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    run(&b, 300, &(struct tick){.load_w = 90000, .nodes_w = 6000, .bad = true});
    assert_true(feedback_held_w(&b.feedback, ROOT, &held_w));
    assert_int_equal(held_w, 4000);
    run(&b, 300, &(struct tick){.load_w = 6000, .nodes_w = 6000, .bad = true});
    assert_true(feedback_held_w(&b.feedback, ROOT, &held_w));
    assert_int_equal(held_w, 4000);
    bench_close(&b);
}

static void after_a_crossing_the_budget_does_not_rise_for_three_dead_times(void **state)
{
    struct bench b;
    int64_t most_ns = 0;

    (void)state;
    bench_open(&b);
    run(&b, 60, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    assert_int_equal(feedback_budget_w(&b.feedback, ROOT, 5000), 5000);
    feedback_crossed(&b.feedback, ROOT, 7000);
    most_ns = 3 * feedback_dead_time_ns(&b.feedback, ROOT);
    assert_int_equal(most_ns, 3 * (5000 + 500) * NS_PER_MS); /* nothing was measured: the default */
    assert_int_equal(feedback_budget_w(&b.feedback, ROOT, 4000), 4000);
    for (int64_t ns = 0; ns + NS_PER_S < most_ns; ns += NS_PER_S) {
        tick(&b, &(struct tick){.load_w = 10000, .nodes_w = 6000});
        assert_int_equal(b.row.uncontrolled_w, 7000);
        assert_int_equal(feedback_budget_w(&b.feedback, ROOT, 6000), 4000);
    }
    run(&b, 2, &(struct tick){.load_w = 10000, .nodes_w = 6000});
    assert_int_equal(feedback_budget_w(&b.feedback, ROOT, 6000), 6000);
    bench_close(&b);
}

static void quantiles_are_never_stated_too_short(void **state)
{
    struct delay_histogram h = {0};
    struct rng rng = {3};

    (void)state;
    assert_int_equal(delay_quantile_ns(&h, 9900, 5 * NS_PER_S), 5 * NS_PER_S);
    for (int i = 0; i < 20000; i++)
        delay_add(&h, rng_between(&rng, 0, 1000) * NS_PER_MS);
    assert_in_range(delay_quantile_ns(&h, 5000, 0), 500 * NS_PER_MS, 630 * NS_PER_MS);
    assert_in_range(delay_quantile_ns(&h, 9900, 0), 990 * NS_PER_MS, 1250 * NS_PER_MS);
    for (int i = 0; i < 20000; i++) /* it forgets */
        delay_add(&h, 20 * NS_PER_MS);
    assert_in_range(delay_quantile_ns(&h, 9900, 0), 20 * NS_PER_MS, 25 * NS_PER_MS);
    delay_add(&h, -5);
    delay_add(&h, INT64_MAX);
    assert_true(delay_quantile_ns(&h, 10000, 0) > 60 * NS_PER_S);
}

static void commands_are_timed_to_their_effect(void **state)
{
    struct bench b;
    struct command command = {
        .kind = COMMAND_LOWER, .id = {1, 1}, .cap_w = 1000, .may_be_sent = true, .incarnation = 1};
    struct decision decision = {.command = &command, .commands = 1};
    struct snapshot snapshot = {.report = b.report};

    (void)state;
    bench_open(&b);
    for (int i = 1; i <= 100; i++) {
        int64_t sent_ns = i * 10 * NS_PER_S;

        command.id.seq = (uint64_t)i;
        decision.now_ns = sent_ns;
        delay_sent(&b.feedback.delays, &decision);
        for (int64_t ms = 500; ms <= 4000;
             ms += 500) { /* in force at once, the draw follows after 3 s */
            snapshot.now_ns = sent_ns + ms * NS_PER_MS;
            b.report[0] = (struct node_report){.heard = true,
                                               .taken_ns = snapshot.now_ns,
                                               .incarnation = 1,
                                               .applied = command.id,
                                               .capped_power_known = true,
                                               .capped_power_w = ms < 3000 ? 2000 : 1000};
            delay_listen(&b.feedback.delays, &snapshot, &b.awake);
        }
    }
    assert_in_range(b.feedback.delays.effect_p99_ns, 3 * NS_PER_S, 4 * NS_PER_S);
    assert_in_range(b.feedback.delays.effect_p50_ns, 3 * NS_PER_S, 4 * NS_PER_S);
    bench_close(&b);
}

/* ---- breakers ---- */

static double margin_s(struct trip_watch *w, uint32_t row, double share, int64_t seconds)
{
    struct row_estimate row_estimate[2] = {0};
    struct estimate estimate = {.row = row_estimate};
    struct limit limit[2] = {{.row = ROOT, .value_w = 80000}, {.row = CURVED, .value_w = 50000}};
    struct limit_list limits = {.limit = limit, .count = 2};
    int64_t now_ns = w->last_ns;

    row_estimate[row].load_w = (int64_t)(share * (row == ROOT ? 100000 : 50000));
    row_estimate[row].load_least_w = row_estimate[row].load_w;
    for (int64_t i = 0; i < seconds; i++) {
        now_ns += NS_PER_S;
        trip_watch_run(w, &estimate, &limits, now_ns);
    }
    return w->margin_s[row];
}

static void a_breaker_is_judged_by_its_curve(void **state)
{
    struct bench b;
    struct trip_watch w;

    (void)state;
    bench_open(&b);
    trip_watch_create(&w, b.site, &b.rows, &b.arena);
    assert_true(isinf(margin_s(&w, CURVED, 1.1, 1200))); /* for ever, and cold by now */
    assert_true(trip_watch_bears(&w, CURVED, 1e9));
    /* 145 % is borne 5 min from cold; after 2 of them 3 are left */
    assert_true(fabs(margin_s(&w, CURVED, 1.45, 120) - 180) < 2);
    assert_true(trip_watch_bears(&w, CURVED, 170) && !trip_watch_bears(&w, CURVED, 190));
    assert_true(fabs(margin_s(&w, CURVED, 2.55, 3) - 3) <
                0.5); /* 10 s from cold, 2/5 + 3/10 used */
    assert_true(isinf(margin_s(&w, CURVED, 0.5, 1)));
    bench_close(&b);
}

static void without_a_curve_no_excess_is_excused(void **state)
{
    struct bench b;
    struct trip_watch w;

    (void)state;
    bench_open(&b);
    trip_watch_create(&w, b.site, &b.rows, &b.arena);
    assert_true(isinf(margin_s(&w, ROOT, 0.99, 10)));
    assert_false(trip_watch_bears(&w, ROOT, 1));
    assert_true(margin_s(&w, ROOT, 1.01, 1) == 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_believed_whole_and_held),
        cmocka_unit_test(a_late_meter_makes_no_load_of_a_step_of_the_nodes),
        cmocka_unit_test(the_lag_is_learned_while_the_nodes_move),
        cmocka_unit_test(noise_is_measured_and_sizes_the_guard),
        cmocka_unit_test(swing_is_called_swing),
        cmocka_unit_test(a_step_each_way_is_no_swing),
        cmocka_unit_test(a_maximum_register_tells_what_was_between_two_readings),
        cmocka_unit_test(a_silent_node_is_not_explained_away),
        cmocka_unit_test(what_was_shown_last_is_not_forgotten_when_the_meter_falls_silent),
        cmocka_unit_test(what_is_not_good_moves_nothing),
        cmocka_unit_test(after_a_crossing_the_budget_does_not_rise_for_three_dead_times),
        cmocka_unit_test(quantiles_are_never_stated_too_short),
        cmocka_unit_test(commands_are_timed_to_their_effect),
        cmocka_unit_test(a_breaker_is_judged_by_its_curve),
        cmocka_unit_test(without_a_curve_no_excess_is_excused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
