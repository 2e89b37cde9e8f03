/* controller/hold.h - the greatest of a value over a sliding window: up at once, down when the window has passed.
 *
 * The window moves in sevenths: a value is held for the window and up to a seventh longer. Pure. */
#ifndef CONTROLLER_HOLD_H
#define CONTROLLER_HOLD_H

#include "model/site.h"

enum { HOLD_BUCKETS = 8 };

struct hold {
    bool started;
    int64_t greatest_w[HOLD_BUCKETS];
    int64_t most_w; /* of all buckets */
    int64_t bucket_ns;
    int64_t added_ns; /* of the last value */
};

void hold_add(struct hold *hold, const struct control_settings *control, int64_t now_ns,
              int64_t value_w);

#endif
