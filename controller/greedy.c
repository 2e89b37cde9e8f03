/* Throughput: watts go where they do the most weighted work. Where rows nest and load alike, what fits is a
 * polymatroid, on which taking the pieces of the concave curves by falling slope, each as far as it fits, is optimal
 * (Federgruen and Groenevelt, Operations Research 34 (1986) 909); in whole watts too, since pieces and room are. */
#include "controller/solver.h"

/* ---- whether it is exact here ---- */

/* Rows that could be over-full at all. */
static void mark_tight(const struct solver *s, const struct problem *p)
{
    struct row_state *row = s->row; /* scratch between runs */

    for (uint32_t r = 0; r < s->rows; r++)
        row[r].end_fine = 0;
    for (uint32_t n = 0; n < p->nodes; n++) {
        for (uint32_t i = p->first[n]; !p->node[n].fixed && i < p->first[n + 1]; i++)
            row[p->share[i].row].end_fine +=
                (wide_int)p->share[i].coefficient_bp * p->node[n].max_w;
    }
    for (uint32_t r = 0; r < s->rows; r++)
        s->row_near[r] = row[r].end_fine > (wide_int)p->limit_w[r] * SHARE_WHOLE_BP;
}

static uint32_t row_size(const struct solver *s, uint32_t r)
{
    return s->row_first[r + 1] - s->row_first[r];
}

/* The first node that loads the row; any node of a bundle stands for it. */
static uint32_t node_of(const struct solver *s, uint32_t row_bundle)
{
    return s->member[s->bundle[s->row_bundle[row_bundle].row].first];
}

static bool alike(const struct solver *s, uint32_t r, struct obstacle *obstacle)
{
    for (uint32_t i = s->row_first[r] + 1; i < s->row_first[r + 1]; i++) {
        if (s->row_bundle[i].coefficient_bp != s->row_bundle[i - 1].coefficient_bp) {
            *obstacle = (struct obstacle){OBSTACLE_SHARES, node_of(s, i), r, NONE_INDEX};
            return false;
        }
    }
    return true;
}

/* The next larger row of a bundle, of equals the one with the higher number. */
static uint32_t row_above(const struct solver *s, const struct bundle *bundle, const bool tight[],
                          uint32_t r)
{
    const struct row_share *share = &s->share[bundle->first_share];
    uint32_t above = NONE_INDEX;

    for (uint32_t k = 0; k < bundle->shares; k++) {
        uint32_t o = share[k].row;
        bool larger =
            row_size(s, o) > row_size(s, r) || (row_size(s, o) == row_size(s, r) && o > r);

        if (tight[o] && larger &&
            (above == NONE_INDEX || row_size(s, o) < row_size(s, above) ||
             (row_size(s, o) == row_size(s, above) && o < above)))
            above = o;
    }
    return above;
}

/* Each bundle's rows from small to large must be a chain that is the same from each row on upward. */
static bool nested(const struct solver *s, const bool tight[], uint32_t parent[],
                   struct obstacle *obstacle)
{
    for (uint32_t r = 0; r < s->rows; r++)
        parent[r] = s->rows; /* not known */
    for (uint32_t b = 0; b < s->bundles; b++) {
        const struct bundle *bundle = &s->bundle[b];

        for (uint32_t i = 0; i < bundle->shares; i++) {
            uint32_t r = s->share[bundle->first_share + i].row;
            uint32_t above = tight[r] ? row_above(s, bundle, tight, r) : NONE_INDEX;

            if (!tight[r])
                continue;
            if (parent[r] != s->rows && parent[r] != above) {
                *obstacle = (struct obstacle){OBSTACLE_CROSSING, s->member[bundle->first], r,
                                              above == NONE_INDEX ? parent[r] : above};
                return false;
            }
            parent[r] = above;
        }
    }
    return true;
}

bool greedy_can(const struct solver *s, const struct problem *p, struct obstacle *obstacle)
{
    *obstacle = (struct obstacle){OBSTACLE_NONE, NONE_INDEX, NONE_INDEX, NONE_INDEX};
    mark_tight(s, p);
    for (uint32_t n = 0; n < p->nodes; n++) {
        if (!p->node[n].fixed && p->node[n].gang != NONE_INDEX) {
            *obstacle = (struct obstacle){OBSTACLE_GANG, n, NONE_INDEX, NONE_INDEX};
            return false;
        }
    }
    for (uint32_t r = 0; r < s->rows; r++) {
        if (s->row_near[r] && !alike(s, r, obstacle))
            return false;
    }
    return nested(s, s->row_near, s->heap, obstacle);
}

/* ---- pieces by slope ---- */

/* The piece of an item's plan that it would go through next: weighted work gained over the watts it takes. Two
 * prices are compared as fractions. */
struct piece {
    wide_int gain;
    int64_t watts;
};

static struct piece next_piece(const struct solver *s, uint32_t place)
{
    const struct item *item = &s->item[place];
    const struct plan *plan = solver_plan(s, item);
    uint32_t at = s->piece[place];
    int64_t weight = solver_node(s, item)->weight;

    /* A level is work / weight, and work counts weight times. */
    return (struct piece){(wide_int)(plan->corner[at + 1].level - plan->corner[at].level) * weight *
                              weight,
                          plan->corner[at + 1].cap_w - plan->corner[at].cap_w};
}

static bool dearer(const struct solver *s, uint32_t a, uint32_t b)
{
    struct piece x = next_piece(s, a);
    struct piece y = next_piece(s, b);
    wide_int left = x.gain * y.watts;
    wide_int right = y.gain * x.watts;

    return left != right ? left > right : s->order[s->item[a].first] < s->order[s->item[b].first];
}

static void sift(struct solver *s, uint32_t count, uint32_t at)
{
    for (;;) { /* each turn goes one level down the heap */
        uint32_t first = at;
        uint32_t other = s->heap[at];

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            first = dearer(s, s->heap[child], s->heap[first]) ? child : first;
        if (first == at)
            return;
        s->heap[at] = s->heap[first];
        s->heap[first] = other;
        at = first;
    }
}

/* Watts that every row of the bundle still has. */
static int64_t room_w(const struct solver *s, const struct bundle *bundle, uint32_t *tightest)
{
    const struct row_share *share = &s->share[bundle->first_share];
    int64_t room = INT64_MAX;

    for (uint32_t i = 0; i < bundle->shares; i++) {
        int64_t left_w = share[i].coefficient_bp == 0
                             ? INT64_MAX
                             : s->slack_bp[share[i].row] / (int64_t)share[i].coefficient_bp;

        if (left_w < room) {
            room = left_w;
            *tightest = share[i].row;
        }
    }
    return max_w(room, 0);
}

/* Through the next piece, or as far as the room goes; false when it stops here. */
static bool buy(struct solver *s, uint32_t place)
{
    struct item *item = &s->item[place];
    struct unit *unit = &s->unit[item->unit];
    const struct bundle *bundle = &s->bundle[unit->bundle];
    const struct plan *plan = solver_plan(s, item);
    int64_t watts = next_piece(s, place).watts;
    uint32_t tightest = NONE_INDEX;
    int64_t room = room_w(s, bundle, &tightest);

    if (room < watts) {
        int64_t cap_w = plan_below_w(plan, solver_node(s, item), item->cap_w + room);

        unit->bound = BOUND_ROW;
        unit->bound_row = tightest;
        watts = max_w(cap_w - item->cap_w, 0);
    }
    solver_take(s, unit->bundle, watts);
    item->cap_w += watts;
    s->piece[place]++;
    return unit->bound != BOUND_ROW && s->piece[place] + 1 < plan->corners;
}

static uint32_t offer(struct solver *s)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < s->risings; i++) {
        struct unit *unit = &s->unit[s->rising[i].unit];
        const struct bundle *bundle = &s->bundle[unit->bundle];
        const struct row_share *share = &s->share[bundle->first_share];

        unit->bound = BOUND_DEMAND;
        unit->bound_row = NONE_INDEX;
        for (uint32_t k = 0; k < bundle->shares && unit->bound == BOUND_DEMAND; k++) {
            if (s->slack_bp[share[k].row] < 0) {
                unit->bound = BOUND_MINIMUM;
                unit->bound_row = share[k].row;
            }
        }
        for (uint32_t k = unit->first_item; k < unit->first_item + unit->items; k++) {
            struct item *item = &s->item[k];

            item->cap_w = solver_node(s, item)->min_w;
            item->going = item->count;
            item->shelf = NONE_INDEX;
            s->piece[k] = 0;
            if (unit->bound == BOUND_DEMAND && solver_plan(s, item)->corners > 1)
                s->heap[count++] = k;
        }
    }
    return count;
}

void greedy_class(struct solver *s, int priority)
{
    uint32_t count = 0;

    solver_gather(s, priority);
    count = offer(s);
    for (uint32_t i = count / 2; i-- > 0;)
        sift(s, count, i);
    /* Each turn buys a piece or ends a place. */
    while (count > 0) {
        if (!buy(s, s->heap[0]))
            s->heap[0] = s->heap[--count];
        sift(s, count, 0);
    }
    for (uint32_t i = 0; i < s->risings; i++) {
        struct item *item = &s->item[s->unit[s->rising[i].unit].first_item];

        for (uint32_t k = 0; k < s->unit[s->rising[i].unit].items; k++)
            item[k].next_w =
                plan_next_w(solver_plan(s, &item[k]), solver_node(s, &item[k]), item[k].cap_w);
    }
}
