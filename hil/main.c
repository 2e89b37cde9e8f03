/* capstan-rig: a simulated site on real protocols, and a verdict on whoever controls it. */
#include "hil/demo.h"
#include "hil/exit_code.h"
#include "hil/hunt.h"
#include "hil/serve.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *argp_program_version = "capstan-rig " CAPSTAN_VERSION;

enum {
    OPTION_SECONDS = 256,
    OPTION_SEED,
    OPTION_FAULT,
    OPTION_JSON,
    OPTION_FOLDER,
    OPTION_NO_TOP,
    OPTION_OBSERVE,
    OPTION_SITE,
    OPTION_BROKER,
    OPTION_HOUR,
    OPTION_DAY,
    OPTION_HOURS,
    OPTION_JOBS,
    OPTION_NODES,
    OPTION_SCENARIO,
    OPTION_KEEP,
    OPTION_SABOTAGE
};

/* ---------------------------------------------------------------- numbers */

static double number(const char *text, double least, double most, struct argp_state *state,
                     const char *option)
{
    char *end = NULL;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value) || value < least || value > most)
        argp_error(state, "%s: expected a number from %g to %g, got %s", option, least, most, text);
    return value;
}

static uint64_t seed(const char *text, struct argp_state *state)
{
    char *end = NULL;
    unsigned long long value = 0;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || text[0] == '-' || value > INT64_MAX)
        argp_error(state, "--seed: expected a whole number from 0, got %s", text);
    return value;
}

/* ---------------------------------------------------------------- demo */

/* clang-format off */
static const struct argp_option demo_options[] = {
    {"seconds", OPTION_SECONDS, "N", 0, "how long it runs (120): a whole day; shorter runs see a part of it", 0},
    {"seed", OPTION_SEED, "N", 0, "of the plant's random numbers (1)", 0},
    {"fault", OPTION_FAULT, "NAME", 0, "none, all (the default), or one by its name; a wrong name lists them", 0},
    {"json", OPTION_JSON, "FILE", 0, "writes the summary's figures there; - is the standard output", 0},
    {"run-folder", OPTION_FOLDER, "DIR", 0, "for copies of the files, logs and the plot (a new one in the temporary folder)", 0},
    {"site", OPTION_SITE, "FILE", 0, "a site file with policy.cfg and connections.cfg beside it (the demo's own)", 0},
    {"no-top", OPTION_NO_TOP, NULL, 0, "progress lines even on a terminal", 0},
    {"observe", OPTION_OBSERVE, NULL, 0, "the controller only watches: shows what would happen without it", 0},
    {0},
};
/* clang-format on */

static error_t parse_demo(int key, char *value, struct argp_state *state)
{
    struct demo_options *o = state->input;

    switch (key) {
    case OPTION_SECONDS:
        o->seconds = number(value, 5, 86400, state, "--seconds");
        return 0;
    case OPTION_SEED:
        o->seed = seed(value, state);
        return 0;
    case OPTION_FAULT:
        o->fault = value;
        return 0;
    case OPTION_JSON:
        o->json = value;
        return 0;
    case OPTION_FOLDER:
        o->run_folder = value;
        return 0;
    case OPTION_SITE:
        o->site_file = value;
        return 0;
    case OPTION_NO_TOP:
        o->no_top = true;
        return 0;
    case OPTION_OBSERVE:
        o->observe = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The demo's files: named by the environment, else where they were built from. */
static const char *demo_site(void)
{
    const char *named = getenv("CAPSTAN_DEMO_SITE");

    return named != NULL ? named : CAPSTAN_DEMO_FOLDER "/site.cfg";
}

static int cmd_demo(int argc, char **argv)
{
    static const char text[] =
        "Runs a simulated 2 MW site with real Modbus, MQTT, agents and the controller for two "
        "minutes of a "
        "compressed day, and says whether any limit was broken.\v"
        "Exit status: 0 every limit was kept, 1 one was broken, 2 wrong usage, 3 it could not run.";
    static const struct argp argp = {.options = demo_options, .parser = parse_demo, .doc = text};
    struct demo_options options = {.seconds = 120, .seed = 1, .fault = "all"};

    options.site_file = demo_site();
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    return demo_run(&options);
}

/* ---------------------------------------------------------------- serve */

/* clang-format off */
static const struct argp_option serve_options[] = {
    {"site", OPTION_SITE, "FILE", 0, "the site to simulate (the demo's own); connections.cfg lies beside it", 0},
    {"run-folder", OPTION_FOLDER, "DIR", 0, "gets copies of the files with our ports in them, and `ready' once all is up", 0},
    {"broker", OPTION_BROKER, "URL", 0, "an MQTT broker, tcp://host:port (one of our own)", 0},
    {"seed", OPTION_SEED, "N", 0, "of the plant's random numbers (1)", 0},
    {"start-hour", OPTION_HOUR, "H", 0, "hour of the day at the start (12)", 0},
    {"day-seconds", OPTION_DAY, "N", 0, "how long a day takes (86400)", 0},
    {0},
};
/* clang-format on */

static error_t parse_serve(int key, char *value, struct argp_state *state)
{
    struct serve_options *o = state->input;

    switch (key) {
    case OPTION_SITE:
        o->site_file = value;
        return 0;
    case OPTION_FOLDER:
        o->run_folder = value;
        return 0;
    case OPTION_BROKER:
        o->broker_url = value;
        return 0;
    case OPTION_SEED:
        o->seed = seed(value, state);
        return 0;
    case OPTION_HOUR:
        o->start_hour = number(value, 0, 24, state, "--start-hour");
        return 0;
    case OPTION_DAY:
        o->day_seconds = number(value, 10, 1e7, state, "--day-seconds");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int cmd_serve(int argc, char **argv)
{
    static const char text[] =
        "Simulates a site's meters, feeds and nodes on real protocols until SIGTERM or SIGINT.\v"
        "The run folder then holds the site's files with the addresses in place: "
        "capstan run DIR/site.cfg DIR/policy.cfg controls it.";
    static const struct argp argp = {.options = serve_options, .parser = parse_serve, .doc = text};
    struct serve_options options = {.seed = 1, .start_hour = 12, .day_seconds = 86400};

    options.site_file = demo_site();
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    return serve_run(&options);
}

/* ---------------------------------------------------------------- hunt */

/* clang-format off */
static const struct argp_option hunt_options[] = {
    {"hours", OPTION_HOURS, "N", 0, "simulated hours, of all jobs together (100)", 0},
    {"seconds", OPTION_SECONDS, "N", 0, "of the wall clock, instead of --hours", 0},
    {"seed", OPTION_SEED, "N", 0, "of everything that happens by chance (a new one each time; it is printed)", 0},
    {"jobs", OPTION_JOBS, "N", 0, "worker processes (one a core)", 0},
    {"nodes", OPTION_NODES, "N", 0, "sites of this size; may be given several times, in turn (by chance, mostly few)", 0},
    {"scenario", OPTION_SCENARIO, "FILE", 0, "runs this one scenario instead", 0},
    {"keep", OPTION_KEEP, "DIR", 0, "where scenario files of what was found go (the current folder)", 0},
    {"sabotage", OPTION_SABOTAGE, "NAME", 0, "builds a mistake into the simulated world, to see that it is found; a wrong name lists them", 0},
    {0},
};
/* clang-format on */

static void sabotage_named(const char *name, enum sabotage *out, struct argp_state *state)
{
    char names[200] = "";

    if (sabotage_find(name, out))
        return;
    for (int s = 0; s < SABOTAGE_COUNT; s++)
        snprintf(names + strlen(names), sizeof names - strlen(names), " %s",
                 sabotage_name((enum sabotage)s));
    argp_error(state, "--sabotage: expected one of%s, got %s", names, name);
}

static error_t parse_hunt(int key, char *value, struct argp_state *state)
{
    struct hunt_options *o = state->input;

    switch (key) {
    case OPTION_HOURS:
        o->hours = number(value, 0.1, 1e9, state, "--hours");
        return 0;
    case OPTION_SECONDS:
        o->seconds = number(value, 0.1, 1e7, state, "--seconds");
        return 0;
    case OPTION_SEED:
        o->seed = seed(value, state);
        return 0;
    case OPTION_JOBS:
        o->jobs = (uint32_t)number(value, 1, HUNT_JOBS_MAX, state, "--jobs");
        return 0;
    case OPTION_NODES:
        if (o->node_counts == HUNT_NODES_MAX)
            argp_error(state, "--nodes: at most %d times", HUNT_NODES_MAX);
        o->nodes[o->node_counts++] = (uint32_t)number(value, 1, 2000, state, "--nodes");
        return 0;
    case OPTION_SCENARIO:
        o->scenario = value;
        return 0;
    case OPTION_KEEP:
        o->keep = value;
        return 0;
    case OPTION_SABOTAGE:
        sabotage_named(value, &o->sabotage, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int cmd_hunt(int argc, char **argv)
{
    static const char text[] =
        "Runs the controller against random simulated sites, policies and faults in virtual time, "
        "checks every promise against the plant's truth at every step, and shrinks what breaks "
        "one to a small scenario file.\v"
        "Exit status: 0 nothing broke, 1 a promise was broken, 2 wrong usage, 3 it could not run.";
    static const struct argp argp = {.options = hunt_options, .parser = parse_hunt, .doc = text};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct hunt_options options = {.seed = (uint64_t)time(NULL), .keep = "."};

    options.jobs = cores < 1 ? 1 : cores > HUNT_JOBS_MAX ? HUNT_JOBS_MAX : (uint32_t)cores;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (options.hours <= 0 && options.seconds <= 0)
        options.hours = 100;
    return hunt_run(&options);
}

/* ---------------------------------------------------------------- the program */

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"demo", cmd_demo, "a day of a simulated site under control, and the verdict"},
    {"serve", cmd_serve, "only the simulated site, until SIGTERM"},
    {"hunt", cmd_hunt, "random sites and faults in virtual time, until a promise breaks"},
};

static int usage(FILE *out, int code)
{
    fprintf(out, "Usage: capstan-rig COMMAND [OPTION...]\n\n");
    for (size_t i = 0; i < COUNT(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
    fprintf(out, "\ncapstan-rig COMMAND --help tells a command's options.\n");
    return code;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "--help";
    char full[64];

    argp_err_exit_status = EXIT_USAGE;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-?") == 0 || strcmp(name, "help") == 0)
        return usage(stdout, argc > 1 ? EXIT_KEPT : EXIT_USAGE);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("%s\n", argp_program_version);
        return EXIT_KEPT;
    }
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        snprintf(full, sizeof full, "capstan-rig %s", name);
        argv[1] = full; /* so that usage lines name the command */
        return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "capstan-rig: no command \"%s\"\n", name);
    return usage(stderr, EXIT_USAGE);
}
