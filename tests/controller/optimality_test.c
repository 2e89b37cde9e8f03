/* The solver against a general one, GLPK, on the same lexicographic problem: thousands of random small and medium cases.
 *
 *     optimality_test [--seed N] [--rounds N]
 *
 * Max-min. Class by class, with what the classes before were given, the continuous problem on the concave majorants is
 * solved by linear programs: maximize the common level L of the nodes that are not settled; a node whose constraint
 * `level >= L` has a dual price is bound in every optimum (complementary slackness) and is settled at L; repeat. That
 * gives each node's exact cap x*.
 *
 * The bound. The solver fills exactly, but for levels in steps of 2^-34 and slopes rounded down: together less than
 * 2^-5 W a node (controller/plan.h). It then rounds each cap down to a settable one that is worth its watts and hands
 * out what is left, which lowers nobody. So each cap is at least the greatest such cap below x* - 2^-5 W; a gang reaches
 * at least the level that its slowest member has after the same rounding.
 *
 * Throughput. By slope, each row that is full leaves at most one node inside a piece of its curve; it loses less than
 * one of its steps. So the sum is within rows x (dearest step) of the linear program's. */
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

#include "controller/plan.h"
#include "tests/controller/random_problem.h"

enum { SMALL = 10, MEDIUM = RANDOM_NODES_MAX, MEDIUM_EVERY = 10 };

/* What simplex in doubles may be off by, on top of the bound, in W of some hundred. */
#define TOLERANCE_W 0.02
#define FILL_LOSS_W 0.03125

static uint64_t seed;
static uint64_t rounds = 2000;

struct bench {
    struct random_problem random;
    struct arena arena;
    struct node_answer answer[RANDOM_NODES_MAX];
    int64_t used_w[RANDOM_ROWS_MAX];
    struct plan_corner corner[RANDOM_NODES_MAX][2 * RANDOM_POINTS + 2];
    struct plan plan[RANDOM_NODES_MAX];
    uint8_t served_class[RANDOM_NODES_MAX]; /* a gang's is that of its most important member */
    bool short_row[RANDOM_ROWS_MAX];        /* can't carry the least caps */
    bool stuck[RANDOM_NODES_MAX];           /* in such a row */
};

static void pose(struct bench *b, uint64_t round, enum random_shape shape)
{
    struct rng rng = {seed + round};
    const struct problem *p = &b->random.problem;
    double least_bp[RANDOM_ROWS_MAX] = {0};

    memset(b, 0, sizeof *b);
    random_problem(&b->random, &rng, shape, round % MEDIUM_EVERY == 0 ? MEDIUM : SMALL);
    for (uint32_t n = 0; n < p->nodes; n++) {
        b->plan[n] = plan_make(&p->node[n], b->corner[n]);
        b->served_class[n] = p->node[n].priority_class;
        for (uint32_t i = p->first[n]; !p->node[n].fixed && i < p->first[n + 1]; i++)
            least_bp[p->share[i].row] +=
                (double)p->share[i].coefficient_bp * (double)p->node[n].min_w;
    }
    for (uint32_t r = 0; r < p->rows; r++)
        b->short_row[r] = least_bp[r] > (double)p->limit_w[r] * 1e4;
    for (uint32_t n = 0; n < p->nodes; n++) {
        for (uint32_t m = 0; m < p->nodes; m++) {
            bool together = n == m || (p->node[n].gang != NONE_INDEX && !p->node[m].fixed &&
                                       p->node[n].gang == p->node[m].gang);

            if (!together)
                continue;
            if (p->node[m].priority_class < b->served_class[n])
                b->served_class[n] = p->node[m].priority_class;
        }
        for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++)
            b->stuck[n] = b->stuck[n] || b->short_row[p->share[i].row];
    }
}

static void fail_at(uint64_t round, const char *what, uint32_t n, double got, double expected)
{
    fail_msg("%s: node or row %u: %.4f, expected %.4f (--seed %llu --rounds 1)", what, n, got,
             expected, (unsigned long long)(seed + round));
}

/* ---- what holds by itself ---- */

static double used_bp(const struct bench *b, uint32_t r)
{
    const struct problem *p = &b->random.problem;
    double sum_bp = 0;

    for (uint32_t n = 0; n < p->nodes; n++) {
        for (uint32_t i = p->first[n]; !p->node[n].fixed && i < p->first[n + 1]; i++) {
            if (p->share[i].row == r)
                sum_bp += (double)p->share[i].coefficient_bp * (double)b->answer[n].cap_w;
        }
    }
    return sum_bp;
}

static bool has_room(const struct bench *b, uint32_t n, int64_t more_w)
{
    const struct problem *p = &b->random.problem;

    for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++) {
        if (used_bp(b, p->share[i].row) + (double)p->share[i].coefficient_bp * (double)more_w >
            (double)p->limit_w[p->share[i].row] * 1e4)
            return false;
    }
    return true;
}

static void check_plain(const struct bench *b, uint64_t round)
{
    const struct problem *p = &b->random.problem;

    for (uint32_t r = 0; r < p->rows; r++) {
        if (!b->short_row[r] && used_bp(b, r) > (double)p->limit_w[r] * 1e4)
            fail_at(round, "a row is over its limit", r, used_bp(b, r) / 1e4,
                    (double)p->limit_w[r]);
    }
    for (uint32_t n = 0; n < p->nodes; n++) {
        const struct node_answer *a = &b->answer[n];
        int64_t next_w = 0;

        if (p->node[n].fixed)
            continue;
        if (!problem_settable(&p->node[n], a->cap_w))
            fail_at(round, "a cap that can't be set", n, (double)a->cap_w, 0);
        if (b->stuck[n] && a->cap_w != p->node[n].min_w)
            fail_at(round, "more than the least in a row that is short", n, (double)a->cap_w,
                    (double)p->node[n].min_w);
        next_w = plan_next_w(&b->plan[n], &p->node[n], a->cap_w);
        if (p->node[n].gang == NONE_INDEX && next_w > a->cap_w && has_room(b, n, next_w - a->cap_w))
            fail_at(round, "a step that would fit was left over", n, (double)a->cap_w,
                    (double)next_w);
    }
}

/* ---- the linear program of a class ---- */

enum { GANG_LEVELS = RANDOM_NODES_MAX }; /* level columns: one a node, then one a gang */

struct program {
    glp_prob *lp;
    int cap[RANDOM_NODES_MAX];                  /* columns */
    int level[GANG_LEVELS + RANDOM_GANGS];      /* columns; 0: none */
    int at_least[GANG_LEVELS + RANDOM_GANGS];   /* rows: level - L >= 0, until settled */
    double settled[GANG_LEVELS + RANDOM_GANGS]; /* the level, negative while open */
    int common;                                 /* column L */
};

static bool takes_part(const struct bench *b, uint32_t n, int priority)
{
    return !b->random.problem.node[n].fixed && !b->stuck[n] && b->served_class[n] == priority;
}

static int add_row(glp_prob *lp, int count, const int columns[], const double values[], int kind,
                   double bound)
{
    int row = glp_add_rows(lp, 1);

    glp_set_mat_row(lp, row, count, columns, values);
    glp_set_row_bnds(lp, row, kind, bound, bound);
    return row;
}

static double level_at(const struct plan_corner *corner)
{
    return (double)corner->level / (double)LEVEL_ONE;
}

/* level <= each piece's line; at the first corner the level is what the least cap gives. */
static void add_plan(struct program *l, const struct bench *b, uint32_t n)
{
    const struct plan *plan = &b->plan[n];

    for (uint32_t k = 0; k + 1 < plan->corners; k++) {
        const struct plan_corner *from = &plan->corner[k];
        double slope =
            (level_at(&from[1]) - level_at(from)) / (double)(from[1].cap_w - from->cap_w);
        int columns[3] = {0, l->level[n], l->cap[n]};
        double values[3] = {0, 1, -slope};

        add_row(l->lp, 2, columns, values, GLP_UP, level_at(from) - slope * (double)from->cap_w);
    }
    if (plan->corners == 1)
        glp_set_col_bnds(l->lp, l->level[n], GLP_UP, 0, level_at(plan->corner));
}

/* The row's share of a node; 0: it does not load it. */
static double share_of(const struct problem *p, uint32_t n, uint32_t r)
{
    for (uint32_t i = p->first[n]; !p->node[n].fixed && i < p->first[n + 1]; i++) {
        if (p->share[i].row == r)
            return (double)p->share[i].coefficient_bp / 1e4;
    }
    return 0;
}

/* Classes before have what they were given, those after have their least caps. */
static void add_limit(struct program *l, const struct bench *b, uint32_t r, int priority)
{
    const struct problem *p = &b->random.problem;
    int columns[RANDOM_NODES_MAX + 1];
    double values[RANDOM_NODES_MAX + 1];
    double left_w = (double)p->limit_w[r];
    int count = 0;

    for (uint32_t n = 0; n < p->nodes; n++) {
        double share = share_of(p, n, r);
        bool before = b->served_class[n] < priority;

        if (share > 0 && takes_part(b, n, priority)) {
            columns[++count] = l->cap[n];
            values[count] = share;
        } else {
            left_w -= share * (double)(before ? b->answer[n].cap_w : p->node[n].min_w);
        }
    }
    if (count > 0)
        add_row(l->lp, count, columns, values, GLP_UP, left_w);
}

static void begin_program(struct program *l, const struct bench *b, int priority)
{
    const struct problem *p = &b->random.problem;

    memset(l, 0, sizeof *l);
    l->lp = glp_create_prob();
    glp_set_obj_dir(l->lp, GLP_MAX);
    for (uint32_t n = 0; n < p->nodes; n++) {
        if (!takes_part(b, n, priority))
            continue;
        l->cap[n] = glp_add_cols(l->lp, 2);
        l->level[n] = l->cap[n] + 1;
        glp_set_col_bnds(l->lp, l->cap[n],
                         plan_top_w(&b->plan[n]) > p->node[n].min_w ? GLP_DB : GLP_FX,
                         (double)p->node[n].min_w, (double)plan_top_w(&b->plan[n]));
        glp_set_col_bnds(l->lp, l->level[n], GLP_FR, 0, 0);
        add_plan(l, b, n);
    }
    for (uint32_t r = 0; r < b->random.problem.rows; r++) {
        if (!b->short_row[r])
            add_limit(l, b, r, priority);
    }
}

/* ---- max-min ---- */

/* Members' levels are at least their gang's, which stands for them. */
static uint32_t entry_of(const struct bench *b, uint32_t n)
{
    uint32_t gang = b->random.problem.node[n].gang;

    return gang == NONE_INDEX ? n : GANG_LEVELS + gang;
}

/* A gang goes no faster than a member that must keep its least cap. */
static void hold_to_stuck(struct program *l, const struct bench *b, uint32_t e)
{
    const struct problem *p = &b->random.problem;

    for (uint32_t m = 0; m < p->nodes; m++) {
        if (!p->node[m].fixed && b->stuck[m] && entry_of(b, m) == e)
            add_row(l->lp, 1, (int[]){0, l->level[e]}, (double[]){0, 1}, GLP_UP,
                    level_at(b->plan[m].corner));
    }
}

static void add_entries(struct program *l, const struct bench *b, int priority)
{
    const struct problem *p = &b->random.problem;

    l->common = glp_add_cols(l->lp, 1);
    glp_set_col_bnds(l->lp, l->common, GLP_FR, 0, 0);
    glp_set_obj_coef(l->lp, l->common, 1);
    for (uint32_t n = 0; n < p->nodes; n++) {
        uint32_t e = entry_of(b, n);

        if (!takes_part(b, n, priority))
            continue;
        if (e != n) {
            if (l->level[e] == 0) {
                l->level[e] = glp_add_cols(l->lp, 1);
                glp_set_col_bnds(l->lp, l->level[e], GLP_FR, 0, 0);
            }
            hold_to_stuck(l, b, e);
            add_row(l->lp, 2, (int[]){0, l->level[n], l->level[e]}, (double[]){0, 1, -1}, GLP_LO,
                    0);
        }
        if (l->at_least[e] == 0) {
            l->at_least[e] = add_row(l->lp, 2, (int[]){0, l->level[e], l->common},
                                     (double[]){0, 1, -1}, GLP_LO, 0);
            l->settled[e] = -1;
        }
    }
}

static bool run_simplex(glp_prob *lp)
{
    glp_smcp how;

    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.tol_bnd = 1e-9;
    how.tol_dj = 1e-9;
    return glp_simplex(lp, &how) == 0 && glp_get_status(lp) == GLP_OPT;
}

/* Settles entries level by level; each program settles at least one. False if GLPK gives up. */
static bool level_all(struct program *l)
{
    for (int turn = 0; turn < GANG_LEVELS + RANDOM_GANGS; turn++) {
        double level = 0;
        double most = 0;
        bool open = false;

        for (int e = 0; e < GANG_LEVELS + RANDOM_GANGS; e++)
            open = open || (l->at_least[e] != 0 && l->settled[e] < 0);
        if (!open)
            return true;
        if (!run_simplex(l->lp))
            return false;
        level = glp_get_obj_val(l->lp);
        for (int e = 0; e < GANG_LEVELS + RANDOM_GANGS; e++) {
            if (l->at_least[e] != 0 && l->settled[e] < 0 &&
                -glp_get_row_dual(l->lp, l->at_least[e]) > most)
                most = -glp_get_row_dual(l->lp, l->at_least[e]);
        }
        if (most <= 0)
            return false;
        for (int e = 0; e < GANG_LEVELS + RANDOM_GANGS; e++) {
            if (l->at_least[e] == 0 || l->settled[e] >= 0 ||
                -glp_get_row_dual(l->lp, l->at_least[e]) < most / 1e6)
                continue;
            l->settled[e] = level;
            glp_set_row_bnds(l->lp, l->at_least[e], GLP_FR, 0, 0);
            glp_set_col_bnds(l->lp, l->level[e], GLP_LO, level - 1e-9, 0);
        }
    }
    return false;
}

/* The cap that reaches a level by the plan, in doubles. */
static double exact_cap_w(const struct plan *plan, double level)
{
    const struct plan_corner *corner = plan->corner;

    for (uint32_t k = 0; k + 1 < plan->corners; k++) {
        if (level < level_at(&corner[k + 1])) {
            double part =
                (level - level_at(&corner[k])) / (level_at(&corner[k + 1]) - level_at(&corner[k]));

            return (double)corner[k].cap_w +
                   (part > 0 ? part : 0) * (double)(corner[k + 1].cap_w - corner[k].cap_w);
        }
    }
    return (double)plan_top_w(plan);
}

static int64_t surely_w(const struct bench *b, uint32_t n, double level)
{
    double exact_w = exact_cap_w(&b->plan[n], level) - FILL_LOSS_W - TOLERANCE_W;

    return plan_below_w(&b->plan[n], &b->random.problem.node[n], (int64_t)exact_w);
}

/* Returns how many nodes it compared that something bound. */
static uint32_t check_class(const struct bench *b, const struct program *l, int priority,
                            uint64_t round)
{
    const struct problem *p = &b->random.problem;
    uint32_t bound = 0;

    for (uint32_t n = 0; n < p->nodes; n++) {
        uint32_t e = entry_of(b, n);
        int64_t pace = LEVEL_TOP;
        int64_t reached = LEVEL_TOP;

        if (!takes_part(b, n, priority))
            continue;
        bound += b->answer[n].bound != BOUND_DEMAND;
        if (e == n) {
            if (b->answer[n].cap_w < surely_w(b, n, l->settled[n]))
                fail_at(round, "a cap is more than a step below the optimum", n,
                        (double)b->answer[n].cap_w, exact_cap_w(&b->plan[n], l->settled[n]));
            continue;
        }
        for (uint32_t m = 0; m < p->nodes; m++) {
            if (p->node[m].fixed || b->served_class[m] != priority || entry_of(b, m) != e)
                continue;
            pace = min_w(pace, plan_level(&b->plan[m], surely_w(b, m, l->settled[e])));
            reached = min_w(reached, plan_level(&b->plan[m], b->answer[m].cap_w));
        }
        if (reached < pace)
            fail_at(round, "a gang is more than a step below the optimum", n, (double)reached,
                    (double)pace);
    }
    return bound;
}

static void max_min_is_within_a_step_of_the_optimum(void **state)
{
    static struct bench b;
    uint64_t solved = 0;
    uint64_t given_up = 0;
    uint64_t bound = 0;

    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        struct solver *solver = NULL;

        pose(&b, round, SHAPE_CROSSING);
        solver = solver_create(&b.random.problem, &b.arena);
        solver_run(solver, &b.random.problem, OBJECTIVE_MAX_MIN, b.answer, b.used_w);
        check_plain(&b, round);
        for (int priority = 0; priority < RANDOM_CLASSES; priority++) {
            struct program l;

            begin_program(&l, &b, priority);
            add_entries(&l, &b, priority);
            if (level_all(&l)) {
                bound += check_class(&b, &l, priority, round);
                solved++;
            } else {
                given_up++;
            }
            glp_delete_prob(l.lp);
        }
        arena_free(&b.arena);
    }
    print_message("%llu classes with %llu bound nodes compared, %llu that GLPK gave up\n",
                  (unsigned long long)solved, (unsigned long long)bound,
                  (unsigned long long)given_up);
    assert_true(bound > rounds);
    assert_true(given_up * 100 <= solved);
}

/* ---- throughput ---- */

static double worth(const struct bench *b, uint32_t n, double level)
{
    double weight = b->random.problem.node[n].weight;

    return level * weight * weight; /* a level is work / weight */
}

/* What one step of a node can be worth at most. */
static double dearest_step(const struct bench *b)
{
    const struct problem *p = &b->random.problem;
    double most = 0;

    for (uint32_t n = 0; n < p->nodes; n++) {
        int64_t cap_w = p->node[n].min_w;

        while (!p->node[n].fixed && cap_w < plan_top_w(&b->plan[n])) {
            int64_t next_w = plan_next_w(&b->plan[n], &p->node[n], cap_w);
            double gain =
                (double)(plan_level(&b->plan[n], next_w) - plan_level(&b->plan[n], cap_w)) /
                (double)LEVEL_ONE;

            most = worth(b, n, gain) > most ? worth(b, n, gain) : most;
            cap_w = next_w;
        }
    }
    return most;
}

static void throughput_is_within_a_step_a_row_of_the_optimum(void **state)
{
    static struct bench b;

    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        struct solver *solver = NULL;
        struct obstacle obstacle;

        pose(&b, round, SHAPE_NESTED);
        solver = solver_create(&b.random.problem, &b.arena);
        assert_true(solver_can(solver, &b.random.problem, OBJECTIVE_THROUGHPUT, &obstacle));
        solver_run(solver, &b.random.problem, OBJECTIVE_THROUGHPUT, b.answer, b.used_w);
        check_plain(&b, round);
        for (int priority = 0; priority < RANDOM_CLASSES; priority++) {
            struct program l;
            double mine = 0;

            begin_program(&l, &b, priority);
            for (uint32_t n = 0; n < b.random.problem.nodes; n++) {
                if (!takes_part(&b, n, priority))
                    continue;
                glp_set_obj_coef(l.lp, l.level[n], worth(&b, n, 1));
                mine += worth(
                    &b, n, (double)plan_level(&b.plan[n], b.answer[n].cap_w) / (double)LEVEL_ONE);
            }
            if (run_simplex(l.lp)) {
                double best = glp_get_obj_val(l.lp);
                double bound = b.random.problem.rows * dearest_step(&b) + 1e-6 * best;

                if (mine < best - bound)
                    fail_at(round, "throughput too far below the optimum", (uint32_t)priority, mine,
                            best - bound);
                if (mine > best + 1e-6 * (best + 1))
                    fail_at(round, "more than the optimum", (uint32_t)priority, mine, best);
            }
            glp_delete_prob(l.lp);
        }
        arena_free(&b.arena);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_min_is_within_a_step_of_the_optimum),
        cmocka_unit_test(throughput_is_within_a_step_a_row_of_the_optimum),
    };

    const char *sanitize = getenv("CAPSTAN_SANITIZE");

    seed = (uint64_t)time(NULL) * 1000;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = strtoull(argv[i + 1], NULL, 10);
    }
    if (sanitize != NULL && sanitize[0] != '\0')
        rounds /= 10;
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
