/* tests/drivers/mqtt_bench.h - a host for the drivers that speak MQTT: a small site, and what it was told. */
#ifndef TESTS_DRIVERS_MQTT_BENCH_H
#define TESTS_DRIVERS_MQTT_BENCH_H

#include "drivers/driver.h"
#include "tests/support/mosquitto.h"

enum { BENCH_LIMIT_MS = 20000, BENCH_NODES = 3, BENCH_POINTS = 2 };

/* Site "test": nodes "n0", "n1", "n2" (n2 has another actuator), points 0 and 1 that grow stale after 60 s. */
struct bench {
    uv_loop_t loop;
    struct site site;
    struct broker broker;
    struct point point[BENCH_POINTS];
    struct device actuator[2];
    struct driver_host host;
    struct sample sample[BENCH_POINTS]; /* the last */
    unsigned samples[BENCH_POINTS];
    struct node_report report[BENCH_NODES];
    unsigned reports[BENCH_NODES];
    struct forecast_source foretold; /* carbon intensity, marginal */
    struct event_source announcer;   /* grows stale after 60 s */
    struct forecast forecast;        /* the last */
    struct event_list events;        /* the last */
    unsigned forecasts, event_lists;
    unsigned ups, downs;
    struct error error;
    unsigned wanted; /* for conditions */
};

extern struct mosquitto bench_mosquitto;

/* Setup and teardown of a group. */
int bench_start_broker(void **state);
int bench_stop_broker(void **state);

void bench_open(struct bench *bench);
void bench_close(struct bench *bench); /* the loop must run out of handles */

/* Wait for so many of them, or fail the test. */
void bench_wait_ups(struct bench *bench, unsigned count);
void bench_wait_downs(struct bench *bench, unsigned count);
void bench_wait_samples(struct bench *bench, uint32_t point, unsigned count);
void bench_wait_reports(struct bench *bench, uint32_t node, unsigned count);
void bench_wait_forecasts(struct bench *bench, unsigned count);
void bench_wait_event_lists(struct bench *bench, unsigned count);

/* mosquitto_pub, which is not of our making. */
void bench_publish(const char *topic, const char *payload, bool retained);

/* mosquitto_sub -v on '#': every message there is, written to a file, one "TOPIC PAYLOAD" a line. */
struct listener {
    struct process process;
    const char *file;
};
void listener_start(struct listener *listener, const char *file);
void listener_stop(struct listener *listener);

/* Turns the loop until the file holds the text. */
void listener_wait(struct listener *listener, struct bench *bench, const char *text);
char *listener_text(const struct listener *listener); /* free() it */

#endif
