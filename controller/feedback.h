/* controller/feedback.h - what is learned of each metered row from its own readings: how much load no cap moves, how
 * noisy the reading is, how far that load swings, and how old readings are.
 *
 * A reading y that was true at tm is held against what the nodes said of the same moment. How old either is, is known
 * only within bounds, so the nodes' sum is a range [P_least, P_most] over the moments that may be meant, and
 *
 *     y - P_most  <=  uncontrolled load  <=  y - P_least
 *
 * The estimate moves by a share K of its distance to that range (a set-membership form of the disturbance estimator
 * d += K (y - P - d) of internal model control; Morari and Zafiriou 1989). A step of the nodes that the meter shows
 * late is inside the range and moves nothing, which is what makes the loop stable at any delay that the range covers.
 * Being an average of samples the estimate can't wind up; it is clamped at 0 and stands still while a reading is not
 * good or a node is not heard.
 *
 * Fast up, slow down: what exceeds the estimate by more than noise (z x sigma) is believed whole, and the row counts
 * at the greatest of all that over uncontrolled_hold. Which is never less than the evidence supports:
 *   - whatever a reading shows beyond what the nodes can have drawn, beyond noise, is counted whole and held;
 *   - within noise it is in the average, and the guard (budget.h) is at least z x the deviation of both together;
 *   - until the nodes' reports of its moment are in, a reading stops raises at its full height (unconfirmed_w);
 *   - a reading that crosses a hard limit does not wait for them (feedback_evident_w).
 *
 * Noise is the deviation of the reading at rest, from differences of neighbours; load that goes up and down by more
 * than noise while no node does is called swing. Doubles in a fixed order; whole watts leave. Pure: no clock, no
 * allocation after feedback_create. */
#ifndef CONTROLLER_FEEDBACK_H
#define CONTROLLER_FEEDBACK_H

#include "controller/controller.h"
#include "controller/delay.h"
#include "controller/hold.h"
#include "controller/noise.h"
#include "model/rows.h"

enum { FEEDBACK_SLOTS = 32, FEEDBACK_LAGS = 12, FEEDBACK_WAITING = 8 };

struct feedback_reading {
    int64_t load_w, taken_ns;
};

struct feedback_row {
    struct hold hold;
    bool complete; /* begun with every node heard; before, what silent nodes draw was counted in */
    bool known;    /* uncontrolled_w means something */
    double uncontrolled_w;
    int64_t sample_w; /* the last one that went into the hold */
    int64_t judged_w; /* the greatest of the readings that are being judged */
    int64_t shown_w;  /* held maximum with a dead band, so that noise moves no caps */

    int64_t taken_ns;    /* of the newest reading */
    int64_t load_w;      /* its load */
    int64_t raw_w;       /* its load less what the nodes said last */
    int64_t heard_raw_w; /* the same when all nodes were heard last */
    int64_t nodes_w;     /* what they said last when it came */
    int64_t unheard_w;   /* the most of those that are silent */
    bool good;
    int64_t age_ns;    /* how old readings get: peaks, fading */
    double interval_s; /* between readings, fading average */
    double peak_w;     /* the maximum register; meaningful when peak_seen */
    bool peak_seen;
    uint32_t slots;   /* of the nodes' sums that are whole */
    uint32_t waiting; /* readings whose moment the nodes have not told yet */
    struct feedback_reading queue[FEEDBACK_WAITING];

    struct noise noise;

    double lag_cost[FEEDBACK_LAGS]; /* mean square of what each lag leaves unexplained */
    uint32_t lag_samples, lag_skipped;
    uint32_t lag_least, lag_most, lag_likely; /* slots */

    bool learned;        /* something, since the guard was sized */
    int64_t guard_w;     /* for noise and swing, before its bounds */
    int64_t kept_free_w; /* the guard in force; LIMIT_MAX_W while there is no limit */
    int64_t ceiling_w, ceiling_until_ns; /* after a crossing the budget does not rise */
    bool crossed;
};

struct feedback {
    const struct site *site;
    struct feedback_tuning tuning; /* gain is below 2 */
    /* Deviations, as shares of a reading's: of a fading average of readings, sqrt(K / (2 - K)), and of a reading and
     * that average together, sqrt(1 + K / (2 - K)). */
    double average_share, both_share;
    struct delays delays;
    struct feedback_row **row;          /* [rows]; NULL: no meter of its own */
    int64_t (*nodes_w)[FEEDBACK_SLOTS]; /* [metered rows] the nodes' sums, one a slot */
    uint32_t *ring;                     /* [rows] index in nodes_w */
    int64_t slot_ns[FEEDBACK_SLOTS];
    uint64_t slots; /* ever begun; the newest is slots - 1 */
    bool begun;     /* a slot began in this tick */
    int64_t now_ns, lead_ns;
};

void feedback_create(struct feedback *feedback, const struct site *site,
                     const struct row_table *rows, const struct feedback_tuning *tuning,
                     struct arena *arena);

/* After stage_listen, before the rows: time goes on and the nodes' answers are timed. */
void feedback_begin(struct feedback *feedback, const struct snapshot *snapshot,
                    const struct node_set *awake);

/* What the estimate has of a row in this tick. */
struct feedback_input {
    bool good; /* the reading is, and so is every source behind the meter */
    int64_t load_w, taken_ns;
    const struct reading *peak; /* of the meter's maximum register, or NULL */
    int64_t generation_w;
    int64_t nodes_w;   /* measured power of the nodes that are heard */
    int64_t unheard_w; /* bounds of those that are not */
    bool all_heard;
    bool took_over; /* the controller is no longer taking over */
};

/* Takes the tick's sums and reading in; every tick for every row with a meter. When the reading is good, fills
 * uncontrolled_w and unconfirmed_w of *out. */
void feedback_run(struct feedback *feedback, uint32_t row, const struct feedback_input *in,
                  struct row_estimate *out);

/* The held picture of a row; false when there is none. */
bool feedback_held_w(const struct feedback *feedback, uint32_t row, int64_t *held_w);

/* What to keep free below a hard limit of the row. */
int64_t feedback_guard_w(struct feedback *feedback, uint32_t row, int64_t limit_w);

/* What the newest reading shows above uncontrolled_w, whatever the nodes may have drawn: judged before its time. */
int64_t feedback_evident_w(const struct feedback *feedback, uint32_t row, int64_t uncontrolled_w);

/* A reading is above the row's hard limit: for three dead times its budget does not rise. */
void feedback_crossed(struct feedback *feedback, uint32_t row, int64_t uncontrolled_w);
int64_t feedback_budget_w(struct feedback *feedback, uint32_t row, int64_t budget_w);

/* From a cap that is sent to a reading that shows it: actuation p99 + age of readings + half a tick. */
int64_t feedback_dead_time_ns(const struct feedback *feedback, uint32_t row);

/* For whoever shows it. */
void feedback_view(const struct feedback *feedback, uint32_t row, struct feedback_figures *out);

#endif
