#include "cli/simulate_output.h"

#include "platform/file.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double simulated_saved_pct(const struct simulated *s, enum deferral_way way)
{
    double base_g = s->result[WAY_AT_ONCE].carbon_g;

    return base_g > 0 ? 100 * (1 - s->result[way].carbon_g / base_g) : 0;
}

bool simulated_optimum_exact(const struct simulated *s)
{
    return s->setup->capacity == 0 && s->setup->limit_w == 0;
}

/* ---- for people ---- */

void simulated_print_table(const struct simulated *s, FILE *out)
{
    fprintf(out, "%u jobs, %.1f days of carbon intensity in steps of %" PRId64 " min\n\n",
            s->jobs->count, (double)s->carbon->steps * (double)s->carbon->step_s / 86400,
            s->carbon->step_s / 60);
    fprintf(out, "%-12s %12s %8s %9s %8s %9s %9s %8s %7s\n", "", "carbon kg", "saved %", "finished",
            "missed", "wait h", "p95 h", "pauses", "nodes");
    for (int way = 0; way < WAYS; way++) {
        const struct deferral_result *r = &s->result[way];

        fprintf(out, "%-12s %12.1f %8.2f %9u %8u %9.2f %9.2f %8" PRIu64 " ", deferral_way_name[way],
                r->carbon_g / 1000, simulated_saved_pct(s, (enum deferral_way)way), r->finished,
                r->missed, r->wait_mean_h, r->wait_p95_h, r->pauses);
        if (simulated_optimum_exact(s))
            fprintf(out, "%7s\n", "-");
        else
            fprintf(out, "%7u\n", r->most_nodes);
    }
    if (!simulated_optimum_exact(s))
        fputs("\nclairvoyant: the same planner, knowing all that comes; not an exact optimum\n",
              out);
    if (s->setup->limit_w > 0)
        fprintf(out,
                "the limit of %.1f kW was exceeded in %u steps without control, %u with capstan\n",
                (double)s->setup->limit_w / 1000, s->result[WAY_AT_ONCE].steps_above,
                s->result[WAY_PLANNED].steps_above);
    if (s->result[WAY_PLANNED].beyond > 0)
        fprintf(out, "%u jobs ran where no carbon intensity is known: counted as nothing there\n",
                s->result[WAY_PLANNED].beyond);
    fprintf(out, "\n%.2f s\n", s->wall_s);
}

/* ---- for scripts ---- */

static json_t *way_json(const struct simulated *s, enum deferral_way way)
{
    const struct deferral_result *r = &s->result[way];

    return json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:f, s:I}", "name",
                     deferral_way_name[way], "finished", (json_int_t)r->finished, "missed",
                     (json_int_t)r->missed, "beyond_carbon", (json_int_t)r->beyond, "carbon_g",
                     r->carbon_g, "saved_pct", simulated_saved_pct(s, way), "energy_kwh",
                     r->energy_kwh, "wait_mean_h", r->wait_mean_h, "wait_p95_h", r->wait_p95_h,
                     "pauses", (json_int_t)r->pauses, "nodes_most", (json_int_t)r->most_nodes,
                     "power_most_w", r->most_w, "steps_above_limit", (json_int_t)r->steps_above);
}

static json_t *simulated_json(const struct simulated *s)
{
    const struct deferral_result *r = &s->result[WAY_PLANNED];
    json_t *ways = json_array();
    json_t *json =
        json_pack("{s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:b, s:f, s:f, s:f}", "jobs",
                  (json_int_t)s->jobs->count, "finished", (json_int_t)r->finished,
                  "deadlines_missed", (json_int_t)r->missed, "carbon_g", r->carbon_g,
                  "baseline_carbon_g", s->result[WAY_AT_ONCE].carbon_g, "saved_pct",
                  simulated_saved_pct(s, WAY_PLANNED), "optimum_saved_pct",
                  simulated_saved_pct(s, WAY_OPTIMUM), "optimum_exact", simulated_optimum_exact(s),
                  "wait_mean_h", r->wait_mean_h, "wait_p95_h", r->wait_p95_h, "wall_s", s->wall_s);

    for (int way = 0; way < WAYS; way++)
        json_array_append_new(ways, way_json(s, (enum deferral_way)way));
    json_object_set_new(json, "ways", ways);
    return json;
}

bool simulated_write(const char *path, const char *text, size_t length, struct error *err)
{
    if (strcmp(path, "-") != 0)
        return file_write_atomic(path, text, length, err);
    if (fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0)
        return true;
    return failure(err, ERR_IO, "standard output", "to be written", "%s", strerror(errno));
}

bool simulated_write_json(const struct simulated *s, const char *path, struct error *err)
{
    json_t *json = simulated_json(s);
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    size_t length = 0;
    bool written = false;

    json_decref(json);
    if (text == NULL)
        return failure(err, ERR_FULL, path, "memory for JSON", "none");
    length = strlen(text);
    text[length] = '\n'; /* in the place of the NUL: what is written has a length */
    written = simulated_write(path, text, length + 1, err);
    free(text);
    return written;
}

/* ---- jobs ---- */

static void print_time(FILE *out, int64_t utc_s)
{
    time_t t = (time_t)utc_s;
    struct tm parts;
    char text[32] = "";

    if (utc_s != INT64_MAX && gmtime_r(&t, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    fprintf(out, ",%s", text);
}

/* Quoted as RFC 4180 says where it must be. */
static void print_field(FILE *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"')
            putc('"', out);
        putc(*c, out);
    }
    putc('"', out);
}

static void print_jobs(const struct simulated *s, FILE *out)
{
    fputs("job_id,user,submit_utc,deadline_utc,first_utc,end_utc,pauses,hours_deferred,carbon_g,"
          "carbon_at_once_g,carbon_avoided_g\n",
          out);
    for (uint32_t j = 0; j < s->jobs->count; j++) {
        const struct trace_job *job = &s->jobs->job[j];
        const struct job_fate *fate = &s->fate[WAY_PLANNED][j];
        const struct job_fate *once = &s->fate[WAY_AT_ONCE][j];
        bool ended = fate->end_utc_s != INT64_MAX;

        print_field(out, job->id);
        putc(',', out);
        print_field(out, job->user);
        print_time(out, job->submit_utc_s);
        print_time(out, fate->deadline_utc_s);
        print_time(out, fate->first_utc_s);
        print_time(out, fate->end_utc_s);
        fprintf(out, ",%u,", fate->pauses);
        if (ended)
            fprintf(out, "%.3f", (double)(fate->end_utc_s - job->submit_utc_s - job->run_s) / 3600);
        fprintf(out, ",%.3f,%.3f,%.3f\n", fate->carbon_g, once->carbon_g,
                once->carbon_g - fate->carbon_g);
    }
}

bool simulated_write_csv(const struct simulated *s, const char *path, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    bool written = false;

    if (out == NULL)
        return failure(err, ERR_FULL, path, "memory for the table", "none");
    print_jobs(s, out);
    if (fclose(out) == 0)
        written = simulated_write(path, text, length, err);
    else
        failure(err, ERR_FULL, path, "memory for the table", "none");
    free(text);
    return written;
}
