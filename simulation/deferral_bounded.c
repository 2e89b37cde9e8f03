/* A trace of jobs on so many nodes and within so many watts, step by step. */
#include "simulation/deferral_inside.h"

#include "controller/defer_many.h"

#include <math.h>

/* After the last step with a known carbon intensity everything that is left may run for so long. */
enum { TAIL_S = 60 * 24 * 3600, WEEK_S = 7 * 24 * 3600 };

/* How low caps go: jobs run at this part of their speed at least. */
static const double least_part = 0.5;

/* This part of the nodes is kept free in later steps: 5 %. */
enum { KEPT_PART = 20 };

/* The optimum looks at what comes, and plans anew this often. */
enum { OPTIMUM_EVERY_STEPS = 48 };

struct bounded {
    struct deferral *d;
    int64_t *left_s;  /* [jobs] */
    bool *running;    /* [jobs] in the step before */
    uint32_t *active; /* [jobs] who has come and has not ended, by arrival */
    uint32_t actives, arrived;
    uint32_t step;
    int64_t now_utc_s;
    uint32_t free_nodes;
    double free_w;
    double part; /* of their speed at which jobs run in this step */

    struct defer_many *many;
    /* [2 x jobs] of the last plan: the active ones, as they stand there, and who is expected. */
    struct defer_work *work;
    struct defer_place *place;
    uint32_t *work_of;    /* [jobs] its index among the works of the last plan; NONE_INDEX */
    uint32_t *room_nodes; /* [steps of a plan] */
    int64_t *room_w;
    uint32_t planned_at; /* step of the last plan */
    bool changed;        /* since then somebody came or ended */
};

static uint32_t nodes_of(const struct bounded *b, uint32_t j) { return b->d->jobs->job[j].nodes; }

static double power_of(const struct bounded *b, uint32_t j)
{
    return deferral_power_w(b->d, &b->d->jobs->job[j]);
}

static bool bound_to_run(const struct bounded *b, uint32_t j)
{
    return b->running[j] && !b->d->setup->interruptible;
}

/* ---- who runs ---- */

static bool take(struct bounded *b, uint32_t j, bool run[])
{
    bool fits = nodes_of(b, j) <= b->free_nodes && power_of(b, j) <= b->free_w;

    if (!fits)
        return false;
    b->free_nodes -= nodes_of(b, j);
    b->free_w -= power_of(b, j);
    run[j] = true;
    return true;
}

/* What can't be paused goes on whatever comes. */
static void go_on(struct bounded *b, bool run[])
{
    for (uint32_t i = 0; i < b->actives; i++) {
        uint32_t j = b->active[i];

        if (!bound_to_run(b, j))
            continue;
        b->free_nodes -= nodes_of(b, j);
        b->free_w -= power_of(b, j);
        run[j] = true;
    }
}

static void in_order(struct bounded *b, bool run[],
                     bool (*wanted)(const struct bounded *, uint32_t))
{
    for (uint32_t i = 0; i < b->actives; i++) {
        if (!run[b->active[i]] && wanted(b, b->active[i]))
            (void)take(b, b->active[i], run);
    }
}

static bool any(const struct bounded *b, uint32_t j)
{
    (void)b;
    (void)j;
    return true;
}

/* Can't wait another step. */
static bool pressed(const struct bounded *b, uint32_t j)
{
    struct defer_job window = deferral_window(b->d, j, b->now_utc_s, b->left_s[j]);

    return defer_latest_start(&window) < b->now_utc_s + b->d->plan.step_s;
}

static bool went_before(const struct bounded *b, uint32_t j) { return b->running[j]; }

static void choose_at_once(struct bounded *b, bool run[])
{
    go_on(b, run);
    in_order(b, run, went_before);
    in_order(b, run, any);
}

static void choose_by_threshold(struct bounded *b, bool run[])
{
    bool known = b->step < b->d->plan.steps;

    go_on(b, run);
    in_order(b, run, pressed);
    if (!known || b->d->plan.cost[b->step] < b->d->setup->threshold_g_per_kwh) {
        in_order(b, run, went_before);
        in_order(b, run, any);
    }
}

/* ---- who runs, planned ---- */

static void add_work(struct bounded *b, uint32_t j, int64_t earliest_utc_s, uint32_t *works)
{
    b->work_of[j] = *works;
    b->work[(*works)++] =
        (struct defer_work){.job = deferral_window(b->d, j, earliest_utc_s, b->left_s[j]),
                            .nodes = nodes_of(b, j),
                            .power_w = (int64_t)ceil(power_of(b, j)),
                            .keeps_on = bound_to_run(b, j)};
}

/* What came a week ago is expected to come again: room is kept for it. */
static void expect_again(struct bounded *b, int64_t ahead_s, uint32_t *works)
{
    const struct job_trace *jobs = b->d->jobs;

    for (uint32_t j = b->arrived; j-- > 0;) {
        const struct trace_job *job = &jobs->job[j];
        int64_t again_utc_s = job->submit_utc_s + WEEK_S;

        if (again_utc_s <= b->now_utc_s)
            return;
        if (again_utc_s >= b->now_utc_s + ahead_s)
            continue;
        b->work[*works] =
            (struct defer_work){.job = {.earliest_utc_s = again_utc_s,
                                        .deadline_utc_s = b->d->fate[j].deadline_utc_s + WEEK_S,
                                        .run_s = job->run_s,
                                        .interruptible = b->d->setup->interruptible},
                                .nodes = job->nodes,
                                .power_w = (int64_t)ceil(power_of(b, j))};
        ++*works;
    }
}

static void plan(struct bounded *b)
{
    const struct job_trace *jobs = b->d->jobs;
    struct defer_forecast ahead = b->d->plan;
    uint32_t works = 0;

    ahead.start_utc_s = b->now_utc_s;
    ahead.cost += b->step;
    ahead.sum += b->step;
    ahead.steps -= b->step;
    if (ahead.steps > DEFER_STEPS_MAX)
        ahead.steps = DEFER_STEPS_MAX;
    for (uint32_t i = 0; i < b->actives; i++)
        add_work(b, b->active[i], b->now_utc_s, &works);
    if (b->d->way == WAY_PLANNED)
        expect_again(b, (int64_t)ahead.steps * ahead.step_s, &works);
    for (uint32_t j = b->arrived;
         b->d->way == WAY_OPTIMUM && j < jobs->count &&
         jobs->job[j].submit_utc_s < b->now_utc_s + (int64_t)ahead.steps * ahead.step_s;
         j++)
        add_work(b, j, jobs->job[j].submit_utc_s, &works);
    defer_many_plan(b->many, &ahead,
                    &(struct defer_room){.nodes = b->room_nodes, .power_w = b->room_w}, b->work,
                    works, b->place);
    b->planned_at = b->step;
    b->changed = false;
}

static bool is_late(const struct bounded *b, uint32_t j)
{
    return b->work_of[j] != NONE_INDEX && b->place[b->work_of[j]].late;
}

static bool any_late(const struct bounded *b)
{
    for (uint32_t i = 0; i < b->actives; i++) {
        if (is_late(b, b->active[i]))
            return true;
    }
    return false;
}

static void choose_planned(struct bounded *b, bool run[])
{
    uint32_t age = b->step - b->planned_at;
    bool due = b->d->way == WAY_OPTIMUM ? age >= OPTIMUM_EVERY_STEPS : b->changed;

    if (b->step >= b->d->plan.steps) {
        choose_at_once(b, run);
        return;
    }
    if (due || b->planned_at == NONE_INDEX || age >= DEFER_STEPS_MAX / 2 || any_late(b))
        plan(b);
    go_on(b, run);
    for (uint32_t i = 0; i < b->actives; i++) {
        uint32_t j = b->active[i];

        if (!run[j] && b->work_of[j] != NONE_INDEX &&
            defer_many_runs(b->many, b->work_of[j], b->step - b->planned_at))
            (void)take(b, j, run);
    }
    /* Nothing that is short of time waits while nodes are free, whatever was planned. */
    in_order(b, run, pressed);
    in_order(b, run, is_late);
}

/* ---- a step ---- */

/* Without control the limit is not known; with caps all are slowed alike, down to what caps can do. */
static double open_room_w(const struct bounded *b)
{
    double limit_w = b->d->setup->limit_w > 0 ? (double)b->d->setup->limit_w : HUGE_VAL;

    if (b->d->way == WAY_AT_ONCE)
        return HUGE_VAL;
    return b->d->way == WAY_CAP_ONLY ? limit_w / least_part : limit_w;
}

static void choose(struct bounded *b, bool run[])
{
    uint32_t capacity = b->d->setup->capacity;

    b->free_nodes = capacity > 0 ? capacity : UINT32_MAX;
    b->free_w = open_room_w(b);
    if (b->d->way == WAY_THRESHOLD)
        choose_by_threshold(b, run);
    else if (b->d->way == WAY_PLANNED || b->d->way == WAY_OPTIMUM)
        choose_planned(b, run);
    else
        choose_at_once(b, run);
}

static void arrive(struct bounded *b)
{
    const struct job_trace *jobs = b->d->jobs;

    while (b->arrived < jobs->count && jobs->job[b->arrived].submit_utc_s <= b->now_utc_s) {
        b->active[b->actives++] = b->arrived++;
        b->changed = true;
    }
}

static void run_job(struct bounded *b, uint32_t j)
{
    int64_t step_s = b->d->plan.step_s;
    int64_t most_s = (int64_t)((double)step_s * b->part);
    int64_t work_s = min_w(b->left_s[j], most_s);
    int64_t took_s = b->left_s[j] <= most_s ? (int64_t)ceil((double)work_s / b->part) : step_s;

    deferral_count_run(b->d, j, b->now_utc_s, b->now_utc_s + took_s, b->part);
    b->left_s[j] -= work_s;
    if (b->left_s[j] == 0)
        b->d->fate[j].end_utc_s = b->now_utc_s + took_s;
}

static void note_load(struct bounded *b, const bool run[])
{
    struct deferral_result *r = b->d->result;
    uint32_t nodes = 0;
    double power_w = 0;
    int64_t limit_w = b->d->setup->limit_w;

    for (uint32_t i = 0; i < b->actives; i++) {
        nodes += run[b->active[i]] ? nodes_of(b, b->active[i]) : 0;
        power_w += run[b->active[i]] ? power_of(b, b->active[i]) : 0;
    }
    b->part = 1;
    if (b->d->way == WAY_CAP_ONLY && limit_w > 0 && power_w > (double)limit_w)
        b->part = (double)limit_w / power_w;
    power_w *= b->part;
    r->most_nodes = nodes > r->most_nodes ? nodes : r->most_nodes;
    r->most_w = fmax(r->most_w, power_w);
    /* A limit is whole watts; sums are off by less than a millionth. */
    r->steps_above += limit_w > 0 && power_w > (double)limit_w * (1 + 1e-6);
}

static void advance(struct bounded *b, bool run[])
{
    uint32_t left = 0;

    note_load(b, run);
    for (uint32_t i = 0; i < b->actives; i++) {
        uint32_t j = b->active[i];

        b->d->fate[j].pauses += b->running[j] && !run[j];
        b->running[j] = run[j];
        if (run[j])
            run_job(b, j);
        run[j] = false;
        if (b->left_s[j] > 0)
            b->active[left++] = j;
        else
            b->changed = true;
    }
    b->actives = left;
}

/* Who plans without knowing all that comes keeps some nodes of later steps for it. */
static uint32_t planned_nodes(const struct deferral *d, uint32_t step)
{
    uint32_t nodes = d->setup->capacity > 0 ? d->setup->capacity : UINT32_MAX;
    bool keeps = d->way == WAY_PLANNED && d->setup->capacity > 0 && step > 0;

    return keeps ? nodes - nodes / KEPT_PART : nodes;
}

static struct bounded open_bounded(struct deferral *d)
{
    uint32_t jobs = d->jobs->count;
    struct bounded b = {.d = d, .planned_at = NONE_INDEX};

    b.left_s = arena_array(d->arena, jobs, int64_t);
    b.running = arena_array(d->arena, jobs, bool);
    b.active = arena_array(d->arena, jobs, uint32_t);
    b.work = arena_array(d->arena, 2 * (size_t)jobs, struct defer_work);
    b.place = arena_array(d->arena, 2 * (size_t)jobs, struct defer_place);
    b.work_of = arena_array(d->arena, jobs, uint32_t);
    b.room_nodes = arena_array(d->arena, DEFER_STEPS_MAX, uint32_t);
    b.room_w = arena_array(d->arena, DEFER_STEPS_MAX, int64_t);
    b.many = defer_many_create(2 * jobs, DEFER_STEPS_MAX, d->arena);
    for (uint32_t j = 0; j < jobs; j++) {
        b.left_s[j] = d->jobs->job[j].run_s;
        b.work_of[j] = NONE_INDEX;
    }
    for (uint32_t i = 0; i < DEFER_STEPS_MAX; i++) {
        b.room_nodes[i] = planned_nodes(d, i);
        b.room_w[i] = d->setup->limit_w > 0 ? d->setup->limit_w : INT64_MAX / 2;
    }
    return b;
}

void deferral_run_bounded(struct deferral *d)
{
    struct bounded b = open_bounded(d);
    bool *run = arena_array(d->arena, d->jobs->count, bool);
    uint32_t last = d->plan.steps + (uint32_t)(TAIL_S / d->plan.step_s);

    for (b.step = 0; b.step < last; b.step++) {
        b.now_utc_s = d->plan.start_utc_s + (int64_t)b.step * d->plan.step_s;
        arrive(&b);
        if (b.actives == 0 && b.arrived == d->jobs->count)
            return;
        choose(&b, run);
        advance(&b, run);
        if (d->progress != NULL && b.step % 256 == 0)
            d->progress(d->context, fmin(1, (double)b.step / d->plan.steps));
    }
}
