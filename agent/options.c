#include "agent/options.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "capstan-agent 0.1.0";
const char *argp_program_bug_address = NULL;

static const struct backend_type *const backends[] = {&backend_powercap, &backend_model};

enum key {
    KEY_SITE = 's',
    KEY_BROKER = 'b',
    KEY_BACKEND = 'B',
    KEY_NODE = 'n',
    KEY_REGISTERS = 'r',
    KEY_USER = 256,
    KEY_PASSWORD_FILE,
    KEY_CA,
    KEY_CERTIFICATE,
    KEY_PRIVATE_KEY,
    KEY_POWERCAP_ROOT,
    KEY_STATE_FILE,
    KEY_CAP_MIN,
    KEY_CAP_MAX,
    KEY_SAFE_CAP,
    KEY_REPORT_PERIOD,
    KEY_LEASE_MAX,
    KEY_LOG_LEVEL
};

/* clang-format off */
static const struct argp_option rows[] = {
    {NULL, 0, NULL, 0, "Where commands come from:", 1},
    {"site", KEY_SITE, "NAME", 0, "name of the site, as in its site file (required)", 0},
    {"broker", KEY_BROKER, "URL", 0, "tcp://HOST:PORT or ssl://HOST:PORT (required)", 0},
    {"broker-user", KEY_USER, "NAME", 0, "user name at the broker", 0},
    {"password-file", KEY_PASSWORD_FILE, "FILE", 0, "its password; readable by its owner alone", 0},
    {"ca", KEY_CA, "FILE", 0, "certificates that may sign the broker's (PEM); default: the system's", 0},
    {"cert", KEY_CERTIFICATE, "FILE", 0, "our certificate (PEM)", 0},
    {"key", KEY_PRIVATE_KEY, "FILE", 0, "its private key (PEM)", 0},
    {NULL, 0, NULL, 0, "What is capped:", 2},
    {"backend", KEY_BACKEND, "NAME", 0, "powercap: the CPU packages of this machine; model: simulated nodes (required)", 0},
    {"node", KEY_NODE, "NAME", 0, "powercap: the node's name in the site file (required). "
     "model: a name or shell pattern, may be repeated; default: all nodes of the file", 0},
    {"nodes", 0, NULL, OPTION_ALIAS, NULL, 0},
    {"powercap-root", KEY_POWERCAP_ROOT, "FOLDER", 0, "default: /sys/class/powercap", 0},
    {"state-file", KEY_STATE_FILE, "FILE", 0, "powercap: keeps the original limits until they are restored; "
     "default: /run/capstan-agent.original", 0},
    {"cap-min", KEY_CAP_MIN, "W", 0, "powercap: least cap; default: as the hardware says, else 30 % of the greatest", 0},
    {"cap-max", KEY_CAP_MAX, "W", 0, "powercap: greatest cap; default: as the hardware says", 0},
    {"registers", KEY_REGISTERS, "FILE", 0, "model: the file of registers (required)", 0},
    {NULL, 0, NULL, 0, "How:", 3},
    {"safe-cap", KEY_SAFE_CAP, "W", 0, "cap when the controller is silent; default: the least cap", 0},
    {"report-period-ms", KEY_REPORT_PERIOD, "MS", 0, "each node reports this often, 100 .. 60000; default: 1000", 0},
    {"lease-max", KEY_LEASE_MAX, "S", 0, "longer leases are cut, 1 .. 86400; default: 300", 0},
    {"log-level", KEY_LOG_LEVEL, "LEVEL", 0, "error, warning, notice (default), info or debug", 0},
    {0},
};
static const char about[] =
    "Enforces leased power caps on a node and reports what is in force.\v"
    "Takes caps from a broker, applies them, reads back, and reports power and the cap in force. When the "
    "controller is silent for longer than the lease the cap falls to the safe cap, never rises. SIGTERM and SIGINT "
    "put the original setting back.\n\n"
    "Exit status: 0 after a clean release, 1 when it can't start or can't restore, 2 for a wrong command line.";
/* clang-format on */

static int64_t number(struct argp_state *state, const char *name, const char *text, int64_t min,
                      int64_t max)
{
    char *end = NULL;
    intmax_t value;

    errno = 0;
    value = strtoimax(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < min || value > max)
        argp_error(state, "--%s: %s; expected a whole number from %" PRId64 " to %" PRId64, name,
                   text, min, max);
    return value;
}

static const struct backend_type *backend_named(struct argp_state *state, const char *name)
{
    for (size_t i = 0; i < COUNT(backends); i++)
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
    argp_error(state, "--backend: %s; expected powercap or model", name);
    return NULL;
}

static void add_pattern(struct argp_state *state, struct agent_command_line *line, const char *text)
{
    struct backend_options *backend = &line->agent.backend;

    if (backend->pattern_count == AGENT_PATTERNS_MAX)
        argp_error(state, "--node: expected at most %d", AGENT_PATTERNS_MAX);
    line->patterns[backend->pattern_count++] = text;
    backend->node = text;
}

static void check_all(struct argp_state *state, const struct agent_command_line *line)
{
    const struct agent_options *a = &line->agent;

    if (a->site == NULL || a->broker.url == NULL || a->type == NULL)
        argp_error(state, "--site, --broker and --backend are required");
    if (a->type == &backend_powercap && a->backend.pattern_count != 1)
        argp_error(state, "the powercap backend needs one --node NAME");
    if (a->type == &backend_model && a->backend.registers == NULL)
        argp_error(state, "the model backend needs --registers FILE");
}

static error_t parse_broker(int key, char *text, struct broker *broker)
{
    switch (key) {
    case KEY_BROKER:
        broker->url = text;
        return 0;
    case KEY_USER:
        broker->username = text;
        return 0;
    case KEY_PASSWORD_FILE:
        broker->password_file = text;
        return 0;
    case KEY_CA:
        broker->ca_file = text;
        return 0;
    case KEY_CERTIFICATE:
        broker->certificate_file = text;
        return 0;
    case KEY_PRIVATE_KEY:
        broker->key_file = text;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_backend(int key, char *text, struct agent_command_line *line,
                             struct argp_state *state)
{
    struct backend_options *backend = &line->agent.backend;

    switch (key) {
    case KEY_BACKEND:
        line->agent.type = backend_named(state, text);
        return 0;
    case KEY_NODE:
        add_pattern(state, line, text);
        return 0;
    case KEY_POWERCAP_ROOT:
        backend->powercap_root = text;
        return 0;
    case KEY_STATE_FILE:
        backend->state_file = text;
        return 0;
    case KEY_REGISTERS:
        backend->registers = text;
        return 0;
    case KEY_CAP_MIN:
        backend->cap_min_w = number(state, "cap-min", text, 1, LIMIT_MAX_W);
        return 0;
    case KEY_CAP_MAX:
        backend->cap_max_w = number(state, "cap-max", text, 1, LIMIT_MAX_W);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct agent_command_line *line = state->input;

    switch (key) {
    case KEY_SITE:
        line->agent.site = text;
        return 0;
    case KEY_SAFE_CAP:
        line->agent.safe_cap_w = number(state, "safe-cap", text, 1, LIMIT_MAX_W);
        return 0;
    case KEY_REPORT_PERIOD:
        line->agent.report_period_ms = number(state, "report-period-ms", text, 100, 60000);
        return 0;
    case KEY_LEASE_MAX:
        line->agent.lease_max_ms = number(state, "lease-max", text, 1, 86400) * 1000;
        return 0;
    case KEY_LOG_LEVEL:
        if (!log_level_parse(text, &line->log_level))
            argp_error(state, "--log-level: %s", text);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: expected options only", text);
        return 0;
    case ARGP_KEY_END:
        check_all(state, line);
        return 0;
    default:
        if (parse_broker(key, text, &line->agent.broker) == 0)
            return 0;
        return parse_backend(key, text, line, state);
    }
}

void agent_options_parse(struct agent_command_line *line, int argc, char **argv)
{
    static const struct argp argp = {rows, parse, NULL, about, NULL, NULL, NULL};

    *line = (struct agent_command_line){
        .agent = {.broker = {.name = "broker"},
                  .backend = {.powercap_root = "/sys/class/powercap",
                              .state_file = "/run/capstan-agent.original"},
                  .report_period_ms = 1000,
                  .lease_max_ms = 300000},
        .log_level = LOG_LEVEL_NOTICE,
    };
    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, line);
    line->agent.backend.patterns = line->patterns;
}
