/* simulation/simulation.h - the virtual-time host: the controller, its loaders and the agents' lease code against a
 * plant, in one process, as fast as it goes.
 *
 *     events ─▶ plant ─▶ meters ─▶ feed ─▶ controller_tick ─▶ network ─▶ agents ─▶ plant
 *                  └──────────────────── truth ─────────▶ checks
 *
 * Deterministic: the same scenario gives the same hash. Nothing is allocated in a tick, but by a policy reload. One
 * simulation belongs to one thread. */
#ifndef SIMULATION_SIMULATION_H
#define SIMULATION_SIMULATION_H

#include "simulation/scenario.h"

/* What must hold; see docs/hunt.md. One list makes the enum and the name. */
#define PROMISES(X)                                                                               \
    X(PROMISE_RAISED_PAST_LIMIT, "raised_past_limit") /* a tick's commands took a row past it */  \
    X(PROMISE_UNDERSTATED, "understated") /* a row may carry more than is said to be committed */ \
    X(PROMISE_NODE_BOUND, "node_bound")   /* a node may hold more than it is counted at */        \
    X(PROMISE_UNCONTROLLED, "uncontrolled") /* a load that can be seen is not counted */          \
    X(PROMISE_MEASURED, "measured")         /* true load above a hard limit for too long */       \
    X(PROMISE_BREAKER, "breaker")           /* a breaker may have tripped */                      \
    X(PROMISE_LOOSENED, "loosened")         /* a limit looser than the equipment */               \
    X(PROMISE_BLIND, "blind")               /* raised where nobody has seen the load */           \
    X(PROMISE_FAILOVER, "failover") /* a feed was lost, and the other carries more than it may */ \
    X(PROMISE_ROSE_UNASKED, "rose_unasked") /* a cap rose that no raise had raised */             \
    X(PROMISE_COUNTER, "counter")           /* one of the controller's own is not 0 */            \
    X(PROMISE_DROPPED, "dropped")           /* an alarm or a limit had no room */                 \
    X(PROMISE_OBSERVE, "observe")           /* something was written though nothing may be */     \
    X(PROMISE_COMMAND, "command")           /* a command that no node can follow */               \
    X(PROMISE_BAD_TAKEN, "bad_taken")       /* a policy file with a mistake was accepted */       \
    X(PROMISE_STUCK_LOW, "stuck_low")   /* all is well, and caps don't rise to what is wanted */  \
    X(PROMISE_STUCK_HIGH, "stuck_high") /* all is well, and a node keeps more than is wanted */   \
    X(PROMISE_SHORTFALL, "shortfall")   /* all is well, and a shortfall stands */                 \
    X(PROMISE_REPEATABLE, "repeatable") /* the same scenario ran differently twice */

enum promise {
#define PROMISE_ENUM(id, name) id,
    PROMISES(PROMISE_ENUM)
#undef PROMISE_ENUM
        PROMISE_COUNT
};

const char *promise_name(enum promise promise);

/* Rare states: a campaign that never reached one has not tested what it claims to. */
#define SIGHTS(X)                                      \
    X(SIGHT_SHORTFALL, "a shortfall was alarmed")      \
    X(SIGHT_LAPSE, "a lease lapsed")                   \
    X(SIGHT_DISOBEDIENT, "a node was not counted on")  \
    X(SIGHT_RAISE_LOST, "a raise was lost on its way") \
    X(SIGHT_BLIND, "a row had never been seen")        \
    X(SIGHT_FENCE, "a running node was taken over")    \
    X(SIGHT_OVER, "a row was over its hard limit")     \
    X(SIGHT_DEPOSED, "a controller was deposed")       \
    X(SIGHT_PROGRESS, "all settled after faults")

enum sight {
#define SIGHT_ENUM(id, text) id,
    SIGHTS(SIGHT_ENUM)
#undef SIGHT_ENUM
        SIGHT_COUNT
};

const char *sight_text(enum sight sight);

struct violation {
    bool found;
    enum promise promise;
    int64_t at_s;
    char text[240]; /* "rack3 L2: 4012 W, at most 3900 W" */
};

struct outcome {
    struct violation violation; /* the first; the run ends with it */
    uint64_t ticks;
    int64_t seconds; /* simulated */
    uint64_t hash;   /* of all decisions and of the plant's last state */
    uint32_t events; /* bit k: an event of kind k took effect */
    uint32_t sights; /* bit k: sight k was seen */
};

_Static_assert(EVENT_COUNT <= 32 && SIGHT_COUNT <= 32, "bits of struct outcome");

/* Runs a scenario to its end or its first violation. False when its files don't load: *err says why. */
MUST_USE bool simulation_run(const struct scenario *scenario, struct outcome *out,
                             struct error *err);

#endif
