#include "tests/drivers/mqtt_bench.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "tests/support/turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct mosquitto bench_mosquitto;

int bench_start_broker(void **state)
{
    struct error err;
    char line[600];

    (void)state;
    if (mosquitto_start(&bench_mosquitto, 0, &err))
        return 0;
    print_error("%s\n", error_line(&err, line, sizeof line));
    return -1;
}

int bench_stop_broker(void **state)
{
    (void)state;
    mosquitto_stop(&bench_mosquitto);
    return 0;
}

/* --- the host ---------------------------------------------------------------------------------------------------- */

static int64_t now_ns(void *context)
{
    (void)context;
    return clock_monotonic_ns();
}

static void take_sample(void *context, uint32_t point, const struct sample *sample)
{
    struct bench *b = context;

    assert_true(point < BENCH_POINTS);
    b->sample[point] = *sample;
    b->samples[point]++;
}

static void take_report(void *context, uint32_t node, const struct node_report *report)
{
    struct bench *b = context;

    assert_true(node < BENCH_NODES);
    b->report[node] = *report;
    b->reports[node]++;
}

static void take_forecast(void *context, uint32_t forecast, const struct forecast *said)
{
    struct bench *b = context;

    assert_int_equal(forecast, 0);
    b->forecast = *said;
    b->forecasts++;
}

static void take_events(void *context, uint32_t event_source, const struct event_list *told)
{
    struct bench *b = context;

    assert_int_equal(event_source, 0);
    b->events = *told;
    b->event_lists++;
}

static void take_state(void *context, const struct device *device, bool up, const struct error *err)
{
    struct bench *b = context;

    (void)device;
    if (up) {
        b->ups++;
        return;
    }
    b->downs++;
    b->error = *err;
}

static const char *const node_names[BENCH_NODES] = {"n0", "n1", "n2"};
static const uint32_t node_actuators[BENCH_NODES] = {0, 0, 1};

void bench_open(struct bench *bench)
{
    *bench = (struct bench){.broker = {.name = "main", .url = bench_mosquitto.url}};
    assert_int_equal(uv_loop_init(&bench->loop), 0);
    for (size_t p = 0; p < BENCH_POINTS; p++)
        bench->point[p] = (struct point){.name = "carbon",
                                         .quantity = QUANTITY_CARBON_INTENSITY,
                                         .max = 2000,
                                         .stale_after_ns = 60 * NS_PER_S};
    bench->actuator[0] =
        (struct device){.name = "agents", .driver = "agent", .role = ROLE_ACTUATOR};
    bench->actuator[1] =
        (struct device){.name = "others", .driver = "agent", .role = ROLE_ACTUATOR};
    bench->site = (struct site){.name = "test",
                                .points = BENCH_POINTS,
                                .point = bench->point,
                                .brokers = 1,
                                .broker = &bench->broker,
                                .actuators = 2,
                                .actuator = bench->actuator};
    bench->foretold = (struct forecast_source){
        .name = "co2", .quantity = QUANTITY_CARBON_INTENSITY, .basis = BASIS_MARGINAL};
    bench->site.forecasts = 1;
    bench->site.forecast = &bench->foretold;
    bench->announcer = (struct event_source){.name = "dso", .stale_after_ns = 60 * NS_PER_S};
    bench->site.event_sources = 1;
    bench->site.event_source = &bench->announcer;
    bench->site.nodes.count = BENCH_NODES;
    bench->site.nodes.name = node_names;
    bench->site.nodes.actuator = node_actuators;
    bench->host = (struct driver_host){.context = bench,
                                       .loop = &bench->loop,
                                       .site = &bench->site,
                                       .now_ns = now_ns,
                                       .sample = take_sample,
                                       .report = take_report,
                                       .forecast = take_forecast,
                                       .events = take_events,
                                       .device_state = take_state,
                                       .epoch = 7};
}

void bench_close(struct bench *bench) { assert_true(turn_to_end(&bench->loop, BENCH_LIMIT_MS)); }

/* --- waiting ------------------------------------------------------------------------------------------------------ */

struct count {
    const unsigned *now;
    unsigned wanted;
};

static bool reached(void *context)
{
    const struct count *c = context;

    return *c->now >= c->wanted;
}

static void wait_for(struct bench *bench, const unsigned *now, unsigned wanted)
{
    struct count count = {now, wanted};

    assert_true(turn_until(&bench->loop, BENCH_LIMIT_MS, reached, &count));
}

void bench_wait_ups(struct bench *bench, unsigned count) { wait_for(bench, &bench->ups, count); }
void bench_wait_downs(struct bench *bench, unsigned count)
{
    wait_for(bench, &bench->downs, count);
}

void bench_wait_samples(struct bench *bench, uint32_t point, unsigned count)
{
    wait_for(bench, &bench->samples[point], count);
}

void bench_wait_reports(struct bench *bench, uint32_t node, unsigned count)
{
    wait_for(bench, &bench->reports[node], count);
}

void bench_wait_forecasts(struct bench *bench, unsigned count)
{
    wait_for(bench, &bench->forecasts, count);
}

void bench_wait_event_lists(struct bench *bench, unsigned count)
{
    wait_for(bench, &bench->event_lists, count);
}

/* --- foreign peers ------------------------------------------------------------------------------------------------- */

void bench_publish(const char *topic, const char *payload, bool retained)
{
    struct error err;

    assert_true(mosquitto_publish(&bench_mosquitto, topic, payload, retained, &err));
}

void listener_start(struct listener *listener, const char *file)
{
    char port[8];
    struct error err;

    snprintf(port, sizeof port, "%u", bench_mosquitto.port);
    remove(file);
    listener->file = file;
    assert_true(process_start(&listener->process,
                              (const char *const[]){"mosquitto_sub", "-h", "127.0.0.1", "-p", port,
                                                    "-v", "-t", "#", NULL},
                              file, &err));
}

void listener_stop(struct listener *listener) { process_stop(&listener->process); }

char *listener_text(const struct listener *listener)
{
    char *text = NULL;
    struct error err;

    if (!file_read(listener->file, 1 << 20, &text, NULL, &err))
        return strdup("");
    return text;
}

struct sought {
    struct listener *listener;
    const char *text;
};

static bool is_heard(void *context)
{
    const struct sought *sought = context;
    char *text = listener_text(sought->listener);
    bool heard = strstr(text, sought->text) != NULL;

    free(text);
    return heard;
}

static void on_look(uv_timer_t *timer) { (void)timer; } /* wakes the loop, which then looks again */

static void on_closed(uv_handle_t *handle) { free(handle); }

void listener_wait(struct listener *listener, struct bench *bench, const char *text)
{
    struct sought sought = {listener, text};
    uv_timer_t *look = malloc(sizeof *look);
    bool heard;

    assert_non_null(look);
    uv_timer_init(&bench->loop, look);
    uv_timer_start(look, on_look, 5, 5);
    heard = turn_until(&bench->loop, BENCH_LIMIT_MS, is_heard, &sought);
    uv_close((uv_handle_t *)look, on_closed);
    assert_true(heard);
}
