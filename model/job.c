#include "model/job.h"
#include "model/stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- names --------------------------------------------------------------------------------------- */

static const char *const mark_names[] = {"", "deferred", "held", "suspended", "requeued"};

const char *mark_name(enum mark_kind kind) { return mark_names[kind]; }

const char *job_verb_name(enum job_verb verb)
{
    static const char *const names[JOB_VERBS] = {"defer",  "start",   "hold",  "release", "suspend",
                                                 "resume", "requeue", "drain", "undrain"};

    return names[verb];
}

const char *job_result_name(enum job_result result)
{
    static const char *const names[JOB_RESULTS] = {
        "done", "so_already", "not_allowed", "gone", "too_late", "refused", "dropped", "overruled"};

    return names[result];
}

/* ---- the mark ------------------------------------------------------------------------------------ */

#define MARK_BEGINS "capstan: "
#define MARK_AFTER " | "   /* stands between it and somebody else's text */
enum { STAMP_BYTES = 20 }; /* "2026-11-24T23:05:11Z" */

/* Days since 1970 to a date of the Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms",
 * civil_from_days), for years from 1970 on. */
static void stamp_write(int64_t utc_s, char out[STAMP_BYTES + 1])
{
    int64_t day = utc_s / 86400 + 719468, second = utc_s % 86400;
    int64_t era = day / 146097, of_era = day % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153, date = of_year - (153 * month + 2) / 5 + 1;

    month += month < 10 ? 3 : -9;
    snprintf(out, STAMP_BYTES + 1, "%04u-%02u-%02uT%02u:%02u:%02uZ",
             (unsigned)(year + era * 400 + (month <= 2)) % 10000u, (unsigned)month % 100u,
             (unsigned)date % 100u, (unsigned)(second / 3600) % 100u,
             (unsigned)(second / 60 % 60) % 100u, (unsigned)(second % 60) % 100u);
}

/* A stamp at *at, which is moved behind it. */
static bool stamp_take(const char **at, int64_t *utc_s)
{
    char text[STAMP_BYTES + 1] = {0};
    int64_t utc_ms = 0;

    if (strlen(*at) < STAMP_BYTES)
        return false;
    memcpy(text, *at, STAMP_BYTES);
    if (text[STAMP_BYTES - 1] != 'Z' || !stamp_rfc3339(text, &utc_ms))
        return false;
    *utc_s = utc_ms / 1000;
    *at += STAMP_BYTES;
    return true;
}

static bool pass(const char **at, const char *words)
{
    size_t length = strlen(words);

    if (strncmp(*at, words, length) != 0)
        return false;
    *at += length;
    return true;
}

/* A mark from its beginning to the end of the text. */
static bool mark_read(const char *at, struct job_mark *out)
{
    struct job_mark mark = {0};

    if (!pass(&at, MARK_BEGINS))
        return false;
    for (size_t k = MARK_DEFERRED; k < COUNT(mark_names); k++)
        if (pass(&at, mark_names[k])) {
            mark.kind = (enum mark_kind)k;
            break;
        }
    if (mark.kind == MARK_NONE)
        return false;
    if (pass(&at, " until ") && !stamp_take(&at, &mark.until_utc_s))
        return false;
    if (pass(&at, " (begin was ") && (!stamp_take(&at, &mark.begin_was_utc_s) || !pass(&at, ")")))
        return false;
    if (!pass(&at, ": "))
        return false;
    snprintf(mark.why, sizeof mark.why, "%s", at);
    *out = mark;
    return true;
}

bool mark_parse(const char *text, struct job_mark *out, size_t *rest)
{
    const char *found = NULL;

    *out = (struct job_mark){0};
    if (mark_read(text, out)) {
        *rest = 0;
        return true;
    }
    /* The last: an owner who writes one before it gains nothing. */
    for (const char *at = strstr(text, MARK_AFTER MARK_BEGINS); at != NULL;
         at = strstr(at + 1, MARK_AFTER MARK_BEGINS))
        found = at;
    if (found != NULL && mark_read(found + strlen(MARK_AFTER), out)) {
        *rest = (size_t)(found - text);
        return true;
    }
    *rest = strlen(text);
    return false;
}

static void mark_text(const struct job_mark *mark, char *out, size_t size)
{
    char until[40] = "", was[60] = "", stamp[STAMP_BYTES + 1];

    if (mark->until_utc_s > 0) {
        stamp_write(mark->until_utc_s, stamp);
        snprintf(until, sizeof until, " until %s", stamp);
    }
    if (mark->begin_was_utc_s > 0) {
        stamp_write(mark->begin_was_utc_s, stamp);
        snprintf(was, sizeof was, " (begin was %s)", stamp);
    }
    snprintf(out, size, MARK_BEGINS "%s%s%s: %s", mark_names[mark->kind], until, was, mark->why);
    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            *c = (unsigned char)*c < ' ' ? ' ' : '?'; /* of UTF-8 we might cut a character in two */
    /* "capstan: " inside of why would make two marks of one. */
    for (char *c = strstr(out + 1, MARK_AFTER MARK_BEGINS); c != NULL;
         c = strstr(c, MARK_AFTER MARK_BEGINS))
        c[1] = '/';
}

bool mark_write(const char *text, const struct job_mark *mark, char *out, size_t size)
{
    char ours[MARK_BYTES];
    struct job_mark old;
    size_t rest = 0;
    int length = 0;

    out[0] = '\0';
    mark_parse(text, &old, &rest);
    if (mark == NULL || mark->kind == MARK_NONE)
        length = snprintf(out, size, "%.*s", (int)rest, text);
    else {
        mark_text(mark, ours, sizeof ours);
        length = snprintf(out, size, "%.*s%s%s", (int)rest, text, rest > 0 ? MARK_AFTER : "", ours);
    }
    if (length >= 0 && (size_t)length < size)
        return true;
    out[0] = '\0';
    return false;
}

/* ---- the job ------------------------------------------------------------------------------------- */

bool job_same(const struct job_identity *a, const struct job_identity *b)
{
    return a->id == b->id && a->array_id == b->array_id && a->array_task == b->array_task &&
           a->submit_utc_s == b->submit_utc_s && strcmp(a->user, b->user) == 0 &&
           strcmp(a->name, b->name) == 0;
}

bool job_held_by_person(const struct job *job)
{
    /* We hold as an owner would, so that the owner can release: what an administrator holds is never ours. */
    return job->hold == JOB_HELD_BY_ADMIN ||
           (job->hold == JOB_HELD_BY_OWNER && job->mark.kind != MARK_HELD);
}

bool job_may_be_touched(const struct job *job)
{
    return job->options.flexible && !job_held_by_person(job) &&
           (job->state == JOB_PENDING || job->state == JOB_RUNNING || job->state == JOB_SUSPENDED);
}

int64_t job_latest_start(const struct job *job, int64_t spare_s, int64_t max_delay_s)
{
    int64_t delay_s = job->options.has_max_delay ? job->options.max_delay_s : max_delay_s;
    int64_t latest_s = job->who.submit_utc_s + delay_s;
    int64_t end_s = INT64_MAX;

    if (job->options.has_deadline)
        end_s = job->options.deadline_utc_s;
    if (job->deadline_utc_s > 0 && job->deadline_utc_s < end_s)
        end_s = job->deadline_utc_s;
    if (end_s == INT64_MAX)
        return latest_s;
    if (job->time_limit_s <= 0)
        return INT64_MIN;
    end_s -= job->time_limit_s + spare_s;
    return latest_s < end_s ? latest_s : end_s;
}
