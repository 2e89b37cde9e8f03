/* cli/simulate_output.h - what `capstan simulate` found, for people and for scripts. */
#ifndef CLI_SIMULATE_OUTPUT_H
#define CLI_SIMULATE_OUTPUT_H

#include "model/error.h"
#include "simulation/deferral.h"

#include <stdio.h>

struct simulated {
    const struct job_trace *jobs;
    const struct carbon_trace *carbon;
    const struct deferral_setup *setup;
    struct deferral_result result[WAYS];
    struct job_fate *fate[WAYS]; /* [jobs] each */
    double wall_s;
};

/* Saved against no control, in %; 0 when there was nothing to save. */
double simulated_saved_pct(const struct simulated *s, enum deferral_way way);

/* Whether the clairvoyant way is the exact optimum, or only the planner with perfect knowledge. */
bool simulated_optimum_exact(const struct simulated *s);

void simulated_print_table(const struct simulated *s, FILE *out);

/* To a file, whole or not at all; "-" is standard output. */
MUST_USE bool simulated_write_json(const struct simulated *s, const char *path, struct error *err);
/* A line for each job: what it did without control and with Capstan. */
MUST_USE bool simulated_write_csv(const struct simulated *s, const char *path, struct error *err);

/* A page that opens from disk, with pictures by gnuplot where it is installed (*pictures says so). */
MUST_USE bool simulated_write_html(const struct simulated *s, const char *path, bool *pictures,
                                   struct error *err);

/* Writes text to a file, whole or not at all, or to standard output for "-". */
MUST_USE bool simulated_write(const char *path, const char *text, size_t length, struct error *err);

#endif
