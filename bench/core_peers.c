/* The same problem, given to general solvers. What they do is what anyone would do with them: class by class maximize
 * the level L of all nodes that are not settled,
 *
 *     maximize L  subject to  every row,  cap(n) >= corner + slope x (L - corner level)  for each piece of n's curve
 *
 * settle the nodes whose piece has a price (they can't have more in any optimum) or whose curve ends at L, and go on
 * from the basis where the solver stood. Each size doubles the one before, as long as the time reaches. */
#include "bench/core.h"
#include "bench/lp.h"

#include "controller/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SMALLEST = 40, LARGEST = 102400, OURS_ROUNDS = 15, CORNERS_MAX = 2 * CURVE_POINTS_MAX + 2 };

#define PRICE_LEAST 1e-9
#define LEVEL_NEAR 1e-9

struct piece {
    double cap, level, slope; /* in parts of the node's greatest cap */
};

struct peer {
    const struct problem *problem;
    const struct lp_solver *solver;
    void *lp;
    double *top;   /* [nodes] the level at which its curve ends */
    double *least; /* [nodes] */
    double *most;  /* [nodes] top of its plan */
    bool *settled; /* [nodes] */
    struct piece *piece;
    int *first_piece; /* [nodes + 1] */
    int lps;
    double first_lp_s;
};

static void *take(size_t count, size_t size)
{
    void *room = calloc(count > 0 ? count : 1, size);

    if (room == NULL)
        exit(1);
    return room;
}

static void plan_pieces(struct peer *peer)
{
    const struct problem *p = peer->problem;
    int pieces = 0;

    peer->piece = take((size_t)p->nodes * 20, sizeof *peer->piece);
    for (uint32_t n = 0; n < p->nodes; n++) {
        struct plan_corner corner[CORNERS_MAX];
        struct plan plan = plan_make(&p->node[n], corner);
        double whole = (double)p->node[n].max_w;

        peer->least[n] = (double)p->node[n].min_w / whole;
        peer->most[n] = (double)plan_top_w(&plan) / whole;
        peer->top[n] = (double)plan_top_level(&plan) / (double)LEVEL_ONE;
        for (uint32_t k = 0; k + 1 < plan.corners; k++)
            peer->piece[pieces++] = (struct piece){
                (double)corner[k].cap_w / whole, (double)corner[k].level / (double)LEVEL_ONE,
                (double)(corner[k + 1].cap_w - corner[k].cap_w) / whole * (double)LEVEL_ONE /
                    (double)(corner[k + 1].level - corner[k].level)};
        peer->first_piece[n + 1] = pieces;
    }
}

/* First the problem's rows, each in parts of its limit, then the pieces. */
static void *pose(struct peer *peer)
{
    const struct problem *p = peer->problem;
    int pieces = peer->first_piece[p->nodes];
    int rows = (int)p->rows + pieces;
    int *first = take((size_t)rows + 2, sizeof *first);
    int *column = take(p->first[p->nodes] + (size_t)pieces * 2, sizeof *column);
    double *value = take(p->first[p->nodes] + (size_t)pieces * 2, sizeof *value);
    struct lp_matrix matrix = {(int)p->nodes + 1, rows, first, column, value};
    void *lp = NULL;

    for (uint32_t i = 0; i < p->first[p->nodes]; i++)
        first[p->share[i].row + 2]++;
    for (int r = 0; r < pieces; r++)
        first[(int)p->rows + r + 2] = 2;
    for (int r = 0; r <= rows; r++)
        first[r + 1] += first[r];
    for (uint32_t n = 0; n < p->nodes; n++) {
        for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++) {
            uint32_t r = p->share[i].row;
            int at = first[r + 1]++;

            column[at] = (int)n;
            value[at] =
                p->share[i].coefficient_bp / 1e4 * (double)p->node[n].max_w / (double)p->limit_w[r];
        }
        for (int k = peer->first_piece[n]; k < peer->first_piece[n + 1]; k++) {
            int at = first[(int)p->rows + k + 1];

            column[at] = (int)n;
            value[at] = 1;
            column[at + 1] = (int)p->nodes;
            value[at + 1] = -peer->piece[k].slope;
            first[(int)p->rows + k + 1] += 2;
        }
    }
    lp = peer->solver->open(&matrix);
    for (int r = 0; r < (int)p->rows; r++)
        peer->solver->at_most(lp, r, 1);
    free(first);
    free(column);
    free(value);
    return lp;
}

static void settle(struct peer *peer, uint32_t n, double cap)
{
    peer->settled[n] = true;
    peer->solver->bound_column(peer->lp, (int)n, cap, cap);
    for (int k = peer->first_piece[n]; k < peer->first_piece[n + 1]; k++)
        peer->solver->release(peer->lp, (int)peer->problem->rows + k);
}

/* The nodes of a class may rise; returns how many there are. */
static uint32_t begin_class(struct peer *peer, int class)
{
    const struct problem *p = peer->problem;
    uint32_t count = 0;

    for (uint32_t n = 0; n < p->nodes; n++) {
        peer->settled[n] = p->node[n].priority_class != class;
        if (peer->settled[n])
            continue;
        count++;
        peer->solver->bound_column(peer->lp, (int)n, peer->least[n], peer->most[n]);
        for (int k = peer->first_piece[n]; k < peer->first_piece[n + 1]; k++)
            peer->solver->at_least(peer->lp, (int)p->rows + k,
                                   peer->piece[k].cap -
                                       peer->piece[k].slope * peer->piece[k].level);
    }
    return count;
}

static double lowest_top(const struct peer *peer)
{
    double lowest = INFINITY;

    for (uint32_t n = 0; n < peer->problem->nodes; n++) {
        if (!peer->settled[n])
            lowest = fmin(lowest, peer->top[n]);
    }
    return lowest;
}

static double price_of(const struct peer *peer, uint32_t n)
{
    double price = 0;

    for (int k = peer->first_piece[n]; k < peer->first_piece[n + 1]; k++)
        price += fabs(peer->solver->price(peer->lp, (int)peer->problem->rows + k));
    return price;
}

/* Settles who can't rise beyond the level just found; at least one. */
static uint32_t settle_bound(struct peer *peer)
{
    uint32_t nodes = peer->problem->nodes;
    double level = peer->solver->column(peer->lp, (int)nodes);
    double *cap = take(nodes, sizeof *cap);
    double *price = take(nodes, sizeof *price);
    uint32_t dearest = NONE_INDEX;
    uint32_t count = 0;

    for (uint32_t n = 0; n < nodes; n++) { /* all is asked before anything is changed */
        if (peer->settled[n])
            continue;
        cap[n] = peer->solver->column(peer->lp, (int)n);
        price[n] = peer->top[n] <= level + LEVEL_NEAR ? HUGE_VAL : price_of(peer, n);
        if (dearest == NONE_INDEX || price[n] > price[dearest])
            dearest = n;
    }
    for (uint32_t n = 0; n < nodes; n++) {
        if (!peer->settled[n] && (price[n] > PRICE_LEAST || n == dearest)) {
            settle(peer, n, cap[n]);
            count++;
        }
    }
    free(cap);
    free(price);
    return count;
}

static bool solve_class(struct peer *peer, uint32_t left, double until_s)
{
    while (left > 0) {
        double start_s = core_spent_s();
        double left_s = until_s - core_now_s();

        peer->solver->bound_column(peer->lp, (int)peer->problem->nodes, 0, lowest_top(peer));
        if (left_s <= 0 || !peer->solver->solve(peer->lp, left_s))
            return false;
        if (peer->lps++ == 0)
            peer->first_lp_s = core_spent_s() - start_s;
        left -= settle_bound(peer);
    }
    return true;
}

/* Seconds that it takes, or a negative number: it did not finish within `limit_s`. */
static double solve_by(const struct lp_solver *solver, const struct problem *p, double limit_s,
                       struct peer *peer)
{
    double until_s = core_now_s() + limit_s;
    double start_s = core_spent_s();
    bool done = true;

    *peer = (struct peer){.problem = p, .solver = solver};
    peer->top = take(p->nodes, sizeof *peer->top);
    peer->least = take(p->nodes, sizeof *peer->least);
    peer->most = take(p->nodes, sizeof *peer->most);
    peer->settled = take(p->nodes, sizeof *peer->settled);
    peer->first_piece = take(p->nodes + 1, sizeof *peer->first_piece);
    plan_pieces(peer);
    peer->lp = pose(peer);
    for (uint32_t n = 0; n < p->nodes; n++)
        settle(peer, n, peer->least[n]);
    for (int class = 0; class < 3 && done; class ++)
        done = solve_class(peer, begin_class(peer, class), until_s);
    return done ? core_spent_s() - start_s : -1;
}

static void dismiss(struct peer *peer)
{
    peer->solver->close(peer->lp);
    free(peer->top);
    free(peer->least);
    free(peer->most);
    free(peer->settled);
    free(peer->piece);
    free(peer->first_piece);
}

/* Nodes of class 0 that are a step or more below what the peer gave them: 0, if both are right. */
static uint32_t disagreements(const struct peer *peer, const struct node_answer answer[])
{
    const struct problem *p = peer->problem;
    uint32_t count = 0;

    for (uint32_t n = 0; n < p->nodes; n++) {
        double theirs_w = peer->solver->column(peer->lp, (int)n) * (double)p->node[n].max_w;
        const struct problem_node *node = &p->node[n];
        int64_t worth_w = problem_settable_below_w(node, (int64_t)(theirs_w - 1));

        if (node->priority_class == 0 && answer[n].cap_w < worth_w &&
            problem_level(node, answer[n].cap_w) < problem_level(node, worth_w))
            count++;
    }
    return count;
}

/* Ours: everything new each time, as in the first row of the table. */
static double ours_s(uint32_t nodes, struct node_answer answer[])
{
    struct core_problem two[2];
    struct arena arena = {0};
    struct solver *solver = NULL;
    int64_t *used_w = NULL;
    double took_s[OURS_ROUNDS];

    for (int i = 0; i < 2; i++)
        core_problem_make(&two[i], nodes, (uint64_t)i, CURVES_BY_KIND);
    solver = solver_create(&two[0].problem, &arena);
    used_w = arena_array(&arena, two[0].problem.rows, int64_t);
    for (int i = 0; i < OURS_ROUNDS; i++) {
        double start_s = core_spent_s();

        solver_run(solver, &two[i % 2].problem, OBJECTIVE_MAX_MIN, answer, used_w);
        took_s[i] = core_spent_s() - start_s;
    }
    arena_free(&arena);
    core_problem_free(&two[0]);
    core_problem_free(&two[1]);
    return core_quantile(took_s, OURS_ROUNDS, .5);
}

static void compare(const struct core_options *options, const struct lp_solver *solver)
{
    uint32_t largest = 0;
    double theirs_s = 0;
    double first_lp_s = 0;
    int lps = 0;
    uint32_t wrong = 0;
    double own_s = 0;
    char name[64];
    char what[96];

    for (uint32_t nodes = SMALLEST; nodes <= LARGEST; nodes *= 2) {
        struct core_problem big;
        struct peer peer;
        struct node_answer *answer = take(nodes, sizeof *answer);
        double took_s = 0;

        core_problem_make(&big, nodes, 0, CURVES_BY_KIND);
        took_s = solve_by(solver, &big.problem, options->peer_s, &peer);
        if (took_s > 0) {
            largest = nodes;
            theirs_s = took_s;
            first_lp_s = peer.first_lp_s;
            lps = peer.lps;
            own_s = ours_s(nodes, answer);
            wrong = disagreements(&peer, answer);
        }
        dismiss(&peer);
        free(answer);
        core_problem_free(&big);
        if (took_s < 0)
            break;
    }
    snprintf(name, sizeof name, "times_faster_than_%s", solver->name);
    if (largest == 0) {
        core_skip(options, name, solver->name, "it finishes no size in the time");
        return;
    }
    snprintf(what, sizeof what, "%s, %u nodes in %.3g s", solver->name, largest, theirs_s);
    core_print(options, &(struct core_row){name, what, theirs_s / own_s, "x", AIM_AT_LEAST, 1000});
    core_say(options,
             "    %d linear programs, the first alone %.0f x; %u of class 0 differ by a step", lps,
             first_lp_s / own_s, wrong);
}

void core_peers(const struct core_options *options)
{
    if (lp_solvers[0] == NULL)
        core_skip(options, "times_faster_than_peers", "GLPK and Clp",
                  "neither is installed (./dev setup bench)");
    for (size_t i = 0; lp_solvers[i] != NULL; i++)
        compare(options, lp_solvers[i]);
}
