/* A run of the solver, class by class, from limits to answers. */
#include "controller/solver.h"

#include "model/rows.h"

#include <string.h>

static void begin(struct solver *s, const int64_t limit_w[])
{
    for (uint32_t r = 0; r < s->rows; r++)
        s->slack_bp[r] = limit_w[r] * SHARE_WHOLE_BP - s->least_bp[r];
    s->shelves = 0;
}

/* Rows that the class can't overfill learn what it took. */
static void end_class(struct solver *s)
{
    for (uint32_t u = 0; u < s->risings; u++) {
        struct bundle *bundle = &s->bundle[s->rising[u].bundle];
        const struct row_share *share = &s->share[bundle->first_share];

        for (uint32_t i = 0; bundle->taken_w != 0 && i < bundle->shares; i++) {
            if (!s->row_near[share[i].row])
                s->slack_bp[share[i].row] -= (int64_t)share[i].coefficient_bp * bundle->taken_w;
        }
        bundle->taken_w = 0;
    }
}

/* What kept this node's cap from being higher, now that all is handed out. */
static struct node_answer answer_of(const struct solver *s, const struct item *item, int64_t cap_w)
{
    const struct unit *unit = &s->unit[item->unit];

    if (cap_w >= plan_top_w(solver_plan(s, item)))
        return (struct node_answer){cap_w, BOUND_DEMAND, NONE_INDEX};
    if (unit->bound == BOUND_DEMAND && unit->gang != NONE_INDEX)
        return (struct node_answer){cap_w, BOUND_GANG, NONE_INDEX};
    return (struct node_answer){cap_w, unit->bound, unit->bound_row};
}

/* The nodes that went furthest in the hand-out stand first; behind them the shelves, newest to oldest. */
static void answer_item(const struct solver *s, const struct item *item,
                        struct node_answer answer[])
{
    uint32_t shelf = item->shelf;
    struct node_answer same = answer_of(s, item, item->cap_w);

    for (uint32_t i = 0; i < item->count; i++) {
        while (shelf != NONE_INDEX && i >= s->shelf[shelf].from) {
            same = answer_of(s, item, s->shelf[shelf].cap_w);
            shelf = s->shelf[shelf].next;
        }
        answer[s->order[item->first + i]] = same;
    }
}

static void give_answers(const struct solver *s, const int64_t limit_w[],
                         struct node_answer answer[], int64_t used_w[])
{
    for (uint32_t n = 0; n < s->nodes; n++) {
        if (s->node_plan[n] == NONE_INDEX)
            answer[n] = (struct node_answer){0, BOUND_UNCONTROLLED, NONE_INDEX};
    }
    for (uint32_t b = 0; b < s->bundles; b++) {
        for (uint32_t u = s->bundle[b].first; u < s->bundle[b].first + s->bundle[b].units; u++) {
            for (uint32_t i = 0; i < s->unit[u].items; i++)
                answer_item(s, &s->item[s->unit[u].first_item + i], answer);
        }
    }
    for (uint32_t r = 0; r < s->rows; r++)
        used_w[r] = share_up_w(1, limit_w[r] * SHARE_WHOLE_BP - s->slack_bp[r]);
}

/* Whether this run is the former one again; remembers it. */
static bool as_before(struct solver *s, const int64_t limit_w[], enum objective objective)
{
    size_t size = s->rows * sizeof *limit_w;
    bool same = s->solved && !s->any_dirty && s->objective == objective &&
                memcmp(s->limit_w, limit_w, size) == 0;

    s->solved = true;
    s->objective = objective;
    if (!same)
        memcpy(s->limit_w, limit_w, size);
    return same;
}

bool solver_go(struct solver *s, const int64_t limit_w[], enum objective objective,
               struct node_answer answer[], int64_t used_w[])
{
    if (as_before(s, limit_w, objective))
        return false;
    solver_regroup(s, objective);
    begin(s, limit_w);
    for (int priority = 0; priority < CLASSES; priority++) {
        if (s->class_nodes[priority] == 0)
            continue;
        if (objective == OBJECTIVE_MAX_MIN)
            fill_class(s, priority);
        else
            greedy_class(s, priority);
        hand_out_class(s, objective);
        end_class(s);
    }
    give_answers(s, limit_w, answer, used_w);
    return true;
}

void solver_run(struct solver *s, const struct problem *p, enum objective objective,
                struct node_answer answer[], int64_t used_w[])
{
    for (uint32_t n = 0; n < p->nodes; n++)
        solver_tell(s, n, &p->node[n]);
    s->solved = false; /* these answers may be another's */
    solver_go(s, p->limit_w, objective, answer, used_w);
}

bool solver_can(const struct solver *s, const struct problem *p, enum objective objective,
                struct obstacle *obstacle)
{
    return objective == OBJECTIVE_MAX_MIN || greedy_can(s, p, obstacle);
}

const int64_t *solver_slack_bp(const struct solver *s) { return s->slack_bp; }
