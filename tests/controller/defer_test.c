/* When a job runs: against every choice there is, and against what others have published.
 *
 *     defer_test [--seed N]
 *
 * The published part reads carbon/umass2022_*.csv beside the project, and says so when they are not there: 1,200 start
 * hours x 4 lengths x 2 slacks x 8 regions, each planned cost equal to the last digit. */
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

#include "controller/defer.h"
#include "controller/defer_expect.h"
#include "controller/defer_pauses.h"
#include "tests/controller/rng.h"

enum { STEPS_MAX = 24, STEP_S = 12, ROUNDS = 20000, YEAR_H = 8759 };

static uint64_t seed;

/* ---- small ones, second by second ---- */

struct posed {
    double cost[STEPS_MAX], sum[STEPS_MAX + 1];
    struct defer_forecast forecast;
    struct defer_job job;
    struct defer_plan plan;
};

static void pose(struct posed *p, struct rng *rng, bool interruptible)
{
    uint32_t steps = (uint32_t)rng_between(rng, 2, STEPS_MAX);
    int64_t start = rng_between(rng, -100, 100);
    int64_t length = (int64_t)steps * STEP_S;

    for (uint32_t i = 0; i < steps; i++)
        p->cost[i] = (double)rng_between(rng, -3, 9); /* ties, and negative prices */
    defer_sum_up(p->cost, steps, p->sum);
    p->forecast = (struct defer_forecast){start, STEP_S, steps, p->cost, p->sum};
    p->job = (struct defer_job){.earliest_utc_s = start + rng_between(rng, 0, length / 2),
                                .run_s = rng_between(rng, 1, length / 2),
                                .interruptible = interruptible};
    p->job.deadline_utc_s = p->job.earliest_utc_s + p->job.run_s + rng_between(rng, 0, length);
    p->job.spare_s = rng_between(rng, 0, STEP_S);
}

static double cost_of_second(const struct posed *p, int64_t utc_s)
{
    return p->cost[(utc_s - p->forecast.start_utc_s) / STEP_S] / 3600;
}

static int64_t end_of(const struct posed *p)
{
    int64_t end = p->forecast.start_utc_s + (int64_t)p->forecast.steps * STEP_S;
    int64_t due = p->job.deadline_utc_s - p->job.spare_s;

    return due < end ? due : end;
}

static double best_in_one(const struct posed *p)
{
    double best = HUGE_VAL;

    for (int64_t at = p->job.earliest_utc_s; at + p->job.run_s <= end_of(p); at++) {
        double cost = 0;

        for (int64_t s = at; s < at + p->job.run_s; s++)
            cost += cost_of_second(p, s);
        best = fmin(best, cost);
    }
    return best;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double best_in_parts(const struct posed *p)
{
    double second[STEPS_MAX * STEP_S] = {0};
    size_t seconds = 0;
    double cost = 0;

    for (int64_t s = p->job.earliest_utc_s; s < end_of(p); s++)
        second[seconds++] = cost_of_second(p, s);
    if ((int64_t)seconds < p->job.run_s)
        return HUGE_VAL;
    qsort(second, seconds, sizeof *second, by_value);
    for (int64_t i = 0; i < p->job.run_s; i++)
        cost += second[i];
    return cost;
}

/* What is planned is a way to run the job, and costs what it is said to. */
static void check_spans(const struct posed *p, uint64_t round)
{
    int64_t ran_s = 0;
    int64_t last_s = p->job.earliest_utc_s - 1;
    double cost = 0;

    for (uint32_t i = 0; i < p->plan.spans; i++) {
        const struct span *span = &p->plan.span[i];

        if (span->begin_utc_s <= last_s || span->end_utc_s <= span->begin_utc_s)
            fail_msg("span %u out of order (--seed %llu)", i, (unsigned long long)(seed + round));
        ran_s += span->end_utc_s - span->begin_utc_s;
        last_s = span->end_utc_s;
        cost += defer_cost(&p->forecast, span->begin_utc_s, span->end_utc_s);
    }
    assert_int_equal(ran_s, p->job.run_s);
    assert_true(fabs(cost - p->plan.cost) < 1e-9);
    if (p->plan.reason == DEFER_AT_ONCE || p->plan.reason == DEFER_CHEAPER)
        assert_true(last_s <= p->job.deadline_utc_s - p->job.spare_s);
}

static void check_against(double (*best_of)(const struct posed *), bool interruptible)
{
    uint64_t planned = 0;

    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct rng rng = {seed + round};
        struct posed p;
        double best = 0;

        memset(&p, 0, sizeof p);
        pose(&p, &rng, interruptible);
        defer_one(&p.forecast, &p.job, &p.plan);
        check_spans(&p, round);
        if (p.plan.reason != DEFER_AT_ONCE && p.plan.reason != DEFER_CHEAPER)
            continue;
        planned++;
        best = best_of(&p);
        if (fabs(best - p.plan.cost) > 1e-9)
            fail_msg("planned at %.6f, the best is %.6f (--seed %llu)", p.plan.cost, best,
                     (unsigned long long)(seed + round));
    }
    assert_true(planned > ROUNDS / 4);
}

static void in_one_piece_it_is_the_best_of_all_starts(void **state)
{
    (void)state;
    check_against(best_in_one, false);
}

static void in_parts_it_is_the_cheapest_time_of_all(void **state)
{
    (void)state;
    check_against(best_in_parts, true);
}

static void of_equal_times_the_first(void **state)
{
    double cost[8] = {5, 3, 3, 5, 3, 3, 5, 5};
    double sum[9];
    struct defer_forecast forecast = {0, 3600, 8, cost, sum};
    struct defer_job job = {0, 8 * 3600, 2 * 3600, 0, false, 0};
    struct defer_plan plan;

    (void)state;
    defer_sum_up(cost, 8, sum);
    defer_one(&forecast, &job, &plan);
    assert_int_equal(plan.span[0].begin_utc_s, 3600);
    job.interruptible = true;
    defer_one(&forecast, &job, &plan);
    assert_int_equal(plan.spans, 1);
    assert_int_equal(plan.span[0].begin_utc_s, 3600);
}

static void who_has_no_time_starts_at_once(void **state)
{
    double cost[4] = {9, 1, 1, 1};
    double sum[5];
    struct defer_forecast forecast = {0, 3600, 4, cost, sum};
    struct defer_job job = {0, 3600, 3600, 0, true, 0};
    struct defer_plan plan;

    (void)state;
    defer_sum_up(cost, 4, sum);
    defer_one(&forecast, &job, &plan);
    assert_int_equal(plan.reason, DEFER_NO_SLACK);
    assert_int_equal(plan.span[0].begin_utc_s, 0);
    job.deadline_utc_s = 2 * 3600;
    job.spare_s = 3600; /* the spare is not for waiting */
    defer_one(&forecast, &job, &plan);
    assert_int_equal(plan.reason, DEFER_NO_SLACK);
    job = (struct defer_job){0, 9 * 3600, 5 * 3600, 0, true, 0};
    defer_one(&forecast, &job, &plan); /* longer than what is known */
    assert_int_equal(plan.reason, DEFER_UNKNOWN);
    assert_int_equal(plan.span[0].begin_utc_s, 0);
}

/* ---- pauses that cost ---- */

enum { FEW = 11 };

/* Every choice of steps: the cheapest that runs long enough for its work and what its pauses cost. */
static double best_of_all_choices(const struct posed *p)
{
    double best = HUGE_VAL;

    for (uint32_t choice = 1; choice < UINT32_C(1) << p->forecast.steps; choice++) {
        double cost = 0;
        int64_t ran = 0;
        int64_t starts = 0;
        bool fits = true;

        for (uint32_t i = 0; i < p->forecast.steps; i++) {
            bool runs = choice >> i & 1;
            int64_t at = p->forecast.start_utc_s + (int64_t)i * STEP_S;

            cost += runs ? p->cost[i] * STEP_S / 3600 : 0;
            ran += runs;
            starts += runs && !(i > 0 && (choice >> (i - 1) & 1));
            fits = fits && (!runs || (at >= p->job.earliest_utc_s &&
                                      at + STEP_S <= p->job.deadline_utc_s - p->job.spare_s));
        }
        if (fits && ran * STEP_S >= p->job.run_s + (starts - 1) * p->job.pause_s)
            best = fmin(best, cost);
    }
    return best;
}

static void pauses_are_worth_what_they_cost(void **state)
{
    struct arena arena = {0};
    struct defer_pauses *pauses = defer_pauses_create(FEW, &arena);
    uint64_t paused = 0;

    (void)state;
    for (uint64_t round = 0; round < 2000; round++) {
        struct rng rng = {seed + round};
        struct posed p;
        int64_t ran_s = 0;

        memset(&p, 0, sizeof p);
        pose(&p, &rng, true);
        for (uint32_t i = 0; i < STEPS_MAX; i++)
            p.cost[i] = (double)rng_between(&rng, 0, 20);
        p.forecast.steps = (uint32_t)rng_between(&rng, 2, FEW);
        defer_sum_up(p.cost, p.forecast.steps, p.sum);
        p.job.run_s = rng_between(&rng, 1, 4 * STEP_S);
        p.job.earliest_utc_s = p.forecast.start_utc_s + rng_between(&rng, 0, 2 * STEP_S);
        p.job.deadline_utc_s = p.job.earliest_utc_s + p.job.run_s + rng_between(&rng, 0, 99);
        p.job.pause_s = rng_between(&rng, 1, STEP_S);
        defer_with_pauses(pauses, &p.forecast, &p.job, &p.plan);
        if (p.plan.reason != DEFER_CHEAPER ||
            p.plan.span[0].begin_utc_s % STEP_S != p.forecast.start_utc_s % STEP_S)
            continue; /* planned without pauses, to the second */
        for (uint32_t i = 0; i < p.plan.spans; i++)
            ran_s += p.plan.span[i].end_utc_s - p.plan.span[i].begin_utc_s;
        paused += p.plan.spans > 1;
        if (ran_s % STEP_S != 0)
            continue;
        if (ran_s < p.job.run_s + (p.plan.spans - 1) * p.job.pause_s)
            fail_msg("runs for %lld s with %u pauses (--seed %llu)", (long long)ran_s,
                     p.plan.spans - 1, (unsigned long long)(seed + round));
        if (fabs(p.plan.cost - best_of_all_choices(&p)) > 1e-9)
            fail_msg("planned at %.6f, the best is %.6f (--seed %llu)", p.plan.cost,
                     best_of_all_choices(&p), (unsigned long long)(seed + round));
    }
    assert_true(paused > 100);
    arena_free(&arena);
}

/* ---- forecasts that are off ---- */

static double normal(struct rng *rng)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += (double)(rng_next(rng) >> 11) / 9007199254740992.0;
    return sum;
}

/* A day's wave with errors of a fifth of it: what is expected is nearer to it than what is said. */
static void what_is_expected_is_nearer_than_what_is_said(void **state)
{
    enum { N = 4800 };
    struct rng rng = {seed};
    double truth[N], said[N], expected[N], scratch[N];
    double off_said = 0;
    double off_expected = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        truth[i] = 300 + 100 * sin(i * 3.14159265 / 24);
        said[i] = truth[i] + 20 * normal(&rng);
    }
    defer_expect(said, N, 20, scratch, expected);
    for (int i = 0; i < N; i++) {
        off_said += (said[i] - truth[i]) * (said[i] - truth[i]) / N;
        off_expected += (expected[i] - truth[i]) * (expected[i] - truth[i]) / N;
    }
    assert_true(off_expected < off_said * 0.8);
    defer_expect(said, N, 0, scratch, expected);
    assert_memory_equal(said, expected, sizeof said);
}

/* ---- published ---- */

enum { LENGTHS = 4, SLACKS = 2, KINDS = 3 };

static const int length_h[LENGTHS] = {1, 6, 24, 96};
static const int slack_h[SLACKS] = {24, 168};
static const char *const kind_name[KINDS] = {"run_now", "defer", "interrupt"};
static const char *const zones[] = {"AU-SA", "DE", "ES",          "FR",
                                    "GB",    "PL", "US-CAL-CISO", "US-TEX-ERCO"};

static FILE *open_data(const char *zone, const char *suffix)
{
    char path[512];
    const char *source = getenv("CAPSTAN_SOURCE_DIR");

    snprintf(path, sizeof path, "%s/../shared/data/carbon/umass2022_%s%s.csv",
             source != NULL ? source : ".", zone, suffix);
    return fopen(path, "re");
}

static uint32_t read_series(FILE *in, double cost[YEAR_H])
{
    char line[256];
    uint32_t steps = 0;

    assert_non_null(fgets(line, sizeof line, in));
    while (steps < YEAR_H && fgets(line, sizeof line, in) != NULL)
        cost[steps++] = strtod(strchr(line, ',') + 1, NULL);
    return steps;
}

static double planned_cost(const struct defer_forecast *f, int64_t hour, int length, int slack,
                           int kind)
{
    static struct defer_plan plan;
    struct defer_job job = {.earliest_utc_s = hour * 3600,
                            .deadline_utc_s = (hour + length + slack) * 3600,
                            .run_s = (int64_t)length * 3600,
                            .interruptible = kind == 2};

    defer_one(f, &job, &plan);
    return kind == 0 ? plan.cost_at_once : plan.cost;
}

/* "j6_s24_defer" -> 6 h, 24 h, 1. */
static bool read_column(const char *name, int *length, int *slack, int *kind)
{
    for (int i = 0; i < LENGTHS * SLACKS * KINDS; i++) {
        char column[64];

        *length = length_h[i / (SLACKS * KINDS)];
        *slack = slack_h[i / KINDS % SLACKS];
        *kind = i % KINDS;
        snprintf(column, sizeof column, "j%d_s%d_%s", *length, *slack, kind_name[*kind]);
        if (strncmp(name, column, strlen(column)) == 0)
            return true;
    }
    return false;
}

/* A start hour and its published costs, in the columns that the names say. Returns how many. */
static uint64_t check_line(const char *zone, const struct defer_forecast *f, const char *names,
                           char *line)
{
    const char *name = names;
    char *at = line;
    int64_t hour = strtoll(at, &at, 10);
    uint64_t cells = 0;

    for (; *at == ','; cells++) {
        double value = strtod(at + 1, &at);
        double got = 0;
        int length = 0;
        int slack = 0;
        int kind = 0;

        name = strchr(name, ',') + 1;
        assert_true(read_column(name, &length, &slack, &kind));
        got = planned_cost(f, hour, length, slack, kind);
        if (llround(got * 100) != llround(value * 100))
            fail_msg("%s hour %lld, %d h, slack %d h, %s: %.4f, published %.2f", zone,
                     (long long)hour, length, slack, kind_name[kind], got, value);
    }
    return cells;
}

static uint64_t check_zone(const char *zone, FILE *series, FILE *expected)
{
    static double cost[YEAR_H], sum[YEAR_H + 1];
    struct defer_forecast f = {0, 3600, read_series(series, cost), cost, sum};
    char names[2048];
    char line[2048];
    uint64_t cells = 0;

    defer_sum_up(cost, f.steps, sum);
    assert_non_null(fgets(names, sizeof names, expected));
    while (fgets(line, sizeof line, expected) != NULL)
        cells += check_line(zone, &f, names, line);
    return cells;
}

static void every_published_cost_is_found(void **state)
{
    uint64_t cells = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(zones); i++) {
        FILE *series = open_data(zones[i], "");
        FILE *expected = open_data(zones[i], "_expected");

        if (series == NULL || expected == NULL) {
            print_message("SKIPPED: umass2022_%s.csv is not beside the project\n", zones[i]);
            skip();
        }
        cells += check_zone(zones[i], series, expected);
        fclose(series);
        fclose(expected);
    }
    print_message("%llu published costs found again, to the last digit\n",
                  (unsigned long long)cells);
    assert_int_equal(cells, COUNT(zones) * 1200 * LENGTHS * SLACKS * KINDS);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_one_piece_it_is_the_best_of_all_starts),
        cmocka_unit_test(in_parts_it_is_the_cheapest_time_of_all),
        cmocka_unit_test(of_equal_times_the_first),
        cmocka_unit_test(who_has_no_time_starts_at_once),
        cmocka_unit_test(pauses_are_worth_what_they_cost),
        cmocka_unit_test(what_is_expected_is_nearer_than_what_is_said),
        cmocka_unit_test(every_published_cost_is_found),
    };

    seed = (uint64_t)time(NULL) * 1000;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
