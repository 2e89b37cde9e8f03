/* hil/demo.h - `capstan-rig demo`: a day of a site under control, with faults, and the verdict.
 *
 * The order of a run: broker, plant and faces; agents; the service; when every node that can be capped is, the
 * day begins. At its end everything is stopped, and the plant's truth is summed up. */
#ifndef HIL_DEMO_H
#define HIL_DEMO_H

#include "hil/faults.h"
#include "hil/limits.h"
#include "hil/record.h"
#include "hil/rig.h"
#include "hil/status.h"

#include <stdio.h>

enum { DEMO_AGENTS_MAX = 64, DEMO_ALARMS_MAX = 32 };

struct demo_options {
    double seconds;
    uint64_t seed;
    const char *fault; /* "none", "all" or a name */
    const char *json;  /* NULL: none; "-": stdout */
    const char *run_folder;
    const char *site_file;
    bool no_top, observe;
};

enum demo_phase { DEMO_STARTING, DEMO_RUNNING, DEMO_ENDED };

struct fault_state {
    bool chosen, begun, ended;
    double begun_s, ended_s;
    bool noticed; /* the alarm that it should raise was seen */
    double noticed_s;
};

/* Distinct kinds of alarms, as the service named them. */
struct alarm_count {
    char alarm[48];
    uint64_t answers; /* of the service in which it stood */
};

struct demo {
    struct demo_options options;
    FILE *out; /* for people: stdout, or stderr when stdout is for JSON */
    struct rig rig;
    struct arena arena;
    enum demo_phase phase;
    int64_t phase_ns; /* plant time at which it began */
    int64_t printed_ns, recorded_ns;
    bool interrupted, failed;
    struct error err; /* why it failed */

    struct process agent[DEMO_AGENTS_MAX];
    uint32_t agent_branch[DEMO_AGENTS_MAX];
    uint32_t agents;
    struct process service, top;
    bool service_expected; /* false while a fault keeps it down */
    uint16_t http_port;

    struct status_poll *status;
    struct limits limits;
    struct record record;
    struct fault_state fault[FAULTS_MAX];
    struct alarm_count alarm[DEMO_ALARMS_MAX];
    uint32_t alarms;
    double load_wh, pv_wh, pv_used_wh, import_wh;
    char plot[RUN_PATH_BYTES];
};

/* The exit code: see main.c. */
int demo_run(const struct demo_options *options);

/* Seconds since the day began. */
double demo_now_s(const struct demo *demo);

/* --- demo_programs.c: agents and service as child programs --- */
MUST_USE bool demo_start_agents(struct demo *demo, struct error *err);
MUST_USE bool demo_start_agent(struct demo *demo, uint32_t index, struct error *err);
MUST_USE bool demo_start_service(struct demo *demo, struct error *err);
/* Reads the port that the service wrote; false while it has not. */
bool demo_service_port(struct demo *demo);
void demo_start_top(struct demo *demo);
void demo_stop_programs(struct demo *demo);

/* --- report.c: what is printed --- */
void report_start(const struct demo *demo);
void report_progress(const struct demo *demo);
void report_summary(const struct demo *demo);
MUST_USE bool report_json(const struct demo *demo, struct error *err);

#endif
