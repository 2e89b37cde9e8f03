#include "model/snapshot.h"

#include <math.h>

int command_id_compare(struct command_id a, struct command_id b)
{
    if (a.epoch != b.epoch)
        return a.epoch < b.epoch ? -1 : 1;
    return a.seq < b.seq ? -1 : a.seq > b.seq;
}

bool source_power_w(const struct site *site, uint32_t source, const struct snapshot *snapshot,
                    int64_t *power_w)
{
    const struct source *s = &site->source[source];
    double value = 0;

    if (!reading_good(&snapshot->reading[s->power_point], &value))
        return false;
    if (s->meter_counts_import)
        value = -value;
    /* A battery that charges or an inverter's standby draw is load, not production. */
    value = fmin(fmax(value, 0.0), (double)LIMIT_MAX_W);
    *power_w = (int64_t)floor(value);
    return true;
}
