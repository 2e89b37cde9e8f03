#include "model/site.h"

#include <string.h>

static uint32_t find(const char *const *name, uint32_t count, const char *wanted)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(name[i], wanted) == 0)
            return i;
    }
    return NONE_INDEX;
}

uint32_t site_branch(const struct site *site, const char *name)
{
    return find(site->tree.name, site->tree.branches, name);
}

uint32_t site_node(const struct site *site, const char *name)
{
    return find(site->nodes.name, site->nodes.count, name);
}

uint32_t site_point(const struct site *site, const char *name)
{
    for (uint32_t i = 0; i < site->points; i++) {
        if (strcmp(site->point[i].name, name) == 0)
            return i;
    }
    return NONE_INDEX;
}

bool site_enforces(const struct site *site, uint32_t node)
{
    uint32_t actuator = site->nodes.actuator[node];

    return site->mode == MODE_ENFORCE && actuator != NONE_INDEX &&
           site->actuator[actuator].mode == MODE_ENFORCE;
}
