#include "controller/allocate.h"

#include <string.h>

/* A node as the solver sees it: what the site file says, in the range that its hardware takes now. */
static struct problem_node node_of(const struct site *site, uint32_t n,
                                   const struct node_estimate *node)
{
    const struct node_table *nodes = &site->nodes;

    if (!node->controllable)
        return (struct problem_node){.fixed = true, .gang = NONE_INDEX};
    return (struct problem_node){.min_w = node->cap_min_w,
                                 .max_w = node->cap_max_w,
                                 .step_w = nodes->cap_step_w[n],
                                 .curve = nodes->curve == NULL ? NULL : nodes->curve[n],
                                 .weight = nodes->weight[n],
                                 .gang = nodes->gang[n],
                                 .priority_class = nodes->priority_class[n]};
}

/* Every node free in its site-file range: what curves and gangs there may ever be. */
static struct problem whole_problem(const struct site *site, const struct row_table *rows,
                                    struct arena *arena)
{
    struct problem_node *node = arena_array(arena, site->nodes.count, struct problem_node);

    for (uint32_t n = 0; n < site->nodes.count; n++) {
        struct node_estimate free = {.controllable = site->nodes.cappable[n],
                                     .cap_min_w = site->nodes.cap_min_w[n],
                                     .cap_max_w = site->nodes.cap_max_w[n]};

        node[n] = node_of(site, n, &free);
    }
    return (struct problem){.rows = rows->count,
                            .nodes = site->nodes.count,
                            .node = node,
                            .first = rows->first,
                            .share = rows->share};
}

void allocate_create(struct allocator *a, const struct site *site, const struct row_table *rows,
                     struct arena *arena)
{
    uint32_t count = site->nodes.count;
    struct problem problem = whole_problem(site, rows, arena);

    *a = (struct allocator){.site = site, .rows = rows};
    a->solver = solver_create(&problem, arena);
    a->budget_w = arena_array(arena, rows->count, int64_t);
    a->used_w = arena_array(arena, rows->count, int64_t);
    a->solved = arena_array(arena, count, struct node_answer);
    settle_create(&a->settle, site, rows, arena);
    a->answer =
        settle_wanted(&a->settle) ? arena_array(arena, count, struct node_answer) : a->solved;
}

static bool refuse(const struct site *site, const struct row_table *rows,
                   const struct obstacle *obstacle, struct error *err)
{
    const char *node = site->nodes.name[obstacle->node];
    char row[128] = "";
    char other[128] = "";

    if (obstacle->row != NONE_INDEX)
        row_name(rows, site, obstacle->row, row, sizeof row);
    if (obstacle->other_row != NONE_INDEX)
        row_name(rows, site, obstacle->other_row, other, sizeof other);
    switch (obstacle->kind) {
    case OBSTACLE_GANG:
        return failure(err, ERR_CONFLICT, "control.objective",
                       "no gangs, or objective = \"max-min\"", "node \"%s\" is in a gang", node);
    case OBSTACLE_SHARES:
        return failure(err, ERR_CONFLICT, "control.objective",
                       "branches that all their nodes load alike, or objective = \"max-min\"",
                       "node \"%s\" loads \"%s\" with another share than others do", node, row);
    default:
        return failure(err, ERR_CONFLICT, "control.objective",
                       "one feed, where branches nest, or objective = \"max-min\"",
                       "\"%s\" and \"%s\" cross at node \"%s\": that is a linear program", row,
                       other, node);
    }
}

bool allocate_can(const struct site *site, struct error *err)
{
    struct arena arena = {0};
    struct row_table rows = {0};
    struct problem problem = {0};
    struct obstacle obstacle = {0};
    int64_t *limit_w = NULL;
    bool can = false;

    if (site->control.objective == OBJECTIVE_MAX_MIN)
        return true;
    rows_build(&rows, site, &arena);
    problem = whole_problem(site, &rows, &arena);
    limit_w = arena_array(&arena, rows.count, int64_t);
    for (uint32_t r = 0; r < rows.count; r++)
        limit_w[r] = -LIMIT_MAX_W; /* any row may be full one day */
    problem.limit_w = limit_w;
    can = solver_can(solver_create(&problem, &arena), &problem, site->control.objective, &obstacle);
    if (!can)
        refuse(site, &rows, &obstacle, err);
    arena_free(&arena);
    return can;
}

/* Nodes that nobody can set count at what they may hold. */
static void state_node(const struct node_estimate *node, const struct node_answer *answer,
                       struct node_decision *decision)
{
    decision->cap_w = node->controllable ? answer->cap_w : node->bound_w - node->remainder_w;
    decision->bound = answer->bound;
    decision->bound_row = answer->bound_row;
}

static void note_changes(const struct allocator *a, const struct estimate *estimate,
                         const struct decision *decision, struct node_set *awake)
{
    for (uint32_t n = 0; n < awake->nodes; n++) {
        const struct node_decision *before = &decision->node[n];

        if (estimate->node[n].controllable &&
            (before->cap_w != a->answer[n].cap_w || before->bound != a->answer[n].bound ||
             before->bound_row != a->answer[n].bound_row))
            node_set_add(awake, n);
    }
}

void allocate_run(struct allocator *a, const struct estimate *estimate, int64_t now_ns,
                  struct node_set *awake, struct decision *decision)
{
    uint32_t rows = a->rows->count;
    bool changed = false;

    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1)) {
        struct problem_node node = node_of(a->site, n, &estimate->node[n]);

        solver_tell(a->solver, n, &node);
    }
    for (uint32_t r = 0; r < rows; r++)
        a->budget_w[r] = decision->row[r].budget_w;
    changed = solver_go(a->solver, a->budget_w, a->site->control.objective, a->solved, a->used_w);
    if (settle_wanted(&a->settle) && (changed || a->settle.waiting)) {
        memcpy(a->answer, a->solved, awake->nodes * sizeof *a->answer);
        settle_run(&a->settle, estimate, solver_slack_bp(a->solver), now_ns, a->answer);
        changed = true;
    }
    if (changed)
        note_changes(a, estimate, decision, awake);
    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1))
        state_node(&estimate->node[n], &a->answer[n], &decision->node[n]);
    for (uint32_t r = 0; r < rows; r++)
        decision->row[r].used_w =
            settle_wanted(&a->settle)
                ? share_up_w(1, a->budget_w[r] * SHARE_WHOLE_BP - a->settle.slack_bp[r])
                : a->used_w[r];
}
