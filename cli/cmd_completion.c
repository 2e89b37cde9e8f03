#include "cli/command.h"

#include <string.h>

static error_t parse(int key, char *text, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num > 0 || strcmp(text, "bash") != 0)
            argp_error(state, "\"%s\"; expected bash", text);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected bash");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp completion_argp = {NULL,
                                     parse,
                                     "bash",
                                     "Prints the completion script of the shell:\n\n"
                                     "    . <(capstan completion bash)",
                                     NULL,
                                     NULL,
                                     NULL};

static void print_options(const struct subcommand *c)
{
    printf("        %s) words=\"", c->name);
    if (c->argp != NULL && c->argp->options != NULL)
        for (const struct argp_option *o = c->argp->options; o->name != NULL; o++)
            printf("--%s%s ", o->name, o->arg != NULL ? "=" : "");
    if (c->run == cmd_reference)
        printf("site policy ");
    if (c->run == cmd_completion)
        printf("bash ");
    printf("--help\" ;;\n");
}

/* A word that the table does not know may be a file: -o default falls back to file names. */
int cmd_completion(int argc, char **argv)
{
    argp_parse(&completion_argp, argc, argv, 0, NULL, NULL);
    printf("# bash completion for capstan; made by `capstan completion bash`\n"
           "_capstan() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
           "    if ((COMP_CWORD == 1)); then\n"
           "        words=\"");
    for (const struct subcommand *c = subcommands; c->name != NULL; c++)
        printf("%s%s", c == subcommands ? "" : " ", c->name);
    printf("\"\n"
           "    else\n"
           "        case ${COMP_WORDS[1]} in\n");
    for (const struct subcommand *c = subcommands; c->name != NULL; c++)
        print_options(c);
    printf("        esac\n"
           "    fi\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
           "    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; "
           "fi\n"
           "}\n"
           "complete -o default -F _capstan capstan\n");
    return EXIT_OK;
}
