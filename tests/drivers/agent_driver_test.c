/* The agent actuator against a real broker: what it says, what it hears, and that it can hold its tongue. */
#include "drivers/agent/agent.h"
#include "drivers/agent/wire.h"
#include "tests/drivers/mqtt_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

static const struct agent_settings settings = {.clock_tolerance_ns = 2 * NS_PER_S};

static struct instance *actuator_up(struct bench *bench, bool may_write)
{
    struct instance *instance = NULL;

    bench_open(bench);
    bench->actuator[0].settings = &settings;
    bench->host.may_write = may_write;
    assert_true(driver_agent.open(&instance, &bench->actuator[0], &bench->host, &bench->error));
    driver_agent.start(instance);
    bench_wait_ups(bench, 1);
    return instance;
}

static struct driver_counters counters_of(const struct instance *instance)
{
    struct driver_counters counters;

    driver_agent.counters(instance, &counters);
    return counters;
}

static const struct command a_command = {.node = 1,
                                         .kind = COMMAND_RAISE,
                                         .id = {7, 42},
                                         .cap_w = 2400,
                                         .lease_ns = 30 * NS_PER_S,
                                         .may_be_sent = true,
                                         .incarnation = 93};

static void report_by_hand(const char *node, uint64_t incarnation, int64_t at_ms, bool retained)
{
    const struct wire_report report = {.incarnation = incarnation,
                                       .applied = {7, 41},
                                       .cap_in_force = true,
                                       .enforced_cap_w = 1200,
                                       .power_known = true,
                                       .power_w = 1100,
                                       .cap_min_w = 800,
                                       .cap_max_w = 3200,
                                       .safe_cap_w = 1000,
                                       .at_ms = at_ms};
    char topic[WIRE_TOPIC_BYTES], text[WIRE_PAYLOAD_BYTES];

    assert_true(wire_report_topic(topic, sizeof topic, "test", node) > 0);
    assert_true(wire_report_encode(&report, text, sizeof text) > 0);
    bench_publish(topic, text, retained);
}

static int64_t wall_ms(void) { return (int64_t)time(NULL) * 1000; }

static void commands_and_presence_reach_the_broker(void **state)
{
    struct bench bench;
    struct listener listener;
    struct instance *instance;

    (void)state;
    instance = actuator_up(&bench, true);
    listener_start(&listener, "heard");
    bench_publish("marker", "there",
                  true); /* kept, so that it is heard whenever the listener is ready */
    listener_wait(&listener, &bench, "marker there");
    driver_agent.command(instance, &a_command);
    listener_wait(
        &listener, &bench,
        "capstan/v1/test/node/n1/cap {\"epoch\":7,\"seq\":42,\"cap_w\":2400,\"raise\":true,"
        "\"lease_ms\":30000,\"incarnation\":93}\n");
    assert_int_equal(counters_of(instance).writes, 1);
    driver_agent.goodbye(instance);
    driver_agent.close(instance);
    listener_wait(&listener, &bench, "capstan/v1/test/controller {\"epoch\":7,\"online\":false}\n");
    listener_stop(&listener);
    bench_close(&bench);
}

static void it_announces_itself_at_every_connection(void **state)
{
    struct bench bench;
    struct listener listener;
    struct instance *instance;

    (void)state;
    listener_start(&listener, "presence");
    bench_publish("marker", "there", true);
    bench_open(&bench);
    listener_wait(&listener, &bench, "marker there");
    bench_close(&bench);
    instance = actuator_up(&bench, true);
    listener_wait(&listener, &bench, "capstan/v1/test/controller {\"epoch\":7,\"online\":true}\n");
    listener_stop(&listener);
    driver_agent.close(instance);
    bench_close(&bench);
}

static void reports_reach_the_node_they_are_of(void **state)
{
    struct bench bench;
    struct instance *instance = actuator_up(&bench, false);

    (void)state;
    report_by_hand("n1", 93, wall_ms(), false);
    bench_wait_reports(&bench, 1, 1);
    assert_true(bench.report[1].heard && bench.report[1].cap_in_force &&
                bench.report[1].power_known);
    assert_false(bench.report[1].capped_power_known);
    assert_int_equal(bench.report[1].incarnation, 93);
    assert_int_equal(bench.report[1].applied.seq, 41);
    assert_int_equal(bench.report[1].enforced_cap_w, 1200);
    assert_true(bench.report[1].range_known);
    assert_int_equal(bench.report[1].cap_max_w, 3200);
    assert_true(bench.host.now_ns(&bench) - bench.report[1].taken_ns < 10 * NS_PER_S);
    driver_agent.close(instance);
    bench_close(&bench);
}

static void reports_that_can_not_be_are_dropped_and_counted(void **state)
{
    struct bench bench;
    struct instance *instance;

    (void)state;
    report_by_hand("n0", 1, wall_ms(), true); /* kept by the broker: of any age */
    instance = actuator_up(&bench, false);
    report_by_hand("n2", 1, wall_ms(), false);      /* another actuator's node */
    report_by_hand("unknown", 1, wall_ms(), false); /* nobody's */
    report_by_hand("n1", 0, wall_ms(), false);      /* no incarnation */
    bench_publish("capstan/v1/test/node/n1/report", "{\"incarnation\":", false);
    report_by_hand("n1", 5, wall_ms(), false); /* and the next good one is taken */
    bench_wait_reports(&bench, 1, 1);
    assert_int_equal(bench.report[1].incarnation, 5);
    assert_int_equal(bench.reports[0] + bench.reports[2], 0);
    assert_int_equal(counters_of(instance).malformed, 5);
    assert_int_equal(counters_of(instance).answers, 1);
    driver_agent.close(instance);
    bench_close(&bench);
    bench_publish("capstan/v1/test/node/n0/report", "", true); /* takes it back */
}

static void a_report_that_waited_on_its_way_is_old(void **state)
{
    const int64_t received_ns = 100 * NS_PER_S, tolerance_ns = 2 * NS_PER_S;

    (void)state;
    assert_int_equal(agent_report_taken_ns(received_ns, 50000, 50000, tolerance_ns), received_ns);
    assert_int_equal(agent_report_taken_ns(received_ns, 52000, 50000, tolerance_ns), received_ns);
    assert_int_equal(agent_report_taken_ns(received_ns, 53000, 50000, tolerance_ns), 97 * NS_PER_S);
    assert_int_equal(agent_report_taken_ns(received_ns, 0, 50000, tolerance_ns), received_ns);
    assert_true(agent_report_taken_ns(received_ns, INT64_MAX, 0, tolerance_ns) < 0);
}

static void in_observe_mode_nothing_at_all_is_published(void **state)
{
    struct bench bench;
    struct listener listener;
    struct instance *instance;
    struct error err;
    char *text;

    (void)state;
    bench_open(&bench);
    listener_start(&listener, "silence");
    bench_publish("marker", "first", true);
    listener_wait(&listener, &bench, "marker first");
    bench_close(&bench);

    instance = actuator_up(&bench, false);
    driver_agent.command(instance, &a_command); /* must not be called; does nothing all the same */
    driver_agent.goodbye(instance);
    report_by_hand("n1", 93, wall_ms(), false);
    bench_wait_reports(&bench, 1, 1);
    assert_int_equal(counters_of(instance).writes, 0);
    assert_int_equal(counters_of(instance).requests, 0);
    assert_true(counters_of(instance).dropped >= 1);
    driver_agent.close(instance);
    bench_close(&bench); /* the connection is gone: had it a will, it would have been sent by now */

    assert_true(mosquitto_publish(&bench_mosquitto, "marker", "last", false, &err));
    bench_open(&bench);
    listener_wait(&listener, &bench, "marker last");
    bench_close(&bench);
    listener_stop(&listener);
    text = listener_text(&listener);
    assert_null(strstr(text, "/cap "));
    assert_null(strstr(text, "/controller "));
    free(text);
}

static void a_command_while_the_broker_is_away_is_dropped_and_counted(void **state)
{
    struct bench bench;
    struct instance *instance = actuator_up(&bench, true);
    struct error err;

    (void)state;
    mosquitto_stop(&bench_mosquitto);
    bench_wait_downs(&bench, 1);
    driver_agent.command(instance, &a_command);
    assert_int_equal(counters_of(instance).writes, 0);
    assert_int_equal(counters_of(instance).dropped, 1);
    assert_true(mosquitto_again(&bench_mosquitto, &err));
    bench_wait_ups(&bench, 2);
    driver_agent.close(instance);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_and_presence_reach_the_broker),
        cmocka_unit_test(it_announces_itself_at_every_connection),
        cmocka_unit_test(reports_reach_the_node_they_are_of),
        cmocka_unit_test(reports_that_can_not_be_are_dropped_and_counted),
        cmocka_unit_test(a_report_that_waited_on_its_way_is_old),
        cmocka_unit_test(in_observe_mode_nothing_at_all_is_published),
        cmocka_unit_test(a_command_while_the_broker_is_away_is_dropped_and_counted),
    };

    return cmocka_run_group_tests(tests, bench_start_broker, bench_stop_broker);
}
