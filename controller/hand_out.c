/* What rounding down left, one step at a time, to whom the order of controller/problem.h names first, until no step
 * fits. Slack only shrinks, so who can't take a step now never can, and leaves for good: each turn gives a step or
 * ends a place in the heap.
 *
 * The nodes of an item are equal and stand next to each other in that order, so they are served together: as many
 * as fit go on, the others stay on their shelf. A gang is one place: a step of it raises its slowest members. */
#include "controller/solver.h"

#include <math.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, FEW = 1024 };

/* ---- the order ---- */

static bool place_before(const struct place *a, const struct place *b)
{
    if (a->level != b->level)
        return a->level < b->level;
    if (a->next != b->next)
        return a->next < b->next;
    return a->number < b->number;
}

/* Merges runs of growing size to and fro. */
static void sort_run(struct place *place, struct place *scratch, uint32_t count)
{
    struct place *from = place;
    struct place *to = scratch;

    for (uint32_t run = 1; run < count; run *= 2) {
        struct place *merged = to;

        for (uint32_t low = 0; low < count; low += 2 * run) {
            uint32_t middle = count - low < run ? count : low + run;
            uint32_t high = count - low < 2 * run ? count : low + 2 * run;
            uint32_t a = low;
            uint32_t b = middle;

            for (uint32_t i = low; i < high; i++) {
                bool left = b == high || (a < middle && place_before(&from[a], &from[b]));

                to[i] = left ? from[a++] : from[b++];
            }
        }
        to = from;
        from = merged;
    }
    if (from != place)
        memcpy(place, from, count * sizeof *place);
}

static uint32_t digit_of(const struct place *place, int shift)
{
    return (uint32_t)(((uint64_t)place->level ^ UINT64_C(1) << 63) >> shift & (DIGITS - 1));
}

/* By one digit of the level, stable; false, and nothing done, when all have the same one. */
static bool sort_by_digit(const struct place *from, struct place *to, uint32_t count, int shift)
{
    uint32_t at[DIGITS] = {0};
    uint32_t sum = 0;

    for (uint32_t i = 0; i < count; i++)
        at[digit_of(&from[i], shift)]++;
    if (at[digit_of(&from[0], shift)] == count)
        return false;
    for (uint32_t d = 0; d < DIGITS; d++) {
        uint32_t here = at[d];

        at[d] = sum;
        sum += here;
    }
    for (uint32_t i = 0; i < count; i++)
        to[at[digit_of(&from[i], shift)]++] = from[i];
    return true;
}

/* Digit by digit from the least, and then whoever is at the same level. */
static void sort_many(struct solver *s, uint32_t count)
{
    for (int shift = 0; shift < 64; shift += DIGIT_BITS) {
        struct place *from = s->place;

        if (!sort_by_digit(from, s->place_scratch, count, shift))
            continue;
        s->place = s->place_scratch;
        s->place_scratch = from;
    }
    for (uint32_t low = 0, high = 0; low < count; low = high) {
        bool sorted = true;

        for (high = low + 1; high < count && s->place[high].level == s->place[low].level; high++)
            sorted = sorted && place_before(&s->place[high - 1], &s->place[high]);
        if (!sorted)
            sort_run(&s->place[low], &s->place_scratch[low], high - low);
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

/* A gang's level is that of its slowest, and after a step that of whoever is slowest then. */
static void set_gang_key(const struct solver *s, struct place *place, uint32_t gang)
{
    place->level = LEVEL_TOP;
    place->next = LEVEL_TOP;
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        const struct item *member = solver_member(s, u);

        place->level = min_w(place->level, plan_level(solver_plan(s, member), member->cap_w));
    }
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        const struct item *member = solver_member(s, u);
        int64_t level = plan_level(solver_plan(s, member), member->cap_w);

        if (level == place->level)
            level = plan_level(solver_plan(s, member), member->next_w);
        place->next = min_w(place->next, level);
    }
}

static void set_key(const struct solver *s, struct place *place, enum objective objective)
{
    const struct item *item = &s->item[place->item];
    uint32_t gang = s->unit[item->unit].gang;

    if (objective == OBJECTIVE_THROUGHPUT) {
        place->level = steepness_key(s, item);
        place->next = 0;
    } else if (gang != NONE_INDEX) {
        set_gang_key(s, place, gang);
    } else {
        place->level = plan_level(solver_plan(s, item), item->cap_w);
        place->next = plan_level(solver_plan(s, item), item->next_w);
    }
}

/* ---- steps ---- */

/* How many of up to `count` nodes of a bundle can take this many watts more each. */
static uint32_t how_many_fit(const struct solver *s, const struct unit *unit, int64_t step_w,
                             uint32_t count)
{
    /* The other rows have room for all that the class could take. */
    for (uint32_t i = s->near_first[unit->bundle]; i < s->near_first[unit->bundle + 1] && count > 0;
         i++) {
        int64_t need_bp = (int64_t)s->near[i].coefficient_bp * step_w;
        int64_t slack_bp = s->slack_bp[s->near[i].row];

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
    solver_take(s, unit->bundle, step_w * count);
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
        solver_take(s, s->rising[u].bundle, step_w);
        s->gang_back_w[raised] = item->cap_w;
        set_cap(s, item, item->next_w);
        s->gang_raised[raised++] = u;
    }
    for (uint32_t i = 0; !fits && i < raised; i++) {
        struct item *item = solver_member(s, s->gang_raised[i]);

        solver_take(s, s->unit[item->unit].bundle, s->gang_back_w[i] - item->cap_w);
        set_cap(s, item, s->gang_back_w[i]);
    }
    return fits && raised > 0;
}

static bool step(struct solver *s, const struct place *place)
{
    struct item *item = &s->item[place->item];
    uint32_t gang = s->unit[item->unit].gang;

    return gang == NONE_INDEX ? step_item(s, item) : step_gang(s, gang, place->level);
}

/* Whether there is room for a step of an item. What has none now never will. */
static bool may_step(const struct solver *s, const struct item *item)
{
    const struct unit *unit = &s->unit[item->unit];
    int64_t step_w = item->next_w - item->cap_w;

    return unit->gang != NONE_INDEX || (step_w > 0 && how_many_fit(s, unit, step_w, 1) == 1);
}

/* ---- the class ---- */

/* Whether a unit's items have places in the order: those that nothing stopped are at their tops, and a gang has one
 * place, its first member's. */
static bool has_places(const struct solver *s, uint32_t u)
{
    const struct rising *rising = &s->rising[u];

    return rising->gang == NONE_INDEX ? s->unit[rising->unit].bound == BOUND_ROW
                                      : s->gang_first[rising->gang] == u;
}

static int64_t largest_step_w(const struct solver *s, const struct unit *unit)
{
    int64_t step_w = 0;

    for (uint32_t k = unit->first_item; k < unit->first_item + unit->items; k++)
        step_w = max_w(step_w, s->item[k].next_w - s->item[k].cap_w);
    return step_w;
}

/* Places for the items of a unit that may have a step, behind `count` others. */
static uint32_t place_items(struct solver *s, const struct unit *unit, enum objective objective,
                            uint32_t count)
{
    /* One look at the rows is mostly enough for all items. */
    bool all = unit->gang == NONE_INDEX && how_many_fit(s, unit, largest_step_w(s, unit), 1) == 1;

    for (uint32_t k = unit->first_item; k < unit->first_item + unit->items; k++) {
        struct place *place = &s->place[count];

        if (all ? s->item[k].next_w == s->item[k].cap_w : !may_step(s, &s->item[k]))
            continue;
        *place = (struct place){.number = s->order[s->item[k].first], .item = k};
        set_key(s, place, objective);
        count++;
    }
    return count;
}

static uint32_t list_places(struct solver *s, enum objective objective)
{
    uint32_t count = 0;

    for (uint32_t u = 0; u < s->risings; u++) {
        if (has_places(s, u))
            count = place_items(s, &s->unit[s->rising[u].unit], objective, count);
    }
    if (count <= FEW)
        sort_run(s->place, s->place_scratch, count);
    else
        sort_many(s, count);
    return count;
}

static void sift_up(struct place *heap, uint32_t at)
{
    while (at > 0 && place_before(&heap[at], &heap[(at - 1) / 2])) {
        struct place other = heap[at];

        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
        heap[at] = other;
    }
}

static void sift_down(struct place *heap, uint32_t count, uint32_t at)
{
    for (;;) { /* each turn goes one level down the heap */
        uint32_t least = at;
        struct place other = heap[at];

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            least = place_before(&heap[child], &heap[least]) ? child : least;
        if (least == at)
            return;
        heap[at] = heap[least];
        heap[least] = other;
        at = least;
    }
}

/* Who had a step waits for the next one in a heap, in the room of those that are done. */
void hand_out_class(struct solver *s, enum objective objective)
{
    uint32_t count = list_places(s, objective);
    struct place *heap = s->place;
    uint32_t waiting = 0;
    uint32_t next = 0;

    while (next < count || waiting > 0) {
        bool again = waiting > 0 && (next == count || place_before(&heap[0], &s->place[next]));
        struct place place = again ? heap[0] : s->place[next++];
        bool stays = step(s, &place) && may_step(s, &s->item[place.item]);

        if (stays)
            set_key(s, &place, objective);
        if (again) {
            heap[0] = stays ? place : heap[--waiting];
            sift_down(heap, waiting, 0);
        } else if (stays) {
            heap[waiting] = place;
            sift_up(heap, waiting++);
        }
    }
}
