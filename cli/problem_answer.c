/* The answer to a stated problem: solved, with what is short and whom to switch off, and as JSON. */
#include "cli/problem_json.h"

#include "controller/shed.h"

#include <stdio.h>

/* ---- solving ---- */

static bool refuse(const struct stated_problem *stated, const struct obstacle *obstacle,
                   struct error *err)
{
    const char *node = stated->node_name[obstacle->node];

    switch (obstacle->kind) {
    case OBSTACLE_GANG:
        return failure(err, ERR_CONFLICT, "--objective throughput",
                       "no gangs, or --objective max-min", "node \"%s\" is in a gang", node);
    case OBSTACLE_SHARES:
        return failure(err, ERR_CONFLICT, "--objective throughput",
                       "rows that all their nodes load alike, or --objective max-min",
                       "node \"%s\" loads \"%s\" with another share than others do", node,
                       stated->row_name[obstacle->row]);
    default:
        return failure(err, ERR_CONFLICT, "--objective throughput",
                       "rows that nest, as those of one feed do, or --objective max-min",
                       "\"%s\" and \"%s\" cross at node \"%s\": that is a linear program",
                       stated->row_name[obstacle->row], stated->row_name[obstacle->other_row],
                       node);
    }
}

/* Rows from large to small: the fewer nodes a row has the deeper it counts, whatever its place in the file. */
static void order_rows(const struct problem *p, uint32_t size[], uint32_t place[],
                       struct arena *arena)
{
    uint32_t *of_size = arena_array(arena, (size_t)p->nodes + 2, uint32_t);

    for (uint32_t i = 0; i < p->first[p->nodes]; i++)
        size[p->share[i].row]++;
    for (uint32_t r = 0; r < p->rows; r++)
        of_size[p->nodes - size[r] + 1]++;
    for (uint32_t s = 0; s <= p->nodes; s++)
        of_size[s + 1] += of_size[s];
    for (uint32_t r = 0; r < p->rows; r++)
        place[r] = of_size[p->nodes - size[r]]++;
}

/* The same shares with rows renamed to their places, and the matrix by row. */
static void make_shed(struct stated_problem *stated, const uint32_t size[], const uint32_t place[],
                      struct shed *shed)
{
    const struct problem *p = &stated->problem;
    uint32_t shares = p->first[p->nodes];
    struct row_share *share = arena_array(&stated->arena, shares, struct row_share);
    struct row_share *row_node = arena_array(&stated->arena, shares, struct row_share);
    uint32_t *row_first = arena_array(&stated->arena, (size_t)p->rows + 1, uint32_t);
    uint32_t *next = arena_array(&stated->arena, p->rows, uint32_t);

    for (uint32_t r = 0; r < p->rows; r++)
        row_first[place[r] + 1] = size[r];
    for (uint32_t r = 0; r < p->rows; r++) {
        row_first[r + 1] += row_first[r];
        next[r] = row_first[r];
    }
    for (uint32_t n = 0; n < p->nodes; n++) {
        for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++) {
            uint32_t row = place[p->share[i].row];

            share[i] = (struct row_share){row, p->share[i].coefficient_bp};
            row_node[next[row]++] = (struct row_share){n, p->share[i].coefficient_bp};
        }
    }
    shed_create(shed, p->rows, p->nodes, p->first, share, row_first, row_node, &stated->arena);
    for (uint32_t n = 0; n < p->nodes; n++)
        shed->node[n] =
            (struct shed_node){p->node[n].min_w, p->node[n].weight, p->node[n].priority_class};
}

static void find_short(struct stated_problem *stated, struct stated_answer *answer)
{
    const struct problem *p = &stated->problem;
    int64_t *least_bp = arena_array(&stated->arena, p->rows, int64_t);
    int64_t *short_w = arena_array(&stated->arena, p->rows, int64_t);
    uint32_t *size = arena_array(&stated->arena, p->rows, uint32_t);
    uint32_t *place = arena_array(&stated->arena, p->rows, uint32_t);
    struct shed *shed = arena_array(&stated->arena, 1, struct shed);

    order_rows(p, size, place, &stated->arena);
    for (uint32_t n = 0; n < p->nodes; n++) {
        for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++)
            least_bp[p->share[i].row] += (int64_t)p->share[i].coefficient_bp * p->node[n].min_w;
    }
    for (uint32_t r = 0; r < p->rows; r++) {
        answer->row[r].shortfall_w =
            max_w(0, share_up_w(1, least_bp[r] - p->limit_w[r] * SHARE_WHOLE_BP));
        short_w[place[r]] = answer->row[r].shortfall_w;
    }
    make_shed(stated, size, place, shed);
    shed_run(shed, short_w);
    answer->shed = shed->list;
    answer->sheds = shed->count;
}

bool problem_solve(struct stated_problem *stated, enum objective objective,
                   struct stated_answer *answer, struct error *err)
{
    const struct problem *p = &stated->problem;
    struct solver *solver = solver_create(p, &stated->arena);
    int64_t *used_w = arena_array(&stated->arena, p->rows, int64_t);
    struct obstacle obstacle;

    if (!solver_can(solver, p, objective, &obstacle))
        return refuse(stated, &obstacle, err);
    *answer =
        (struct stated_answer){.node = arena_array(&stated->arena, p->nodes, struct node_answer),
                               .row = arena_array(&stated->arena, p->rows, struct row_answer)};
    solver_run(solver, p, objective, answer->node, used_w);
    for (uint32_t r = 0; r < p->rows; r++)
        answer->row[r].used_w = used_w[r];
    for (uint32_t n = 0; n < p->nodes; n++)
        answer->throughput += problem_throughput(&p->node[n], answer->node[n].cap_w);
    find_short(stated, answer);
    return true;
}

/* ---- as text and JSON ---- */

const char *bound_by(const struct stated_problem *stated, const struct stated_answer *answer,
                     uint32_t n, char *out, size_t size)
{
    const struct node_answer *node = &answer->node[n];

    if (node->bound == BOUND_GANG)
        snprintf(out, size, "gang %s", stated->gang_name[stated->problem.node[n].gang]);
    else if (node->bound_row != NONE_INDEX)
        snprintf(out, size, "%s %s", bound_name(node->bound), stated->row_name[node->bound_row]);
    else
        snprintf(out, size, "%s", bound_name(node->bound));
    return out;
}

json_t *answer_to_json(const struct stated_problem *stated, const struct stated_answer *answer)
{
    const struct problem *p = &stated->problem;
    json_t *nodes = json_array();
    json_t *rows = json_array();
    json_t *shed = json_array();
    char bound[BOUND_BY_BYTES];

    for (uint32_t n = 0; n < p->nodes; n++)
        json_array_append_new(nodes, json_pack("{s:s, s:I, s:f, s:s}", "name", stated->node_name[n],
                                               "cap_w", (json_int_t)answer->node[n].cap_w, "level",
                                               problem_level(&p->node[n], answer->node[n].cap_w),
                                               "bound_by",
                                               bound_by(stated, answer, n, bound, sizeof bound)));
    for (uint32_t r = 0; r < p->rows; r++)
        json_array_append_new(rows, json_pack("{s:s, s:I, s:I, s:I}", "name", stated->row_name[r],
                                              "used_w", (json_int_t)answer->row[r].used_w,
                                              "limit_w", (json_int_t)p->limit_w[r], "shortfall_w",
                                              (json_int_t)answer->row[r].shortfall_w));
    for (uint32_t i = 0; i < answer->sheds; i++)
        json_array_append_new(shed, json_string(stated->node_name[answer->shed[i]]));
    return json_pack("{s:o, s:o, s:f, s:o}", "nodes", nodes, "rows", rows, "throughput",
                     answer->throughput, "shed", shed);
}
