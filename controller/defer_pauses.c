#include "controller/defer_pauses.h"

#include <assert.h>
#include <math.h>

enum { COUNTS = DEFER_PAUSES_MAX + 1 };

struct defer_pauses {
    uint32_t most_steps;
    /* Of a state the least cost of getting there: [running][pauses][steps run], and the same after the next step. */
    double *cost, *after;
    uint8_t *
        ran; /* [step][running][pauses][steps run] whether it ran in the step before, on the cheapest way there */
};

/* The window of a job, in whole steps of the forecast. */
struct window {
    uint32_t first, steps;
    uint32_t most; /* steps of running that are looked at */
};

struct defer_pauses *defer_pauses_create(uint32_t steps, struct arena *arena)
{
    struct defer_pauses *p = arena_array(arena, 1, struct defer_pauses);
    size_t states = (size_t)2 * COUNTS * (steps + 1);

    assert(steps <= DEFER_STEPS_MAX);

    *p = (struct defer_pauses){.most_steps = steps};
    p->cost = arena_array(arena, states, double);
    p->after = arena_array(arena, states, double);
    p->ran = arena_array(arena, states * steps, uint8_t);
    return p;
}

static size_t state(const struct window *w, bool running, uint32_t pauses, uint32_t ran)
{
    return ((size_t)running * COUNTS + pauses) * (w->most + 1) + ran;
}

static size_t states(const struct window *w) { return (size_t)2 * COUNTS * (w->most + 1); }

/* Steps that it must run in if it pauses so often. */
static uint32_t needed(const struct defer_forecast *f, const struct defer_job *job, uint32_t pauses)
{
    int64_t work_s = job->run_s + (int64_t)pauses * job->pause_s;

    return (uint32_t)min_w((work_s + f->step_s - 1) / f->step_s, DEFER_STEPS_MAX + 1);
}

static struct window find_window(const struct defer_pauses *p, const struct defer_forecast *f,
                                 const struct defer_job *job)
{
    int64_t begin_s = max_w(0, job->earliest_utc_s - f->start_utc_s);
    int64_t end_s =
        min_w(job->deadline_utc_s - job->spare_s - f->start_utc_s, (int64_t)f->steps * f->step_s);
    int64_t first = (begin_s + f->step_s - 1) / f->step_s;
    int64_t steps = min_w(end_s / f->step_s - first, p->most_steps);
    struct window w = {.first = (uint32_t)first};

    w.steps = steps > 0 ? (uint32_t)steps : 0;
    w.most = (uint32_t)min_w(needed(f, job, DEFER_PAUSES_MAX), w.steps);
    return w;
}

/* Keeps the cheaper of two ways into a state after a step; of equal ones the first that came. */
static void offer(struct defer_pauses *p, size_t to, double cost, bool ran, uint8_t *before)
{
    if (!(cost < p->after[to]))
        return;
    p->after[to] = cost;
    before[to] = ran;
}

/* All ways through a step: it runs or it does not. */
static void pass(struct defer_pauses *p, const struct window *w, double step_cost, uint8_t *before)
{
    double *done = p->after;

    for (size_t i = 0; i < states(w); i++)
        p->after[i] = HUGE_VAL;
    for (int running = 1; running >= 0; running--) {
        for (uint32_t m = 0; m < COUNTS; m++) {
            for (uint32_t i = 0; i <= w->most; i++) {
                double cost = p->cost[state(w, running, m, i)];
                uint32_t pauses = m + (running == 0 && i > 0);

                if (cost == HUGE_VAL)
                    continue;
                offer(p, state(w, false, m, i), cost, running, before);
                if (i < w->most && pauses < COUNTS)
                    offer(p, state(w, true, pauses, i + 1), cost + step_cost, running, before);
            }
        }
    }
    p->after = p->cost;
    p->cost = done;
}

static void run_through(struct defer_pauses *p, const struct defer_forecast *f,
                        const struct window *w)
{
    for (size_t i = 0; i < states(w); i++)
        p->cost[i] = HUGE_VAL;
    p->cost[state(w, false, 0, 0)] = 0;
    for (uint32_t k = 0; k < w->steps; k++)
        pass(p, w, f->cost[w->first + k], &p->ran[states(w) * k]);
}

/* Goes back from the last state, and writes down when it ran. */
static void trace_back(const struct defer_pauses *p, const struct defer_forecast *f,
                       const struct window *w, bool running, uint32_t pauses, uint32_t ran,
                       struct defer_plan *plan)
{
    bool runs[DEFER_STEPS_MAX] = {false};

    for (uint32_t k = w->steps; k-- > 0;) {
        bool before = p->ran[states(w) * k + state(w, running, pauses, ran)] != 0;

        runs[k] = running;
        if (running) {
            ran--;
            pauses -= !before && ran > 0;
        }
        running = before;
    }
    plan->spans = 0;
    plan->cost = 0;
    for (uint32_t k = 0; k < w->steps; k++) {
        int64_t at = f->start_utc_s + (int64_t)(w->first + k) * f->step_s;

        if (!runs[k])
            continue;
        plan->cost += defer_cost(f, at, at + f->step_s);
        if (plan->spans > 0 && plan->span[plan->spans - 1].end_utc_s == at)
            plan->span[plan->spans - 1].end_utc_s = at + f->step_s;
        else
            plan->span[plan->spans++] = (struct span){at, at + f->step_s};
    }
}

void defer_with_pauses(struct defer_pauses *p, const struct defer_forecast *f,
                       const struct defer_job *job, struct defer_plan *plan)
{
    struct window w = find_window(p, f, job);
    double best = HUGE_VAL;
    uint32_t pauses = 0;
    bool running = false;

    if (!job->interruptible || job->pause_s <= 0 || job->earliest_utc_s < f->start_utc_s ||
        needed(f, job, 0) > w.steps) {
        struct defer_job whole = *job;

        whole.interruptible = job->interruptible && job->pause_s <= 0;
        defer_one(f, &whole, plan);
        return;
    }
    run_through(p, f, &w);
    for (uint32_t m = 0; m < COUNTS && needed(f, job, m) <= w.most; m++) {
        for (int r = 0; r < 2; r++) {
            double cost = p->cost[state(&w, r, m, needed(f, job, m))];

            if (cost < best) {
                best = cost;
                pauses = m;
                running = r;
            }
        }
    }
    plan->cost_at_once = defer_cost(f, job->earliest_utc_s, job->earliest_utc_s + job->run_s);
    trace_back(p, f, &w, running, pauses, needed(f, job, pauses), plan);
    plan->reason = plan->spans == 1 && plan->span[0].begin_utc_s < job->earliest_utc_s + f->step_s
                       ? DEFER_AT_ONCE
                       : DEFER_CHEAPER;
}
