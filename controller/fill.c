/* Progressive filling, exact and without bisection. All units of a class rise by level; where a row is full its units
 * stop, the others go on. Rows wait in a heap by a level at which they are surely not over-full: since a unit that
 * stops only leaves more to the others, such a level never falls, so a row needs to be looked at again only when it
 * comes to the top. What is at the top and up to date is the next row to be full.
 *
 * The load of a row is linear in the level between the corners of its plans, in whole numbers, so a Newton step
 * lands exactly on the last level that fits once it starts in the right piece: a few steps a row. */
#include "controller/solver.h"

#include <assert.h>
#include <string.h>

/* ---- loads at a level ---- */

struct load {
    wide_int fine, slope;
};

/* Of one unit above its least caps. A gang's member goes no further than its gang can follow. */
static inline struct load unit_load(const struct solver *s, const struct unit *unit, int64_t level)
{
    const struct item *item = &s->item[unit->first_item];
    struct load load = {0, 0};

    if (unit->gang != NONE_INDEX)
        level = min_w(level, s->gang_top[unit->gang]);
    for (uint32_t i = 0; i < unit->items; i++) {
        int64_t slope = 0;
        wide_int fine = plan_fine(solver_plan(s, &item[i]), level, &slope);

        load.fine += fine * item[i].count;
        load.slope += (wide_int)slope * item[i].count;
    }
    return load;
}

/* Of all units of a row that have not stopped. */
static struct load row_load(const struct solver *s, uint32_t r, int priority, int64_t level)
{
    struct load sum = {0, 0};

    for (uint32_t i = s->row_first[r]; i < s->row_first[r + 1]; i++) {
        int64_t share = s->row_bundle[i].coefficient_bp;
        uint32_t first = 0;
        uint32_t units = solver_units(s, s->row_bundle[i].row, priority, &first);

        for (uint32_t u = first; u < first + units; u++) {
            struct load load = {0, 0};

            if (s->unit[u].frozen)
                continue;
            load = unit_load(s, &s->unit[u], level);
            sum.fine += load.fine * share;
            sum.slope += load.slope * share;
        }
    }
    return sum;
}

/* The highest level at which the row is not over-full, at least `low`, where it is known not to be; LEVEL_TOP if it
 * never is. */
static int64_t full_level(const struct solver *s, uint32_t r, int priority, int64_t low)
{
    wide_int slack = s->slack_fine[r];
    int64_t high = LEVEL_TOP; /* over-full, once `bounded` */
    bool bounded = false;
    int64_t at = low;
    struct load load = row_load(s, r, priority, low);

    /* Newton from either side, halving when that makes too little way: at most two steps a bit. */
    for (int turn = 0; turn < 4 * 64 && high - low > 1; turn++) {
        wide_int step = load.slope > 0 ? (slack - load.fine) / load.slope : 0;
        int64_t guess = at;

        if (bounded && (load.slope == 0 || turn % 4 == 3))
            guess = low + (high - low) / 2;
        else if (load.slope == 0 || at + step >= high)
            guess = bounded ? high - 1 : LEVEL_TOP;
        else
            guess = max_w((int64_t)(at + step), low + 1);
        at = guess;
        load = row_load(s, r, priority, at);
        if (load.fine > slack) {
            high = at;
            bounded = true;
        } else if (at == LEVEL_TOP) {
            return LEVEL_TOP;
        } else {
            low = at;
        }
    }
    return low;
}

/* ---- the heap of rows ---- */

static bool row_before(const struct solver *s, uint32_t a, uint32_t b)
{
    return s->row_level[a] != s->row_level[b] ? s->row_level[a] < s->row_level[b] : a < b;
}

static void sift(struct solver *s, uint32_t count, uint32_t at)
{
    for (;;) { /* each turn goes one level down the heap */
        uint32_t least = at;
        uint32_t other = s->heap[at];

        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            least = row_before(s, s->heap[child], s->heap[least]) ? child : least;
        if (least == at)
            return;
        s->heap[at] = s->heap[least];
        s->heap[least] = other;
        at = least;
    }
}

/* ---- stopping ---- */

static void stop_unit(struct solver *s, uint32_t u, int64_t level, enum bound_kind bound,
                      uint32_t row)
{
    struct unit *unit = &s->unit[u];
    const struct bundle *bundle = &s->bundle[unit->bundle];
    const struct row_share *share = &s->share[bundle->first_share];
    wide_int fine = unit_load(s, unit, level).fine;

    unit->frozen = true;
    unit->level = level;
    unit->bound = bound;
    unit->bound_row = row;
    for (uint32_t i = 0; i < bundle->shares; i++) {
        s->slack_fine[share[i].row] -= fine * share[i].coefficient_bp;
        s->row_fresh[share[i].row] = false;
    }
}

/* What the slowest of a gang can't use, no member gets. */
static void stop_gang(struct solver *s, uint32_t gang, int64_t level, uint32_t row)
{
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        if (!s->unit[u].frozen)
            stop_unit(s, u, level, BOUND_GANG, row);
    }
}

static void stop_row(struct solver *s, uint32_t r, int priority, int64_t level,
                     enum bound_kind bound)
{
    for (uint32_t i = s->row_first[r]; i < s->row_first[r + 1]; i++) {
        uint32_t first = 0;
        uint32_t units = solver_units(s, s->row_bundle[i].row, priority, &first);

        for (uint32_t u = first; u < first + units; u++) {
            if (s->unit[u].frozen)
                continue;
            stop_unit(s, u, level, bound, r);
            if (s->unit[u].gang != NONE_INDEX)
                stop_gang(s, s->unit[u].gang, level, r);
        }
    }
}

/* ---- the class ---- */

static void chain_gangs(struct solver *s)
{
    for (uint32_t g = 0; g < s->gangs; g++) {
        s->gang_top[g] = LEVEL_TOP;
        s->gang_first[g] = NONE_INDEX;
    }
    for (uint32_t i = s->actives; s->gangs > 0 && i-- > 0;) {
        uint32_t u = s->active[i];
        uint32_t gang = s->unit[u].gang;

        if (gang == NONE_INDEX)
            continue;
        s->gang_top[gang] = min_w(s->gang_top[gang],
                                  plan_top_level(solver_plan(s, &s->item[s->unit[u].first_item])));
        s->gang_next[u] = s->gang_first[gang];
        s->gang_first[gang] = u;
    }
}

/* Rows that the class could overfill, into the heap; returns how many. Rows that not even the least caps fit stop
 * their units where they are. */
static uint32_t candidates(struct solver *s, int priority)
{
    uint32_t count = 0;

    memset(s->reach_fine, 0, s->rows * sizeof *s->reach_fine);
    for (uint32_t i = 0; i < s->actives; i++) {
        const struct unit *unit = &s->unit[s->active[i]];
        const struct bundle *bundle = &s->bundle[unit->bundle];
        const struct row_share *share = &s->share[bundle->first_share];
        wide_int most = unit_load(s, unit, LEVEL_TOP).fine;

        for (uint32_t k = 0; k < bundle->shares; k++)
            s->reach_fine[share[k].row] += most * share[k].coefficient_bp;
    }
    for (uint32_t r = 0; r < s->rows; r++)
        s->slack_fine[r] = (wide_int)s->slack_bp[r] * FINE_PER_W;
    for (uint32_t r = 0; r < s->rows; r++) {
        s->row_level[r] = 0;
        s->row_fresh[r] = false;
        if (s->slack_bp[r] < 0)
            stop_row(s, r, priority, 0, BOUND_MINIMUM);
        else if (s->reach_fine[r] > s->slack_fine[r])
            s->heap[count++] = r;
    }
    return count;
}

static void level_rows(struct solver *s, uint32_t count, int priority)
{
    for (uint32_t i = count; i-- > 0;) {
        s->row_level[s->heap[i]] = full_level(s, s->heap[i], priority, 0);
        s->row_fresh[s->heap[i]] = true;
    }
    for (uint32_t i = count / 2; i-- > 0;)
        sift(s, count, i);
    /* A turn fills a row, drops one, or brings the top one up to date; it stays so until another is filled. */
    while (count > 0 && s->row_level[s->heap[0]] < LEVEL_TOP) {
        uint32_t r = s->heap[0];

        if (s->row_fresh[r]) {
            stop_row(s, r, priority, s->row_level[r], BOUND_ROW);
            s->heap[0] = s->heap[--count];
        } else {
            s->row_level[r] = full_level(s, r, priority, s->row_level[r]);
            s->row_fresh[r] = true;
        }
        if (count > 0)
            sift(s, count, 0);
    }
}

/* ---- whole watts ---- */

static void round_items(struct solver *s, const struct unit *unit)
{
    int64_t level = unit->level;

    if (unit->gang != NONE_INDEX)
        level = min_w(level, s->gang_top[unit->gang]);
    for (uint32_t i = unit->first_item; i < unit->first_item + unit->items; i++) {
        struct item *item = &s->item[i];
        const struct problem_node *node = solver_node(s, item);
        int64_t slope = 0;
        wide_int fine = plan_fine(solver_plan(s, item), level, &slope);

        item->cap_w =
            plan_below_w(solver_plan(s, item), node, node->min_w + (int64_t)(fine >> FINE_BITS));
        item->going = item->count;
        item->shelf = NONE_INDEX;
    }
}

/* After rounding its slowest member sets the pace anew; the others keep no more than that needs. */
static void trim_gang(struct solver *s, uint32_t gang)
{
    int64_t pace = LEVEL_TOP;

    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        const struct item *item = &s->item[s->unit[u].first_item];

        pace = min_w(pace, plan_level(solver_plan(s, item), item->cap_w));
    }
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        struct item *item = &s->item[s->unit[u].first_item];
        const struct problem_node *node = solver_node(s, item);
        int64_t enough_w =
            problem_settable_above_w(node, plan_cap_for_w(solver_plan(s, item), pace));

        item->cap_w = plan_below_w(solver_plan(s, item), node, min_w(item->cap_w, enough_w));
    }
}

static void take_units(struct solver *s)
{
    for (uint32_t i = 0; i < s->actives; i++) {
        const struct unit *unit = &s->unit[s->active[i]];
        int64_t more_w = 0;

        for (uint32_t k = unit->first_item; k < unit->first_item + unit->items; k++)
            more_w += (s->item[k].cap_w - solver_node(s, &s->item[k])->min_w) * s->item[k].count;
        if (more_w > 0)
            solver_take(s, &s->bundle[unit->bundle], more_w);
    }
}

void fill_class(struct solver *s, int priority)
{
    solver_gather(s, priority);
    chain_gangs(s);
    level_rows(s, candidates(s, priority), priority);
    for (uint32_t i = 0; i < s->actives; i++) {
        struct unit *unit = &s->unit[s->active[i]];

        if (!unit->frozen) {
            unit->level = LEVEL_TOP;
            unit->bound = BOUND_DEMAND;
            unit->bound_row = NONE_INDEX;
        }
        round_items(s, unit);
    }
    for (uint32_t g = 0; g < s->gangs; g++)
        trim_gang(s, g);
    take_units(s);
}
