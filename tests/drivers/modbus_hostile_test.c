/* Devices that lie, stall and shout: no wrong value gets in, and nobody else is kept waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include <netdb.h>

#include "drivers/modbus/modbus.h"
#include "tests/drivers/hostile_modbus.h"
#include "tests/drivers/modbus_bench.h"
#include "tests/support/process.h"
#include "tests/support/turn.h"

enum { LIMIT_MS = 40000, INTERVAL_MS = 50, TIMEOUT_MS = 200, GAP_MOST_MS = 400 };

static const struct profile_register registers[] = {{.quantity = QUANTITY_POWER,
                                                     .function_code = 4,
                                                     .address = 52,
                                                     .type = REGISTER_F32,
                                                     .scale = 1}};
static const struct device_profile profile = {.name = "one-value",
                                              .words = WORDS_HIGH_FIRST,
                                              .max_registers = 125,
                                              .registers = COUNT(registers),
                                              .reg = registers};

static const struct bench_point *power(const struct bench_meter *meter)
{
    return &meter->point[QUANTITY_POWER];
}

static struct bench_meter *meter_at(struct bench *bench, uint16_t port)
{
    return bench_meter(bench, port, 1, &profile, INTERVAL_MS, TIMEOUT_MS);
}

static bool has_sample(void *context)
{
    return power((const struct bench_meter *)context)->samples > 0;
}

static bool is_told_down(void *context)
{
    const struct bench_meter *meter = context;

    return meter->told > 0 && !meter->up;
}

/* ---------------------------------------------------------------- all lies at once */

struct crowd {
    struct bench bench;
    struct hostile server[HOSTILE_COUNT];
    struct bench_meter *meter[HOSTILE_COUNT];
};

static bool is_hurt(const struct crowd *crowd, int mode)
{
    struct driver_counters c = bench_counters(crowd->meter[mode]);

    if (mode == HOSTILE_HONEST)
        return c.answers >= 40;
    return mode == HOSTILE_EXCEPTION ? c.refusals > 0
                                     : c.timeouts + c.malformed + c.reconnects >= 2;
}

static bool all_hurt(void *context)
{
    const struct crowd *crowd = context;

    for (int m = 0; m < HOSTILE_COUNT; m++)
        if (!is_hurt(crowd, m))
            return false;
    return true;
}

static bool all_have_samples(void *context)
{
    const struct crowd *crowd = context;

    for (int m = 0; m < HOSTILE_COUNT; m++)
        if (power(crowd->meter[m])->samples < 3)
            return false;
    return true;
}

static void expect_no_poison(const struct crowd *crowd)
{
    for (int m = 0; m < HOSTILE_COUNT; m++) {
        const struct bench_point *p = power(crowd->meter[m]);

        if (p->samples == 0)
            continue;
        if (p->refused > 0 || p->lowest != HONEST_VALUE || p->highest != HONEST_VALUE)
            fail_msg("a device that %s was believed: %f .. %f", hostile_text((enum hostile_mode)m),
                     p->lowest, p->highest);
    }
}

/* What must be seen in the counters of a device that does this. */
static void expect_counted(const struct crowd *crowd, enum hostile_mode mode)
{
    struct driver_counters c = bench_counters(crowd->meter[mode]);
    bool well = true;

    switch (mode) {
    case HOSTILE_HONEST:
        well = c.timeouts + c.malformed + c.refusals + c.reconnects == 0;
        break;
    case HOSTILE_SILENT:
        well = c.timeouts > 0 && c.malformed == 0 && c.answers == 0;
        break;
    case HOSTILE_TWICE:
        well = c.malformed > 0 && c.answers > 0 && c.timeouts + c.reconnects == 0;
        break;
    case HOSTILE_HANG_UP:
        well = c.reconnects > 0 && c.answers == 0;
        break;
    case HOSTILE_EXCEPTION:
        well = c.refusals > 0 && c.reconnects == 0;
        break;
    default:
        well = c.malformed > 0 && c.answers == 0;
        break;
    }
    if (!well)
        fail_msg("a device that %s: %lu requests, %lu answers, %lu timeouts, %lu malformed, %lu "
                 "refusals, %lu reconnects",
                 hostile_text(mode), c.requests, c.answers, c.timeouts, c.malformed, c.refusals,
                 c.reconnects);
}

static void no_lie_is_believed_and_nobody_else_waits(void **state)
{
    static struct crowd crowd;
    struct driver_counters honest;

    (void)state;
    bench_open(&crowd.bench);
    for (int m = 0; m < HOSTILE_COUNT; m++) {
        hostile_start(&crowd.server[m], (enum hostile_mode)m);
        atomic_store(&crowd.server[m].exception, 4);
        crowd.meter[m] = meter_at(&crowd.bench, crowd.server[m].port);
    }
    bench_start(&crowd.bench);
    assert_true(turn_until(&crowd.bench.loop, LIMIT_MS, all_hurt, &crowd));
    expect_no_poison(&crowd);
    for (int m = 0; m < HOSTILE_COUNT; m++)
        expect_counted(&crowd, (enum hostile_mode)m);
    honest = bench_counters(crowd.meter[HOSTILE_HONEST]);
    print_message("the honest one: %lu answers, %lu polls skipped, longest gap %lld ms\n",
                  honest.answers, honest.dropped,
                  (long long)(power(crowd.meter[HOSTILE_HONEST])->longest_gap_ns / NS_PER_MS));
    assert_true(power(crowd.meter[HOSTILE_HONEST])->longest_gap_ns < GAP_MOST_MS * NS_PER_MS);

    for (int m = 0; m < HOSTILE_COUNT; m++) /* all turn honest, and all are heard again */
        atomic_store(&crowd.server[m].mode, (int)HOSTILE_HONEST);
    bench_forget(&crowd.bench);
    assert_true(turn_until(&crowd.bench.loop, LIMIT_MS, all_have_samples, &crowd));
    expect_no_poison(&crowd);
    for (int m = 0; m < HOSTILE_COUNT; m++) {
        assert_true(crowd.meter[m]->up);
        assert_int_equal(atomic_load(&crowd.server[m].faults), 0);
    }
    bench_close(&crowd.bench);
    for (int m = 0; m < HOSTILE_COUNT; m++)
        hostile_stop(&crowd.server[m]);
}

/* ---------------------------------------------------------------- one at a time */

static void half_an_answer_does_not_keep_the_loop_turning(void **state)
{
    static const enum hostile_mode modes[] = {HOSTILE_DRIP, HOSTILE_HALF_SILENT};
    static struct bench bench;

    (void)state;
    for (size_t i = 0; i < COUNT(modes); i++) {
        struct hostile server;

        hostile_start(&server, modes[i]);
        bench_open(&bench);
        (void)bench_meter(&bench, server.port, 1, &profile, INTERVAL_MS, 5000);
        bench_start(&bench);
        turn_for(&bench.loop, 600);
        print_message("%s: %lu turns in 600 ms\n", hostile_text(modes[i]), bench.turns);
        assert_true(bench.turns < 100);
        bench_close(&bench);
        hostile_stop(&server);
    }
}

struct expected {
    int exception;
    unsigned requests_least, requests_most; /* in a second, twenty polls of a value */
    bool up;
};

static void exceptions_are_told_apart(void **state)
{
    static const struct expected expected[] = {
        {2, 1, 1, false},    /* it does not have that: not asked again */
        {6, 2, 8, false},    /* busy: backed off */
        {0x0b, 2, 8, false}, /* dead behind the gateway: the unit is backed off */
        {4, 10, 22, false},  /* counted, asked again at the usual rate */
    };
    static struct bench bench;
    struct hostile server[COUNT(expected)];

    (void)state;
    bench_open(&bench);
    for (size_t i = 0; i < COUNT(expected); i++) {
        hostile_start(&server[i], HOSTILE_EXCEPTION);
        atomic_store(&server[i].exception, expected[i].exception);
        (void)meter_at(&bench, server[i].port);
    }
    bench_start(&bench);
    turn_for(&bench.loop, 1000);
    for (size_t i = 0; i < COUNT(expected); i++) {
        unsigned requests = atomic_load(&server[i].requests);

        if (requests < expected[i].requests_least || requests > expected[i].requests_most)
            fail_msg("exception %d: %u requests", expected[i].exception, requests);
        assert_int_equal(atomic_load(&server[i].connections), 1);
        assert_int_equal(bench.meter[i].up, expected[i].up);
        assert_int_equal(bench.meter[i].why.what, ERR_REFUSED);
        atomic_store(&server[i].mode, HOSTILE_HONEST);
    }
    for (size_t i = 1; i < COUNT(expected); i++)
        assert_true(turn_until(&bench.loop, LIMIT_MS, has_sample, &bench.meter[i]));
    bench_close(&bench);
    for (size_t i = 0; i < COUNT(expected); i++)
        hostile_stop(&server[i]);
}

/* ---------------------------------------------------------------- no connection */

static void a_port_where_nobody_listens_is_told_once(void **state)
{
    static struct bench bench;
    struct bench_meter *meter;

    (void)state;
    bench_open(&bench);
    meter = meter_at(&bench, free_port());
    bench_start(&bench);
    assert_true(turn_until(&bench.loop, LIMIT_MS, is_told_down, meter));
    turn_for(&bench.loop, 800);
    assert_int_equal(meter->told, 1);
    assert_int_equal(meter->why.what, ERR_IO);
    assert_string_equal(meter->why.got, "Connection refused");
    assert_true(bench_counters(meter).dropped > 5);
    assert_int_equal(bench_counters(meter).requests, 0);
    bench_close(&bench);
}

/* The kernel drops further connection requests once the backlog is full. */
static int deaf_listener(uint16_t *port, int filler[4])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    for (int i = 0; i < 4; i++) {
        filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(filler[i], (struct sockaddr *)&address, size);
    }
    return fd;
}

static void a_connection_that_never_comes_is_given_up(void **state)
{
    static struct bench bench;
    struct bench_meter *meter;
    uint16_t port;
    int filler[4];
    int fd = deaf_listener(&port, filler);

    (void)state;
    bench_open(&bench);
    meter = meter_at(&bench, port);
    bench_start(&bench);
    assert_true(turn_until(&bench.loop, LIMIT_MS, is_told_down, meter));
    assert_int_equal(meter->why.what, ERR_TIMEOUT);
    bench_close(&bench);
    close(fd);
    for (int i = 0; i < 4; i++)
        close(filler[i]);
}

/* libmodbus puts its socket in an fd_set of 1024. */
static void a_descriptor_that_select_can_not_take_is_refused(void **state)
{
    static struct bench bench;
    static int taken[FD_SETSIZE];
    struct rlimit limit;
    struct hostile server;
    struct bench_meter *meter;
    int count = 0;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < FD_SETSIZE + 16) {
        print_message("SKIP: at most %lu descriptors\n", (unsigned long)limit.rlim_cur);
        return;
    }
    hostile_start(&server, HOSTILE_HONEST);
    bench_open(&bench);
    meter = meter_at(&bench, server.port);
    do {
        taken[count] = dup(STDERR_FILENO);
        assert_true(taken[count] >= 0);
    } while (taken[count++] < FD_SETSIZE - 1);
    bench_start(&bench);
    assert_true(turn_until(&bench.loop, LIMIT_MS, is_told_down, meter));
    assert_int_equal(meter->why.what, ERR_FULL);
    while (count > 0)
        close(taken[--count]);
    assert_true(turn_until(&bench.loop, LIMIT_MS, has_sample, meter));
    bench_close(&bench);
    hostile_stop(&server);
}

/* A machine without /etc/hosts and name servers knows not even itself. */
static bool knows_itself(void)
{
    struct addrinfo *found = NULL;
    bool known = getaddrinfo("localhost", NULL, NULL, &found) == 0;

    if (known)
        freeaddrinfo(found);
    return known;
}

static void names_are_resolved_without_waiting(void **state)
{
    static struct bench bench;
    struct hostile server;
    struct bench_meter *good, *bad;
    char address[32];

    (void)state;
    if (!knows_itself()) {
        print_message("SKIPPED: this machine can't resolve \"localhost\"\n");
        skip();
    }
    hostile_start(&server, HOSTILE_HONEST);
    bench_open(&bench);
    good = meter_at(&bench, server.port);
    snprintf(address, sizeof address, "localhost:%u", server.port);
    bench_address(good, address);
    bad = meter_at(&bench, 502);
    bench_address(bad, "no-such-meter.invalid");
    bench_start(&bench);
    assert_true(turn_until(&bench.loop, LIMIT_MS, has_sample, good));
    assert_true(turn_until(&bench.loop, LIMIT_MS, is_told_down, bad));
    assert_true(bad->why.what == ERR_UNKNOWN || bad->why.what == ERR_TIMEOUT);
    bench_close(&bench); /* perhaps in the middle of the next look-up */
    hostile_stop(&server);
}

static void what_is_wrong_with_a_device_is_said_at_once(void **state)
{
    static struct bench bench;
    struct bench_meter *meter;
    struct error err;

    (void)state;
    bench_open(&bench);
    meter = meter_at(&bench, 502);
    bench_address(meter, "10.0.0.7:99999");
    assert_false(driver_modbus.open(&meter->instance, &meter->device, &bench.host, &err));
    assert_null(meter->instance);
    assert_int_equal(err.what, ERR_SYNTAX);
    bench_address(meter, "10.0.0.7");
    meter->settings.unit = 250;
    assert_false(driver_modbus.open(&meter->instance, &meter->device, &bench.host, &err));
    assert_int_equal(err.what, ERR_RANGE);
    meter->settings.unit = 255;
    meter->device_point[0].quantity = QUANTITY_FREQUENCY; /* which the profile lacks */
    assert_false(driver_modbus.open(&meter->instance, &meter->device, &bench.host, &err));
    assert_int_equal(err.what, ERR_MISSING);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_lie_is_believed_and_nobody_else_waits),
        cmocka_unit_test(half_an_answer_does_not_keep_the_loop_turning),
        cmocka_unit_test(exceptions_are_told_apart),
        cmocka_unit_test(a_port_where_nobody_listens_is_told_once),
        cmocka_unit_test(a_connection_that_never_comes_is_given_up),
        cmocka_unit_test(a_descriptor_that_select_can_not_take_is_refused),
        cmocka_unit_test(names_are_resolved_without_waiting),
        cmocka_unit_test(what_is_wrong_with_a_device_is_said_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
