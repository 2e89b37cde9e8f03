#include "cli/command.h"
#include "cli/problem_json.h"

#include "platform/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_OBJECTIVE = 'o', OPT_JSON = 'j', FILE_MOST_BYTES = 256 << 20 };

static const struct argp_option options[] = {
    {"objective", OPT_OBJECTIVE, "max-min|throughput", 0,
     "What to make as good as can be: the level of the worst off (max-min, the default), or the "
     "weighted sum of throughputs",
     0},
    {"json", OPT_JSON, NULL, 0, "Print JSON even on a terminal", 0},
    {0},
};

struct arguments {
    const char *path;
    enum objective objective;
    bool json;
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case OPT_OBJECTIVE:
        if (strcmp(text, "max-min") != 0 && strcmp(text, "throughput") != 0)
            argp_error(state, "objective \"%s\"; expected max-min or throughput", text);
        a->objective = strcmp(text, "throughput") == 0 ? OBJECTIVE_THROUGHPUT : OBJECTIVE_MAX_MIN;
        return 0;
    case OPT_JSON:
        a->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->path != NULL)
            argp_error(state, "expected one file");
        a->path = text;
        return 0;
    case ARGP_KEY_END:
        if (a->path == NULL)
            argp_error(state, "expected the file of a problem, or - for standard input");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp allocate_argp = {
    options,
    parse,
    "PROBLEM.json",
    "Solves one allocation problem with the code that runs the site: a cap for each node, within "
    "every row's limit.\v"
    "The file's format is in docs/allocate.md; - reads standard input. Prints JSON, on a terminal "
    "a table. Exit codes: 0 solved (also when limits can't be kept: see shortfall_w and shed), 1 "
    "the problem can't be read or solved, 2 wrong usage.",
    NULL,
    NULL,
    NULL};

/* Standard input for jansson, as far as a file might go. */
static size_t read_some(void *buffer, size_t room, void *data)
{
    size_t *left = data;
    size_t got = fread(buffer, 1, room, stdin);

    if (ferror(stdin) || got > *left)
        return (size_t)-1;
    *left -= got;
    return got;
}

/* Names and keys come from the file: nothing of them is to reach the terminal as a command. */
static char *tame(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    return text;
}

static json_t *read_json(const char *path, struct error *err)
{
    bool standard = strcmp(path, "-") == 0;
    json_error_t wrong;
    json_t *json = NULL;
    char *text = NULL;
    size_t length = 0;
    size_t left = FILE_MOST_BYTES;

    if (standard) {
        json = json_load_callback(read_some, &left, JSON_REJECT_DUPLICATES, &wrong);
    } else {
        if (!file_read(path, FILE_MOST_BYTES, &text, &length, err))
            return NULL;
        json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &wrong);
        free(text);
    }
    if (json == NULL) {
        char where[64];

        snprintf(where, sizeof where, "line %d, column %d", wrong.line, wrong.column);
        failure(err, ERR_SYNTAX, where, "JSON, no member twice", "%s", wrong.text);
    }
    return json;
}

static int longest(const char *const names[], uint32_t count, int least)
{
    for (uint32_t i = 0; i < count; i++) {
        int length = (int)strnlen(names[i], 40);

        least = length > least ? length : least;
    }
    return least;
}

static void print_table(const struct stated_problem *stated, const struct stated_answer *answer)
{
    const struct problem *p = &stated->problem;
    int node_wide = longest(stated->node_name, p->nodes, 4);
    int row_wide = longest(stated->row_name, p->rows, 4);
    char bound[BOUND_BY_BYTES];

    printf("%-*s  class       cap W    level  bound by\n", node_wide, "node");
    for (uint32_t n = 0; n < p->nodes; n++)
        printf("%-*s  %5d %11lld  %7.4f  %s\n", node_wide, stated->node_name[n],
               p->node[n].priority_class, (long long)answer->node[n].cap_w,
               problem_level(&p->node[n], answer->node[n].cap_w),
               bound_by(stated, answer, n, bound, sizeof bound));
    printf("\n%-*s       used W      limit W      short W\n", row_wide, "row");
    for (uint32_t r = 0; r < p->rows; r++)
        printf("%-*s %12lld %12lld %12lld\n", row_wide, stated->row_name[r],
               (long long)answer->row[r].used_w, (long long)p->limit_w[r],
               (long long)answer->row[r].shortfall_w);
    printf("\nthroughput %.4f of %u\n", answer->throughput, p->nodes);
    for (uint32_t i = 0; i < answer->sheds; i++)
        printf("%s%s%s", i == 0 ? "shed " : ", ", stated->node_name[answer->shed[i]],
               i + 1 == answer->sheds ? "\n" : "");
}

int cmd_allocate(int argc, char **argv)
{
    struct arguments a = {0};
    struct stated_problem stated = {0};
    struct stated_answer answer = {0};
    struct error err = {0};
    char line[640];
    json_t *json = NULL;
    bool good = false;

    argp_parse(&allocate_argp, argc, argv, 0, NULL, &a);
    json = read_json(a.path, &err);
    good = json != NULL && problem_from_json(&stated, json, &err) &&
           problem_solve(&stated, a.objective, &answer, &err);
    if (!good) {
        error_line(&err, line, sizeof line);
        fprintf(stderr, "%s: %s\n", a.path, tame(line));
    } else if (a.json || !isatty(STDOUT_FILENO)) {
        json_t *out = answer_to_json(&stated, &answer);

        json_dumpf(out, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
        putchar('\n');
        json_decref(out);
    } else {
        print_table(&stated, &answer);
    }
    json_decref(json);
    stated_problem_free(&stated);
    return good ? EXIT_OK : EXIT_FAILED;
}
