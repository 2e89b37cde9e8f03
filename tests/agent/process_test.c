/* capstan-agent as it is run: a real process, a real broker, hardware in a file. */
#include "tests/agent/registers.h"
#include "tests/agent/watcher.h"
#include "tests/support/mosquitto.h"
#include "tests/support/turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 20000, STEP_MS = 10, SAFE_W = 600 };

static struct mosquitto mosquitto;
static char program[512];

/* All of one test: an agent on `nodes` nodes, hardware that steps, somebody who commands. */
struct stage {
    struct registers registers;
    struct watcher watcher;
    struct process agent;
    uv_timer_t step;
    bool frozen;              /* the hardware does not look */
    struct command_id wanted; /* what a condition below waits for, of node 0 */
    int64_t wanted_w;
    uint64_t wanted_count;
};

static void on_step(uv_timer_t *timer)
{
    struct stage *s = timer->data;

    if (!s->frozen)
        registers_step(&s->registers);
}

static void start_agent(struct stage *s)
{
    struct error err;
    const char *const argv[] = {program,       "--site",      "test",  "--broker",
                                mosquitto.url, "--backend",   "model", "--registers",
                                "nodes.reg",   "--safe-cap",  "600",   "--report-period-ms",
                                "200",         "--log-level", "info",  NULL};

    assert_true(process_start(&s->agent, argv, "agent.log", &err));
}

static bool all_reported(void *context)
{
    struct stage *s = context;

    for (size_t n = 0; n < s->registers.nodes; n++)
        if (s->watcher.last[n].incarnation == 0)
            return false;
    return true;
}

static void stage_open(struct stage *s, size_t nodes)
{
    memset(s, 0, sizeof *s);
    assert_true(registers_make(&s->registers, "nodes.reg", nodes));
    watcher_open(&s->watcher, mosquitto.url);
    uv_timer_init(&s->watcher.loop, &s->step);
    s->step.data = s;
    uv_timer_start(&s->step, on_step, STEP_MS, STEP_MS);
    start_agent(s);
    assert_true(turn_until(&s->watcher.loop, LIMIT_MS, all_reported, s));
}

static bool agent_ended(void *context) { return process_ended(&((struct stage *)context)->agent); }

static void stage_close(struct stage *s)
{
    process_signal(&s->agent, SIGTERM);
    assert_true(turn_until(&s->watcher.loop, LIMIT_MS, agent_ended, s));
    uv_close((uv_handle_t *)&s->step, NULL);
    watcher_close(&s->watcher);
    registers_close(&s->registers);
}

static const struct wire_report *report_of(const struct stage *s) { return &s->watcher.last[0]; }

static bool is_acknowledged(void *context)
{
    const struct stage *s = context;

    return command_id_compare(report_of(s)->applied, s->wanted) == 0;
}

static bool is_in_force(void *context)
{
    const struct stage *s = context;

    return report_of(s)->cap_in_force && report_of(s)->enforced_cap_w == s->wanted_w;
}

static bool is_uncapped(void *context) { return !report_of(context)->cap_in_force; }

static bool has_reported_again(void *context)
{
    const struct stage *s = context;

    return s->watcher.count[0] >= s->wanted_count;
}

static void wait_for_reports(struct stage *s, uint64_t more)
{
    s->wanted_count = s->watcher.count[0] + more;
    assert_true(turn_until(&s->watcher.loop, LIMIT_MS, has_reported_again, s));
}

static struct wire_command command_to(const struct stage *s, uint64_t seq, int64_t cap_w,
                                      bool raise)
{
    return (struct wire_command){.id = {1, seq},
                                 .cap_w = cap_w,
                                 .raise = raise,
                                 .lease_ms = 60000,
                                 .incarnation = report_of(s)->incarnation};
}

static void send_and_wait(struct stage *s, const struct wire_command *command)
{
    watcher_command(&s->watcher, "n000", command);
    s->wanted = command->id;
    assert_true(turn_until(&s->watcher.loop, LIMIT_MS, is_acknowledged, s));
}

/* --- tests ----------------------------------------------------------------------------------------------------- */

static void a_command_reaches_the_hardware_and_is_acknowledged(void **state)
{
    struct stage s;
    struct wire_command command;

    (void)state;
    stage_open(&s, 1);
    assert_false(report_of(&s)->cap_in_force);
    assert_true(report_of(&s)->power_known && report_of(&s)->power_w == 1000);
    assert_int_equal(report_of(&s)->cap_max_w, 3000);
    command = command_to(&s, 1, 1234, false);
    send_and_wait(&s, &command);
    assert_int_equal(report_of(&s)->enforced_cap_w, 1200); /* what the hardware made of it */
    assert_int_equal(s.registers.node[0].cap_w, 1234);
    command = command_to(&s, 2, 2000, true);
    send_and_wait(&s, &command);
    assert_int_equal(report_of(&s)->enforced_cap_w, 2000);
    stage_close(&s);
}

static void only_a_raise_raises(void **state)
{
    struct stage s;
    struct wire_command command;

    (void)state;
    stage_open(&s, 1);
    command = command_to(&s, 1, 1000, false);
    send_and_wait(&s, &command);
    command = command_to(&s, 2, 2500, false);
    send_and_wait(&s, &command);
    assert_int_equal(report_of(&s)->enforced_cap_w, 1000);
    stage_close(&s);
}

static void old_foreign_broken_and_retained_commands_change_nothing(void **state)
{
    struct stage s;
    struct wire_command command;
    struct error err;

    (void)state;
    stage_open(&s, 1);
    command = command_to(&s, 5, 1000, false);
    send_and_wait(&s, &command);
    command = command_to(&s, 5, 700, false); /* a second time */
    watcher_command(&s.watcher, "n000", &command);
    command = command_to(&s, 4, 700, false); /* late */
    watcher_command(&s.watcher, "n000", &command);
    command = command_to(&s, 9, 700, false);
    command.incarnation ^= 1;
    watcher_command(&s.watcher, "n000", &command);
    assert_true(mosquitto_publish(&mosquitto, "capstan/v1/test/node/n000/cap", "{\"epoch\":9",
                                  false, &err));
    wait_for_reports(&s, 4);
    assert_int_equal(s.registers.node[0].cap_w, 1000);
    assert_int_equal(report_of(&s)->applied.seq, 5);
    command = command_to(&s, 6, 900, false); /* and the next good one is taken */
    send_and_wait(&s, &command);
    stage_close(&s);
}

static void a_command_that_the_broker_kept_is_not_obeyed(void **state)
{
    struct stage s;
    struct error err;
    static const char topic[] = "capstan/v1/test/node/n000/cap";

    (void)state;
    assert_true(mosquitto_publish(&mosquitto, topic,
                                  "{\"epoch\":1,\"seq\":1,\"cap_w\":700,\"raise\":false,"
                                  "\"lease_ms\":9000,\"incarnation\":0}",
                                  true, &err));
    stage_open(&s, 1);
    wait_for_reports(&s, 3);
    assert_int_equal(s.registers.node[0].cap_set, 0);
    stage_close(&s);
    assert_true(mosquitto_publish(&mosquitto, topic, "", true, &err)); /* takes it back */
}

static void nothing_is_acknowledged_before_the_hardware_has_looked(void **state)
{
    struct stage s;
    struct wire_command command;

    (void)state;
    stage_open(&s, 1);
    command = command_to(&s, 1, 1000, false);
    send_and_wait(&s, &command);
    s.frozen = true;
    command = command_to(&s, 2, 2000, true);
    watcher_command(&s.watcher, "n000", &command);
    wait_for_reports(&s, 5);
    assert_int_equal(s.registers.node[0].cap_w, 2000); /* it has been told, */
    assert_int_equal(report_of(&s)->applied.seq, 1);   /* and yet 1,000 W is no answer to it */
    assert_int_equal(report_of(&s)->enforced_cap_w, 1000);
    s.frozen = false;
    s.wanted = command.id;
    assert_true(turn_until(&s.watcher.loop, LIMIT_MS, is_acknowledged, &s));
    assert_int_equal(report_of(&s)->enforced_cap_w, 2000);
    stage_close(&s);
}

static void without_a_controller_the_cap_falls_to_the_safe_one(void **state)
{
    struct stage s;
    struct wire_command command;

    (void)state;
    stage_open(&s, 1);
    command = command_to(&s, 1, 2000, false);
    command.lease_ms = 300;
    send_and_wait(&s, &command);
    s.wanted_w = SAFE_W;
    assert_true(turn_until(&s.watcher.loop, LIMIT_MS, is_in_force, &s));
    stage_close(&s);
}

static void a_cap_below_the_safe_one_stays_when_the_lease_ends(void **state)
{
    struct stage s;
    struct wire_command command;

    (void)state;
    stage_open(&s, 1);
    command = command_to(&s, 1, 500, false);
    command.lease_ms = 100;
    send_and_wait(&s, &command);
    wait_for_reports(&s, 5);
    assert_int_equal(report_of(&s)->enforced_cap_w, 500);
    stage_close(&s);
}

static void a_lease_that_ends_does_not_undo_what_somebody_else_lowered(void **state)
{
    struct stage s;
    struct wire_command command;

    (void)state;
    stage_open(&s, 1);
    command = command_to(&s, 1, 2000, false);
    command.lease_ms = 1000;
    send_and_wait(&s, &command);
    s.registers.node[0].cap_w = 500; /* by another hand; below the safe cap */
    s.wanted_w = 500;
    assert_true(turn_until(&s.watcher.loop, LIMIT_MS, is_in_force, &s));
    wait_for_reports(&s, 10); /* the lease has ended long since */
    assert_int_equal(report_of(&s)->enforced_cap_w, 500);
    assert_int_equal(s.registers.node[0].cap_w, 500);
    stage_close(&s);
}

static void a_clean_end_restores_and_says_so(void **state)
{
    struct stage s;
    struct wire_command command;

    (void)state;
    stage_open(&s, 1);
    command = command_to(&s, 1, 1000, false);
    send_and_wait(&s, &command);
    process_signal(&s.agent, SIGTERM);
    assert_true(turn_until(&s.watcher.loop, LIMIT_MS, is_uncapped, &s));
    assert_true(turn_until(&s.watcher.loop, LIMIT_MS, agent_ended, &s));
    assert_true(WIFEXITED(s.agent.exit_status));
    assert_int_equal(WEXITSTATUS(s.agent.exit_status), 0);
    assert_int_equal(s.registers.node[0].cap_set, 0);
    stage_close(&s);
}

static void an_agent_after_one_that_was_killed_is_another_and_its_cap_is_known(void **state)
{
    struct stage s;
    struct wire_command command;
    uint64_t before;

    (void)state;
    stage_open(&s, 1);
    command = command_to(&s, 1, 1000, false);
    send_and_wait(&s, &command);
    before = report_of(&s)->incarnation;
    process_signal(&s.agent, SIGKILL);
    assert_true(turn_until(&s.watcher.loop, LIMIT_MS, agent_ended, &s));
    s.watcher.last[0] = (struct wire_report){0};
    start_agent(&s);
    assert_true(turn_until(&s.watcher.loop, LIMIT_MS, all_reported, &s));
    assert_true(report_of(&s)->incarnation != before);
    assert_int_equal(report_of(&s)->applied.seq, 0);       /* it has applied nothing, */
    assert_int_equal(report_of(&s)->enforced_cap_w, 1000); /* but knows what is in force */
    watcher_command(&s.watcher, "n000", &command);         /* for the one before it */
    wait_for_reports(&s, 3);
    assert_int_equal(report_of(&s)->applied.seq, 0);
    stage_close(&s);
}

static void presence_makes_all_report_at_once(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s, 40);
    for (size_t n = 0; n < 40; n++)
        s.watcher.last[n].incarnation = 0;
    watcher_presence(&s.watcher, true);
    assert_true(turn_until(&s.watcher.loop, LIMIT_MS, all_reported, &s));
    stage_close(&s);
}

static bool all_acknowledged(void *context)
{
    const struct stage *s = context;

    for (size_t n = 0; n < s->registers.nodes; n++)
        if (s->watcher.last[n].applied.seq != n + 1 || s->watcher.last[n].enforced_cap_w != 1000)
            return false;
    return true;
}

static void one_process_serves_two_thousand_nodes(void **state)
{
    enum { NODES = 2000 };
    static struct stage s;
    char name[16];

    (void)state;
    stage_open(&s, NODES);
    for (size_t n = 0; n < NODES; n++) {
        struct wire_command command = {.id = {1, n + 1},
                                       .cap_w = 1000,
                                       .lease_ms = 60000,
                                       .incarnation = s.watcher.last[n].incarnation};

        snprintf(name, sizeof name, "n%03zu", n);
        watcher_command(&s.watcher, name, &command);
    }
    assert_true(turn_until(&s.watcher.loop, LIMIT_MS, all_acknowledged, &s));
    assert_int_equal(s.watcher.malformed, 0);
    stage_close(&s);
}

static int exit_status_of(const char *const argv[])
{
    struct process process;
    struct error err;

    assert_true(process_start(&process, argv, "mistakes.log", &err));
    assert_true(process_wait(&process, LIMIT_MS));
    return WIFEXITED(process.exit_status) ? WEXITSTATUS(process.exit_status) : -1;
}

static void mistakes_end_with_a_status_that_says_whose(void **state)
{
    const char *url = mosquitto.url;

    (void)state;
#define STATUS(...) exit_status_of((const char *const[]){program, __VA_ARGS__, NULL})
    assert_int_equal(STATUS("--help"), 0);
    assert_int_equal(STATUS("--site", "a"), 2);
    assert_int_equal(STATUS("--nonsense"), 2);
    assert_int_equal(STATUS("-s", "a", "-b", url, "-B", "other"), 2);
    assert_int_equal(STATUS("-s", "a", "-b", url, "-B", "model"), 2);
    assert_int_equal(STATUS("-s", "a", "-b", url, "-B", "model", "-r", "missing"), 1);
    assert_int_equal(STATUS("-s", "a", "-b", "nowhere", "-B", "powercap", "-n", "x"), 1);
    assert_int_equal(STATUS("-s", "a", "-b", url, "-B", "powercap", "-n", "x", "--safe-cap", "1e3"),
                     2);
}

/* --- the broker ------------------------------------------------------------------------------------------------ */

static int start_broker(void **state)
{
    struct error err;
    char line[600];
    const char *folder = getenv("CAPSTAN_BIN_DIR");

    (void)state;
    snprintf(program, sizeof program, "%s/capstan-agent", folder != NULL ? folder : ".");
    if (mosquitto_start(&mosquitto, 0, &err))
        return 0;
    print_error("%s\n", error_line(&err, line, sizeof line));
    return -1;
}

static int stop_broker(void **state)
{
    (void)state;
    mosquitto_stop(&mosquitto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_reaches_the_hardware_and_is_acknowledged),
        cmocka_unit_test(only_a_raise_raises),
        cmocka_unit_test(old_foreign_broken_and_retained_commands_change_nothing),
        cmocka_unit_test(a_command_that_the_broker_kept_is_not_obeyed),
        cmocka_unit_test(nothing_is_acknowledged_before_the_hardware_has_looked),
        cmocka_unit_test(without_a_controller_the_cap_falls_to_the_safe_one),
        cmocka_unit_test(a_cap_below_the_safe_one_stays_when_the_lease_ends),
        cmocka_unit_test(a_lease_that_ends_does_not_undo_what_somebody_else_lowered),
        cmocka_unit_test(a_clean_end_restores_and_says_so),
        cmocka_unit_test(an_agent_after_one_that_was_killed_is_another_and_its_cap_is_known),
        cmocka_unit_test(presence_makes_all_report_at_once),
        cmocka_unit_test(one_process_serves_two_thousand_nodes),
        cmocka_unit_test(mistakes_end_with_a_status_that_says_whose),
    };

    return cmocka_run_group_tests(tests, start_broker, stop_broker);
}
