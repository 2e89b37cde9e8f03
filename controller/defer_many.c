#include "controller/defer_many.h"

#include <string.h>

enum { WORD_BITS = 64, WORDS = DEFER_STEPS_MAX / WORD_BITS };
enum { PASSES = 3 };

/* The steps in which a work runs, as bits. */
struct steps {
    uint64_t word[WORDS];
};

struct defer_many {
    uint32_t most_works, most_steps;
    const struct defer_forecast *forecast;
    const struct defer_work *work;
    uint32_t works;
    uint32_t steps;               /* that are planned */
    int64_t *free_nodes, *free_w; /* [steps] what is left */
    struct steps *runs;           /* [works] */
    struct steps *other;          /* [works] the other plan */
    bool *late;                   /* [works] */
    uint32_t *order;              /* [works] */
    double *urgency;              /* [works] saving a step and watt */
    uint32_t *cheap;              /* [steps] the forecast's steps, the cheapest first */
};

struct defer_many *defer_many_create(uint32_t works, uint32_t steps, struct arena *arena)
{
    struct defer_many *m = arena_array(arena, 1, struct defer_many);

    *m = (struct defer_many){.most_works = works,
                             .most_steps = (uint32_t)min_w(steps, DEFER_STEPS_MAX)};
    m->free_nodes = arena_array(arena, steps, int64_t);
    m->free_w = arena_array(arena, steps, int64_t);
    m->cheap = arena_array(arena, steps, uint32_t);
    m->runs = arena_array(arena, works, struct steps);
    m->other = arena_array(arena, works, struct steps);
    m->late = arena_array(arena, works, bool);
    m->order = arena_array(arena, works, uint32_t);
    m->urgency = arena_array(arena, works, double);
    return m;
}

/* ---- steps ---- */

static bool has(const struct steps *s, uint32_t step)
{
    return s->word[step / WORD_BITS] >> (step % WORD_BITS) & 1;
}

static void put(struct steps *s, uint32_t step)
{
    s->word[step / WORD_BITS] |= UINT64_C(1) << (step % WORD_BITS);
}

static void take_room(struct defer_many *m, uint32_t w, int64_t sign)
{
    for (uint32_t i = 0; i < m->steps; i++) {
        if (!has(&m->runs[w], i))
            continue;
        m->free_nodes[i] -= sign * m->work[w].nodes;
        m->free_w[i] -= sign * m->work[w].power_w;
    }
}

static bool fits(const struct defer_many *m, uint32_t w, uint32_t step)
{
    return m->free_nodes[step] >= m->work[w].nodes && m->free_w[step] >= m->work[w].power_w;
}

/* ---- a work's window, in steps ---- */

static uint32_t needs(const struct defer_many *m, uint32_t w)
{
    int64_t step_s = m->forecast->step_s;

    return (uint32_t)min_w((m->work[w].job.run_s + step_s - 1) / step_s, m->steps);
}

static uint32_t first_step(const struct defer_many *m, uint32_t w)
{
    int64_t at_s = m->work[w].job.earliest_utc_s - m->forecast->start_utc_s;
    int64_t step_s = m->forecast->step_s;

    return at_s <= 0 ? 0 : (uint32_t)min_w((at_s + step_s - 1) / step_s, m->steps);
}

/* Steps before this one keep the deadline: all that begin early enough for the last piece of work to end in time. */
static uint32_t end_step(const struct defer_many *m, uint32_t w)
{
    const struct defer_job *job = &m->work[w].job;
    int64_t step_s = m->forecast->step_s;
    int64_t left_s = job->deadline_utc_s - job->spare_s - m->forecast->start_utc_s;
    int64_t last_s = (job->run_s - 1) % step_s + 1; /* what the last step is needed for */

    return left_s < last_s ? 0 : (uint32_t)min_w((left_s - last_s) / step_s + 1, m->steps);
}

/* ---- placing ---- */

static double sum_of(const struct defer_many *m, uint32_t from, uint32_t to)
{
    return m->forecast->sum[to] - m->forecast->sum[from];
}

/* Less by no more than what sums are off is not less: of equal places the first. */
static bool less(double a, double b) { return a < b - 1e-9 * (b < 0 ? -b : b); }

/* The cheapest run of steps before `end`; where there is none, and it may be late, the first of all. */
static bool place_in_one(struct defer_many *m, uint32_t w, uint32_t end, bool earliest)
{
    uint32_t count = needs(m, w);
    uint32_t in_a_row = 0;
    uint32_t best = NONE_INDEX;
    double best_cost = 0;

    for (uint32_t i = first_step(m, w); i < end; i++) {
        uint32_t from = i + 1 - count;

        in_a_row = fits(m, w, i) ? in_a_row + 1 : 0;
        if (in_a_row < count)
            continue;
        if (best == NONE_INDEX || less(sum_of(m, from, i + 1), best_cost)) {
            best = from;
            best_cost = sum_of(m, from, i + 1);
        }
        if (earliest)
            break;
    }
    for (uint32_t i = 0; best != NONE_INDEX && i < count; i++)
        put(&m->runs[w], best + i);
    return best != NONE_INDEX;
}

/* The cheapest steps before `end`; false, and none taken, when there are too few. */
static bool place_in_parts(struct defer_many *m, uint32_t w, uint32_t end)
{
    struct steps found = {{0}};
    uint32_t first = first_step(m, w);
    uint32_t left = needs(m, w);

    for (uint32_t i = 0; i < m->steps && left > 0; i++) {
        uint32_t step = m->cheap[i];

        if (step < first || step >= end || !fits(m, w, step))
            continue;
        put(&found, step);
        left--;
    }
    if (left > 0)
        return false;
    m->runs[w] = found;
    return true;
}

/* Too late in any case: as early as can be. */
static void place_early(struct defer_many *m, uint32_t w)
{
    uint32_t left = needs(m, w);

    if (!m->work[w].job.interruptible) {
        (void)place_in_one(m, w, m->steps, true);
        return;
    }
    for (uint32_t i = first_step(m, w); i < m->steps && left > 0; i++) {
        if (!fits(m, w, i))
            continue;
        put(&m->runs[w], i);
        left--;
    }
}

static bool ends_late(const struct defer_many *m, uint32_t w)
{
    uint32_t in_time = 0;

    for (uint32_t i = 0; i < end_step(m, w); i++)
        in_time += has(&m->runs[w], i);
    return in_time < needs(m, w);
}

static void place(struct defer_many *m, uint32_t w)
{
    uint32_t end = end_step(m, w);

    memset(&m->runs[w], 0, sizeof m->runs[w]);
    m->late[w] = !(m->work[w].job.interruptible ? place_in_parts(m, w, end)
                                                : place_in_one(m, w, end, false));
    if (m->late[w])
        place_early(m, w);
    take_room(m, w, 1);
}

/* What runs and can't be paused goes on, whatever that takes. */
static void keep_on(struct defer_many *m, uint32_t w)
{
    memset(&m->runs[w], 0, sizeof m->runs[w]);
    for (uint32_t i = 0; i < needs(m, w); i++)
        put(&m->runs[w], i);
    m->late[w] = needs(m, w) > end_step(m, w);
    take_room(m, w, 1);
}

/* ---- order ---- */

static int64_t slack_s(const struct defer_work *w)
{
    return w->job.deadline_utc_s - w->job.spare_s - w->job.run_s;
}

static bool goes_before(const struct defer_many *m, uint32_t a, uint32_t b)
{
    if (slack_s(&m->work[a]) != slack_s(&m->work[b]))
        return slack_s(&m->work[a]) < slack_s(&m->work[b]);
    if (m->urgency[a] != m->urgency[b])
        return m->urgency[a] > m->urgency[b];
    return a < b;
}

static bool due_before(const struct defer_many *m, uint32_t a, uint32_t b)
{
    int64_t due_a = m->work[a].job.deadline_utc_s;
    int64_t due_b = m->work[b].job.deadline_utc_s;

    return due_a != due_b ? due_a < due_b : goes_before(m, a, b);
}

/* What it would save at best against at once, a step and watt. */
static double saving(const struct defer_many *m, uint32_t w)
{
    const struct defer_job *job = &m->work[w].job;
    struct defer_plan plan;

    defer_one(m->forecast, job, &plan);
    return (plan.cost_at_once - plan.cost) / (double)job->run_s;
}

static void sift(const struct defer_many *m, uint32_t heap[], uint32_t count, uint32_t at,
                 bool (*before)(const struct defer_many *, uint32_t, uint32_t))
{
    for (;;) { /* each turn goes one level down the heap */
        uint32_t last = at;
        uint32_t other = heap[at];

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            last = before(m, heap[last], heap[child]) ? child : last;
        if (last == at)
            return;
        heap[at] = heap[last];
        heap[last] = other;
        at = last;
    }
}

static void sort(const struct defer_many *m, uint32_t list[], uint32_t count,
                 bool (*before)(const struct defer_many *, uint32_t, uint32_t))
{
    for (uint32_t i = count / 2; i-- > 0;)
        sift(m, list, count, i, before);
    for (uint32_t left = count; left > 1;) {
        uint32_t last = list[0];

        list[0] = list[--left];
        list[left] = last;
        sift(m, list, left, 0, before);
    }
}

/* ---- all of them ---- */

static void clear_room(struct defer_many *m, const struct defer_room *room)
{
    for (uint32_t i = 0; i < m->steps; i++) {
        m->free_nodes[i] = room->nodes[i];
        m->free_w[i] = room->power_w[i];
    }
}

static uint32_t count_late(const struct defer_many *m)
{
    uint32_t late = 0;

    for (uint32_t w = 0; w < m->works; w++)
        late += m->late[w];
    return late;
}

static void begin_plan(struct defer_many *m, const struct defer_room *room)
{
    clear_room(m, room);
    for (uint32_t w = 0; w < m->works; w++) {
        if (m->work[w].keeps_on)
            keep_on(m, w);
    }
}

/* Each at the cheapest place that is left. */
static void place_cheaply(struct defer_many *m, const struct defer_room *room)
{
    begin_plan(m, room);
    sort(m, m->order, m->works, goes_before);
    for (uint32_t i = 0; i < m->works; i++) {
        if (!m->work[m->order[i]].keeps_on)
            place(m, m->order[i]);
    }
}

/* Each as early as it can, the nearest deadline first: what keeps most deadlines. */
static void place_early_all(struct defer_many *m, const struct defer_room *room)
{
    begin_plan(m, room);
    sort(m, m->order, m->works, due_before);
    for (uint32_t i = 0; i < m->works; i++) {
        uint32_t w = m->order[i];

        if (m->work[w].keeps_on)
            continue;
        memset(&m->runs[w], 0, sizeof m->runs[w]);
        place_early(m, w);
        m->late[w] = ends_late(m, w);
        take_room(m, w, 1);
    }
}

static double cost_of(const struct defer_many *m, const struct steps *runs)
{
    double cost = 0;

    for (uint32_t i = 0; i < m->steps; i++)
        cost += has(runs, i) ? m->forecast->cost[i] : 0;
    return cost;
}

/* Takes each out and puts it where it is cheapest now. Never makes one late. */
static void improve(struct defer_many *m)
{
    bool better = true;

    for (int pass = 0; pass < PASSES && better; pass++) {
        better = false;
        for (uint32_t i = 0; i < m->works; i++) {
            uint32_t w = m->order[i];
            struct steps former = m->runs[w];
            bool was_late = m->late[w];

            if (m->work[w].keeps_on)
                continue;
            take_room(m, w, -1);
            place(m, w);
            better = better || (was_late && !m->late[w]) ||
                     less(cost_of(m, &m->runs[w]), cost_of(m, &former));
        }
    }
}

/* Two plans: the cheap one, unless the other keeps more deadlines. */
static void choose_plan(struct defer_many *m, const struct defer_room *room)
{
    uint32_t late = 0;

    place_cheaply(m, room);
    late = count_late(m);
    if (late == 0)
        return;
    memcpy(m->other, m->runs, m->works * sizeof *m->other);
    place_early_all(m, room);
    if (count_late(m) < late)
        return;
    clear_room(m, room);
    memcpy(m->runs, m->other, m->works * sizeof *m->runs);
    for (uint32_t w = 0; w < m->works; w++) {
        take_room(m, w, 1);
        m->late[w] = ends_late(m, w);
    }
}

static void state_place(const struct defer_many *m, uint32_t w, struct defer_place *out)
{
    const struct defer_forecast *f = m->forecast;
    uint32_t first = 0;

    while (first < m->steps && !has(&m->runs[w], first))
        first++;
    *out = (struct defer_place){.late = m->late[w],
                                .now = first == 0,
                                .first_utc_s = first < m->steps ? f->start_utc_s + first * f->step_s
                                                                : INT64_MAX,
                                .cost = cost_of(m, &m->runs[w]) * (double)m->work[w].power_w /
                                        1000 * (double)f->step_s / 3600};
    if (out->now)
        out->reason = DEFER_AT_ONCE;
    else
        out->reason = out->late ? DEFER_NO_ROOM : DEFER_CHEAPER;
}

void defer_many_plan(struct defer_many *m, const struct defer_forecast *forecast,
                     const struct defer_room *room, const struct defer_work work[], uint32_t works,
                     struct defer_place place[])
{
    m->forecast = forecast;
    m->work = work;
    m->works = works < m->most_works ? works : m->most_works;
    m->steps = forecast->steps < m->most_steps ? forecast->steps : m->most_steps;
    for (uint32_t i = 0; i < m->steps; i++)
        m->cheap[i] = i;
    defer_sort_steps(forecast, m->cheap, m->steps);
    for (uint32_t w = 0; w < m->works; w++) {
        m->order[w] = w;
        m->urgency[w] = saving(m, w);
    }
    choose_plan(m, room);
    improve(m);
    for (uint32_t w = 0; w < m->works; w++)
        state_place(m, w, &place[w]);
}

bool defer_many_runs(const struct defer_many *m, uint32_t work, uint32_t step)
{
    return step < m->steps && has(&m->runs[work], step);
}
