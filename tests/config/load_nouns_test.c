/* Curves, breakers, batteries, forecasts, events: what a file says of them is what the model has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/load.h"
#include "tests/config/drivers.h"

#define HEAD                                                                                       \
    "site = { name = \"s\"; time_zone = \"UTC\"; };\n"                                             \
    "brokers = ( { name = \"main\"; url = \"tcp://h:1\"; } );\n"                                   \
    "signals = ( { name = \"soc\"; driver = \"mqtt\"; broker = \"main\"; topic = \"t\"; quantity " \
    "= "                                                                                           \
    "\"state_of_charge\"; stale_after = \"5 s\"; },\n"                                             \
    "  { name = \"load\"; driver = \"mqtt\"; broker = \"main\"; topic = \"u\"; quantity = "        \
    "\"power\"; "                                                                                  \
    "stale_after = \"5 s\"; } );\n"
#define ONE_BRANCH "branches = ( { name = \"b\"; } );\n"

static const struct load_options options = {.drivers = test_drivers, .profile_folder = "devices"};

static struct site *load_text(const char *text)
{
    struct diagnostics found = {0};
    struct site *site = NULL;
    char line[1200];

    if (!load_site_text("test.cfg", text, strlen(text), &options, &site, &found))
        fail_msg("%s", diagnostic_line(&found.item[0], line, sizeof line));
    diagnostics_free(&found);
    return site;
}

static void the_curve_of_a_kind_is_that_of_each_of_its_nodes(void **state)
{
    struct site *site = load_text(
        HEAD ONE_BRANCH
        "node_kinds = (\n"
        "  { name = \"plain\"; cap_min = 400; cap_max = 1000; safe_cap = 400; uncapped = 1000; "
        "remainder = 0; },\n"
        "  { name = \"known\"; cap_min = 400; cap_max = 1000; safe_cap = 400; uncapped = 1000; "
        "remainder = 0;\n"
        "    curve = ( ( \"300 W\", 0 ), [ 1000, 2 ], ( \"1.2 kW\", 1.5 ) ); } );\n"
        "nodes = ( { name = \"n[1-2]\"; kind = \"plain\"; feeds = ( { branch = \"b\"; } ); },\n"
        "  { name = \"m[1-2]\"; kind = \"known\"; feeds = ( { branch = \"b\"; } ); } );\n");
    const struct curve *const *curve = site->nodes.curve;

    (void)state;
    assert_non_null(curve);
    assert_null(curve[0]);
    assert_null(curve[1]);
    assert_non_null(curve[2]);
    assert_ptr_equal(curve[2], curve[3]);
    assert_int_equal(curve[2]->points, 3);
    assert_int_equal(curve[2]->point[1].cap_w, 1000);
    assert_true(curve_throughput(curve[2], 650) == 1.0);
    assert_true(curve_throughput(curve[2], 1100) == 1.75);
    site_free(site);
}

static void without_curves_and_breakers_there_are_no_tables_of_them(void **state)
{
    struct site *site = load_text(
        HEAD
        "branches = ( { name = \"b\"; rating = \"1 kW\"; } );\n"
        "breakers = ( { name = \"unused\"; reset = \"1 s\"; points = ( ( 2.0, \"1 s\" ) ); } );\n"
        "node_kinds = ( { name = \"k\"; cappable = false; uncapped = 700; } );\n"
        "nodes = ( { name = \"n\"; kind = \"k\"; feeds = ( { branch = \"b\"; } ); } );\n");

    (void)state;
    assert_null(site->nodes.curve);
    assert_null(site->tree.trip);
    site_free(site);
}

static void branches_have_the_breakers_that_they_name(void **state)
{
    struct site *site = load_text(
        HEAD
        "breakers = (\n"
        "  { name = \"slow\"; reset = \"10 min\"; points = ( ( \"113 %\", \"1 h\" ), ( \"145 %\", "
        "\"60 s\" ) ); },\n"
        "  { name = \"fast\"; reset = \"1500 us\"; points = ( ( 1.5, \"1999 us\" ) ); } );\n"
        "branches = ( { name = \"top\"; },\n"
        "  { name = \"r[1-4]\"; parent = \"top\"; rating = \"16 A\"; breaker = \"[fast,slow]\"; } "
        ");\n");
    const struct trip_curve *const *trip = site->tree.trip;

    (void)state;
    assert_non_null(trip);
    assert_null(trip[0]);
    assert_ptr_equal(trip[1], trip[2]);
    assert_ptr_equal(trip[3], trip[4]);
    assert_int_equal(trip[1]->points, 1);
    assert_int_equal(trip[1]->point[0].load_bp, 15000);
    assert_int_equal(trip[1]->point[0].hold_ms, 1); /* down: never borne longer than it says */
    assert_int_equal(trip[1]->reset_ms, 2);         /* up: never cold sooner than it says */
    assert_int_equal(trip[4]->points, 2);
    assert_int_equal(trip[4]->reset_ms, 600000);
    assert_true(trip_hold_s(trip[4], 14500) > 59.999 && trip_hold_s(trip[4], 14500) < 60.001);
    site_free(site);
}

static void a_battery_tells_how_full_it_is(void **state)
{
    struct site *site = load_text(
        HEAD ONE_BRANCH
        "sources = (\n"
        "  { name = \"pv\"; kind = \"pv\"; branch = \"b\"; meter = \"load\"; rated = \"1 kW\"; },\n"
        "  { name = \"ups\"; kind = \"battery\"; branch = \"b\"; meter = \"load\"; rated = \"1 "
        "kW\";\n"
        "    charge = \"soc\"; capacity = \"1.5 MWh\"; reserve = \"35 %\"; },\n"
        "  { name = \"usual\"; kind = \"battery\"; branch = \"b\"; meter = \"load\"; rated = \"1 "
        "kW\";\n"
        "    charge = \"soc\"; capacity = \"2 kWh\"; },\n"
        "  { name = \"mute\"; kind = \"battery\"; branch = \"b\"; meter = \"load\"; rated = \"1 "
        "kW\"; } );\n");
    const struct source *source = site->source;

    (void)state;
    assert_int_equal(source[0].charge_point, NONE_INDEX);
    assert_int_equal(source[0].capacity_wh, 0);
    assert_int_equal(source[0].reserve_bp, 0);
    assert_int_equal(source[1].charge_point, site_point(site, "soc"));
    assert_int_equal(source[1].capacity_wh, 1500000);
    assert_int_equal(source[1].reserve_bp, 3500);
    assert_int_equal(source[2].reserve_bp, 2000);
    assert_int_equal(source[3].charge_point, NONE_INDEX);
    site_free(site);
}

static void forecasts_and_events_have_a_device_each(void **state)
{
    struct site *site = load_text(
        HEAD ONE_BRANCH
        "forecasts = (\n"
        "  { name = \"price\"; driver = \"mqtt\"; broker = \"main\"; topic = \"p\"; quantity = "
        "\"price\"; },\n"
        "  { name = \"co2\"; driver = \"mqtt\"; broker = \"main\"; topic = \"c\"; quantity = "
        "\"carbon_intensity\"; basis = \"marginal\"; } );\n"
        "event_sources = (\n"
        "  { name = \"dso\"; driver = \"mqtt\"; broker = \"main\"; topic = \"e\"; },\n"
        "  { name = \"tso\"; driver = \"mqtt\"; broker = \"main\"; topic = \"f\"; stale_after = "
        "\"2 min\"; } );\n");

    (void)state;
    assert_int_equal(site->forecasts, 2);
    assert_string_equal(site->forecast[0].name, "price");
    assert_int_equal(site->forecast[1].quantity, QUANTITY_CARBON_INTENSITY);
    assert_int_equal(site->forecast[1].basis, BASIS_MARGINAL);
    assert_int_equal(site->forecast_device[1].role, ROLE_FORECAST);
    assert_int_equal(site->forecast_device[1].feed, 1);
    assert_int_equal(site->forecast_device[1].points, 0);
    assert_string_equal(((const struct test_feed *)site->forecast_device[1].settings)->topic, "c");
    assert_int_equal(site->event_sources, 2);
    assert_int_equal(site->event_source[0].stale_after_ns, 300 * NS_PER_S);
    assert_int_equal(site->event_source[1].stale_after_ns, 120 * NS_PER_S);
    assert_string_equal(site->event_source[1].name, "tso");
    assert_int_equal(site->event_device[1].role, ROLE_EVENTS);
    assert_int_equal(site->event_device[1].feed, 1);
    assert_int_equal(site->points, 2); /* neither gives a point */
    site_free(site);
}

/* Each has fixed memory in the service, so that a file can't ask for all there is. */
static void there_are_at_most_sixty_four_sources_of_events(void **state)
{
    for (int more = 0; more < 2; more++) {
        char text[16 * 1024] = HEAD ONE_BRANCH "event_sources = ( ";
        size_t used = strlen(text);
        struct diagnostics found = {0};
        struct site *site = NULL;

        (void)state;
        for (int i = 0; i < 64 + more; i++)
            used += (size_t)snprintf(text + used, sizeof text - used,
                                     "%s{ name = \"e%d\"; driver = \"mqtt\"; broker = \"main\"; "
                                     "topic = \"t/%d\"; }",
                                     i > 0 ? ", " : "", i, i);
        snprintf(text + used, sizeof text - used, " );");
        assert_int_equal(load_site_text("test.cfg", text, strlen(text), &options, &site, &found),
                         more == 0);
        if (more > 0) {
            assert_int_equal(found.count, 1);
            assert_string_equal(found.item[0].read, "65 groups");
        }
        site_free(site);
        diagnostics_free(&found);
    }
}

static void caps_may_be_kept_still_and_work_be_put_first(void **state)
{
    struct site *site = load_text(
        HEAD ONE_BRANCH "control = { dead_band_time = \"20 s\"; objective = \"throughput\"; };\n");

    (void)state;
    assert_int_equal(site->control.dead_band_ns, 20 * NS_PER_S);
    assert_int_equal(site->control.objective, OBJECTIVE_THROUGHPUT);
    site_free(site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curve_of_a_kind_is_that_of_each_of_its_nodes),
        cmocka_unit_test(without_curves_and_breakers_there_are_no_tables_of_them),
        cmocka_unit_test(branches_have_the_breakers_that_they_name),
        cmocka_unit_test(a_battery_tells_how_full_it_is),
        cmocka_unit_test(forecasts_and_events_have_a_device_each),
        cmocka_unit_test(there_are_at_most_sixty_four_sources_of_events),
        cmocka_unit_test(caps_may_be_kept_still_and_work_be_put_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
