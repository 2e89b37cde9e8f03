/* Elastic jobs: the cheapest number of nodes hour by hour, against every other way to buy the same work, and what it saves
 * on measured scaling curves.
 *
 *     defer_elastic_test [--seed N]
 *
 * The measured part reads power/carbonscaler_*_scaling.csv and carbon/umass2022_*.csv beside the project, and says so
 * when they are not there. */
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

#include "controller/defer_elastic.h"
#include "tests/controller/rng.h"

enum { STEPS_MAX = 12, STEP_S = 600, POINTS_MAX = 5, ROUNDS = 5000, OFFERS_MAX = STEPS_MAX * 8 };
enum { YEAR_H = 8759, MEASURED_NODES = 7 };

static uint64_t seed;

struct posed {
    double cost[STEPS_MAX], sum[STEPS_MAX + 1];
    struct defer_forecast forecast;
    struct scaling_point point[POINTS_MAX];
    struct elastic_job job;
    struct elastic_plan plan;
};

static void pose(struct posed *p, struct rng *rng)
{
    uint32_t steps = (uint32_t)rng_between(rng, 1, STEPS_MAX);
    double most = 0;

    memset(p, 0, sizeof *p);
    for (uint32_t i = 0; i < steps; i++)
        p->cost[i] = (double)rng_between(rng, 0, 9);
    defer_sum_up(p->cost, steps, p->sum);
    p->forecast = (struct defer_forecast){0, STEP_S, steps, p->cost, p->sum};
    p->job.points = (uint32_t)rng_between(rng, 1, POINTS_MAX);
    p->job.point = p->point;
    for (uint32_t i = 0; i < p->job.points; i++) { /* may dip */
        double before_w = i > 0 ? p->point[i - 1].power_w : 0;

        p->point[i].nodes = i + 1;
        p->point[i].throughput = (double)rng_between(rng, 1, 20);
        p->point[i].power_w = before_w + (double)rng_between(rng, 100, 1000);
        most = fmax(most, p->point[i].throughput);
    }
    p->job.earliest_utc_s = rng_between(rng, 0, (int64_t)steps * STEP_S - 1);
    p->job.deadline_utc_s = p->job.earliest_utc_s + rng_between(rng, 1, (int64_t)steps * STEP_S);
    p->job.work = most * (double)rng_between(rng, 1, (int64_t)steps * STEP_S) / 2;
}

static const struct scaling_point *point_of(const struct posed *p, uint32_t nodes)
{
    for (uint32_t i = 0; i < p->job.points; i++) {
        if (p->point[i].nodes == nodes)
            return &p->point[i];
    }
    fail_msg("%u nodes are not on the curve", nodes);
    return NULL;
}

static double throughput_of(const struct posed *p, uint32_t nodes)
{
    return nodes == 0 ? 0 : point_of(p, nodes)->throughput;
}

static struct span window_in(const struct posed *p, uint32_t i)
{
    int64_t at = (int64_t)(p->plan.from_step + i) * STEP_S;
    int64_t begin = at > p->job.earliest_utc_s ? at : p->job.earliest_utc_s;
    int64_t end = at + STEP_S < p->job.deadline_utc_s ? at + STEP_S : p->job.deadline_utc_s;

    return (struct span){begin, end};
}

static double work_of(const struct posed *p)
{
    double work = 0;

    for (uint32_t i = 0; i < p->plan.steps; i++) {
        const struct elastic_step *step = &p->plan.step[i];
        struct span span = window_in(p, i);
        double first_s = (double)step->first_s;

        work +=
            throughput_of(p, step->first) * first_s +
            throughput_of(p, step->then) * ((double)(span.end_utc_s - span.begin_utc_s) - first_s);
    }
    return work;
}

static double cost_of_watt_second(const struct posed *p, uint32_t i)
{
    return p->cost[p->plan.from_step + i] / 3.6e6;
}

/* The dual of buying the work: for any price of work no plan costs less than price x work, less what is gained by
 * running each step at its best for that price. */
static double bound_at(const struct posed *p, double price)
{
    double bound = price * p->job.work;

    for (uint32_t i = 0; i < p->plan.steps; i++) {
        struct span span = window_in(p, i);
        double gain = 0;

        for (uint32_t c = 0; c < p->job.points; c++)
            gain = fmax(gain, price * p->point[c].throughput -
                                  cost_of_watt_second(p, i) * p->point[c].power_w);
        bound -= gain * (double)(span.end_utc_s - span.begin_utc_s);
    }
    return bound;
}

/* The best price gives the optimum itself (strong duality of linear programs); it is one of the curve's own, so all
 * pairs of points are tried in all steps. */
static double least_cost(const struct posed *p)
{
    const struct scaling_point none = {0};
    double best = -HUGE_VAL;

    for (uint32_t i = 0; i < p->plan.steps; i++) {
        for (uint32_t a = 0; a <= p->job.points; a++) {
            for (uint32_t b = 0; b < p->job.points; b++) {
                const struct scaling_point *from = a == 0 ? &none : &p->point[a - 1];
                double more = p->point[b].throughput - from->throughput;

                if (more != 0)
                    best =
                        fmax(best, bound_at(p, cost_of_watt_second(p, i) *
                                                   (p->point[b].power_w - from->power_w) / more));
            }
        }
    }
    return best;
}

static void the_work_is_bought_where_it_is_cheapest(void **state)
{
    uint64_t planned = 0;

    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct rng rng = {seed + round};
        struct posed p;
        double second = 0;

        pose(&p, &rng);
        defer_elastic(&p.forecast, &p.job, &p.plan);
        if (!p.plan.possible)
            continue;
        planned++;
        /* At most a second is bought too much: 9 a kWh x 5 kW. */
        second = 9 * 5.0 / 3600;
        if (work_of(&p) < p.job.work * (1 - 1e-9))
            fail_msg("%.3f of %.3f work (--seed %llu)", work_of(&p), p.job.work,
                     (unsigned long long)(seed + round));
        if (p.plan.cost > least_cost(&p) + second || p.plan.cost < least_cost(&p) - 1e-9)
            fail_msg("costs %.6f, the least is %.6f (--seed %llu)", p.plan.cost, least_cost(&p),
                     (unsigned long long)(seed + round));
    }
    assert_true(planned > ROUNDS / 5);
}

static void what_does_not_fit_runs_on_all_nodes(void **state)
{
    struct scaling_point point[2] = {{1, 10, 100}, {2, 15, 200}};
    double cost[2] = {1, 2};
    double sum[3];
    struct defer_forecast forecast = {0, 3600, 2, cost, sum};
    struct elastic_job job = {0, 7200, 15 * 7200 + 1, 2, point};
    struct elastic_plan plan;

    (void)state;
    defer_sum_up(cost, 2, sum);
    defer_elastic(&forecast, &job, &plan);
    assert_false(plan.possible);
    assert_int_equal(plan.step[0].then, 2);
    assert_int_equal(plan.step[1].then, 2);
    job.work = 15 * 7200;
    defer_elastic(&forecast, &job, &plan);
    assert_true(plan.possible);
    job.deadline_utc_s = 0;
    defer_elastic(&forecast, &job, &plan);
    assert_int_equal(plan.steps, 0);
    assert_false(plan.possible);
}

/* ---- measured curves ---- */

static FILE *open_data(const char *name)
{
    char path[512];
    const char *source = getenv("CAPSTAN_SOURCE_DIR");

    snprintf(path, sizeof path, "%s/../shared/data/%s", source != NULL ? source : ".", name);
    return fopen(path, "re");
}

static uint32_t read_curve(const char *name, struct scaling_point point[MEASURED_NODES])
{
    FILE *in = open_data(name);
    char line[256];
    uint32_t points = 0;

    if (in == NULL) {
        print_message("SKIPPED: %s is not beside the project\n", name);
        skip();
    }
    while (points < MEASURED_NODES && fgets(line, sizeof line, in) != NULL) {
        char *at = line;
        uint32_t nodes = (uint32_t)strtoul(line, &at, 10);

        if (nodes == 0)
            continue;
        point[points].nodes = nodes;
        point[points].throughput = strtod(at + 1, &at);
        point[points++].power_w = strtod(at + 1, &at);
    }
    fclose(in);
    return points;
}

static uint32_t read_year(const char *name, double cost[YEAR_H])
{
    FILE *in = open_data(name);
    char line[256];
    uint32_t steps = 0;

    if (in == NULL) {
        print_message("SKIPPED: %s is not beside the project\n", name);
        skip();
    }
    while (steps < YEAR_H && fgets(line, sizeof line, in) != NULL) {
        if (line[0] >= '0' && line[0] <= '9')
            cost[steps++] = strtod(strchr(line, ',') + 1, NULL);
    }
    fclose(in);
    return steps;
}

struct savings {
    double at_once, paused, best_paused, elastic;
};

/* A day's work on one node, to be done within twice that time: the same end for all ways. */
static void add_start(const struct defer_forecast *f, const struct scaling_point point[],
                      uint32_t points, int64_t hour, struct savings *sum)
{
    static struct elastic_plan elastic;
    static struct defer_plan plan;
    int64_t run_s = 24 * 3600;
    int64_t start = hour * 3600;
    struct elastic_job job = {start, start + 2 * run_s, point[0].throughput * (double)run_s, points,
                              point};
    double least = HUGE_VAL;

    for (uint32_t i = 0; i < points; i++) {
        int64_t length_s = (int64_t)ceil(job.work / point[i].throughput);
        struct defer_job fixed = {start, start + 2 * run_s, length_s, 0, true, 0};

        defer_one(f, &fixed, &plan);
        least = fmin(least, plan.cost * point[i].power_w / 1000);
        if (i == 0) {
            sum->at_once += plan.cost_at_once * point[0].power_w / 1000;
            sum->paused += plan.cost * point[0].power_w / 1000;
        }
    }
    defer_elastic(f, &job, &elastic);
    assert_true(elastic.possible);
    assert_true(elastic.cost <= least * (1 + 1e-4) + 1e-6); /* a second too much at most */
    sum->best_paused += least;
    sum->elastic += elastic.cost;
}

static void measure_curve(const char *curve, const char *year)
{
    static double cost[YEAR_H], total[YEAR_H + 1];
    struct scaling_point point[MEASURED_NODES] = {{0}};
    uint32_t points = read_curve(curve, point);
    struct defer_forecast f = {0, 3600, read_year(year, cost), cost, total};
    struct savings sum = {0};

    defer_sum_up(cost, f.steps, total);
    for (int64_t hour = 0; hour + 48 < f.steps; hour += 7)
        add_start(&f, point, points, hour, &sum);
    print_message("%s in %s, against at once: paused %.1f %%, paused on the best number of nodes "
                  "%.1f %%, elastic %.1f %%; elastic against paused %.1f %%\n",
                  curve, year, 100 * (1 - sum.paused / sum.at_once),
                  100 * (1 - sum.best_paused / sum.at_once), 100 * (1 - sum.elastic / sum.at_once),
                  100 * (1 - sum.elastic / sum.paused));
    assert_true(sum.elastic < sum.paused && sum.elastic <= sum.best_paused);
}

static void measured_jobs_save_more_than_by_pausing(void **state)
{
    (void)state;
    measure_curve("power/carbonscaler_nbody100k_scaling.csv", "carbon/umass2022_US-CAL-CISO.csv");
    measure_curve("power/carbonscaler_nbody10k_scaling.csv", "carbon/umass2022_US-CAL-CISO.csv");
    measure_curve("power/carbonscaler_nbody100k_scaling.csv", "carbon/umass2022_DE.csv");
    measure_curve("power/carbonscaler_nbody10k_scaling.csv", "carbon/umass2022_DE.csv");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_work_is_bought_where_it_is_cheapest),
        cmocka_unit_test(what_does_not_fit_runs_on_all_nodes),
        cmocka_unit_test(measured_jobs_save_more_than_by_pausing),
    };

    seed = (uint64_t)time(NULL) * 1000;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
