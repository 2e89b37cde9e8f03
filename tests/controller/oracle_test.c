/* The solver against an oracle that tries every choice of settable caps, and against what its answers say of themselves.
 * Beside optimality_test.c, which asks a linear solver: here everything is whole numbers and nothing is trusted.
 *
 *     oracle_test [--seed N]
 *
 * Max-min. The solver's way (round the exact caps down, hand out what is left by the stated order) is not always the best
 * choice in whole steps: with unlike steps that is subset-sum. What must hold: never better than the best, which would
 * be a row overdrawn or an oracle that is wrong; nobody could have a step more; and nearly always the best itself.
 *
 * Throughput where it is not refused is the best choice, exactly, when steps are 1 W and curves are concave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "controller/plan.h"
#include "tests/controller/rng.h"

enum {
    NODES_MAX = 12,
    TINY_NODES = 4,
    ROWS_MAX = 8,
    POINTS = 7,
    CLASSES_USED = 2,
    GANGS_USED = 2,
    STEPS = 4
};

static uint64_t seed;
static uint64_t rounds = 3000; /* a fifth under sanitizers */

struct posed {
    struct problem problem;
    struct problem_node node[NODES_MAX];
    struct curve curve[NODES_MAX];
    struct curve_point point[NODES_MAX][POINTS];
    uint32_t first[NODES_MAX + 1];
    struct row_share share[NODES_MAX * ROWS_MAX];
    int64_t limit_w[ROWS_MAX];
    uint32_t rows_of[NODES_MAX]; /* bit r: loads row r */
    struct arena arena;
    struct node_answer answer[NODES_MAX];
    int64_t used_w[ROWS_MAX];
};

static void list_shares(struct posed *p, uint32_t share_bp)
{
    uint32_t count = 0;

    for (uint32_t n = 0; n < p->problem.nodes; n++) {
        for (uint32_t r = 0; r < p->problem.rows; r++) {
            if (p->rows_of[n] >> r & 1)
                p->share[count++] = (struct row_share){r, share_bp};
        }
        p->first[n + 1] = count;
    }
}

/* Concave and rising, its points at each of the settable caps. */
static void concave(struct posed *p, uint32_t n, struct rng *rng)
{
    struct problem_node *node = &p->node[n];
    double slope = 16;
    double work = (double)rng_between(rng, 0, 20);
    uint32_t points = 0;

    for (int64_t cap_w = node->min_w; points < POINTS && cap_w <= node->max_w;
         cap_w += node->step_w) {
        p->point[n][points++] = (struct curve_point){cap_w, work};
        slope = (double)rng_between(rng, 1, (int64_t)slope);
        work += slope * (double)node->step_w;
    }
    p->curve[n] = (struct curve){points, p->point[n]};
    if (points > 1)
        node->curve = &p->curve[n];
}

static void tie_up(struct posed *p, uint32_t rows, uint32_t nodes)
{
    p->problem = (struct problem){.rows = rows,
                                  .nodes = nodes,
                                  .limit_w = p->limit_w,
                                  .node = p->node,
                                  .first = p->first,
                                  .share = p->share};
}

/* Few nodes with few caps each. `nested`: a root, and below it rows without a node in common; all steps 1 W. */
static void pose_tiny(struct posed *p, struct rng *rng, bool nested)
{
    uint32_t nodes = (uint32_t)rng_between(rng, 2, TINY_NODES);
    uint32_t rows = (uint32_t)rng_between(rng, 1, 3);
    int64_t least[ROWS_MAX] = {0};
    int64_t most[ROWS_MAX] = {0};

    memset(p, 0, sizeof *p);
    for (uint32_t n = 0; n < nodes; n++) {
        struct problem_node *node = &p->node[n];

        /* One call of chance a statement: their order is the same on each compiler, and so is what a seed replays. */
        *node = (struct problem_node){.gang = NONE_INDEX};
        node->step_w = nested ? 1 : rng_between(rng, 1, 3);
        node->min_w = rng_between(rng, 0, 4);
        node->max_w = node->min_w + node->step_w * rng_between(rng, 1, POINTS - 1);
        node->weight = (uint32_t)rng_between(rng, 1, 3);
        node->priority_class = (uint8_t)rng_between(rng, 0, CLASSES_USED - 1);
        if (rng_chance(rng, 70))
            concave(p, n, rng);
        p->rows_of[n] = nested ? 1u | (rows > 1 ? 1u << rng_between(rng, 1, rows - 1) : 0)
                               : (uint32_t)rng_between(rng, 1, (1 << rows) - 1);
    }
    tie_up(p, rows, nodes);
    list_shares(p, 10000);
    for (uint32_t n = 0; n < nodes; n++) {
        for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++) {
            least[p->share[i].row] += p->node[n].min_w;
            most[p->share[i].row] += p->node[n].max_w;
        }
    }
    for (uint32_t r = 0; r < rows; r++)
        p->limit_w[r] = rng_between(rng, least[r], most[r]);
}

static void solve(struct posed *p, enum objective objective)
{
    solver_run(solver_create(&p->problem, &p->arena), &p->problem, objective, p->answer, p->used_w);
}

/* ---- every choice ---- */

/* How good a choice is: of each class in turn levels from the lowest, or the sum of weighted work. */
struct worth {
    double value[CLASSES_USED * TINY_NODES];
    uint32_t count;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct worth worth_of(const struct posed *p, const int64_t cap_w[], enum objective objective)
{
    struct worth w = {.count = 0};

    for (int class = 0; class < CLASSES_USED; class ++) {
        uint32_t from = w.count;
        double sum = 0;

        for (uint32_t n = 0; n < p->problem.nodes; n++) {
            if (p->node[n].priority_class != class)
                continue;
            sum += problem_throughput(&p->node[n], cap_w[n]) * p->node[n].weight;
            w.value[w.count++] = problem_level(&p->node[n], cap_w[n]);
        }
        qsort(&w.value[from], w.count - from, sizeof w.value[0], by_value);
        if (objective == OBJECTIVE_THROUGHPUT) {
            w.value[from] = sum;
            w.count = from + 1;
        }
    }
    return w;
}

/* Positive when a is better; equal within the solver's step of levels. */
static int compare_worth(const struct worth *a, const struct worth *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->value[i] > b->value[i] + 1e-7)
            return 1;
        if (a->value[i] < b->value[i] - 1e-7)
            return -1;
    }
    return 0;
}

static bool fits(const struct posed *p, const int64_t cap_w[])
{
    int64_t used[ROWS_MAX] = {0};

    for (uint32_t n = 0; n < p->problem.nodes; n++) {
        for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++)
            used[p->share[i].row] += cap_w[n];
    }
    for (uint32_t r = 0; r < p->problem.rows; r++) {
        if (used[r] > p->limit_w[r])
            return false;
    }
    return true;
}

/* The next choice, as a counter counts; false after the last. */
static bool next_choice(const struct posed *p, int64_t cap_w[])
{
    for (uint32_t n = 0; n < p->problem.nodes; n++) {
        if (cap_w[n] < p->node[n].max_w) {
            cap_w[n] = problem_settable_above_w(&p->node[n], cap_w[n] + 1);
            return true;
        }
        cap_w[n] = p->node[n].min_w;
    }
    return false;
}

static struct worth best_of_all(const struct posed *p, enum objective objective)
{
    int64_t cap_w[TINY_NODES];
    struct worth best;

    for (uint32_t n = 0; n < p->problem.nodes; n++)
        cap_w[n] = p->node[n].min_w;
    best = worth_of(p, cap_w, objective);
    do {
        struct worth worth = worth_of(p, cap_w, objective);

        if (fits(p, cap_w) && compare_worth(&worth, &best) > 0)
            best = worth;
    } while (next_choice(p, cap_w));
    return best;
}

static int against_best(struct posed *p, enum objective objective)
{
    int64_t cap_w[TINY_NODES];
    struct worth mine;
    struct worth best = best_of_all(p, objective);

    solve(p, objective);
    for (uint32_t n = 0; n < p->problem.nodes; n++)
        cap_w[n] = p->answer[n].cap_w;
    assert_true(fits(p, cap_w));
    mine = worth_of(p, cap_w, objective);
    return compare_worth(&mine, &best);
}

static void fail_at(uint64_t round, const char *what, uint32_t n)
{
    fail_msg("%s: node or row %u (--seed %llu)", what, n, (unsigned long long)(seed + round));
}

static void max_min_is_nearly_always_the_best_choice(void **state)
{
    uint64_t equal = 0;

    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        struct rng rng = {seed + round};
        struct posed p;
        int order = 0;

        pose_tiny(&p, &rng, false);
        order = against_best(&p, OBJECTIVE_MAX_MIN);
        if (order > 0)
            fail_at(round, "better than the best", 0);
        equal += order == 0;
        arena_free(&p.arena);
    }
    print_message("the best of all choices in %.1f %% of cases\n",
                  100 * (double)equal / (double)rounds);
    assert_true(equal * 10 > rounds * 9);
}

static void throughput_is_the_best_choice(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        struct rng rng = {seed + round};
        struct posed p;

        pose_tiny(&p, &rng, true);
        if (against_best(&p, OBJECTIVE_THROUGHPUT) != 0)
            fail_at(round, "not the best choice", 0);
        arena_free(&p.arena);
    }
}

/* ---- larger, of every kind ---- */

static void measured(struct posed *p, uint32_t n, struct rng *rng)
{
    struct problem_node *node = &p->node[n];

    for (uint32_t i = 0; i < POINTS; i++)
        p->point[n][i] =
            (struct curve_point){node->min_w + (node->max_w - node->min_w) * i / (POINTS - 1),
                                 (double)(100 + 40 * i) + (double)rng_between(rng, -30, 30)};
    p->curve[n] = (struct curve){POINTS, p->point[n]};
    node->curve = &p->curve[n];
}

static void pose_small(struct posed *p, struct rng *rng, bool gangs)
{
    uint32_t nodes = (uint32_t)rng_between(rng, 2, NODES_MAX);
    uint32_t rows = (uint32_t)rng_between(rng, 1, ROWS_MAX);

    memset(p, 0, sizeof *p);
    for (uint32_t n = 0; n < nodes; n++) {
        struct problem_node *node = &p->node[n];

        *node = (struct problem_node){.gang = NONE_INDEX};
        node->min_w = rng_between(rng, 0, 900);
        node->max_w = node->min_w + rng_between(rng, 100, 3000);
        node->step_w = rng_between(rng, 2, 100);
        if (rng_chance(rng, 50))
            node->step_w = 1;
        node->weight = (uint32_t)rng_between(rng, 1, 4);
        if (gangs && rng_chance(rng, 30))
            node->gang = (uint32_t)rng_between(rng, 0, GANGS_USED - 1);
        node->priority_class = (uint8_t)rng_between(rng, 0, CLASSES_USED - 1);
        if (n > 0 && rng_chance(rng, 30)) /* some are alike */
            p->node[n] = p->node[n - 1];
        else if (rng_chance(rng, 50))
            measured(p, n, rng);
        p->rows_of[n] = (uint32_t)rng_between(rng, 1, (1 << rows) - 1);
    }
    tie_up(p, rows, nodes);
    list_shares(p, 10000);
    for (uint32_t i = 0; i < p->first[nodes]; i++) {
        p->share[i].coefficient_bp = (uint32_t)rng_between(rng, 1, 10000);
        if (rng_chance(rng, 50))
            p->share[i].coefficient_bp = 5000;
    }
    for (uint32_t r = 0; r < rows; r++)
        p->limit_w[r] = rng_between(rng, 0, 2500 * (int64_t)nodes);
}

static int64_t slack_bp(const struct posed *p, uint32_t r)
{
    int64_t slack = p->limit_w[r] * SHARE_WHOLE_BP;

    for (uint32_t n = 0; n < p->problem.nodes; n++) {
        for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++) {
            if (p->share[i].row == r)
                slack -= (int64_t)p->share[i].coefficient_bp * p->answer[n].cap_w;
        }
    }
    return slack;
}

static int64_t coefficient_bp(const struct posed *p, uint32_t n, uint32_t r)
{
    for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++) {
        if (p->share[i].row == r)
            return p->share[i].coefficient_bp;
    }
    return 0;
}

/* What the nodes of a row would take if each had less than one step more: what rounding may leave of a full row. */
static int64_t last_steps_bp(const struct posed *p, uint32_t r)
{
    int64_t sum = 0;

    for (uint32_t n = 0; n < p->problem.nodes; n++) {
        struct plan_corner corner[2 * POINTS + 2];
        struct plan plan = plan_make(&p->node[n], corner);

        sum += coefficient_bp(p, n, r) *
               (plan_next_w(&plan, &p->node[n], p->answer[n].cap_w) - p->answer[n].cap_w);
    }
    return sum;
}

static bool at_top(const struct posed *p, uint32_t n)
{
    struct plan_corner corner[2 * POINTS + 2];
    struct plan plan = plan_make(&p->node[n], corner);

    return p->answer[n].cap_w >= plan_top_w(&plan);
}

static int64_t least_bp(const struct posed *p, uint32_t r)
{
    int64_t sum = 0;

    for (uint32_t n = 0; n < p->problem.nodes; n++)
        sum += coefficient_bp(p, n, r) * p->node[n].min_w;
    return sum;
}

static void check_bound(const struct posed *p, uint32_t n, uint64_t round)
{
    const struct node_answer *a = &p->answer[n];

    switch (a->bound) {
    case BOUND_DEMAND:
        if (!at_top(p, n))
            fail_at(round, "\"demand\", but there is more to have", n);
        return;
    case BOUND_ROW:
        if (coefficient_bp(p, n, a->bound_row) == 0)
            fail_at(round, "bound by a row that it does not load", n);
        if (slack_bp(p, a->bound_row) >= last_steps_bp(p, a->bound_row))
            fail_at(round, "bound by a row that is not full", n);
        return;
    case BOUND_MINIMUM:
        if (least_bp(p, a->bound_row) <= p->limit_w[a->bound_row] * SHARE_WHOLE_BP ||
            a->cap_w != p->node[n].min_w || coefficient_bp(p, n, a->bound_row) == 0)
            fail_at(round, "\"minimum\", but the row carries it", n);
        return;
    case BOUND_GANG:
        if (p->node[n].gang == NONE_INDEX)
            fail_at(round, "\"gang\", but it is in none", n);
        return;
    default:
        fail_at(round, "bound by nothing there is", n);
    }
}

static void what_bound_a_node_is_true(void **state)
{
    uint32_t seen[BOUND_COUNT] = {0};

    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        struct rng rng = {seed + round};
        struct posed p;

        pose_small(&p, &rng, false);
        solve(&p, OBJECTIVE_MAX_MIN);
        for (uint32_t n = 0; n < p.problem.nodes; n++) {
            check_bound(&p, n, round);
            seen[p.answer[n].bound]++;
        }
        arena_free(&p.arena);
    }
    assert_true(seen[BOUND_DEMAND] > 100 && seen[BOUND_ROW] > 100 && seen[BOUND_MINIMUM] > 100);
}

/* ---- what must not matter ---- */

static void the_order_of_rows_does_not_matter(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        struct rng rng = {seed + round};
        struct posed p;
        struct posed q;
        uint32_t rows = 0;

        pose_small(&p, &rng, true);
        q = p;
        rows = p.problem.rows;
        tie_up(&q, rows, p.problem.nodes);
        for (uint32_t r = 0; r < rows; r++)
            q.limit_w[rows - 1 - r] = p.limit_w[r];
        for (uint32_t i = 0; i < p.first[p.problem.nodes]; i++)
            q.share[i].row = rows - 1 - p.share[i].row;
        solve(&p, OBJECTIVE_MAX_MIN);
        solve(&q, OBJECTIVE_MAX_MIN);
        for (uint32_t n = 0; n < p.problem.nodes; n++) {
            if (p.answer[n].cap_w != q.answer[n].cap_w)
                fail_at(round, "another order of rows, another cap", n);
        }
        arena_free(&p.arena);
        arena_free(&q.arena);
    }
}

static void change_node(struct problem_node *node, struct rng *rng)
{
    node->min_w += rng_between(rng, 0, 20);
    node->fixed = rng_chance(rng, 20);
    node->priority_class = (uint8_t)rng_between(rng, 0, CLASSES_USED - 1);
    node->weight = (uint32_t)rng_between(rng, 1, 4);
}

/* Some nodes change, some of them are told; at the last step all of them. */
static void tell_some(struct posed *p, struct solver *solver, struct rng *rng, bool all)
{
    for (uint32_t n = 0; n < p->problem.nodes; n++) {
        if (rng_chance(rng, 40))
            change_node(&p->node[n], rng);
        if (all || rng_chance(rng, 50))
            solver_tell(solver, n, &p->node[n]);
    }
    if (rng_chance(rng, 60)) {
        int64_t row = rng_between(rng, 0, p->problem.rows - 1);

        p->limit_w[row] += rng_between(rng, -50, 50);
    }
}

/* Told in steps, with other problems in between, or all at once: the same answer, to the last field. */
static void what_was_before_does_not_matter(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < rounds; round++) {
        struct rng rng = {seed + round};
        struct posed p;
        struct solver *solver = NULL;
        struct node_answer stepwise[NODES_MAX];
        int64_t used_w[ROWS_MAX];

        pose_small(&p, &rng, true);
        solver = solver_create(&p.problem, &p.arena);
        for (int step = 0; step < STEPS; step++) {
            tell_some(&p, solver, &rng, step == 0 || step == STEPS - 1);
            (void)solver_go(solver, p.limit_w, OBJECTIVE_MAX_MIN, stepwise, used_w);
        }
        solve(&p, OBJECTIVE_MAX_MIN);
        for (uint32_t n = 0; n < p.problem.nodes; n++) {
            if (stepwise[n].cap_w != p.answer[n].cap_w || stepwise[n].bound != p.answer[n].bound ||
                stepwise[n].bound_row != p.answer[n].bound_row)
                fail_at(round, "another history, another answer", n);
        }
        for (uint32_t r = 0; r < p.problem.rows; r++)
            assert_int_equal(used_w[r], p.used_w[r]);
        arena_free(&p.arena);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_min_is_nearly_always_the_best_choice),
        cmocka_unit_test(throughput_is_the_best_choice),
        cmocka_unit_test(what_bound_a_node_is_true),
        cmocka_unit_test(the_order_of_rows_does_not_matter),
        cmocka_unit_test(what_was_before_does_not_matter),
    };

    const char *sanitize = getenv("CAPSTAN_SANITIZE");

    if (sanitize != NULL && *sanitize != '\0')
        rounds /= 5;
    seed = (uint64_t)time(NULL) * 1000;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
