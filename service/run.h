/* service/run.h - `capstan run`: the site under control until someone says stop. */
#ifndef SERVICE_RUN_H
#define SERVICE_RUN_H

#include "config/diagnostics.h"
#include "model/error.h"

struct run_options {
    const char *site_path, *policy_path;
    bool observe;               /* whatever the site file says; there is no way to the other side */
    const char *http_address;   /* "127.0.0.1:9464"; port 0 takes any free one */
    const char *http_port_file; /* where to write the port; NULL: nowhere */
    const char *state_folder;
    uint64_t ticks; /* stop after so many; 0: run until SIGTERM or SIGINT */
};

enum run_end {
    RUN_STOPPED, /* asked to, and everything is put away */
    RUN_FAILED,  /* *err says why */
    RUN_REFUSED  /* the files have mistakes: see *found */
};

/* Logs through platform/log.h. *found may hold warnings in any case; the caller frees it. */
enum run_end run(const struct run_options *options, struct diagnostics *found, struct error *err);

#endif
