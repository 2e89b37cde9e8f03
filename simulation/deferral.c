#include "simulation/deferral_inside.h"

#include "controller/defer_expect.h"
#include "controller/defer_pauses.h"
#include "plant/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

const char *const deferral_way_name[WAYS] = {
    [WAY_AT_ONCE] = "no control", [WAY_CAP_ONLY] = "cap only",   [WAY_THRESHOLD] = "threshold",
    [WAY_PLANNED] = "capstan",    [WAY_OPTIMUM] = "clairvoyant",
};

/* ---- forecasts ---- */

static const double *summed(const double cost[], uint32_t steps, struct arena *arena)
{
    double *sum = arena_array(arena, (size_t)steps + 1, double);

    defer_sum_up(cost, steps, sum);
    return sum;
}

/* What is said of carbon: the truth, and an error that is independent from step to step. */
static const double *noisy(const struct carbon_trace *carbon, double deviation, uint64_t seed,
                           struct arena *arena)
{
    struct random random = random_stream(seed, 0, 0);
    double *said = arena_array(arena, carbon->steps, double);

    for (uint32_t i = 0; i < carbon->steps; i++)
        said[i] = carbon->g_per_kwh[i] + deviation * random_normal(&random);
    return said;
}

static void make_forecasts(struct deferral *d, const struct carbon_trace *carbon)
{
    double mean = 0;
    double deviation = 0;

    d->truth = (struct defer_forecast){carbon->start_utc_s, carbon->step_s, carbon->steps,
                                       carbon->g_per_kwh,
                                       summed(carbon->g_per_kwh, carbon->steps, d->arena)};
    d->plan = d->truth;
    for (uint32_t i = 0; i < carbon->steps; i++)
        mean += carbon->g_per_kwh[i] / carbon->steps;
    deviation = d->setup->noise_pct / 100 * mean;
    if (d->way == WAY_OPTIMUM || !(deviation > 0))
        return;
    d->plan.cost = noisy(carbon, deviation, d->setup->seed, d->arena);
    if (d->way == WAY_PLANNED) {
        double *expected = arena_array(d->arena, carbon->steps, double);

        defer_expect(d->plan.cost, carbon->steps, deviation,
                     arena_array(d->arena, carbon->steps, double), expected);
        d->plan.cost = expected;
    }
    d->plan.sum = summed(d->plan.cost, carbon->steps, d->arena);
}

/* ---- jobs ---- */

double deferral_power_w(const struct deferral *d, const struct trace_job *job)
{
    return job->power_known ? job->power_w : d->setup->node_power_w * job->nodes;
}

struct defer_job deferral_window(const struct deferral *d, uint32_t j, int64_t now_utc_s,
                                 int64_t left_s)
{
    return (struct defer_job){
        .earliest_utc_s = now_utc_s,
        .deadline_utc_s = d->fate[j].deadline_utc_s + d->setup->grace_s,
        .run_s = left_s,
        .interruptible = d->setup->interruptible,
        .pause_s = d->setup->pause_s,
    };
}

static int64_t deadline_of(const struct deferral *d, const struct trace_job *job)
{
    int64_t end_utc_s = job->submit_utc_s + job->run_s;

    return job->deadline_known ? job->deadline_utc_s
                               : deadline_by_rule(d->setup->rule, d->setup->hours, end_utc_s);
}

static void add_power(struct deferral *d, int64_t from_utc_s, int64_t to_utc_s, double power_w)
{
    const struct defer_forecast *f = &d->truth;
    int64_t step = max_w(0, (from_utc_s - f->start_utc_s) / f->step_s);

    for (; step < f->steps && f->start_utc_s + step * f->step_s < to_utc_s; step++) {
        int64_t begin = f->start_utc_s + step * f->step_s;
        int64_t ran_s = min_w(to_utc_s, begin + f->step_s) - max_w(from_utc_s, begin);

        d->result->power_w[step] += power_w * (double)max_w(0, ran_s) / (double)f->step_s;
    }
}

void deferral_count_run(struct deferral *d, uint32_t j, int64_t from_utc_s, int64_t to_utc_s,
                        double part)
{
    double power_kw = deferral_power_w(d, &d->jobs->job[j]) / 1000 * part;
    struct job_fate *fate = &d->fate[j];

    if (fate->first_utc_s == INT64_MAX)
        fate->first_utc_s = from_utc_s;
    fate->carbon_g += power_kw * defer_cost(&d->truth, from_utc_s, to_utc_s);
    d->result->energy_kwh += power_kw * (double)(to_utc_s - from_utc_s) / 3600;
    if (d->result->power_w != NULL)
        add_power(d, from_utc_s, to_utc_s, power_kw * 1000);
}

/* ---- each job by itself ---- */

/* While carbon is low, and from the moment on at which it can't wait any longer. Without pauses it waits for a low
 * moment and then goes through. */
static void by_threshold(const struct deferral *d, const struct defer_job *job,
                         struct defer_plan *plan)
{
    const struct defer_forecast *f = &d->plan;
    int64_t left_s = job->run_s;
    int64_t at_utc_s = job->earliest_utc_s;
    int64_t end_utc_s = job->deadline_utc_s;
    bool paused = false; /* what it does again is still to come */

    plan->spans = 0;
    while (left_s > 0) {
        int64_t step = (at_utc_s - f->start_utc_s) / f->step_s;
        int64_t next_utc_s = f->start_utc_s + (step + 1) * f->step_s;
        bool known = at_utc_s >= f->start_utc_s && step < f->steps;
        int64_t need_s = left_s + (plan->spans > 0 ? job->pause_s : 0);
        bool must = at_utc_s >= end_utc_s - need_s || !known || plan->spans == DEFER_SPANS_MAX;
        bool low = known && f->cost[step] < d->setup->threshold_g_per_kwh;
        int64_t to_utc_s = 0;

        if (!must && !low) {
            paused = plan->spans > 0;
            at_utc_s = min_w(next_utc_s, end_utc_s - need_s);
            continue;
        }
        left_s += paused ? job->pause_s : 0;
        paused = false;
        to_utc_s =
            must || !job->interruptible ? at_utc_s + left_s : min_w(next_utc_s, at_utc_s + left_s);
        if (plan->spans > 0 && plan->span[plan->spans - 1].end_utc_s == at_utc_s)
            plan->span[plan->spans - 1].end_utc_s = to_utc_s;
        else if (plan->spans < DEFER_SPANS_MAX)
            plan->span[plan->spans++] = (struct span){at_utc_s, to_utc_s};
        else
            plan->span[plan->spans - 1].end_utc_s = to_utc_s;
        left_s -= to_utc_s - at_utc_s;
        at_utc_s = to_utc_s;
    }
}

static void plan_alone(const struct deferral *d, const struct defer_job *job,
                       struct defer_plan *plan)
{
    switch (d->way) {
    case WAY_PLANNED:
    case WAY_OPTIMUM:
        if (d->pauses != NULL)
            defer_with_pauses(d->pauses, &d->plan, job, plan);
        else
            defer_one(&d->plan, job, plan);
        return;
    case WAY_THRESHOLD:
        by_threshold(d, job, plan);
        return;
    case WAY_AT_ONCE:
    case WAY_CAP_ONLY:
    case WAYS:
        break;
    }
    plan->spans = 1;
    plan->span[0] = (struct span){job->earliest_utc_s, job->earliest_utc_s + job->run_s};
}

static void run_alone(struct deferral *d, uint32_t j, struct defer_plan *plan)
{
    const struct trace_job *job = &d->jobs->job[j];
    struct defer_job window = deferral_window(d, j, job->submit_utc_s, job->run_s);

    plan_alone(d, &window, plan);
    for (uint32_t i = 0; i < plan->spans; i++)
        deferral_count_run(d, j, plan->span[i].begin_utc_s, plan->span[i].end_utc_s, 1);
    assert(plan->spans > 0); /* run_s > 0 */
    d->fate[j].end_utc_s = plan->span[plan->spans - 1].end_utc_s;
    d->fate[j].pauses = plan->spans - 1;
}

/* ---- what came of all ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void sum_up(struct deferral *d)
{
    struct deferral_result *r = d->result;
    double *wait_h = arena_array(d->arena, d->jobs->count, double);
    int64_t end_utc_s = d->truth.start_utc_s + d->truth.steps * d->truth.step_s;

    for (uint32_t j = 0; j < d->jobs->count; j++) {
        const struct trace_job *job = &d->jobs->job[j];
        const struct job_fate *fate = &d->fate[j];

        r->carbon_g += fate->carbon_g;
        r->pauses += fate->pauses;
        if (fate->end_utc_s == INT64_MAX ||
            fate->end_utc_s > fate->deadline_utc_s + d->setup->grace_s)
            r->missed++;
        if (fate->end_utc_s == INT64_MAX)
            continue;
        if (fate->first_utc_s < d->truth.start_utc_s || fate->end_utc_s > end_utc_s)
            r->beyond++;
        wait_h[r->finished++] = (double)(fate->end_utc_s - job->submit_utc_s - job->run_s) / 3600;
    }
    if (r->finished == 0)
        return;
    for (uint32_t i = 0; i < r->finished; i++)
        r->wait_mean_h += wait_h[i] / r->finished;
    qsort(wait_h, r->finished, sizeof *wait_h, by_value);
    r->wait_p95_h = wait_h[(uint32_t)ceil(.95 * r->finished) - 1];
}

void deferral_run(const struct job_trace *jobs, const struct carbon_trace *carbon,
                  const struct deferral_setup *setup, enum deferral_way way, struct job_fate fate[],
                  struct deferral_result *result, void (*progress)(void *context, double share),
                  void *context, struct arena *arena)
{
    struct deferral d = {.jobs = jobs,
                         .setup = setup,
                         .way = way,
                         .fate = fate,
                         .result = result,
                         .progress = progress,
                         .context = context,
                         .arena = arena};
    struct defer_plan plan;

    *result = (struct deferral_result){.power_w = result->power_w};
    make_forecasts(&d, carbon);
    if (setup->pause_s > 0 && (way == WAY_PLANNED || way == WAY_OPTIMUM))
        d.pauses = defer_pauses_create(DEFER_STEPS_MAX, arena);
    for (uint32_t j = 0; j < jobs->count; j++)
        fate[j] = (struct job_fate){.first_utc_s = INT64_MAX,
                                    .end_utc_s = INT64_MAX,
                                    .deadline_utc_s = deadline_of(&d, &jobs->job[j])};
    if (setup->capacity > 0 || setup->limit_w > 0) {
        deferral_run_bounded(&d);
    } else {
        for (uint32_t j = 0; j < jobs->count; j++) {
            run_alone(&d, j, &plan);
            if (progress != NULL && j % 256 == 0)
                progress(context, (double)j / jobs->count);
        }
    }
    sum_up(&d);
}
