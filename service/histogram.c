#include "service/histogram.h"

#include <assert.h>

/* 0 .. 15 us have a bucket each; from 16 us on, octave 4 and higher have 16 parts each. */
static size_t bucket_of(uint64_t us)
{
    unsigned octave = 0;

    if (us < HISTOGRAM_PARTS)
        return (size_t)us;
    octave = 63U - (unsigned)__builtin_clzll(us);
    if (octave > HISTOGRAM_TOP_OCTAVE)
        return COUNT(((struct histogram *)0)->bucket) - 1;
    return (size_t)(octave - 3) * HISTOGRAM_PARTS +
           (size_t)((us >> (octave - 4)) % HISTOGRAM_PARTS);
}

static int64_t upper_edge_us(size_t bucket)
{
    size_t octave = bucket / HISTOGRAM_PARTS + 3;
    int64_t part = (int64_t)(bucket % HISTOGRAM_PARTS);

    if (bucket < HISTOGRAM_PARTS)
        return (int64_t)bucket + 1;
    return (HISTOGRAM_PARTS + part + 1) << (octave - 4);
}

void histogram_add(struct histogram *h, int64_t duration_ns)
{
    int64_t ns = duration_ns > 0 ? duration_ns : 0;

    h->count++;
    h->sum_ns += ns;
    h->bucket[bucket_of((uint64_t)ns / 1000)]++;
}

int64_t histogram_quantile_us(const struct histogram *h, double q)
{
    double wanted = q * (double)h->count;
    uint64_t seen = 0;

    for (size_t b = 0; h->count > 0 && b < COUNT(h->bucket); b++) {
        seen += h->bucket[b];
        if (seen > 0 && (double)seen >= wanted)
            return upper_edge_us(b);
    }
    return 0;
}

uint64_t histogram_below(const struct histogram *h, unsigned power)
{
    uint64_t below = 0;

    assert(power >= 4 && power <= HISTOGRAM_TOP_OCTAVE);
    for (size_t b = 0; b < (size_t)(power - 3) * HISTOGRAM_PARTS; b++)
        below += h->bucket[b];
    return below;
}
