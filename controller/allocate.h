/* controller/allocate.h - a cap for each controllable node, within every row's budget: the tick's way into the
 * solver of controller/problem.h, which says what is solved and how exactly. */
#ifndef CONTROLLER_ALLOCATE_H
#define CONTROLLER_ALLOCATE_H

#include "controller/node_set.h"
#include "controller/problem.h"
#include "controller/settle.h"
#include "model/site.h"

struct allocator {
    const struct site *site;
    const struct row_table *rows;
    struct solver *solver;
    int64_t *budget_w;          /* [rows] */
    int64_t *used_w;            /* [rows] */
    struct node_answer *solved; /* [nodes] */
    struct node_answer *answer; /* [nodes] with the dead band; the same array without one */
    struct settle settle;
};

void allocate_create(struct allocator *allocator, const struct site *site,
                     const struct row_table *rows, struct arena *arena);

/* Whether the site's objective can be kept whatever the budgets are; false with what stands in the way. */
MUST_USE bool allocate_can(const struct site *site, struct error *err);

/* Fills decision->node[].cap_w, .bound, .bound_row and decision->row[].used_w. Of the nodes outside of `awake` the
 * estimate has not changed since the run before; nodes whose cap has changed join it. control.objective must be one
 * that allocate_can allows. */
void allocate_run(struct allocator *allocator, const struct estimate *estimate, int64_t now_ns,
                  struct node_set *awake, struct decision *decision);

#endif
