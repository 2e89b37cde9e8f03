/* controller/problem.h - the allocation problem by itself: rows with limits, nodes with ranges, who loads which row.
 *
 *     for every row r:  sum over nodes n of  coefficient(n, r) x cap(n)  <=  limit(r)
 *
 * A node's level is (throughput at its cap / throughput at its greatest cap) / weight, where throughput follows its
 * curve or, without one, is proportional to the cap.
 *
 * OBJECTIVE_MAX_MIN: class 0 is served first, then class 1, and so on; all nodes keep at least their least cap.
 * Within a class levels are max-min fair: none can rise without lowering one that is no higher. The nodes of a gang
 * are levelled as one, at the pace of their slowest, in the class of their most important member; none is given a
 * watt that the gang can't use. Exact for rows of any shape, since coefficients are never negative.
 *
 * OBJECTIVE_THROUGHPUT: in each class in turn the sum of weight x throughput / throughput at the greatest cap is as
 * large as it can be. Solved where rows nest (one feed: of two rows, one holds the other or they share no node) and
 * all nodes of a row load it alike: then filling by slope is exact. Everything else is a linear program, and is
 * refused, as are gangs.
 *
 * What is planned on: the least concave majorant of the curve over the node's settable caps. Its corners are caps
 * that were measured, so a node that ends at one does what was planned; see docs/control.md for the gap of the
 * others.
 *
 * Caps are whole watts on each node's settable grid. solver_run rounds the exact caps down and then hands out what
 * that left, one step at a time to the lowest level (or steepest slope) first, until no step fits; of equals the one
 * that would be lower after its step goes first, then the one whose group (nodes that load the same rows and are
 * planned alike) has the lower first number, then the lower number. Every node ends less than one step and 2^-5 W
 * below its exact cap. Where a row can't carry the least caps its
 * members keep them: never an error, never a guess. Pure; no allocation after solver_create. */
#ifndef CONTROLLER_PROBLEM_H
#define CONTROLLER_PROBLEM_H

#include "model/arena.h"
#include "model/curve.h"
#include "model/decision.h"
#include "model/error.h"
#include "model/site.h"

struct problem_node {
    int64_t min_w, max_w; /* least and greatest cap; min_w <= max_w */
    int64_t step_w; /* settable: min_w + k x step_w, and max_w; not used if settable_w is given */
    const int64_t *settable_w; /* or NULL: the list, rising strictly, from min_w to max_w */
    uint32_t settables;
    const struct curve *curve; /* NULL: throughput in proportion to the cap */
    uint32_t weight;           /* 1 .. 1000 */
    uint32_t gang;             /* NONE_INDEX: none */
    uint8_t priority_class;
    bool fixed; /* left out: its cap is not chosen here and takes nothing of the rows */
};

struct problem {
    uint32_t rows, nodes;
    const int64_t *limit_w;          /* [rows] -LIMIT_MAX_W .. LIMIT_MAX_W */
    const struct problem_node *node; /* [nodes] */
    /* Who loads which row: of node n share[first[n]] .. share[first[n + 1] - 1], each row at most once. */
    const uint32_t *first;
    const struct row_share *share;
};

/* What was found for a node. */
struct node_answer {
    int64_t cap_w; /* 0 for a fixed node */
    enum bound_kind bound;
    uint32_t bound_row; /* BOUND_ROW, BOUND_GANG, BOUND_MINIMUM: which row; else NONE_INDEX */
};

struct solver;

/* For problems like this one: with its rows, nodes and shares (borrowed for the solver's life), gang numbers and curves
 * no longer than its own. Limits and nodes may differ from run to run. Memory from the arena. */
struct solver *solver_create(const struct problem *problem, struct arena *arena);

/* Why an objective can't be solved exactly. */
enum obstacle_kind {
    OBSTACLE_NONE,
    OBSTACLE_GANG,    /* `node` is in a gang */
    OBSTACLE_SHARES,  /* `node` loads `row` with another share than the nodes before it */
    OBSTACLE_CROSSING /* `row` and `other_row` share `node`, and neither holds the other */
};

struct obstacle {
    enum obstacle_kind kind;
    uint32_t node, row, other_row;
};

/* Whether this objective can be solved for these rows, limits and gangs; false with what stands in the way. Max-min
 * always can. Rows that can't be full whatever the nodes do stand in nobody's way. */
MUST_USE bool solver_can(const struct solver *solver, const struct problem *problem,
                         enum objective objective, struct obstacle *obstacle);

/* Fills answer[nodes] and used_w[rows] (what the caps take of each row, rounded up). */
void solver_run(struct solver *solver, const struct problem *problem, enum objective objective,
                struct node_answer answer[], int64_t used_w[]);

/* The same in steps, for who knows what changed since the run before: tell the nodes that differ, then run with all
 * limits. Identical results, whatever was told before. */
void solver_tell(struct solver *solver, uint32_t n, const struct problem_node *node);
/* False when nothing has changed since the run before: answer and used_w are then left as they are. */
bool solver_go(struct solver *solver, const int64_t limit_w[], enum objective objective,
               struct node_answer answer[], int64_t used_w[]);

/* What the last run left of each row, W x parts per 10,000: [rows], exact, negative where the least caps don't fit. */
const int64_t *solver_slack_bp(const struct solver *solver);

/* Throughput at a cap as it was measured, relative to that at the greatest cap; and that / weight. */
double problem_throughput(const struct problem_node *node, int64_t cap_w);
double problem_level(const struct problem_node *node, int64_t cap_w);

/* Whether the hardware takes this cap, and the greatest settable cap <= cap_w (>= min_w). */
bool problem_settable(const struct problem_node *node, int64_t cap_w);
int64_t problem_settable_below_w(const struct problem_node *node, int64_t cap_w);
/* The least settable cap >= cap_w (<= max_w). */
int64_t problem_settable_above_w(const struct problem_node *node, int64_t cap_w);

#endif
