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
    int64_t next_w; /* and what a step would bring them to */
    uint32_t shelf; /* where the others stopped: the newest, NONE_INDEX */
};

/* The load of a unit above its least caps is linear from each bend to the next. The levels of the bends stand in an
 * array of their own, which is what is searched. */
struct bend {
    wide_int fine, slope; /* at the bend, and from here on */
};

/* What a corner of a plan changes in the load of its unit. */
struct change {
    int64_t level;
    wide_int fine, slope;
};

struct unit {
    uint32_t bundle;
    uint32_t first_item, items;
    uint32_t first_bend, bends; /* at least one: the lowest level at which anything rises */
    uint32_t gang;              /* NONE_INDEX; a member's unit has one item of one node */
    uint8_t priority_class;
    enum bound_kind bound;
    uint32_t bound_row;
};

/* A unit of the class that is being solved, in what every look at a row needs of it. */
struct rising {
    uint32_t unit;
    uint32_t first_bend, bends;
    uint32_t gang;
    bool stopped;
    int64_t level; /* where it stopped */
};

struct bundle {
    uint32_t first_share, shares;
    uint32_t first, nodes; /* its places */
    uint32_t units;        /* units first .. first + units - 1, by class */
    uint32_t first_bend, bend_room;
    int64_t least_w; /* of all its nodes together */
    bool dirty;      /* must be grouped again */
};

/* Two rows with the same bundles: `row` can't be full before `other` as long as
 * slack(row) x den >= slack(other) x num, the greatest ratio of their coefficients being num / den. */
struct twin {
    uint32_t other;
    uint32_t num, den;
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
    const uint32_t *twin_first;         /* [rows + 1] */
    const struct twin *twin;

    /* The grouping. */
    struct problem_node *node; /* [nodes] as last told */
    uint32_t *node_plan;       /* [nodes] */
    struct bundle *bundle;
    uint32_t *order;     /* [nodes] by place: the bundle's nodes by class, gang, plan and number */
    uint32_t *scratch;   /* [nodes] */
    struct item *item;   /* [nodes] by place */
    struct unit *unit;   /* [nodes] by place */
    int64_t *bend_level; /* [bend_room] bundles after one another, with some room to grow */
    struct bend *bend;   /* [bend_room] */
    struct change *change, *change_scratch; /* [nodes x corners of a plan] */
    uint32_t bend_room, bends;
    bool any_dirty, gang_told;
    bool single;         /* every node an item of its own: where equals are not treated as such */
    uint8_t *gang_class; /* [gangs] of its most important member */
    uint32_t class_nodes[CLASSES];
    struct plan_slot *slot; /* [nodes] */
    uint32_t *slot_bucket;  /* [slot_buckets] */
    uint32_t slot_buckets, free_slot;

    /* The run before. */
    bool solved;
    enum objective objective;
    int64_t *limit_w; /* [rows] */

    /* The solution in the making. */
    int64_t *slack_bp;     /* [rows] what the caps so far leave, W x parts per 10,000 */
    wide_int *slack_fine;  /* [rows] the same x 2^40 while a class is filled */
    wide_int *reach_fine;  /* [rows] what those that have not stopped would take at most */
    int64_t *row_level;    /* [rows] no higher than where the row is full */
    bool *row_fresh;       /* [rows] exactly there */
    bool *row_alive;       /* [rows] it could be the next to be full: no twin is sure to be */
    struct rising *rising; /* [nodes] units of the class, by bundle */
    uint32_t risings;
    int64_t top_level;       /* nothing of the class rises beyond */
    uint32_t *bundle_rising; /* [bundles + 1] where those of a bundle begin */
    uint32_t *heap;          /* [max(rows, nodes)] */
    int64_t *gang_top;       /* [gangs] the level of its first member to be satisfied */
    uint32_t *gang_first;    /* [gangs] its units in `rising`, chained by gang_next */
    uint32_t *gang_next;     /* [nodes] */
    uint32_t *gang_raised;   /* [nodes] scratch of a gang's step: who, and from where */
    int64_t *gang_back_w;
    struct shelf *shelf; /* [nodes] */
    uint32_t shelves;
    int64_t *key_level, *key_next; /* [nodes] by place of the item: the order of the hand-out */
};

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

/* The one item of a gang's member, by its place in `rising`. */
static inline struct item *solver_member(const struct solver *s, uint32_t u)
{
    return &s->item[s->unit[s->rising[u].unit].first_item];
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

/* Gathers the class's units in `rising`, none stopped. */
void solver_gather(struct solver *s, int priority);

/* Hands out in whole steps what rounding left to the gathered class. */
void hand_out_class(struct solver *s, enum objective objective);

/* Sells the class's room by slope: item.cap_w, unit.bound, bound_row, slack_bp. */
void greedy_class(struct solver *s, int priority);
bool greedy_can(const struct solver *s, const struct problem *problem, struct obstacle *obstacle);

#endif
