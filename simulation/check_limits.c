/* Limits and what they stand for, reckoned anew from the files: contracts with what may be credited on top, rows that
 * nobody has seen, and a feed that goes dark. */
#include "simulation/check.h"

#include <inttypes.h>
#include <libconfig.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- contracts, as they stand in the policy files ---- */

static int64_t watts_of(const config_setting_t *group, const char *name)
{
    const char *text = NULL;
    char *unit = NULL;
    double watts = 0;

    if (!config_setting_lookup_string(group, name, &text))
        return 0;
    watts = strtod(text, &unit);
    unit += strspn(unit, " ");
    return (int64_t)ceil(watts * (*unit == 'k' ? 1e3 : *unit == 'M' ? 1e6 : 1));
}

/* What a policy file says of import, whatever the policy makes of it. */
struct contract {
    int64_t most_w, least_w; /* of an import_limit, over all its windows; 0: another kind */
    bool events;             /* a demand_response */
};

static struct contract contract_of(const config_setting_t *policy)
{
    const config_setting_t *windows = config_setting_get_member(policy, "windows");
    const char *kind = "";
    int64_t limit_w = watts_of(policy, "limit");
    struct contract contract = {limit_w, limit_w, false};

    config_setting_lookup_string(policy, "kind", &kind);
    if (strcmp(kind, "import_limit") != 0)
        return (struct contract){.events = strcmp(kind, "demand_response") == 0};
    for (int i = 0; windows != NULL && i < config_setting_length(windows); i++) {
        limit_w = watts_of(config_setting_get_elem(windows, (unsigned)i), "limit");
        contract.most_w = max_w(contract.most_w, limit_w);
        contract.least_w = min_w(contract.least_w, limit_w);
    }
    return contract;
}

void check_limits_create(struct world *w)
{
    for (uint32_t s = 0; s < w->scenario->policies; s++) {
        config_t config;
        const config_setting_t *list = NULL;

        w->contract[s] = arena_array(&w->arena, w->policies[s]->count, struct contract);
        config_init(&config);
        if (config_read_string(&config, w->scenario->policy[s]) == CONFIG_TRUE)
            list = config_lookup(&config, "policies");
        /* Policy 0 is built in; the others stand in the order of the file. */
        for (uint32_t p = 1; list != NULL && p < w->policies[s]->count; p++)
            w->contract[s][p] = contract_of(config_setting_get_elem(list, p - 1));
        config_destroy(&config);
    }
}

/* What good readings show of the production behind a branch. */
static double production_shown_w(const struct world *w, uint32_t b)
{
    double sum_w = 0;

    for (uint32_t s = 0; s < w->site->sources; s++) {
        const struct source *source = &w->site->source[s];
        const struct reading *reading = &w->feed.reading[source->power_point];

        if (reading->quality == QUALITY_GOOD && tree_below(&w->site->tree, source->branch, b))
            sum_w += fmax(0, source->meter_counts_import ? -reading->value : reading->value);
    }
    return sum_w;
}

/* The import that a limit's policy may allow now; false when the file says nothing of it. */
static bool import_allowed(const struct world *w, const struct limit *limit, int64_t *import_w)
{
    const struct contract *contract = &w->contract[w->in_force][limit->reason.policy];

    if (contract->most_w > 0) {
        *import_w = world_clock_known(w) ? contract->most_w : contract->least_w;
        return true;
    }
    return contract->events && limit->strength != LIMIT_FLOOR && grid_asks(w, import_w);
}

static void check_contracts(struct world *w)
{
    const struct limit_list *limits = &w->decision->limits;

    for (uint32_t i = 0; i < limits->count; i++) {
        const struct limit *limit = &limits->limit[i];
        int64_t import_w = 0;
        double most_w = 0;

        if (!import_allowed(w, limit, &import_w))
            continue;
        most_w = (double)import_w + production_shown_w(w, w->rows->row[limit->row].branch);
        if ((double)limit->value_w > most_w + 1)
            broken(w, PROMISE_LOOSENED,
                   "%s: a limit of %" PRId64 " W, import and production are %.0f W",
                   w->policies[w->in_force]->policy[limit->reason.policy].name, limit->value_w,
                   most_w);
    }
}

/* ---- rows that nobody has seen ---- */

static void check_blind(struct world *w)
{
    for (uint32_t b = 0; b < w->site->tree.branches; b++) {
        const struct row_check *c = &w->row_check[b];

        if (c->sensor != NONE_INDEX &&
            w->feed.reading[w->sensor[c->sensor].point].quality == QUALITY_GOOD)
            w->row_check[b].ever = true;
    }
    for (uint32_t i = 0; i < w->decision->commands; i++) {
        const struct command *command = &w->decision->command[i];
        uint32_t n = command->node;

        for (uint32_t k = w->rows->first[n];
             command->kind == COMMAND_RAISE && k < w->rows->first[n + 1]; k++) {
            const struct row *row = &w->rows->row[w->rows->share[k].row];
            const struct row_check *c = &w->row_check[row->branch];

            if (c->sensor != NONE_INDEX && !c->ever)
                broken(w, PROMISE_BLIND, "%s: raised to %" PRId64 " W while %s was never read",
                       w->site->nodes.name[n], command->cap_w, w->site->tree.name[row->branch]);
        }
    }
}

/* ---- a feed that goes dark ---- */

static void remember_promises(struct world *w)
{
    for (uint32_t r = 0; w->decision != NULL && r < w->rows->count; r++) {
        const struct row_decision *row = &w->decision->row[r];

        w->row_check[r].promised_w =
            row->hard != NONE_INDEX && row->committed_w <= row->limit_w ? row->limit_w : INT64_MAX;
    }
}

/* In the moment of the loss the other feed carries what the rows of that loss said it may: no time to do anything.
 * Nodes that lie or are other than the site file says are not counted on. */
void check_failover(struct world *w, uint32_t feed)
{
    char name[96];

    if (w->controller == NULL || w->decision == NULL || w->scenario->nameplates > 0 ||
        w->site->mode != MODE_ENFORCE)
        return;
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        if (agent_lies(w, n) || w->potential.node[n].untold)
            return;
    }
    for (uint32_t r = 0; r < w->rows->count; r++) {
        const struct row *row = &w->rows->row[r];
        const struct row_check *c = &w->row_check[r];
        const struct row_check *normal = &w->row_check[row->branch];
        int64_t hidden_w =
            max_w(0, coarse_other_w(w->plant, row->branch, row->channel) - normal->seen_w) +
            normal->blur_w;
        int64_t load_w = coarse_load_w(w->plant, row->branch, row->channel) - hidden_w;

        if (row->lost_feed == feed && c->promised_w < load_w)
            broken(w, PROMISE_FAILOVER, "%s: %" PRId64 " W, at most %" PRId64 " W",
                   row_name(w->rows, w->site, r, name, sizeof name), load_w, c->promised_w);
    }
}

void check_limits(struct world *w)
{
    check_contracts(w);
    check_blind(w);
    remember_promises(w);
}
