#include "cli/command.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int cmd_version(int argc, char **argv);
static int cmd_help(int argc, char **argv);

const struct subcommand subcommands[] = {
    {"run", cmd_run, &run_argp, "run the controller of a site"},
    {"check", cmd_check, &check_argp, "find the mistakes in site and policy files"},
    {"allocate", cmd_allocate, &allocate_argp, "solve one allocation problem"},
    {"simulate", cmd_simulate, &simulate_argp, "replay a trace of jobs: what deferring them saves"},
    {"top", cmd_top, &top_argp, "look at a running controller"},
    {"status", cmd_status, &status_argp, "print what a running controller says"},
    {"reference", cmd_reference, &reference_argp, "print the manual of the files"},
    {"completion", cmd_completion, &completion_argp, "print the shell's completion script"},
    {"version", cmd_version, NULL, "print the version"},
    {"help", cmd_help, NULL, "print this, or a command's own help"},
    {0},
};

bool colours_wanted(FILE *out)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(fileno(out)) && (no == NULL || *no == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

static const struct subcommand *find(const char *name)
{
    for (const struct subcommand *c = subcommands; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static int usage(FILE *out)
{
    fputs("Usage: capstan COMMAND [OPTION...] [ARGUMENT...]\n"
          "Keeps an AI or HPC site inside its electrical, contractual and carbon limits.\n\n",
          out);
    for (const struct subcommand *c = subcommands; c->name != NULL; c++)
        fprintf(out, "  %-11s %-24s %s\n", c->name,
                c->argp != NULL && c->argp->args_doc != NULL ? c->argp->args_doc : "", c->summary);
    fputs("\n`capstan COMMAND --help` tells more. Exit codes: 0 well, 1 failed, 2 wrong usage.\n",
          out);
    return out == stdout ? EXIT_OK : EXIT_USAGE;
}

static int cmd_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("capstan " CAPSTAN_VERSION);
    return EXIT_OK;
}

/* argp's messages begin with argv[0] up to its last '/'. */
static int start(const struct subcommand *c, int argc, char **argv)
{
    char name[64];

    snprintf(name, sizeof name, "capstan %s", c->name);
    argv[0] = name;
    return c->run(argc, argv);
}

static int cmd_help(int argc, char **argv)
{
    const struct subcommand *c = argc > 1 ? find(argv[1]) : NULL;
    char option[] = "--help";
    char *asked[] = {NULL, option, NULL};

    return c == NULL || c->argp == NULL ? usage(stdout) : start(c, 2, asked);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const struct subcommand *c = find(name);

    setlocale(LC_CTYPE, ""); /* UTF-8 on the terminal; numbers keep their point */
    argp_err_exit_status = EXIT_USAGE;
    if (c != NULL)
        return start(c, argc - 1, argv + 1);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "-?") == 0)
        return usage(stdout);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return cmd_version(argc, argv);
    if (*name != '\0')
        fprintf(stderr, "capstan: there is no command \"%s\"\n", name);
    return usage(stderr);
}
