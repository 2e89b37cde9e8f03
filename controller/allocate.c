#include "controller/allocate.h"

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

void allocate_create(struct allocator *a, const struct site *site, const struct row_table *rows,
                     struct arena *arena)
{
    uint32_t count = site->nodes.count;
    struct problem_node *node = arena_array(arena, count, struct problem_node);
    struct problem problem = {.rows = rows->count,
                              .nodes = count,
                              .node = node,
                              .first = rows->first,
                              .share = rows->share};

    for (uint32_t n = 0; n < count; n++) {
        node[n].gang = site->nodes.gang[n];
        node[n].curve = site->nodes.curve == NULL ? NULL : site->nodes.curve[n];
    }
    *a = (struct allocator){.site = site, .rows = rows};
    a->solver = solver_create(&problem, arena);
    a->budget_w = arena_array(arena, rows->count, int64_t);
    a->used_w = arena_array(arena, rows->count, int64_t);
    a->answer = arena_array(arena, count, struct node_answer);
}

/* Nodes that nobody can set count at what they may hold. */
static void state_node(const struct node_estimate *node, const struct node_answer *answer,
                       struct node_decision *decision)
{
    decision->cap_w = node->controllable ? answer->cap_w : node->bound_w - node->remainder_w;
    decision->bound = answer->bound;
    decision->bound_row = answer->bound_row;
}

void allocate_run(struct allocator *a, const struct estimate *estimate, struct node_set *awake,
                  struct decision *decision)
{
    uint32_t rows = a->rows->count;

    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1)) {
        struct problem_node node = node_of(a->site, n, &estimate->node[n]);

        solver_tell(a->solver, n, &node);
    }
    for (uint32_t r = 0; r < rows; r++)
        a->budget_w[r] = decision->row[r].budget_w;
    if (solver_go(a->solver, a->budget_w, OBJECTIVE_MAX_MIN, a->answer, a->used_w)) {
        for (uint32_t n = 0; n < awake->nodes; n++) {
            const struct node_decision *before = &decision->node[n];

            if (estimate->node[n].controllable &&
                (before->cap_w != a->answer[n].cap_w || before->bound != a->answer[n].bound ||
                 before->bound_row != a->answer[n].bound_row))
                node_set_add(awake, n);
        }
    }
    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1))
        state_node(&estimate->node[n], &a->answer[n], &decision->node[n]);
    for (uint32_t r = 0; r < rows; r++)
        decision->row[r].used_w = a->used_w[r];
}
