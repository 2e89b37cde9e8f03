/* policies/baseline.h - what a site would have drawn without an event: the mean of like days, adjusted by today.
 *
 *     baseline(hour) = mean over the last N like days of that hour's mean load
 *                      x clamp(today's load / baseline, over three hours that end an hour before the event)
 *
 * after CAISO's "10 in 10" with its same-day ratio within +-20 %. Days with an event are not like days. An hour of
 * which less than three quarters were measured is not known. Pure. */
#ifndef POLICIES_BASELINE_H
#define POLICIES_BASELINE_H

#include "policies/notes.h"

enum { BASELINE_DAYS = 36, HOURS_PER_DAY = 24, BASELINE_LIKE_MAX = 10, BASELINE_LEAST_DAYS = 3 };

enum day_likeness {
    LIKE_WORKING, /* Monday to Friday, or the weekend */
    LIKE_WEEKDAY, /* the same weekday */
    LIKE_ANY
};

struct baseline_day {
    bool used, event;
    int64_t day;                 /* local, since 1970-01-01 */
    float hour_w[HOURS_PER_DAY]; /* negative: not known */
};

struct baseline_history {
    uint32_t newest;
    struct baseline_day day[BASELINE_DAYS]; /* a ring; day[newest] is today */
    bool in_hour;
    int hour; /* of today, under way */
    double measured_ws, measured_s;
};

/* Counts dt_s of load at a local time; load_known false: nothing was measured. */
void baseline_add(struct baseline_history *history, int64_t local_s, double dt_s, bool load_known,
                  double load_w);
/* Today has an event. */
void baseline_mark_event(struct baseline_history *history);

/* The mean of the last `days` like days for an hour of `day`; false with fewer than three (or `days`) of them. */
bool baseline_mean_w(const struct baseline_history *history, enum day_likeness like, uint32_t days,
                     int64_t day, int hour, double *mean_w);

/* Today over the like days in the three hours that end an hour before start_hour, within 1 +- most_off; 1 when
 * these hours are not known. */
double baseline_ratio(const struct baseline_history *history, enum day_likeness like, uint32_t days,
                      int64_t day, int start_hour, double most_off);

void baseline_remember(const struct baseline_history *history, struct notes *notes);
void baseline_recall(struct baseline_history *history, const struct policy_note note[],
                     uint32_t notes);

#endif
