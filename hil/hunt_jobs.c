/* A campaign in worker processes: job j of n runs the scenarios j, j + n, ... and writes a fixed record of each down
 * a pipe. Records are smaller than PIPE_BUF, so those of several jobs don't mix. */
#include "hil/hunt.h"

#include "plant/random.h"
#include "simulation/generate.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    STREAM_CAMPAIGN = 40,
    SCENARIO_S = 3600,
    REPEAT_EVERY = 16, /* of the scenarios are run twice */
    PROGRESS_MS = 500
};

struct record {
    uint64_t number;
    struct outcome outcome;
    uint64_t ran_s, ran_ticks; /* with the second run, if there was one */
    double core_seconds;       /* of the job so far */
    uint32_t job;
    bool failed;
    char why[200];
};

_Static_assert(sizeof(struct record) <= PIPE_BUF, "written at once");

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static double seconds_on(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void hunt_scenario(const struct hunt_options *o, uint64_t number, struct scenario *out)
{
    struct random random = random_stream(o->seed, STREAM_CAMPAIGN, (uint32_t)number);
    struct generate_options options = {.seconds = SCENARIO_S, .sabotage = o->sabotage};

    if (o->node_counts > 0)
        options.nodes = o->nodes[number % o->node_counts];
    generate(random_next(&random), &options, out);
}

/* ---- a job ---- */

static void run_twice(const struct scenario *scenario, struct record *record)
{
    struct outcome again;
    struct violation *v = &record->outcome.violation;

    if (!simulation_run(scenario, &again, NULL))
        return;
    record->ran_s += (uint64_t)again.seconds;
    record->ran_ticks += again.ticks;
    if (again.hash == record->outcome.hash || v->found)
        return;
    *v = (struct violation){
        .found = true, .promise = PROMISE_REPEATABLE, .at_s = record->outcome.seconds};
    snprintf(v->text, sizeof v->text, "hash %016llx, then %016llx",
             (unsigned long long)record->outcome.hash, (unsigned long long)again.hash);
}

static void run_one(const struct hunt_options *o, uint64_t number, struct record *record)
{
    struct scenario scenario;
    struct error err = {0};

    *record = (struct record){.number = number};
    hunt_scenario(o, number, &scenario);
    if (!simulation_run(&scenario, &record->outcome, &err)) {
        record->failed = true;
        error_line(&err, record->why, sizeof record->why);
    }
    record->ran_s = (uint64_t)record->outcome.seconds;
    record->ran_ticks = record->outcome.ticks;
    if (!record->failed && number % REPEAT_EVERY == 0)
        run_twice(&scenario, record);
    record->core_seconds = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
    scenario_free(&scenario);
}

static uint64_t scenarios_wanted(const struct hunt_options *o)
{
    return o->hours > 0 ? (uint64_t)(o->hours * 3600 / SCENARIO_S + 0.999) : UINT64_MAX;
}

static void work(const struct hunt_options *o, uint32_t job, int out)
{
    double until = seconds_on(CLOCK_MONOTONIC) + o->seconds;
    uint64_t wanted = scenarios_wanted(o);

    for (uint64_t number = job; number < wanted && !stopped; number += o->jobs) {
        struct record record;

        if (o->seconds > 0 && seconds_on(CLOCK_MONOTONIC) >= until)
            break;
        run_one(o, number, &record);
        record.job = job;
        if (write(out, &record, sizeof record) != (ssize_t)sizeof record)
            break;
    }
    close(out);
}

/* ---- the parent ---- */

static void remember(struct hunt_total *total, const struct record *record)
{
    uint32_t at = total->finds;

    total->violations++;
    if (total->finds == HUNT_FINDS_MAX) {
        if (record->number >= total->find[HUNT_FINDS_MAX - 1].number)
            return;
        at = --total->finds;
    }
    for (; at > 0 && total->find[at - 1].number > record->number; at--)
        total->find[at] = total->find[at - 1];
    total->find[at] = (struct hunt_find){record->number, record->outcome.violation};
    total->finds++;
}

static void add(struct hunt_total *total, const struct record *record)
{
    if (record->failed && !total->failed) {
        total->failed = true;
        snprintf(total->why, sizeof total->why, "scenario %llu: %s",
                 (unsigned long long)record->number, record->why);
    }
    total->scenarios++;
    total->ticks += record->ran_ticks;
    total->seconds += record->ran_s;
    total->events |= record->outcome.events;
    total->sights |= record->outcome.sights;
    if (record->outcome.violation.found)
        remember(total, record);
}

static void show_progress(const struct hunt_total *total, double started)
{
    fprintf(stderr, "\r%llu scenarios, %.0f simulated hours in %.0f s, %llu violations ",
            (unsigned long long)total->scenarios, (double)total->seconds / 3600,
            seconds_on(CLOCK_MONOTONIC) - started, (unsigned long long)total->violations);
    fflush(stderr);
}

static bool read_record(int in, struct record *record)
{
    char *at = (char *)record;
    size_t have = 0;

    while (have < sizeof *record) { /* ends when every job has closed its end */
        ssize_t got = read(in, at + have, sizeof *record - have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static void collect(int in, struct hunt_total *total, double core_seconds[])
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    double started = seconds_on(CLOCK_MONOTONIC);
    double shown = started;
    struct record record;

    while (read_record(in, &record)) {
        add(total, &record);
        if (record.job < HUNT_JOBS_MAX)
            core_seconds[record.job] = record.core_seconds;
        if (!terminal || seconds_on(CLOCK_MONOTONIC) - shown < PROGRESS_MS / 1e3)
            continue;
        shown = seconds_on(CLOCK_MONOTONIC);
        show_progress(total, started);
    }
    if (terminal)
        fputs("\r\033[K", stderr);
}

static void wait_for(const pid_t job[], uint32_t jobs, struct hunt_total *total)
{
    for (uint32_t i = 0; i < jobs; i++) {
        int status = 0;

        while (waitpid(job[i], &status, 0) < 0 && errno == EINTR)
            continue;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            continue;
        total->failed = true;
        snprintf(total->why, sizeof total->why, "job %u ended with %s %d", i,
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

enum { KEPT_BYTES = 32 << 20 };

void hunt_jobs(const struct hunt_options *o, struct hunt_total *total)
{
    double core_seconds[HUNT_JOBS_MAX] = {0};
    pid_t job[HUNT_JOBS_MAX];
    uint32_t jobs = 0;
    int ends[2];

    *total = (struct hunt_total){0};
    if (pipe(ends) != 0) {
        total->failed = true;
        snprintf(total->why, sizeof total->why, "a pipe: %s", strerror(errno));
        return;
    }
    catch_signals();
    /* Scenarios come and go by the thousand: what one gives back is for the next, not for the system. */
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    fflush(NULL);
    for (; jobs < o->jobs; jobs++) {
        job[jobs] = fork();
        if (job[jobs] < 0)
            break;
        if (job[jobs] == 0) {
            close(ends[0]);
            work(o, jobs, ends[1]);
            _exit(0);
        }
    }
    close(ends[1]);
    collect(ends[0], total, core_seconds);
    close(ends[0]);
    wait_for(job, jobs, total);
    if (jobs < o->jobs) {
        total->failed = true;
        snprintf(total->why, sizeof total->why, "only %u of %u jobs started", jobs, o->jobs);
    }
    for (uint32_t j = 0; j < jobs; j++)
        total->core_seconds += core_seconds[j];
    total->interrupted = stopped != 0;
}
