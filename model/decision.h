/* model/decision.h - what a tick decided: caps, commands, budgets, alarms, and what bound each. */
#ifndef MODEL_DECISION_H
#define MODEL_DECISION_H

#include "model/estimate.h"
#include "model/limit.h"
#include "model/snapshot.h"

/* What kept a node's cap from being higher. */
#define BOUNDS(X)                                                                                 \
    X(BOUND_DEMAND, "demand")             /* nothing: it has its greatest cap */                  \
    X(BOUND_ROW, "row")                   /* a row is full: see bound_row and that row's limit */ \
    X(BOUND_GANG, "gang")                 /* a member of its gang is bound */                     \
    X(BOUND_MINIMUM, "minimum")           /* at its least cap: the row can't even carry that */   \
    X(BOUND_UNCONTROLLED, "uncontrolled") /* unreachable, uncappable or not ours to set */

enum bound_kind {
#define BOUND_ENUM(id, name) id,
    BOUNDS(BOUND_ENUM)
#undef BOUND_ENUM
        BOUND_COUNT
};

const char *bound_name(enum bound_kind kind);

struct node_decision {
    int64_t cap_w; /* wanted; for an uncontrolled node the cap that it is counted at */
    enum bound_kind bound;
    uint32_t bound_row;      /* BOUND_ROW, BOUND_MINIMUM: which */
    int64_t committed_cap_w; /* highest of the acknowledged cap and every cap in flight */
};

struct row_decision {
    bool limited;         /* a limit stands on this row */
    int64_t limit_w;      /* least hard limit; LIMIT_MAX_W when not limited by a hard one */
    uint32_t hard;        /* index in decision.limits, NONE_INDEX if none */
    uint32_t soft;        /* the least soft limit, NONE_INDEX if none */
    int64_t soft_limit_w; /* with the floor applied; LIMIT_MAX_W if none */
    int64_t floor_w;      /* soft limits press no lower; 0 if there is none */
    uint32_t binding;     /* the limit whose value made the budget: hard or soft */
    int64_t
        budget_w;   /* for controllable caps, x coefficients; may be below what minimum caps need */
    int64_t used_w; /* what the wanted caps take of it */
    int64_t committed_w; /* sum of coefficient x (committed cap + remainder) + uncontrolled */
    int64_t guard_w;     /* kept free below limit_w */
    double
        trip_margin_s; /* until its breaker may trip if the load stays; infinite when it may stay */
    int64_t shortfall_w; /* by how much minimum caps exceed the hard limit; 0 when feasible */
};

/* Only a raise may raise: for every other kind the node keeps min(cap in force, cap_w), however old the
 * controller's picture of it was. */
enum command_kind {
    COMMAND_LOWER,
    COMMAND_RAISE,
    COMMAND_FENCE, /* at take-over: the cap in force, now under this controller's epoch */
    COMMAND_RENEW  /* the same cap again: extends the lease, or after a lost acknowledgement */
};

const char *command_name(enum command_kind kind);

struct command {
    uint32_t node;
    enum command_kind kind;
    struct command_id id;
    int64_t cap_w;
    int64_t lease_ns;
    bool may_be_sent;     /* false in observe mode: shown, never sent */
    uint64_t incarnation; /* of the agent that it is meant for; another drops it */
};

#define ALARMS(X)                                                                                  \
    X(ALARM_READING_MISSING, "reading_missing", SUBJECT_POINT) /* never read since start-up */     \
    X(ALARM_READING_STALE, "reading_stale", SUBJECT_POINT)                                         \
    X(ALARM_READING_BAD, "reading_bad", SUBJECT_POINT)                                             \
    X(ALARM_NODE_LOST, "node_lost", SUBJECT_NODE)                                                  \
    X(ALARM_CAP_NOT_ENFORCED, "cap_not_enforced",                                                  \
      SUBJECT_NODE) /* it draws or holds more than acknowledged */                                 \
    X(ALARM_FOREIGN_WRITER, "foreign_writer",                                                      \
      SUBJECT_NODE) /* the cap in force is not the one we set */                                   \
    X(ALARM_ROW_OVER_LIMIT, "row_over_limit", SUBJECT_ROW) /* measured load above a hard limit */  \
    X(ALARM_TRIP_NEAR, "trip_near", SUBJECT_ROW) /* the margin to trip, s, is below trip_alarm */  \
    X(ALARM_SHORTFALL, "shortfall", SUBJECT_ROW) /* minimum caps exceed a hard limit: shed load */ \
    X(ALARM_CLOCK_UNKNOWN, "clock_unknown", SUBJECT_SITE)                                          \
    X(ALARM_LIMITS_DROPPED, "limits_dropped", SUBJECT_SITE)

enum alarm_subject { SUBJECT_SITE, SUBJECT_POINT, SUBJECT_NODE, SUBJECT_ROW };

enum alarm_kind {
#define ALARM_ENUM(id, name, subject) id,
    ALARMS(ALARM_ENUM)
#undef ALARM_ENUM
        ALARM_COUNT
};

const char *alarm_name(enum alarm_kind kind);
enum alarm_subject alarm_subject(enum alarm_kind kind);

/* A condition that holds in this tick; the host raises and clears by comparing ticks. */
struct alarm {
    enum alarm_kind kind;
    uint32_t subject; /* index of the point, node or row; 0 for the site */
    double number;    /* W over, age in s: by kind */
};

/* Run-time counters of the invariants; each must read 0 for ever. */
struct invariant_counters {
    uint64_t
        committed_exceeded; /* 1: committed + uncontrolled above a hard limit although feasible and not
                                    caused by a limit that fell or a load that rose since the last tick */
    uint64_t raised_without_headroom; /* a raise was issued that did not fit */
    uint64_t equipment_loosened;      /* a limit on a rated row above its rating */
};

struct decision {
    uint64_t tick;
    int64_t now_ns;
    struct node_decision *node; /* [nodes] */
    struct row_decision *row;   /* [rows] */
    struct limit_list limits;
    struct command *command; /* room for one a node; lowers first */
    uint32_t commands;
    uint32_t *shed; /* [nodes] whom to shed, in order, when a row is short */
    uint32_t sheds;
    struct alarm *alarm; /* bounded */
    uint32_t alarms, alarm_room;
    uint64_t alarms_dropped;
    struct invariant_counters counters;
    uint64_t hash; /* of caps and commands: equal on every build for the same inputs */
};

#endif
