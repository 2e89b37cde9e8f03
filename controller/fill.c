/* Progressive filling, exact and without bisection. All units of a class rise by level; where a row is full its units
 * stop, the others go on.
 *
 * Levels are gone through in windows. What all rows would carry at the end of a window is summed up in one pass over
 * the units, and only the rows that would be over-full there are looked at in it. They wait in a heap by a level at
 * which they are surely not over-full: since a unit that stops only leaves more to the others, such a level never
 * falls, so a row needs to be looked at again only when it comes to the top. What is at the top and up to date is the
 * next row to be full. Where the windows end is guessed; it changes the work, not the result.
 *
 * The load of a row is linear in the level between the corners of its plans, in whole numbers, so a Newton step
 * lands exactly on the last level that fits once it starts in the right piece: a few steps a row. */
#include "controller/solver.h"

#include <string.h>

enum {
    STEPS = 32,         /* of the level, where windows may end */
    SAMPLE = 24,        /* units that are asked how load rises */
    WINDOWS = 10,       /* about as many */
    WORTH_A_WINDOW = 10 /* rows */
};

static wide_int min_wide(wide_int a, wide_int b) { return a < b ? a : b; }

/* ---- loads at a level ---- */

/* The last corner at or below a level; corners if all are above. */
static uint32_t corner_at(const struct plan *plan, int64_t level)
{
    const struct plan_corner *at = plan->corner;

    for (uint32_t count = plan->corners; count > 1;) {
        uint32_t half = count / 2;

        at = at[half].level <= level ? at + half : at;
        count -= half;
    }
    return level < at->level ? plan->corners : (uint32_t)(at - plan->corner);
}

static void look_up_plan(struct plan_slot *slot, int64_t level)
{
    const struct plan *plan = &slot->plan;
    const struct plan_corner *corner = plan->corner;
    uint32_t at = corner_at(plan, level);

    slot->looked_up = level;
    if (at == plan->corners) {
        slot->stretch = (struct stretch){0, corner[0].level, 0, 0};
        return;
    }
    slot->stretch = (struct stretch){
        .low = corner[at].level,
        .high = at + 1 < plan->corners ? corner[at + 1].level : INT64_MAX,
        .fine = (wide_int)(corner[at].cap_w - corner[0].cap_w) * FINE_PER_W -
                (wide_int)corner[at].slope * corner[at].level,
        .slope = corner[at].slope,
    };
}

/* Looks the unit up at a level, and how far the line through it goes. */
static void look_up(const struct solver *s, struct rising *rising, int64_t level)
{
    const struct unit *unit = &s->unit[rising->unit];
    struct load load = {0, 0};

    rising->low = 0;
    rising->high = INT64_MAX;
    for (uint32_t i = unit->first_item; i < unit->first_item + unit->items; i++) {
        struct plan_slot *slot = &s->slot[s->portion[i].plan];
        const struct stretch *stretch = &slot->stretch;
        int64_t nodes = s->portion[i].nodes;

        if (slot->looked_up != level)
            look_up_plan(slot, level);
        rising->low = max_w(rising->low, stretch->low);
        rising->high = min_w(rising->high, stretch->high);
        load.fine += nodes == 1 ? stretch->fine : stretch->fine * nodes;
        load.slope += times(stretch->slope, nodes);
    }
    rising->load = (struct load){
        rising->low > 0 ? load.fine + times(load.slope, rising->low) : load.fine, load.slope};
}

/* Of one unit above its least caps. A gang's member goes no further than its gang can follow. */
static inline struct load unit_load(const struct solver *s, struct rising *rising, int64_t level)
{
    if (rising->gang != NONE_INDEX)
        level = min_w(level, s->gang_top[rising->gang]);
    if (level < rising->low || level >= rising->high)
        look_up(s, rising, level);
    return (struct load){rising->load.fine + times(rising->load.slope, level - rising->low),
                         rising->load.slope};
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
            sum.fine += times(load.fine, share);
            sum.slope += times(load.slope, share);
        }
    }
    return sum;
}

static wide_int floor_div(wide_int a, wide_int b) { return a / b - (a % b < 0); }

/* The highest level at which the row is not over-full: at least `low`, where it is known not to be, and below `high`,
 * where it is. `guess`: where to look first. */
static int64_t full_level(const struct solver *s, uint32_t r, int64_t low, int64_t high,
                          int64_t guess)
{
    wide_int slack = s->row[r].slack_fine;

    /* Newton from either side; where that makes too little way, halving: so at most two steps a bit. */
    for (int turn = 0; turn < 4 * 64 && high - low > 1; turn++) {
        int64_t at = min_w(max_w(guess, low + 1), high - 1);
        struct load load = row_load(s, r, at);
        wide_int more = load.slope > 0 ? floor_div(slack - load.fine, load.slope) : 0;

        if (load.fine > slack)
            high = at;
        else if (load.slope > 0 && more == 0)
            return at; /* one more is too much: between corners it is linear, and at one it only jumps up */
        else
            low = at;
        guess = load.slope == 0 || (turn > 12 && turn % 2 == 0)
                    ? low + (high - low) / 2
                    : (int64_t)min_wide(at + more, high);
    }
    return low;
}

/* ---- stopping ---- */

/* Adds what a unit that has not stopped will take of its rows at the end of the window. */
static void count_end(struct solver *s, const struct rising *rising)
{
    for (uint32_t i = s->near_first[rising->bundle]; i < s->near_first[rising->bundle + 1]; i++)
        s->row[s->near[i].row].end_fine += times(rising->end_fine, s->near[i].coefficient_bp);
}

/* Takes it out again: what was known of these rows has changed. */
static void uncount_end(struct solver *s, const struct rising *rising)
{
    for (uint32_t i = s->near_first[rising->bundle]; i < s->near_first[rising->bundle + 1]; i++) {
        struct row_state *row = &s->row[s->near[i].row];

        row->end_fine -= times(rising->end_fine, s->near[i].coefficient_bp);
        row->fresh = false;
    }
}

static void stop_unit(struct solver *s, uint32_t u, int64_t level, enum bound_kind bound,
                      uint32_t row)
{
    struct rising *rising = &s->rising[u];
    struct unit *unit = &s->unit[rising->unit];
    wide_int fine = unit_load(s, rising, level).fine;

    rising->stopped = true;
    rising->level = level;
    unit->bound = bound;
    unit->bound_row = row;
    uncount_end(s, rising);
    for (uint32_t i = s->near_first[rising->bundle]; i < s->near_first[rising->bundle + 1]; i++)
        s->row[s->near[i].row].slack_fine -= times(fine, s->near[i].coefficient_bp);
}

/* What the slowest of a gang can't use, no member gets. */
static void stop_gang(struct solver *s, uint32_t gang, int64_t level, uint32_t row)
{
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        if (!s->rising[u].stopped)
            stop_unit(s, u, level, BOUND_GANG, row);
    }
}

/* A member whose row is full, but whose least cap reaches further than that anyway: the others may follow it there,
 * and no further. */
static void hold_gang(struct solver *s, uint32_t gang, int64_t level)
{
    if (s->gang_top[gang] <= level)
        return;
    s->gang_top[gang] = level;
    for (uint32_t u = s->gang_first[gang]; u != NONE_INDEX; u = s->gang_next[u]) {
        if (s->rising[u].stopped)
            continue;
        uncount_end(s, &s->rising[u]);
        s->rising[u].end_fine = unit_load(s, &s->rising[u], s->end_level).fine;
        count_end(s, &s->rising[u]);
    }
}

static int64_t least_level(const struct solver *s, uint32_t u)
{
    return solver_plan(s, solver_member(s, u))->corner[0].level;
}

static void stop_row(struct solver *s, uint32_t r, int64_t level, enum bound_kind bound)
{
    for (uint32_t i = s->row_first[r]; i < s->row_first[r + 1]; i++) {
        uint32_t b = s->row_bundle[i].row;

        for (uint32_t u = s->bundle_rising[b]; u < s->bundle_rising[b + 1]; u++) {
            uint32_t gang = s->rising[u].gang;

            if (s->rising[u].stopped)
                continue;
            stop_unit(s, u, level, bound, r);
            if (gang == NONE_INDEX)
                continue;
            if (least_level(s, u) > level)
                hold_gang(s, gang, least_level(s, u));
            else
                stop_gang(s, gang, level, r);
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
        s->gang_top[gang] = min_w(s->gang_top[gang], s->unit[s->rising[u].unit].top_level);
        s->gang_next[u] = s->gang_first[gang];
        s->gang_first[gang] = u;
    }
}

/* The units that a candidate may stop. A gang's members may be stopped with others. Returns the highest level that
 * any of them can reach. */
static int64_t find_active(struct solver *s)
{
    int64_t top = 0;

    s->actives = 0;
    for (uint32_t u = 0; u < s->risings; u++) {
        const struct rising *rising = &s->rising[u];

        if (rising->stopped || s->near_first[rising->bundle] == s->near_first[rising->bundle + 1])
            continue;
        s->active[s->actives++] = u;
        top = max_w(top, s->unit[rising->unit].top_level);
    }
    return top;
}

/* ---- a window of levels ---- */

static bool row_before(const struct solver *s, uint32_t a, uint32_t b)
{
    return s->row[a].level != s->row[b].level ? s->row[a].level < s->row[b].level : a < b;
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

/* Sums up what all rows carry at the end of a window if nobody stops before; forgets who has stopped. */
static void sum_end(struct solver *s)
{
    uint32_t actives = 0;

    for (uint32_t i = 0; i < s->candidates; i++)
        s->row[s->candidate[i]].end_fine = 0;
    for (uint32_t i = 0; i < s->actives; i++) {
        struct rising *rising = &s->rising[s->active[i]];

        if (rising->stopped)
            continue;
        rising->end_fine = unit_load(s, rising, s->end_level).fine;
        count_end(s, rising);
        s->active[actives++] = s->active[i];
    }
    s->actives = actives;
}

/* Where a row would be full if its load rose in one line. */
static int64_t in_one_line(const struct row_state *row, int64_t start_level, int64_t end_level)
{
    double part =
        (double)(row->slack_fine - row->start_fine) / (double)(row->end_fine - row->start_fine);

    return start_level + (int64_t)(part * (double)(end_level - start_level));
}

/* The rows that are over-full at the end of the window, into the heap, each with a level at which it is surely not. */
static uint32_t open_window(struct solver *s, int64_t start_level)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < s->candidates; i++)
        s->row[s->candidate[i]].start_fine = start_level < 0 ? 0 : s->row[s->candidate[i]].end_fine;
    sum_end(s);
    for (uint32_t i = 0; i < s->candidates; i++) {
        uint32_t r = s->candidate[i];
        struct row_state *row = &s->row[r];
        int64_t guess = s->row_full[r];

        if (row->end_fine <= row->slack_fine)
            continue;
        if (guess <= start_level || guess >= s->end_level)
            guess = in_one_line(row, start_level, s->end_level);
        row->level = full_level(s, r, start_level, s->end_level, guess);
        row->fresh = true;
        s->heap[count++] = r;
    }
    for (uint32_t i = count / 2; i-- > 0;)
        sift(s, count, i);
    return count;
}

/* A turn fills a row, drops one, or brings the top one up to date; it stays so until another is filled. */
static void fill_window(struct solver *s, int64_t start_level)
{
    uint32_t count = open_window(s, start_level);

    while (count > 0) {
        uint32_t r = s->heap[0];
        struct row_state *row = &s->row[r];

        if (row->fresh && row->end_fine > row->slack_fine) {
            s->row_full[r] = row->level;
            stop_row(s, r, row->level, BOUND_ROW);
        }
        if (row->fresh || row->end_fine <= row->slack_fine) {
            s->heap[0] = s->heap[--count];
        } else {
            row->level = full_level(s, r, row->level - 1, s->end_level, row->level);
            row->fresh = true;
        }
        if (count > 0)
            sift(s, count, 0);
    }
}

/* What part of its greatest load a sample of the class takes at steps of the level. */
static void sample_loads(const struct solver *s, int64_t top, double part[STEPS + 1])
{
    uint32_t every = 1 + s->actives / SAMPLE;

    memset(part, 0, (STEPS + 1) * sizeof *part);
    for (int k = 1; k <= STEPS; k++) {
        int64_t level = top * k / STEPS;

        for (uint32_t i = 0; i < s->actives; i += every)
            part[k] += (double)unit_load(s, &s->rising[s->active[i]], level).fine;
    }
    for (int k = 1; k <= STEPS; k++)
        part[k] = part[STEPS] > 0 ? part[k] / part[STEPS] : 1;
}

/* How many rows seem to be full in each step of the level, if all load rises as the sample's does. */
static void guess_fills(const struct solver *s, int64_t top, uint32_t fills[STEPS])
{
    double part[STEPS + 1];

    sample_loads(s, top, part);
    memset(fills, 0, STEPS * sizeof *fills);
    for (uint32_t i = 0; i < s->candidates; i++) {
        double full = (double)s->slack_bp[s->candidate[i]] / s->row_most_bp[s->candidate[i]];
        int k = 0;

        while (k + 1 < STEPS && part[k + 1] <= full)
            k++;
        fills[k]++;
    }
}

/* Levels are gone through in windows with about as many rows that are full in each. */
static void level_rows(struct solver *s)
{
    uint32_t fills[STEPS] = {0};
    uint32_t enough = s->candidates / WINDOWS;
    uint32_t seen = 0;
    int64_t start = -1;
    int64_t top = 0;

    s->end_level = 0;
    for (uint32_t r = 0; r < s->rows; r++) {
        if (s->slack_bp[r] < 0)
            stop_row(s, r, 0, BOUND_MINIMUM);
    }
    top = find_active(s);
    if (enough >= WORTH_A_WINDOW)
        guess_fills(s, top, fills);
    for (int k = 0; k < STEPS && s->actives > 0; k++) {
        seen += fills[k];
        if (k + 1 < STEPS && seen <= enough)
            continue;
        s->end_level = top * (k + 1) / STEPS;
        fill_window(s, start);
        start = s->end_level;
        seen = 0;
    }
}

/* ---- whole watts ---- */

static int64_t rounded_w(const struct plan *plan, const struct problem_node *node, int64_t level)
{
    int64_t slope = 0;
    wide_int fine = plan_fine(plan, level, &slope);

    return plan_below_w(plan, node, node->min_w + (int64_t)(fine >> FINE_BITS));
}

/* Settles the caps of a unit's items and takes their watts. */
static void round_unit(struct solver *s, const struct rising *rising)
{
    const struct unit *unit = &s->unit[rising->unit];
    int64_t level = rising->level;
    int64_t more_w = 0;

    if (unit->gang != NONE_INDEX)
        level = min_w(level, s->gang_top[unit->gang]);
    for (uint32_t i = unit->first_item; i < unit->first_item + unit->items; i++) {
        struct item *item = &s->item[i];
        const struct plan *plan = solver_plan(s, item);
        const struct problem_node *node = solver_node(s, item);

        item->cap_w = level == LEVEL_TOP ? plan_top_w(plan) : rounded_w(plan, node, level);
        item->next_w = level == LEVEL_TOP ? item->cap_w : plan_next_w(plan, node, item->cap_w);
        item->going = item->count;
        item->shelf = NONE_INDEX;
        more_w += (item->cap_w - node->min_w) * item->count;
    }
    if (more_w > 0)
        solver_take(s, unit->bundle, more_w);
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

        if (enough_w >= item->cap_w)
            continue;
        solver_take(s, s->rising[u].bundle, enough_w - item->cap_w);
        item->cap_w = enough_w;
        item->next_w = plan_next_w(plan, node, enough_w);
    }
}

void fill_class(struct solver *s, int priority)
{
    solver_gather(s, priority);
    chain_gangs(s);
    level_rows(s);
    for (uint32_t u = 0; u < s->risings; u++) {
        struct rising *rising = &s->rising[u];

        if (!rising->stopped) {
            rising->level = LEVEL_TOP;
            s->unit[rising->unit].bound = BOUND_DEMAND;
            s->unit[rising->unit].bound_row = NONE_INDEX;
        }
        round_unit(s, rising);
    }
    for (uint32_t g = 0; g < s->gangs; g++)
        trim_gang(s, g);
}
