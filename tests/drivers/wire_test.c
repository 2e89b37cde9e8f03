/* The messages between controller and agents: what is written is read, and what is broken is refused whole. */
#include "drivers/agent/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct wire_command a_command = {.id = {7, 1201},
                                              .cap_w = 2400,
                                              .raise = true,
                                              .lease_ms = 30000,
                                              .incarnation = (UINT64_C(1) << 53) - 1};
static const struct wire_report a_report = {.incarnation = 93,
                                            .applied = {7, 1201},
                                            .cap_in_force = true,
                                            .enforced_cap_w = 2400,
                                            .power_known = true,
                                            .capped_power_known = true,
                                            .power_w = 2310.5,
                                            .capped_power_w = 2104.25,
                                            .cap_min_w = 800,
                                            .cap_max_w = 3200,
                                            .safe_cap_w = 1200,
                                            .at_ms = INT64_C(1795565457123)};

static void a_command_is_read_as_it_was_written(void **state)
{
    char text[WIRE_PAYLOAD_BYTES];
    struct wire_command read;
    struct error err;
    size_t length = wire_command_encode(&a_command, text, sizeof text);

    (void)state;
    assert_int_equal(length, strlen(text));
    assert_true(wire_command_decode(text, length, "n1", &read, &err));
    assert_memory_equal(&read.id, &a_command.id, sizeof read.id);
    assert_int_equal(read.cap_w, a_command.cap_w);
    assert_true(read.raise);
    assert_int_equal(read.lease_ms, a_command.lease_ms);
    assert_true(read.incarnation == a_command.incarnation);
}

static void a_report_is_read_as_it_was_written(void **state)
{
    char text[WIRE_PAYLOAD_BYTES];
    struct wire_report read;
    struct error err;
    size_t length = wire_report_encode(&a_report, text, sizeof text);

    (void)state;
    assert_true(wire_report_decode(text, length, "n1", &read, &err));
    assert_memory_equal(&read.applied, &a_report.applied, sizeof read.applied);
    assert_true(read.cap_in_force && read.power_known && read.capped_power_known);
    assert_int_equal(read.enforced_cap_w, 2400);
    assert_true(read.power_w == 2310.5 && read.capped_power_w == 2104.25);
    assert_int_equal(read.at_ms, a_report.at_ms);
}

static void what_is_unknown_is_null_and_stays_unknown(void **state)
{
    struct wire_report unknown = a_report;
    char text[WIRE_PAYLOAD_BYTES];
    struct wire_report read;
    struct error err;
    size_t length;

    (void)state;
    unknown.cap_in_force = unknown.power_known = unknown.capped_power_known = false;
    length = wire_report_encode(&unknown, text, sizeof text);
    assert_non_null(strstr(text, "\"enforced_w\":null"));
    assert_true(wire_report_decode(text, length, "n1", &read, &err));
    assert_false(read.cap_in_force || read.power_known || read.capped_power_known);
}

static void the_largest_report_fits(void **state)
{
    const int64_t most = INT64_C(1) << 53;
    struct wire_report large = {.incarnation = (uint64_t)most,
                                .applied = {(uint64_t)most, (uint64_t)most},
                                .cap_in_force = true,
                                .enforced_cap_w = LIMIT_MAX_W,
                                .power_known = true,
                                .capped_power_known = true,
                                .power_w = 1.23456789e-300,
                                .capped_power_w = 1999999999.99,
                                .cap_min_w = LIMIT_MAX_W,
                                .cap_max_w = LIMIT_MAX_W,
                                .safe_cap_w = LIMIT_MAX_W,
                                .at_ms = most};
    char text[WIRE_PAYLOAD_BYTES];
    struct wire_report read;
    struct error err;
    size_t length = wire_report_encode(&large, text, sizeof text);

    (void)state;
    assert_true(length > 0);
    assert_true(wire_report_decode(text, length, "n1", &read, &err));
    assert_int_equal(wire_report_encode(&large, text, 40), 0); /* and says so when it does not */
    assert_string_equal(text, "");
}

static void presence_is_read_as_it_was_written(void **state)
{
    const struct wire_presence here = {7, true};
    char text[WIRE_PAYLOAD_BYTES];
    struct wire_presence read;
    struct error err;
    size_t length = wire_presence_encode(&here, text, sizeof text);

    (void)state;
    assert_string_equal(text, "{\"epoch\":7,\"online\":true}");
    assert_true(wire_presence_decode(text, length, "n1", &read, &err));
    assert_true(read.online && read.epoch == 7);
}

#define GOOD "\"epoch\":7,\"seq\":1,\"cap_w\":10,\"raise\":false,\"lease_ms\":1"

static void broken_commands_are_refused_and_nothing_is_written(void **state)
{
    static const struct {
        const char *text;
        enum error_kind what;
    } broken[] = {
        {"", ERR_SYNTAX},
        {"{", ERR_SYNTAX},
        {"nonsense", ERR_SYNTAX},
        {"[]", ERR_TYPE},
        {"null", ERR_SYNTAX},
        {"{}", ERR_MISSING},
        {"{" GOOD "}", ERR_MISSING},                   /* no incarnation */
        {"{" GOOD ",\"incarnation\":1}x", ERR_SYNTAX}, /* something behind it */
        {"{" GOOD ",\"incarnation\":-1}", ERR_RANGE},
        {"{" GOOD ",\"incarnation\":9007199254740993}", ERR_RANGE}, /* beyond 2^53 */
        {"{" GOOD ",\"incarnation\":99999999999999999999}", ERR_SYNTAX},
        {"{" GOOD ",\"incarnation\":1.0}", ERR_TYPE}, /* a float is no integer */
        {"{" GOOD ",\"incarnation\":\"1\"}", ERR_TYPE},
        {"{" GOOD ",\"incarnation\":null}", ERR_TYPE},
        {"{" GOOD ",\"incarnation\":1,\"seq\":2}", ERR_SYNTAX}, /* twice */
        {"{\"epoch\":7,\"seq\":1,\"cap_w\":-1,\"raise\":false,\"lease_ms\":1,\"incarnation\":1}",
         ERR_RANGE},
        {"{\"epoch\":7,\"seq\":1,\"cap_w\":2000000001,\"raise\":false,\"lease_ms\":1,"
         "\"incarnation\":1}",
         ERR_RANGE},
        {"{\"epoch\":7,\"seq\":1,\"cap_w\":10,\"raise\":false,\"lease_ms\":0,\"incarnation\":1}",
         ERR_RANGE},
        {"{\"epoch\":7,\"seq\":1,\"cap_w\":10,\"raise\":false,\"lease_ms\":86400001,"
         "\"incarnation\":1}",
         ERR_RANGE},
        {"{\"epoch\":7,\"seq\":1,\"cap_w\":10,\"raise\":1,\"lease_ms\":1,\"incarnation\":1}",
         ERR_TYPE},
        {"{\"epoch\":7,\"seq\":1,\"cap_w\":10,\"lease_ms\":1,\"incarnation\":1}", ERR_MISSING},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct wire_command command = a_command;
        struct error err = {.what = ERROR_KIND_COUNT};

        if (wire_command_decode(broken[i].text, strlen(broken[i].text), "node n1", &command, &err))
            fail_msg("taken: %s", broken[i].text);
        if (err.what != broken[i].what)
            fail_msg("%s: %s", broken[i].text, error_name(err.what));
        assert_memory_equal(err.where, "node n1", 7);
        assert_int_equal(command.id.seq, a_command.id.seq);
        assert_true(command.incarnation == a_command.incarnation);
        assert_int_equal(command.cap_w, a_command.cap_w);
    }
}

static void unknown_members_are_ignored(void **state)
{
    static const char text[] = "{" GOOD ",\"incarnation\":1,\"colour\":{\"deep\":[1,2,3]}}";
    struct wire_command command;
    struct error err;

    (void)state;
    assert_true(wire_command_decode(text, strlen(text), "n1", &command, &err));
    assert_int_equal(command.cap_w, 10);
}

static void a_payload_beyond_the_bound_is_refused_unread(void **state)
{
    char text[WIRE_PAYLOAD_BYTES + 2];
    struct wire_command command;
    struct error err;

    (void)state;
    memset(text, '[', sizeof text);
    assert_false(wire_command_decode(text, sizeof text, "n1", &command, &err));
    assert_int_equal(err.what, ERR_RANGE);
    assert_false(wire_command_decode(text, 512, "n1", &command, &err)); /* 512 deep */
    assert_int_equal(err.what, ERR_SYNTAX);
}

static void reports_that_contradict_themselves_are_refused(void **state)
{
    static const char *const broken[] = {
        "{\"incarnation\":0,\"epoch\":1,\"seq\":1,\"enforced_w\":null,\"min_w\":1,\"max_w\":2,"
        "\"safe_w\":1,\"at_ms\":1}",
        "{\"incarnation\":1,\"epoch\":1,\"seq\":1,\"enforced_w\":null,\"min_w\":3,\"max_w\":2,"
        "\"safe_w\":1,\"at_ms\":1}",
        "{\"incarnation\":1,\"epoch\":1,\"seq\":1,\"min_w\":1,\"max_w\":2,\"safe_w\":1,\"at_ms\":"
        "1}",
        "{\"incarnation\":1,\"epoch\":1,\"seq\":1,\"enforced_w\":2e3,\"min_w\":1,\"max_w\":2,"
        "\"safe_w\":1,\"at_ms\":1}",
        "{\"incarnation\":1,\"epoch\":1,\"seq\":1,\"enforced_w\":1,\"power_w\":-1,\"min_w\":1,"
        "\"max_w\":2,\"safe_w\":1,\"at_ms\":1}",
        "{\"incarnation\":1,\"epoch\":1,\"seq\":1,\"enforced_w\":1,\"power_w\":1e300,\"min_w\":1,"
        "\"max_w\":2,\"safe_w\":1,\"at_ms\":1}",
        "{\"incarnation\":1,\"epoch\":1,\"seq\":1,\"enforced_w\":1,\"power_w\":\"9\",\"min_w\":1,"
        "\"max_w\":2,\"safe_w\":1,\"at_ms\":1}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct wire_report report;

        if (wire_report_decode(broken[i], strlen(broken[i]), "n1", &report, NULL))
            fail_msg("taken: %s", broken[i]);
    }
}

static void topics_carry_the_node_there_and_back(void **state)
{
    char topic[WIRE_TOPIC_BYTES], node[64];

    (void)state;
    assert_true(wire_cap_topic(topic, sizeof topic, "demo", "rack01-gpu1") > 0);
    assert_string_equal(topic, "capstan/v1/demo/node/rack01-gpu1/cap");
    assert_true(wire_topic_node(topic, "demo", node, sizeof node));
    assert_string_equal(node, "rack01-gpu1");
    assert_true(wire_report_topic(topic, sizeof topic, "demo", "rack01-gpu1") > 0);
    assert_true(wire_topic_node(topic, "demo", node, sizeof node));
    assert_false(wire_topic_node(topic, "dem", node, sizeof node));
    assert_false(wire_topic_node(topic, "demo2", node, sizeof node));
    assert_false(wire_topic_node(topic, "demo", node, 11)); /* no room for the NUL */
}

static void names_that_are_not_one_level_make_no_topic(void **state)
{
    static const char *const names[] = {"", "a/b", "+", "#", "a#"};
    char topic[WIRE_TOPIC_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(wire_cap_topic(topic, sizeof topic, "demo", names[i]), 0);
        assert_int_equal(wire_cap_topic(topic, sizeof topic, names[i], "node"), 0);
        assert_int_equal(wire_presence_topic(topic, sizeof topic, names[i]), 0);
        assert_string_equal(topic, "");
    }
    assert_int_equal(wire_cap_topic(topic, 20, "demo", "node"), 0);
}

static void other_topics_name_no_node(void **state)
{
    static const char *const topics[] = {"",
                                         "capstan/v1/demo/controller",
                                         "capstan/v1/demo/node/",
                                         "capstan/v1/demo/node//cap",
                                         "capstan/v1/demo/node/x",
                                         "capstan/v1/demo/node/x/",
                                         "capstan/v1/demo/node/x/caps",
                                         "capstan/v1/demo/node/x/y/cap",
                                         "capstan/v2/demo/node/x/cap"};
    char node[64];

    (void)state;
    for (size_t i = 0; i < COUNT(topics); i++)
        assert_false(wire_topic_node(topics[i], "demo", node, sizeof node));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_read_as_it_was_written),
        cmocka_unit_test(a_report_is_read_as_it_was_written),
        cmocka_unit_test(what_is_unknown_is_null_and_stays_unknown),
        cmocka_unit_test(the_largest_report_fits),
        cmocka_unit_test(presence_is_read_as_it_was_written),
        cmocka_unit_test(broken_commands_are_refused_and_nothing_is_written),
        cmocka_unit_test(unknown_members_are_ignored),
        cmocka_unit_test(a_payload_beyond_the_bound_is_refused_unread),
        cmocka_unit_test(reports_that_contradict_themselves_are_refused),
        cmocka_unit_test(topics_carry_the_node_there_and_back),
        cmocka_unit_test(names_that_are_not_one_level_make_no_topic),
        cmocka_unit_test(other_topics_name_no_node),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
