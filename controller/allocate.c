#include "controller/allocate.h"

#include <assert.h>
#include <string.h>

/* A level of 1 / weight on the grid; the highest any node can reach is weight 1 at its greatest cap. */
#define LEVEL_ONE (INT64_C(1) << 30)

enum { CLASSES = 256 };

void allocate_create(struct allocator *a, const struct site *site, const struct row_table *rows,
                     struct arena *arena)
{
    *a = (struct allocator){.site = site, .rows = rows};
    a->slack_bp = arena_array(arena, rows->count, int64_t);
    a->trial_bp = arena_array(arena, rows->count, int64_t);
    a->full = arena_array(arena, rows->count, bool);
    a->frozen = arena_array(arena, site->nodes.count, bool);
    a->active = arena_array(arena, site->nodes.count, uint32_t);
    a->cap_w = arena_array(arena, site->nodes.count, int64_t);
    for (uint32_t n = 0; n < site->nodes.count; n++) {
        if (site->nodes.gang[n] != NONE_INDEX && site->nodes.gang[n] >= a->gangs)
            a->gangs = site->nodes.gang[n] + 1;
    }
    a->gang_row = arena_array(arena, a->gangs, uint32_t);
}

/* The cap at a level: rounded down to the node's steps above its least cap, which is the least it gets. */
static int64_t cap_at_w(const struct allocator *a, const struct estimate *estimate, uint32_t n,
                        int64_t level)
{
    const struct node_estimate *node = &estimate->node[n];
    int64_t step_w = a->site->nodes.cap_step_w[n];
    wide_int exact = (wide_int)level * a->site->nodes.weight[n] * node->cap_max_w / LEVEL_ONE;

    if (exact >= node->cap_max_w)
        return node->cap_max_w;
    if (exact <= node->cap_min_w)
        return node->cap_min_w;
    return node->cap_min_w + ((int64_t)exact - node->cap_min_w) / step_w * step_w;
}

/* The cap one step up; the top step may be shorter. */
static int64_t next_cap_w(const struct allocator *a, const struct estimate *estimate, uint32_t n)
{
    int64_t up_w = a->cap_w[n] + a->site->nodes.cap_step_w[n];

    return up_w < estimate->node[n].cap_max_w ? up_w : estimate->node[n].cap_max_w;
}

static void take(struct allocator *a, uint32_t n, int64_t more_w)
{
    for (uint32_t i = a->rows->first[n]; i < a->rows->first[n + 1]; i++)
        a->slack_bp[a->rows->share[i].row] -= (int64_t)a->rows->share[i].coefficient_bp * more_w;
}

/* Everybody at the least cap; rows that can't carry that are full from the start. */
static void begin(struct allocator *a, const struct estimate *estimate, struct decision *decision)
{
    for (uint32_t r = 0; r < a->rows->count; r++)
        a->slack_bp[r] = decision->row[r].budget_w * SHARE_WHOLE_BP;
    for (uint32_t n = 0; n < a->site->nodes.count; n++) {
        const struct node_estimate *node = &estimate->node[n];

        a->frozen[n] = !node->controllable;
        a->cap_w[n] = node->controllable ? node->cap_min_w : 0;
        decision->node[n] = (struct node_decision){
            .cap_w = node->controllable ? a->cap_w[n] : node->bound_w - node->remainder_w,
            .bound = BOUND_UNCONTROLLED,
            .bound_row = NONE_INDEX};
        if (node->controllable)
            take(a, n, node->cap_min_w);
    }
    for (uint32_t g = 0; g < a->gangs; g++)
        a->gang_row[g] = NONE_INDEX;
}

static void freeze(struct allocator *a, uint32_t n, enum bound_kind bound, uint32_t row,
                   struct decision *decision)
{
    uint32_t gang = a->site->nodes.gang[n];

    a->frozen[n] = true;
    decision->node[n].bound = bound;
    decision->node[n].bound_row = row;
    if (gang != NONE_INDEX && bound != BOUND_DEMAND && a->gang_row[gang] == NONE_INDEX)
        a->gang_row[gang] = row;
}

/* What a gang's slowest member can't use, no member gets. */
static void freeze_gangs(struct allocator *a, uint32_t actives, struct decision *decision)
{
    for (uint32_t i = 0; i < actives; i++) {
        uint32_t n = a->active[i];
        uint32_t gang = a->site->nodes.gang[n];

        if (!a->frozen[n] && gang != NONE_INDEX && a->gang_row[gang] != NONE_INDEX)
            freeze(a, n, BOUND_GANG, a->gang_row[gang], decision);
    }
}

/* Freezes the unfrozen members of rows that `full` marks; returns how many. */
static uint32_t freeze_members(struct allocator *a, uint32_t actives, enum bound_kind bound,
                               struct decision *decision)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < actives; i++) {
        uint32_t n = a->active[i];

        for (uint32_t k = a->rows->first[n]; !a->frozen[n] && k < a->rows->first[n + 1]; k++) {
            if (a->full[a->rows->share[k].row]) {
                freeze(a, n, bound, a->rows->share[k].row, decision);
                count++;
            }
        }
    }
    freeze_gangs(a, actives, decision);
    return count;
}

/* Slack of every row if all unfrozen nodes of the class went to this level; true when no row is overdrawn. */
static bool try_level(struct allocator *a, const struct estimate *estimate, uint32_t actives,
                      int64_t level)
{
    bool fits = true;

    memcpy(a->trial_bp, a->slack_bp, a->rows->count * sizeof *a->trial_bp);
    for (uint32_t i = 0; i < actives; i++) {
        uint32_t n = a->active[i];
        int64_t more_w = a->frozen[n] ? 0 : cap_at_w(a, estimate, n, level) - a->cap_w[n];

        if (more_w <= 0)
            continue;
        for (uint32_t k = a->rows->first[n]; k < a->rows->first[n + 1]; k++) {
            int64_t *left = &a->trial_bp[a->rows->share[k].row];

            *left -= (int64_t)a->rows->share[k].coefficient_bp * more_w;
            fits = fits && *left >= 0;
        }
    }
    return fits;
}

static void go_to_level(struct allocator *a, const struct estimate *estimate, uint32_t actives,
                        int64_t level)
{
    for (uint32_t i = 0; i < actives; i++) {
        uint32_t n = a->active[i];
        int64_t cap_w = a->frozen[n] ? a->cap_w[n] : cap_at_w(a, estimate, n, level);

        if (cap_w > a->cap_w[n]) {
            take(a, n, cap_w - a->cap_w[n]);
            a->cap_w[n] = cap_w;
        }
    }
}

/* The highest level that every row bears. */
static int64_t highest_level(struct allocator *a, const struct estimate *estimate, uint32_t actives,
                             int64_t low)
{
    int64_t high = LEVEL_ONE;

    if (try_level(a, estimate, actives, high))
        return high;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (try_level(a, estimate, actives, middle))
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void fill(struct allocator *a, const struct estimate *estimate, uint32_t actives,
                 struct decision *decision)
{
    int64_t level = 0;

    for (uint32_t r = 0; r < a->rows->count; r++)
        a->full[r] = a->slack_bp[r] < 0;
    freeze_members(a, actives, BOUND_MINIMUM, decision);
    /* Each turn fills at least one row more, so there are at most as many turns as rows. */
    for (uint32_t turn = 0; turn <= a->rows->count; turn++) {
        level = highest_level(a, estimate, actives, level);
        go_to_level(a, estimate, actives, level);
        if (level == LEVEL_ONE)
            break;
        try_level(a, estimate, actives, level + 1);
        for (uint32_t r = 0; r < a->rows->count; r++)
            a->full[r] = a->trial_bp[r] < 0;
        if (freeze_members(a, actives, BOUND_ROW, decision) == 0)
            break;
    }
    for (uint32_t i = 0; i < actives; i++) {
        if (!a->frozen[a->active[i]])
            freeze(a, a->active[i], BOUND_DEMAND, NONE_INDEX, decision);
    }
}

/* ---- what rounding left ---- */

/* Order of the hand-out: lower level first, then the one that would be lower after its step, then the number.
 * Levels are compared as fractions, cap / (greatest cap x weight), without division. */
static bool before(const struct allocator *a, const struct estimate *estimate, uint32_t m,
                   uint32_t n)
{
    wide_int scale_m = (wide_int)estimate->node[m].cap_max_w * a->site->nodes.weight[m];
    wide_int scale_n = (wide_int)estimate->node[n].cap_max_w * a->site->nodes.weight[n];
    wide_int level_m = a->cap_w[m] * scale_n;
    wide_int level_n = a->cap_w[n] * scale_m;

    if (level_m != level_n)
        return level_m < level_n;
    level_m = next_cap_w(a, estimate, m) * scale_n;
    level_n = next_cap_w(a, estimate, n) * scale_m;
    return level_m != level_n ? level_m < level_n : m < n;
}

static void sift(const struct allocator *a, const struct estimate *estimate, uint32_t *heap,
                 uint32_t count, uint32_t at)
{
    for (;;) {
        uint32_t least = at;

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            least = before(a, estimate, heap[child], heap[least]) ? child : least;
        if (least == at)
            return;
        uint32_t other = heap[at];

        heap[at] = heap[least];
        heap[least] = other;
        at = least;
    }
}

static bool step_fits(const struct allocator *a, uint32_t n, int64_t step_w)
{
    for (uint32_t i = a->rows->first[n]; i < a->rows->first[n + 1]; i++) {
        if ((int64_t)a->rows->share[i].coefficient_bp * step_w > a->slack_bp[a->rows->share[i].row])
            return false;
    }
    return true;
}

/* One step at a time from a heap by level. A node whose step does not fit leaves for good, since slack only
 * shrinks; gangs have been levelled and stay. Each turn takes a step or a node, so it ends. */
static void hand_out(struct allocator *a, const struct estimate *estimate, uint32_t actives,
                     const struct decision *decision)
{
    uint32_t *heap = a->active;
    uint32_t count = 0;

    for (uint32_t i = 0; i < actives; i++) {
        uint32_t n = a->active[i];

        if (decision->node[n].bound == BOUND_ROW && a->site->nodes.gang[n] == NONE_INDEX)
            heap[count++] = n;
    }
    for (uint32_t i = count / 2; i-- > 0;)
        sift(a, estimate, heap, count, i);
    while (count > 0) {
        uint32_t n = heap[0];
        int64_t step_w = next_cap_w(a, estimate, n) - a->cap_w[n];

        if (step_w > 0 && step_fits(a, n, step_w)) {
            take(a, n, step_w);
            a->cap_w[n] += step_w;
        } else {
            heap[0] = heap[--count];
        }
        sift(a, estimate, heap, count, 0);
    }
}

static uint32_t gather(struct allocator *a, const struct estimate *estimate, int priority)
{
    uint32_t actives = 0;

    for (uint32_t n = 0; n < a->site->nodes.count; n++) {
        if (estimate->node[n].controllable && a->site->nodes.priority_class[n] == priority)
            a->active[actives++] = n;
    }
    return actives;
}

void allocate_run(struct allocator *a, const struct estimate *estimate, struct decision *decision)
{
    begin(a, estimate, decision);
    for (int priority = 0; priority < CLASSES; priority++) {
        uint32_t actives = gather(a, estimate, priority);

        if (actives == 0)
            continue;
        fill(a, estimate, actives, decision);
        hand_out(a, estimate, actives, decision);
    }
    for (uint32_t n = 0; n < a->site->nodes.count; n++) {
        if (estimate->node[n].controllable)
            decision->node[n].cap_w = a->cap_w[n];
    }
    for (uint32_t r = 0; r < a->rows->count; r++)
        decision->row[r].used_w =
            share_up_w(1, decision->row[r].budget_w * SHARE_WHOLE_BP - a->slack_bp[r]);
}
