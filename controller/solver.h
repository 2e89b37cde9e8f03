/* controller/solver.h - inside the solver of controller/problem.h: how the nodes are grouped, and what its parts share.
 *
 *     bundle   nodes that load the same rows with the same coefficients (a rack's, say)
 *     unit     of a bundle the nodes of one class, which rise and stop together; a gang's node is a unit by itself
 *     item     of a unit the nodes that are planned alike: they get the same cap, but for the last steps
 *
 * A bundle of k nodes owns k places for its units, items and ordered nodes, so regrouping one bundle moves no other
 * and needs no memory. solver.c groups, fill.c levels, greedy.c sells throughput, hand_out.c rounds. */
#ifndef CONTROLLER_SOLVER_H
#define CONTROLLER_SOLVER_H

#include "controller/plan.h"

enum { CLASSES = 256 };

struct item {
    uint32_t first; /* in solver.order: its nodes, by number */
    uint32_t count;
    uint32_t plan;
    uint32_t unit;
    uint32_t going; /* its first nodes, which still take part in the hand-out */
    int64_t cap_w;  /* theirs */
    uint32_t shelf; /* where the others stopped: the newest, NONE_INDEX */
};

struct unit {
    uint32_t bundle;
    uint32_t first_item, items;
    uint32_t gang; /* NONE_INDEX; a member's unit has one item of one node */
    uint8_t priority_class;
    /* While its class is solved: */
    bool frozen;
    enum bound_kind bound;
    uint32_t bound_row;
    int64_t level; /* where it stopped */
};

struct bundle {
    uint32_t first_share, shares;
    uint32_t first, nodes; /* its places */
    uint32_t units;        /* units first .. first + units - 1, by class */
    int64_t least_w;       /* of all its nodes together */
    bool dirty;            /* must be grouped again */
};

/* Nodes of an item, from place `from` to the next older shelf's, that ended at cap_w. */
struct shelf {
    uint32_t from;
    int64_t cap_w;
    uint32_t next; /* older, further back */
};

struct plan_slot {
    struct plan plan;
    struct plan_corner *corner; /* its own room */
    struct problem_node node;   /* what it was made for */
    uint32_t users;
    uint32_t next; /* in its hash bucket, or in the list of free slots */
};

struct solver {
    uint32_t rows, nodes, bundles, gangs;

    /* Fixed for life. */
    const struct row_share *share;      /* the caller's; a bundle uses those of its first node */
    const uint32_t *node_bundle;        /* [nodes] */
    const uint32_t *row_first;          /* [rows + 1] */
    const struct row_share *row_bundle; /* .row is the bundle */

    /* The grouping. */
    struct problem_node *node; /* [nodes] as last told */
    uint32_t *node_plan;       /* [nodes] */
    struct bundle *bundle;
    uint32_t *order;   /* [nodes] by place: the bundle's nodes by class, gang, plan and number */
    uint32_t *scratch; /* [nodes] */
    struct item *item; /* [nodes] by place */
    struct unit *unit; /* [nodes] by place */
    bool any_dirty, gang_told;
    bool single;         /* every node an item of its own: where equals are not treated as such */
    uint8_t *gang_class; /* [gangs] of its most important member */
    uint32_t class_nodes[CLASSES];
    struct plan_slot *slot; /* [nodes] */
    uint32_t *slot_bucket;  /* [slot_buckets] */
    uint32_t slot_buckets, free_slot;

    /* The solution in the making. */
    int64_t *slack_bp;    /* [rows] what the caps so far leave, W x parts per 10,000 */
    wide_int *slack_fine; /* [rows] the same x 2^40 while a class is filled */
    wide_int *reach_fine; /* [rows] what the class would take at most */
    int64_t *row_level;   /* [rows] no higher than where the row is full */
    bool *row_fresh;      /* [rows] exactly there */
    uint32_t *active;     /* [nodes] units of the class */
    uint32_t actives;
    uint32_t *heap;        /* [max(rows, nodes)] */
    int64_t *gang_top;     /* [gangs] the level of its first member to be satisfied */
    uint32_t *gang_first;  /* [gangs] its units of this class, chained by gang_next */
    uint32_t *gang_next;   /* [nodes] by place of the unit */
    uint32_t *gang_raised; /* [nodes] scratch of a gang's step */
    struct shelf *shelf;   /* [nodes] */
    uint32_t shelves;
    int64_t *key_level, *key_next; /* [nodes] by place of the item: the order of the hand-out */
};

/* The units of a bundle that belong to a class: first place, and how many. */
static inline uint32_t solver_units(const struct solver *s, uint32_t b, int priority,
                                    uint32_t *first)
{
    const struct bundle *bundle = &s->bundle[b];
    uint32_t count = 0;
    uint32_t at = bundle->first;

    while (at < bundle->first + bundle->units && s->unit[at].priority_class < priority)
        at++;
    *first = at;
    while (at + count < bundle->first + bundle->units &&
           s->unit[at + count].priority_class == priority)
        count++;
    return count;
}

static inline const struct plan *solver_plan(const struct solver *s, const struct item *item)
{
    return &s->slot[item->plan].plan;
}

/* The node that stands for all of an item. */
static inline const struct problem_node *solver_node(const struct solver *s,
                                                     const struct item *item)
{
    return &s->slot[item->plan].node;
}

/* Takes watts of every row of a bundle. */
static inline void solver_take(struct solver *s, const struct bundle *bundle, int64_t watts)
{
    const struct row_share *share = &s->share[bundle->first_share];

    for (uint32_t i = 0; i < bundle->shares; i++)
        s->slack_bp[share[i].row] -= (int64_t)share[i].coefficient_bp * watts;
}

/* Brings a class to its max-min levels: unit.level, bound and bound_row, item.cap_w rounded down, slack_bp. */
void fill_class(struct solver *s, int priority);

/* Gathers the class's units in `active`, none stopped. */
void solver_gather(struct solver *s, int priority);

/* Hands out in whole steps what rounding left to the gathered class. */
void hand_out_class(struct solver *s, enum objective objective);

/* Sells the class's room by slope: item.cap_w, unit.bound, bound_row, slack_bp. */
void greedy_class(struct solver *s, int priority);
bool greedy_can(const struct solver *s, const struct problem *problem, struct error *err);

#endif
