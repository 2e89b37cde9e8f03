#include "model/stamp.h"

#include <math.h>

/* The end of the year 9999. */
#define STAMP_MAX_S INT64_C(253402300800)

/* Reads exactly `count` digits; false when others stand there. */
static bool take_digits(const char **at, int count, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return true;
}

static bool take_one_of(const char **at, char a, char b)
{
    if (**at != a && **at != b)
        return false;
    (*at)++;
    return true;
}

static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March, so that the leap day is
 * the last of its year. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t since_march = (month + 9) % 12;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * since_march + 2) / 5 + day - 1 - 719468;
}

static bool take_date(const char **at, int64_t *days)
{
    int year, month, day;

    if (!take_digits(at, 4, &year) || !take_one_of(at, '-', '-') || !take_digits(at, 2, &month) ||
        !take_one_of(at, '-', '-') || !take_digits(at, 2, &day))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *days = days_since_1970(year, month, day);
    return true;
}

/* ".25": the first three digits count. */
static bool take_fraction(const char **at, int64_t *ms)
{
    int64_t digits = 0;

    *ms = 0;
    if (**at != '.')
        return true;
    for ((*at)++; **at >= '0' && **at <= '9'; (*at)++, digits++) /* bounded by the text */
        if (digits < 3)
            *ms = *ms * 10 + (**at - '0');
    for (int64_t i = digits; i < 3; i++)
        *ms *= 10;
    return digits > 0;
}

static bool take_time(const char **at, int64_t *ms)
{
    int hour, minute, second;
    int64_t fraction_ms;

    if (!take_digits(at, 2, &hour) || !take_one_of(at, ':', ':') || !take_digits(at, 2, &minute) ||
        !take_one_of(at, ':', ':') || !take_digits(at, 2, &second) ||
        !take_fraction(at, &fraction_ms))
        return false;
    *ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction_ms;
    return hour <= 23 && minute <= 59 && second <= 60;
}

static bool take_zone(const char **at, int64_t *offset_ms)
{
    int hour, minute;
    char sign = **at;

    *offset_ms = 0;
    if (take_one_of(at, 'Z', 'z'))
        return true;
    if (!take_one_of(at, '+', '-') || !take_digits(at, 2, &hour) || !take_one_of(at, ':', ':') ||
        !take_digits(at, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *offset_ms = (hour * 60 + minute) * INT64_C(60000) * (sign == '-' ? -1 : 1);
    return true;
}

bool stamp_rfc3339(const char *text, int64_t *utc_ms)
{
    const char *at = text;
    int64_t days, ms, offset_ms, result_ms;

    if (!take_date(&at, &days) || (!take_one_of(&at, 'T', 't') && !take_one_of(&at, ' ', ' ')) ||
        !take_time(&at, &ms) || !take_zone(&at, &offset_ms) || *at != '\0')
        return false;
    result_ms = days * 86400000 + ms - offset_ms;
    if (result_ms < 0)
        return false;
    *utc_ms = result_ms;
    return true;
}

bool stamp_unix(double number, bool milliseconds, int64_t *utc_ms)
{
    double seconds = milliseconds ? number / 1000 : number;

    if (!isfinite(seconds) || seconds < 0 || seconds >= (double)STAMP_MAX_S)
        return false;
    *utc_ms = (int64_t)(seconds * 1000);
    return true;
}
