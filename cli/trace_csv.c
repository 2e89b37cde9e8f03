#include "cli/trace_csv.h"

#include "model/stamp.h"
#include "platform/file.h"

#include <csv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows of fields ---- */

enum { FIELDS_MAX = 64, FIELD_BYTES = 256, LIST_LEAST = 1024 };

/* One row at a time, handed to `row`; after the first mistake nothing more is. */
struct reader {
    const char *name;
    uint64_t line; /* of the row, 1 is the first */
    uint32_t fields;
    char field[FIELDS_MAX][FIELD_BYTES];
    bool too_long; /* a field of this row, or its number of fields */
    bool failed;
    bool (*row)(struct reader *reader);
    void *into;
    struct arena *arena;
    struct error *err;
};

static bool complain(struct reader *r, const char *column, enum error_kind what,
                     const char *expected, const char *got)
{
    char where[192];

    snprintf(where, sizeof where, "%.120s:%llu: %.40s", r->name, (unsigned long long)r->line,
             column);
    return failure(r->err, what, where, expected, "%s", got);
}

static void on_field(void *bytes, size_t length, void *context)
{
    struct reader *r = context;

    if (r->fields == FIELDS_MAX || length >= FIELD_BYTES || memchr(bytes, '\0', length) != NULL) {
        r->too_long = true;
        return;
    }
    memcpy(r->field[r->fields], bytes, length);
    r->field[r->fields++][length] = '\0';
}

static void on_row(int end, void *context)
{
    struct reader *r = context;
    bool empty = r->fields == 0 || (r->fields == 1 && r->field[0][0] == '\0');

    (void)end;
    if (r->failed)
        return;
    if (r->too_long)
        r->failed = !complain(r, "row", ERR_RANGE, "at most 64 fields of at most 255 bytes, no NUL",
                              "more than that");
    else if (!empty)
        r->failed = !r->row(r);
    r->line++;
    r->fields = 0;
    r->too_long = false;
}

static bool read_rows(struct reader *r, const char *text, size_t length)
{
    struct csv_parser parser;

    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
        return failure(r->err, ERR_FULL, r->name, "memory for reading", "none");
    if (csv_parse(&parser, text, length, on_field, on_row, r) != length ||
        csv_fini(&parser, on_field, on_row, r) != 0) {
        if (!r->failed)
            r->failed = !complain(r, "row", ERR_SYNTAX, "fields as in RFC 4180",
                                  csv_strerror(csv_error(&parser)));
    }
    csv_free(&parser);
    return !r->failed;
}

/* ---- fields ---- */

static bool number_of(struct reader *r, const char *column, const char *text, double least,
                      double most, double *out)
{
    char *end = NULL;
    char expected[96];

    *out = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(*out) && *out >= least && *out <= most &&
        text[0] != ' ')
        return true;
    snprintf(expected, sizeof expected, "a number %.15g .. %.15g", least, most);
    return complain(r, column, ERR_RANGE, expected, text[0] == '\0' ? "nothing" : text);
}

/* With or without the Z: both are UTC here. */
static bool time_of(struct reader *r, const char *column, const char *text, int64_t *utc_s)
{
    char stamp[FIELD_BYTES + 1];
    size_t length = strlen(text);
    bool zoned =
        length > 19 || (length > 0 && (text[length - 1] == 'Z' || text[length - 1] == 'z'));
    int64_t utc_ms = 0;

    snprintf(stamp, sizeof stamp, "%s%s", text, zoned ? "" : "Z");
    if (stamp_rfc3339(stamp, &utc_ms)) {
        *utc_s = utc_ms / 1000;
        return true;
    }
    return complain(r, column, ERR_SYNTAX, "a UTC time such as 2020-01-01T09:30:00Z",
                    length == 0 ? "nothing" : text);
}

/* ---- lists that grow ---- */

struct list {
    void *items;
    size_t count, room, size;
};

static void *append(struct list *list)
{
    if (list->count == list->room) {
        list->room = list->room == 0 ? LIST_LEAST : 2 * list->room;
        list->items = realloc(list->items, list->room * list->size);
        if (list->items == NULL) {
            fputs("capstan: out of memory\n", stderr);
            exit(1);
        }
    }
    return (char *)list->items + list->size * list->count++;
}

/* Moves the list into the arena. */
static void *keep(struct list *list, struct arena *arena)
{
    void *kept = arena_take(arena, list->count, list->size);

    if (list->count > 0)
        memcpy(kept, list->items, list->count * list->size);
    free(list->items);
    list->items = NULL;
    return kept;
}

/* ---- jobs ---- */

enum column { JOB_ID, SUBMIT, DURATION, NODES, USER, DEADLINE, POWER, COLUMNS };

static const char *const column_name[COLUMNS] = {
    "job_id", "submit_utc", "duration_min", "nodes", "user", "deadline_utc", "power_w",
};

struct jobs_reader {
    struct list list;
    uint32_t at[COLUMNS]; /* which field; NONE_INDEX: no such column */
    bool named;
};

static bool name_columns(struct reader *r, struct jobs_reader *jobs)
{
    for (int c = 0; c < COLUMNS; c++) {
        jobs->at[c] = NONE_INDEX;
        for (uint32_t i = 0; i < r->fields; i++) {
            if (strcmp(r->field[i], column_name[c]) != 0)
                continue;
            if (jobs->at[c] != NONE_INDEX)
                return complain(r, column_name[c], ERR_DUPLICATE, "each column once", "twice");
            jobs->at[c] = i;
        }
        if (c <= NODES && jobs->at[c] == NONE_INDEX)
            return complain(r, column_name[c], ERR_MISSING,
                            "job_id,submit_utc,duration_min,nodes[,user,deadline_utc,power_w]",
                            "no such column");
    }
    jobs->named = true;
    return true;
}

/* The text of a column; empty when there is none. */
static const char *text_of(const struct reader *r, const struct jobs_reader *jobs, enum column c)
{
    return jobs->at[c] < r->fields ? r->field[jobs->at[c]] : "";
}

static bool job_row(struct reader *r)
{
    struct jobs_reader *jobs = r->into;
    struct trace_job job = {0};
    const char *text = NULL;
    double number = 0;

    if (!jobs->named)
        return name_columns(r, jobs);
    if (jobs->list.count == TRACE_JOBS_MAX)
        return complain(r, "row", ERR_FULL, "at most 2,000,000 jobs", "one more");
    text = text_of(r, jobs, JOB_ID);
    job.id = arena_text(r->arena, text, strlen(text));
    text = text_of(r, jobs, USER);
    job.user = arena_text(r->arena, text, strlen(text));
    if (!time_of(r, "submit_utc", text_of(r, jobs, SUBMIT), &job.submit_utc_s) ||
        !number_of(r, "duration_min", text_of(r, jobs, DURATION), 1.0 / 60, 5256000, &number))
        return false;
    job.run_s = (int64_t)llround(number * 60);
    if (!number_of(r, "nodes", text_of(r, jobs, NODES), 1, 1000000, &number))
        return false;
    if (floor(number) != number)
        return complain(r, "nodes", ERR_RANGE, "a whole number", text_of(r, jobs, NODES));
    job.nodes = (uint32_t)number;
    text = text_of(r, jobs, DEADLINE);
    job.deadline_known = *text != '\0';
    if (job.deadline_known && !time_of(r, "deadline_utc", text, &job.deadline_utc_s))
        return false;
    text = text_of(r, jobs, POWER);
    job.power_known = *text != '\0';
    if (job.power_known && !number_of(r, "power_w", text, 0, 2e9, &job.power_w))
        return false;
    *(struct trace_job *)append(&jobs->list) = job;
    return true;
}

struct place {
    int64_t submit_utc_s;
    size_t place;
};

static int by_submission(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;

    if (x->submit_utc_s != y->submit_utc_s)
        return x->submit_utc_s < y->submit_utc_s ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

static const struct trace_job *in_order(const struct trace_job job[], size_t count,
                                        struct arena *arena)
{
    struct place *place = arena_array(arena, count, struct place);
    struct trace_job *sorted = arena_array(arena, count, struct trace_job);

    for (size_t i = 0; i < count; i++)
        place[i] = (struct place){job[i].submit_utc_s, i};
    qsort(place, count, sizeof *place, by_submission);
    for (size_t i = 0; i < count; i++)
        sorted[i] = job[place[i].place];
    return sorted;
}

bool trace_parse_jobs(const char *name, const char *text, size_t length, struct job_trace *out,
                      struct arena *arena, struct error *err)
{
    struct jobs_reader jobs = {.list = {.size = sizeof(struct trace_job)}};
    struct reader *r = arena_array(arena, 1, struct reader);
    const struct trace_job *job = NULL;
    bool read = false;

    *r = (struct reader){
        .name = name, .line = 1, .row = job_row, .into = &jobs, .arena = arena, .err = err};
    read = read_rows(r, text, length);
    job = keep(&jobs.list, arena);
    if (!read)
        return false;
    if (jobs.list.count == 0)
        return complain(r, "row", ERR_MISSING, "a line of names and at least one job", "no job");
    *out = (struct job_trace){(uint32_t)jobs.list.count, in_order(job, jobs.list.count, arena)};
    return true;
}

/* ---- carbon ---- */

struct carbon_reader {
    struct list list;
    int64_t start_utc_s, last_utc_s, step_s;
    bool named;
};

static bool carbon_row(struct reader *r)
{
    struct carbon_reader *carbon = r->into;
    int64_t utc_s = 0;
    double value = 0;

    if (!carbon->named) { /* the line of names */
        carbon->named = true;
        return r->fields >= 2 ||
               complain(r, "row", ERR_MISSING, "a time and g/kWh in the first two columns",
                        "one column");
    }
    if (carbon->list.count == TRACE_STEPS_MAX)
        return complain(r, "row", ERR_FULL, "at most 5,000,000 steps", "one more");
    if (!time_of(r, "time", r->field[0], &utc_s) ||
        !number_of(r, "g/kWh", r->fields > 1 ? r->field[1] : "", -100000, 100000, &value))
        return false;
    if (carbon->list.count == 0)
        carbon->start_utc_s = utc_s;
    else if (carbon->list.count == 1)
        carbon->step_s = utc_s - carbon->start_utc_s;
    if (carbon->list.count > 0 &&
        (carbon->step_s <= 0 || utc_s != carbon->last_utc_s + carbon->step_s))
        return complain(r, "time", ERR_RANGE, "a fixed step, forwards, from row to row",
                        r->field[0]);
    carbon->last_utc_s = utc_s;
    *(double *)append(&carbon->list) = value;
    return true;
}

bool trace_parse_carbon(const char *name, const char *text, size_t length, struct carbon_trace *out,
                        struct arena *arena, struct error *err)
{
    struct carbon_reader carbon = {.list = {.size = sizeof(double)}};
    struct reader *r = arena_array(arena, 1, struct reader);
    const double *value = NULL;
    bool read = false;

    *r = (struct reader){
        .name = name, .line = 1, .row = carbon_row, .into = &carbon, .arena = arena, .err = err};
    read = read_rows(r, text, length);
    value = keep(&carbon.list, arena);
    if (!read)
        return false;
    if (carbon.list.count < 2)
        return complain(r, "row", ERR_MISSING, "a line of names and at least two steps",
                        "fewer rows");
    *out = (struct carbon_trace){carbon.start_utc_s, carbon.step_s, (uint32_t)carbon.list.count,
                                 value};
    return true;
}

/* ---- files ---- */

bool trace_read_jobs(const char *path, struct job_trace *out, struct arena *arena,
                     struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    bool read = file_read(path, TRACE_BYTES_MAX, &text, &length, err) &&
                trace_parse_jobs(path, text, length, out, arena, err);

    free(text);
    return read;
}

bool trace_read_carbon(const char *path, struct carbon_trace *out, struct arena *arena,
                       struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    bool read = file_read(path, TRACE_BYTES_MAX, &text, &length, err) &&
                trace_parse_carbon(path, text, length, out, arena, err);

    free(text);
    return read;
}
