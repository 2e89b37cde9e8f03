/* What a controller's state file keeps over a restart: learned remainders, and what policies remember. The file is as
 * new as its last save, and saves come every few seconds: here they are as new as the moment. */
#include "simulation/world.h"

#include <string.h>

struct policy_memory {
    char name[SCENARIO_NAME_BYTES];
    const struct policy_kind *kind;
    struct policy_note note[POLICY_NOTES_MAX];
    uint32_t notes;
};

void memory_create(struct world *w)
{
    w->remembered_w = arena_array(&w->arena, w->site->nodes.count, int64_t);
    for (uint32_t i = 0; i < w->scenario->policies; i++)
        w->memories_max =
            w->policies[i]->count > w->memories_max ? w->policies[i]->count : w->memories_max;
    w->memory = arena_array(&w->arena, w->memories_max, struct policy_memory);
    memory_forget(w);
}

void memory_forget(struct world *w)
{
    w->memories = 0;
    for (uint32_t n = 0; n < w->site->nodes.count; n++)
        w->remembered_w[n] = -1;
}

void memory_save(struct world *w)
{
    const struct policy_set *set = w->policies[w->in_force];

    for (uint32_t n = 0; n < w->site->nodes.count; n++)
        w->remembered_w[n] = controller_learned_remainder_w(w->controller, n);
    w->memories = 0;
    for (uint32_t p = 0; p < set->count; p++) {
        const struct policy *policy = &set->policy[p];
        struct policy_memory *memory = &w->memory[w->memories];

        if (policy->kind->remember == NULL)
            continue;
        snprintf(memory->name, sizeof memory->name, "%s", policy->name);
        memory->kind = policy->kind;
        memory->notes = policy->kind->remember(
            policy->settings, controller_policy_state(w->controller, p), memory->note);
        w->memories++;
    }
}

void memory_give(struct world *w)
{
    const struct policy_set *set = w->policies[w->in_force];

    for (uint32_t p = 0; p < set->count; p++) {
        const struct policy *policy = &set->policy[p];

        for (uint32_t i = 0; i < w->memories; i++) {
            const struct policy_memory *memory = &w->memory[i];

            if (memory->kind == policy->kind && strcmp(memory->name, policy->name) == 0 &&
                policy->kind->recall != NULL)
                controller_recall(w->controller, p, memory->note, memory->notes);
        }
    }
}
