/* tests/controller/world.h - what is really there: nodes with their agents, a network that loses, delays, doubles
 * and reorders, meters that fall silent. The controller sees it only through snapshots; the test sees the truth. */
#ifndef TESTS_CONTROLLER_WORLD_H
#define TESTS_CONTROLLER_WORLD_H

#include "controller/controller.h"
#include "tests/controller/rng.h"

enum { MESSAGES_MAX = 8192, LIMIT_POLICIES = 2 };

/* A policy for tests: a limit on the site's total that the test moves. */
struct test_limit {
    int64_t value_w;
    enum limit_strength strength;
};

struct agent {
    bool alive;
    uint64_t incarnation;
    struct command_id applied;
    bool cap_set;
    int64_t cap_w;          /* in the hardware; survives the agent's death */
    int64_t lease_until_ns; /* 0: no lease runs */
    bool deaf;              /* it reports, but commands don't reach it */
    int64_t hardware_min_w; /* its hardware takes no less, and says so */
    int64_t demand_w;       /* of the capped part */
    int64_t remainder_w;
};

struct message {
    bool to_agent;
    uint32_t node;
    uint64_t due_tick;
    struct command command;
    struct node_report report;
};

struct network {
    int loss_pct, double_pct, delay_max; /* ticks */
};

struct world {
    struct rng rng;
    struct site *site;
    struct policy_set policies;
    struct test_limit limit[LIMIT_POLICIES];
    struct controller *controller;
    struct controller *shadow; /* told only what changed; must decide the same */
    uint32_t *changed;         /* [nodes] who was heard since the last tick */
    uint32_t changes;
    uint64_t epoch;
    const struct row_table *rows;
    uint64_t tick;
    int64_t now_ns;
    struct agent *agent;
    int64_t *uncontrolled_w; /* [branches] true, at the branch itself */
    int64_t *truth_w;        /* [branches] true, with what stands below */
    bool *silent;            /* [points] */
    struct reading *reading;
    struct node_report *report;
    struct network network;
    uint64_t report_every; /* ticks; within what counts as fresh */
    bool stamped_late;     /* reports carry the time of arrival, not of making */
    struct message *message;
    uint32_t messages;
    int64_t *before_w, *after_w; /* [rows] potential load around a tick */
    uint32_t *over_ticks;        /* [nodes] for how long it has held more than is wanted */
    uint64_t hash;               /* of all decisions so far */
    char broken[256];            /* first promise seen broken; empty: none */
};

void world_create(struct world *world, uint64_t seed, uint32_t nodes_max);
void world_free(struct world *world);

/* Faults and changes of the next tick, by chance. */
void world_disturb(struct world *world);
/* Ends all faults: meters talk, agents live, the network is quick and whole. */
void world_calm(struct world *world);
/* Delivers, measures, ticks, sends, and checks the promises that hold in every tick. */
const struct decision *world_tick(struct world *world);
/* After a calm stretch: what can be kept is kept, and nobody holds more than is wanted. */
void world_check_settled(struct world *world, const struct decision *decision);

#endif
