/* The driver against a server that others wrote: pymodbus, laid out like real meters. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/drivers/modbus_bench.h"
#include "tests/support/process.h"
#include "tests/support/turn.h"

enum { LIMIT_MS = 15000, INTERVAL_MS = 100, TIMEOUT_MS = 500 };

static const double start_w = 5000;

struct server {
    struct process process;
    uint16_t port;
};

static bool port_is_written(struct server *server)
{
    FILE *file = fopen("port", "r");
    unsigned port = 0;

    if (file == NULL)
        return false;
    server->port = fscanf(file, "%u", &port) == 1 ? (uint16_t)port : 0; // NOLINT(cert-err34-c)
    fclose(file);
    return server->port != 0;
}

static void server_start(struct server *server, uv_loop_t *loop)
{
    char script[512];
    struct error err;

    snprintf(script, sizeof script, "%s/tests/integration/pymodbus_server.py",
             getenv("CAPSTAN_SOURCE_DIR"));
    unlink("port");
    assert_true(process_start(
        &server->process, (const char *const[]){"/usr/bin/python3", script, "port", "5000", NULL},
        "pymodbus.log", &err));
    for (int ms = 0; ms < LIMIT_MS && !port_is_written(server); ms += 10)
        turn_for(loop, 10); /* a file that appears wakes nobody */
    assert_int_not_equal(server->port, 0);
}

static bool moved_twice(void *context)
{
    const struct bench_point *power = &((struct bench_meter *)context)->point[QUANTITY_POWER];

    return power->samples > 2 && power->highest >= power->lowest + 2;
}

static bool has_power(void *context)
{
    return ((struct bench_meter *)context)->point[QUANTITY_POWER].samples > 0;
}

static bool is_up(void *context) { return ((struct bench_meter *)context)->up; }
static bool is_down(void *context) { return !((struct bench_meter *)context)->up; }

static void an_sdm630_is_read_in_one_request_a_cycle(void **state)
{
    struct bench bench;
    struct server server;
    struct bench_meter *one, *two;
    struct driver_counters count;

    (void)state;
    bench_open(&bench);
    server_start(&server, &bench.loop);
    one = bench_meter(&bench, server.port, 1, bench_profile(&bench, "eastron-sdm630"), INTERVAL_MS,
                      TIMEOUT_MS);
    two = bench_meter(&bench, server.port, 2, one->settings.profile, INTERVAL_MS, TIMEOUT_MS);
    bench_start(&bench);
    assert_true(turn_until(&bench.loop, LIMIT_MS, moved_twice, one));
    assert_true(turn_until(&bench.loop, LIMIT_MS, moved_twice, two));

    assert_true(bench_value(one, QUANTITY_POWER) >= start_w);
    assert_float_equal(bench_value(one, QUANTITY_POWER_L2), bench_value(one, QUANTITY_POWER) / 3,
                       0.01);
    assert_float_equal(bench_value(one, QUANTITY_VOLTAGE_L1), 230.5, 0.001);
    assert_float_equal(bench_value(one, QUANTITY_CURRENT_L3), 4.5, 0.001);
    assert_float_equal(bench_value(one, QUANTITY_REACTIVE_POWER), -150, 0.001);
    assert_float_equal(bench_value(one, QUANTITY_FREQUENCY), 50.02, 0.001);
    assert_float_equal(bench_value(one, QUANTITY_ENERGY_IMPORT), 1234500, 0.1);
    assert_float_equal(bench_value(one, QUANTITY_ENERGY_EXPORT), 250, 0.1);
    count = bench_counters(one);
    assert_true(count.requests - count.answers <= 1); /* one may be out */
    assert_int_equal(count.answers, one->point[QUANTITY_POWER].samples);
    assert_int_equal(count.timeouts + count.refusals + count.malformed + count.writes, 0);
    assert_int_equal(one->told, 1);
    assert_true(one->up && two->up);
    bench_close(&bench);
    process_stop(&server.process);
}

static void a_sunspec_meter_is_found_behind_other_models(void **state)
{
    struct bench bench;
    struct server server;
    struct bench_meter *meter;

    (void)state;
    bench_open(&bench);
    server_start(&server, &bench.loop);
    meter = bench_meter(&bench, server.port, 3, bench_profile(&bench, "sunspec-meter-203"),
                        INTERVAL_MS, TIMEOUT_MS);
    bench_start(&bench);
    assert_true(turn_until(&bench.loop, LIMIT_MS, has_power, meter));
    assert_float_equal(bench_value(meter, QUANTITY_POWER), start_w, 100);
    assert_float_equal(bench_value(meter, QUANTITY_VOLTAGE_L3), 229.5, 1e-9);
    assert_float_equal(bench_value(meter, QUANTITY_CURRENT_L1), 5.0, 1e-9);
    assert_float_equal(bench_value(meter, QUANTITY_FREQUENCY), 50.02, 1e-9);
    assert_float_equal(bench_value(meter, QUANTITY_POWER_FACTOR), 0.98, 1e-9);
    assert_float_equal(bench_value(meter, QUANTITY_ENERGY_IMPORT), 1234567, 1e-6);
    assert_true(meter->point[QUANTITY_ENERGY_EXPORT].last.refused);
    assert_true(meter->point[QUANTITY_REACTIVE_POWER].last.refused);
    assert_int_equal(meter->instance->base, 40000 + 2 + 68 + 6);
    bench_close(&bench);
    process_stop(&server.process);
}

static void what_a_device_lacks_is_left_out_and_said(void **state)
{
    struct bench bench;
    struct server server;
    struct bench_meter *meter, *inverter;
    struct driver_counters count;

    (void)state;
    bench_open(&bench);
    server_start(&server, &bench.loop);
    meter = bench_meter(&bench, server.port, 4, bench_profile(&bench, "eastron-sdm630"),
                        INTERVAL_MS, TIMEOUT_MS);
    inverter = bench_meter(&bench, server.port, 3, bench_profile(&bench, "sunspec-inverter-103"),
                           INTERVAL_MS, TIMEOUT_MS);
    bench_start(&bench);
    assert_true(turn_until(&bench.loop, LIMIT_MS, moved_twice, meter));
    count = bench_counters(meter);
    assert_int_equal(count.refusals, 1 + 5); /* the whole, then five values on their own */
    assert_float_equal(bench_value(meter, QUANTITY_APPARENT_POWER), 5100, 100);
    assert_int_equal(meter->point[QUANTITY_FREQUENCY].samples, 0);
    assert_false(meter->up);
    assert_int_equal(meter->why.what, ERR_REFUSED);
    assert_string_equal(inverter->why.got, "no model 103");
    assert_int_equal(inverter->point[QUANTITY_POWER].samples, 0);
    bench_close(&bench);
    process_stop(&server.process);
}

static void a_server_that_went_away_is_found_again(void **state)
{
    struct bench bench;
    struct server server;
    struct bench_meter *meter, *nobody;

    (void)state;
    bench_open(&bench);
    server_start(&server, &bench.loop);
    meter = bench_meter(&bench, server.port, 1, bench_profile(&bench, "eastron-sdm630"),
                        INTERVAL_MS, TIMEOUT_MS);
    nobody = bench_meter(&bench, server.port, 77, meter->settings.profile, INTERVAL_MS, 100);
    bench_start(&bench);
    assert_true(turn_until(&bench.loop, LIMIT_MS, moved_twice, meter));
    assert_true(turn_until(&bench.loop, LIMIT_MS, is_down, nobody));
    assert_true(meter->up); /* a silent unit is not the connection's fault */
    assert_int_equal(bench_counters(meter).reconnects, 0);
    process_signal(&server.process, SIGSTOP); /* hangs, with its connection open */
    assert_true(turn_until(&bench.loop, LIMIT_MS, is_down, meter));
    assert_int_equal(meter->why.what, ERR_TIMEOUT);
    process_signal(&server.process, SIGCONT);
    assert_true(turn_until(&bench.loop, LIMIT_MS, is_up, meter));
    bench_forget(&bench);
    assert_true(turn_until(&bench.loop, LIMIT_MS, moved_twice, meter));
    process_stop(&server.process);
    assert_true(turn_until(&bench.loop, LIMIT_MS, is_down, meter));
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_sdm630_is_read_in_one_request_a_cycle),
        cmocka_unit_test(a_sunspec_meter_is_found_behind_other_models),
        cmocka_unit_test(what_a_device_lacks_is_left_out_and_said),
        cmocka_unit_test(a_server_that_went_away_is_found_again),
    };

    if (access("/usr/bin/python3", X_OK) != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
