/* controller/solver.h - inside the solver of controller/problem.h: how the nodes are grouped, and what its parts share.
 *
 *     bundle   nodes that load the same rows with the same coefficients (a rack's, say)
 *     unit     of a bundle the nodes of one class, which rise and stop together; a gang's node is a unit by itself
 *     item     of a unit the nodes that are planned alike: they get the same cap, but for the last steps
 *
 * A bundle of k nodes owns k places for its units, items and ordered nodes, so regrouping one bundle moves no other
 * and needs no memory. solver_create.c finds the bundles, group.c the rest, gather.c what a class could overfill; fill.c
 * levels, greedy.c sells throughput, hand_out.c gives out what rounding left; solver.c runs them. */
#ifndef CONTROLLER_SOLVER_H
#define CONTROLLER_SOLVER_H

#include "controller/plan.h"

enum { CLASSES = 256 };

/* What an item adds to the load of its unit. */
struct portion {
    uint32_t plan;
    uint32_t nodes;
};

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

struct unit {
    uint32_t bundle;
    uint32_t first_item, items;
    uint32_t gang;     /* NONE_INDEX; a member's unit has one item of one node */
    int64_t most_w;    /* from its least caps to the tops of its plans */
    int64_t top_level; /* of its plans, the highest */
    uint8_t priority_class;
    enum bound_kind bound;
    uint32_t bound_row;
};

/* Fine watts above the least caps, and how fast they rise with the level. */
struct load {
    wide_int fine, slope;
};

/* A unit of the class that is being solved, in what every look at a row needs of it. Its load is linear between the
 * corners of its plans: the stretch that was looked at last is kept, since the next look is mostly near it. */
struct rising {
    int64_t low, high; /* the stretch: low <= level < high */
    struct load load;  /* at its low end */
    wide_int end_fine; /* at the end of the window */
    uint32_t unit, bundle;
    uint32_t gang;
    bool stopped;
    int64_t level; /* where it stopped */
};

/* A row while a class is filled. */
struct row_state {
    wide_int
        slack_fine; /* what is left of it, less what those that have stopped took: W x bp x 2^40 */
    wide_int end_fine;   /* what those that have not would take of it at the end of the window */
    wide_int start_fine; /* and at its start, but for those that stopped in it */
    int64_t level;       /* no higher than where it is full */
    bool fresh;          /* exactly there */
};

struct bundle {
    uint32_t first_share, shares;
    uint32_t first, nodes; /* its places */
    uint32_t units;        /* units first .. first + units - 1, by class */
    int64_t least_w;       /* of all its nodes together */
    int64_t
        taken_w; /* above that, what the class that is being solved took and only its near rows know of */
    bool dirty; /* must be grouped again */
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

/* A piece of a plan: between two levels its load is linear. */
struct stretch {
    int64_t low, high; /* low <= level < high */
    wide_int fine;     /* as if the line went on to level 0 */
    int64_t slope;
};

/* Whose turn it is in the hand-out: by level now, then by level after the step, then by number. */
struct place {
    int64_t level, next;
    uint32_t number; /* of its first node */
    uint32_t item;
};

struct plan_slot {
    struct plan plan;
    uint64_t stamp; /* the unit that it was last part of while that was made, and as which item */
    uint32_t item;
    int64_t looked_up; /* the level of the last look, which is mostly the next one's too */
    struct stretch stretch;
    struct plan_corner *corner; /* its own room */
    struct problem_node node;   /* what it was made for */
    uint32_t users;
    uint32_t next; /* in its hash bucket, or in the list of free slots */
};

struct solver {
    uint32_t rows, nodes, bundles, gangs;

    /* Fixed for life. */
    const struct row_share *share;      /* of all bundles, one after the other */
    const uint32_t *node_bundle;        /* [nodes] */
    const uint32_t *row_first;          /* [rows + 1] */
    const struct row_share *row_bundle; /* .row is the bundle */
    const uint32_t *twin_first;         /* [rows + 1] */
    const struct twin *twin;

    /* The grouping. */
    struct problem_node *node; /* [nodes] as last told */
    uint32_t *node_plan;       /* [nodes] */
    struct bundle *bundle;
    uint32_t *order;   /* [nodes] by place: the bundle's nodes by class, gang, plan and number */
    uint32_t *member;  /* [nodes] by place: the bundle's nodes by number */
    uint32_t *sorted;  /* [nodes] scratch: of one bundle, by class */
    uint32_t *item_of; /* [nodes] scratch: theirs */
    uint64_t stamp;    /* of the unit that is being made */
    struct item *item; /* [nodes] by place */
    struct portion *portion; /* [nodes] of each item: all that filling wants to know of it */
    struct unit *unit;       /* [nodes] by place */
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

    int64_t *least_bp; /* [rows] what the least caps take, W x parts per 10,000 */
    /* The solution in the making. */
    int64_t *slack_bp;     /* [rows] what the caps so far leave, W x parts per 10,000 */
    struct row_state *row; /* [rows] while a class is filled */
    double *row_most_bp;   /* [rows] what the class would take at most, about */
    int64_t *row_full;     /* [rows] the level at which it was full, the last time it was */
    bool *row_near; /* [rows] the class could overfill it, and no twin is sure to be full before */
    uint32_t *candidate; /* [rows] of those the ones that bear the least caps */
    uint32_t candidates;
    struct row_share *near; /* of each bundle with something rising, its shares in candidates */
    uint32_t *near_first;   /* [bundles + 1] */
    uint32_t *active;       /* [nodes] the units that have not stopped and load a candidate */
    uint32_t actives;
    struct rising *rising; /* [nodes] units of the class, by bundle */
    uint32_t risings;
    int64_t end_level;       /* of the window of levels that is being filled */
    uint32_t *bundle_rising; /* [bundles + 1] where those of a bundle begin */
    uint32_t *heap;          /* [max(rows, nodes)] */
    int64_t *gang_top;       /* [gangs] the level of its first member to be satisfied */
    uint32_t *gang_first;    /* [gangs] its units in `rising`, chained by gang_next */
    uint32_t *gang_next;     /* [nodes] */
    uint32_t *gang_raised;   /* [nodes] scratch of a gang's step: who, and from where */
    int64_t *gang_back_w;
    struct shelf *shelf; /* [nodes] */
    uint32_t shelves;
    struct place *place, *place_scratch; /* [nodes] who may have a step, in order */
    uint32_t *piece; /* [nodes] by place of the item: of its plan, while throughput is sold */
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

/* Takes watts of the rows of a bundle that the class could overfill; the others can do without knowing until it is
 * solved. */
static inline void solver_take(struct solver *s, uint32_t b, int64_t watts)
{
    s->bundle[b].taken_w += watts;
    for (uint32_t i = s->near_first[b]; i < s->near_first[b + 1]; i++)
        s->slack_bp[s->near[i].row] -= (int64_t)s->near[i].coefficient_bp * watts;
}

/* A product of what is not negative: half the work of one that could be. */
static inline wide_int times(wide_int a, int64_t b)
{
    return (wide_int)((wide_uint)a * (uint64_t)b);
}

static inline uint64_t solver_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* Brings the grouping up to date with what was told. */
void solver_regroup(struct solver *s, enum objective objective);

/* Brings a class to its max-min levels: unit.level, bound and bound_row, item.cap_w rounded down, slack_bp. */
void fill_class(struct solver *s, int priority);

/* Gathers the class's units in `rising`, none stopped, and finds the rows that they could overfill. */
void solver_gather(struct solver *s, int priority);

/* Hands out in whole steps what rounding left to the gathered class. */
void hand_out_class(struct solver *s, enum objective objective);

/* Sells the class's room by slope: item.cap_w, unit.bound, bound_row, slack_bp. */
void greedy_class(struct solver *s, int priority);
bool greedy_can(const struct solver *s, const struct problem *problem, struct obstacle *obstacle);

#endif
