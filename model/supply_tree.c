#include "model/supply_tree.h"

void tree_sum_up(const struct supply_tree *tree, int64_t value[])
{
    for (uint32_t b = tree->branches; b-- > 1;)
        value[tree->parent[b]] += value[b];
}

bool tree_below(const struct supply_tree *tree, uint32_t branch, uint32_t ancestor)
{
    /* Parents have smaller indices, so the walk ends once it has passed the ancestor. */
    while (branch != NONE_INDEX && branch > ancestor)
        branch = tree->parent[branch];
    return branch == ancestor;
}
