/* controller/shed.h - whom to switch off when even the least caps don't fit.
 *
 * Deepest rows first, since what is shed there also relieves those above; within a row the highest class number
 * first (the least important), then the lowest weight, then the most watts freed, then the node number; until the
 * row's shortfall is covered. Then, from the last to the first, whoever is not needed after all stays. An order, not
 * an optimum: the least cover is a knapsack. Pure; nothing is allocated after shed_create. */
#ifndef CONTROLLER_SHED_H
#define CONTROLLER_SHED_H

#include "model/arena.h"
#include "model/rows.h"

/* What is known of a node when it may be switched off. */
struct shed_node {
    int64_t freed_w; /* what that gives back */
    uint32_t weight;
    uint8_t priority_class;
};

struct shed {
    uint32_t rows, nodes;
    /* Who loads which row, by node and by row: as in struct row_table. */
    const uint32_t *first;
    const struct row_share *share;
    const uint32_t *row_first;
    const struct row_share *row_node;
    struct shed_node *node; /* [nodes] to be filled in by the caller */
    bool *marked;           /* [nodes] */
    int64_t *short_bp;      /* [rows] */
    uint32_t *heap;         /* [nodes] */
    uint32_t *list;         /* [nodes] whom to shed, in order */
    uint32_t count;
};

/* The arrays are borrowed for the shed's life. Rows that stand earlier are nearer to the site. */
void shed_create(struct shed *shed, uint32_t rows, uint32_t nodes, const uint32_t *first,
                 const struct row_share *share, const uint32_t *row_first,
                 const struct row_share *row_node, struct arena *arena);

/* Fills list[count] from what each row is short of, W. O(members of the short rows x log). */
void shed_run(struct shed *shed, const int64_t short_w[]);

#endif
