#include "controller/defer_elastic.h"

#include <math.h>

/* ---- the curve ---- */

struct majorant {
    uint32_t corners;
    struct scaling_point corner[SCALING_POINTS_MAX + 1]; /* the first is no nodes at all */
};

/* True when b lies on or below the line from a to c: work over power. */
static bool below_line(const struct scaling_point *a, const struct scaling_point *b,
                       const struct scaling_point *c)
{
    return (b->throughput - a->throughput) * (c->power_w - a->power_w) <=
           (c->throughput - a->throughput) * (b->power_w - a->power_w);
}

static void make_majorant(const struct elastic_job *job, struct majorant *m)
{
    m->corners = 1;
    m->corner[0] = (struct scaling_point){0, 0, 0};
    for (uint32_t i = 0; i < job->points; i++) {
        if (job->point[i].nodes == 0)
            continue;
        while (m->corners > 1 &&
               below_line(&m->corner[m->corners - 2], &m->corner[m->corners - 1], &job->point[i]))
            m->corners--;
        m->corner[m->corners++] = job->point[i];
    }
    /* Nodes that make it slower are of no use. */
    while (m->corners > 1 &&
           m->corner[m->corners - 1].throughput <= m->corner[m->corners - 2].throughput)
        m->corners--;
}

/* ---- the window ---- */

struct window {
    const struct defer_forecast *f;
    const struct majorant *curve;
    int64_t begin_utc_s, end_utc_s;
    struct elastic_plan *plan;
};

static struct span span_of(const struct window *w, uint32_t i)
{
    int64_t at = w->f->start_utc_s + (int64_t)(w->plan->from_step + i) * w->f->step_s;

    return (struct span){max_w(at, w->begin_utc_s), min_w(at + w->f->step_s, w->end_utc_s)};
}

static double length_s(const struct window *w, uint32_t i)
{
    struct span span = span_of(w, i);

    return (double)(span.end_utc_s - span.begin_utc_s);
}

/* What a unit of work costs on the way from a corner to the next. Where power is paid for being taken, work is free:
 * nothing is run just to take power. */
static double price(const struct window *w, uint32_t i, uint32_t corner)
{
    const struct scaling_point *a = &w->curve->corner[corner];
    double cost = fmax(0, w->f->cost[w->plan->from_step + i]);

    return cost * (a[1].power_w - a->power_w) / (a[1].throughput - a->throughput);
}

/* ---- buying ---- */

/* The offers that cost less than a price, or no more, taken whole: how much work they do. Corners are in order of price,
 * since the majorant is concave. */
static double work_up_to(const struct window *w, double most, bool including, uint32_t taken[])
{
    double work = 0;

    for (uint32_t i = 0; i < w->plan->steps; i++) {
        uint32_t last = w->curve->corners - 1;
        uint32_t corner = 0;

        while (corner < last &&
               (price(w, i, corner) < most || (including && price(w, i, corner) == most)))
            corner++;
        taken[i] = corner;
        work += w->curve->corner[corner].throughput * length_s(w, i);
    }
    return work;
}

/* Of two prices that enclose the one at which the work is done, halves until nothing lies between but that one. Prices
 * are finite doubles, so that this ends. */
static double clearing_price(const struct window *w, double work, uint32_t taken[])
{
    double low = -1; /* work is never cheaper than nothing */
    double high = 0;

    for (uint32_t i = 0; i < w->plan->steps; i++)
        high = fmax(high, price(w, i, w->curve->corners - 2));
    for (int turn = 0; turn < 200 && low < high; turn++) {
        double middle = low + (high - low) / 2;

        if (middle <= low || middle >= high)
            break;
        if (work_up_to(w, middle, true, taken) >= work)
            high = middle;
        else
            low = middle;
    }
    return high;
}

static void set_step(struct elastic_step *step, const struct majorant *curve, uint32_t corner)
{
    step->first = curve->corner[corner].nodes;
    step->then = step->first;
}

/* Takes what is cheaper than the clearing price whole, and of what costs it as much as is needed, the earliest first. */
static void buy(const struct window *w, double work)
{
    uint32_t taken[DEFER_STEPS_MAX];
    double clearing = clearing_price(w, work, taken);
    double left = work - work_up_to(w, clearing, false, taken);

    for (uint32_t i = 0; i < w->plan->steps; i++) {
        struct elastic_step *step = &w->plan->step[i];
        uint32_t corner = taken[i];

        set_step(step, w->curve, corner);
        while (left > 0 && corner + 1 < w->curve->corners && price(w, i, corner) <= clearing) {
            const struct scaling_point *a = &w->curve->corner[corner];
            double whole = (a[1].throughput - a->throughput) * length_s(w, i);

            corner++;
            set_step(step, w->curve, corner);
            if (whole > left) {
                step->then = a->nodes;
                step->first_s =
                    (int64_t)ceil(left / whole * length_s(w, i)); /* a second too much at most */
            }
            left -= whole;
        }
    }
}

/* ---- the plan ---- */

static double power_of(const struct majorant *curve, uint32_t nodes)
{
    uint32_t c = 0;

    while (curve->corner[c].nodes != nodes)
        c++;
    return curve->corner[c].power_w;
}

static void sum_up(const struct window *w)
{
    struct elastic_plan *plan = w->plan;

    plan->cost = 0;
    plan->end_utc_s = w->begin_utc_s;
    for (uint32_t i = 0; i < plan->steps; i++) {
        const struct elastic_step *step = &plan->step[i];
        struct span span = span_of(w, i);
        int64_t change_utc_s = span.begin_utc_s + step->first_s;

        plan->cost +=
            power_of(w->curve, step->first) / 1000 *
                defer_cost(w->f, span.begin_utc_s, change_utc_s) +
            power_of(w->curve, step->then) / 1000 * defer_cost(w->f, change_utc_s, span.end_utc_s);
        if (step->then > 0)
            plan->end_utc_s = span.end_utc_s;
        else if (step->first > 0 && step->first_s > 0)
            plan->end_utc_s = change_utc_s;
    }
}

void defer_elastic(const struct defer_forecast *f, const struct elastic_job *job,
                   struct elastic_plan *plan)
{
    struct majorant curve;
    struct window w = {.f = f, .curve = &curve, .plan = plan};
    int64_t end_utc_s = f->start_utc_s + (int64_t)f->steps * f->step_s;
    double most = 0;

    make_majorant(job, &curve);
    w.begin_utc_s = max_w(job->earliest_utc_s, f->start_utc_s);
    *plan = (struct elastic_plan){.end_utc_s = w.begin_utc_s};
    plan->from_step = (uint32_t)((w.begin_utc_s - f->start_utc_s) / f->step_s);
    w.end_utc_s = min_w(min_w(job->deadline_utc_s, end_utc_s),
                        f->start_utc_s + (int64_t)(plan->from_step + DEFER_STEPS_MAX) * f->step_s);
    if (w.end_utc_s <= w.begin_utc_s || curve.corners < 2)
        return;
    plan->steps = (uint32_t)((w.end_utc_s - 1 - f->start_utc_s) / f->step_s) + 1 - plan->from_step;
    most = curve.corner[curve.corners - 1].throughput * (double)(w.end_utc_s - w.begin_utc_s);
    plan->possible = job->work <= most;
    if (plan->possible) {
        buy(&w, job->work);
    } else {
        for (uint32_t i = 0; i < plan->steps; i++)
            set_step(&plan->step[i], &curve, curve.corners - 1);
    }
    sum_up(&w);
}
