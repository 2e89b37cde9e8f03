/* model/limit.h - a limit: how many watts a row of the supply tree may carry, until when, and why.
 *
 * A policy only adds limits; it never touches a cap. A limit carries what to fall back to when it expires,
 * so that losing its source never loosens anything. */
#ifndef MODEL_LIMIT_H
#define MODEL_LIMIT_H

#include "model/supply_tree.h"

/* Hard: breakers, contracts; broken never while minimum caps make it feasible. Soft: goals; they lower caps
 * as far as the minimum caps and raise no alarm of a shortfall. Floor: soft limits of the row press no lower than
 * this, so that goals fall no faster than a ramp allows; hard limits take no notice of it. */
enum limit_strength { LIMIT_HARD, LIMIT_SOFT, LIMIT_FLOOR };

/* What a policy wants to say about a limit, as data; policy_explain() makes the sentence. Two numbers in
 * the policy's own meaning (an intensity, a rating) and a code from its list. */
struct limit_reason {
    uint32_t policy; /* index in the policy set; 0 is the built-in equipment_limit */
    uint32_t code;
    double number[3];
};

struct limit {
    uint32_t row;           /* index in the row table */
    int64_t value_w;        /* load on the row, W, on-site generation not subtracted; >= 0 */
    int64_t failsafe_w;     /* in force after valid_until_ns; <= value_w */
    int64_t valid_until_ns; /* monotonic */
    enum limit_strength strength;
    struct limit_reason reason;
};

/* Limits of one tick: fixed room, taken at start-up. What doesn't fit is counted, and the tick then fails
 * safe: see budget. */
struct limit_list {
    struct limit *limit;
    uint32_t count, room;
    uint64_t dropped;
};

/* Adds a copy; false (and counted) when there is no room. A negative value counts as 0. */
bool limit_add(struct limit_list *list, const struct limit *limit);

/* What is in force now: the value, or the failsafe once it has expired. */
int64_t limit_now_w(const struct limit *limit, int64_t now_ns);

#endif
