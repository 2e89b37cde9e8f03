/* policies/demand_peaks.h - which peak is worth defending: the target, or one that is billed already.
 *
 * Only what was surely measured makes a peak, since a peak makes room; time that nobody watched makes none. Pure. */
#ifndef POLICIES_DEMAND_PEAKS_H
#define POLICIES_DEMAND_PEAKS_H

#include "policies/notes.h"

enum { PEAK_MONTHS_MAX = 25 };

struct demand_peaks {
    uint32_t count;
    struct {
        int64_t month; /* as struct calendar counts them; rising */
        double peak_w;
    } month[PEAK_MONTHS_MAX];
};

/* A window of this month ended with this mean power. A month before the latest known one is not taken. */
void demand_peak_add(struct demand_peaks *peaks, int64_t month, double mean_w);

/* Forgets months after this one: a clock that was ahead, and has been right for long enough since. */
void demand_peaks_forget_after(struct demand_peaks *peaks, int64_t month);

/* The month's own peak; 0 when there is none. */
double demand_peak_w(const struct demand_peaks *peaks, int64_t month);

/* The highest peak of the `months` before this one; 0 when there is none. */
double demand_peak_before_w(const struct demand_peaks *peaks, int64_t month, int64_t months);

/* True when a later month is known: the clock has gone back, and the past is not to be believed. */
bool demand_peaks_ahead(const struct demand_peaks *peaks, int64_t month);

void demand_peaks_remember(const struct demand_peaks *peaks, struct notes *notes);
void demand_peaks_recall(struct demand_peaks *peaks, const struct policy_note note[],
                         uint32_t notes);

#endif
