/* cli/problem_json.h - an allocation problem and its answer as JSON; the format is docs/allocate.md. */
#ifndef CLI_PROBLEM_JSON_H
#define CLI_PROBLEM_JSON_H

#include "controller/problem.h"

#include <jansson.h>

enum {
    PROBLEM_ROWS_MAX = 1000000,
    PROBLEM_NODES_MAX = 1000000,
    SETTABLES_MAX = 4096,
    NAME_BYTES_MAX = 128,
    BOUND_BY_BYTES = NAME_BYTES_MAX + 16 /* of the text of bound_by */
};

struct stated_problem {
    struct arena arena; /* holds everything below */
    struct problem problem;
    const char **row_name;  /* [rows] */
    const char **node_name; /* [nodes] */
    const char **gang_name; /* [gangs] */
    uint32_t gangs;
};

/* Checks and reads; false with the JSON path in err->where. Free with stated_problem_free, also after a failure. */
MUST_USE bool problem_from_json(struct stated_problem *out, const json_t *json, struct error *err);
void stated_problem_free(struct stated_problem *stated);

struct row_answer {
    int64_t used_w, shortfall_w;
};

struct stated_answer {
    struct node_answer *node; /* [nodes] */
    struct row_answer *row;   /* [rows] */
    double
        throughput; /* sum over nodes of throughput at the cap / throughput at max_w, as measured */
    const uint32_t *shed; /* nodes to switch off, in order, where the least caps don't fit */
    uint32_t sheds;
};

/* Solves it, all in the problem's arena; false when the objective can't be solved exactly here, with the reason. */
MUST_USE bool problem_solve(struct stated_problem *stated, enum objective objective,
                            struct stated_answer *answer, struct error *err);

/* "demand", "row NAME", "minimum NAME" (the row that can't carry the least caps) or "gang NAME". Returns out. */
const char *bound_by(const struct stated_problem *stated, const struct stated_answer *answer,
                     uint32_t n, char *out, size_t size);

/* A new reference. */
json_t *answer_to_json(const struct stated_problem *stated, const struct stated_answer *answer);

#endif
