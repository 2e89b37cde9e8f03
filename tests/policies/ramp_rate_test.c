/* ramp_rate: the limit that rises from the load, and the floor under goals. */
#include "tests/policies/bench.h"

#include <stdlib.h>
#include <string.h>

static const char gently[] = "policies = ( { name = \"gently\"; kind = \"ramp_rate\"; branch = "
                             "\"root\"; up = \"60 kW/min\"; "
                             "down = \"120 kW/min\"; lead = \"10 s\"; } );";

/* One second with this load; the limit. */
static int64_t second(struct bench *b, double import_w, enum quality quality)
{
    pass_seconds(b, 1);
    read_point(b, "grid", import_w, quality);
    return limit_w(b);
}

static int64_t floor_w(const struct bench *b)
{
    assert_int_equal(b->limits.count, 2);
    assert_int_equal(b->limit[0].strength, LIMIT_SOFT);
    assert_int_equal(b->limit[1].strength, LIMIT_FLOOR);
    return b->limit[1].value_w;
}

static void the_limit_runs_ahead_of_the_load_by_the_lead(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, gently);
    b.estimate.row[0].bound_bp = 900000 * SHARE_WHOLE_BP;
    assert_int_equal(second(&b, 500000, QUALITY_GOOD), 510000);
    for (int i = 0; i < 60; i++)
        assert_int_equal(second(&b, 500000, QUALITY_GOOD), 510000);
    assert_int_equal(floor_w(&b), 480000);
    bench_close(&b);
}

static void the_limit_rises_in_steps_below_its_line(void **state)
{
    struct bench b;
    int64_t before_w = 0;
    int changes = 0;

    (void)state;
    bench_open(&b, gently);
    before_w = second(&b, 500000, QUALITY_GOOD);
    for (int i = 1; i <= 100; i++) {
        int64_t now_w = second(&b, (double)before_w, QUALITY_GOOD);

        assert_true(now_w <= 510000 + i * 1000);
        assert_true(now_w > 510000 + i * 1000 - 5000);
        changes += now_w != before_w;
        before_w = now_w;
    }
    assert_int_equal(changes, 20);
    bench_close(&b);
}

static void load_that_obeys_rises_at_the_ramp(void **state)
{
    struct bench b;
    int64_t load_w = 500000;

    (void)state;
    bench_open(&b, gently);
    load_w = second(&b, 500000, QUALITY_GOOD);
    for (int i = 0; i < 300; i++)
        load_w = second(&b, (double)load_w, QUALITY_GOOD); /* takes all at once */
    assert_true(load_w <= 510000 + 300 * 1000);
    assert_true(load_w >= 510000 + 294 * 1000 - 1000); /* within a tread */
    bench_close(&b);
}

/* After an event is over nothing but the ramp holds the load back. */
static void what_has_fallen_climbs_again_from_where_it_is(void **state)
{
    struct bench b;
    int64_t limit = 0;

    (void)state;
    bench_open(&b, gently);
    second(&b, 800000, QUALITY_GOOD);
    for (int i = 0; i < 30; i++)
        limit = second(&b, 300000, QUALITY_GOOD);
    assert_int_equal(limit, 310000);
    assert_true(floor_w(&b) <= limit); /* the floor does not lift it back */
    bench_close(&b);
}

static void noise_does_not_pull_the_load_down(void **state)
{
    struct bench b;
    int64_t limit = 0;

    (void)state;
    bench_open(&b, gently);
    for (int i = 0; i < 600; i++) {
        limit = second(&b, i % 7 == 6 ? 480000 : 500000, QUALITY_GOOD);
        assert_true(limit >= 500000);
    }
    bench_close(&b);
}

static void goals_fall_no_faster_than_the_floor(void **state)
{
    struct bench b;
    int64_t load_w = 500000;
    int64_t before_w = 0;
    int64_t fell_w = 0;

    (void)state;
    bench_open(&b, gently);
    second(&b, 500000, QUALITY_GOOD);
    load_w = floor_w(&b);
    for (int i = 0; i < 100; i++) { /* a goal of nothing: load goes to the floor at once */
        before_w = load_w;
        second(&b, (double)load_w, QUALITY_GOOD);
        load_w = floor_w(&b);
        fell_w += before_w - load_w;
        assert_true(fell_w <= 2000 * (i + 1)); /* in steps, never ahead of the ramp */
    }
    assert_true(load_w <= 480000 - 100 * 2000 + 4000);
    bench_close(&b);
}

static void a_lost_meter_stops_the_rise_and_lets_the_floor_fall(void **state)
{
    struct bench b;
    int64_t held = 0;
    int64_t floor = 0;

    (void)state;
    bench_open(&b, gently);
    held = second(&b, 500000, QUALITY_GOOD);
    floor = floor_w(&b);
    for (int i = 0; i < 24; i++) { /* treads of 5 s */
        for (int s = 0; s < 5; s++)
            assert_int_equal(second(&b, 500000, QUALITY_STALE), held);
        assert_true(floor_w(&b) < floor || floor == 0);
        floor = floor_w(&b);
    }
    bench_close(&b);
}

static void a_meter_that_was_never_read_asks_for_nothing(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, gently);
    assert_int_equal(second(&b, 0, QUALITY_MISSING), LIMIT_MAX_W);
    assert_int_equal(b.limits.count, 0);
    bench_close(&b);
}

static void production_makes_room_and_its_loss_takes_it(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, gently);
    b.estimate.generation_w[0] = 100000;
    assert_int_equal(second(&b, 400000, QUALITY_GOOD), 510000);
    b.estimate.generation_w[0] = 0;
    assert_int_equal(second(&b, 400000, QUALITY_GOOD), 410000);
    bench_close(&b);
}

static void a_floor_that_nobody_renews_holds_nothing(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, gently);
    second(&b, 500000, QUALITY_GOOD);
    assert_true(floor_w(&b) > 0);
    assert_int_equal(limit_now_w(&b.limit[1], b.limit[1].valid_until_ns + 1), 0);
    bench_close(&b);
}

/* With all nodes within their dead bands, nobody would rise for ever. */
static void a_lead_that_dead_bands_swallow_is_suspicious(void **state)
{
    struct bench b;
    struct error err;
    const struct policy *policy = NULL;

    (void)state;
    bench_open(&b, gently);
    policy = &b.set->policy[1];
    assert_true(policy->kind->suspect(policy->settings, b.site, &err));
    b.site->control.dead_band_w =
        5000; /* 10 s of 1 kW/s are 2 x 5 kW for one node, and not for more */
    assert_true(policy->kind->suspect(policy->settings, b.site, &err) ==
                (b.site->nodes.count <= 1));
    b.site->control.dead_band_w = 5001;
    assert_false(policy->kind->suspect(policy->settings, b.site, &err));
    assert_string_equal(err.where, "lead");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_runs_ahead_of_the_load_by_the_lead),
        cmocka_unit_test(the_limit_rises_in_steps_below_its_line),
        cmocka_unit_test(load_that_obeys_rises_at_the_ramp),
        cmocka_unit_test(what_has_fallen_climbs_again_from_where_it_is),
        cmocka_unit_test(noise_does_not_pull_the_load_down),
        cmocka_unit_test(goals_fall_no_faster_than_the_floor),
        cmocka_unit_test(a_lost_meter_stops_the_rise_and_lets_the_floor_fall),
        cmocka_unit_test(a_meter_that_was_never_read_asks_for_nothing),
        cmocka_unit_test(production_makes_room_and_its_loss_takes_it),
        cmocka_unit_test(a_lead_that_dead_bands_swallow_is_suspicious),
        cmocka_unit_test(a_floor_that_nobody_renews_holds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
