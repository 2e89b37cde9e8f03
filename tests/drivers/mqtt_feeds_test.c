/* Forecasts and lists of events from payloads: what is taken, and all that is not. */
#include "drivers/mqtt/events_payload.h"
#include "drivers/mqtt/forecast_payload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795561511000) /* 2026-11-24T23:05:11Z */
#define NOW_S (NOW_MS / 1000)
#define ISSUED "\"issued\": \"2026-11-24T23:00:00Z\", "
#define START "\"start\": \"2026-11-24T23:00:00Z\", "
#define STEP "\"step_s\": 1800, "
#define HALF_A_DAY                                                                             \
    "\"values\": [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, " \
    "115, 116, 117, 118, 119, 120, 121, 122, 123.5]"

static const struct forecast_rules carbon = {QUANTITY_CARBON_INTENSITY, 1, 6 * 3600};

static bool read_forecast(const char *text, struct forecast *out, struct error *err)
{
    return forecast_read(&carbon, text, strlen(text), NOW_MS, "co2", out, err);
}

static bool read_events(const char *text, struct events_payload *out, struct error *err)
{
    return events_read(text, strlen(text), NOW_MS, "dso", out, err);
}

/* ---------------------------------------------------------------- forecasts */

static void a_forecast_is_taken_whole(void **state)
{
    struct forecast f;
    struct error err;
    double value = 0;

    (void)state;
    assert_true(read_forecast("{" ISSUED START STEP HALF_A_DAY ", \"model\": \"x\"}", &f, &err));
    assert_true(f.known);
    assert_int_equal(f.issued_utc_s, NOW_S - 311);
    assert_int_equal(f.start_utc_s, NOW_S - 311);
    assert_int_equal(f.step_s, 1800);
    assert_int_equal(f.count, 24);
    assert_true(forecast_at(&f, NOW_S, &value) && value == 100);
    assert_true(forecast_at(&f, NOW_S + 12 * 3600 - 312, &value) && value == 123.5);
    assert_false(forecast_at(&f, NOW_S + 12 * 3600, &value));
}

static void values_are_scaled_before_they_are_judged(void **state)
{
    struct forecast_rules kilos = carbon;
    const char *text = "{" ISSUED START "\"step_s\": 21600, \"values\": [0.25]}";
    struct forecast f;

    (void)state;
    kilos.scale = 1000;
    assert_true(forecast_read(&kilos, text, strlen(text), NOW_MS, "co2", &f, NULL));
    assert_true(f.value[0] == 250);
    kilos.scale = 1e6;
    assert_false(forecast_read(&kilos, text, strlen(text), NOW_MS, "co2", &f, NULL));
}

static void as_many_values_as_there_is_room_for(void **state)
{
    for (int more = 0; more < 2; more++) {
        char text[16 * 1024] = "{" ISSUED START STEP "\"values\": [1";
        size_t used = strlen(text);
        struct forecast f;

        (void)state;
        for (int i = 1; i < FORECAST_STEPS_MAX + more; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, ",%d", i);
        snprintf(text + used, sizeof text - used, "]}");
        assert_int_equal(read_forecast(text, &f, NULL), more == 0);
    }
}

static const char *const no_forecasts[] = {
    "",
    "null",
    "[]",
    "{}",
    "{" ISSUED START STEP HALF_A_DAY,
    "{" ISSUED START STEP HALF_A_DAY "} x",
    "{" ISSUED ISSUED START STEP HALF_A_DAY "}",
    "{" START STEP HALF_A_DAY "}",
    "{" ISSUED STEP HALF_A_DAY "}",
    "{" ISSUED START HALF_A_DAY "}",
    "{" ISSUED START "\"step_s\": 1800}",
    "{" ISSUED START STEP "\"values\": []}",
    "{" ISSUED START STEP "\"values\": {}}",
    "{" ISSUED START STEP "\"values\": 100}",
    "{" ISSUED START STEP "\"values\": [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110]}",
    "{" ISSUED START "\"step_s\": 21600, \"values\": [null]}",
    "{" ISSUED START "\"step_s\": 21600, \"values\": [\"100\"]}",
    "{" ISSUED START "\"step_s\": 21600, \"values\": [NaN]}",
    "{" ISSUED START "\"step_s\": 21600, \"values\": [1e999]}",
    "{" ISSUED START "\"step_s\": 21600, \"values\": [-1]}",
    "{" ISSUED START "\"step_s\": 21600, \"values\": [2001]}",
    "{" ISSUED START "\"step_s\": 21600, \"values\": [100, 100, true]}",
    "{" ISSUED START "\"step_s\": 0, \"values\": [100]}",
    "{" ISSUED START "\"step_s\": -21600, \"values\": [100]}",
    "{" ISSUED START "\"step_s\": 21600.5, \"values\": [100]}",
    "{" ISSUED START "\"step_s\": \"21600\", \"values\": [100]}",
    "{" ISSUED START "\"step_s\": 86401, \"values\": [100]}",
    "{" ISSUED START "\"step_s\": 9223372036854775807, \"values\": [100]}",
    "{\"issued\": 1795561511, " START STEP HALF_A_DAY "}",
    "{\"issued\": \"2026-11-24T23:00:00\", " START STEP HALF_A_DAY "}",
    "{\"issued\": \"2026-11-24T23:10:12Z\", " START STEP HALF_A_DAY "}", /* in our future */
    "{\"issued\": \"2025-11-23T23:00:00Z\", " START STEP HALF_A_DAY "}", /* a year ago */
    "{\"issued\": \"9999-12-31T23:59:59Z\", " START STEP HALF_A_DAY "}",
    "{" ISSUED "\"start\": \"2026-11-22T22:59:59Z\", " STEP HALF_A_DAY "}", /* 2 days before */
    "{" ISSUED "\"start\": \"2026-12-01T23:00:01Z\", " STEP HALF_A_DAY "}", /* 7 days after */
};

static void what_is_no_forecast_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(no_forecasts); i++) {
        struct forecast f = {.count = 77};
        struct error err = {0};

        if (read_forecast(no_forecasts[i], &f, &err))
            fail_msg("taken: %s", no_forecasts[i]);
        assert_int_equal(f.count, 77);
        assert_string_equal(err.where, "co2");
        assert_true(err.expected[0] != '\0');
    }
}

static void a_forecast_reaches_two_months_at_most(void **state)
{
    char text[1024] = "{" ISSUED START "\"step_s\": 86400, \"values\": [1";
    size_t used = strlen(text);
    struct forecast f;

    (void)state;
    for (int i = 1; i < 62; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, ",1");
    snprintf(text + used, sizeof text - used, "]}");
    assert_true(read_forecast(text, &f, NULL));
    snprintf(text + used, sizeof text - used, ",1]}");
    assert_false(read_forecast(text, &f, NULL));
}

/* ---------------------------------------------------------------- events */

#define NOTIFIED "\"notified\": \"2026-11-24T23:00:00Z\", "
#define FROM_TO "\"start\": \"2026-11-25T01:00:00Z\", \"end\": \"2026-11-25T02:30:00+00:00\""
#define EVENT(id, rest) "{\"id\": \"" id "\", " NOTIFIED FROM_TO rest "}"

static void a_list_of_events_is_taken_whole(void **state)
{
    struct events_payload e;

    (void)state;
    assert_true(
        read_events("{" ISSUED "\"events\": [" EVENT("a", ", \"limit_w\": 800000.9") "," EVENT(
                        "b", ", \"reduction_w\": 500.1, \"cancelled\": true, \"vtn\": 7") "]}",
                    &e, NULL));
    assert_true(e.has_stamp);
    assert_int_equal(e.stamp_ms, NOW_MS - 311000);
    assert_true(e.list.heard);
    assert_int_equal(e.list.count, 2);
    assert_string_equal(e.list.event[0].id, "a");
    assert_int_equal(e.list.event[0].notified_utc_s, NOW_S - 311);
    assert_int_equal(e.list.event[0].start_utc_s, NOW_S - 311 + 7200);
    assert_int_equal(e.list.event[0].end_utc_s, NOW_S - 311 + 12600);
    assert_int_equal(e.list.event[0].target, EVENT_LIMIT);
    assert_int_equal(e.list.event[0].target_w, 800000); /* down: the stricter */
    assert_false(e.list.event[0].cancelled);
    assert_int_equal(e.list.event[1].target, EVENT_REDUCTION);
    assert_int_equal(e.list.event[1].target_w, 501); /* up: the stricter */
    assert_true(e.list.event[1].cancelled);
}

static void nothing_asked_for_is_a_list_too(void **state)
{
    struct events_payload e;

    (void)state;
    assert_true(read_events("{\"events\": []}", &e, NULL));
    assert_true(e.list.heard && e.list.count == 0 && !e.has_stamp);
}

#define ONE(event) "{\"events\": [" event "]}"
#define OK ", \"limit_w\": 1"
#define TIMES(notified, start, end)                                           \
    "{\"events\": [{\"id\": \"a\", \"limit_w\": 1, \"notified\": \"" notified \
    "\", \"start\": \"" start "\", \"end\": \"" end "\"}]}"
#define AT "2026-11-24T23:00:00Z"
#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const no_events[] = {
    "",
    "[]",
    "{}",
    "{\"events\": {}}",
    "{\"events\": null}",
    ONE("7"),
    ONE("null"),
    ONE("{}"),
    ONE("{\"id\": \"a\", " FROM_TO OK "}"),
    ONE("{\"id\": \"a\", " NOTIFIED "\"start\": \"" AT "\"" OK "}"),
    ONE("{\"id\": 7, " NOTIFIED FROM_TO OK "}"),
    ONE("{" NOTIFIED FROM_TO OK "}"),
    ONE(EVENT("", OK)),
    ONE(EVENT("a\\nb", OK)),
    ONE(EVENT("a\\u0000b", OK)),
    ONE(EVENT(SIXTY_FOUR, OK)),
    ONE(EVENT("a", "")),
    ONE(EVENT("a", ", \"limit_w\": 1, \"reduction_w\": 1")),
    ONE(EVENT("a", ", \"limit_w\": -1")),
    ONE(EVENT("a", ", \"limit_w\": \"1\"")),
    ONE(EVENT("a", ", \"limit_w\": null")),
    ONE(EVENT("a", ", \"limit_w\": 2000000001")),
    ONE(EVENT("a", ", \"reduction_w\": 1e300")),
    ONE(EVENT("a", ", \"reduction_w\": 99999999999999999999")),
    ONE(EVENT("a", OK ", \"cancelled\": \"yes\"")),
    ONE(EVENT("a", OK ", \"cancelled\": 0")),
    ONE(EVENT("a", OK) "," EVENT("b", OK) "," EVENT("a", OK)),
    ONE(EVENT("a", OK) ", 5"),
    "{\"issued\": \"2026-11-24T23:10:12Z\", \"events\": []}", /* in our future */
    "{\"issued\": 5, \"events\": []}",
    TIMES("2026-11-24T23:10:12Z", "2026-11-25T00:00:00Z", "2026-11-25T01:00:00Z"),
    TIMES("2025-11-23T23:00:00Z", "2025-11-24T23:00:00Z", "2025-11-25T23:00:00Z"),
    TIMES(AT, "2026-11-25T01:00:00Z", "2026-11-25T01:00:00Z"), /* no time at all */
    TIMES(AT, "2026-11-25T01:00:00Z", "2026-11-25T00:00:00Z"),
    TIMES(AT, "2026-11-25T01:00:00Z", "2026-12-26T01:00:01Z"), /* longer than a month */
    TIMES(AT, "2027-11-25T23:00:01Z", "2027-11-26T01:00:00Z"), /* in a year */
    TIMES(AT, "2026-10-24T22:59:59Z", "2026-10-26T01:00:00Z"), /* notified a month late */
    TIMES(AT, "2026-11-25T01:00:00Z", "tomorrow"),
};

static void what_is_no_list_of_events_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(no_events); i++) {
        struct events_payload e = {.list.count = 3};
        struct error err = {0};

        if (read_events(no_events[i], &e, &err))
            fail_msg("taken: %s", no_events[i]);
        assert_int_equal(e.list.count, 3);
        assert_string_equal(err.where, "dso");
        assert_true(err.expected[0] != '\0');
    }
}

static void the_longest_id_and_as_many_events_as_there_is_room_for(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        char text[16 * 1024] = "{\"events\": [";
        size_t used = strlen(text);
        struct events_payload e;

        for (int i = 0; i < EVENTS_MAX + more; i++)
            used += (size_t)snprintf(text + used, sizeof text - used,
                                     "%s{\"id\": \"%.61s%02d\", " NOTIFIED FROM_TO OK "}",
                                     i > 0 ? "," : "", SIXTY_FOUR, i);
        snprintf(text + used, sizeof text - used, "]}");
        assert_int_equal(read_events(text, &e, NULL), more == 0);
        if (more == 0)
            assert_int_equal(strlen(e.list.event[31].id), EVENT_ID_BYTES - 1);
    }
}

static void an_event_is_not_over_before_it_is(void **state)
{
    struct events_payload e;

    (void)state;
    assert_true(read_events(
        TIMES("2026-11-24T23:00:00.9Z", "2026-11-25T01:00:00.9Z", "2026-11-25T01:00:01.001Z"), &e,
        NULL));
    assert_int_equal(e.list.event[0].start_utc_s, NOW_S - 311 + 7200);
    assert_int_equal(e.list.event[0].end_utc_s, NOW_S - 311 + 7202);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forecast_is_taken_whole),
        cmocka_unit_test(values_are_scaled_before_they_are_judged),
        cmocka_unit_test(as_many_values_as_there_is_room_for),
        cmocka_unit_test(what_is_no_forecast_is_refused_and_leaves_no_trace),
        cmocka_unit_test(a_forecast_reaches_two_months_at_most),
        cmocka_unit_test(a_list_of_events_is_taken_whole),
        cmocka_unit_test(nothing_asked_for_is_a_list_too),
        cmocka_unit_test(what_is_no_list_of_events_is_refused_and_leaves_no_trace),
        cmocka_unit_test(the_longest_id_and_as_many_events_as_there_is_room_for),
        cmocka_unit_test(an_event_is_not_over_before_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
