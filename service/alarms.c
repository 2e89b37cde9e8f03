#include "service/alarms.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
    const struct alarm *a = &((const struct active_alarm *)left)->alarm;
    const struct alarm *b = &((const struct active_alarm *)right)->alarm;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->subject < b->subject ? -1 : a->subject > b->subject;
}

/* The core takes its room at start-up and after a reload, so this seldom finds anything to do. */
static void make_room(struct alarms *alarms, uint32_t room)
{
    if (room <= alarms->room)
        return;
    alarms->active = realloc(alarms->active, room * sizeof *alarms->active);
    alarms->next = realloc(alarms->next, room * sizeof *alarms->next);
    if (alarms->active == NULL || alarms->next == NULL)
        abort(); /* out of memory: stopping is safe, the caps in force fit every limit */
    alarms->room = room;
}

/* The tick's alarms, sorted, each once, into next[]. */
static uint32_t collect(struct alarms *alarms, const struct decision *decision, int64_t wall_ms)
{
    uint32_t kept = 0;

    for (uint32_t a = 0; a < decision->alarms; a++)
        alarms->next[a] = (struct active_alarm){
            .alarm = decision->alarm[a], .since_ns = decision->now_ns, .since_wall_ms = wall_ms};
    if (decision->alarms > 0)
        qsort(alarms->next, decision->alarms, sizeof *alarms->next, compare);
    for (uint32_t a = 0; a < decision->alarms; a++)
        if (kept == 0 || compare(&alarms->next[kept - 1], &alarms->next[a]) != 0)
            alarms->next[kept++] = alarms->next[a];
    return kept;
}

void alarms_update(struct alarms *alarms, const struct decision *decision, int64_t wall_ms,
                   void (*changed)(void *context, const struct alarm_change *change), void *context)
{
    struct active_alarm *former = NULL;
    uint32_t count = 0, old = 0, new = 0;

    make_room(alarms,
              decision->alarm_room > decision->alarms ? decision->alarm_room : decision->alarms);
    count = collect(alarms, decision, wall_ms);
    while (old < alarms->count || new < count) {
        int order = old == alarms->count ? 1
                    : new == count       ? -1
                                         : compare(&alarms->active[old], &alarms->next[new]);
        if (order < 0) {
            changed(context,
                    &(struct alarm_change){.raised = false, .what = alarms->active[old++]});
        } else if (order > 0) {
            alarms->raised[alarms->next[new].alarm.kind]++;
            changed(context, &(struct alarm_change){.raised = true, .what = alarms->next[new ++]});
        } else {
            alarms->next[new].since_ns = alarms->active[old].since_ns;
            alarms->next[new].since_wall_ms = alarms->active[old].since_wall_ms;
            old++;
            new ++;
        }
    }
    former = alarms->active;
    alarms->active = alarms->next;
    alarms->next = former;
    alarms->count = count;
    alarms->dropped = decision->alarms_dropped;
}

uint32_t alarms_active(const struct alarms *alarms, enum alarm_kind kind)
{
    uint32_t count = 0;

    for (uint32_t a = 0; a < alarms->count; a++)
        count += alarms->active[a].alarm.kind == kind;
    return count;
}

void alarms_free(struct alarms *alarms)
{
    free(alarms->active);
    free(alarms->next);
    *alarms = (struct alarms){0};
}

const char *alarm_subject_name(const struct alarm *alarm, const struct site *site,
                               const struct row_table *rows, char *out, size_t size)
{
    switch (alarm_subject(alarm->kind)) {
    case SUBJECT_SITE:
        snprintf(out, size, "%s", site->name);
        break;
    case SUBJECT_POINT:
        assert(alarm->subject < site->points);
        snprintf(out, size, "%s", site->point[alarm->subject].name);
        break;
    case SUBJECT_NODE:
        assert(alarm->subject < site->nodes.count);
        snprintf(out, size, "%s", site->nodes.name[alarm->subject]);
        break;
    case SUBJECT_ROW:
        row_name(rows, site, alarm->subject, out, size);
        break;
    }
    return out;
}
