/* simulation/generate_inside.h - what the generator's files share: a site as it is being thought up. */
#ifndef SIMULATION_GENERATE_INSIDE_H
#define SIMULATION_GENERATE_INSIDE_H

#include "plant/random.h"
#include "simulation/generate.h"

#include <stdio.h>

enum { BRANCHES_MAX = 600, KINDS_MAX = 4, SOURCES_MAX = 3, METERS_MAX = BRANCHES_MAX + 8 };

struct draft_branch {
    char name[24];
    uint32_t parent;
    int feed;     /* -1: above the split */
    bool rack;    /* nodes hang here */
    bool metered; /* by a meter of its name + "_m" */
    bool amperes;
    int64_t unmetered_w;
    double least_w, most_w; /* of the nodes below */
};

struct draft_kind {
    bool cappable;
    int64_t cap_min_w, cap_max_w, step_w, safe_w, uncapped_w, remainder_w;
};

struct draft {
    struct random random;
    struct scenario *scenario;
    uint32_t nodes, branches, kinds, feeds, sources;
    int64_t tick_s;
    bool observe, failover, carbon, events, breakers;
    bool register_at_site; /* its meter counts energy, too */
    double guard;          /* share */
    struct draft_branch branch[BRANCHES_MAX];
    struct draft_kind kind[KINDS_MAX];
    uint32_t kind_of[GENERATE_NODES_MAX];
    char meter[METERS_MAX][32];
    uint32_t meters;
};

static inline int64_t between(struct draft *d, int64_t low, int64_t high)
{
    return low + (int64_t)(random_next(&d->random) % (uint64_t)(high - low + 1));
}

static inline bool chance(struct draft *d, int percent) { return between(d, 0, 99) < percent; }

/* A malloc'ed text in the making; finish gives it to the scenario's arena. */
struct text_out {
    FILE *out;
    char *text;
    size_t size;
};

void text_begin(struct text_out *text);
const char *text_finish(struct text_out *text, struct arena *arena);

/* Each adds its part to the draft's scenario. */
void generate_site(struct draft *draft);
void generate_policies(struct draft *draft);
void generate_timeline(struct draft *draft);

#endif
