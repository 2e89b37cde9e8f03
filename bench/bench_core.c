/* The control core in figures, against its targets.
 *
 *     bench_core [--json] [--long] [--only PART] [--plot FILE.svg] [--hunt-hours H]
 *
 * --long: general solvers may take 60 s instead of 5. A figure that misses its target is shown as it is: this is no
 * test and never fails for being slow. All on one core, and in what it had of that core. */
#include "bench/core.h"

#include <argp.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 21, FULL_NODES = 100000, GROWTH_SIZES = 7, GROWTH_ROUNDS = 7 };
enum { OPT_JSON = 'j', OPT_LONG = 'l', OPT_PLOT = 'p', OPT_HOURS = 'H', OPT_ONLY = 'o' };

/* ---- rows ---- */

static bool reached(const struct core_row *row)
{
    return row->aim == AIM_NONE || (row->aim == AIM_AT_MOST && row->value <= row->target) ||
           (row->aim == AIM_AT_LEAST && row->value >= row->target);
}

void core_print(const struct core_options *options, const struct core_row *row)
{
    char target[32] = "null";

    if (options->json) {
        if (row->aim != AIM_NONE)
            snprintf(target, sizeof target, "%g", row->target);
        printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"target\":%s,\"ok\":%s}\n",
               row->name, row->value, row->unit, target, reached(row) ? "true" : "false");
    } else if (row->aim == AIM_NONE) {
        printf("%-58s %10.4g %-5s\n", row->what, row->value, row->unit);
    } else {
        printf("%-58s %10.4g %-5s %s %-8g %s\n", row->what, row->value, row->unit,
               row->aim == AIM_AT_MOST ? "<=" : ">=", row->target, reached(row) ? "ok" : "MISSED");
    }
    fflush(stdout);
}

void core_skip(const struct core_options *options, const char *name, const char *what,
               const char *why)
{
    if (options->json)
        printf("{\"name\":\"%s\",\"value\":null,\"unit\":null,\"target\":null,\"ok\":null,"
               "\"skipped\":\"%s\"}\n",
               name, why);
    else
        printf("%-58s    SKIPPED: %s\n", what, why);
    fflush(stdout);
}

void core_say(const struct core_options *options, const char *format, ...)
{
    va_list args;

    if (options->json)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

/* ---- full solves ---- */

/* Two variants of one problem, solved in turn: each run finds every limit and nearly every node new. */
struct pair {
    struct core_problem of[2];
    struct arena arena;
    struct solver *solver;
    struct node_answer *answer;
    int64_t *used_w, *limit_w;
    double create_s;
};

static void open_pair(struct pair *pair, uint32_t nodes, enum core_curves curves)
{
    double start_s = 0;

    *pair = (struct pair){0};
    for (int i = 0; i < 2; i++)
        core_problem_make(&pair->of[i], nodes, (uint64_t)i, curves);
    start_s = core_spent_s();
    pair->solver = solver_create(&pair->of[0].problem, &pair->arena);
    pair->create_s = core_spent_s() - start_s;
    pair->answer = arena_array(&pair->arena, nodes, struct node_answer);
    pair->used_w = arena_array(&pair->arena, pair->of[0].problem.rows, int64_t);
    pair->limit_w = arena_array(&pair->arena, pair->of[0].problem.rows, int64_t);
}

static void close_pair(struct pair *pair)
{
    arena_free(&pair->arena);
    core_problem_free(&pair->of[0]);
    core_problem_free(&pair->of[1]);
}

static double solve_variant(struct pair *pair, int variant)
{
    double start_s = core_spent_s();

    solver_run(pair->solver, &pair->of[variant].problem, OBJECTIVE_MAX_MIN, pair->answer,
               pair->used_w);
    return core_spent_s() - start_s;
}

static double all_new_s(struct pair *pair, size_t rounds)
{
    double took_s[ROUNDS];

    (void)solve_variant(pair, 0);
    for (size_t i = 0; i < rounds; i++)
        took_s[i] = solve_variant(pair, (int)(i + 1) % 2);
    return core_quantile(took_s, rounds, .5);
}

/* The same nodes as before, and every limit a little different. */
static double new_limits_s(struct pair *pair)
{
    const struct problem *p = &pair->of[0].problem;
    double took_s[ROUNDS];

    (void)solve_variant(pair, 0);
    for (size_t i = 0; i < ROUNDS; i++) {
        double start_s = 0;

        for (uint32_t r = 0; r < p->rows; r++)
            pair->limit_w[r] = p->limit_w[r] - p->limit_w[r] / 500 * (int64_t)((r + i * 5) % 7) / 7;
        start_s = core_spent_s();
        solver_go(pair->solver, pair->limit_w, OBJECTIVE_MAX_MIN, pair->answer, pair->used_w);
        took_s[i] = core_spent_s() - start_s;
    }
    return core_quantile(took_s, ROUNDS, .5);
}

/* One node in a hundred has another range, and no limit is new. */
static double some_told_s(struct pair *pair)
{
    const struct problem *p = &pair->of[0].problem;
    double took_s[ROUNDS];

    (void)solve_variant(pair, 0);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        double start_s = core_spent_s();

        for (uint32_t n = i % 100; n < p->nodes; n += 100) {
            struct problem_node node = p->node[n];

            node.min_w += node.step_w * (1 + i % 3);
            solver_tell(pair->solver, n, &node);
        }
        solver_go(pair->solver, p->limit_w, OBJECTIVE_MAX_MIN, pair->answer, pair->used_w);
        took_s[i] = core_spent_s() - start_s;
    }
    return core_quantile(took_s, ROUNDS, .5);
}

/* So that it can be seen that the problem is no easy one. */
static void describe(const struct core_options *options, const struct pair *pair)
{
    static const char *const names[CORE_LEVELS] = {"site", "feeder", "PDU", "busway", "rack"};
    const struct core_problem *big = &pair->of[0];
    bool *binds = calloc(big->problem.rows, sizeof *binds);
    uint32_t rows[CORE_LEVELS] = {0};
    uint32_t bound = 0;
    char text[256] = "";

    if (binds == NULL)
        exit(1);
    for (uint32_t n = 0; n < big->problem.nodes; n++) {
        if (pair->answer[n].bound != BOUND_ROW)
            continue;
        bound++;
        binds[pair->answer[n].bound_row] = true;
    }
    for (uint32_t r = 0; r < big->problem.rows; r++)
        rows[big->row_level[r]] += binds[r];
    for (int k = 0; k < CORE_LEVELS; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u %s", k > 0 ? ", " : "",
                 rows[k], names[k]);
    core_say(options,
             "    %u rows, %u shares; %.0f %% of the nodes bound by a row; rows that bind: %s",
             big->problem.rows, big->problem.first[big->problem.nodes],
             100.0 * bound / big->problem.nodes, text);
    free(binds);
}

static void full_solves(const struct core_options *options)
{
    double bytes_per_s = core_bandwidth();
    double full_s = 0;
    struct pair pair;

    open_pair(&pair, FULL_NODES, CURVES_BY_KIND);
    full_s = all_new_s(&pair, ROUNDS);
    (void)solve_variant(&pair, 0);
    core_print(options, &(struct core_row){"full_solve", "full solve, 100,000 nodes, all of it new",
                                           full_s * 1e3, "ms", AIM_AT_MOST, 10});
    describe(options, &pair);
    core_print(options, &(struct core_row){"full_solve_new_limits", "the same, only the limits new",
                                           new_limits_s(&pair) * 1e3, "ms", AIM_NONE, 0});
    core_print(options, &(struct core_row){"solve_1_percent", "the same, 1 % of the nodes new",
                                           some_told_s(&pair) * 1e3, "ms", AIM_NONE, 0});
    core_print(options, &(struct core_row){"solver_create", "its preparation, once for a site",
                                           pair.create_s * 1e3, "ms", AIM_NONE, 0});
    core_print(options, &(struct core_row){"over_memory_bound",
                                           "full solve over reading and writing all once",
                                           full_s / ((double)pair.of[0].bytes / bytes_per_s), "x",
                                           AIM_AT_MOST, 8});
    core_say(options, "    %.1f MB of problem and answer, %.1f GB/s measured in this run",
             (double)pair.of[0].bytes / 1e6, bytes_per_s / 1e9);
    close_pair(&pair);
    open_pair(&pair, FULL_NODES, CURVES_OWN);
    core_print(options, &(struct core_row){"full_solve_own_curves",
                                           "full solve, each node a curve of its own",
                                           all_new_s(&pair, ROUNDS) * 1e3, "ms", AIM_NONE, 0});
    close_pair(&pair);
}

/* ---- growth ---- */

/* What gnuplot is to do, beside the picture, so that it can be drawn again; false when it can't be written. */
static bool write_script(const char *path, const char *picture, const double nodes[],
                         const double took_s[])
{
    size_t length = strlen(picture);
    bool png = length > 4 && strcmp(picture + length - 4, ".png") == 0;
    FILE *out = fopen(path, "we");

    if (out == NULL)
        return false;
    fprintf(out,
            "set terminal %s size 720,480\nset output \"%s\"\nset logscale xy\nset key left\n"
            "set xlabel \"nodes\"\nset ylabel \"full solve, ms\"\nset grid\n"
            "plot '-' using 1:2 with linespoints lw 2 title \"measured\", "
            "%.6g*x*log(x) with lines dt 2 title \"n log n\"\n",
            png ? "pngcairo" : "svg", picture, took_s[0] * 1e3 / (nodes[0] * log(nodes[0])));
    for (int i = 0; i < GROWTH_SIZES; i++)
        fprintf(out, "%g %g\n", nodes[i], took_s[i] * 1e3);
    fprintf(out, "e\n");
    return fclose(out) == 0;
}

static void plot(const struct core_options *options, const double nodes[], const double took_s[])
{
    char program[] = "gnuplot";
    char script[PATH_MAX + 64];
    char *const argv[] = {program, script, NULL};
    char last[CORE_LINE];

    snprintf(script, sizeof script, "%s.gnuplot", options->plot);
    if (!write_script(script, options->plot, nodes, took_s))
        core_say(options, "    %s can't be written: no picture", script);
    else if (core_run(argv, last) != 0)
        core_say(options, "    gnuplot is not there: no picture, but %s", script);
    else
        core_say(options, "    see %s", options->plot);
}

/* Least squares of log(time) over log(n log n): 1 is n log n. Caches alone, which hold all of 1,000 nodes and next to
 * nothing of 1,000,000, make more than 1 of a linear pass: the same exponent of that pass stands beside it. */
static double exponent(const double nodes[], const double took_s[])
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0;

    for (int i = 0; i < GROWTH_SIZES; i++) {
        double x = log(nodes[i] * log(nodes[i]));
        double y = log(took_s[i]);

        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    return (GROWTH_SIZES * sxy - sx * sy) / (GROWTH_SIZES * sxx - sx * sx);
}

/* Everything that a solver must read, once. */
static double reading_s(const struct problem *p)
{
    volatile uint64_t sink = 0;
    uint64_t sum = 0;
    double start_s = core_spent_s();

    for (uint32_t n = 0; n < p->nodes; n++)
        sum += (uint64_t)p->node[n].max_w + p->first[n];
    for (uint32_t i = 0; i < p->first[p->nodes]; i++)
        sum += p->share[i].coefficient_bp;
    sink = sum;
    (void)sink;
    return core_spent_s() - start_s;
}

static void growth(const struct core_options *options)
{
    static const uint32_t sizes[GROWTH_SIZES] = {1000, 3000, 10000, 30000, 100000, 300000, 1000000};
    double nodes[GROWTH_SIZES];
    double took_s[GROWTH_SIZES];
    double read_s[GROWTH_SIZES];

    for (int i = 0; i < GROWTH_SIZES; i++) {
        struct pair pair;

        open_pair(&pair, sizes[i], CURVES_BY_KIND);
        nodes[i] = sizes[i];
        took_s[i] = all_new_s(&pair, GROWTH_ROUNDS);
        (void)reading_s(&pair.of[0].problem);
        read_s[i] = reading_s(&pair.of[0].problem);
        core_say(options, "    %7u nodes %10.3f ms %8.1f ns a node", sizes[i], took_s[i] * 1e3,
                 took_s[i] * 1e9 / nodes[i]);
        close_pair(&pair);
    }
    core_print(options, &(struct core_row){"growth", "growth, exponent over n log n",
                                           exponent(nodes, took_s), "", AIM_AT_MOST, 1.1});
    core_print(options, &(struct core_row){"growth_of_reading", "the same of reading it all once",
                                           exponent(nodes, read_s), "", AIM_NONE, 0});
    if (options->plot != NULL)
        plot(options, nodes, took_s);
}

/* ---- */

static const struct part {
    const char *name;
    void (*measure)(const struct core_options *options);
} parts[] = {
    {"solve", full_solves}, {"peers", core_peers}, {"tick", core_tick},
    {"growth", growth},     {"hunt", core_hunt},   {"power", core_power},
};

static const struct part *find_part(const char *name)
{
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (strcmp(parts[i].name, name) == 0)
            return &parts[i];
    }
    return NULL;
}

static const struct argp_option choices[] = {
    {"json", OPT_JSON, NULL, 0, "One JSON object a line", 0},
    {"long", OPT_LONG, NULL, 0, "General solvers may take 60 s instead of 5", 0},
    {"plot", OPT_PLOT, "FILE", 0, "Picture of the growth, .svg or .png", 0},
    {"only", OPT_ONLY, "PART", 0, "solve, peers, tick, growth, hunt or power", 0},
    {"hunt-hours", OPT_HOURS, "H", 0, "Simulated hours to hunt (200)", 0},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct core_options *options = state->input;

    switch (key) {
    case OPT_JSON:
        options->json = true;
        return 0;
    case OPT_LONG:
        options->peer_s = 60;
        return 0;
    case OPT_PLOT:
        options->plot = text;
        return 0;
    case OPT_ONLY:
        if (find_part(text) == NULL)
            argp_error(state, "--only: \"%s\"; expected solve, peers, tick, growth, hunt or power",
                       text);
        options->only = text;
        return 0;
    case OPT_HOURS:
        options->hunt_hours = strtod(text, NULL);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp core_argp = {
    choices, parse, NULL, "Measures the control core against its targets.", NULL, NULL, NULL};

int main(int argc, char **argv)
{
    struct core_options options = {.peer_s = 5, .hunt_hours = 200};
    char self[PATH_MAX] = ".";
    char picture[PATH_MAX + 32];

    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        snprintf(self, sizeof self, "./bench_core");
    options.folder = dirname(self);
    snprintf(picture, sizeof picture, "%s/bench_core_growth.svg", options.folder);
    options.plot = picture;
    argp_parse(&core_argp, argc, argv, 0, NULL, &options);
    core_describe_machine(&options);
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (options.only == NULL || strcmp(options.only, parts[i].name) == 0)
            parts[i].measure(&options);
    }
    return 0;
}
