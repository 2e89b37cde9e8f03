/* capstan allocate's input: whatever is taken is also solved and answered in full, and no row is over its limit unless
 * the least caps are. */
#include "cli/problem_json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct stated_problem *stated, const struct stated_answer *answer)
{
    json_t *json = answer_to_json(stated, answer);

    if (json_array_size(json_object_get(json, "nodes")) != stated->problem.nodes ||
        json_array_size(json_object_get(json, "rows")) != stated->problem.rows ||
        json_array_size(json_object_get(json, "shed")) != answer->sheds)
        abort();
    json_decref(json);
    for (uint32_t r = 0; r < stated->problem.rows; r++) {
        if (answer->row[r].shortfall_w == 0 && answer->row[r].used_w > stated->problem.limit_w[r])
            abort();
    }
    for (uint32_t n = 0; n < stated->problem.nodes; n++) {
        if (!problem_settable(&stated->problem.node[n], answer->node[n].cap_w))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct stated_problem stated = {0};

    if (json == NULL)
        return 0;
    for (int objective = OBJECTIVE_MAX_MIN; objective <= OBJECTIVE_THROUGHPUT; objective++) {
        struct stated_answer answer;
        struct error err;

        if (problem_from_json(&stated, json, &err) &&
            problem_solve(&stated, (enum objective)objective, &answer, &err))
            check(&stated, &answer);
        stated_problem_free(&stated);
    }
    json_decref(json);
    return 0;
}
