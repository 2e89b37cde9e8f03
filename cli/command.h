/* cli/command.h - a subcommand is a row: name, function, what argp knows of it, one line of
 * help.
 *
 * Exit codes are the same everywhere: 0 well, 1 it failed (or mistakes were found), 2 wrong
 * usage. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "model/base.h"

#include <argp.h>
#include <stdio.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is "capstan NAME", for messages */
    const struct argp *argp;           /* NULL: it takes nothing */
    const char *summary;
};

/* All rows, in the order in which people read them; ends with a zeroed one. */
extern const struct subcommand subcommands[];

int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_allocate(int argc, char **argv);
int cmd_simulate(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_reference(int argc, char **argv);
int cmd_completion(int argc, char **argv);

extern const struct argp run_argp, check_argp, allocate_argp, simulate_argp, top_argp, status_argp,
    reference_argp, completion_argp;

/* Where `capstan run` answers when nothing else is said. */
#define DEFAULT_HTTP_ADDRESS "127.0.0.1:9464"
#define DEFAULT_URL "http://" DEFAULT_HTTP_ADDRESS

/* Colours only if `out` is a terminal that can, and NO_COLOR is not set. */
bool colours_wanted(FILE *out);

#endif
