/* simulation/world.h - who holds what in a simulation; shared by the files of this folder, seen by nobody else. */
#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include "agent/lease.h"
#include "config/load.h"
#include "controller/controller.h"
#include "plant/coarse.h"
#include "plant/coarse_meter.h"
#include "simulation/feed.h"
#include "simulation/network.h"
#include "simulation/simulation.h"

struct policy_memory; /* memory.c */
struct contract;      /* check_limits.c */

/* ---- agents.c ---- */

struct sim_agent {
    struct lease lease;
    bool alive;
    bool obeying_a_raise; /* what it does now was asked for by a raise */
    bool pending;         /* slow hardware: the cap that it will take */
    bool pending_raise;
    int64_t pending_w, pending_due_ns;
    int64_t next_report_ns;
    int64_t heard_made_ns; /* when the report that the controller holds was made */
    uint64_t boots;
    uint32_t name_number;
    /* Faults, and until when. */
    int64_t dead_until_ns, deaf_until_ns, lying_until_ns, mute_until_ns, slow_until_ns;
    int64_t slow_ns;
    bool lies_of_power;
    bool forgets; /* the next boot finds no cap */
};

/* ---- potential.c: the most that every node may come to hold, and what rows may come to carry ---- */

enum { RAISES_MAX = 16 };

struct raise {
    struct command_id id;
    uint64_t incarnation;
    int64_t cap_w;
    uint32_t copies;
};

struct node_potential {
    struct raise raise[RAISES_MAX]; /* on their way */
    uint32_t raises;
    int64_t cap_w; /* what the controller must count the node's cap at, at least */
    int64_t power_w;
    /* Something from outside changed the cap and the controller can't know yet: it counts at told_w. */
    bool untold;
    int64_t told_w, untold_since_ns;
};

struct potential {
    struct node_potential *node; /* [nodes] */
    int64_t *row_bp;             /* [rows] watts x parts per 10,000 */
};

/* ---- meters.c ---- */

enum truth_kind {
    TRUTH_LOAD,
    TRUTH_VOLTAGE,
    TRUTH_POWER_FACTOR,
    TRUTH_SOURCE,
    TRUTH_ENERGY, /* imported at a branch, Wh */
    TRUTH_SIGNAL  /* a number that the timeline and chance move */
};

enum { SAMPLES_LATE_MAX = 3 };

struct shown {
    bool came;
    double value;
    int64_t taken_ns;
    int64_t load_w, other_w; /* TRUTH_LOAD: the truth then */
    bool honest;             /* the meter was well */
};

struct sensor {
    uint32_t point, device;
    enum truth_kind kind;
    uint32_t index; /* branch or source */
    enum channel channel;
    bool negative; /* production is shown as negative import */
    double signal; /* TRUTH_SIGNAL, and what TRUTH_ENERGY has counted */
    struct shown late[SAMPLES_LATE_MAX];
};

struct device_state {
    const struct device *device;
    struct coarse_meter meter;
    int64_t until_ns;
};

/* ---- check.c ---- */

struct row_check {
    uint32_t sensor;   /* its own meter; NONE_INDEX */
    int64_t seen_w;    /* uncontrolled load that a controller that hears all nodes can know of */
    int64_t metered_w; /* likewise, whoever is heard */
    int64_t standing_w, standing_since_ns; /* what has been there since then at least */
    int64_t over_ns;                       /* since when it is over its limit; 0: it is not */
    int64_t unseen_ns;                     /* since when seen_w is not counted; 0: it is */
    int64_t short_ns;                      /* since when a shortfall stands without need */
    int64_t slack_w;                       /* of the meter */
    int64_t blur_w; /* of an estimate from readings and reports of different moments */
    int64_t flow_most_w[2], flow_least_w[2],
        flow_since_ns;   /* the nodes' draw, by halves of a window */
    bool notices_frozen; /* before what it showed is forgotten */
    bool ever;           /* it was read since the controller started */
    int64_t promised_w;  /* the limit that was kept, by what was committed; INT64_MAX: none */
};

struct node_check {
    int64_t low_ns, high_ns; /* since when it holds less, more, than is wanted; 0: it does not */
    int64_t lost_ns;         /* since when it is not counted on without need */
};

struct world {
    struct arena arena;
    const struct scenario *scenario;
    struct site *site;
    struct policy_set *policies[SCENARIO_POLICIES_MAX];
    uint32_t in_force; /* of policies */
    struct controller *controller;
    struct row_table row_table;   /* our own: a controller may be dead */
    const struct row_table *rows; /* &row_table */
    struct coarse_plant *plant;
    struct network network;
    struct feed feed;
    struct sim_agent *agent;
    struct potential potential;
    struct sensor *sensor;
    uint32_t sensors;
    struct device_state *device;
    uint32_t devices;
    struct row_check *row_check;
    struct node_check *node_check;
    int64_t *before_bp;                               /* [rows] */
    struct contract *contract[SCENARIO_POLICIES_MAX]; /* [policies] */
    const struct decision *decision;

    int64_t now_ns, tick_ns;
    uint64_t tick;
    int64_t clock_step_s;
    uint64_t epoch;
    int64_t grace_ns; /* how long a healthy control loop may take, as things are in this tick */
    int64_t *remembered_w; /* [nodes] learned remainders, as the state file has them */
    struct policy_memory *memory;
    uint32_t memories, memories_max;
    int64_t controller_dead_until_ns, started_ns;
    bool state_lost;
    int64_t network_until_ns, broker_until_ns, clock_until_ns;
    struct event_list grid; /* all that was announced, late ones first to go */
    int64_t grid_next_ns, forecast_next_ns;
    int64_t feed_until_ns[FEEDS_MAX];
    uint32_t next_event;
    int64_t faults_until_ns; /* the end of the latest fault so far */
    int64_t last_event_ns, reloaded_ns;
    uint64_t exceeded_before;
    int64_t exceeding_ns; /* for how long the controller has counted it */
    int64_t troubled_ns;  /* when a node was last out of reach */
    struct outcome *out;
};

/* ---- the run: host.c ---- */

/* The first promise that is broken ends the run. */
void broken(struct world *world, enum promise promise, const char *format, ...) PRINTF_LIKE(3, 4);
static inline void sight(struct world *world, enum sight seen)
{
    world->out->sights |= UINT32_C(1) << seen;
}
void start_controller(struct world *world);
int64_t world_utc_s(const struct world *world); /* the true wall clock */
bool world_clock_known(const struct world *world);

/* ---- memory.c: what a state file would keep ---- */

void memory_create(struct world *world);
void memory_forget(struct world *world);
void memory_save(struct world *world);
void memory_give(struct world *world);

/* ---- grid.c ---- */

void grid_announces(struct world *world, const struct event *event);
void grid_step(struct world *world);
/* What an event that nobody called off asks for now; false when there is none, or a controller may rightly not
 * know of it. */
MUST_USE bool grid_asks(const struct world *world, int64_t *target_w);

/* ---- happen.c: the timeline ---- */

void happen_until_now(struct world *world);
void happen_end(struct world *world); /* faults whose time is over */

/* ---- meters.c ---- */

void meters_create(struct world *world);
void meters_step(struct world *world);
/* NONE_INDEX if there is no such device. */
uint32_t meters_find(const struct world *world, const char *name);

/* ---- agents.c ---- */

void agents_create(struct world *world);
/* Messages that have arrived, leases that end, reports that are due. */
void agents_step(struct world *world);
void agents_boot(struct world *world, uint32_t node);
bool agent_lies(const struct world *world, uint32_t node);
/* Commands get through to it and its reports come back. */
bool agent_reachable(const struct world *world, uint32_t node);

/* ---- potential.c ---- */

void potential_create(struct world *world);
/* After anything that may have changed what the node may hold. */
void potential_refresh(struct world *world, uint32_t node);
/* The node's cap has changed, or is about to, by nobody's command; call before it does. */
void potential_untold(struct world *world, uint32_t node);
/* What the controller is about to be told tells it of such changes. */
void potential_listen(struct world *world);
void potential_sent(struct world *world, const struct message *message, uint32_t copies);
void potential_arrived(struct world *world, const struct message *message);

/* ---- check.c ---- */

void check_create(struct world *world);
void check_controller_started(struct world *world);
void check_before(struct world *world); /* the tick's commands */
void check_after(struct world *world);
/* A feed has just gone dark. */
void check_failover(struct world *world, uint32_t feed);

/* ---- check_settled.c ---- */

void check_settled(struct world *world);

/* What the row's branch can be brought down to, in truth: those who obey at their least, the others at what they may
 * draw. */
int64_t least_load_w(const struct world *world, uint32_t row);

static inline int64_t row_other_w(const struct world *w, uint32_t r)
{
    return coarse_other_w(w->plant, w->rows->row[r].branch, w->rows->row[r].channel);
}

#endif
