#include "service/local_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A clock before the first release of this program has not been set since the battery died; one
 * after 2100 is as wrong. */
#define CLOCK_LEAST_S INT64_C(1704067200) /* 2024-01-01T00:00:00Z */
#define CLOCK_MOST_S INT64_C(4102444800)  /* 2100-01-01T00:00:00Z */

/* The C library takes a zone that it can't find for UTC and says nothing, so we look ourselves. */
static bool zone_exists(const char *zone)
{
    const char *folder = getenv("TZDIR");
    char path[512];
    int length = 0;

    if (strcmp(zone, "UTC") == 0)
        return true; /* needs no file */
    if (zone[0] == '\0' || zone[0] == '/' || zone[0] == ':' || strstr(zone, "..") != NULL)
        return false;
    length =
        snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/usr/share/zoneinfo", zone);
    return length > 0 && (size_t)length < sizeof path && access(path, R_OK) == 0;
}

bool local_time_open(const char *zone, struct error *err)
{
    if (!zone_exists(zone))
        return failure(err, ERR_UNKNOWN, "site.time_zone",
                       "a zone of /usr/share/zoneinfo (package tzdata), such as Europe/Berlin",
                       "%s", zone);
    setenv("TZ", zone, 1);
    tzset();
    return true;
}

struct local_time local_time_at(bool zone_known, int64_t utc_s)
{
    struct local_time local = {.utc_s = utc_s};
    time_t seconds = (time_t)utc_s;
    struct tm parts;

    if (!zone_known || utc_s < CLOCK_LEAST_S || utc_s >= CLOCK_MOST_S ||
        localtime_r(&seconds, &parts) == NULL)
        return local;
    local.known = true;
    local.weekday = (parts.tm_wday + 6) % 7; /* the C library's week begins on Sunday */
    local.minute_of_day = parts.tm_hour * 60 + parts.tm_min;
    return local;
}
