/* model/rows.h - the constraint rows of a supply tree, and how much of each node every row carries.
 *
 *     sum over nodes n of  coefficient(n, r) x bound(n)  +  uncontrolled(r)  <=  limit(r)
 *
 * A row is a branch's total, one of its phases, or either of them while another feed is lost (the failover
 * rule). Coefficients are parts per 10,000, never negative, rounded up: shares x phase shares x the losses of
 * every branch between the node and the row. A row exists for the total of every branch; for the phases of
 * every branch that is rated in amperes; and, if failover is checked, for a lost feed on every rated branch
 * below another feed. Built once, read-only afterwards. */
#ifndef MODEL_ROWS_H
#define MODEL_ROWS_H

#include "model/site.h"

struct row {
    uint32_t branch;
    enum channel channel;
    uint32_t lost_feed; /* NONE_INDEX: normal operation */
};

struct row_share {
    uint32_t row;
    uint32_t coefficient_bp;
};

struct row_table {
    uint32_t count;
    const struct row *row; /* [count]; rows 0 .. branches-1 are the branches' totals, in order */
    const uint32_t
        *first; /* [nodes + 1]: node n's shares are share[first[n]] .. share[first[n+1]-1] */
    const struct row_share *share;
    const uint32_t *phase_row;        /* [branches x PHASES], NONE_INDEX where there is none */
    const uint32_t *row_first;        /* [count + 1]: the same matrix by row */
    const struct row_share *row_node; /* .row holds the node's index here */
};

/* Builds the rows of a site in the arena. */
void rows_build(struct row_table *rows, const struct site *site, struct arena *arena);

/* "feeder_a", "feeder_a L2", "feeder_a with feed B lost". Returns out. */
const char *row_name(const struct row_table *rows, const struct site *site, uint32_t row, char *out,
                     size_t size);

/* coefficient x watts in whole watts, rounded up (a load is never rounded down). */
int64_t share_up_w(int64_t coefficient_bp, int64_t watts);

/* watts x (1 + margin), rounded up. */
int64_t share_margin_w(int64_t watts, int64_t margin_bp);

#endif
