/* Real measured curves: cap_nodes.csv and cap_expected.csv of ../shared/data/power, which this only reads. Budgets for 22
 * GPUs, and for each the summed throughput of the exact optimum and of a simple way; see the README there. */
#include "bench/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GPUS_MAX = 64, POINTS_MAX = CURVE_POINTS_MAX, LINE = 512, FIELDS = 8 };

struct gpus {
    uint32_t count;
    char key[GPUS_MAX][128]; /* node and dataset: names alone occur twice */
    struct curve curve[GPUS_MAX];
    struct curve_point point[GPUS_MAX][POINTS_MAX];
    int64_t settable_w[GPUS_MAX][POINTS_MAX];
    struct problem_node node[GPUS_MAX];
    uint32_t first[GPUS_MAX + 1];
    struct row_share share[GPUS_MAX];
};

static FILE *open_data(const char *name)
{
    const char *top = getenv("CAPSTAN_SOURCE_DIR");
    char path[1024];

    snprintf(path, sizeof path, "%s/../shared/data/power/%s", top != NULL ? top : ".", name);
    return fopen(path, "re");
}

/* Cuts a line at its commas; returns how many fields there are, at most FIELDS. */
static int cut(char *line, char *field[FIELDS])
{
    int count = 0;

    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at != NULL && count < FIELDS;) {
        char *comma = strchr(at, ',');

        field[count++] = at;
        if (comma != NULL)
            *comma++ = '\0';
        at = comma;
    }
    return count;
}

static bool add_point(struct gpus *g, char *field[FIELDS])
{
    char key[128];
    uint32_t i = g->count;
    uint32_t p = 0;

    snprintf(key, sizeof key, "%s %s", field[0], field[2]);
    if (i == 0 || strcmp(g->key[i - 1], key) != 0) {
        if (i == GPUS_MAX)
            return false;
        snprintf(g->key[i], sizeof g->key[i], "%s", key);
        g->curve[i] = (struct curve){0, g->point[i]};
        g->count = ++i;
    }
    p = g->curve[i - 1].points++;
    if (p == POINTS_MAX)
        return false;
    g->point[i - 1][p] = (struct curve_point){strtoll(field[5], NULL, 10), strtod(field[6], NULL)};
    g->settable_w[i - 1][p] = g->point[i - 1][p].cap_w;
    return true;
}

static bool read_gpus(FILE *in, struct gpus *g)
{
    char line[LINE];
    char *field[FIELDS];

    if (fgets(line, LINE, in) == NULL)
        return false;
    while (fgets(line, LINE, in) != NULL) {
        if (cut(line, field) < FIELDS || !add_point(g, field))
            return false;
    }
    for (uint32_t n = 0; n < g->count; n++) {
        g->node[n] = (struct problem_node){.min_w = g->settable_w[n][0],
                                           .max_w = g->settable_w[n][g->curve[n].points - 1],
                                           .settable_w = g->settable_w[n],
                                           .settables = g->curve[n].points,
                                           .curve = &g->curve[n],
                                           .weight = 1,
                                           .gang = NONE_INDEX};
        g->share[n] = (struct row_share){0, 10000};
        g->first[n + 1] = n + 1;
    }
    return g->count > 0;
}

static double solve(const struct gpus *g, int64_t budget_w, enum objective objective)
{
    struct problem p = {.rows = 1,
                        .nodes = g->count,
                        .limit_w = &budget_w,
                        .node = g->node,
                        .first = g->first,
                        .share = g->share};
    struct arena arena = {0};
    struct node_answer answer[GPUS_MAX];
    int64_t used_w = 0;
    double sum = 0;

    solver_run(solver_create(&p, &arena), &p, objective, answer, &used_w);
    for (uint32_t n = 0; n < g->count; n++)
        sum += curve_throughput(&g->curve[n], (double)answer[n].cap_w);
    arena_free(&arena);
    return used_w <= budget_w ? sum : 0;
}

static void compare(const struct core_options *options, const struct gpus *g, FILE *expected)
{
    char line[LINE];
    char *field[FIELDS];
    double least_share = 1e9;
    double least_lead = 1e9;
    double fair_share = 1e9;

    if (fgets(line, LINE, expected) == NULL) /* the names of the columns */
        return;
    while (fgets(line, LINE, expected) != NULL) {
        int64_t budget_w = 0;
        double simple = 0;
        double best = 0;
        double ours = 0;
        double fair = 0;

        if (cut(line, field) < 7)
            continue;
        budget_w = strtoll(field[3], NULL, 10);
        simple = strtod(field[5], NULL);
        best = strtod(field[6], NULL);
        ours = solve(g, budget_w, OBJECTIVE_THROUGHPUT);
        fair = solve(g, budget_w, OBJECTIVE_MAX_MIN);
        core_say(options,
                 "    %5lld W: throughput %.4f of %.4f (%.2f %%), simple way %.4f, max-min %.4f",
                 (long long)budget_w, ours, best, 100 * ours / best, simple, fair);
        least_share = ours / best < least_share ? ours / best : least_share;
        least_lead = ours - simple < least_lead ? ours - simple : least_lead;
        fair_share = fair / best < fair_share ? fair / best : fair_share;
    }
    core_print(options, &(struct core_row){"real_curves_of_optimum",
                                           "measured curves: least share of the optimum",
                                           100 * least_share, "%", AIM_AT_LEAST, 99.5});
    core_print(options, &(struct core_row){"real_curves_above_round_robin",
                                           "the same, least lead over uniform and round robin",
                                           least_lead, "GPUs", AIM_AT_LEAST, 0});
    core_print(options, &(struct core_row){"real_curves_max_min", "the same under max-min, least",
                                           100 * fair_share, "%", AIM_NONE, 0});
}

void core_power(const struct core_options *options)
{
    FILE *nodes = open_data("cap_nodes.csv");
    FILE *expected = open_data("cap_expected.csv");
    struct gpus *g = calloc(1, sizeof *g);

    if (nodes == NULL || expected == NULL || g == NULL || !read_gpus(nodes, g))
        core_skip(options, "real_curves_of_optimum", "measured curves",
                  "../shared/data/power is not there");
    else
        compare(options, g, expected);
    free(g);
    if (nodes != NULL)
        fclose(nodes);
    if (expected != NULL)
        fclose(expected);
}
