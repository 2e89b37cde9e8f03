/* Many problems that have nothing to do with each other, solved as one, have the answers that each has by itself: where
 * the solver takes another way because much is to be done (windows of levels, sorting by digits), it gets to the same
 * end, to the last field. What the small ones' answers are worth is held by optimality_test.c and oracle_test.c.
 *
 *     together_test [--seed N] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/controller/random_problem.h"

enum {
    BLOCKS = 800,
    NODES = BLOCKS * RANDOM_NODES_MAX,
    ROWS = BLOCKS * RANDOM_ROWS_MAX,
    SHARES = BLOCKS * RANDOM_SHARES_MAX
};

static uint64_t seed;
static uint64_t rounds = 3; /* one under sanitizers */

struct bench {
    struct random_problem block[BLOCKS];
    uint32_t first_row[BLOCKS + 1], first_node[BLOCKS + 1];
    struct problem problem;
    struct problem_node node[NODES];
    uint32_t first[NODES + 1];
    struct row_share share[SHARES];
    int64_t limit_w[ROWS];
    struct node_answer answer[NODES], alone[RANDOM_NODES_MAX];
    int64_t used_w[ROWS], alone_w[RANDOM_ROWS_MAX];
};

/* Behind all that is there, with numbers of its own for rows and gangs. */
static void append(struct bench *b, uint32_t k)
{
    const struct problem *p = &b->block[k].problem;
    uint32_t rows = b->first_row[k];
    uint32_t nodes = b->first_node[k];

    memcpy(&b->limit_w[rows], p->limit_w, p->rows * sizeof *p->limit_w);
    for (uint32_t n = 0; n < p->nodes; n++) {
        uint32_t shares = b->first[nodes + n];

        b->node[nodes + n] = p->node[n];
        if (p->node[n].gang != NONE_INDEX)
            b->node[nodes + n].gang += k * RANDOM_GANGS;
        for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++)
            b->share[shares++] =
                (struct row_share){rows + p->share[i].row, p->share[i].coefficient_bp};
        b->first[nodes + n + 1] = shares;
    }
    b->first_row[k + 1] = rows + p->rows;
    b->first_node[k + 1] = nodes + p->nodes;
}

static void pose(struct bench *b, uint64_t round, enum random_shape shape)
{
    struct rng rng = {seed + round};

    memset(b, 0, sizeof *b);
    for (uint32_t k = 0; k < BLOCKS; k++) {
        random_problem(&b->block[k], &rng, shape, RANDOM_NODES_MAX);
        append(b, k);
    }
    b->problem = (struct problem){.rows = b->first_row[BLOCKS],
                                  .nodes = b->first_node[BLOCKS],
                                  .limit_w = b->limit_w,
                                  .node = b->node,
                                  .first = b->first,
                                  .share = b->share};
}

static void solve(const struct problem *problem, enum objective objective,
                  struct node_answer answer[], int64_t used_w[])
{
    struct arena arena = {0};

    solver_run(solver_create(problem, &arena), problem, objective, answer, used_w);
    arena_free(&arena);
}

static void check_block(const struct bench *b, uint32_t k, uint64_t round)
{
    const struct problem *p = &b->block[k].problem;
    uint32_t rows = b->first_row[k];

    for (uint32_t n = 0; n < p->nodes; n++) {
        const struct node_answer *one = &b->alone[n];
        const struct node_answer *all = &b->answer[b->first_node[k] + n];
        uint32_t row = one->bound_row == NONE_INDEX ? NONE_INDEX : rows + one->bound_row;

        if (all->cap_w != one->cap_w || all->bound != one->bound || all->bound_row != row)
            fail_msg("block %u, node %u: %lld W by %d, alone %lld W by %d (--seed %llu)", k, n,
                     (long long)all->cap_w, all->bound, (long long)one->cap_w, one->bound,
                     (unsigned long long)(seed + round));
    }
    for (uint32_t r = 0; r < p->rows; r++)
        assert_int_equal(b->used_w[rows + r], b->alone_w[r]);
}

static void check_all(enum random_shape shape, enum objective objective)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    for (uint64_t round = 0; round < rounds; round++) {
        pose(b, round, shape);
        solve(&b->problem, objective, b->answer, b->used_w);
        for (uint32_t k = 0; k < BLOCKS; k++) {
            solve(&b->block[k].problem, objective, b->alone, b->alone_w);
            check_block(b, k, round);
        }
    }
    free(b);
}

static void many_are_solved_as_each_alone(void **state)
{
    (void)state;
    check_all(SHAPE_CROSSING, OBJECTIVE_MAX_MIN);
}

static void throughput_of_many_is_that_of_each(void **state)
{
    (void)state;
    check_all(SHAPE_NESTED, OBJECTIVE_THROUGHPUT);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_are_solved_as_each_alone),
        cmocka_unit_test(throughput_of_many_is_that_of_each),
    };
    const char *sanitize = getenv("CAPSTAN_SANITIZE");

    if (sanitize != NULL && *sanitize != '\0')
        rounds = 1;
    seed = (uint64_t)time(NULL) * 1000;
    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
