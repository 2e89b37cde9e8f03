/* model/supply_tree.h - how power reaches the nodes: site -> feeder -> PDU -> rack -> node.
 *
 * Stored flat and breadth-first, structure of arrays: parent[b] < b, the children of a branch are contiguous,
 * the site is branch 0, so a pass over the whole tree is a linear read. Read-only after loading; any thread
 * may read it. All arrays belong to the site's arena. */
#ifndef MODEL_SUPPLY_TREE_H
#define MODEL_SUPPLY_TREE_H

#include "model/base.h"
#include "model/trip.h"

enum { PHASES = 3, HANGS_MAX = 2, FEEDS_MAX = 8 };

/* A row's channel: the total of a branch, or one of its phases. */
enum channel { CHANNEL_TOTAL, CHANNEL_L1, CHANNEL_L2, CHANNEL_L3, CHANNEL_COUNT };

enum rating_kind {
    RATING_NONE, /* nothing to protect here: the branch is only a place */
    RATING_W,
    RATING_VA,
    RATING_A /* per phase, at the measured voltage and power factor; worst case when they are missing */
};

struct rating {
    enum rating_kind kind;
    double value; /* W, VA, or A per phase */
};

struct supply_tree {
    uint32_t branches;
    const uint32_t *parent;      /* [branches]; parent[0] is NONE_INDEX */
    const uint32_t *first_child; /* [branches] */
    const uint32_t *children;    /* [branches], how many */
    const char *const *name;     /* [branches] */
    const char *const *level; /* [branches] "site", "feeder", "pdu", "rack": a label for people */
    const struct rating *rating;
    const struct trip_curve *const *trip; /* NULL as a whole, or of a branch: not known */
    const int64_t *derating_bp;           /* continuous share of the rating: 8000 is NEC's 80 % */
    const int64_t
        *loss_bp; /* what the branch's own transformer, UPS and cables add to what is drawn below */
    const double *nominal_v;          /* line to neutral */
    const double *least_v;            /* worst case when the voltage is not measured */
    const double *least_power_factor; /* worst case when it is not measured */
    const int64_t *
        unmetered_w; /* worst-case uncontrolled load at this branch itself when no meter shows it */
    const uint32_t *feed; /* which feed the branch belongs to; NONE_INDEX above the split */
    /* Points that measure the branch, NONE_INDEX where there is none. */
    const uint32_t *power_point;                   /* total, W */
    const uint32_t (*phase_power_point)[PHASES];   /* W */
    const uint32_t (*phase_voltage_point)[PHASES]; /* V */
    const uint32_t *power_factor_point;
    const uint32_t *power_max_point; /* the meter's maximum register, W; NULL as a whole: none */

    uint32_t feeds; /* A and B supplies: separate sources that can be lost one at a time */
    const char *feed_name[FEEDS_MAX];
    uint32_t feed_branch[FEEDS_MAX]; /* the topmost branch of each */
};

/* Adds each branch's value to its ancestors: one linear pass, since children come after parents. */
void tree_sum_up(const struct supply_tree *tree, int64_t value[]);

/* True when `branch` is `ancestor` or lies below it. */
bool tree_below(const struct supply_tree *tree, uint32_t branch, uint32_t ancestor);

#endif
