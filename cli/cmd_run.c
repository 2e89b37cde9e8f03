#include "cli/command.h"

#include "platform/log.h"
#include "service/run.h"

#include <stdlib.h>
#include <string.h>

enum {
    OPT_MODE = 'm',
    OPT_HTTP = 'a',
    OPT_PORT_FILE = 'p',
    OPT_STATE = 's',
    OPT_LOG = 'l',
    OPT_TICKS = 't'
};

static const struct argp_option options[] = {
    {"mode", OPT_MODE, "observe", 0, "Write to nothing, whatever the site file says", 0},
    {"http", OPT_HTTP, "HOST:PORT", 0,
     "Where to answer; port 0 takes a free one (" DEFAULT_HTTP_ADDRESS ")", 0},
    {"http-port-file", OPT_PORT_FILE, "FILE", 0, "Write the port to FILE once it answers", 0},
    {"state-folder", OPT_STATE, "DIR", 0,
     "What survives a restart ($STATE_DIRECTORY, else ./capstan-state)", 0},
    {"log-level", OPT_LOG, "LEVEL", 0, "error, warning, notice, info or debug (notice)", 0},
    {"ticks", OPT_TICKS, "N", 0, "Stop after N ticks", 0},
    {0},
};

struct arguments {
    struct run_options run;
    enum log_level level;
};

static uint64_t parse_ticks(const char *text, struct argp_state *state)
{
    char *end = NULL;
    unsigned long long ticks = *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;

    if (ticks == 0 || *end != '\0')
        argp_error(state, "--ticks: \"%s\"; expected a whole number from 1 on", text);
    return ticks;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case OPT_MODE:
        if (strcmp(text, "observe") != 0)
            argp_error(state,
                       "--mode: \"%s\"; expected observe (only the site file can say enforce)",
                       text);
        a->run.observe = true;
        return 0;
    case OPT_HTTP:
        a->run.http_address = text;
        return 0;
    case OPT_PORT_FILE:
        a->run.http_port_file = text;
        return 0;
    case OPT_STATE:
        a->run.state_folder = text;
        return 0;
    case OPT_LOG:
        if (!log_level_parse(text, &a->level))
            argp_error(state, "--log-level: \"%s\"; expected error, warning, notice, info or debug",
                       text);
        return 0;
    case OPT_TICKS:
        a->run.ticks = parse_ticks(text, state);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            return ARGP_ERR_UNKNOWN;
        *(state->arg_num == 0 ? &a->run.site_path : &a->run.policy_path) = text;
        return 0;
    case ARGP_KEY_END:
        if (state->arg_num < 2)
            argp_error(state, "expected a site file and a policy file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp run_argp = {
    options,
    parse,
    "SITE.cfg POLICY.cfg",
    "Runs the controller of a site until SIGTERM or SIGINT. SIGHUP, or a change of the policy "
    "file, loads the "
    "policies anew; a file with mistakes changes nothing.\v"
    "Log lines go to stderr. Exit codes: 0 stopped as asked, 1 failed, 2 the files have mistakes.",
    NULL,
    NULL,
    NULL};

static void print_mistakes(const struct diagnostics *found)
{
    char line[1024];

    for (size_t d = 0; d < found->count; d++)
        fprintf(stderr, "%s\n", diagnostic_line(&found->item[d], line, sizeof line));
    fprintf(stderr, "capstan run: not started: %zu mistake%s\n", found->errors,
            found->errors == 1 ? "" : "s");
}

int cmd_run(int argc, char **argv)
{
    const char *systemd = getenv("STATE_DIRECTORY");
    struct arguments a = {
        .run = {.http_address = DEFAULT_HTTP_ADDRESS,
                .state_folder = systemd != NULL && *systemd != '\0' ? systemd : "capstan-state"},
        .level = LOG_LEVEL_NOTICE};
    struct diagnostics found = {0};
    struct error err;
    char line[600];
    enum run_end end = RUN_FAILED;

    argp_parse(&run_argp, argc, argv, 0, NULL, &a);
    log_open(a.level);
    end = run(&a.run, &found, &err);
    if (end == RUN_REFUSED)
        print_mistakes(&found);
    if (end == RUN_FAILED)
        fprintf(stderr, "capstan run: %s\n", error_line(&err, line, sizeof line));
    diagnostics_free(&found);
    return end == RUN_STOPPED ? EXIT_OK : end == RUN_REFUSED ? EXIT_USAGE : EXIT_FAILED;
}
