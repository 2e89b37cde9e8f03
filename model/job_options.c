/* "capstan:flex,deadline=2026-11-26T09:00,interruptible,max_delay=6h,checkpoint=5min,power=3kW" */
#include "model/job.h"
#include "model/stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WORD "capstan:"
enum { WORD_BYTES = sizeof WORD - 1, OPTION_BYTES = 64, DIGITS_MOST = 9 };

static const char blanks[] = " ;\t\r\n\v\f";

/* ---- numbers with a unit ------------------------------------------------------------------------- */

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit times[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct unit powers[] = {{"W", 1}, {"kW", 1000}, {"MW", 1000000}, {NULL, 0}};

/* Whole numbers only, at most nine digits: no product overflows. */
static bool amount(const char *text, const struct unit units[], int64_t most, int64_t *out)
{
    int64_t number = 0;
    size_t digits = 0;

    for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
        if (digits == DIGITS_MOST)
            return false;
        number = number * 10 + (text[digits] - '0');
    }
    for (const struct unit *u = units; digits > 0 && u->name != NULL; u++) {
        if (strcmp(text + digits, u->name) == 0) {
            *out = number * u->factor;
            return *out > 0 && *out <= most;
        }
    }
    return false;
}

/* ---- times --------------------------------------------------------------------------------------- */

static bool digits_at(const char *text, size_t at, size_t count, int *out)
{
    *out = 0;
    for (size_t i = at; i < at + count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

/* "2026-11-26T09:00" at the beginning, with seconds or not; how many bytes, 0 when it is none. */
static size_t civil(const char *text, struct job_civil *out)
{
    size_t length = strlen(text), used = 16;

    *out = (struct job_civil){0};
    if (length < 16 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
        !digits_at(text, 0, 4, &out->year) || !digits_at(text, 5, 2, &out->month) ||
        !digits_at(text, 8, 2, &out->day) || !digits_at(text, 11, 2, &out->hour) ||
        !digits_at(text, 14, 2, &out->minute))
        return 0;
    if (text[16] == ':') {
        if (length < 19 || !digits_at(text, 17, 2, &out->second))
            return 0;
        used = 19;
    }
    return out->year >= 1970 && out->month >= 1 && out->month <= 12 && out->day >= 1 &&
                   out->day <= days_of(out->year, out->month) && out->hour <= 23 &&
                   out->minute <= 59 && out->second <= 59
               ? used
               : 0;
}

static bool moment(const char *text, const struct job_zone *zone, int64_t *utc_s)
{
    struct job_civil parts;
    size_t used = civil(text, &parts);
    char whole[OPTION_BYTES];
    int64_t utc_ms = 0;

    if (used == 0)
        return false;
    if (text[used] == '\0')
        return zone != NULL && zone->utc_of(zone->context, &parts, utc_s);
    snprintf(whole, sizeof whole, "%.16s:%02d%s", text, parts.second, text + used);
    if (!stamp_rfc3339(whole, &utc_ms))
        return false;
    *utc_s = utc_ms / 1000;
    return true;
}

/* ---- options ------------------------------------------------------------------------------------- */

/* What options have been given, so that none stands twice. */
enum option {
    OPT_FLEX,
    OPT_DEADLINE,
    OPT_INTERRUPTIBLE,
    OPT_MAX_DELAY,
    OPT_CHECKPOINT,
    OPT_POWER,
    OPTIONS
};

static const struct {
    const char *name;
    bool valued;
    const char *expected;
} options[OPTIONS] = {
    [OPT_FLEX] = {"flex", false, "flex without a value"},
    [OPT_DEADLINE] = {"deadline", true, "a time such as deadline=2026-11-26T09:00"},
    [OPT_INTERRUPTIBLE] = {"interruptible", false, "interruptible without a value"},
    [OPT_MAX_DELAY] = {"max_delay", true, "1s .. 366d, such as max_delay=6h"},
    [OPT_CHECKPOINT] = {"checkpoint", true, "1s .. 366d, such as checkpoint=5min"},
    [OPT_POWER] = {"power", true, "1W .. 2000MW, such as power=3kW"},
};

static bool take_value(enum option option, const char *value, const struct job_zone *zone,
                       struct job_options *out)
{
    switch (option) {
    case OPT_DEADLINE:
        out->has_deadline = true;
        return moment(value, zone, &out->deadline_utc_s);
    case OPT_MAX_DELAY:
        out->has_max_delay = true;
        return amount(value, times, JOB_DELAY_MAX_S, &out->max_delay_s);
    case OPT_CHECKPOINT:
        return amount(value, times, JOB_DELAY_MAX_S, &out->checkpoint_s);
    case OPT_POWER:
        return amount(value, powers, LIMIT_MAX_W, &out->power_w);
    case OPT_FLEX:
        out->flexible = true;
        return true;
    case OPT_INTERRUPTIBLE:
        out->interruptible = true;
        return true;
    case OPTIONS:
        break;
    }
    return false;
}

static bool take_option(const char *text, const char *where, const struct job_zone *zone,
                        bool given[OPTIONS], struct job_options *out, struct error *err)
{
    const char *equals = strchr(text, '=');
    size_t length = equals == NULL ? strlen(text) : (size_t)(equals - text);

    for (size_t i = 0; i < OPTIONS; i++) {
        if (strlen(options[i].name) != length || strncmp(options[i].name, text, length) != 0)
            continue;
        if (given[i])
            return failure(err, ERR_DUPLICATE, where, "each option once", "%s", text);
        given[i] = true;
        if (options[i].valued != (equals != NULL) ||
            !take_value((enum option)i, equals == NULL ? "" : equals + 1, zone, out))
            return failure(err, ERR_SYNTAX, where, options[i].expected, "%s", text);
        return true;
    }
    return failure(err, ERR_UNKNOWN, where,
                   "flex, deadline=, interruptible, max_delay=, checkpoint= or power=", "%s", text);
}

/* The word's options, from behind the colon up to its end. */
static bool take_word(const char *word, size_t length, const char *where,
                      const struct job_zone *zone, struct job_options *out, struct error *err)
{
    bool given[OPTIONS] = {false};
    size_t at = 0;

    while (at <= length) { /* bounded: each turn passes a comma or the end */
        const char *comma = memchr(word + at, ',', length - at);
        size_t end = comma == NULL ? length : (size_t)(comma - word);
        char text[OPTION_BYTES];

        if (end - at >= sizeof text)
            return failure(err, ERR_RANGE, where, "options of at most 63 bytes", "%zu bytes",
                           end - at);
        memcpy(text, word + at, end - at);
        text[end - at] = '\0';
        if (!take_option(text, where, zone, given, out, err))
            return false;
        at = end + 1;
    }
    if (!out->flexible)
        return failure(err, ERR_MISSING, where, "flex, without which nothing is touched", "%.60s",
                       word);
    return true;
}

bool job_options_parse(const char *comment, const struct job_zone *zone, struct job_options *out,
                       struct error *err)
{
    struct job_options read = {0};
    struct job_mark mark;
    size_t length = 0, words = 0;
    char where[40];

    *out = (struct job_options){0};
    mark_parse(comment, &mark, &length);
    for (size_t at = 0; at < length;) {
        size_t blank = strspn(comment + at, blanks);
        size_t end = 0;

        at += blank < length - at ? blank : length - at;
        end = at + strcspn(comment + at, blanks);
        end = end < length ? end : length;
        if (end - at >= WORD_BYTES && memcmp(comment + at, WORD, WORD_BYTES) == 0) {
            snprintf(where, sizeof where, "comment, byte %zu", at + 1);
            if (words++ > 0)
                return failure(err, ERR_DUPLICATE, where,
                               "one word that begins with capstan:", "a second one");
            if (!take_word(comment + at + WORD_BYTES, end - at - WORD_BYTES, where, zone, &read,
                           err))
                return false;
        }
        at = end;
    }
    *out = read;
    return true;
}
