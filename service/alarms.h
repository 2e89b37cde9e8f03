/* service/alarms.h - which alarms are active since when: the difference between one tick's and the
 * next's.
 *
 * The core says in each tick what holds; here it is logged when it is raised and when it clears,
 * once. */
#ifndef SERVICE_ALARMS_H
#define SERVICE_ALARMS_H

#include "model/decision.h"

struct active_alarm {
    struct alarm alarm; /* as the latest tick gave it */
    int64_t since_ns, since_wall_ms;
};

/* What changed, for whoever logs it. */
struct alarm_change {
    bool raised; /* false: cleared */
    struct active_alarm what;
};

struct alarms {
    struct active_alarm *active; /* [count], by kind and subject */
    struct active_alarm *next;   /* room for the coming tick's */
    uint32_t count, room;
    uint64_t raised[ALARM_COUNT];
    uint64_t dropped; /* as the core counts them: alarms that found no room */
};

/* Takes a decision's alarms; calls `changed` for each that is new or gone, in order of kind and
 * subject. Memory grows to the decision's alarm_room at the first call and stays. */
void alarms_update(struct alarms *alarms, const struct decision *decision, int64_t wall_ms,
                   void (*changed)(void *context, const struct alarm_change *change),
                   void *context);

/* How many of a kind are active. */
uint32_t alarms_active(const struct alarms *alarms, enum alarm_kind kind);

void alarms_free(struct alarms *alarms);

/* "pdu_a1 L2", "grid_meter.power", "rack01-gpu3": what an alarm is about. Returns out. */
const char *alarm_subject_name(const struct alarm *alarm, const struct site *site,
                               const struct row_table *rows, char *out, size_t size);

#endif
