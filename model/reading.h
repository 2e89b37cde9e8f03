/* model/reading.h - a point is something measured; a reading is its latest value with quality and age.
 *
 * A sample from a device passes a row of named tests (finite, in range, believable jump, not frozen) before
 * it becomes a GOOD reading. What fails is BAD with the test's name, and its value is never used. A reading
 * that grows old is STALE. A stale or bad reading is never used as if it were fresh.
 * Pure: the caller passes the time. Not thread-safe: a point's history belongs to one thread. */
#ifndef MODEL_READING_H
#define MODEL_READING_H

#include "model/quantity.h"

#define QUALITIES(X)                                              \
    X(QUALITY_MISSING, "missing") /* never read since start-up */ \
    X(QUALITY_GOOD, "good")                                       \
    X(QUALITY_STALE, "stale") /* older than the point allows */   \
    X(QUALITY_BAD, "bad")     /* the device answered, but not believably */

enum quality {
#define QUALITY_ENUM(id, name) id,
    QUALITIES(QUALITY_ENUM)
#undef QUALITY_ENUM
        QUALITY_COUNT
};

/* Which test a BAD sample failed. */
#define FLAWS(X)                                                                              \
    X(FLAW_NONE, "none")                                                                      \
    X(FLAW_NOT_A_NUMBER, "not a number") /* NaN, infinity, or the device's 'not available' */ \
    X(FLAW_OUT_OF_RANGE, "out of range")                                                      \
    X(FLAW_JUMP, "jump")     /* changed faster than is possible */                            \
    X(FLAW_FROZEN, "frozen") /* exactly the same for too long */                              \
    X(FLAW_DEVICE, "device says so")

enum flaw {
#define FLAW_ENUM(id, name) id,
    FLAWS(FLAW_ENUM)
#undef FLAW_ENUM
        FLAW_COUNT
};

const char *quality_name(enum quality quality);
const char *flaw_name(enum flaw flaw);

/* What a site file says of one measured value. Texts and the array belong to the site. */
struct point {
    const char *name; /* "grid_meter.power", "carbon" */
    enum quantity quantity;
    double min, max; /* plausible range, in the quantity's unit */
    int64_t stale_after_ns;
    bool checks_jump;
    double jump_per_s; /* largest believable change */
    bool checks_frozen;
    int64_t frozen_after_ns; /* a noisy analogue value can't stay the same this long; 0.0 may */
};

/* What a driver hands over. taken_ns is when the value was true, as near as is known, on the host's
 * monotonic clock; for a payload with a time stamp the driver converts its age. */
struct sample {
    double value;
    int64_t taken_ns;
    bool refused; /* the device itself marked it: sentinel, quality flag */
};

struct reading {
    double value; /* meaningful when quality is GOOD; the last good value when STALE; else 0 */
    int64_t taken_ns;
    enum quality quality;
    enum flaw flaw;
};

/* What the tests need to remember of one point; zeroed at start-up. */
struct reading_history {
    bool started;
    double last_value; /* as it came, good or not */
    int64_t last_taken_ns;
    int64_t unchanged_since_ns;
    bool has_good;
    double good_value;
    int64_t good_taken_ns;
    uint32_t jumps_in_a_row;
};

/* Runs the tests and gives the reading that the sample makes. Samples that are older than the last one are
 * ignored (the former reading stays), so late answers can't go back in time: then false. */
bool reading_accept(const struct point *point, struct reading_history *history,
                    const struct sample *sample, struct reading *reading);

/* Turns a GOOD reading that is too old at now_ns into STALE. A reading from the future counts as fresh. */
void reading_age(const struct point *point, struct reading *reading, int64_t now_ns);

/* True and *value set when the reading is GOOD. */
bool reading_good(const struct reading *reading, double *value);

#endif
