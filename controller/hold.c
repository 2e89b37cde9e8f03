#include "controller/hold.h"

#include <string.h>

enum { GAP_TICKS = 3 };

static void start(struct hold *hold, int64_t now_ns, int64_t value_w)
{
    hold->started = true;
    hold->bucket_ns = now_ns;
    hold->most_w = value_w;
    for (int i = 0; i < HOLD_BUCKETS; i++)
        hold->greatest_w[i] = value_w;
}

static void turn(struct hold *hold, int64_t bucket_ns, int64_t now_ns, int64_t value_w)
{
    for (int turns = 0; turns < HOLD_BUCKETS && now_ns - hold->bucket_ns >= bucket_ns; turns++) {
        memmove(&hold->greatest_w[1], &hold->greatest_w[0],
                (HOLD_BUCKETS - 1) * sizeof hold->greatest_w[0]);
        hold->greatest_w[0] = value_w;
        hold->bucket_ns += bucket_ns;
    }
    if (now_ns - hold->bucket_ns >= bucket_ns)
        hold->bucket_ns = now_ns; /* after a gap longer than the window nothing older is left */
    hold->most_w = value_w;
    for (int i = 0; i < HOLD_BUCKETS; i++)
        hold->most_w = max_w(hold->most_w, hold->greatest_w[i]);
}

void hold_add(struct hold *hold, const struct control_settings *control, int64_t now_ns,
              int64_t value_w)
{
    /* The newest bucket is only begun: without it the others must still make up the window. */
    int64_t bucket_ns = control->uncontrolled_hold_ns / (HOLD_BUCKETS - 1) + 1;

    if (!hold->started)
        start(hold, now_ns, value_w);
    /* Silence is no evidence: nothing grew old while nobody looked, and the first look after it may be at nodes and
     * a meter that are not of one moment. */
    else if (now_ns - hold->added_ns > GAP_TICKS * control->tick_period_ns)
        hold->bucket_ns += now_ns - hold->added_ns;
    hold->added_ns = now_ns;
    if (now_ns - hold->bucket_ns >= bucket_ns)
        turn(hold, bucket_ns, now_ns, value_w);
    hold->greatest_w[0] = max_w(hold->greatest_w[0], value_w);
    hold->most_w = max_w(hold->most_w, value_w);
}
