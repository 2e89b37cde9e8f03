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

static wide_int min_wide(wide_int a, wide_int b) { return a < b ? a : b; }

/* ---- loads at a level ---- */

struct load {
    wide_int fine, slope;
};

/* The last bend at or below a level; the first one if all are above. */
static uint32_t bend_at(const struct solver *s, const struct rising *unit, int64_t level)
{
    const int64_t *bend_level = &s->bend_level[unit->first_bend];
    const int64_t *at = bend_level;

    for (uint32_t count = unit->bends; count > 1;) {
        uint32_t half = count / 2;

        at = at[half] <= level ? at + half : at;
        count -= half;
    }
    return unit->first_bend + (uint32_t)(at - bend_level);
}

/* Of one unit above its least caps. A gang's member goes no further than its gang can follow. */
static inline struct load unit_load(const struct solver *s, const struct rising *unit,
                                    int64_t level)
{
    uint32_t at = 0;

    if (unit->gang != NONE_INDEX)
        level = min_w(level, s->gang_top[unit->gang]);
    at = bend_at(s, unit, level);
    if (level < s->bend_level[at])
        return (struct load){0, 0};
    return (struct load){s->bend[at].fine + s->bend[at].slope * (level - s->bend_level[at]),
                         s->bend[at].slope};
}

/* Of all units of a row that have not stopped. */
static struct load row_load(const struct solver *s, uint32_t r, int64_t level)
{
    struct load sum = {0, 0};

    for (uint32_t i = s->row_first[r]; i < s->row_first[r + 1]; i++) {
        int64_t share = s->row_bundle[i].coefficient_bp;
        uint32_t b = s->row_bundle[i].row;

        for (uint32_t u = s->bundle_rising[b]; u < s->bundle_rising[b + 1]; u++) {
            struct load load = {0, 0};

            if (s->rising[u].stopped)
                continue;
            load = unit_load(s, &s->rising[u], level);
            sum.fine += load.fine * share;
            sum.slope += load.slope * share;
        }
    }
    return sum;
}

/* The highest level at which a unit takes no more than the slack, which bears its least caps. */
static int64_t unit_full_level(const struct solver *s, const struct rising *unit, wide_int slack)
{
    uint32_t at = unit->first_bend;
    uint32_t last = unit->first_bend + unit->bends - 1;
    wide_int more = 0;

    for (uint32_t count = unit->bends; count > 1;) {
        uint32_t half = count / 2;

        at = s->bend[at + half].fine <= slack ? at + half : at;
        count -= half;
    }
    if (at == last)
        return LEVEL_TOP;
    more = s->bend[at].slope > 0 ? (slack - s->bend[at].fine) / s->bend[at].slope : LEVEL_TOP;
    return (int64_t)min_wide(s->bend_level[at] + more, s->bend_level[at + 1] - 1);
}

static wide_int floor_div(wide_int a, wide_int b) { return a / b - (a % b < 0); }

/* The highest level at which the row is not over-full, at least `low`, where it is known not to be; LEVEL_TOP if it
 * never is. `guess`: where to look first. */
static int64_t full_level(const struct solver *s, uint32_t r, int64_t low, int64_t guess)
{
    wide_int slack = s->slack_fine[r];
    int64_t high = s->top_level; /* over-full */

    if (s->reach_fine[r] <= slack)
        return LEVEL_TOP;
    if (s->row_first[r + 1] - s->row_first[r] == 1) {
        const struct row_share *only = &s->row_bundle[s->row_first[r]];
        uint32_t first = s->bundle_rising[only->row];

        if (s->bundle_rising[only->row + 1] - first == 1 && s->rising[first].gang == NONE_INDEX)
            return unit_full_level(s, &s->rising[first], slack / only->coefficient_bp);
    }
    /* Newton from either side; where that makes too little way, halving: so at most two steps a bit. */
    for (int turn = 0; turn < 4 * 64 && high - low > 1; turn++) {
        int64_t at = min_w(max_w(guess, low + 1), high - 1);
        struct load load = row_load(s, r, at);
        wide_int more = load.slope > 0 ? floor_div(slack - load.fine, load.slope) : 0;

        if (load.fine > slack)
            high = at;
        else if (load.slope > 0 && more == 0)
            return at; /* one more is too much: between bends it is linear, and at a bend it only jumps up */
        else
            low = at;
        guess = load.slope == 0 || (turn > 12 && turn % 2 == 0)
                    ? low + (high - low) / 2
                    : (int64_t)min_wide(at + more, high);
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
    struct rising *rising = &s->rising[u];
    struct unit *unit = &s->unit[rising->unit];
    const struct bundle *bundle = &s->bundle[unit->bundle];
    const struct row_share *share = &s->share[bundle->first_share];
    wide_int fine = unit_load(s, rising, level).fine;
    wide_int most = unit_load(s, rising, LEVEL_TOP).fine;

    rising->stopped = true;
    rising->level = level;
    unit->bound = bound;
    unit->bound_row = row;
    for (uint32_t i = 0; i < bundle->shares; i++) {
        if (!s->row_alive[share[i].row])
            continue;
        s->slack_fine[share[i].row] -= fine * share[i].coefficient_bp;
        s->reach_fine[share[i].row] -= most * share[i].coefficient_bp;
        s->row_fresh[share[i].row] = false;
    }
}

/* What the slowest of a gang can't use, no member gets. */
static void stop_gang(struct solver *s, uint32_t gang, int64_t level, uint32_t row)
{
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        if (!s->rising[u].stopped)
            stop_unit(s, u, level, BOUND_GANG, row);
    }
}

static void count_reach(struct solver *s, uint32_t u, int64_t sign)
{
    const struct bundle *bundle = &s->bundle[s->unit[s->rising[u].unit].bundle];
    const struct row_share *share = &s->share[bundle->first_share];
    wide_int most = unit_load(s, &s->rising[u], LEVEL_TOP).fine * sign;

    for (uint32_t i = 0; i < bundle->shares; i++) {
        s->reach_fine[share[i].row] += most * share[i].coefficient_bp;
        s->row_fresh[share[i].row] = false;
    }
}

/* A member whose row is full, but whose least cap reaches further than that anyway: the others may follow it there,
 * and no further. */
static void hold_gang(struct solver *s, uint32_t gang, int64_t level)
{
    if (s->gang_top[gang] <= level)
        return;
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        if (!s->rising[u].stopped)
            count_reach(s, u, -1);
    }
    s->gang_top[gang] = level;
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        if (!s->rising[u].stopped)
            count_reach(s, u, 1);
    }
}

static void stop_row(struct solver *s, uint32_t r, int64_t level, enum bound_kind bound)
{
    for (uint32_t i = s->row_first[r]; i < s->row_first[r + 1]; i++) {
        uint32_t b = s->row_bundle[i].row;
        int64_t least = 0;

        for (uint32_t u = s->bundle_rising[b]; u < s->bundle_rising[b + 1]; u++) {
            if (s->rising[u].stopped)
                continue;
            stop_unit(s, u, level, bound, r);
            if (s->rising[u].gang == NONE_INDEX)
                continue;
            least = s->bend_level[s->rising[u].first_bend];
            if (least > level)
                hold_gang(s, s->rising[u].gang, least);
            else
                stop_gang(s, s->rising[u].gang, level, r);
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
    for (uint32_t u = s->risings; s->gangs > 0 && u-- > 0;) {
        uint32_t gang = s->rising[u].gang;

        if (gang == NONE_INDEX)
            continue;
        s->gang_top[gang] = min_w(s->gang_top[gang],
                                  s->bend_level[s->rising[u].first_bend + s->rising[u].bends - 1]);
        s->gang_next[u] = s->gang_first[gang];
        s->gang_first[gang] = u;
    }
}

/* Whether another row of the same nodes is sure to be full first; of two that are sure of each other the first. */
static bool outdone(const struct solver *s, uint32_t r)
{
    for (uint32_t i = s->twin_first[r]; i < s->twin_first[r + 1]; i++) {
        const struct twin *twin = &s->twin[i];
        wide_int mine = (wide_int)s->slack_bp[r] * twin->den;
        wide_int others = (wide_int)s->slack_bp[twin->other] * twin->num;

        if (mine > others || (mine == others && twin->other < r))
            return true;
    }
    return false;
}

/* Rows that the class could overfill, into the heap; returns how many. Rows that not even the least caps fit stop
 * their units where they are. */
static uint32_t candidates(struct solver *s)
{
    uint32_t count = 0;

    s->top_level = 0;
    for (uint32_t r = 0; r < s->rows; r++) {
        s->row_alive[r] = s->slack_bp[r] >= 0 && !outdone(s, r);
        s->reach_fine[r] = 0;
        s->slack_fine[r] = (wide_int)s->slack_bp[r] * FINE_PER_W;
    }
    for (uint32_t u = 0; u < s->risings; u++) {
        const struct bundle *bundle = &s->bundle[s->unit[s->rising[u].unit].bundle];
        const struct row_share *share = &s->share[bundle->first_share];
        wide_int most = unit_load(s, &s->rising[u], LEVEL_TOP).fine;

        s->top_level =
            max_w(s->top_level, s->bend_level[s->rising[u].first_bend + s->rising[u].bends - 1]);
        for (uint32_t k = 0; k < bundle->shares; k++) {
            if (s->row_alive[share[k].row])
                s->reach_fine[share[k].row] += most * share[k].coefficient_bp;
        }
    }
    for (uint32_t r = 0; r < s->rows; r++) {
        if (s->slack_bp[r] < 0)
            stop_row(s, r, 0, BOUND_MINIMUM);
    }
    for (uint32_t r = 0; r < s->rows; r++) {
        if (s->row_alive[r] && s->reach_fine[r] > s->slack_fine[r])
            s->heap[count++] = r;
    }
    return count;
}

static void level_rows(struct solver *s, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        uint32_t r = s->heap[i];
        int64_t guess = s->row_level[r]; /* of the last time, whatever class that was of */

        if (guess <= 0 || guess >= s->top_level) /* as if the load rose in one line */
            guess = (int64_t)((double)s->top_level * (double)s->slack_fine[r] /
                              (double)s->reach_fine[r]);
        s->row_level[r] = full_level(s, r, -1, guess);
        s->row_fresh[r] = true;
    }
    for (uint32_t i = count / 2; i-- > 0;)
        sift(s, count, i);
    /* A turn fills a row, drops one, or brings the top one up to date; it stays so until another is filled. */
    while (count > 0 && s->row_level[s->heap[0]] < LEVEL_TOP) {
        uint32_t r = s->heap[0];

        if (s->row_fresh[r]) {
            stop_row(s, r, s->row_level[r], BOUND_ROW);
            s->heap[0] = s->heap[--count];
        } else {
            s->row_level[r] = full_level(s, r, s->row_level[r] - 1, s->row_level[r]);
            s->row_fresh[r] = true;
        }
        if (count > 0)
            sift(s, count, 0);
    }
}

/* ---- whole watts ---- */

static void round_items(struct solver *s, const struct rising *rising)
{
    const struct unit *unit = &s->unit[rising->unit];
    int64_t level = rising->level;

    if (unit->gang != NONE_INDEX)
        level = min_w(level, s->gang_top[unit->gang]);
    for (uint32_t i = unit->first_item; i < unit->first_item + unit->items; i++) {
        struct item *item = &s->item[i];
        const struct plan *plan = solver_plan(s, item);
        const struct problem_node *node = solver_node(s, item);
        int64_t slope = 0;
        wide_int fine = plan_fine(plan, level, &slope);

        item->cap_w = plan_below_w(plan, node, node->min_w + (int64_t)(fine >> FINE_BITS));
        item->next_w = plan_next_w(plan, node, item->cap_w);
        item->going = item->count;
        item->shelf = NONE_INDEX;
    }
}

/* After rounding its slowest member sets the pace anew; the others keep no more than that needs. */
static void trim_gang(struct solver *s, uint32_t gang)
{
    int64_t pace = LEVEL_TOP;

    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        const struct item *item = solver_member(s, u);

        pace = min_w(pace, plan_level(solver_plan(s, item), item->cap_w));
    }
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        struct item *item = solver_member(s, u);
        const struct plan *plan = solver_plan(s, item);
        const struct problem_node *node = solver_node(s, item);
        int64_t enough_w = plan_above_w(plan, node, plan_cap_for_w(plan, pace));

        item->cap_w = min_w(item->cap_w, enough_w);
        item->next_w = plan_next_w(plan, node, item->cap_w);
    }
}

static void take_units(struct solver *s)
{
    for (uint32_t u = 0; u < s->risings; u++) {
        const struct unit *unit = &s->unit[s->rising[u].unit];
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
    level_rows(s, candidates(s));
    for (uint32_t u = 0; u < s->risings; u++) {
        struct rising *rising = &s->rising[u];

        if (!rising->stopped) {
            rising->level = LEVEL_TOP;
            s->unit[rising->unit].bound = BOUND_DEMAND;
            s->unit[rising->unit].bound_row = NONE_INDEX;
        }
        round_items(s, rising);
    }
    for (uint32_t g = 0; g < s->gangs; g++)
        trim_gang(s, g);
    take_units(s);
}
