/* What is expected of the next run holds as often as it says, whatever the runs are distributed like.
 *
 *     run_memory_test [--seed N] */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "controller/run_memory.h"
#include "tests/controller/rng.h"

static uint64_t seed;

static double uniform(struct rng *rng)
{
    return ((double)(rng_next(rng) >> 11) + .5) / 9007199254740992.0;
}

static int64_t even_run_s(struct rng *rng) { return rng_between(rng, 100, 10000); }
static int64_t pareto_run_s(struct rng *rng) /* long tails, as traces have them */
{
    return (int64_t)(60 / pow(uniform(rng), 1 / 1.1)) + 1;
}

static int64_t two_kinds_run_s(struct rng *rng)
{
    return rng_chance(rng, 10) ? rng_between(rng, 80000, 90000) : rng_between(rng, 600, 700);
}

/* Fresh memories, n runs, one more: how often is that within what was expected? */
static void check_share(int64_t (*run_s)(struct rng *), uint32_t runs, double probability)
{
    enum { ROUNDS = 20000 };
    struct rng rng = {seed + runs};
    struct arena arena = {0};
    struct run_memory *m = run_memory_create(1, &arena); /* each new name forgets the one before */
    double promised = 0;
    double kept = 0;

    for (int round = 0; round < ROUNDS; round++) {
        struct run_expectation e;
        char name[16];

        snprintf(name, sizeof name, "train %d", round);
        for (uint32_t i = 0; i < runs; i++)
            run_memory_add(m, "u", name, run_s(&rng), -1);
        e = run_memory_expect(m, "u", name, probability, INT64_MAX);
        assert_int_equal(e.runs, runs);
        promised += e.probability / ROUNDS;
        kept += (double)(run_s(&rng) <= e.enough_s) / ROUNDS;
    }
    arena_free(&arena);
    assert_true(promised >= probability - 1e-9);
    /* Five deviations of the mean of so many. */
    assert_true(kept >= promised - 5 * sqrt(promised * (1 - promised) / ROUNDS) - 1e-9);
}

static void what_is_promised_is_kept(void **state)
{
    (void)state;
    check_share(even_run_s, 9, .9);
    check_share(even_run_s, 30, .9);
    check_share(pareto_run_s, 19, .95);
    check_share(two_kinds_run_s, 20, .9);
    check_share(pareto_run_s, 5, .5);
}

static void too_few_runs_mean_the_time_limit(void **state)
{
    struct arena arena = {0};
    struct run_memory *m = run_memory_create(4, &arena);
    struct run_expectation e = run_memory_expect(m, "u", "job", .9, 7200);

    (void)state;
    assert_int_equal(e.runs, 0);
    assert_int_equal(e.likely_s, 7200);
    assert_int_equal(e.enough_s, 7200);
    for (int i = 1; i <= 8; i++)
        run_memory_add(m, "u", "job", 100 * i, i == 1 ? 300 : -1);
    e = run_memory_expect(m, "u", "job", .9, 7200);
    assert_int_equal(e.enough_s, 7200); /* 8 runs are good for 8/9 */
    assert_int_equal(e.likely_s, 400);
    assert_true(e.power_known && e.power_w == 300);
    run_memory_add(m, "u", "job", 50, 100);
    e = run_memory_expect(m, "u", "job", .9, 7200);
    assert_int_equal(e.enough_s, 800);
    assert_true(fabs(e.probability - .9) < 1e-12);
    assert_true(e.power_w == 200);
    e = run_memory_expect(m, "u", "job", .9, 700); /* ended there in any case */
    assert_int_equal(e.enough_s, 700);
    assert_true(e.probability == 1);
    arena_free(&arena);
}

static void pairs_are_kept_apart_and_the_oldest_makes_room(void **state)
{
    struct arena arena = {0};
    struct run_memory *m = run_memory_create(2, &arena);

    (void)state;
    run_memory_add(m, "ab", "c", 10, -1);
    run_memory_add(m, "a", "bc", 20, -1);
    assert_int_equal(run_memory_expect(m, "ab", "c", .5, 100).likely_s, 10);
    assert_int_equal(run_memory_expect(m, "a", "bc", .5, 100).likely_s, 20);
    assert_int_equal(run_memory_expect(m, "ab", "c", .5, 100).runs, 1); /* seen last */
    run_memory_add(m, "new", "one", 30, -1);
    assert_int_equal(run_memory_expect(m, "a", "bc", .5, 100).runs, 0);
    assert_int_equal(run_memory_expect(m, "ab", "c", .5, 100).runs, 1);
    run_memory_add(m, "ab", "c", 0, -1); /* no run */
    assert_int_equal(run_memory_expect(m, "ab", "c", .5, 100).runs, 1);
    arena_free(&arena);
}

static void only_the_last_runs_count(void **state)
{
    struct arena arena = {0};
    struct run_memory *m = run_memory_create(1, &arena);
    struct run_expectation e;

    (void)state;
    for (int i = 0; i < RUNS_KEPT; i++)
        run_memory_add(m, "u", "job", 1000, -1);
    for (int i = 0; i < RUNS_KEPT; i++)
        run_memory_add(m, "u", "job", 10, -1);
    e = run_memory_expect(m, "u", "job", .99, 7200);
    assert_int_equal(e.enough_s, 10);
    assert_int_equal(e.runs, RUNS_KEPT);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_promised_is_kept),
        cmocka_unit_test(too_few_runs_mean_the_time_limit),
        cmocka_unit_test(pairs_are_kept_apart_and_the_oldest_makes_room),
        cmocka_unit_test(only_the_last_runs_count),
    };

    seed = (uint64_t)time(NULL) * 1000;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
