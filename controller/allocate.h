/* controller/allocate.h - a cap for each controllable node: weighted max-min fairness by priority class, exact in
 * whole watts, within every row's budget.
 *
 * Class 0 is served first, then 1, ...; all nodes keep at least their least cap. Within a class the level of a node,
 *
 *     level = (cap / greatest cap) / weight,
 *
 * is raised for all together until a row is full; its members stop there, the others go on (progressive filling:
 * exact for any rows with coefficients >= 0, since a member of a full row can only gain what an equal or lower one
 * loses). The nodes of a gang stop together. Levels are integers on a grid of 2^-30, caps are rounded down to their
 * step, so sums are exact and depend on the inputs only; what rounding left is then handed out one step at a time
 * to the lowest level first, ties to the lower node number, until no step fits. Every level is then less than one
 * step below that of the exact optimum.
 *
 * A row that can't even carry the least caps keeps its members at them: never an error, never a guess.
 * Pure: no allocation after allocate_create. */
#ifndef CONTROLLER_ALLOCATE_H
#define CONTROLLER_ALLOCATE_H

#include "model/decision.h"

struct allocator {
    const struct site *site;
    const struct row_table *rows;
    int64_t *slack_bp; /* [rows] budget x SHARE_WHOLE_BP - what the caps take */
    int64_t *trial_bp; /* [rows] scratch */
    bool *full;        /* [rows] scratch */
    bool *frozen;      /* [nodes] */
    uint32_t *active;  /* [nodes] scratch: the class being filled */
    int64_t *cap_w;    /* [nodes] */
    uint32_t gangs;
    uint32_t *gang_row; /* [gangs] the row that stopped the gang, NONE_INDEX */
};

void allocate_create(struct allocator *allocator, const struct site *site,
                     const struct row_table *rows, struct arena *arena);

/* Fills decision->node[].cap_w, .bound, .bound_row and decision->row[].used_w. */
void allocate_run(struct allocator *allocator, const struct estimate *estimate,
                  struct decision *decision);

#endif
