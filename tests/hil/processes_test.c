#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "hil/broker.h"

static const char *const sleeper[] = {"sleep", "600", NULL};
static const char *const stubborn[] = {"sh", "-c",
                                       "trap '' TERM; echo up; while :; do sleep 0.1; done", NULL};
static const char *const quick[] = {"sh", "-c", "exit 3", NULL};
static const char *const missing[] = {"/nowhere/program", NULL};

static void a_program_that_is_missing_is_an_error_at_once(void **state)
{
    struct process p;
    struct error err;

    (void)state;
    assert_false(process_start(&p, "missing", missing, NULL, PROCESS_DETACHED, &err));
    assert_int_equal(err.what, ERR_MISSING);
    assert_false(process_alive(&p));
}

static void an_end_is_seen_and_told(void **state)
{
    struct process p;
    struct error err;
    char text[64];

    (void)state;
    assert_true(process_start(&p, "quick", quick, NULL, PROCESS_DETACHED, &err));
    assert_true(process_end(&p, 5000));
    assert_string_equal(process_end_text(&p, text, sizeof text), "exit status 3");
}

static void all_are_stopped_and_the_stubborn_killed(void **state)
{
    struct process p[3];
    struct error err;

    (void)state;
    memset(p, 0, sizeof p);
    assert_true(process_start(&p[0], "sleeper", sleeper, NULL, PROCESS_DETACHED, &err));
    assert_true(process_start(&p[1], "stubborn", stubborn, "stubborn.log", PROCESS_DETACHED, &err));
    assert_int_equal(processes_stop(p, 1, 5000), 0);
    assert_true(WIFSIGNALED(p[0].status));
    assert_true(processes_stop(p, 3, 300) <=
                1); /* one that never ran is fine; 0 if the trap was not set yet */
    assert_false(process_alive(&p[1]));
}

static void a_broker_accepts_connections_on_a_free_port(void **state)
{
    struct process p;
    struct error err;
    uint16_t port = 0;

    (void)state;
    if (!run_broker_start(&p, ".", &port, &err)) {
        assert_int_equal(err.what, ERR_MISSING); /* not installed: nothing else may go wrong */
        skip();
    }
    assert_true(port_answers(port));
    assert_int_equal(processes_stop(&p, 1, 5000), 0);
    assert_false(port_answers(port));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_that_is_missing_is_an_error_at_once),
        cmocka_unit_test(an_end_is_seen_and_told),
        cmocka_unit_test(all_are_stopped_and_the_stubborn_killed),
        cmocka_unit_test(a_broker_accepts_connections_on_a_free_port),
    };

    return cmocka_run_group_tests_name("processes", tests, NULL, NULL);
}
