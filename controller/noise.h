/* controller/noise.h - the fast part of a reading, taken apart: noise, which is the meter's, and swing, which is load.
 *
 * Noise is the standard deviation of a reading at rest. The difference of two neighbours has sqrt(2) x that, and half
 * of all differences are below 0.6745 of it (median of a normal variable): the median is followed by small steps, so
 * that what is large but rare is none of it. Swing goes up and down by more than noise, and does so again within the
 * hold; one way alone is a step. Doubles in a fixed order. Pure. */
#ifndef CONTROLLER_NOISE_H
#define CONTROLLER_NOISE_H

#include "model/base.h"

struct excursion {
    double beyond_w; /* of the estimate */
    int64_t ns;
};

struct noise {
    double median_w; /* as a deviation; see noise_w */
    double rest_w;   /* the last reading at rest */
    bool at_rest;
    uint32_t samples;
    double least_change_w;     /* see quantum_w */
    uint32_t changes;          /* both saturating */
    struct excursion up, down; /* the last ones beyond noise */
    bool went_up, turned;
    int64_t turned_ns;
    double swing_w; /* trough to peak, the greatest of late; fading */
};

/* The deviation; 0 until enough was seen. */
double noise_w(const struct noise *noise);

/* The step of the reading's own scale: the least change that was ever seen, once there were several. */
double quantum_w(const struct noise *noise);

/* A reading less what explains it; rest: nothing that explains it has moved. */
void noise_learn(struct noise *noise, double left_w, bool rest);
void quantum_learn(struct noise *noise, double change_w);

/* How far a reading is above or below the estimate; up to `band_w` it says nothing. */
void swing_learn(struct noise *noise, double above_w, double below_w, double band_w, int64_t now_ns,
                 int64_t hold_ns);

/* What the greatest of so many samples in a hold may fall short of the peak of a swing, as a share of it. */
double swing_missed(double samples);

#endif
