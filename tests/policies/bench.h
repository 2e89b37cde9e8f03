/* tests/policies/bench.h - one policy on one site, its inputs in the test's hands.
 *
 * Branch root (index 0, 1 MW) with the meter "grid" and all sources, feeders a and b below it; policy 1 is the test's. Time
 * starts at Monday 2024-01-01 00:00:00 UTC, wall and monotonic clock run together. */
#ifndef TESTS_POLICIES_BENCH_H
#define TESTS_POLICIES_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policies/policy.h"
#include "tests/support/site_text.h"

enum { POINTS_MAX = 16, LIMITS_MAX = 64, STATE_WORDS = 4096 };

#define BENCH_BEGIN_UTC_S INT64_C(1704067200)

struct bench {
    struct site *site;
    struct policy_set *set;
    struct arena arena;
    struct row_table rows;
    struct reading reading[POINTS_MAX];
    struct forecast forecast[2];
    struct event_list events;
    struct snapshot snapshot;
    struct estimate estimate;
    struct limit limit[LIMITS_MAX];
    struct limit_list limits;
    uint64_t state[STATE_WORDS];
};

void bench_open(struct bench *b, const char *policy);
void bench_close(struct bench *b);

/* A restart: another policy text, or the same; the state is zeroed, and what the old one remembers is recalled. */
void bench_restart(struct bench *b, const char *policy);
/* A reload: the state stays. */
void bench_reload(struct bench *b, const char *policy);

/* The limits that policy `index` adds now; the first one's value, or LIMIT_MAX_W when there is none. */
int64_t bench_evaluate(struct bench *b, uint32_t index);
/* The same for policy 1 in watts. */
int64_t limit_w(struct bench *b);

/* A reading that was taken now. */
void read_point(struct bench *b, const char *point, double value, enum quality quality);

/* Both clocks go on; the wall clock alone. */
void pass_seconds(struct bench *b, int64_t seconds);
void set_clock(struct bench *b, int64_t utc_s);

/* A figure of policy 1; fails when it is not there. */
double figure(struct bench *b, const char *name);
bool has_figure(struct bench *b, const char *name);

/* The seed of a property: --seed N, else from the clock; printed. */
uint64_t property_seed(int argc, char **argv);

#endif
