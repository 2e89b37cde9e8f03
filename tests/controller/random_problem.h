/* tests/controller/random_problem.h - random allocation problems: trees, two feeds with unequal shares, rows for a lost
 * feed, phases, gangs, classes, steps and lists, curves that dip as measured ones do, floors that don't fit. */
#ifndef TESTS_CONTROLLER_RANDOM_PROBLEM_H
#define TESTS_CONTROLLER_RANDOM_PROBLEM_H

#include "controller/problem.h"
#include "tests/controller/rng.h"

enum {
    RANDOM_NODES_MAX = 48,
    RANDOM_ROWS_MAX = 40,
    RANDOM_SHARES_MAX = RANDOM_NODES_MAX * 24,
    RANDOM_POINTS = 6,
    RANDOM_GANGS = 3,
    RANDOM_CLASSES = 3
};

enum random_shape {
    SHAPE_NESTED,  /* one feed: rows nest and are loaded alike; no gangs */
    SHAPE_CROSSING /* everything */
};

struct random_problem {
    struct problem problem;
    struct problem_node node[RANDOM_NODES_MAX];
    struct curve curve[RANDOM_NODES_MAX];
    struct curve_point point[RANDOM_NODES_MAX][RANDOM_POINTS];
    int64_t settable_w[RANDOM_NODES_MAX][RANDOM_POINTS];
    uint32_t first[RANDOM_NODES_MAX + 1];
    struct row_share share[RANDOM_SHARES_MAX];
    int64_t limit_w[RANDOM_ROWS_MAX];
};

void random_problem(struct random_problem *p, struct rng *rng, enum random_shape shape,
                    uint32_t nodes_max);

#endif
