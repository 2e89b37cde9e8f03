#include "policies/calendar.h"

enum { DAY_S = 86400, WEEK_DAYS = 7, FIRST_WEEKDAY = 3 /* 1970-01-01 was a Thursday */ };

/* Year 1 .. 9999: what a clock may say without any sum here coming near its end. */
#define UTC_MOST_S (INT64_C(86400) * 366 * 8000)

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Days to years and months, after Howard Hinnant, "chrono-compatible low-level date algorithms". Years begin in
 * March there, so that the leap day is a year's last. */
static int64_t month_of_day(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t from_march = (5 * of_year + 2) / 153; /* 0 is March */

    return (era * 400 + year_of_era) * 12 + from_march + 2;
}

int64_t month_first_day(int64_t month)
{
    int64_t from_march = month - 2;
    int64_t year = floor_div(from_march, 12);
    int64_t era = floor_div(year, 400);
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (from_march - year * 12) + 2) / 5;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool calendar_at(const struct local_time *now, struct calendar *out)
{
    int64_t day = floor_div(now->utc_s, DAY_S);
    int64_t weekday = (day % WEEK_DAYS + FIRST_WEEKDAY + WEEK_DAYS) % WEEK_DAYS;
    int64_t ahead = (now->weekday - weekday + WEEK_DAYS) % WEEK_DAYS;

    if (!now->known || now->utc_s > UTC_MOST_S || now->utc_s < -UTC_MOST_S || now->weekday < 0 ||
        now->weekday >= WEEK_DAYS || now->minute_of_day < 0 || now->minute_of_day >= DAY_S / 60)
        return false;
    /* No zone is a day and a half away: the local day is the UTC day, or the one before or after it. */
    day += ahead == WEEK_DAYS - 1 ? -1 : ahead;
    out->day = day;
    out->local_s = day * DAY_S + (int64_t)now->minute_of_day * 60 + now->utc_s -
                   floor_div(now->utc_s, 60) * 60;
    out->month = month_of_day(day);
    return ahead <= 1 || ahead == WEEK_DAYS - 1;
}

void clock_watch_run(struct clock_watch *watch, const struct snapshot *snapshot)
{
    const struct local_time *local = &snapshot->local;
    int64_t drift_ns = 0;

    watch->stepped = false;
    if (!local->known) {
        watch->running = false;
        watch->stepped = true;
    } else if (watch->running) {
        int64_t passed_s = local->utc_s - watch->last_utc_s;

        /* More than a year is a step, whatever the monotonic clock says. */
        watch->stepped = passed_s > 366 * DAY_S || passed_s < -366 * DAY_S;
        drift_ns = watch->stepped ? 0 : passed_s * NS_PER_S - (snapshot->now_ns - watch->last_ns);
        watch->stepped = watch->stepped || drift_ns > CLOCK_STEP_S * NS_PER_S ||
                         drift_ns < -CLOCK_STEP_S * NS_PER_S;
    } else if (watch->last_ns != 0) {
        watch->stepped = true; /* it was known once, and is again */
    }
    if (watch->stepped) {
        watch->ever_stepped = true;
        watch->stepped_ns = snapshot->now_ns;
    }
    if (local->known) {
        watch->running = true;
        watch->last_ns = snapshot->now_ns;
        watch->last_utc_s = local->utc_s;
    }
}

bool clock_steady(const struct clock_watch *watch, const struct snapshot *snapshot, int64_t for_ns)
{
    return snapshot->local.known &&
           (!watch->ever_stepped || snapshot->now_ns - watch->stepped_ns > for_ns);
}
