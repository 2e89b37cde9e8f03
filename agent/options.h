/* agent/options.h - the command line of capstan-agent. */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include "agent/agent.h"
#include "platform/log.h"

enum { AGENT_PATTERNS_MAX = 1024 };

struct agent_command_line {
    struct agent_options agent;
    enum log_level log_level;
    const char *patterns[AGENT_PATTERNS_MAX];
};

/* Ends the program on --help, --usage, --version and mistakes (exit status 2). Texts point into argv. */
void agent_options_parse(struct agent_command_line *line, int argc, char **argv);

#endif
