#include "controller/budget.h"

static void take_limit(struct row_decision *row, const struct limit_list *limits, uint32_t index,
                       int64_t now_ns)
{
    int64_t value_w = limit_now_w(&limits->limit[index], now_ns);

    if (limits->limit[index].strength == LIMIT_HARD) {
        if (row->hard == NONE_INDEX || value_w < row->limit_w) {
            row->hard = index;
            row->limit_w = value_w;
        }
    } else if (limits->limit[index].strength == LIMIT_FLOOR) {
        row->floor_w = max_w(row->floor_w, value_w);
    } else if (row->soft == NONE_INDEX || value_w < row->soft_limit_w) {
        row->soft = index;
        row->soft_limit_w = value_w;
    }
}

static void row_budget(const struct site *site, const struct row_estimate *estimate,
                       struct row_decision *row)
{
    int64_t guarded_w = row->limit_w;

    if (row->soft != NONE_INDEX)
        row->soft_limit_w = max_w(row->soft_limit_w, row->floor_w);
    row->limited = row->hard != NONE_INDEX || row->soft != NONE_INDEX;
    if (row->hard != NONE_INDEX)
        guarded_w -= share_up_w(site->control.guard_bp, row->limit_w);
    row->binding = row->soft_limit_w < guarded_w ? row->soft : row->hard;
    if (row->soft_limit_w < guarded_w)
        guarded_w = row->soft_limit_w;
    row->budget_w = guarded_w - estimate->uncontrolled_w - estimate->fixed_w;
    /* Against the limit itself: the guard is a margin, not a shortfall. */
    row->shortfall_w =
        estimate->uncontrolled_w + estimate->fixed_w + estimate->min_w - row->limit_w;
    if (row->shortfall_w < 0 || row->hard == NONE_INDEX)
        row->shortfall_w = 0;
}

void budget_run(const struct site *site, const struct row_table *rows,
                const struct snapshot *snapshot, const struct estimate *estimate,
                struct decision *decision)
{
    for (uint32_t r = 0; r < rows->count; r++) {
        decision->row[r] = (struct row_decision){.limit_w = LIMIT_MAX_W,
                                                 .soft_limit_w = LIMIT_MAX_W,
                                                 .hard = NONE_INDEX,
                                                 .soft = NONE_INDEX,
                                                 .binding = NONE_INDEX};
    }
    for (uint32_t i = 0; i < decision->limits.count; i++)
        take_limit(&decision->row[decision->limits.limit[i].row], &decision->limits, i,
                   snapshot->now_ns);
    for (uint32_t r = 0; r < rows->count; r++) {
        row_budget(site, &estimate->row[r], &decision->row[r]);
        /* A limit that was dropped could have been any: nothing is granted until all are heard. */
        if (decision->limits.dropped > 0)
            decision->row[r].budget_w = 0;
    }
}
