/* tests/support/process.h - other programs, started by a test and ended by their pid.
 *
 * They die with the test. Errors are values: the test says what it thinks of them. */
#ifndef TESTS_SUPPORT_PROCESS_H
#define TESTS_SUPPORT_PROCESS_H

#include "model/error.h"

#include <sys/types.h>

struct process {
    pid_t pid;       /* 0: not running */
    int exit_status; /* as waitpid gave it, once it has ended */
};

/* argv[0] is looked for on PATH and in /usr/sbin. Output goes to the file `output` (appended), or to /dev/null. */
MUST_USE bool process_start(struct process *process, const char *const argv[], const char *output,
                            struct error *err);

/* True when it has ended (and was reaped). */
bool process_ended(struct process *process);

/* Waits for its end; false after limit_ms. */
MUST_USE bool process_wait(struct process *process, int64_t limit_ms);

/* SIGTERM, and SIGKILL after 5 s. NULL, ended and never started are fine. */
void process_stop(struct process *process);
void process_signal(struct process *process, int signal);

/* Starts, waits for the end, true when it exited with 0 in time. */
MUST_USE bool process_run(const char *const argv[], const char *output, int64_t limit_ms,
                          struct error *err);

/* A TCP port on 127.0.0.1 that nobody has now, below the range that outgoing connections take. */
uint16_t free_port(void);

/* True when something accepts connections there. */
bool port_open(uint16_t port);

#endif
