/* plant/plant.h - a simulated site: struct site in, watts out, and time passes only in plant_step.
 *
 * The truth: what flows in every branch, on every phase, whatever anybody measures or believes. Deterministic:
 * the same site, settings, verbs and steps give the same numbers. One plant belongs to one thread. */
#ifndef PLANT_PLANT_H
#define PLANT_PLANT_H

#include "model/site.h"
#include "plant/meter.h"

struct plant;

struct plant_settings {
    uint64_t seed;
    double start_hour; /* of the day, 0 .. 24 */
    double
        hours_per_s; /* how fast the day passes; nodes and meters live in real seconds all the same */
    int64_t dead_time_ns; /* between a cap and its effect */
    double lag_s;
};

/* Whole day in two minutes, from midnight; 200 ms dead time, 200 ms lag. */
struct plant_settings plant_settings_default(uint64_t seed);

/* Nodes start idle and without caps, jobs at 0. The site outlives the plant. */
struct plant *plant_create(const struct site *site, const struct plant_settings *settings);
void plant_free(struct plant *plant); /* NULL is fine */

void plant_step(struct plant *plant, int64_t dt_ns);

/* --- what others do to it --- */

/* As the hardware is told; it clamps and rounds, and acts after its dead time. */
void plant_cap(struct plant *plant, uint32_t node, bool set, int64_t cap_w);
/* From now on the site's work is there (1) or not (0); it comes or goes over some seconds. */
void plant_jobs(struct plant *plant, double jobs);
/* The day stands still (its start) or goes on; work that was done is counted from the latest start on. */
void plant_day(struct plant *plant, bool goes_on);
/* The sky lets `clear` (0 .. 1) of the light through once over_s have passed. */
void plant_cloud(struct plant *plant, double clear, double over_s);
/* The meter of a branch, or of a source, shows its last values until it is let go. */
void plant_freeze_branch_meter(struct plant *plant, uint32_t branch, bool frozen);
void plant_freeze_source_meter(struct plant *plant, uint32_t source, bool frozen);

/* --- the truth --- */

struct branch_truth {
    double load_w; /* what is drawn through the branch, on-site generation not subtracted */
    double phase_load_w[PHASES];
    double generation_w;        /* fed in at the branch or below it */
    struct electrical terminal; /* at its meter: load - generation */
};

struct node_truth {
    double power_w, capped_w, demand_w;
    bool cap_set; /* enforced_w is then what the hardware holds */
    int64_t enforced_w;
    int64_t cap_min_w, cap_max_w, cap_step_w;
};

/* Sums over the nodes of a priority class since the day began. */
struct work_truth {
    uint8_t priority_class;
    uint32_t nodes;
    double demanded_wh, delivered_wh; /* of the capped part: what work follows */
};

enum { WORK_CLASSES_MAX = 16 };

int64_t plant_now_ns(const struct plant *plant);
double plant_hour(const struct plant *plant);
double plant_carbon(const struct plant *plant); /* g/kWh */
const struct branch_truth *plant_branch(const struct plant *plant, uint32_t branch);
struct node_truth plant_node_truth(const struct plant *plant, uint32_t node);
double plant_source_w(const struct plant *plant, uint32_t source);
/* Fills out[], by class, and returns how many. */
uint32_t plant_work(const struct plant *plant, struct work_truth out[WORK_CLASSES_MAX]);

/* --- what meters show of it --- */

/* False for what such a meter does not measure. A source's meter counts production as positive. */
bool plant_branch_reading(const struct plant *plant, uint32_t branch, enum quantity quantity,
                          double *value);
bool plant_source_reading(const struct plant *plant, uint32_t source, enum quantity quantity,
                          double *value);

/* Over every value that can differ: equal runs have equal hashes. */
uint64_t plant_hash(const struct plant *plant);

#endif
