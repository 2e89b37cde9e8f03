/* Random faults in storms, with calms between in which everything must settle. */
#include "simulation/generate_inside.h"

#include <stdlib.h>

/* A cycle is a storm and a calm; the calm is long enough for check_settled's patience at any drafted setting. */
enum { CYCLE_S = 1800, STORM_S = 1080, FIRST_S = 30, EVENTS_PER_STORM_MAX = 40 };

/* How often a kind is drawn, how long it lasts at most, what its value may be. */
static const struct habit {
    enum event_kind kind;
    int share;
    int64_t lasts_s;
    double low, high;
} habits[] = {
    {EVENT_METER_SILENT, 4, 200, 0, 0},
    {EVENT_METER_FROZEN, 4, 200, 0, 0},
    {EVENT_METER_DRIFTING, 3, 200, 0.001, 0.02},
    {EVENT_METER_SPIKING, 3, 120, 0.2, 4},
    {EVENT_AGENT_DEAD, 5, 200, 0, 0},
    {EVENT_AGENT_SLOW, 4, 120, 1, 10},
    {EVENT_AGENT_LYING, 4, 200, 0, 1},
    {EVENT_AGENT_DEAF, 4, 200, 0, 0},
    {EVENT_AGENT_RESTARTED, 6, 0, 0, 1},
    {EVENT_FOREIGN_RAISE, 5, 0, 0.1, 1},
    {EVENT_ACKS_LOST, 4, 120, 0, 0},
    {EVENT_NETWORK_BAD, 3, 120, 0.02, 0.4},
    {EVENT_BROKER_GONE, 2, 120, 0, 0},
    {EVENT_CONTROLLER_KILLED, 3, 100, 0, 1},
    {EVENT_CLOCK_STEPPED, 2, 100, -4000, 4000},
    {EVENT_POLICY_RELOADED, 5, 0, 0, 7},
    {EVENT_POLICY_BAD, 1, 0, 0, 20},
    {EVENT_FEEDER_LOST, 2, 200, 0, 0},
    {EVENT_WORK_STEPPED, 3, 60, 0, 1},
    {EVENT_LOAD_STEPPED, 4, 0, 0, 1}, /* of the branch's worst case */
    {EVENT_SIGNAL_STEPPED, 3, 0, 0, 500},
    {EVENT_GRID_EVENT, 4, 300, 0, 1}, /* of what the site can draw */
};

static void aim(struct draft *d, struct event *e)
{
    uint32_t b = 0;

    switch (event_about(e->kind)) {
    case ABOUT_METER:
        if (e->kind == EVENT_SIGNAL_STEPPED)
            snprintf(e->target, sizeof e->target, "carbon");
        else
            snprintf(e->target, sizeof e->target, "%s", d->meter[between(d, 0, d->meters - 1)]);
        break;
    case ABOUT_NODE:
        snprintf(e->target, sizeof e->target, "n%u", (uint32_t)between(d, 1, d->nodes));
        break;
    case ABOUT_BRANCH:
        b = (uint32_t)between(d, 0, d->branches - 1);
        snprintf(e->target, sizeof e->target, "%s", d->branch[b].name);
        e->value *= (double)d->branch[b].unmetered_w;
        break;
    case ABOUT_FEED:
        snprintf(e->target, sizeof e->target, "%s", chance(d, 50) ? "A" : "B");
        break;
    case ABOUT_NOTHING:
        if (e->kind == EVENT_GRID_EVENT)
            e->value *= d->branch[0].most_w;
        break;
    }
}

static bool possible(const struct draft *d, enum event_kind kind)
{
    return (kind != EVENT_GRID_EVENT || d->events) &&
           (kind != EVENT_FEEDER_LOST || d->feeds == 2) &&
           (kind != EVENT_SIGNAL_STEPPED || d->carbon);
}

static const struct habit *some_habit(struct draft *d, uint32_t left_out)
{
    int64_t sum = 0;
    int64_t at = 0;

    for (size_t i = 0; i < COUNT(habits); i++)
        sum += (left_out >> i & 1) != 0 ? 0 : habits[i].share;
    if (sum == 0)
        return NULL;
    at = between(d, 0, sum - 1);
    for (size_t i = 0; i < COUNT(habits); i++) {
        at -= (left_out >> i & 1) != 0 ? 0 : habits[i].share;
        if (at < 0)
            return &habits[i];
    }
    return NULL;
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a;
    const struct event *y = b;

    return (x->at_s > y->at_s) - (x->at_s < y->at_s);
}

void generate_timeline(struct draft *d)
{
    struct scenario *s = d->scenario;
    int64_t cycles = s->seconds / CYCLE_S > 0 ? s->seconds / CYCLE_S : 1;
    uint32_t left_out = (uint32_t)random_next(&d->random);

    s->event = arena_array(&s->arena, (size_t)cycles * EVENTS_PER_STORM_MAX, struct event);
    for (int64_t cycle = 0; cycle < cycles; cycle++) {
        int64_t count = between(d, 0, EVENTS_PER_STORM_MAX);
        int64_t end_s = cycle * CYCLE_S + STORM_S;

        for (int64_t i = 0; i < count && s->events < SCENARIO_EVENTS_MAX; i++) {
            const struct habit *habit = some_habit(d, left_out);
            struct event *e = &s->event[s->events];

            if (habit == NULL || !possible(d, habit->kind))
                continue;
            *e = (struct event){.kind = habit->kind};
            e->at_s = cycle * CYCLE_S + between(d, FIRST_S, STORM_S - 1);
            e->value = random_between(&d->random, habit->low, habit->high);
            e->lasts_s = habit->lasts_s > 0 ? between(d, 1, habit->lasts_s) : 0;
            e->lasts_s = min_w(e->lasts_s, end_s - e->at_s);
            aim(d, e);
            s->events++;
        }
    }
    qsort(s->event, s->events, sizeof *s->event, by_time);
}
