#include "controller/defer.h"

#include <math.h>

/* ---- costs ---- */

void defer_sum_up(const double cost[], uint32_t steps, double sum[])
{
    sum[0] = 0;
    for (uint32_t i = 0; i < steps; i++)
        sum[i + 1] = sum[i] + cost[i];
}

static int64_t end_of(const struct defer_forecast *f)
{
    return f->start_utc_s + (int64_t)f->steps * f->step_s;
}

/* Of 1 kW from the forecast's start to a moment, in steps. */
static double cost_before(const struct defer_forecast *f, int64_t utc_s)
{
    int64_t at_s = utc_s - f->start_utc_s;

    if (at_s <= 0)
        return 0;
    if (utc_s >= end_of(f))
        return f->sum[f->steps];
    return f->sum[at_s / f->step_s] +
           f->cost[at_s / f->step_s] * ((double)(at_s % f->step_s) / (double)f->step_s);
}

double defer_cost(const struct defer_forecast *f, int64_t from_utc_s, int64_t to_utc_s)
{
    return (cost_before(f, to_utc_s) - cost_before(f, from_utc_s)) * (double)f->step_s / 3600;
}

/* Sums of many are a little off: less by no more than that is not less, so that of equal costs the earliest wins. */
static bool cheaper(const struct defer_forecast *f, double a, double b)
{
    return a < b - 1e-12 * (fabs(f->sum[f->steps]) + 1) * (double)f->step_s / 3600;
}

/* ---- the window ---- */

int64_t defer_latest_start(const struct defer_job *job)
{
    return max_w(job->earliest_utc_s, job->deadline_utc_s - job->spare_s - job->run_s);
}

/* Where the last piece of work must have ended, as far as the forecast reaches and steps are looked at. */
static int64_t window_end(const struct defer_forecast *f, const struct defer_job *job)
{
    int64_t first = max_w(0, (job->earliest_utc_s - f->start_utc_s) / f->step_s);
    int64_t last_utc_s = f->start_utc_s + (first + DEFER_STEPS_MAX) * f->step_s;

    return min_w(min_w(job->deadline_utc_s - job->spare_s, end_of(f)), last_utc_s);
}

static void run_from(struct defer_plan *plan, const struct defer_forecast *f,
                     const struct defer_job *job, int64_t begin_utc_s, enum defer_reason reason)
{
    plan->reason = reason;
    plan->spans = 1;
    plan->span[0] = (struct span){begin_utc_s, begin_utc_s + job->run_s};
    plan->cost = defer_cost(f, begin_utc_s, begin_utc_s + job->run_s);
}

/* ---- contiguous ---- */

static void try_start(const struct defer_forecast *f, const struct defer_job *job,
                      int64_t begin_utc_s, int64_t *best_utc_s, double *best)
{
    double cost = defer_cost(f, begin_utc_s, begin_utc_s + job->run_s);

    if (cheaper(f, cost, *best) || (begin_utc_s < *best_utc_s && !cheaper(f, *best, cost))) {
        *best = cost;
        *best_utc_s = begin_utc_s;
    }
}

/* The first edge between two steps at or after a moment. */
static int64_t next_edge(const struct defer_forecast *f, int64_t utc_s)
{
    int64_t at_s = utc_s - f->start_utc_s;
    int64_t over_s = at_s % f->step_s;

    return over_s == 0 ? utc_s : utc_s + f->step_s - (over_s > 0 ? over_s : over_s + f->step_s);
}

static void plan_contiguous(const struct defer_forecast *f, const struct defer_job *job,
                            int64_t end_utc_s, struct defer_plan *plan)
{
    int64_t latest_utc_s = end_utc_s - job->run_s;
    int64_t best_utc_s = job->earliest_utc_s;
    double best = defer_cost(f, best_utc_s, best_utc_s + job->run_s);

    for (int64_t at = next_edge(f, job->earliest_utc_s); at <= latest_utc_s; at += f->step_s)
        try_start(f, job, at, &best_utc_s, &best);
    for (int64_t at = next_edge(f, job->earliest_utc_s + job->run_s); at <= end_utc_s;
         at += f->step_s)
        try_start(f, job, at - job->run_s, &best_utc_s, &best);
    try_start(f, job, latest_utc_s, &best_utc_s, &best);
    run_from(plan, f, job, best_utc_s,
             best_utc_s == job->earliest_utc_s ? DEFER_AT_ONCE : DEFER_CHEAPER);
}

/* ---- interruptible ---- */

/* The part of a step that lies in the window. */
static struct span step_span(const struct defer_forecast *f, uint32_t step, int64_t begin_utc_s,
                             int64_t end_utc_s)
{
    int64_t at_utc_s = f->start_utc_s + (int64_t)step * f->step_s;

    return (struct span){max_w(at_utc_s, begin_utc_s), min_w(at_utc_s + f->step_s, end_utc_s)};
}

static bool dearer(const struct defer_forecast *f, uint32_t a, uint32_t b)
{
    return f->cost[a] != f->cost[b] ? f->cost[a] > f->cost[b] : a > b;
}

static void sift(const struct defer_forecast *f, uint32_t heap[], uint32_t count, uint32_t at)
{
    for (;;) { /* each turn goes one level down the heap */
        uint32_t most = at;
        uint32_t other = heap[at];

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            most = dearer(f, heap[child], heap[most]) ? child : most;
        if (most == at)
            return;
        heap[at] = heap[most];
        heap[most] = other;
        at = most;
    }
}

void defer_sort_steps(const struct defer_forecast *f, uint32_t step[], uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sift(f, step, count, i);
    for (uint32_t left = count; left > 1;) {
        uint32_t dearest = step[0];

        step[0] = step[--left];
        step[left] = dearest;
        sift(f, step, left, 0);
    }
}

static void add_span(const struct defer_forecast *f, struct defer_plan *plan, struct span span)
{
    plan->cost += defer_cost(f, span.begin_utc_s, span.end_utc_s);
    if (plan->spans > 0 && plan->span[plan->spans - 1].end_utc_s == span.begin_utc_s)
        plan->span[plan->spans - 1].end_utc_s = span.end_utc_s;
    else
        plan->span[plan->spans++] = span;
}

/* Takes the cheapest steps until the work is done. Of the dearest of them it may be that only a part is needed: the
 * part next to what runs anyway. */
static void plan_interruptible(const struct defer_forecast *f, const struct defer_job *job,
                               int64_t end_utc_s, struct defer_plan *plan)
{
    uint32_t step[DEFER_STEPS_MAX];
    bool taken[DEFER_STEPS_MAX + 1] = {false};
    uint32_t first = (uint32_t)((job->earliest_utc_s - f->start_utc_s) / f->step_s);
    uint32_t count =
        (uint32_t)((end_utc_s - 1 - f->start_utc_s) / f->step_s) + 1 - first; /* <= STEPS_MAX */
    uint32_t partial = NONE_INDEX;
    int64_t left_s = job->run_s;
    int64_t partial_s = 0;

    for (uint32_t i = 0; i < count; i++)
        step[i] = first + i;
    defer_sort_steps(f, step, count);
    for (uint32_t i = 0; i < count && left_s > 0; i++) {
        struct span span = step_span(f, step[i], job->earliest_utc_s, end_utc_s);

        taken[step[i] - first] = true;
        left_s -= span.end_utc_s - span.begin_utc_s;
        if (left_s < 0) {
            partial = step[i];
            partial_s = span.end_utc_s - span.begin_utc_s + left_s;
        }
    }
    *plan = (struct defer_plan){.cost_at_once = plan->cost_at_once};
    for (uint32_t i = 0; i < count; i++) {
        struct span span = step_span(f, first + i, job->earliest_utc_s, end_utc_s);

        if (!taken[i])
            continue;
        if (first + i == partial && (i == 0 || !taken[i - 1]) && taken[i + 1])
            span.begin_utc_s = span.end_utc_s - partial_s;
        else if (first + i == partial)
            span.end_utc_s = span.begin_utc_s + partial_s;
        add_span(f, plan, span);
    }
    plan->reason = plan->spans == 1 && plan->span[0].begin_utc_s == job->earliest_utc_s
                       ? DEFER_AT_ONCE
                       : DEFER_CHEAPER;
}

/* ---- one job ---- */

void defer_one(const struct defer_forecast *f, const struct defer_job *job, struct defer_plan *plan)
{
    int64_t end_utc_s = window_end(f, job);

    plan->cost_at_once = defer_cost(f, job->earliest_utc_s, job->earliest_utc_s + job->run_s);
    if (job->deadline_utc_s - job->spare_s - job->earliest_utc_s <= job->run_s)
        run_from(plan, f, job, job->earliest_utc_s, DEFER_NO_SLACK);
    else if (job->earliest_utc_s < f->start_utc_s || end_utc_s - job->earliest_utc_s < job->run_s)
        run_from(plan, f, job, job->earliest_utc_s, DEFER_UNKNOWN);
    else if (job->interruptible)
        plan_interruptible(f, job, end_utc_s, plan);
    else
        plan_contiguous(f, job, end_utc_s, plan);
}
