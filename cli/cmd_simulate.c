#include "cli/command.h"
#include "cli/simulate_output.h"
#include "cli/trace_csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    OPT_JOBS = 'j',
    OPT_CARBON = 'c',
    OPT_DEADLINE = 'd',
    OPT_INTERRUPTIBLE = 'i',
    OPT_GRACE = 'g',
    OPT_NOISE = 'n',
    OPT_SEED = 's',
    OPT_CAPACITY = 'm',
    OPT_LIMIT = 'l',
    OPT_POWER = 'p',
    OPT_THRESHOLD = 't',
    OPT_JSON = 'J',
    OPT_CSV = 'C',
    OPT_HTML = 'H',
    OPT_PAUSE = 'P',
};

static const struct argp_option options[] = {
    {"jobs", OPT_JOBS, "JOBS.csv", 0,
     "The jobs: job_id,submit_utc,duration_min,nodes[,user,deadline_utc,power_w]", 1},
    {"carbon", OPT_CARBON, "CARBON.csv", 0,
     "Carbon intensity: a UTC time and g/kWh in the first two columns, a fixed step", 1},
    {"deadline", OPT_DEADLINE, "RULE", 0,
     "By when a job must have ended that tells no deadline: next-workday, semi-weekly, or hours:N "
     "after it would have ended at once",
     1},
    {"interruptible", OPT_INTERRUPTIBLE, NULL, 0, "Jobs may be paused", 2},
    {"pause-cost", OPT_PAUSE, "TIME", 0,
     "Work that is done again after each pause: 10min (none; not with --capacity or --limit-kw)",
     2},
    {"grace", OPT_GRACE, "TIME", 0, "Jobs may end so much later: 30min, 2h", 2},
    {"forecast-noise", OPT_NOISE, "PCT", 0,
     "The forecast is off by an independent normal error of this deviation, % of the mean", 2},
    {"seed", OPT_SEED, "N", 0, "Of the errors (1)", 2},
    {"capacity", OPT_CAPACITY, "NODES", 0, "So many nodes are there (as many as it takes)", 3},
    {"limit-kw", OPT_LIMIT, "N", 0, "All jobs together draw no more (no limit)", 3},
    {"node-power", OPT_POWER, "W", 0, "What a node draws whose job tells no power (1000)", 3},
    {"threshold", OPT_THRESHOLD, "G", 0,
     "The rule of thumb to be held against runs below so many g/kWh (the lowest 30 % of the trace)",
     3},
    {"json", OPT_JSON, "OUT", 0, "Write the result as JSON; - is standard output", 4},
    {"csv", OPT_CSV, "OUT", 0, "Write a line for each job; - is standard output", 4},
    {"html", OPT_HTML, "OUT", 0, "Write a page with pictures, to be opened from disk", 4},
    {0},
};

struct arguments {
    const char *jobs, *carbon, *json, *csv, *html;
    bool ruled, threshold_given;
    struct deferral_setup setup;
};

/* ---- arguments ---- */

static double number(struct argp_state *state, const char *option, const char *text, double least,
                     double most)
{
    char *end = NULL;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= least && value <= most))
        argp_error(state, "--%s \"%s\"; expected a number %.15g .. %.15g", option, text, least,
                   most);
    return value;
}

static double whole(struct argp_state *state, const char *option, const char *text, double least,
                    double most)
{
    double value = number(state, option, text, least, most);

    if (floor(value) != value)
        argp_error(state, "--%s \"%s\"; expected a whole number", option, text);
    return value;
}

static void set_rule(struct argp_state *state, struct arguments *a, const char *text)
{
    a->ruled = true;
    if (strcmp(text, "next-workday") == 0) {
        a->setup.rule = DEADLINE_NEXT_WORKDAY;
    } else if (strcmp(text, "semi-weekly") == 0) {
        a->setup.rule = DEADLINE_SEMI_WEEKLY;
    } else if (strncmp(text, "hours:", 6) == 0) {
        a->setup.rule = DEADLINE_HOURS;
        a->setup.hours = (int64_t)whole(state, "deadline hours:", text + 6, 0, 87600);
    } else {
        argp_error(state, "--deadline \"%s\"; expected next-workday, semi-weekly or hours:N", text);
    }
}

static int64_t duration_s(struct argp_state *state, const char *option, const char *text)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    char *end = NULL;
    double value = strtod(text, &end);

    while (*end == ' ')
        end++;
    for (size_t i = 0; i < COUNT(units); i++) {
        if (end != text && strcmp(end, units[i].unit) == 0 && value >= 0 && value <= 1e6)
            return (int64_t)llround(value * units[i].seconds);
    }
    argp_error(state, "--%s \"%s\"; expected a time such as 30min, 2h", option, text);
    return 0;
}

static bool to_stdout(const char *path) { return path != NULL && strcmp(path, "-") == 0; }

static void check(struct argp_state *state, const struct arguments *a)
{
    if (a->jobs == NULL)
        argp_error(state, "--jobs is missing");
    if (a->carbon == NULL)
        argp_error(state, "--carbon is missing");
    if (!a->ruled)
        argp_error(state, "--deadline is missing: next-workday, semi-weekly or hours:N");
    if (a->setup.pause_s > 0 && (a->setup.capacity > 0 || a->setup.limit_w > 0))
        argp_error(state, "--pause-cost can't be had with --capacity or --limit-kw yet");
    if (to_stdout(a->json) + to_stdout(a->csv) + to_stdout(a->html) > 1)
        argp_error(state, "only one of --json, --csv, --html can go to standard output");
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;
    struct deferral_setup *setup = &a->setup;

    switch (key) {
    case OPT_JOBS:
        a->jobs = text;
        return 0;
    case OPT_CARBON:
        a->carbon = text;
        return 0;
    case OPT_DEADLINE:
        set_rule(state, a, text);
        return 0;
    case OPT_INTERRUPTIBLE:
        setup->interruptible = true;
        return 0;
    case OPT_GRACE:
        setup->grace_s = duration_s(state, "grace", text);
        return 0;
    case OPT_PAUSE:
        setup->pause_s = duration_s(state, "pause-cost", text);
        return 0;
    case OPT_NOISE:
        setup->noise_pct = number(state, "forecast-noise", text, 0, 1000);
        return 0;
    case OPT_SEED:
        setup->seed = (uint64_t)whole(state, "seed", text, 0, 9007199254740992.0);
        return 0;
    case OPT_CAPACITY:
        setup->capacity = (uint32_t)whole(state, "capacity", text, 1, 1000000);
        return 0;
    case OPT_LIMIT:
        setup->limit_w = (int64_t)(number(state, "limit-kw", text, 0.001, 2e6) * 1000);
        return 0;
    case OPT_POWER:
        setup->node_power_w = number(state, "node-power", text, 0, 2e9);
        return 0;
    case OPT_THRESHOLD:
        a->threshold_given = true;
        setup->threshold_g_per_kwh = number(state, "threshold", text, -100000, 100000);
        return 0;
    case OPT_JSON:
        a->json = text;
        return 0;
    case OPT_CSV:
        a->csv = text;
        return 0;
    case OPT_HTML:
        a->html = text;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "\"%s\" is not expected", text);
        return 0;
    case ARGP_KEY_END:
        check(state, a);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp simulate_argp = {
    options,
    parse,
    "--jobs JOBS.csv --carbon CARBON.csv --deadline RULE",
    "Replays a trace of jobs in virtual time: what would deferring them have saved, and would "
    "their "
    "deadlines have been kept? Beside it, in the same run, no control, caps alone, a threshold on "
    "carbon intensity, and the planner with perfect knowledge.\v"
    "docs/simulate.md has the formats and what is compared. Exit codes: 0 done, 1 a file can't be "
    "read or written, 2 wrong usage.",
    NULL,
    NULL,
    NULL};

/* ---- the run ---- */

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

enum { BAR = 40 };

/* On a terminal only, and gone in the end. */
static void show_progress(void *context, double share)
{
    const enum deferral_way *way = context;
    double done = ((double)*way + share) / WAYS;
    int filled = (int)(done * BAR);

    fprintf(stderr, "\r[%.*s%.*s] %3.0f %% %-12s", filled,
            "########################################", BAR - filled,
            "                                        ", done * 100, deferral_way_name[*way]);
    fflush(stderr);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Where the lowest 30 % of the trace end. */
static double usual_threshold(const struct carbon_trace *carbon, struct arena *arena)
{
    double *sorted = arena_array(arena, carbon->steps, double);

    memcpy(sorted, carbon->g_per_kwh, carbon->steps * sizeof *sorted);
    qsort(sorted, carbon->steps, sizeof *sorted, by_value);
    return sorted[(uint32_t)(.3 * carbon->steps)];
}

static void run_all(struct simulated *s, bool with_power, struct arena *arena)
{
    bool bar = isatty(STDERR_FILENO);
    double start_s = now_s();

    for (int i = 0; i < WAYS; i++) {
        enum deferral_way way = (enum deferral_way)i;
        struct arena scratch = {0};

        s->fate[i] = arena_array(arena, s->jobs->count, struct job_fate);
        if (with_power) /* only a picture asks when power was taken */
            s->result[i].power_w = arena_array(arena, s->carbon->steps, double);
        deferral_run(s->jobs, s->carbon, s->setup, way, s->fate[i], &s->result[i],
                     bar ? show_progress : NULL, &way, &scratch);
        arena_free(&scratch);
    }
    if (bar)
        fprintf(stderr, "\r\033[K");
    s->wall_s = now_s() - start_s;
}

static bool simulate(struct arguments *a, struct arena *arena, struct error *err)
{
    struct job_trace jobs;
    struct carbon_trace carbon;
    struct simulated s = {.jobs = &jobs, .carbon = &carbon, .setup = &a->setup};
    bool quiet = to_stdout(a->json) || to_stdout(a->csv) || to_stdout(a->html);
    bool pictures = false;

    if (!trace_read_jobs(a->jobs, &jobs, arena, err) ||
        !trace_read_carbon(a->carbon, &carbon, arena, err))
        return false;
    if (!a->threshold_given)
        a->setup.threshold_g_per_kwh = usual_threshold(&carbon, arena);
    run_all(&s, a->html != NULL, arena);
    if (!quiet)
        simulated_print_table(&s, stdout);
    if ((a->json != NULL && !simulated_write_json(&s, a->json, err)) ||
        (a->csv != NULL && !simulated_write_csv(&s, a->csv, err)) ||
        (a->html != NULL && !simulated_write_html(&s, a->html, &pictures, err)))
        return false;
    if (a->html != NULL && !pictures)
        fprintf(stderr, "%s has no pictures: gnuplot is not installed, or failed\n", a->html);
    return true;
}

int cmd_simulate(int argc, char **argv)
{
    struct arguments a = {.setup = {.seed = 1, .node_power_w = 1000}};
    struct arena arena = {0};
    struct error err = {0};
    char line[640];
    bool good = false;

    argp_parse(&simulate_argp, argc, argv, 0, NULL, &a);
    good = simulate(&a, &arena, &err);
    if (!good)
        fprintf(stderr, "%s\n", error_line(&err, line, sizeof line));
    arena_free(&arena);
    return good ? EXIT_OK : EXIT_FAILED;
}
