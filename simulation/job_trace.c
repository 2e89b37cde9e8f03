#include "simulation/job_trace.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S, MORNING_S = 9 * HOUR_S, EVENING_S = 17 * HOUR_S };
enum { MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY };

/* 1970-01-01 was a Thursday. */
static int weekday_of(int64_t day) { return (int)((day % 7 + 7 + THURSDAY) % 7); }

static int64_t day_of(int64_t utc_s) { return utc_s / DAY_S - (utc_s % DAY_S < 0); }

static int64_t next_workday(int64_t end_utc_s)
{
    int64_t day = day_of(end_utc_s);
    int64_t at_s = end_utc_s - day * DAY_S;
    int weekday = weekday_of(day);

    if (weekday >= SATURDAY)
        return (day + (weekday == SATURDAY ? 2 : 1)) * DAY_S + MORNING_S;
    if (at_s > EVENING_S)
        return (day + 1) * DAY_S + MORNING_S;
    return at_s < MORNING_S ? day * DAY_S + MORNING_S : end_utc_s;
}

static int64_t semi_weekly(int64_t end_utc_s)
{
    int64_t day = day_of(end_utc_s);

    if (end_utc_s > day * DAY_S + MORNING_S)
        day++;
    while (weekday_of(day) != MONDAY && weekday_of(day) != THURSDAY)
        day++;
    return day * DAY_S + MORNING_S;
}

int64_t deadline_by_rule(enum deadline_rule rule, int64_t hours, int64_t end_utc_s)
{
    switch (rule) {
    case DEADLINE_NEXT_WORKDAY:
        return next_workday(end_utc_s);
    case DEADLINE_SEMI_WEEKLY:
        return semi_weekly(end_utc_s);
    case DEADLINE_HOURS:
        break;
    }
    return end_utc_s + hours * HOUR_S;
}
