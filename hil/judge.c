#include "hil/judge.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

void judge_init(struct judge *judge, uint32_t room, struct arena *arena)
{
    *judge = (struct judge){.room = room, .verdict = arena_array(arena, room, struct verdict)};
}

uint32_t judge_add(struct judge *judge, const char *name)
{
    struct verdict *verdict = &judge->verdict[judge->limits];

    assert(judge->limits < judge->room);
    *verdict = (struct verdict){.least_headroom_w = INFINITY};
    snprintf(verdict->name, sizeof verdict->name, "%s", name);
    return judge->limits++;
}

void judge_step(struct judge *judge, uint32_t limit, int64_t now_ns)
{
    struct verdict *v = &judge->verdict[limit];

    assert(limit < judge->limits);
    v->stepped = true;
    v->stepped_ns = now_ns;
    v->comply_ns = 0;
    v->waiting = false;
}

/* True while an excess is forgiven. */
static bool in_grace(const struct verdict *v, int64_t now_ns)
{
    return v->stepped && now_ns - v->stepped_ns <= JUDGE_GRACE_NS;
}

/* How long the stretch has lasted: it may outlast the run, so it is noted as it grows. */
static void note_stretch(struct verdict *v, int64_t now_ns)
{
    int64_t lasted_ns = now_ns - v->above_since_ns;

    if (lasted_ns > v->worst_excess_ns)
        v->worst_excess_ns = lasted_ns;
}

/* Above the limit at now_ns. */
static void see_excess(struct verdict *v, int64_t now_ns, double excess_w)
{
    if (!v->above) {
        v->above = true;
        v->counted = false;
        v->above_since_ns = now_ns;
    }
    if (excess_w > v->worst_excess_w) {
        v->worst_excess_w = excess_w;
        v->worst_at_ns = now_ns;
    }
    note_stretch(v, now_ns);
    if (in_grace(v, now_ns))
        return;
    v->worst_violation_w = fmax(v->worst_violation_w, excess_w);
    v->violations += !v->counted;
    v->counted = true;
}

static void see_headroom(struct verdict *v, int64_t now_ns)
{
    if (!v->above)
        return;
    v->above = false;
    note_stretch(v, now_ns);
}

void judge_see(struct judge *judge, uint32_t limit, int64_t now_ns, double load_w, double limit_w)
{
    struct verdict *v = &judge->verdict[limit];
    double excess_w = load_w - limit_w;

    assert(limit < judge->limits);
    v->seen = true;
    v->load_w = load_w;
    v->limit_w = limit_w;
    v->least_headroom_w = fmin(v->least_headroom_w, -excess_w);
    if (excess_w > 0)
        see_excess(v, now_ns, excess_w);
    else
        see_headroom(v, now_ns);
    /* A stretch that began before the grace was over belongs to that step, however long it lasts. */
    if (v->stepped && v->above && v->above_since_ns - v->stepped_ns <= JUDGE_GRACE_NS)
        v->waiting = true;
    if (v->waiting)
        v->comply_ns = now_ns - v->stepped_ns;
    if (!v->above)
        v->waiting = false;
}

struct verdict judge_total(const struct judge *judge)
{
    struct verdict total = {.name = "all limits", .least_headroom_w = INFINITY};

    for (uint32_t i = 0; i < judge->limits; i++) {
        const struct verdict *v = &judge->verdict[i];

        total.worst_excess_w = fmax(total.worst_excess_w, v->worst_excess_w);
        total.worst_violation_w = fmax(total.worst_violation_w, v->worst_violation_w);
        total.worst_excess_ns =
            v->worst_excess_ns > total.worst_excess_ns ? v->worst_excess_ns : total.worst_excess_ns;
        total.comply_ns = v->comply_ns > total.comply_ns ? v->comply_ns : total.comply_ns;
        total.violations += v->violations;
        total.least_headroom_w = fmin(total.least_headroom_w, v->least_headroom_w);
    }
    return total;
}
