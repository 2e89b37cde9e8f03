/* plant/coarse.h - the same kind of site at the pace of seconds: whole watts, exact sums, and only what changed is
 * done again. For thousands of hours in virtual time; plant.h is the one that moves within a second.
 *
 *     demand --min--> capped part --+--> power --> shares, phases, losses --> flow of every branch and channel
 *     cap ----^       fixed + part -+              own load of each branch ----^         |
 *                                                                       breakers <-------+
 *
 * A cap acts in the step in which it is set; whoever wants it later sets it later. Flows are kept in microwatts and
 * added to in integers, so that no order of changes gives another sum. A coefficient is rounded down: what a rule
 * for planning rounds up stays above the truth. Deterministic by seed. One plant belongs to one thread; nothing is
 * allocated after creation. */
#ifndef PLANT_COARSE_H
#define PLANT_COARSE_H

#include "model/site.h"
#include "plant/random.h"

#define COARSE_UW_PER_W INT64_C(1000000)

/* The hardware as it is, whatever the site file says of it. */
struct coarse_hardware {
    int64_t cap_min_w, cap_max_w, cap_step_w;
    int64_t uncapped_w; /* most of the capped part */
    int64_t fixed_w;    /* of the remainder: always there */
    int64_t part_bp;    /* of the remainder: share of the capped part's draw on top */
};

struct coarse_tap; /* coarse.c: what a node adds to which flow */

struct coarse_node {
    struct coarse_hardware hardware;
    bool cappable;
    bool stuck; /* the hardware takes no notice of caps */
    bool dark;  /* no feed carries it */
    bool cap_set;
    int64_t enforced_w;
    int64_t demand_w, capped_w, power_w;
    int64_t level_w; /* what its work asks for, before swings and steps */
    int64_t next_change_ns;
    struct random random;
    struct coarse_tap *tap;
    uint32_t taps;
};

/* What hangs at a branch and no cap moves. */
struct coarse_load {
    int64_t most_w, own_w;
    uint8_t phases; /* which carry it, evenly */
    int64_t next_change_ns;
    struct random random;
};

struct coarse_gang {
    int64_t period_ns, offset_ns; /* 0: it does not swing */
    int64_t depth_bp;
    bool dips;
};

enum { COARSE_GANGS_MAX = 64 };

struct coarse_plant {
    struct arena arena;
    const struct site *site;
    uint64_t seed;
    int64_t now_ns;
    struct coarse_node *node; /* [nodes] */
    struct coarse_load *load; /* [branches] */
    int64_t *flow_uw;  /* [branches x CHANNEL_COUNT] what the nodes draw there, losses included */
    int64_t *other_uw; /* likewise what no cap moves */
    int64_t *generation_w;   /* [branches] fed in at the branch or below it */
    int64_t *source_w;       /* [sources] */
    int64_t *source_next_ns; /* [sources] */
    double *sky;             /* [sources] 0 .. 1: what weather and charge leave of it */
    struct random source_random;
    bool lost[FEEDS_MAX];
    double voltage_part, power_factor; /* of nominal; both drawn once */
    bool steady;                       /* own loads and work stand still */
    int64_t busy_bp, busy_until_ns;    /* a step of all work at once */
    struct coarse_gang gang[COARSE_GANGS_MAX];
    double *trip_used; /* [branches x CHANNEL_COUNT] 0 .. 1 */
    int64_t *
        rating_uw; /* [branches x CHANNEL_COUNT] full rating at the true voltage; INT64_MAX: none */
};

struct coarse_settings {
    uint64_t seed;
    const struct coarse_hardware *hardware; /* [nodes] */
    const int64_t *own_most_w;              /* [branches] most of what no cap moves there */
};

/* Everything draws nothing and has no cap until the first step. The site outlives the plant. */
struct coarse_plant *coarse_create(const struct site *site, const struct coarse_settings *settings);
void coarse_free(struct coarse_plant *plant); /* NULL is fine */

/* Work, weather and own loads as they are at now_ns, which must not fall. */
void coarse_step(struct coarse_plant *plant, int64_t now_ns);

/* As the hardware is told: it clamps and rounds down to its steps. */
void coarse_cap(struct coarse_plant *plant, uint32_t node, bool set, int64_t cap_w);
/* What the hardware would make of a number. */
int64_t coarse_clamped_w(const struct coarse_hardware *hardware, int64_t cap_w);
/* Writes a number past the clamp, as somebody with other tools can. */
void coarse_force(struct coarse_plant *plant, uint32_t node, int64_t cap_w);
/* Until then all work asks for this share of what it could. */
void coarse_busy(struct coarse_plant *plant, int64_t share_bp, int64_t until_ns);
void coarse_own_load(struct coarse_plant *plant, uint32_t branch, int64_t own_w);
/* A feed goes dark or comes back; its nodes' other supplies take over. */
void coarse_feed(struct coarse_plant *plant, uint32_t feed, bool lost);

/* Counts dt_s against every breaker; the first branch and channel that may have tripped by now, or false. */
bool coarse_breakers(struct coarse_plant *plant, double dt_s, uint32_t *branch,
                     enum channel *channel);

/* --- the truth --- */

static inline int64_t coarse_up_w(int64_t uw)
{
    return uw >= 0 ? (uw + COARSE_UW_PER_W - 1) / COARSE_UW_PER_W : uw / COARSE_UW_PER_W;
}

/* What is drawn through the branch, generation not subtracted; rounded up. */
static inline int64_t coarse_load_w(const struct coarse_plant *p, uint32_t branch, enum channel c)
{
    size_t at = (size_t)branch * CHANNEL_COUNT + c;

    return coarse_up_w(p->flow_uw[at] + p->other_uw[at]);
}

static inline int64_t coarse_other_w(const struct coarse_plant *p, uint32_t branch, enum channel c)
{
    return coarse_up_w(p->other_uw[(size_t)branch * CHANNEL_COUNT + c]);
}

/* The remainder that goes with a draw of the capped part. */
static inline int64_t coarse_remainder_w(const struct coarse_hardware *h, int64_t capped_w)
{
    return h->fixed_w + capped_w * h->part_bp / SHARE_WHOLE_BP;
}

/* The true voltage and power factor, which stand still here. */
double coarse_voltage_v(const struct coarse_plant *plant, uint32_t branch);
double coarse_power_factor(const struct coarse_plant *plant);

/* Parts per million of a node's draw that are on a channel of a branch now, losses included. */
int64_t coarse_share_ppm(const struct coarse_plant *plant, uint32_t node, uint32_t branch,
                         enum channel channel);

/* A number that is a name's alone: streams of chance hang on it, so that leaving one thing out of a site changes
 * nothing for the others. */
uint32_t coarse_name_number(const char *name);

#endif
