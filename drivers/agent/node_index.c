#include "drivers/agent/node_index.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b, void *context)
{
    const struct site *site = context;
    uint32_t left, right;

    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return strcmp(site->nodes.name[left], site->nodes.name[right]);
}

bool node_index_make(struct node_index *index, const struct site *site, uint32_t actuator)
{
    const struct node_table *nodes = &site->nodes;

    *index = (struct node_index){.site = site};
    index->by_name = calloc((size_t)nodes->count + 1, sizeof *index->by_name);
    if (index->by_name == NULL)
        return false;
    for (uint32_t n = 0; n < nodes->count; n++)
        if (nodes->actuator[n] == actuator)
            index->by_name[index->count++] = n;
    qsort_r(index->by_name, index->count, sizeof *index->by_name, compare, (void *)site);
    return true;
}

void node_index_free(struct node_index *index)
{
    free(index->by_name);
    *index = (struct node_index){0};
}

uint32_t node_index_find(const struct node_index *index, const char *name)
{
    uint32_t low = 0, high = index->count;

    while (low < high) { /* bounded: halves each turn */
        uint32_t middle = low + (high - low) / 2;
        uint32_t node = index->by_name[middle];
        int order = strcmp(name, index->site->nodes.name[node]);

        if (order == 0)
            return node;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NONE_INDEX;
}
