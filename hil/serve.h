/* hil/serve.h - `capstan-rig serve`: a plant and its faces until SIGTERM; for tests, tutorials and other tools. */
#ifndef HIL_SERVE_H
#define HIL_SERVE_H

#include "model/base.h"

struct serve_options {
    const char *site_file;
    const char *run_folder;
    const char *broker_url; /* NULL: our own */
    uint64_t seed;
    double start_hour, day_seconds;
};

/* The exit code: see exit_code.h. */
int serve_run(const struct serve_options *options);

#endif
