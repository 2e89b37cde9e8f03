/* service/histogram.h - how long ticks take: counts by duration, for quantiles and for Prometheus.
 *
 * Each octave of microseconds is cut into 16 equal parts, so a quantile is right to a sixteenth of
 * itself, in fixed memory, for ever. Zeroed is empty. */
#ifndef SERVICE_HISTOGRAM_H
#define SERVICE_HISTOGRAM_H

#include "model/base.h"

enum {
    HISTOGRAM_PARTS = 16,
    HISTOGRAM_TOP_OCTAVE = 25
}; /* 2^26 us is 67 s: what takes longer counts there */

struct histogram {
    uint64_t count;
    int64_t sum_ns;
    uint64_t bucket[(HISTOGRAM_TOP_OCTAVE - 2) * HISTOGRAM_PARTS];
};

void histogram_add(struct histogram *h, int64_t duration_ns);

/* The duration that the share q (0 .. 1) of all stays below, rounded up to its bucket's edge; 0
 * when empty. */
int64_t histogram_quantile_us(const struct histogram *h, double q);

/* How many were shorter than 2^power microseconds; 4 <= power <= HISTOGRAM_TOP_OCTAVE. */
uint64_t histogram_below(const struct histogram *h, unsigned power);

#endif
