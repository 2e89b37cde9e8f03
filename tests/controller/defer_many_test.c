/* Jobs that share too little room, against a lower bound of a general solver, GLPK: the linear program in which jobs are
 * split at will, between steps if they may be paused, and between starts if not.
 *
 *     defer_many_test [--seed N]
 *
 * What must hold of every plan: rows of nodes and watts are kept, each job runs for as long as it needs, within its window
 * unless it is said to be late, and it costs no less than the bound. How far above the bound it ends, and how often a
 * deadline is missed that the linear program keeps, is printed, and bounded here so that it gets no worse. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <glpk.h>
#include <cmocka.h>

#include "controller/defer_many.h"
#include "tests/controller/rng.h"

enum { STEPS = 24, STEP_S = 3600, WORKS_MAX = 10, ROUNDS = 600 };

static uint64_t seed;

struct posed {
    double cost[STEPS], sum[STEPS + 1];
    struct defer_forecast forecast;
    struct defer_work work[WORKS_MAX];
    uint32_t works;
    uint32_t nodes[STEPS];
    int64_t power_w[STEPS];
    struct defer_place place[WORKS_MAX];
    struct arena arena;
    struct defer_many *many;
};

struct shape {
    bool interruptible, wide;
};

static void pose(struct posed *p, struct rng *rng, struct shape shape)
{
    uint32_t capacity = (uint32_t)rng_between(rng, 1, 4);

    memset(p, 0, sizeof *p);
    for (uint32_t i = 0; i < STEPS; i++) {
        p->cost[i] = (double)rng_between(rng, 20, 500);
        p->nodes[i] = capacity;
        p->power_w[i] = 1000 * (int64_t)capacity;
    }
    defer_sum_up(p->cost, STEPS, p->sum);
    p->forecast = (struct defer_forecast){0, STEP_S, STEPS, p->cost, p->sum};
    p->works = (uint32_t)rng_between(rng, 1, WORKS_MAX);
    for (uint32_t w = 0; w < p->works; w++) {
        struct defer_work *work = &p->work[w];

        work->nodes = shape.wide ? (uint32_t)rng_between(rng, 1, capacity) : 1;
        work->power_w = 1000 * work->nodes;
        work->job.interruptible = shape.interruptible;
        work->job.run_s = STEP_S * rng_between(rng, 1, 8);
        work->job.earliest_utc_s = STEP_S * rng_between(rng, 0, STEPS / 2);
        work->job.deadline_utc_s =
            work->job.earliest_utc_s + work->job.run_s + STEP_S * rng_between(rng, 0, 12);
    }
    p->many = defer_many_create(WORKS_MAX, STEPS, &p->arena);
    defer_many_plan(p->many, &p->forecast,
                    &(struct defer_room){.nodes = p->nodes, .power_w = p->power_w}, p->work,
                    p->works, p->place);
}

static bool may_run(const struct posed *p, uint32_t w, uint32_t step)
{
    const struct defer_job *job = &p->work[w].job;

    return (int64_t)step * STEP_S >= job->earliest_utc_s &&
           (int64_t)(step + 1) * STEP_S <= job->deadline_utc_s;
}

static void check_plan(const struct posed *p, uint64_t round)
{
    for (uint32_t i = 0; i < STEPS; i++) {
        uint32_t nodes = 0;

        for (uint32_t w = 0; w < p->works; w++)
            nodes += defer_many_runs(p->many, w, i) ? p->work[w].nodes : 0;
        if (nodes > p->nodes[i])
            fail_msg("step %u: %u nodes of %u (--seed %llu)", i, nodes, p->nodes[i],
                     (unsigned long long)(seed + round));
    }
    for (uint32_t w = 0; w < p->works; w++) {
        int64_t ran = 0;
        int64_t changes = 0;

        for (uint32_t i = 0; i < STEPS; i++) {
            bool runs = defer_many_runs(p->many, w, i);

            ran += runs;
            changes += runs != (i > 0 && defer_many_runs(p->many, w, i - 1));
            if (runs && !p->place[w].late && !may_run(p, w, i))
                fail_msg("job %u runs outside its window (--seed %llu)", w,
                         (unsigned long long)(seed + round));
        }
        if (!p->place[w].late && ran * STEP_S != p->work[w].job.run_s)
            fail_msg("job %u runs for %lld steps (--seed %llu)", w, (long long)ran,
                     (unsigned long long)(seed + round));
        if (!p->work[w].job.interruptible && changes > 2)
            fail_msg("job %u is paused (--seed %llu)", w, (unsigned long long)(seed + round));
    }
}

/* Column of job w in step i: how much of it runs there or, if it can't be paused, starts there. */
static int column(uint32_t w, uint32_t i) { return 1 + (int)(w * STEPS + i); }

static uint32_t steps_of(const struct posed *p, uint32_t w)
{
    return (uint32_t)(p->work[w].job.run_s / STEP_S);
}

/* What a column costs, and whether it is one at all. */
static bool offer(const struct posed *p, uint32_t w, uint32_t i, double *cost)
{
    uint32_t steps = p->work[w].job.interruptible ? 1 : steps_of(p, w);

    if (!may_run(p, w, i) || i + steps > STEPS || !may_run(p, w, i + steps - 1))
        return false;
    *cost = (p->sum[i + steps] - p->sum[i]) * (double)p->work[w].power_w / 1000 * STEP_S / 3600;
    return true;
}

static void add_job(glp_prob *lp, const struct posed *p, uint32_t w)
{
    int index[STEPS + 1];
    double value[STEPS + 1];

    for (uint32_t i = 0; i < STEPS; i++) {
        double cost = 0;
        bool offered = offer(p, w, i, &cost);

        glp_set_obj_coef(lp, column(w, i), cost);
        glp_set_col_bnds(lp, column(w, i), offered ? GLP_DB : GLP_FX, 0, offered ? 1 : 0);
        index[i + 1] = column(w, i);
        value[i + 1] = 1;
    }
    glp_set_mat_row(lp, (int)w + 1, STEPS, index, value);
    glp_set_row_bnds(lp, (int)w + 1, GLP_FX, p->work[w].job.interruptible ? steps_of(p, w) : 1, 0);
}

/* Who may run in a step: who runs a part there, or started no longer ago than it runs. */
static void add_step(glp_prob *lp, const struct posed *p, uint32_t i)
{
    int index[WORKS_MAX * STEPS + 1];
    double value[WORKS_MAX * STEPS + 1];
    int count = 0;

    for (uint32_t w = 0; w < p->works; w++) {
        uint32_t back = p->work[w].job.interruptible ? 1 : steps_of(p, w);

        for (uint32_t k = 0; k < back && k <= i; k++) {
            index[++count] = column(w, i - k);
            value[count] = p->work[w].nodes;
        }
    }
    glp_set_mat_row(lp, (int)(p->works + i) + 1, count, index, value);
    glp_set_row_bnds(lp, (int)(p->works + i) + 1, GLP_UP, 0, p->nodes[i]);
}

/* The least cost with fractions; false when not even that keeps all deadlines. */
static bool lower_bound(const struct posed *p, double *cost)
{
    glp_prob *lp = glp_create_prob();
    glp_smcp how;
    bool solved = false;

    glp_add_cols(lp, (int)(p->works * STEPS));
    glp_add_rows(lp, (int)p->works + STEPS);
    for (uint32_t w = 0; w < p->works; w++)
        add_job(lp, p, w);
    for (uint32_t i = 0; i < STEPS; i++)
        add_step(lp, p, i);
    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.presolve = GLP_ON;
    solved = glp_simplex(lp, &how) == 0 && glp_get_status(lp) == GLP_OPT;
    *cost = glp_get_obj_val(lp);
    glp_delete_prob(lp);
    return solved;
}

static void measure(const char *name, struct shape shape, double most_gap, double most_late)
{
    uint32_t possible = 0;
    uint32_t late = 0;
    double gap = 0;

    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct rng rng = {seed + round};
        struct posed p;
        double bound = 0;
        double cost = 0;
        bool any_late = false;

        pose(&p, &rng, shape);
        check_plan(&p, round);
        for (uint32_t w = 0; w < p.works; w++) {
            any_late = any_late || p.place[w].late;
            cost += p.place[w].cost;
        }
        if (lower_bound(&p, &bound)) {
            possible++;
            late += any_late;
            if (!any_late && cost < bound * (1 - 1e-9))
                fail_msg("costs %.3f, less than the bound %.3f (--seed %llu)", cost, bound,
                         (unsigned long long)(seed + round));
            gap += any_late ? 0 : cost / bound - 1;
        }
        arena_free(&p.arena);
    }
    assert_true(possible > ROUNDS / 10);
    gap /= possible - late;
    print_message("%-28s %3u of %u possible; %.2f %% above the bound; late in %.2f %%\n", name,
                  possible, ROUNDS, 100 * gap, 100.0 * late / possible);
    assert_true(gap < most_gap);
    assert_true((double)late / possible < most_late);
}

static void how_far_from_the_bound(void **state)
{
    (void)state;
    measure("one node each, in parts", (struct shape){true, false}, .04, .08);
    measure("one node each, in one piece", (struct shape){false, false}, .04, .1);
    measure("many nodes, in parts", (struct shape){true, true}, .1, .25);
    measure("many nodes, in one piece", (struct shape){false, true}, .1, .25);
}

/* With room for all at any time each is planned as by itself. */
static void with_room_for_all_each_is_planned_alone(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct rng rng = {seed + round};
        struct posed p;

        pose(&p, &rng, (struct shape){round % 2 == 0, false});
        for (uint32_t i = 0; i < STEPS; i++) {
            p.nodes[i] = WORKS_MAX;
            p.power_w[i] = INT64_MAX / 2;
        }
        defer_many_plan(p.many, &p.forecast,
                        &(struct defer_room){.nodes = p.nodes, .power_w = p.power_w}, p.work,
                        p.works, p.place);
        for (uint32_t w = 0; w < p.works; w++) {
            static struct defer_plan alone;

            defer_one(&p.forecast, &p.work[w].job, &alone);
            if (alone.reason != DEFER_UNKNOWN)
                assert_true(fabs(p.place[w].cost - alone.cost * (double)p.work[w].power_w / 1000) <
                            1e-6);
        }
        arena_free(&p.arena);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_room_for_all_each_is_planned_alone),
        cmocka_unit_test(how_far_from_the_bound),
    };

    seed = (uint64_t)time(NULL) * 1000;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
