#include "controller/shed.h"

#include <string.h>

/* What switching the node off gives back. */
static int64_t freed_w(const struct estimate *estimate, uint32_t n)
{
    const struct node_estimate *node = &estimate->node[n];

    return node->controllable ? node->cap_min_w + node->remainder_w : node->bound_w;
}

static bool rather(const struct site *site, const struct estimate *estimate, uint32_t m, uint32_t n)
{
    const struct node_table *nodes = &site->nodes;

    if (nodes->priority_class[m] != nodes->priority_class[n])
        return nodes->priority_class[m] > nodes->priority_class[n];
    if (nodes->weight[m] != nodes->weight[n])
        return nodes->weight[m] < nodes->weight[n];
    if (freed_w(estimate, m) != freed_w(estimate, n))
        return freed_w(estimate, m) > freed_w(estimate, n);
    return m < n;
}

static uint32_t next_to_shed(const struct site *site, const struct row_table *rows,
                             const struct estimate *estimate, uint32_t r, const bool marked[])
{
    uint32_t best = NONE_INDEX;

    for (uint32_t i = rows->row_first[r]; i < rows->row_first[r + 1]; i++) {
        uint32_t n = rows->row_node[i].row;

        if (!marked[n] && (best == NONE_INDEX || rather(site, estimate, n, best)))
            best = n;
    }
    return best;
}

static void relieve(const struct row_table *rows, const struct estimate *estimate, uint32_t n,
                    int64_t short_bp[])
{
    for (uint32_t i = rows->first[n]; i < rows->first[n + 1]; i++)
        short_bp[rows->share[i].row] -=
            (int64_t)rows->share[i].coefficient_bp * freed_w(estimate, n);
}

void shed_run(const struct site *site, const struct row_table *rows,
              const struct estimate *estimate, bool marked[], int64_t short_bp[],
              struct decision *decision)
{
    decision->sheds = 0;
    memset(marked, 0, site->nodes.count * sizeof *marked);
    for (uint32_t r = 0; r < rows->count; r++)
        short_bp[r] = decision->row[r].shortfall_w * SHARE_WHOLE_BP;
    for (uint32_t r = rows->count; r-- > 0;) {
        while (short_bp[r] > 0) {
            uint32_t n = next_to_shed(site, rows, estimate, r, marked);

            if (n == NONE_INDEX)
                break;
            marked[n] = true;
            decision->shed[decision->sheds++] = n;
            relieve(rows, estimate, n, short_bp);
        }
    }
}
