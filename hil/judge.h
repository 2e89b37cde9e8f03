/* hil/judge.h - the verdict: the plant's own truth against every limit in force, step by step.
 *
 * An excess is what a load is above its limit. When a limit steps down, load may need JUDGE_GRACE_NS to follow:
 * an excess inside that time is measured (comply) but forgiven. Any other excess, however short, is a violation;
 * each stretch above the limit counts once. No meter, no estimate, nothing of the controller comes in here.
 * Pure. */
#ifndef HIL_JUDGE_H
#define HIL_JUDGE_H

#include "model/arena.h"

#define JUDGE_GRACE_NS (2 * NS_PER_S)
enum { JUDGE_NAME_BYTES = 64 };

/* What was seen of one limit. */
struct verdict {
    char name[JUDGE_NAME_BYTES];
    double limit_w, load_w; /* the latest */
    double worst_excess_w;
    double worst_violation_w; /* the same without what was forgiven */
    int64_t worst_excess_ns;  /* longest stretch above */
    int64_t comply_ns; /* from the latest step down until back below; 0 if it was below all along */
    uint64_t violations;
    double least_headroom_w; /* limit - load, least of all steps */
    int64_t worst_at_ns;     /* when the worst excess was, in the caller's time */
    /* In progress. */
    bool seen, above, counted, stepped, waiting;
    int64_t above_since_ns, stepped_ns;
};

struct judge {
    uint32_t limits, room;
    struct verdict *verdict; /* [limits] */
};

void judge_init(struct judge *judge, uint32_t room, struct arena *arena);

/* A limit to watch; returns its index. More than there is room for are our mistake. */
uint32_t judge_add(struct judge *judge, const char *name);

/* The limit is lowered now: grace begins. */
void judge_step(struct judge *judge, uint32_t limit, int64_t now_ns);

/* Truth at now_ns; called in order of time. */
void judge_see(struct judge *judge, uint32_t limit, int64_t now_ns, double load_w, double limit_w);

/* All limits together: the worst excess in W and in time, comply of the slowest, violations of all. */
struct verdict judge_total(const struct judge *judge);

#endif
