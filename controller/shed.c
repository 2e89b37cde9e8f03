#include "controller/shed.h"

#include <string.h>

void shed_create(struct shed *shed, uint32_t rows, uint32_t nodes, const uint32_t *first,
                 const struct row_share *share, const uint32_t *row_first,
                 const struct row_share *row_node, struct arena *arena)
{
    *shed = (struct shed){.rows = rows,
                          .nodes = nodes,
                          .first = first,
                          .share = share,
                          .row_first = row_first,
                          .row_node = row_node};
    shed->node = arena_array(arena, nodes, struct shed_node);
    shed->marked = arena_array(arena, nodes, bool);
    shed->short_bp = arena_array(arena, rows, int64_t);
    shed->heap = arena_array(arena, nodes, uint32_t);
    shed->list = arena_array(arena, nodes, uint32_t);
}

/* Whether m goes before n. */
static bool rather(const struct shed *shed, uint32_t m, uint32_t n)
{
    const struct shed_node *a = &shed->node[m];
    const struct shed_node *b = &shed->node[n];

    if (a->priority_class != b->priority_class)
        return a->priority_class > b->priority_class;
    if (a->weight != b->weight)
        return a->weight < b->weight;
    return a->freed_w != b->freed_w ? a->freed_w > b->freed_w : m < n;
}

static void sift(struct shed *shed, uint32_t count, uint32_t at)
{
    for (;;) { /* each turn goes one level down the heap */
        uint32_t first = at;
        uint32_t other = shed->heap[at];

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            first = rather(shed, shed->heap[child], shed->heap[first]) ? child : first;
        if (first == at)
            return;
        shed->heap[at] = shed->heap[first];
        shed->heap[first] = other;
        at = first;
    }
}

/* Takes what the node frees off what its rows are short of. */
static void relieve(struct shed *shed, uint32_t n)
{
    for (uint32_t i = shed->first[n]; i < shed->first[n + 1]; i++)
        shed->short_bp[shed->share[i].row] -=
            (int64_t)shed->share[i].coefficient_bp * shed->node[n].freed_w;
}

static void cover_row(struct shed *shed, uint32_t r)
{
    uint32_t count = 0;

    for (uint32_t i = shed->row_first[r]; i < shed->row_first[r + 1]; i++) {
        if (!shed->marked[shed->row_node[i].row])
            shed->heap[count++] = shed->row_node[i].row;
    }
    for (uint32_t i = count / 2; i-- > 0;)
        sift(shed, count, i);
    while (shed->short_bp[r] > 0 && count > 0) {
        uint32_t n = shed->heap[0];

        shed->heap[0] = shed->heap[--count];
        sift(shed, count, 0);
        shed->marked[n] = true;
        shed->list[shed->count++] = n;
        relieve(shed, n);
    }
}

/* True when no row would be short again if the node stayed. */
static bool needless(const struct shed *shed, uint32_t n)
{
    for (uint32_t i = shed->first[n]; i < shed->first[n + 1]; i++) {
        int64_t freed_bp = (int64_t)shed->share[i].coefficient_bp * shed->node[n].freed_w;

        if (shed->short_bp[shed->share[i].row] + freed_bp > 0)
            return false;
    }
    return true;
}

static void spare_the_needless(struct shed *shed)
{
    uint32_t kept = 0;

    for (uint32_t i = shed->count; i-- > 0;) {
        uint32_t n = shed->list[i];

        if (!needless(shed, n))
            continue;
        shed->marked[n] = false;
        for (uint32_t k = shed->first[n]; k < shed->first[n + 1]; k++)
            shed->short_bp[shed->share[k].row] +=
                (int64_t)shed->share[k].coefficient_bp * shed->node[n].freed_w;
    }
    for (uint32_t i = 0; i < shed->count; i++) {
        if (shed->marked[shed->list[i]])
            shed->list[kept++] = shed->list[i];
    }
    shed->count = kept;
}

void shed_run(struct shed *shed, const int64_t short_w[])
{
    bool any = false;

    shed->count = 0;
    for (uint32_t r = 0; r < shed->rows; r++) {
        shed->short_bp[r] = short_w[r] * SHARE_WHOLE_BP;
        any = any || short_w[r] > 0;
    }
    if (!any)
        return;
    memset(shed->marked, 0, shed->nodes * sizeof *shed->marked);
    for (uint32_t r = shed->rows; r-- > 0;)
        cover_row(shed, r);
    spare_the_needless(shed);
}
