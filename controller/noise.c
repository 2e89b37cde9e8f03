#include "controller/noise.h"

#include <math.h>

enum { SAMPLES_NEEDED = 32 };

static const double deviation_of_median = 1 / (0.674490 * 1.414214);
static const double step = 1.0 / 64, least_step_w = 1;
static const double swing_fade = 1.0 / 128;

/* A sine that is sampled n times at random moments: the greatest sample is below its peak by less than this share of
 * the whole swing in 999 of 1000 windows, (1 - cos(pi (1 - 0.001^(1/n)))) / 2, for n = 1, 2, 4 .. 128. */
static const double missed[] = {1, 0.998, 0.924, 0.622, 0.274, 0.091, 0.026, 0.007};

double noise_w(const struct noise *noise)
{
    return noise->samples < SAMPLES_NEEDED ? 0 : noise->median_w;
}

double quantum_w(const struct noise *noise)
{
    return noise->changes < SAMPLES_NEEDED ? 0 : noise->least_change_w;
}

void noise_learn(struct noise *noise, double left_w, bool rest)
{
    double sample_w = fabs(left_w - noise->rest_w) * deviation_of_median;

    if (rest && noise->at_rest && noise->samples < SAMPLES_NEEDED)
        noise->median_w += (sample_w - noise->median_w) / ++noise->samples;
    else if (rest && noise->at_rest && sample_w > noise->median_w)
        noise->median_w += noise->median_w * step + least_step_w;
    else if (rest && noise->at_rest)
        noise->median_w -= noise->median_w * step;
    noise->at_rest = rest;
    noise->rest_w = left_w;
}

void quantum_learn(struct noise *noise, double change_w)
{
    if (change_w > 0 && (noise->changes == 0 || change_w < noise->least_change_w))
        noise->least_change_w = change_w;
    noise->changes += change_w > 0 && noise->changes < SAMPLES_NEEDED;
}

/* How far a turn went, if there was one of the other way within the hold. */
static void note_turn(struct noise *noise, double this_w, const struct excursion *other,
                      int64_t now_ns, int64_t hold_ns)
{
    if (other->beyond_w <= 0 || now_ns - other->ns > hold_ns)
        return;
    /* By chance noise goes too far both ways once; what turns again is a swing. */
    if (noise->turned && now_ns - noise->turned_ns <= hold_ns)
        noise->swing_w = fmax(noise->swing_w, this_w + other->beyond_w);
    noise->turned = true;
    noise->turned_ns = now_ns;
}

void swing_learn(struct noise *noise, double above_w, double below_w, double band_w, int64_t now_ns,
                 int64_t hold_ns)
{
    noise->swing_w -= noise->swing_w * swing_fade;
    if (above_w > band_w) {
        if (!noise->went_up)
            note_turn(noise, above_w, &noise->down, now_ns, hold_ns);
        noise->up = (struct excursion){above_w, now_ns};
        noise->went_up = true;
    } else if (below_w > band_w) {
        if (noise->went_up)
            note_turn(noise, below_w, &noise->up, now_ns, hold_ns);
        noise->down = (struct excursion){below_w, now_ns};
        noise->went_up = false;
    }
}

double swing_missed(double samples)
{
    size_t k = 0;

    while (k + 1 < COUNT(missed) && samples >= (double)(2U << k))
        k++;
    return missed[k];
}
