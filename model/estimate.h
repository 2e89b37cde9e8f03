/* model/estimate.h - what the controller believes of the site in this tick, and how sure it is.
 *
 * Loads round up. An estimate never credits what it can't see: an unreachable node counts at the most it may
 * draw, a silent meter's uncontrolled load at its last value and a margin. */
#ifndef MODEL_ESTIMATE_H
#define MODEL_ESTIMATE_H

#include "model/rows.h"

enum contact {
    CONTACT_NEVER, /* not heard since start-up */
    CONTACT_FRESH,
    CONTACT_LOST /* heard once, silent for too long */
};

struct node_estimate {
    enum contact contact;
    bool commandable;    /* reachable, cappable, and its caps may be sent */
    bool controllable;   /* and it does as it is told: allocate chooses its cap and counts on it */
    int64_t remainder_w; /* upper bound, learned or configured */
    int64_t cap_min_w, cap_max_w; /* settable range now */
    int64_t bound_w; /* the most the node may draw: highest cap that it may hold + remainder */
    bool power_known;
    int64_t power_w; /* measured, rounded up */
};

struct row_estimate {
    bool measured; /* load_w comes from a fresh meter */
    bool blind; /* its meter, or one below, was never read since start-up: nothing may rise here */
    int64_t load_w; /* on the row now: meter + on-site generation behind it */
    int64_t
        load_least_w; /* what a fresh meter shows at least, though a source behind it is not known; else 0 */
    int64_t uncontrolled_w; /* load that no cap moves: meter - sum of nodes, held and with margin */
    int64_t
        unconfirmed_w; /* above that, by a reading that is not judged yet: it stops raises, no more */
    int64_t
        fixed_w; /* part of the nodes that allocate can't change: remainders, uncontrollable nodes */
    int64_t min_w, max_w; /* controllable nodes at their least and greatest caps, by coefficient */
    int64_t bound_bp;     /* all nodes at their bounds: watts x parts per 10,000, by coefficient */
};

struct estimate {
    struct node_estimate *node; /* [nodes] */
    struct row_estimate *row;   /* [rows] */
    int64_t *
        generation_w; /* [branches]: on-site production below the branch that can be relied on now */
    bool taking_over; /* shortly after start-up: nodes are still reporting */
};

#endif
