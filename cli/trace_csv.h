/* cli/trace_csv.h - traces as comma-separated files: jobs and carbon intensity.
 *
 * JOBS.csv     job_id,submit_utc,duration_min,nodes[,user,deadline_utc,power_w]; columns by name, in any order, others
 *              ignored; user, deadline and power may be empty. Minutes may have a fraction, power is that of all nodes.
 * CARBON.csv   a line of names; the first column is a UTC time (2020-01-01T00:30:00Z, the Z may be missing), the
 *              second g/kWh; a fixed step. What follows is ignored.
 *
 * Read with libcsv. Every mistake is an error with file, line and column. */
#ifndef CLI_TRACE_CSV_H
#define CLI_TRACE_CSV_H

#include "model/arena.h"
#include "model/error.h"
#include "simulation/job_trace.h"

enum { TRACE_JOBS_MAX = 2000000, TRACE_STEPS_MAX = 5000000, TRACE_BYTES_MAX = 512 << 20 };

/* Reads a file; what it holds lives in the arena. Jobs are put in order of submission, of equal times as they stand. */
MUST_USE bool trace_read_jobs(const char *path, struct job_trace *out, struct arena *arena,
                              struct error *err);
MUST_USE bool trace_read_carbon(const char *path, struct carbon_trace *out, struct arena *arena,
                                struct error *err);

/* The same of text[length]; `name` stands for it in errors. */
MUST_USE bool trace_parse_jobs(const char *name, const char *text, size_t length,
                               struct job_trace *out, struct arena *arena, struct error *err);
MUST_USE bool trace_parse_carbon(const char *name, const char *text, size_t length,
                                 struct carbon_trace *out, struct arena *arena, struct error *err);

#endif
