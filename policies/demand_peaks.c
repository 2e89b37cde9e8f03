#include "policies/demand_peaks.h"

#include <math.h>
#include <string.h>

static void drop_oldest(struct demand_peaks *peaks)
{
    memmove(&peaks->month[0], &peaks->month[1], (PEAK_MONTHS_MAX - 1) * sizeof peaks->month[0]);
    peaks->count--;
}

void demand_peak_add(struct demand_peaks *peaks, int64_t month, double mean_w)
{
    if (demand_peaks_ahead(peaks, month) || !(mean_w > 0.0))
        return;
    if (peaks->count == 0 || peaks->month[peaks->count - 1].month < month) {
        if (peaks->count == PEAK_MONTHS_MAX)
            drop_oldest(peaks);
        peaks->month[peaks->count].month = month;
        peaks->month[peaks->count++].peak_w = mean_w;
    } else {
        peaks->month[peaks->count - 1].peak_w = fmax(peaks->month[peaks->count - 1].peak_w, mean_w);
    }
}

void demand_peaks_forget_after(struct demand_peaks *peaks, int64_t month)
{
    while (peaks->count > 0 && peaks->month[peaks->count - 1].month > month)
        peaks->count--;
}

double demand_peak_w(const struct demand_peaks *peaks, int64_t month)
{
    for (uint32_t i = 0; i < peaks->count; i++) {
        if (peaks->month[i].month == month)
            return peaks->month[i].peak_w;
    }
    return 0.0;
}

double demand_peak_before_w(const struct demand_peaks *peaks, int64_t month, int64_t months)
{
    double highest_w = 0.0;

    for (uint32_t i = 0; i < peaks->count; i++) {
        if (peaks->month[i].month < month && peaks->month[i].month >= month - months)
            highest_w = fmax(highest_w, peaks->month[i].peak_w);
    }
    return highest_w;
}

bool demand_peaks_ahead(const struct demand_peaks *peaks, int64_t month)
{
    return peaks->count > 0 && peaks->month[peaks->count - 1].month > month;
}

void demand_peaks_remember(const struct demand_peaks *peaks, struct notes *notes)
{
    for (uint32_t i = 0; i < peaks->count; i++) {
        note_put_at(notes, "month", i, (double)peaks->month[i].month);
        note_put_at(notes, "peak_w", i, peaks->month[i].peak_w);
    }
}

void demand_peaks_recall(struct demand_peaks *peaks, const struct policy_note note[],
                         uint32_t notes)
{
    for (uint32_t i = 0; i < PEAK_MONTHS_MAX; i++) {
        double month = 0.0;
        double peak_w = 0.0;

        if (note_get_at(note, notes, "month", i, 0.0, 1e6, &month) &&
            note_get_at(note, notes, "peak_w", i, 0.0, (double)LIMIT_MAX_W, &peak_w))
            demand_peak_add(peaks, (int64_t)month, peak_w);
    }
}
