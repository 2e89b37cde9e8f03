/* tests/drivers/modbus_bench.h - the modbus driver on a real loop, with a host that writes down what it is told.
 *
 *     bench_open(&bench); profile = bench_profile(&bench, "eastron-sdm630");
 *     m = bench_meter(&bench, &(struct bench_meter){"127.0.0.1:5020", 1, profile, ...}); bench_start(&bench);
 *     bench_until(&bench, 5000, condition, context); bench_close(&bench); */
#ifndef TESTS_DRIVERS_MODBUS_BENCH_H
#define TESTS_DRIVERS_MODBUS_BENCH_H

#include "drivers/driver.h"
#include "drivers/modbus/meter.h"
#include "model/arena.h"

enum { BENCH_METERS = 32, BENCH_POINTS = QUANTITY_COUNT };

/* What became of one point. */
struct bench_point {
    uint32_t samples, refused;
    struct sample last;
    double lowest, highest; /* of those that were not refused */
    int64_t longest_gap_ns; /* between the arrival of two */
    int64_t arrived_ns;
};

struct bench_meter {
    char address[300];
    struct modbus_settings settings;
    struct device device;
    struct device_point device_point[BENCH_POINTS];
    struct bench_point point[BENCH_POINTS]; /* by quantity */
    struct instance *instance;
    uint32_t told; /* times that the host heard of a change */
    bool up;
    struct error why; /* of the last that was not up */
};

struct bench {
    uv_loop_t loop;
    struct arena arena;
    struct driver_host host;
    struct bench_meter meter[BENCH_METERS];
    uint32_t meters;
    uv_prepare_t prepare;
    uint64_t turns; /* of the loop */
};

void bench_open(struct bench *bench);

/* A shipped profile, as the loader reads it. */
const struct device_profile *bench_profile(struct bench *bench, const char *name);

/* A meter with a point for each register of the profile; every interval_ms, timeouts timeout_ms. */
struct bench_meter *bench_meter(struct bench *bench, uint16_t port, uint8_t unit,
                                const struct device_profile *profile, int64_t interval_ms,
                                int64_t timeout_ms);
/* Another address than 127.0.0.1:port; before bench_start(). */
void bench_address(struct bench_meter *meter, const char *address);

/* Opens and starts those that are not started yet. */
void bench_start(struct bench *bench);

/* The last good value; fails the test if there is none. */
double bench_value(const struct bench_meter *meter, enum quantity quantity);

struct driver_counters bench_counters(const struct bench_meter *meter);

/* Forgets what was measured up to now, not how the meters are. */
void bench_forget(struct bench *bench);

/* Closes the meters and the loop; fails the test if anything of them stays on it. */
void bench_close(struct bench *bench);

#endif
