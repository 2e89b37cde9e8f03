#include "service/urgency.h"

static bool is_power(enum quantity q)
{
    return q == QUANTITY_POWER || q == QUANTITY_POWER_L1 || q == QUANTITY_POWER_L2 ||
           q == QUANTITY_POWER_L3;
}

static void note(struct urgency *urgency, uint32_t point, uint32_t row)
{
    if (point != NONE_INDEX)
        urgency->row[point] = row;
}

void urgency_init(struct urgency *urgency, const struct site *site, const struct row_table *rows,
                  struct arena *arena)
{
    urgency->row = arena_array(arena, site->points, uint32_t);
    urgency->is_signal = arena_array(arena, site->points, bool);
    for (uint32_t p = 0; p < site->points; p++)
        urgency->row[p] = NONE_INDEX;
    for (uint32_t b = 0; b < site->tree.branches; b++) {
        note(urgency, site->tree.power_point[b], b);
        for (uint32_t phase = 0; phase < PHASES; phase++)
            note(urgency, site->tree.phase_power_point[b][phase],
                 rows->phase_row[b * PHASES + phase]);
    }
    for (uint32_t s = 0; s < site->signals; s++)
        for (uint32_t i = 0; i < site->signal[s].points; i++)
            if (!is_power(site->signal[s].point[i].quantity))
                urgency->is_signal[site->signal[s].point[i].point] = true;
}

bool urgency_of(const struct urgency *urgency, uint32_t point, const struct reading *before,
                const struct reading *now, const struct row_table *rows,
                const struct estimate *estimate, const struct decision *decision)
{
    uint32_t row = urgency->row[point];
    double value = 0, former = 0, load_w = 0;

    if (!reading_good(now, &value))
        return false; /* losing data is the next tick's business: it holds, it does not act */
    if (urgency->is_signal[point])
        return !reading_good(before, &former) || value != former;
    if (row == NONE_INDEX || decision->row[row].hard == NONE_INDEX)
        return false;
    if (reading_good(before, &former) && value <= former)
        return false;
    load_w = value;
    if (rows->row[row].channel == CHANNEL_TOTAL)
        load_w +=
            (double)
                estimate->generation_w[rows->row[row].branch]; /* limits are on load, meters net */
    return load_w * (double)SHARE_WHOLE_BP >= (double)decision->row[row].limit_w * URGENT_FROM_BP;
}
