/* hil/processes.h - child programs: started by path, stopped by pid, never left behind.
 *
 * A child is killed by the kernel if the rig dies (PR_SET_PDEATHSIG), and has its own process group, so that a
 * Ctrl-C at the terminal reaches the rig alone, which then stops its children in order. All functions belong to
 * the main thread. */
#ifndef HIL_PROCESSES_H
#define HIL_PROCESSES_H

#include "model/error.h"

#include <sys/types.h>

struct process {
    char name[32];
    pid_t pid;  /* 0: none is running */
    int status; /* as waitpid gave it, once it has ended */
    bool ended; /* by itself or by us */
};

enum process_terminal {
    PROCESS_DETACHED,
    PROCESS_FOREGROUND
}; /* keeps the rig's terminal and group */

/* What it prints is appended to log_path; NULL: goes where the rig's output goes. A program that can't be run is
 * an error here, not an early end later. */
MUST_USE bool process_start(struct process *process, const char *name, const char *const argv[],
                            const char *log_path, enum process_terminal terminal,
                            struct error *err);

/* False once it has ended (it is then reaped, and status says how). */
bool process_alive(struct process *process);

/* kill -9, and waits until it is gone. */
void process_kill(struct process *process);

/* Waits until it ends by itself; kills it after limit_ms and returns false. */
MUST_USE bool process_end(struct process *process, int64_t limit_ms);

/* SIGTERM to all, waits up to limit_ms for all together, then process_kill the rest. Returns how many had to be
 * killed. Those that never ran are fine. */
size_t processes_stop(struct process process[], size_t count, int64_t limit_ms);

/* "exit status 3", "signal 9". Returns out. */
const char *process_end_text(const struct process *process, char *out, size_t size);

/* A program of this project: beside the running one, else as found on PATH. Returns out. */
const char *program_path(const char *name, char *out, size_t size);

/* A port of 127.0.0.1 on which nobody listens now, below the range that the kernel hands out; another process may
 * still take it first, so whoever uses it tries again. 0 if none was found. */
uint16_t port_free(void);

/* True when somebody accepts connections there now. */
bool port_answers(uint16_t port);

#endif
