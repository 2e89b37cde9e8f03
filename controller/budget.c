#include "controller/budget.h"

#include <math.h>

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

/* An excess is left to the feedback while the equipment bears it for so many dead times; that it is there is an alarm all the
 * same. */
enum { BORNE_DEAD_TIMES = 10 };

static bool excused(const struct site *site, const struct trip_watch *watch,
                    const struct feedback *feedback, const struct decision *decision, uint32_t r)
{
    double dead_time_s = (double)feedback_dead_time_ns(feedback, r) / (double)NS_PER_S;
    double alarm_s = (double)site->control.trip_alarm_ns / (double)NS_PER_S;

    return decision->limits.limit[decision->row[r].hard].reason.policy == 0 &&
           trip_watch_bears(watch, r, fmax(BORNE_DEAD_TIMES * dead_time_s, alarm_s));
}

static void row_budget(const struct row_estimate *estimate, struct feedback *feedback, uint32_t r,
                       struct row_decision *row)
{
    int64_t guarded_w = row->limit_w;

    if (row->soft != NONE_INDEX)
        row->soft_limit_w = max_w(row->soft_limit_w, row->floor_w);
    row->limited = row->hard != NONE_INDEX || row->soft != NONE_INDEX;
    if (row->hard != NONE_INDEX) {
        row->guard_w = feedback_guard_w(feedback, r, row->limit_w);
        guarded_w -= row->guard_w;
    }
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

/* The fast path. */
static void check_crossing(const struct site *site, const struct row_estimate *estimate,
                           const struct trip_watch *watch, struct feedback *feedback,
                           struct decision *decision, uint32_t r)
{
    struct row_decision *row = &decision->row[r];

    if (row->hard != NONE_INDEX && estimate->load_least_w > row->limit_w &&
        !excused(site, watch, feedback, decision, r)) {
        int64_t evident_w = feedback_evident_w(feedback, r, estimate->uncontrolled_w);

        row->budget_w -= evident_w;
        feedback_crossed(feedback, r, estimate->uncontrolled_w + evident_w);
    }
    row->budget_w = feedback_budget_w(feedback, r, row->budget_w);
}

void budget_run(const struct site *site, const struct row_table *rows,
                const struct snapshot *snapshot, const struct estimate *estimate,
                const struct trip_watch *watch, struct feedback *feedback,
                struct decision *decision)
{
    for (uint32_t r = 0; r < rows->count; r++) {
        decision->row[r] = (struct row_decision){.limit_w = LIMIT_MAX_W,
                                                 .soft_limit_w = LIMIT_MAX_W,
                                                 .hard = NONE_INDEX,
                                                 .soft = NONE_INDEX,
                                                 .trip_margin_s = watch->margin_s[r],
                                                 .binding = NONE_INDEX};
    }
    for (uint32_t i = 0; i < decision->limits.count; i++)
        take_limit(&decision->row[decision->limits.limit[i].row], &decision->limits, i,
                   snapshot->now_ns);
    for (uint32_t r = 0; r < rows->count; r++) {
        row_budget(&estimate->row[r], feedback, r, &decision->row[r]);
        check_crossing(site, &estimate->row[r], watch, feedback, decision, r);
        /* A limit that was dropped could have been any: nothing is granted until all are heard. */
        if (decision->limits.dropped > 0)
            decision->row[r].budget_w = 0;
    }
}
