/* simulation/scenario.h - all that a run in virtual time depends on: files, hardware, a timeline, and a seed.
 *
 * The same scenario gives the same run, tick by tick. Texts and arrays belong to the scenario's arena. */
#ifndef SIMULATION_SCENARIO_H
#define SIMULATION_SCENARIO_H

#include "model/arena.h"
#include "model/error.h"

/* What an event is about: its `target` names one of these. */
enum event_about { ABOUT_NOTHING, ABOUT_METER, ABOUT_NODE, ABOUT_BRANCH, ABOUT_FEED };

/* One list makes the enum, the name in scenario files, what it is about, and what `value` means. */
#define EVENTS(X)                                                                              \
    X(EVENT_METER_SILENT, "meter_silent", ABOUT_METER, "")                                     \
    X(EVENT_METER_FROZEN, "meter_frozen", ABOUT_METER, "")                                     \
    X(EVENT_METER_DRIFTING, "meter_drifting", ABOUT_METER, "share lost per second")            \
    X(EVENT_METER_SPIKING, "meter_spiking", ABOUT_METER, "factor of a spike")                  \
    X(EVENT_AGENT_DEAD, "agent_dead", ABOUT_NODE, "")                                          \
    X(EVENT_AGENT_SLOW, "agent_slow", ABOUT_NODE, "s from command to cap")                     \
    X(EVENT_AGENT_LYING, "agent_lying", ABOUT_NODE, "1: about its power, too")                 \
    X(EVENT_AGENT_DEAF, "agent_deaf", ABOUT_NODE, "")                                          \
    X(EVENT_AGENT_RESTARTED, "agent_restarted", ABOUT_NODE, "1: its cap is forgotten")         \
    X(EVENT_FOREIGN_RAISE, "foreign_raise", ABOUT_NODE, "part of the way to its greatest cap") \
    X(EVENT_ACKS_LOST, "acks_lost", ABOUT_NODE, "")                                            \
    X(EVENT_NETWORK_BAD, "network_bad", ABOUT_NOTHING, "share lost and share doubled")         \
    X(EVENT_BROKER_GONE, "broker_gone", ABOUT_NOTHING, "")                                     \
    X(EVENT_CONTROLLER_KILLED, "controller_killed", ABOUT_NOTHING, "1: its state is lost")     \
    X(EVENT_CLOCK_STEPPED, "clock_stepped", ABOUT_NOTHING, "s forward")                        \
    X(EVENT_POLICY_RELOADED, "policy_reloaded", ABOUT_NOTHING, "number of the policies")       \
    X(EVENT_POLICY_BAD, "policy_bad", ABOUT_NOTHING, "which mistake")                          \
    X(EVENT_FEEDER_LOST, "feeder_lost", ABOUT_FEED, "")                                        \
    X(EVENT_WORK_STEPPED, "work_stepped", ABOUT_NOTHING, "share of all work that is there")    \
    X(EVENT_LOAD_STEPPED, "load_stepped", ABOUT_BRANCH, "W that no cap moves")                 \
    X(EVENT_SIGNAL_STEPPED, "signal_stepped", ABOUT_METER, "the signal's new value")           \
    X(EVENT_GRID_EVENT, "grid_event", ABOUT_NOTHING, "W: the limit that the grid asks for")

enum event_kind {
#define EVENT_ENUM(id, name, about, value) id,
    EVENTS(EVENT_ENUM)
#undef EVENT_ENUM
        EVENT_COUNT
};

const char *event_name(enum event_kind kind);
enum event_about event_about(enum event_kind kind);
MUST_USE bool event_find(const char *name, enum event_kind *kind);

enum { SCENARIO_NAME_BYTES = 48, SCENARIO_POLICIES_MAX = 8, SCENARIO_EVENTS_MAX = 2000 };

struct event {
    int64_t at_s, lasts_s; /* lasts_s 0: it has happened and is over */
    enum event_kind kind;
    char target[SCENARIO_NAME_BYTES];
    double value;
};

/* Hardware that differs from what the site file says; 0: it does not in this. */
struct nameplate {
    char node[SCENARIO_NAME_BYTES];
    int64_t cap_min_w, cap_max_w, uncapped_w, remainder_w;
};

/* A mistake built into the simulated world on purpose, to see that the hunt finds it. */
#define SABOTAGES(X)                                                                        \
    X(SABOTAGE_NONE, "none")                                                                \
    X(SABOTAGE_LAPSE_RAISES, "lapse_raises")       /* a lease that ends frees the node */   \
    X(SABOTAGE_OLD_OBEYED, "old_obeyed")           /* an agent obeys what is not newer */   \
    X(SABOTAGE_ALL_RAISE, "all_raise")             /* an agent raises when told to lower */ \
    X(SABOTAGE_SILENCE_STAMPED, "silence_stamped") /* a silent meter's last value passes for new */

enum sabotage {
#define SABOTAGE_ENUM(id, name) id,
    SABOTAGES(SABOTAGE_ENUM)
#undef SABOTAGE_ENUM
        SABOTAGE_COUNT
};

const char *sabotage_name(enum sabotage sabotage);
MUST_USE bool sabotage_find(const char *name, enum sabotage *sabotage);

struct scenario {
    struct arena arena;
    uint64_t seed; /* of all that happens by chance: work, noise, the network's moods */
    int64_t seconds;
    int64_t report_period_ms; /* of the agents */
    int64_t meter_error_bp;   /* gain and noise together, at most */
    int64_t meter_late_ticks; /* 0 .. 2: how old a reading is when it comes */
    int64_t link_ms;          /* a message's way, at most, on a good day */
    enum sabotage sabotage;
    const char *site; /* the site file */
    const char
        *policy[SCENARIO_POLICIES_MAX]; /* policy files; the first is in force at the start */
    uint32_t policies;
    struct event *event; /* by time */
    uint32_t events;
    struct nameplate *nameplate;
    uint32_t nameplates;
};

void scenario_free(struct scenario *scenario); /* zeroed is fine */

/* --- as text --- */

/* Reads a scenario file's text. The site and policies stand in it as groups; they are not checked here. */
MUST_USE bool scenario_parse(const char *name, const char *text, struct scenario *out,
                             struct error *err);
/* The text of a scenario file, malloc'ed; head is a comment for its first lines, without #, or NULL. */
char *scenario_text(const struct scenario *scenario, const char *head);

#endif
