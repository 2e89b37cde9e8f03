#include "service/memory.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *take_one(const struct controller *controller, const struct policy_set *policies,
                        uint32_t p, struct policy_note note[])
{
    const struct policy *policy = &policies->policy[p];
    uint32_t count =
        policy->kind->remember(policy->settings, controller_policy_state(controller, p), note);
    json_t *notes = json_object();

    for (uint32_t i = 0; i < count; i++)
        json_object_set_new(notes, note[i].name, json_real(note[i].value));
    return json_pack("{s:s, s:i, s:o}", "kind", policy->kind->name, "version",
                     (int)policy->kind->notes_version, "notes", notes);
}

json_t *memory_take(const struct controller *controller, const struct policy_set *policies)
{
    struct policy_note *note = calloc(POLICY_NOTES_MAX, sizeof *note);
    json_t *memory = json_object();

    for (uint32_t p = 0; note != NULL && p < policies->count; p++) {
        if (policies->policy[p].kind->remember != NULL)
            json_object_set_new(memory, policies->policy[p].name,
                                take_one(controller, policies, p, note));
    }
    free(note);
    return memory;
}

static uint32_t read_notes(const json_t *map, struct policy_note note[])
{
    uint32_t count = 0;
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach((json_t *)map, name, value)
    {
        if (count == POLICY_NOTES_MAX || !json_is_number(value) ||
            strlen(name) >= sizeof note[count].name)
            continue;
        snprintf(note[count].name, sizeof note[count].name, "%s", name);
        note[count++].value = json_number_value(value);
    }
    return count;
}

static bool suits(const json_t *entry, const struct policy_kind *kind)
{
    const char *name = json_string_value(json_object_get(entry, "kind"));
    const json_t *version = json_object_get(entry, "version");

    return name != NULL && strcmp(name, kind->name) == 0 && json_is_integer(version) &&
           json_integer_value(version) == (json_int_t)kind->notes_version;
}

void memory_give(const json_t *memory, struct controller *controller,
                 const struct policy_set *policies)
{
    struct policy_note *note = calloc(POLICY_NOTES_MAX, sizeof *note);

    for (uint32_t p = 0; note != NULL && p < policies->count; p++) {
        const struct policy_kind *kind = policies->policy[p].kind;
        const json_t *entry = json_object_get(memory, policies->policy[p].name);

        if (kind->recall != NULL && suits(entry, kind))
            controller_recall(controller, p, note,
                              read_notes(json_object_get(entry, "notes"), note));
    }
    free(note);
}
