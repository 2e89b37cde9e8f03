#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/load.h"
#include "drivers/modbus/modbus.h"
#include "platform/clock.h"
#include "tests/drivers/modbus_bench.h"
#include "tests/support/turn.h"

static int64_t now_ns(void *context)
{
    (void)context;
    return clock_monotonic_ns();
}

/* Point p of the bench: quantity p % BENCH_POINTS of meter p / BENCH_POINTS. */
static void on_sample(void *context, uint32_t point, const struct sample *sample)
{
    struct bench *bench = context;
    struct bench_point *p = &bench->meter[point / BENCH_POINTS].point[point % BENCH_POINTS];
    int64_t now = clock_monotonic_ns();

    assert_true(sample->taken_ns <= now && sample->taken_ns >= p->last.taken_ns);
    if (p->samples > 0 && now - p->arrived_ns > p->longest_gap_ns)
        p->longest_gap_ns = now - p->arrived_ns;
    p->arrived_ns = now;
    p->samples++;
    p->refused += sample->refused;
    p->last = *sample;
    if (sample->refused)
        return;
    if (p->samples - p->refused == 1)
        p->lowest = p->highest = sample->value;
    p->lowest = sample->value < p->lowest ? sample->value : p->lowest;
    p->highest = sample->value > p->highest ? sample->value : p->highest;
}

static void on_report(void *context, uint32_t node, const struct node_report *report)
{
    (void)context;
    (void)node;
    (void)report;
    fail_msg("a meter reported a node");
}

static void on_state(void *context, const struct device *device, bool up, const struct error *err)
{
    struct bench *bench = context;

    for (uint32_t m = 0; m < bench->meters; m++) {
        struct bench_meter *meter = &bench->meter[m];

        if (device != &meter->device)
            continue;
        meter->told++;
        meter->up = up;
        assert_true(up == (err == NULL));
        if (err != NULL)
            meter->why = *err;
    }
}

static void on_turn(uv_prepare_t *prepare) { ((struct bench *)prepare->data)->turns++; }

void bench_open(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    uv_prepare_init(&bench->loop, &bench->prepare);
    bench->prepare.data = bench;
    uv_prepare_start(&bench->prepare, on_turn);
    bench->host = (struct driver_host){.context = bench,
                                       .loop = &bench->loop,
                                       .now_ns = now_ns,
                                       .sample = on_sample,
                                       .report = on_report,
                                       .device_state = on_state};
}

const struct device_profile *bench_profile(struct bench *bench, const char *name)
{
    struct device_profile *profile = arena_array(&bench->arena, 1, struct device_profile);
    struct diagnostics found = {0};
    char path[512], line[1024];

    snprintf(path, sizeof path, "%s/config/devices/%s.cfg", getenv("CAPSTAN_SOURCE_DIR"), name);
    if (!load_profile(path, &bench->arena, profile, &found))
        fail_msg("%s", diagnostic_line(&found.item[0], line, sizeof line));
    assert_int_equal(found.warnings, 0);
    diagnostics_free(&found);
    return profile;
}

struct bench_meter *bench_meter(struct bench *bench, uint16_t port, uint8_t unit,
                                const struct device_profile *profile, int64_t interval_ms,
                                int64_t timeout_ms)
{
    struct bench_meter *meter = &bench->meter[bench->meters];

    assert_true(bench->meters < BENCH_METERS);
    snprintf(meter->address, sizeof meter->address, "127.0.0.1:%u", port);
    meter->settings = (struct modbus_settings){.address = meter->address,
                                               .unit = unit,
                                               .profile = profile,
                                               .interval_ns = interval_ms * NS_PER_MS,
                                               .connect_timeout_ns = timeout_ms * NS_PER_MS,
                                               .response_timeout_ns = timeout_ms * NS_PER_MS};
    meter->device = (struct device){.name = "meter",
                                    .driver = "modbus",
                                    .role = ROLE_METER,
                                    .settings = &meter->settings,
                                    .points = profile->registers,
                                    .point = meter->device_point};
    for (uint32_t i = 0; i < profile->registers; i++)
        meter->device_point[i] = (struct device_point){
            profile->reg[i].quantity, bench->meters * BENCH_POINTS + profile->reg[i].quantity};
    bench->meters++;
    return meter;
}

void bench_address(struct bench_meter *meter, const char *address)
{
    snprintf(meter->address, sizeof meter->address, "%s", address);
}

void bench_start(struct bench *bench)
{
    for (uint32_t m = 0; m < bench->meters; m++) {
        struct bench_meter *meter = &bench->meter[m];
        struct error err;
        char line[600];

        if (meter->instance != NULL)
            continue;
        if (!driver_modbus.open(&meter->instance, &meter->device, &bench->host, &err))
            fail_msg("%s", error_line(&err, line, sizeof line));
        driver_modbus.start(meter->instance);
    }
}

double bench_value(const struct bench_meter *meter, enum quantity quantity)
{
    const struct bench_point *p = &meter->point[quantity];

    if (p->samples == 0 || p->last.refused)
        fail_msg("%s: %u samples, %u refused", quantity_name(quantity), p->samples, p->refused);
    return p->last.value;
}

struct driver_counters bench_counters(const struct bench_meter *meter)
{
    struct driver_counters counters;

    driver_modbus.counters(meter->instance, &counters);
    return counters;
}

void bench_forget(struct bench *bench)
{
    for (uint32_t m = 0; m < bench->meters; m++)
        memset(bench->meter[m].point, 0, sizeof bench->meter[m].point);
}

void bench_close(struct bench *bench)
{
    for (uint32_t m = 0; m < bench->meters; m++)
        driver_modbus.close(bench->meter[m].instance);
    uv_close((uv_handle_t *)&bench->prepare, NULL);
    assert_true(turn_to_end(&bench->loop, 5000));
    arena_free(&bench->arena);
}
