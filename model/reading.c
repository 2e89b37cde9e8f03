#include "model/reading.h"

#include <math.h>

static const char *const quality_names[] = {
#define QUALITY_NAME(id, name) name,
    QUALITIES(QUALITY_NAME)
#undef QUALITY_NAME
};

static const char *const flaw_names[] = {
#define FLAW_NAME(id, name) name,
    FLAWS(FLAW_NAME)
#undef FLAW_NAME
};

/* After this many implausible jumps in a row the new level is the truth: a breaker did open. */
enum { JUMPS_BELIEVED_AFTER = 5 };

const char *quality_name(enum quality quality) { return quality_names[quality]; }

const char *flaw_name(enum flaw flaw) { return flaw_names[flaw]; }

static bool jumps(const struct point *point, const struct reading_history *history,
                  const struct sample *sample)
{
    double seconds = 0;

    if (!point->checks_jump || !history->has_good)
        return false;
    /* At least a second is granted: two samples close together differ by noise alone. */
    seconds = fmax(1.0, (double)(sample->taken_ns - history->good_taken_ns) / (double)NS_PER_S);
    return fabs(sample->value - history->good_value) > point->jump_per_s * seconds &&
           history->jumps_in_a_row < JUMPS_BELIEVED_AFTER;
}

static bool frozen(const struct point *point, const struct reading_history *history,
                   const struct sample *sample)
{
    /* A photovoltaic plant at night and an open breaker read exactly 0 for hours, truly. */
    return point->checks_frozen && sample->value != 0.0 &&
           sample->taken_ns - history->unchanged_since_ns >= point->frozen_after_ns;
}

static enum flaw flaw_of(const struct point *point, const struct reading_history *history,
                         const struct sample *sample)
{
    if (sample->refused)
        return FLAW_DEVICE;
    if (!isfinite(sample->value))
        return FLAW_NOT_A_NUMBER;
    if (sample->value < point->min || sample->value > point->max)
        return FLAW_OUT_OF_RANGE;
    if (frozen(point, history, sample))
        return FLAW_FROZEN;
    if (jumps(point, history, sample))
        return FLAW_JUMP;
    return FLAW_NONE;
}

bool reading_accept(const struct point *point, struct reading_history *history,
                    const struct sample *sample, struct reading *reading)
{
    enum flaw flaw = FLAW_NONE;

    if (history->started && sample->taken_ns < history->last_taken_ns)
        return false;
    if (!history->started || sample->value != history->last_value)
        history->unchanged_since_ns = sample->taken_ns;
    flaw = flaw_of(point, history, sample);
    history->jumps_in_a_row = flaw == FLAW_JUMP ? history->jumps_in_a_row + 1 : 0;
    history->started = true;
    history->last_value = sample->value;
    history->last_taken_ns = sample->taken_ns;
    if (flaw == FLAW_NONE) {
        history->has_good = true;
        history->good_value = sample->value;
        history->good_taken_ns = sample->taken_ns;
        *reading = (struct reading){sample->value, sample->taken_ns, QUALITY_GOOD, FLAW_NONE};
    } else {
        *reading = (struct reading){0.0, sample->taken_ns, QUALITY_BAD, flaw};
    }
    return true;
}

void reading_age(const struct point *point, struct reading *reading, int64_t now_ns)
{
    if (reading->quality == QUALITY_GOOD && now_ns - reading->taken_ns > point->stale_after_ns)
        reading->quality = QUALITY_STALE;
}

bool reading_good(const struct reading *reading, double *value)
{
    if (reading->quality != QUALITY_GOOD)
        return false;
    *value = reading->value;
    return true;
}
