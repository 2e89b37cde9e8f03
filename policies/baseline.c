#include "policies/baseline.h"

#include "policies/calendar.h"

#include <math.h>
#include <stdio.h>

enum { DAY_S = 86400, HOUR_S = 3600, WEEK_DAYS = 7, FIRST_WEEKDAY = 3, RATIO_HOURS = 3 };

static const double least_covered = 0.75;

static int weekday_of(int64_t day)
{
    return (int)(((day + FIRST_WEEKDAY) % WEEK_DAYS + WEEK_DAYS) % WEEK_DAYS);
}

static bool days_like(enum day_likeness like, int64_t a, int64_t b)
{
    switch (like) {
    case LIKE_WORKING:
        return (weekday_of(a) < 5) == (weekday_of(b) < 5);
    case LIKE_WEEKDAY:
        return weekday_of(a) == weekday_of(b);
    case LIKE_ANY:
        return true;
    }
    return false;
}

static void begin_day(struct baseline_history *h, int64_t day)
{
    struct baseline_day *today = NULL;

    h->newest = (h->newest + 1) % BASELINE_DAYS;
    today = &h->day[h->newest];
    *today = (struct baseline_day){.used = true, .day = day};
    for (int i = 0; i < HOURS_PER_DAY; i++)
        today->hour_w[i] = -1.0F;
}

static void end_hour(struct baseline_history *h)
{
    if (h->in_hour && h->measured_s >= least_covered * HOUR_S)
        h->day[h->newest].hour_w[h->hour] = (float)(h->measured_ws / h->measured_s);
    h->measured_ws = 0.0;
    h->measured_s = 0.0;
    h->in_hour = false;
}

void baseline_add(struct baseline_history *h, int64_t local_s, double dt_s, bool load_known,
                  double load_w)
{
    int64_t day = floor_div(local_s, DAY_S);
    int hour = (int)((local_s - day * DAY_S) / HOUR_S);
    const struct baseline_day *today = &h->day[h->newest];

    if (!today->used || today->day != day) {
        end_hour(h);
        /* A clock that went back finds its days taken: what it says now is not added twice. */
        if (today->used && day < today->day)
            return;
        begin_day(h, day);
    }
    if (!h->in_hour || h->hour != hour) {
        end_hour(h);
        h->in_hour = true;
        h->hour = hour;
    }
    if (load_known && dt_s > 0.0 && dt_s < HOUR_S) {
        h->measured_ws += load_w * dt_s;
        h->measured_s += dt_s;
    }
}

void baseline_mark_event(struct baseline_history *h)
{
    if (h->day[h->newest].used)
        h->day[h->newest].event = true;
}

bool baseline_mean_w(const struct baseline_history *h, enum day_likeness like, uint32_t days,
                     int64_t day, int hour, double *mean_w)
{
    double sum_w = 0.0;
    uint32_t found = 0;
    uint32_t least = days < BASELINE_LEAST_DAYS ? days : BASELINE_LEAST_DAYS;

    for (uint32_t back = 0; back < BASELINE_DAYS && found < days; back++) {
        const struct baseline_day *d = &h->day[(h->newest + BASELINE_DAYS - back) % BASELINE_DAYS];

        if (!d->used || d->event || d->day >= day || d->hour_w[hour] < 0.0F ||
            !days_like(like, d->day, day))
            continue;
        sum_w += (double)d->hour_w[hour];
        found++;
    }
    if (found < least || found == 0)
        return false;
    *mean_w = sum_w / found;
    return true;
}

double baseline_ratio(const struct baseline_history *h, enum day_likeness like, uint32_t days,
                      int64_t day, int start_hour, double most_off)
{
    const struct baseline_day *today = &h->day[h->newest];
    double today_w = 0.0;
    double like_w = 0.0;
    double ratio = 1.0;

    if (!today->used || today->day != day)
        return 1.0;
    for (int hour = start_hour - 1 - RATIO_HOURS; hour < start_hour - 1; hour++) {
        double mean_w = 0.0;

        if (hour < 0 || today->hour_w[hour] < 0.0F ||
            !baseline_mean_w(h, like, days, day, hour, &mean_w))
            return 1.0;
        today_w += (double)today->hour_w[hour];
        like_w += mean_w;
    }
    ratio = like_w > 0.0 ? today_w / like_w : 1.0;
    return fmin(fmax(ratio, 1.0 - most_off), 1.0 + most_off);
}

/* "d3" and "d3h" with the hour: a day, and one of its hours. */
static void hour_name(uint32_t back, int hour, char out[24])
{
    snprintf(out, 24, "d%uh%d", back, hour);
}

void baseline_remember(const struct baseline_history *h, struct notes *notes)
{
    char name[24];

    for (uint32_t back = 0; back < BASELINE_DAYS; back++) {
        const struct baseline_day *d = &h->day[(h->newest + BASELINE_DAYS - back) % BASELINE_DAYS];

        if (!d->used)
            continue;
        note_put_at(notes, "d", back, (double)d->day);
        note_put_at(notes, "event", back, d->event ? 1.0 : 0.0);
        for (int hour = 0; hour < HOURS_PER_DAY; hour++) {
            hour_name(back, hour, name);
            if (d->hour_w[hour] >= 0.0F)
                note_put(notes, name, round((double)d->hour_w[hour]));
        }
    }
}

void baseline_recall(struct baseline_history *h, const struct policy_note note[], uint32_t notes)
{
    char name[24];
    double last_day = -1.0;

    h->newest = BASELINE_DAYS - 1;
    for (uint32_t back = BASELINE_DAYS; back-- > 0;) {
        struct baseline_day *d = &h->day[h->newest - back];
        double day = 0.0;
        double event = 1.0;

        /* Days rise; one that does not is not believed. */
        if (!note_get_at(note, notes, "d", back, last_day + 1.0, 1e7, &day) ||
            !note_get_at(note, notes, "event", back, 0.0, 1.0, &event))
            continue;
        last_day = day;
        *d = (struct baseline_day){.used = true, .event = event > 0.0, .day = (int64_t)day};
        for (int hour = 0; hour < HOURS_PER_DAY; hour++) {
            double mean_w = -1.0;

            hour_name(back, hour, name);
            if (!note_get(note, notes, name, 0.0, (double)LIMIT_MAX_W, &mean_w))
                mean_w = -1.0;
            d->hour_w[hour] = (float)mean_w;
        }
    }
}
