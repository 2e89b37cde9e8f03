/* service/urgency.h - which samples are worth a tick at once, and not only at the next period.
 *
 * A branch whose load rose to within 2 % of a hard limit, or above it; a signal (carbon, a grid
 * event) that changed. Pure: it only says so; the ticker keeps such ticks apart. */
#ifndef SERVICE_URGENCY_H
#define SERVICE_URGENCY_H

#include "model/decision.h"

enum { URGENT_FROM_BP = 9800 }; /* of the hard limit */

struct urgency {
    uint32_t *row;   /* [points]: the row whose load the point measures; NONE_INDEX */
    bool *is_signal; /* [points]: what it says may change a limit */
};

void urgency_init(struct urgency *urgency, const struct site *site, const struct row_table *rows,
                  struct arena *arena);

/* The reading of `point` went from `before` to `now`; decision and estimate are the last tick's. */
bool urgency_of(const struct urgency *urgency, uint32_t point, const struct reading *before,
                const struct reading *now, const struct row_table *rows,
                const struct estimate *estimate, const struct decision *decision);

#endif
