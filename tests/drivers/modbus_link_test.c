#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/modbus/address.h"
#include "drivers/modbus/backoff.h"
#include "drivers/modbus/link.h"

static bool is_connected(enum link_state s) { return s == LINK_IDLE || s == LINK_WAITING; }

static void a_day_of_a_connection(void **state)
{
    static const struct {
        enum link_event event;
        enum link_state next;
        enum link_act act;
    } day[] = {
        {EV_WANTED, LINK_RESOLVING, DO_RESOLVE},  {EV_RESOLVED, LINK_CONNECTING, DO_CONNECT},
        {EV_NEXT, LINK_CONNECTING, DO_CONNECT},   {EV_CONNECTED, LINK_IDLE, DO_SERVE},
        {EV_ASKED, LINK_WAITING, DO_SEND},        {EV_ANSWERED, LINK_IDLE, DO_DELIVER},
        {EV_ASKED, LINK_WAITING, DO_SEND},        {EV_EXPIRED, LINK_IDLE, DO_EXPIRE},
        {EV_ASKED, LINK_WAITING, DO_SEND},        {EV_LOST, LINK_BACKOFF, DO_BACK_OFF},
        {EV_EXPIRED, LINK_RESOLVING, DO_RESOLVE},
    };
    enum link_state at = LINK_DOWN;

    (void)state;
    for (size_t i = 0; i < COUNT(day); i++) {
        struct link_step step = link_step(at, day[i].event);

        assert_int_equal(step.next, day[i].next);
        assert_int_equal(step.act, day[i].act);
        at = step.next;
    }
}

static void no_event_sends_twice_or_serves_without_a_connection(void **state)
{
    (void)state;
    for (int s = 0; s < LINK_COUNT; s++) {
        for (int e = 0; e < EV_COUNT; e++) {
            struct link_step step = link_step((enum link_state)s, (enum link_event)e);

            if (step.act == DO_SEND)
                assert_int_equal(s, LINK_IDLE); /* never while a request is out */
            if (step.act == DO_DELIVER || step.act == DO_EXPIRE)
                assert_int_equal(s, LINK_WAITING);
            if (step.act != DO_NOTHING && is_connected(step.next))
                assert_true(is_connected((enum link_state)s) || e == EV_CONNECTED);
            if (e == EV_LOST && step.act != DO_NOTHING)
                assert_int_equal(step.next, LINK_BACKOFF);
        }
    }
}

static void every_state_but_down_and_idle_ends_by_time(void **state)
{
    (void)state;
    for (int s = 0; s < LINK_COUNT; s++) {
        bool waits = s != LINK_DOWN && s != LINK_IDLE;

        assert_int_equal(link_step((enum link_state)s, EV_EXPIRED).act != DO_NOTHING, waits);
        assert_string_not_equal(link_state_name((enum link_state)s), "?");
    }
}

static void pauses_double_up_to_a_bound_and_differ(void **state)
{
    static const struct backoff backoff = {500 * NS_PER_MS, 30 * NS_PER_S};
    uint64_t random = 1;
    int64_t full_ns = backoff.least_ns;

    (void)state;
    for (uint32_t failures = 1; failures < 40; failures++) {
        int64_t lowest = INT64_MAX, highest = 0;

        for (int i = 0; i < 200; i++) {
            int64_t ns = backoff_ns(&backoff, failures, backoff_random(&random));

            lowest = ns < lowest ? ns : lowest;
            highest = ns > highest ? ns : highest;
        }
        assert_true(lowest >= full_ns / 2 && highest <= full_ns);
        assert_true(highest - lowest > full_ns / 4); /* they don't come back together */
        full_ns = full_ns * 2 < backoff.most_ns ? full_ns * 2 : backoff.most_ns;
    }
    assert_true(backoff_ns(&backoff, UINT32_MAX, 0) == backoff.most_ns);
}

static void addresses_are_host_and_port(void **state)
{
    static const struct {
        const char *text, *host, *port;
    } good[] = {
        {"10.0.0.7", "10.0.0.7", "502"},
        {"10.0.0.7:1502", "10.0.0.7", "1502"},
        {"meter-1.site:502", "meter-1.site", "502"},
        {"[fe80::1]", "fe80::1", "502"},
        {"[::1]:65535", "::1", "65535"},
    };
    static const char *const bad[] = {
        "",    ":502", "host:",  "host:0",   "host:65536", "host:5x", "host: 502",
        "a b", "[::1", "[]:502", "[::1]502", "host:+5",    "::1",     "host:000000502"};
    struct address address;
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(address_parse(good[i].text, &address, &err));
        assert_string_equal(address.host, good[i].host);
        assert_string_equal(address.port, good[i].port);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (address_parse(bad[i], &address, &err))
            fail_msg("\"%s\" was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_of_a_connection),
        cmocka_unit_test(no_event_sends_twice_or_serves_without_a_connection),
        cmocka_unit_test(every_state_but_down_and_idle_ends_by_time),
        cmocka_unit_test(pauses_double_up_to_a_bound_and_differ),
        cmocka_unit_test(addresses_are_host_and_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
