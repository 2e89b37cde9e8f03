/* What rounding down left, one step at a time, to whom the order of controller/problem.h names first, until no step
 * fits. Slack only shrinks, so who can't take a step now never can, and leaves for good: each turn gives a step or
 * ends a place in the heap.
 *
 * The nodes of an item are equal and stand next to each other in that order, so they are served together: as many
 * as fit go on, the others stay on their shelf. A gang is one place: a step of it raises its slowest members. */
#include "controller/solver.h"

#include <math.h>

/* ---- the order ---- */

static bool place_before(const struct solver *s, uint32_t a, uint32_t b)
{
    if (s->key_level[a] != s->key_level[b])
        return s->key_level[a] < s->key_level[b];
    if (s->key_next[a] != s->key_next[b])
        return s->key_next[a] < s->key_next[b];
    return s->order[s->item[a].first] < s->order[s->item[b].first];
}

static void sift(struct solver *s, uint32_t count, uint32_t at)
{
    for (;;) { /* each turn goes one level down the heap */
        uint32_t least = at;
        uint32_t other = s->heap[at];

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            least = place_before(s, s->heap[child], s->heap[least]) ? child : least;
        if (least == at)
            return;
        s->heap[at] = s->heap[least];
        s->heap[least] = other;
        at = least;
    }
}

static void set_cap(const struct solver *s, struct item *item, int64_t cap_w)
{
    item->cap_w = cap_w;
    item->next_w = plan_next_w(solver_plan(s, item), solver_node(s, item), cap_w);
}

/* Weighted work for the watts of the next step, the steepest first. */
static int64_t steepness_key(const struct solver *s, const struct item *item)
{
    const struct problem_node *node = solver_node(s, item);
    int64_t up_w = item->next_w;
    double gain = problem_throughput(node, up_w) - problem_throughput(node, item->cap_w);

    return -(int64_t)floor(gain * (double)node->weight * (double)LEVEL_ONE /
                           (double)max_w(up_w - item->cap_w, 1));
}

static void set_key(struct solver *s, uint32_t place, enum objective objective)
{
    const struct item *item = &s->item[place];
    const struct plan *plan = solver_plan(s, item);
    uint32_t gang = s->unit[item->unit].gang;

    if (objective == OBJECTIVE_THROUGHPUT) {
        s->key_level[place] = steepness_key(s, item);
        s->key_next[place] = 0;
        return;
    }
    s->key_level[place] = plan_level(plan, item->cap_w);
    s->key_next[place] = plan_level(plan, item->next_w);
    if (gang == NONE_INDEX)
        return;
    /* A gang's level is that of its slowest, and after a step that of whoever is slowest then. */
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        const struct item *member = solver_member(s, u);

        s->key_level[place] =
            min_w(s->key_level[place], plan_level(solver_plan(s, member), member->cap_w));
    }
    s->key_next[place] = LEVEL_TOP;
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        const struct item *member = solver_member(s, u);
        int64_t level = plan_level(solver_plan(s, member), member->cap_w);

        if (level == s->key_level[place])
            level = plan_level(solver_plan(s, member), member->next_w);
        s->key_next[place] = min_w(s->key_next[place], level);
    }
}

/* ---- steps ---- */

/* How many of up to `count` nodes of a bundle can take this many watts more each. */
static uint32_t how_many_fit(const struct solver *s, const struct unit *unit, int64_t step_w,
                             uint32_t count)
{
    const struct bundle *bundle = &s->bundle[unit->bundle];
    const struct row_share *share = &s->share[bundle->first_share];

    /* The row that stopped it is the likeliest to have no room. */
    for (uint32_t i = 0; i < bundle->shares && count > 0; i++) {
        int64_t need_bp = (int64_t)share[i].coefficient_bp * step_w;
        int64_t slack_bp = s->slack_bp[share[i].row];

        if (slack_bp < need_bp)
            count = need_bp > 0 ? 0 : count;
        else if ((wide_int)need_bp * count > slack_bp)
            count = (uint32_t)(slack_bp / need_bp);
    }
    return count;
}

/* Raises the first nodes of an item by a step; the others stay on a shelf. False when there is none to raise. */
static bool step_item(struct solver *s, struct item *item)
{
    const struct unit *unit = &s->unit[item->unit];
    int64_t step_w = item->next_w - item->cap_w;
    uint32_t count = step_w > 0 ? how_many_fit(s, unit, step_w, item->going) : 0;

    if (count == 0)
        return false;
    if (count < item->going) {
        s->shelf[s->shelves] = (struct shelf){count, item->cap_w, item->shelf};
        item->shelf = s->shelves++;
        item->going = count;
    }
    solver_take(s, &s->bundle[unit->bundle], step_w * count);
    set_cap(s, item, item->next_w);
    return true;
}

/* Raises the slowest members of a gang by a step each; all or none, since one alone is of no use. */
static bool step_gang(struct solver *s, uint32_t gang, int64_t pace)
{
    bool fits = true;
    uint32_t raised = 0;

    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX && fits; u = s->gang_next[u]) {
        struct item *item = solver_member(s, u);
        int64_t step_w = item->next_w - item->cap_w;

        if (plan_level(solver_plan(s, item), item->cap_w) != pace)
            continue;
        fits = step_w > 0 && how_many_fit(s, &s->unit[s->rising[u].unit], step_w, 1) == 1;
        if (!fits)
            break;
        solver_take(s, &s->bundle[s->unit[s->rising[u].unit].bundle], step_w);
        s->gang_back_w[raised] = item->cap_w;
        set_cap(s, item, item->next_w);
        s->gang_raised[raised++] = u;
    }
    for (uint32_t i = 0; !fits && i < raised; i++) {
        struct item *item = solver_member(s, s->gang_raised[i]);

        solver_take(s, &s->bundle[s->unit[item->unit].bundle], s->gang_back_w[i] - item->cap_w);
        set_cap(s, item, s->gang_back_w[i]);
    }
    return fits && raised > 0;
}

static bool step(struct solver *s, uint32_t place)
{
    struct item *item = &s->item[place];
    uint32_t gang = s->unit[item->unit].gang;

    return gang == NONE_INDEX ? step_item(s, item) : step_gang(s, gang, s->key_level[place]);
}

/* ---- the class ---- */

/* Whether a unit's items have places in the order: a gang has one, its first member's. */
static bool has_places(const struct solver *s, uint32_t u)
{
    const struct rising *rising = &s->rising[u];

    return rising->gang == NONE_INDEX ? s->unit[rising->unit].bound != BOUND_MINIMUM
                                      : s->gang_first[rising->gang] == u;
}

static uint32_t fill_heap(struct solver *s, enum objective objective)
{
    uint32_t count = 0;

    for (uint32_t u = 0; u < s->risings; u++) {
        const struct unit *unit = &s->unit[s->rising[u].unit];

        if (!has_places(s, u))
            continue;
        for (uint32_t k = unit->first_item; k < unit->first_item + unit->items; k++) {
            int64_t step_w = s->item[k].next_w - s->item[k].cap_w;

            /* Most have no room from the start and need no place in the order. */
            if (unit->gang == NONE_INDEX && (step_w == 0 || how_many_fit(s, unit, step_w, 1) == 0))
                continue;
            set_key(s, k, objective);
            s->heap[count++] = k;
        }
    }
    return count;
}

void hand_out_class(struct solver *s, enum objective objective)
{
    uint32_t count = fill_heap(s, objective);

    for (uint32_t i = count / 2; i-- > 0;)
        sift(s, count, i);
    while (count > 0) {
        uint32_t place = s->heap[0];

        if (step(s, place))
            set_key(s, place, objective);
        else
            s->heap[0] = s->heap[--count];
        sift(s, count, 0);
    }
}
