/* From bytes to a value and its age: pointers, stamps, and what is not a number. */
#include "drivers/mqtt/broker.h"
#include "drivers/mqtt/payload.h"
#include "drivers/mqtt/pointer.h"
#include "model/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- JSON Pointer ---------------------------------------------------------------------------------------------- */

static void the_examples_of_rfc_6901_are_found(void **state)
{
    static const struct {
        const char *pointer, *text;
    } examples[] = {
        {"/foo/0", "\"bar\""},
        {"/", "0"},
        {"/a~1b", "1"},
        {"/c%d", "2"},
        {"/e^f", "3"},
        {"/g|h", "4"},
        {"/i\\j", "5"},
        {"/k\"l", "6"},
        {"/ ", "7"},
        {"/m~0n", "8"},
        {"/foo", "[\"bar\",\"baz\"]"},
    };
    json_t *document =
        json_loads("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
                   "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}",
                   0, NULL);

    (void)state;
    assert_non_null(document);
    assert_ptr_equal(pointer_find(document, ""), document);
    for (size_t i = 0; i < COUNT(examples); i++) {
        const json_t *value = pointer_find(document, examples[i].pointer);
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

        assert_string_equal(text, examples[i].text);
        free(text);
    }
    json_decref(document);
}

static void what_is_not_there_is_not_found(void **state)
{
    static const char *const pointers[] = {"/b",  "/a/2",          "/a/-",   "/a/01", "/a/0x0",
                                           "/a/", "/a/4294967296", "/a/0/x", "a",     "/a/0/",
                                           "/a~", "/a~2",          "/a/-1"};
    json_t *document = json_loads("{\"a\":[1,2]}", 0, NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(pointers); i++)
        if (pointer_find(document, pointers[i]) != NULL)
            fail_msg("found: %s", pointers[i]);
    json_decref(document);
}

static void an_escape_is_undone_once(void **state)
{
    json_t *document = json_loads("{\"~1\":5,\"/\":6}", 0, NULL);

    (void)state;
    assert_int_equal(json_integer_value(pointer_find(document, "/~01")), 5);
    assert_int_equal(json_integer_value(pointer_find(document, "/~1")), 6);
    json_decref(document);
}

static void pointers_are_checked_before_they_are_used(void **state)
{
    char long_one[600];

    (void)state;
    assert_true(pointer_valid("") && pointer_valid("/") && pointer_valid("/a/0/b~0~1"));
    assert_false(pointer_valid("a") || pointer_valid("/a~") || pointer_valid("/~2"));
    memset(long_one, 'a', sizeof long_one);
    long_one[0] = '/';
    long_one[256] = '\0';
    assert_true(pointer_valid(long_one)); /* a token of 255 */
    long_one[256] = 'a';
    long_one[257] = '\0';
    assert_false(pointer_valid(long_one));
}

/* --- time stamps ------------------------------------------------------------------------------------------------ */

static void rfc_3339_is_read(void **state)
{
    static const struct {
        const char *text;
        int64_t utc_ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T23:05:11Z", INT64_C(1795561511000)},
        {"2026-11-24t23:05:11.25z", INT64_C(1795561511250)},
        {"2026-11-25 00:05:11.250999+01:00", INT64_C(1795561511250)},
        {"2026-11-24T17:35:11-05:30", INT64_C(1795561511000)},
        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t utc_ms = -1;

        assert_true(stamp_rfc3339(good[i].text, &utc_ms));
        assert_int_equal(utc_ms, good[i].utc_ms);
    }
}

static void other_texts_are_no_stamps(void **state)
{
    static const char *const bad[] = {"",
                                      "2026-11-24",
                                      "2026-11-24T23:05:11",
                                      "2026-11-24T23:05:11Zx",
                                      "2026-13-01T00:00:00Z",
                                      "2026-00-01T00:00:00Z",
                                      "2025-02-29T00:00:00Z",
                                      "2100-02-29T00:00:00Z",
                                      "2026-11-31T00:00:00Z",
                                      "2026-11-24T24:00:00Z",
                                      "2026-11-24T23:60:00Z",
                                      "2026-11-24T23:00:61Z",
                                      "2026-11-24T23:00:00.Z",
                                      "2026-11-24T23:00:00+1:00",
                                      "2026-11-24T23:00:00+24:00",
                                      "1969-12-31T23:59:59Z",
                                      "1970-01-01T00:00:00+01:00",
                                      "26-11-24T23:05:11Z"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t utc_ms = 0;

        if (stamp_rfc3339(bad[i], &utc_ms))
            fail_msg("taken: %s", bad[i]);
    }
}

static void unix_times_are_bounded(void **state)
{
    int64_t utc_ms = 0;

    (void)state;
    assert_true(stamp_unix(1795561511.25, false, &utc_ms));
    assert_int_equal(utc_ms, INT64_C(1795561511250));
    assert_true(stamp_unix(1795561511250, true, &utc_ms));
    assert_int_equal(utc_ms, INT64_C(1795561511250));
    assert_false(stamp_unix(-1, false, &utc_ms) || stamp_unix(1e300, false, &utc_ms));
    assert_false(stamp_unix(1795561511250, false, &utc_ms) && utc_ms < INT64_C(253402300800000));
}

/* --- payloads --------------------------------------------------------------------------------------------------- */

static bool reads(const struct payload_rules *rules, const char *text, struct payload_value *value)
{
    struct error err;

    return payload_read(rules, text, strlen(text), "carbon", value, &err);
}

static void json_gives_a_scaled_value(void **state)
{
    const struct payload_rules rules = {
        .pointer = "/data/0/intensity", .scale = 1000, .offset = -5};
    struct payload_value value;

    (void)state;
    assert_true(reads(&rules, "{\"data\":[{\"intensity\":0.25}]}", &value));
    assert_true(value.value == 245 && !value.refused && !value.has_stamp);
    assert_true(reads(&rules, "{\"data\":[{\"intensity\":3}]}", &value));
    assert_true(value.value == 2995);
}

static void null_says_that_there_is_no_value_now(void **state)
{
    const struct payload_rules rules = {.pointer = "/v", .scale = 1};
    struct payload_value value;

    (void)state;
    assert_true(reads(&rules, "{\"v\":null}", &value));
    assert_true(value.refused);
}

static void what_is_not_one_number_is_malformed(void **state)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "{\"v\":}",
                                      "{\"v\":\"12\"}",
                                      "{\"v\":true}",
                                      "{\"v\":[1]}",
                                      "{\"w\":1}",
                                      "{\"v\":NaN}",
                                      "{\"v\":Infinity}",
                                      "{\"v\":1e999}",
                                      "{\"v\":1,\"v\":2}",
                                      "{\"v\":1} x",
                                      "[1]",
                                      "12",
                                      "{\"v\":0x10}",
                                      "{\"v\":1e308}"};
    const struct payload_rules rules = {.pointer = "/v", .scale = 1000};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct payload_value value;

        if (reads(&rules, bad[i], &value))
            fail_msg("taken: %s", bad[i]);
    }
}

static void deep_nesting_is_malformed_and_no_crash(void **state)
{
    enum { BYTES = 64 * 1024 };
    const struct payload_rules rules = {.pointer = "", .scale = 1};
    struct payload_value value;
    char *text = malloc(BYTES);

    (void)state;
    assert_non_null(text);
    memset(text, '[', BYTES);
    assert_false(payload_read(&rules, text, BYTES, "carbon", &value, NULL));
    free(text);
}

static void numbers_in_text_only_where_they_are_allowed(void **state)
{
    const struct payload_rules rules = {.pointer = "", .scale = 1, .numbers_in_text = true};
    struct payload_value value;

    (void)state;
    assert_true(reads(&rules, "\"12.5\"", &value));
    assert_true(value.value == 12.5);
    assert_false(reads(&rules, "\"12 apples\"", &value));
    assert_false(reads(&rules, "\"\"", &value));
}

static void a_plain_number_is_a_number_and_nothing_else(void **state)
{
    static const char *const bad[] = {"",    " ",   "x",  "1x",  "0x10",  "inf",
                                      "nan", "1 2", "1e", "--1", "1e999", "1,5"};
    const struct payload_rules rules = {.format = PAYLOAD_NUMBER, .scale = 1};
    struct payload_value value;

    (void)state;
    assert_true(reads(&rules, " -1.5e3\r\n", &value));
    assert_true(value.value == -1500);
    assert_true(
        payload_read(&rules, "42", 2, "x", &value, NULL)); /* not NUL-terminated: by its length */
    assert_false(payload_read(&rules, "4\0002", 3, "x", &value, NULL));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (reads(&rules, bad[i], &value))
            fail_msg("taken: %s", bad[i]);
}

static void a_stamp_that_was_promised_must_be_there(void **state)
{
    const struct payload_rules rules = {
        .pointer = "/v", .scale = 1, .stamp_pointer = "/t", .stamp_format = STAMP_RFC3339};
    struct payload_value value;

    (void)state;
    assert_true(reads(&rules, "{\"v\":1,\"t\":\"2026-11-24T23:05:11Z\"}", &value));
    assert_true(value.has_stamp);
    assert_int_equal(value.stamp_ms, INT64_C(1795561511000));
    assert_false(reads(&rules, "{\"v\":1}", &value));
    assert_false(reads(&rules, "{\"v\":1,\"t\":1795561511}", &value));
}

/* --- age -------------------------------------------------------------------------------------------------------- */

static void an_old_retained_message_is_old(void **state)
{
    const struct payload_value plain = {.value = 1};
    const struct payload_value stamped = {.value = 1, .has_stamp = true, .stamp_ms = 1000000};
    const int64_t received_ns = 500 * NS_PER_S, stale_ns = 60 * NS_PER_S;

    (void)state;
    assert_int_equal(payload_taken_ns(&plain, false, received_ns, 1000000, stale_ns), received_ns);
    assert_true(received_ns - payload_taken_ns(&plain, true, received_ns, 1000000, stale_ns) >
                stale_ns);
    /* With a stamp its age is known, retained or not. */
    assert_int_equal(payload_taken_ns(&stamped, true, received_ns, 1010000, stale_ns),
                     490 * NS_PER_S);
    assert_int_equal(payload_taken_ns(&stamped, false, received_ns, 1010000, stale_ns),
                     490 * NS_PER_S);
}

static void a_stamp_from_the_future_counts_as_now_unless_retained(void **state)
{
    const struct payload_value future = {.value = 1, .has_stamp = true, .stamp_ms = 2000000};
    const int64_t received_ns = 500 * NS_PER_S, stale_ns = 60 * NS_PER_S;

    (void)state;
    assert_int_equal(payload_taken_ns(&future, false, received_ns, 1000000, stale_ns), received_ns);
    assert_true(received_ns - payload_taken_ns(&future, true, received_ns, 1000000, stale_ns) >
                stale_ns);
}

static void the_age_of_1970_does_not_overflow(void **state)
{
    const struct payload_value ancient = {.value = 1, .has_stamp = true, .stamp_ms = 0};

    (void)state;
    assert_true(payload_taken_ns(&ancient, false, 0, INT64_C(253402300799999), NS_PER_S) <
                -NS_PER_S);
}

/* --- topics ----------------------------------------------------------------------------------------------------- */

static void filters_match_as_mqtt_says(void **state)
{
    static const struct {
        const char *filter, *topic;
        bool match;
    } cases[] = {
        {"a/b", "a/b", true},     {"a/b", "a/bc", false},    {"a/b", "a", false},
        {"a/+", "a/b", true},     {"a/+", "a/b/c", false},   {"a/+", "a/", true},
        {"a/+", "a", false},      {"+/b", "a/b", true},      {"+/b", "/b", true},
        {"a/+/c", "a/b/c", true}, {"a/+/c", "a/b/d", false}, {"#", "a/b/c", true},
        {"a/#", "a/b/c", true},   {"a/#", "a", true},        {"a/#", "ab", false},
        {"#", "$SYS/x", false},   {"+/x", "$SYS/x", false},  {"$SYS/#", "$SYS/x", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (broker_topic_matches(cases[i].filter, cases[i].topic) != cases[i].match)
            fail_msg("%s %s", cases[i].filter, cases[i].topic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_6901_are_found),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(an_escape_is_undone_once),
        cmocka_unit_test(pointers_are_checked_before_they_are_used),
        cmocka_unit_test(rfc_3339_is_read),
        cmocka_unit_test(other_texts_are_no_stamps),
        cmocka_unit_test(unix_times_are_bounded),
        cmocka_unit_test(json_gives_a_scaled_value),
        cmocka_unit_test(null_says_that_there_is_no_value_now),
        cmocka_unit_test(what_is_not_one_number_is_malformed),
        cmocka_unit_test(deep_nesting_is_malformed_and_no_crash),
        cmocka_unit_test(numbers_in_text_only_where_they_are_allowed),
        cmocka_unit_test(a_plain_number_is_a_number_and_nothing_else),
        cmocka_unit_test(a_stamp_that_was_promised_must_be_there),
        cmocka_unit_test(an_old_retained_message_is_old),
        cmocka_unit_test(a_stamp_from_the_future_counts_as_now_unless_retained),
        cmocka_unit_test(the_age_of_1970_does_not_overflow),
        cmocka_unit_test(filters_match_as_mqtt_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
