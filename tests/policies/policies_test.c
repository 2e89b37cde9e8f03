/* What each policy kind asks for, evaluated alone on hand-made readings. The larger kinds have files of their own. */
#include "tests/policies/bench.h"

#include <stdio.h>
#include <string.h>

/* ---- equipment_limit ---- */

static const struct limit *limit_on(const struct bench *b, const char *row)
{
    char name[96];

    for (uint32_t i = 0; i < b->limits.count; i++) {
        if (strcmp(row_name(&b->rows, b->site, b->limit[i].row, name, sizeof name), row) == 0)
            return &b->limit[i];
    }
    fail_msg("no limit on %s", row);
    return NULL;
}

static void every_rating_becomes_a_limit_in_watts(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "policies = ( );");
    bench_evaluate(&b, 0);
    assert_int_equal(limit_on(&b, "root")->value_w, 1000000);
    assert_int_equal(limit_on(&b, "a")->value_w, 360000);                  /* 500 kVA x 0.8 x 0.9 */
    assert_int_equal(limit_on(&b, "a with feed B lost")->value_w, 495000); /* 500 kVA x 1.1 x 0.9 */
    assert_int_equal(limit_on(&b, "b L2")->value_w, 14904); /* 100 A x 207 V x 0.8 x 0.9 */
    assert_int_equal(limit_on(&b, "b L2 with feed A lost")->value_w,
                     20493); /* 100 A x 207 V x 1.1 x 0.9 */
    for (uint32_t i = 0; i < b.limits.count; i++)
        assert_int_equal(b.limit[i].strength, LIMIT_HARD);
    bench_close(&b);
}

/* ---- import_limit ---- */

static const char contract[] =
    "policies = ( { name = \"contract\"; kind = \"import_limit\"; branch = \"root\"; limit = \"800 "
    "kW\";\n"
    "  generation_margin = \"25 %\"; windows = (\n"
    "    { days = \"mon-fri\"; from = \"07:00\"; to = \"20:00\"; limit = \"600 kW\"; },\n"
    "    { days = \"fri\"; from = \"22:00\"; to = \"06:00\"; limit = \"900 kW\"; },\n"
    "    { days = \"wed\"; from = \"12:00\"; to = \"13:00\"; limit = \"500 kW\"; } ); } );";

static void a_contract_follows_weekday_and_hour(void **state)
{
    static const struct {
        int weekday, minute;
        int64_t limit_w;
    } cases[] = {
        {0, 6 * 60 + 59, 800000}, {0, 7 * 60, 600000},  {0, 19 * 60 + 59, 600000},
        {0, 20 * 60, 800000},     {5, 12 * 60, 800000}, {2, 12 * 60, 500000},
        {2, 13 * 60, 600000},     {4, 22 * 60, 900000}, {5, 5 * 60 + 59, 900000},
        {5, 6 * 60, 800000},      {4, 5 * 60, 800000},  {6, 23 * 60, 800000},
    };
    struct bench b;

    (void)state;
    bench_open(&b, contract);
    for (size_t i = 0; i < COUNT(cases); i++) {
        b.snapshot.local.weekday = cases[i].weekday;
        b.snapshot.local.minute_of_day = cases[i].minute;
        assert_int_equal(bench_evaluate(&b, 1), cases[i].limit_w);
    }
    bench_close(&b);
}

static void an_unknown_clock_takes_the_least_limit(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, contract);
    b.snapshot.local.known = false;
    assert_int_equal(bench_evaluate(&b, 1), 500000);
    bench_close(&b);
}

static void production_makes_room_less_its_margin(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, contract);
    b.estimate.generation_w[site_branch(b.site, "root")] = 200000;
    assert_int_equal(bench_evaluate(&b, 1), 950000);
    /* Once nobody renews it, neither production nor a generous hour is relied on. */
    assert_int_equal(limit_now_w(&b.limit[0], b.limit[0].valid_until_ns + 1), 500000);
    bench_close(&b);
}

/* ---- carbon_response ---- */

static const char carbon[] =
    "policies = ( { name = \"low\"; kind = \"carbon_response\"; signal = \"carbon\"; branch = "
    "\"root\"; rate = \"600 %/min\";\n"
    "  hysteresis = \"20 g/kWh\"; bands = ( { above = \"200 g/kWh\"; share = \"60 %\"; }, { above "
    "= \"400 g/kWh\"; share = \"20 %\"; } ); } );";

static void open_carbon(struct bench *b)
{
    bench_open(b, carbon);
    b->estimate.row[0] = (struct row_estimate){
        .uncontrolled_w = 50000, .fixed_w = 50000, .min_w = 100000, .max_w = 300000};
}

static int64_t share_now(struct bench *b, double intensity, enum quality quality)
{
    read_point(b, "carbon", intensity, quality);
    /* 200 kW and the share of 200 kW more */
    return (bench_evaluate(b, 1) - 200000) / 2000;
}

static void bands_have_hysteresis(void **state)
{
    struct bench b;

    (void)state;
    open_carbon(&b);
    assert_int_equal(share_now(&b, 150, QUALITY_GOOD), 100);
    pass_seconds(&b, 60);
    assert_int_equal(share_now(&b, 200, QUALITY_GOOD), 60);
    pass_seconds(&b, 60);
    assert_int_equal(share_now(&b, 185, QUALITY_GOOD), 60);
    pass_seconds(&b, 60);
    assert_int_equal(share_now(&b, 179, QUALITY_GOOD), 100);
    pass_seconds(&b, 60);
    assert_int_equal(share_now(&b, 450, QUALITY_GOOD), 20);
    bench_close(&b);
}

static void the_share_moves_at_its_rate(void **state)
{
    struct bench b;

    (void)state;
    open_carbon(&b);
    assert_int_equal(share_now(&b, 150, QUALITY_GOOD), 100);
    pass_seconds(&b, 1);
    assert_int_equal(share_now(&b, 300, QUALITY_GOOD), 90); /* 10 % a second */
    pass_seconds(&b, 2);
    assert_int_equal(share_now(&b, 300, QUALITY_GOOD), 70);
    pass_seconds(&b, 2);
    assert_int_equal(share_now(&b, 300, QUALITY_GOOD), 60);
    bench_close(&b);
}

static void a_lost_carbon_feed_never_raises(void **state)
{
    struct bench b;

    (void)state;
    open_carbon(&b);
    assert_int_equal(share_now(&b, 0, QUALITY_MISSING), 20); /* never heard: the tightest band */
    pass_seconds(&b, 60);
    assert_int_equal(share_now(&b, 300, QUALITY_GOOD), 60);
    pass_seconds(&b, 60);
    assert_int_equal(share_now(&b, 100, QUALITY_STALE), 60);
    assert_int_equal(share_now(&b, 100, QUALITY_BAD), 60);
    bench_close(&b);
}

static void a_reload_may_bring_fewer_bands(void **state)
{
    struct bench b;

    (void)state;
    open_carbon(&b);
    assert_int_equal(share_now(&b, 450, QUALITY_GOOD), 20);
    policy_set_free(b.set);
    b.set = policies_from_text(
        "policies = ( { name = \"low\"; kind = \"carbon_response\"; signal = \"carbon\"; branch = "
        "\"root\";\n"
        "  rate = \"600 %/min\"; bands = ( { above = \"100 g/kWh\"; share = \"70 %\"; } ); } );",
        b.site);
    pass_seconds(&b, 60);
    assert_int_equal(share_now(&b, 450, QUALITY_GOOD), 70);
    bench_close(&b);
}

/* ---- renewable_follow ---- */

static void sun_is_followed_down_at_once_and_up_gently(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "policies = ( { name = \"sun\"; kind = \"renewable_follow\"; branch = \"root\"; "
                   "sources = ( \"pv\" );"
                   " import_target = \"300 kW\"; rise = \"5 kW/s\"; } );");
    read_point(&b, "sun", 100000, QUALITY_GOOD);
    assert_int_equal(bench_evaluate(&b, 1), 400000);
    read_point(&b, "sun", 40000, QUALITY_GOOD);
    pass_seconds(&b, 1);
    assert_int_equal(bench_evaluate(&b, 1), 340000);
    read_point(&b, "sun", 100000, QUALITY_GOOD);
    pass_seconds(&b, 2);
    assert_int_equal(bench_evaluate(&b, 1), 350000);
    read_point(&b, "sun", 100000, QUALITY_STALE);
    pass_seconds(&b, 1);
    assert_int_equal(bench_evaluate(&b, 1), 300000);
    assert_int_equal(b.limit[0].strength, LIMIT_SOFT);
    bench_close(&b);
}

/* 400 kWh at 70 % with a reserve of 20 % over 2 h: 100 kW. */
static void a_battery_is_credited_what_it_can_give_for_the_time_above_its_reserve(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "policies = ( { name = \"sun\"; kind = \"renewable_follow\"; branch = \"root\"; "
                   "sources = ( \"pv\", \"battery\" ); import_target = \"300 kW\"; "
                   "battery_time = \"2 h\"; } );");
    read_point(&b, "sun", 50000, QUALITY_GOOD);
    read_point(&b, "discharge", 140000,
               QUALITY_GOOD); /* what it gives now is not what it can give */
    read_point(&b, "charge", 70, QUALITY_GOOD);
    assert_int_equal(bench_evaluate(&b, 1), 450000);
    read_point(&b, "charge", 100, QUALITY_GOOD); /* 320 kWh over 2 h, but rated 150 kW */
    pass_seconds(&b, 60);
    assert_int_equal(bench_evaluate(&b, 1), 500000);
    read_point(&b, "charge", 20, QUALITY_GOOD);
    pass_seconds(&b, 1);
    assert_int_equal(bench_evaluate(&b, 1), 350000);
    read_point(&b, "charge", 90, QUALITY_STALE);
    pass_seconds(&b, 60);
    assert_int_equal(bench_evaluate(&b, 1), 350000);
    assert_int_equal((int64_t)figure(&b, "battery_w"), 0);
    bench_close(&b);
}

static void a_battery_without_a_time_counts_with_what_it_gives_now(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "policies = ( { name = \"sun\"; kind = \"renewable_follow\"; branch = \"root\"; "
                   "sources = ( \"battery\" ); import_target = \"300 kW\"; } );");
    read_point(&b, "discharge", 40000, QUALITY_GOOD);
    read_point(&b, "charge", 20, QUALITY_GOOD);
    assert_int_equal(bench_evaluate(&b, 1), 340000);
    bench_close(&b);
}

static void another_basis_forgets_the_feed_that_was_seen(void **state)
{
    struct bench b;

    (void)state;
    open_carbon(&b);
    assert_int_equal(share_now(&b, 150, QUALITY_GOOD), 100);
    bench_reload(&b,
                 "policies = ( { name = \"low\"; kind = \"carbon_response\"; signal = \"carbon\"; "
                 "branch = \"root\"; basis = \"marginal\"; rate = \"600 %/min\";\n"
                 "  bands = ( { above = \"500 g/kWh\"; share = \"30 %\"; } ); } );");
    pass_seconds(&b, 60);
    assert_int_equal(share_now(&b, 0, QUALITY_STALE), 30);
    bench_close(&b);
}

static void every_limit_can_be_explained(void **state)
{
    struct bench b;
    char sentence[256];

    (void)state;
    bench_open(&b, contract);
    bench_evaluate(&b, 1);
    policy_explain(b.set, &b.limit[0], b.site, sentence, sizeof sentence);
    assert_string_equal(sentence, "contract: import of 800.0 kW + 0.0 kW of on-site production");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rating_becomes_a_limit_in_watts),
        cmocka_unit_test(a_contract_follows_weekday_and_hour),
        cmocka_unit_test(an_unknown_clock_takes_the_least_limit),
        cmocka_unit_test(production_makes_room_less_its_margin),
        cmocka_unit_test(bands_have_hysteresis),
        cmocka_unit_test(the_share_moves_at_its_rate),
        cmocka_unit_test(a_lost_carbon_feed_never_raises),
        cmocka_unit_test(a_reload_may_bring_fewer_bands),
        cmocka_unit_test(sun_is_followed_down_at_once_and_up_gently),
        cmocka_unit_test(a_battery_is_credited_what_it_can_give_for_the_time_above_its_reserve),
        cmocka_unit_test(a_battery_without_a_time_counts_with_what_it_gives_now),
        cmocka_unit_test(another_basis_forgets_the_feed_that_was_seen),
        cmocka_unit_test(every_limit_can_be_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
