/* demand_response: events as they are told, retold, cancelled and forgotten. */
#include "tests/policies/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOON_S = 12 * 3600 };

#define EVENTS(more)                                                                            \
    "policies = ( { name = \"dr\"; kind = \"demand_response\"; branch = \"root\"; "             \
    "events = \"grid_events\"; ramp = \"60 kW/min\"; release = \"30 kW/min\"; recovery = \"10 " \
    "min\"; " more " } );"

static void open_events(struct bench *b, const char *policy)
{
    bench_open(b, policy);
    b->estimate.row[0] = (struct row_estimate){.uncontrolled_w = 100000,
                                               .fixed_w = 0,
                                               .min_w = 100000,
                                               .max_w = 900000,
                                               .bound_bp = 900000 * SHARE_WHOLE_BP};
    set_clock(b, BENCH_BEGIN_UTC_S + NOON_S);
}

/* Tells of these events now. */
static void tell(struct bench *b, uint32_t count, const struct grid_event event[])
{
    b->events.heard = true;
    b->events.heard_ns = b->snapshot.now_ns;
    b->events.count = count;
    for (uint32_t i = 0; i < count; i++)
        b->events.event[i] = event[i];
}

/* From and to in seconds from noon. */
static struct grid_event limit_event(const char *id, int64_t from_s, int64_t to_s, int64_t target_w)
{
    struct grid_event e = {.notified_utc_s = BENCH_BEGIN_UTC_S,
                           .start_utc_s = BENCH_BEGIN_UTC_S + NOON_S + from_s,
                           .end_utc_s = BENCH_BEGIN_UTC_S + NOON_S + to_s,
                           .target = EVENT_LIMIT,
                           .target_w = target_w};

    snprintf(e.id, sizeof e.id, "%s", id);
    return e;
}

static int64_t pass(struct bench *b, int64_t seconds, double import_w)
{
    int64_t limit = 0;

    for (int64_t i = 0; i < seconds; i++) {
        pass_seconds(b, 1);
        read_point(b, "grid", import_w, QUALITY_GOOD);
        limit = limit_w(b);
    }
    return limit;
}

static void at_noon(struct bench *b, double import_w)
{
    read_point(b, "grid", import_w, QUALITY_GOOD);
    limit_w(b);
}

static void an_event_is_reached_in_time_and_left_without_a_rebound(void **state)
{
    const struct grid_event event = limit_event("a", 1200, 3000, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 600, 800000), 500000 + 600 * 1000); /* 10 min of ramp to go */
    assert_int_equal(pass(&b, 300, 800000), 800000);
    assert_int_equal(pass(&b, 294, 800000), 505000); /* 6 s before it: on the step of 5 s */
    assert_int_equal(pass(&b, 6, 500000), 500000);
    assert_int_equal(pass(&b, 1799, 500000), 500000);
    /* Back by 500 W a second, for ten minutes no higher than the 800 kW before. */
    assert_int_equal(pass(&b, 1, 500000), 500000);
    assert_int_equal(pass(&b, 100, 500000), 550000);
    assert_int_equal(pass(&b, 500, 500000), 800000);
    assert_int_equal(pass(&b, 100, 500000), 850000); /* then on to all that could be drawn */
    assert_int_equal(pass(&b, 400, 500000), LIMIT_MAX_W);
    bench_close(&b);
}

static void recovery_stays_below_what_was_before(void **state)
{
    const struct grid_event event = limit_event("a", 0, 600, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 600000);
    tell(&b, 1, &event);
    pass(&b, 600, 600000);
    for (int i = 0; i < 600; i++)
        assert_true(pass(&b, 1, 600000) <= 600000);
    bench_close(&b);
}

/* Shortly after a start the mean is that of all that was seen, not of its first second. */
static void what_was_before_is_a_mean_also_when_little_was_seen(void **state)
{
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 100000);
    pass(&b, 10, 100000);
    pass(&b, 10, 300000);
    assert_true(fabs(figure(&b, "before_w") - 200000) < 1);
    pass(&b, 1800, 300000);
    assert_true(fabs(figure(&b, "before_w") - 300000) < 30000);
    pass(&b, 9, 1000000); /* a hundredth of it */
    assert_true(fabs(figure(&b, "before_w") - 307000) < 30000);
    bench_close(&b);
}

static void an_event_that_is_told_late_goes_to_its_target_at_once(void **state)
{
    const struct grid_event event = limit_event("a", 0, 600, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    pass(&b, 60, 800000);
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 1, 800000), 500000);
    bench_close(&b);
}

static void a_cancelled_event_recovers_and_one_that_never_bit_is_forgotten(void **state)
{
    struct grid_event event = limit_event("a", 3600, 7200, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 1, &event);
    pass(&b, 1, 800000);
    assert_int_equal((int64_t)figure(&b, "events_held"), 1);
    event.cancelled = true;
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 1, 800000), LIMIT_MAX_W);
    assert_int_equal((int64_t)figure(&b, "events_held"), 0);
    pass(&b, 10, 800000); /* and it stays forgotten while it is told as cancelled */
    assert_int_equal((int64_t)figure(&b, "events_held"), 0);

    event = limit_event("b", 100, 7200, 500000);
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 200, 800000), 500000);
    event.cancelled = true;
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 1, 500000), 500000);
    assert_int_equal(pass(&b, 10, 500000), 505000);
    bench_close(&b);
}

static void an_event_that_vanishes_or_whose_source_is_silent_holds_until_its_end(void **state)
{
    const struct grid_event events[] = {limit_event("a", 0, 1800, 500000),
                                        limit_event("b", 900, 1800, 400000)};
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 2, events);
    assert_int_equal(pass(&b, 1, 800000), 500000);
    tell(&b, 0, NULL); /* told of nothing: both have vanished */
    assert_int_equal(pass(&b, 100, 500000), 500000);
    b.events.heard = false; /* and then nobody tells of anything */
    assert_int_equal(pass(&b, 1000, 500000), 400000);
    assert_int_equal(pass(&b, 690, 400000), 400000);
    assert_int_equal((int64_t)figure(&b, "source_silent"), 1);
    assert_true(pass(&b, 60, 400000) > 400000);
    bench_close(&b);
}

static void an_event_that_is_told_again_is_replaced(void **state)
{
    struct grid_event event = limit_event("a", 0, 1800, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 10, 800000), 500000);
    event.target_w = 600000;
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 1, 500000), 600000);
    event.end_utc_s += 1800;
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 3500, 500000), 600000);
    event.end_utc_s -= 1800; /* over since half an hour */
    tell(&b, 1, &event);
    assert_true(pass(&b, 20, 500000) > 600000);
    bench_close(&b);
}

static void of_overlapping_events_the_least_holds(void **state)
{
    const struct grid_event events[] = {limit_event("a", 0, 1800, 500000),
                                        limit_event("b", 600, 900, 300000),
                                        limit_event("c", 0, 1800, 700000)};
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 3, events);
    assert_int_equal(pass(&b, 1, 800000), 500000);
    assert_int_equal(pass(&b, 700, 500000), 300000);
    assert_int_equal(pass(&b, 900, 300000), 500000);
    bench_close(&b);
}

static void malformed_and_too_many_events_are_counted_and_harm_nothing(void **state)
{
    struct grid_event events[EVENTS_MAX];
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    for (int i = 0; i < EVENTS_MAX; i++)
        events[i] = limit_event("", 0, 1800, 500000);
    events[1] = limit_event("a", 1800, 0, 500000);
    events[2] = limit_event("b", 0, 1800, -1);
    events[3] = limit_event("c", 0, 1800, LIMIT_MAX_W + 1);
    memset(events[4].id, 'x', sizeof events[4].id);
    events[5] = limit_event("d", 0, 1800, 1);
    events[5].end_utc_s = INT64_MAX;
    events[6] = limit_event("e", 0, 1800, 1);
    events[6].start_utc_s = INT64_MIN;
    tell(&b, EVENTS_MAX, events);
    assert_int_equal(pass(&b, 1, 800000), LIMIT_MAX_W);
    assert_int_equal((int64_t)figure(&b, "events_refused"), EVENTS_MAX);
    for (int i = 0; i < EVENTS_MAX; i++) {
        events[i] = limit_event("z", 0, 1800, 500000);
        snprintf(events[i].id, sizeof events[i].id, "event %d", i);
    }
    tell(&b, EVENTS_MAX, events);
    assert_int_equal(pass(&b, 1, 800000), 500000);
    events[0] = limit_event("one more", 0, 1800, 400000);
    tell(&b, 1, events);
    assert_int_equal(pass(&b, 1, 800000), 500000);
    assert_int_equal((int64_t)figure(&b, "events_refused"), EVENTS_MAX + 1);
    bench_close(&b);
}

static void a_silent_source_may_have_a_limit_of_its_own(void **state)
{
    struct bench b;
    char text[200];

    (void)state;
    open_events(&b, EVENTS("when_silent = \"650 kW\";"));
    assert_int_equal(pass(&b, 1, 800000), 650000);
    policy_explain(b.set, &b.limit[0], b.site, text, sizeof text);
    assert_non_null(strstr(text, "silent"));
    tell(&b, 0, NULL);
    assert_int_equal(pass(&b, 299, 800000), LIMIT_MAX_W);
    assert_int_equal(pass(&b, 2, 800000), 650000);
    bench_close(&b);
}

/* ---- clocks and restarts ---- */

static void a_clock_step_neither_ends_an_event_early_nor_begins_it_late(void **state)
{
    const struct grid_event event = limit_event("a", 600, 1800, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 1, &event);
    pass(&b, 300, 800000);
    set_clock(&b, b.snapshot.local.utc_s - 600); /* back: the other clock says when it begins */
    assert_int_equal(pass(&b, 301, 800000), 500000);
    set_clock(&b, b.snapshot.local.utc_s +
                      7200); /* far past its end: the other clock does not say so */
    assert_int_equal(pass(&b, 600, 500000), 500000);
    assert_true(pass(&b, 700, 500000) > 500000);
    bench_close(&b);
}

static void a_clock_that_is_lost_goes_on_by_the_other(void **state)
{
    const struct grid_event event = limit_event("a", 600, 1800, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 1, &event);
    pass(&b, 1, 800000);
    b.snapshot.local.known = false;
    assert_int_equal(pass(&b, 600, 800000), 500000);
    assert_int_equal(pass(&b, 1100, 500000), 500000);
    assert_true(pass(&b, 120, 500000) > 500000);
    bench_close(&b);
}

static void with_no_clock_ever_every_event_has_begun(void **state)
{
    const struct grid_event event = limit_event("a", 600, 1800, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    b.snapshot.local.known = false;
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 5000, 800000), 500000);
    bench_close(&b);
}

static void a_restart_remembers_the_events_of_a_silent_source(void **state)
{
    const struct grid_event events[] = {limit_event("a", 0, 1800, 500000),
                                        limit_event("b", 900, 1800, 400000)};
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 2, events);
    pass(&b, 10, 800000);
    bench_restart(&b, EVENTS());
    b.events.heard = false;
    assert_int_equal(pass(&b, 1, 800000), 500000);
    assert_int_equal(pass(&b, 900, 800000), 400000);
    tell(&b, 2, events); /* told again: they are the same two */
    pass(&b, 1, 800000);
    assert_int_equal((int64_t)figure(&b, "events_held"), 2);
    bench_close(&b);
}

/* ---- what people see ---- */

static struct policy_event only_event(struct bench *b)
{
    struct policy_event shown[POLICY_EVENTS_MAX];
    const struct policy *policy = &b->set->policy[1];

    assert_int_equal(policy->kind->events(policy->settings, b->state, shown), 1);
    return shown[0];
}

static void is_shown(struct bench *b, const char *phase, double target_w, double limit,
                     double left_s)
{
    struct policy_event e = only_event(b);

    assert_string_equal(e.phase, phase);
    assert_int_equal((int64_t)e.target_w, (int64_t)target_w);
    assert_int_equal((int64_t)e.limit_w, (int64_t)limit);
    assert_int_equal((int64_t)e.left_s, (int64_t)left_s);
}

static void an_event_is_shown_phase_by_phase_with_the_time_left(void **state)
{
    struct grid_event event = limit_event("dr-17", 1200, 3000, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 1, &event);
    pass(&b, 600, 800000);
    is_shown(&b, "notified", 500000, 500000 + 600 * 1000, 600);
    assert_string_equal(only_event(&b).id, "dr-17");
    pass(&b, 400, 800000);
    is_shown(&b, "ramp", 500000, 500000 + 200 * 1000, 200);
    pass(&b, 201, 500000);
    is_shown(&b, "active", 500000, 500000, 1799);
    pass(&b, 1800, 500000);
    /* 599 s of recovery are left; then 100 kW from the 800 kW before up to all that could be drawn, at 500 W a second */
    is_shown(&b, "recovery", 500000, 500000, 599 + (1000000 - 800000) / 500.0);
    assert_false(only_event(&b).cancelled);
    pass(&b, 599 + 401, 500000);
    assert_int_equal(b.set->policy[1].kind->events(b.set->policy[1].settings, b.state,
                                                   (struct policy_event[POLICY_EVENTS_MAX]){0}),
                     0);
    bench_close(&b);
}

static void after_a_restart_an_event_has_no_name_until_it_is_told_again(void **state)
{
    struct grid_event event = limit_event("dr-17", 0, 1800, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 1, &event);
    pass(&b, 10, 500000);
    bench_restart(&b, EVENTS());
    b.events.heard = false;
    pass(&b, 1, 500000);
    is_shown(&b, "active", 500000, 500000, 1789);
    assert_string_equal(only_event(&b).id, "");
    event.cancelled = true;
    tell(&b, 1, &event);
    pass(&b, 1, 500000);
    assert_string_equal(only_event(&b).id, "dr-17");
    assert_string_equal(only_event(&b).phase, "recovery");
    assert_true(only_event(&b).cancelled);
    bench_close(&b);
}

static void with_no_clock_nobody_knows_when_an_event_ends(void **state)
{
    const struct grid_event event = limit_event("a", 600, 1800, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    b.snapshot.local.known = false;
    tell(&b, 1, &event);
    pass(&b, 10, 800000);
    is_shown(&b, "active", 500000, 500000, -1);
    bench_close(&b);
}

/* ---- baseline and compliance ---- */

/* Days of this load; ends at noon of the day after the last. */
static void live_days(struct bench *b, int days, double import_w)
{
    for (int64_t minutes = 0; minutes < days * 1440; minutes++) {
        pass_seconds(b, 60);
        read_point(b, "grid", import_w, QUALITY_GOOD);
        limit_w(b);
    }
}

static struct grid_event reduction(struct bench *b, int64_t in_s, int64_t for_s, int64_t by_w)
{
    struct grid_event e = {.id = "less",
                           .start_utc_s = b->snapshot.local.utc_s + in_s,
                           .end_utc_s = b->snapshot.local.utc_s + in_s + for_s,
                           .target = EVENT_REDUCTION,
                           .target_w = by_w};

    return e;
}

static void a_reduction_counts_against_the_baseline_of_like_days(void **state)
{
    struct grid_event event;
    struct bench b;

    (void)state;
    open_events(&b, EVENTS("like_days = \"all_days\";"));
    live_days(&b, 4, 700000);
    /* Today 770 kW, so 10 % more than on like days; the event is in five hours. */
    for (int i = 0; i < 300; i++) {
        pass_seconds(&b, 60);
        read_point(&b, "grid", 770000, QUALITY_GOOD);
        limit_w(&b);
    }
    event = reduction(&b, 0, 1800, 200000);
    tell(&b, 1, &event);
    assert_true(llabs(pass(&b, 1, 770000) - (770000 - 200000)) <= 1000);
    assert_true(fabs(figure(&b, "baseline_w") - 770000) < 1000);
    bench_close(&b);
}

static void without_like_days_it_counts_against_the_load_before(void **state)
{
    struct grid_event event;
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    pass(&b, 60, 800000);
    event = reduction(&b, 0, 1800, 200000);
    tell(&b, 1, &event);
    assert_int_equal(pass(&b, 1, 800000), 600000);
    assert_int_equal(pass(&b, 600, 600000), 600000); /* what it draws now is not the load before */
    bench_close(&b);
}

static void without_any_load_it_counts_against_nothing(void **state)
{
    struct grid_event event;
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    event = reduction(&b, 0, 1800, 200000);
    tell(&b, 1, &event);
    pass_seconds(&b, 1);
    assert_int_equal(limit_w(&b), 0);
    bench_close(&b);
}

static void compliance_is_judged_by_interval(void **state)
{
    struct grid_event event;
    struct bench b;

    (void)state;
    open_events(&b, EVENTS("interval = \"5 min\";"));
    pass(&b, 60, 800000);
    event = reduction(&b, 0, 1800, 200000);
    tell(&b, 1, &event);
    assert_false(has_figure(&b, "compliance_min"));
    pass(&b, 100, 800000); /* 100 s at nothing of 200 kW */
    pass(&b, 201, 600000); /* and 200 s at all of it */
    assert_true(fabs(figure(&b, "compliance_min") - 2.0 / 3) < 0.01);
    assert_true(fabs(figure(&b, "comply_after_s") - 100) < 2);
    pass(&b, 300, 580000); /* more than was asked for */
    assert_true(fabs(figure(&b, "compliance_mean") - (2.0 / 3 + 1.1) / 2) < 0.01);
    assert_true(fabs(figure(&b, "compliance_min") - 2.0 / 3) < 0.01);
    pass(&b, 1500, 600000);
    assert_int_equal((int64_t)figure(&b, "event_active"), 0);
    assert_true(has_figure(&b, "compliance_mean")); /* stays to be read */
    bench_close(&b);
}

static void a_limit_has_no_baseline(void **state)
{
    const struct grid_event event = limit_event("a", 0, 1800, 500000);
    struct bench b;

    (void)state;
    open_events(&b, EVENTS());
    at_noon(&b, 800000);
    tell(&b, 1, &event);
    pass(&b, 302, 625000);
    assert_true(fabs(figure(&b, "compliance_min") - 0.8) < 0.01);
    pass(&b, 300, 400000);
    assert_true(fabs(figure(&b, "compliance_mean") - 0.9) < 0.01);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_reached_in_time_and_left_without_a_rebound),
        cmocka_unit_test(recovery_stays_below_what_was_before),
        cmocka_unit_test(what_was_before_is_a_mean_also_when_little_was_seen),
        cmocka_unit_test(an_event_that_is_told_late_goes_to_its_target_at_once),
        cmocka_unit_test(a_cancelled_event_recovers_and_one_that_never_bit_is_forgotten),
        cmocka_unit_test(an_event_that_vanishes_or_whose_source_is_silent_holds_until_its_end),
        cmocka_unit_test(an_event_that_is_told_again_is_replaced),
        cmocka_unit_test(of_overlapping_events_the_least_holds),
        cmocka_unit_test(malformed_and_too_many_events_are_counted_and_harm_nothing),
        cmocka_unit_test(a_silent_source_may_have_a_limit_of_its_own),
        cmocka_unit_test(a_clock_step_neither_ends_an_event_early_nor_begins_it_late),
        cmocka_unit_test(a_clock_that_is_lost_goes_on_by_the_other),
        cmocka_unit_test(with_no_clock_ever_every_event_has_begun),
        cmocka_unit_test(a_restart_remembers_the_events_of_a_silent_source),
        cmocka_unit_test(an_event_is_shown_phase_by_phase_with_the_time_left),
        cmocka_unit_test(after_a_restart_an_event_has_no_name_until_it_is_told_again),
        cmocka_unit_test(with_no_clock_nobody_knows_when_an_event_ends),
        cmocka_unit_test(a_reduction_counts_against_the_baseline_of_like_days),
        cmocka_unit_test(without_like_days_it_counts_against_the_load_before),
        cmocka_unit_test(without_any_load_it_counts_against_nothing),
        cmocka_unit_test(compliance_is_judged_by_interval),
        cmocka_unit_test(a_limit_has_no_baseline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
