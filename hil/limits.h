/* hil/limits.h - every limit that is in force on a site, judged against the plant's truth.
 *
 * A branch: rating x derating, of its total (W, VA) or of each phase (A, at the true voltage and power factor).
 * The contract: what is drawn from the grid, on-site generation taken off. */
#ifndef HIL_LIMITS_H
#define HIL_LIMITS_H

#include "hil/judge.h"
#include "plant/plant.h"

struct watch {
    uint32_t branch;
    enum channel channel;
};

struct limits {
    const struct site *site;
    struct judge judge;
    uint32_t watches;
    struct watch *watch; /* limit i of the judge; the contract comes after them */
    uint32_t contract;
    int64_t contract_w;
};

void limits_init(struct limits *limits, const struct site *site, int64_t contract_w,
                 struct arena *arena);

/* The contract changes now. Lower: the judge forgives what it takes to follow. */
void limits_contract(struct limits *limits, int64_t contract_w, int64_t now_ns);

void limits_see(struct limits *limits, const struct plant *plant, int64_t now_ns);

/* What a branch may carry in all, in W, at its voltage and power factor now; 0 if it has no rating. */
double limits_branch_w(const struct limits *limits, const struct plant *plant, uint32_t branch);

#endif
