/* Grouping: nodes into bundles once, bundles into units and items whenever a node of theirs is told anew. */
#include "controller/solver.h"

#include "model/rows.h"

#include <string.h>

/* ---- creation ---- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

static uint32_t power_of_two(uint32_t least)
{
    uint32_t size = 1;

    while (size < least && size < UINT32_C(1) << 31)
        size *= 2;
    return size;
}

static bool same_shares(const struct problem *p, uint32_t m, uint32_t n)
{
    uint32_t shares = p->first[m + 1] - p->first[m];

    return p->first[n + 1] - p->first[n] == shares &&
           memcmp(&p->share[p->first[m]], &p->share[p->first[n]], shares * sizeof *p->share) == 0;
}

static uint64_t hash_shares(const struct problem *p, uint32_t n)
{
    uint64_t hash = 1;

    for (uint32_t i = p->first[n]; i < p->first[n + 1]; i++)
        hash = mix(hash, (uint64_t)p->share[i].row << 32 | p->share[i].coefficient_bp);
    return hash;
}

/* Nodes with the same shares share a bundle; bundles are numbered by their first node. */
static void find_bundles(struct solver *s, const struct problem *p, struct arena *arena)
{
    uint32_t buckets = power_of_two(2 * p->nodes + 1);
    uint32_t *node_bundle = arena_array(arena, p->nodes, uint32_t);
    uint32_t *head =
        arena_array(arena, buckets, uint32_t); /* first node of a bundle + 1; 0: empty */

    s->bundle = arena_array(arena, p->nodes, struct bundle);
    for (uint32_t n = 0; n < p->nodes; n++) {
        uint32_t at = (uint32_t)(hash_shares(p, n) & (buckets - 1));

        while (head[at] != 0 && !same_shares(p, head[at] - 1, n))
            at = (at + 1) & (buckets - 1);
        if (head[at] == 0) {
            head[at] = n + 1;
            node_bundle[n] = s->bundles;
            s->bundle[s->bundles++] = (struct bundle){.first_share = p->first[n],
                                                      .shares = p->first[n + 1] - p->first[n]};
        } else {
            node_bundle[n] = node_bundle[head[at] - 1];
        }
        s->bundle[node_bundle[n]].nodes++;
    }
    s->node_bundle = node_bundle;
    for (uint32_t b = 1; b < s->bundles; b++)
        s->bundle[b].first = s->bundle[b - 1].first + s->bundle[b - 1].nodes;
}

static void index_rows(struct solver *s, struct arena *arena)
{
    uint32_t *first = arena_array(arena, s->rows + 2, uint32_t);
    struct row_share *row_bundle = NULL;

    for (uint32_t b = 0; b < s->bundles; b++) {
        for (uint32_t i = 0; i < s->bundle[b].shares; i++)
            first[s->share[s->bundle[b].first_share + i].row + 2]++;
    }
    for (uint32_t r = 0; r < s->rows; r++)
        first[r + 2] += first[r + 1];
    row_bundle = arena_array(arena, first[s->rows + 1], struct row_share);
    /* first[r + 1] is where the next of row r goes; in the end it is where row r ends. */
    for (uint32_t b = 0; b < s->bundles; b++) {
        const struct row_share *share = &s->share[s->bundle[b].first_share];

        for (uint32_t i = 0; i < s->bundle[b].shares; i++)
            row_bundle[first[share[i].row + 1]++] = (struct row_share){b, share[i].coefficient_bp};
    }
    s->row_first = first;
    s->row_bundle = row_bundle;
}

/* The greatest coefficient of row a over that of row b among their bundles, which are the same. */
static struct twin twin_of(const struct solver *s, uint32_t a, uint32_t b)
{
    struct twin twin = {.other = b, .num = 0, .den = 1};

    for (uint32_t i = 0; i < s->row_first[a + 1] - s->row_first[a]; i++) {
        uint64_t num = s->row_bundle[s->row_first[a] + i].coefficient_bp;
        uint64_t den = s->row_bundle[s->row_first[b] + i].coefficient_bp;

        if (num * twin.den > den * twin.num) {
            twin.num = (uint32_t)num;
            twin.den = (uint32_t)den;
        }
    }
    return twin;
}

static bool same_bundles(const struct solver *s, uint32_t a, uint32_t b)
{
    uint32_t count = s->row_first[a + 1] - s->row_first[a];

    if (count == 0 || s->row_first[b + 1] - s->row_first[b] != count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (s->row_bundle[s->row_first[a] + i].row != s->row_bundle[s->row_first[b] + i].row)
            return false;
    }
    return true;
}

/* Twins of a row are among the rows of its first bundle. */
static void find_twins(struct solver *s, struct arena *arena)
{
    uint32_t *first = arena_array(arena, s->rows + 1, uint32_t);
    struct twin *twin = NULL;

    for (int pass = 0; pass < 2; pass++) { /* count, then fill in */
        uint32_t twins = 0;

        for (uint32_t r = 0; r < s->rows; r++) {
            const struct bundle *bundle = NULL;

            first[r] = twins;
            if (s->row_first[r] == s->row_first[r + 1])
                continue;
            bundle = &s->bundle[s->row_bundle[s->row_first[r]].row];
            for (uint32_t i = 0; i < bundle->shares; i++) {
                uint32_t other = s->share[bundle->first_share + i].row;

                if (other == r || !same_bundles(s, r, other))
                    continue;
                if (twin != NULL)
                    twin[twins] = twin_of(s, r, other);
                twins++;
            }
        }
        first[s->rows] = twins;
        if (twin == NULL)
            twin = arena_array(arena, twins + 1, struct twin);
    }
    s->twin_first = first;
    s->twin = twin;
}

static void take_slots(struct solver *s, uint32_t corners, struct arena *arena)
{
    struct plan_corner *corner =
        arena_array(arena, ((size_t)s->nodes + 1) * corners, struct plan_corner);

    s->slot = arena_array(arena, s->nodes + 1, struct plan_slot);
    s->slot_buckets = power_of_two(s->nodes + 1);
    s->slot_bucket = arena_array(arena, s->slot_buckets, uint32_t);
    for (uint32_t i = 0; i < s->slot_buckets; i++)
        s->slot_bucket[i] = NONE_INDEX;
    for (uint32_t i = 0; i <= s->nodes; i++) {
        s->slot[i].corner = &corner[(size_t)i * corners];
        s->slot[i].next = i < s->nodes ? i + 1 : NONE_INDEX;
    }
}

/* Twice what all corners need, so that bundles have room to grow; a page that is never touched costs nothing. */
static void take_bends(struct solver *s, uint32_t corners, struct arena *arena)
{
    s->bend_room = 2 * s->nodes * corners;
    s->bend_level = arena_array(arena, s->bend_room, int64_t);
    s->bend = arena_array(arena, s->bend_room, struct bend);
    s->change = arena_array(arena, (size_t)s->nodes * corners, struct change);
    s->change_scratch = arena_array(arena, (size_t)s->nodes * corners, struct change);
}

struct solver *solver_create(const struct problem *p, struct arena *arena)
{
    struct solver *s = arena_array(arena, 1, struct solver);
    uint32_t corners = plan_corners_max(NULL);

    *s = (struct solver){.rows = p->rows, .nodes = p->nodes, .share = p->share};
    for (uint32_t n = 0; n < p->nodes; n++) {
        if (p->node[n].gang != NONE_INDEX && p->node[n].gang >= s->gangs)
            s->gangs = p->node[n].gang + 1;
        if (plan_corners_max(p->node[n].curve) > corners)
            corners = plan_corners_max(p->node[n].curve);
    }
    find_bundles(s, p, arena);
    index_rows(s, arena);
    find_twins(s, arena);
    take_slots(s, corners, arena);
    take_bends(s, corners, arena);
    s->node = arena_array(arena, p->nodes, struct problem_node);
    s->node_plan = arena_array(arena, p->nodes, uint32_t);
    s->order = arena_array(arena, p->nodes, uint32_t);
    s->scratch = arena_array(arena, p->nodes, uint32_t);
    s->item = arena_array(arena, p->nodes, struct item);
    s->unit = arena_array(arena, p->nodes, struct unit);
    s->gang_class = arena_array(arena, s->gangs, uint8_t);
    s->limit_w = arena_array(arena, p->rows, int64_t);
    s->slack_bp = arena_array(arena, p->rows, int64_t);
    s->slack_fine = arena_array(arena, p->rows, wide_int);
    s->reach_fine = arena_array(arena, p->rows, wide_int);
    s->row_level = arena_array(arena, p->rows, int64_t);
    s->row_fresh = arena_array(arena, p->rows, bool);
    s->row_alive = arena_array(arena, p->rows, bool);
    s->rising = arena_array(arena, p->nodes, struct rising);
    s->bundle_rising = arena_array(arena, s->bundles + 1, uint32_t);
    s->heap = arena_array(arena, p->rows > p->nodes ? p->rows : p->nodes, uint32_t);
    s->gang_top = arena_array(arena, s->gangs, int64_t);
    s->gang_first = arena_array(arena, s->gangs, uint32_t);
    s->gang_next = arena_array(arena, p->nodes, uint32_t);
    s->gang_raised = arena_array(arena, p->nodes, uint32_t);
    s->gang_back_w = arena_array(arena, p->nodes, int64_t);
    s->shelf = arena_array(arena, p->nodes, struct shelf);
    s->key_level = arena_array(arena, p->nodes, int64_t);
    s->key_next = arena_array(arena, p->nodes, int64_t);
    for (uint32_t b = 0; b < s->bundles; b++)
        s->scratch[b] = s->bundle[b].first; /* there are no more bundles than nodes */
    for (uint32_t n = 0; n < p->nodes; n++) {
        s->node[n] = (struct problem_node){.fixed = true, .gang = NONE_INDEX};
        s->node_plan[n] = NONE_INDEX;
        s->order[s->scratch[s->node_bundle[n]]++] = n;
    }
    return s;
}

/* ---- plans, one for all nodes that are alike ---- */

static bool planned_alike(const struct problem_node *a, const struct problem_node *b)
{
    return a->min_w == b->min_w && a->max_w == b->max_w && a->step_w == b->step_w &&
           a->settable_w == b->settable_w && a->settables == b->settables && a->curve == b->curve &&
           a->weight == b->weight;
}

static uint32_t *plan_bucket(struct solver *s, const struct problem_node *node)
{
    uint64_t hash = mix(1, (uint64_t)node->min_w);

    hash = mix(hash, (uint64_t)node->max_w);
    hash = mix(hash, (uint64_t)node->step_w);
    hash = mix(hash, (uint64_t)(uintptr_t)node->settable_w);
    hash = mix(hash, (uint64_t)(uintptr_t)node->curve);
    return &s->slot_bucket[mix(hash, node->weight) & (s->slot_buckets - 1)];
}

static uint32_t take_plan(struct solver *s, const struct problem_node *node)
{
    uint32_t *bucket = plan_bucket(s, node);
    uint32_t at = *bucket;

    while (at != NONE_INDEX && !planned_alike(&s->slot[at].node, node))
        at = s->slot[at].next;
    if (at == NONE_INDEX) {
        struct plan_slot *slot = &s->slot[s->free_slot];

        at = s->free_slot;
        s->free_slot = slot->next;
        slot->next = *bucket;
        *bucket = at;
        slot->node = *node;
        slot->users = 0;
        slot->plan = plan_make(node, slot->corner);
    }
    s->slot[at].users++;
    return at;
}

static void drop_plan(struct solver *s, uint32_t plan)
{
    uint32_t *link = plan_bucket(s, &s->slot[plan].node);

    if (--s->slot[plan].users > 0)
        return;
    while (*link != plan)
        link = &s->slot[*link].next;
    *link = s->slot[plan].next;
    s->slot[plan].next = s->free_slot;
    s->free_slot = plan;
}

void solver_tell(struct solver *s, uint32_t n, const struct problem_node *node)
{
    struct problem_node *mine = &s->node[n];
    uint32_t former = s->node_plan[n];

    if (mine->fixed == node->fixed &&
        (node->fixed || (planned_alike(mine, node) && mine->gang == node->gang &&
                         mine->priority_class == node->priority_class)))
        return;
    s->gang_told = s->gang_told || mine->gang != NONE_INDEX || node->gang != NONE_INDEX;
    *mine = *node;
    /* The new one is taken first: the old one's slot may hold it. */
    s->node_plan[n] = node->fixed ? NONE_INDEX : take_plan(s, node);
    if (former != NONE_INDEX)
        drop_plan(s, former);
    s->bundle[s->node_bundle[n]].dirty = true;
    s->any_dirty = true;
}

/* ---- grouping a bundle ---- */

static uint8_t class_of(const struct solver *s, uint32_t n)
{
    uint32_t gang = s->node[n].gang;

    return gang == NONE_INDEX ? s->node[n].priority_class : s->gang_class[gang];
}

/* Fixed nodes last, the others by class, gang (those in none first) and plan. 0: they belong to one item. */
static int compare_groups(const struct solver *s, uint32_t m, uint32_t n)
{
    const struct problem_node *a = &s->node[m];
    const struct problem_node *b = &s->node[n];

    if (a->fixed || b->fixed)
        return a->fixed - b->fixed;
    if (class_of(s, m) != class_of(s, n))
        return class_of(s, m) < class_of(s, n) ? -1 : 1;
    if (a->gang != b->gang)
        return a->gang > b->gang ? -1 : 1; /* NONE_INDEX is the greatest number */
    if (a->gang != NONE_INDEX) /* units by themselves; a plan's number depends on who came before */
        return m < n ? -1 : 1;
    if (s->node_plan[m] != s->node_plan[n])
        return s->node_plan[m] < s->node_plan[n] ? -1 : 1;
    return 0;
}

static bool in_order(const struct solver *s, uint32_t m, uint32_t n)
{
    int order = compare_groups(s, m, n);

    return order != 0 ? order < 0 : m < n;
}

/* Merges runs of growing size to and fro between the bundle's places in `order` and `scratch`. */
static void sort_nodes(struct solver *s, uint32_t *order, uint32_t *scratch, uint32_t count)
{
    for (uint32_t run = 1; run < count; run *= 2) {
        for (uint32_t low = 0; low < count; low += 2 * run) {
            uint32_t middle = count - low < run ? count : low + run;
            uint32_t high = count - low < 2 * run ? count : low + 2 * run;
            uint32_t a = low;
            uint32_t b = middle;

            for (uint32_t i = low; i < high; i++) {
                bool left = a < middle && (b == high || in_order(s, order[a], order[b]));

                scratch[i] = left ? order[a++] : order[b++];
            }
        }
        memcpy(order, scratch, count * sizeof *order);
    }
}

/* One item and, where a class or gang begins, one unit for each run of equals. */
static void cut(struct solver *s, uint32_t b)
{
    struct bundle *bundle = &s->bundle[b];
    uint32_t items = bundle->first;
    uint32_t unit = NONE_INDEX;

    for (uint32_t i = bundle->first; i < bundle->first + bundle->nodes; i++) {
        uint32_t n = s->order[i];
        bool gang = s->node[n].gang != NONE_INDEX;

        if (s->node[n].fixed)
            break;
        bundle->least_w += s->node[n].min_w;
        s->class_nodes[class_of(s, n)]++;
        if (i > bundle->first && !gang && !s->single &&
            compare_groups(s, s->order[i - 1], n) == 0) {
            s->item[items - 1].count++;
            continue;
        }
        if (unit == NONE_INDEX || gang || s->unit[unit].gang != NONE_INDEX ||
            s->unit[unit].priority_class != class_of(s, n)) {
            unit = bundle->first + bundle->units++;
            s->unit[unit] = (struct unit){.bundle = b,
                                          .first_item = items,
                                          .gang = s->node[n].gang,
                                          .priority_class = class_of(s, n)};
        }
        s->unit[unit].items++;
        s->item[items++] = (struct item){
            .first = i, .count = 1, .plan = s->node_plan[n], .unit = unit, .shelf = NONE_INDEX};
    }
}

/* By level; a stable merge, though the sums below do not depend on the order of equals. */
static void sort_changes(struct change *change, struct change *scratch, uint32_t count)
{
    for (uint32_t run = 1; run < count; run *= 2) {
        for (uint32_t low = 0; low < count; low += 2 * run) {
            uint32_t middle = count - low < run ? count : low + run;
            uint32_t high = count - low < 2 * run ? count : low + 2 * run;
            uint32_t a = low;
            uint32_t b = middle;

            for (uint32_t i = low; i < high; i++) {
                bool left = a < middle && (b == high || change[a].level <= change[b].level);

                scratch[i] = left ? change[a++] : change[b++];
            }
        }
        memcpy(change, scratch, count * sizeof *change);
    }
}

/* The corners of the plans of a unit's items, in order of level; returns how many. */
static uint32_t list_changes(struct solver *s, const struct unit *unit)
{
    uint32_t count = 0;

    for (uint32_t i = unit->first_item; i < unit->first_item + unit->items; i++) {
        const struct plan *plan = solver_plan(s, &s->item[i]);
        const struct plan_corner *corner = plan->corner;
        wide_int nodes = s->item[i].count;

        s->change[count++] = (struct change){corner[0].level, 0, corner[0].slope * nodes};
        for (uint32_t k = 1; k < plan->corners; k++) {
            wide_int whole = (wide_int)(corner[k].cap_w - corner[k - 1].cap_w) * FINE_PER_W;
            wide_int linear =
                (wide_int)corner[k - 1].slope * (corner[k].level - corner[k - 1].level);

            s->change[count++] = (struct change){corner[k].level, (whole - linear) * nodes,
                                                 (corner[k].slope - corner[k - 1].slope) * nodes};
        }
    }
    sort_changes(s->change, s->change_scratch, count);
    return count;
}

/* Sums the changes up from the lowest, at place `first`; returns how many bends that makes. */
static uint32_t bend_unit(struct solver *s, struct unit *unit, uint32_t first)
{
    uint32_t changes = list_changes(s, unit);
    struct bend now = {0, 0};
    int64_t level = 0;
    uint32_t bends = 0;

    for (uint32_t i = 0; i < changes; i++) {
        const struct change *change = &s->change[i];

        now.fine += now.slope * (change->level - level) + change->fine;
        now.slope += change->slope;
        level = change->level;
        bends -= bends > 0 && s->bend_level[first + bends - 1] == level;
        s->bend_level[first + bends] = level;
        s->bend[first + bends++] = now;
    }
    unit->first_bend = first;
    unit->bends = bends;
    return bends;
}

static uint32_t corners_of(const struct solver *s, const struct bundle *bundle)
{
    uint32_t corners = 0;

    for (uint32_t u = bundle->first; u < bundle->first + bundle->units; u++) {
        for (uint32_t i = 0; i < s->unit[u].items; i++)
            corners += solver_plan(s, &s->item[s->unit[u].first_item + i])->corners;
    }
    return corners;
}

static void bend_bundle(struct solver *s, struct bundle *bundle)
{
    uint32_t at = bundle->first_bend;

    for (uint32_t u = bundle->first; u < bundle->first + bundle->units; u++)
        at += bend_unit(s, &s->unit[u], at);
}

/* Gives every bundle room for what it needs now and half as much again. */
static void bend_all(struct solver *s)
{
    s->bends = 0;
    for (uint32_t b = 0; b < s->bundles; b++) {
        struct bundle *bundle = &s->bundle[b];
        uint32_t corners = corners_of(s, bundle);

        bundle->first_bend = s->bends;
        bundle->bend_room = corners + corners / 2;
        s->bends += bundle->bend_room;
        bend_bundle(s, bundle);
    }
}

static void group(struct solver *s, uint32_t b)
{
    struct bundle *bundle = &s->bundle[b];

    for (uint32_t u = bundle->first; u < bundle->first + bundle->units; u++) {
        for (uint32_t i = 0; i < s->unit[u].items; i++)
            s->class_nodes[s->unit[u].priority_class] -= s->item[s->unit[u].first_item + i].count;
    }
    bundle->units = 0;
    bundle->least_w = 0;
    bundle->dirty = false;
    sort_nodes(s, &s->order[bundle->first], &s->scratch[bundle->first], bundle->nodes);
    cut(s, b);
}

/* A gang is served with its most important member. */
static void class_gangs(struct solver *s)
{
    memset(s->gang_class, CLASSES - 1, s->gangs);
    for (uint32_t n = 0; n < s->nodes; n++) {
        const struct problem_node *node = &s->node[n];

        if (node->fixed || node->gang == NONE_INDEX)
            continue;
        if (node->priority_class < s->gang_class[node->gang])
            s->gang_class[node->gang] = node->priority_class;
        s->bundle[s->node_bundle[n]].dirty = true;
    }
    s->gang_told = false;
}

/* By slope, of two equal nodes one may end at another piece than the other. */
static void group_for(struct solver *s, enum objective objective)
{
    bool single = objective == OBJECTIVE_THROUGHPUT;

    for (uint32_t b = 0; s->single != single && b < s->bundles; b++)
        s->bundle[b].dirty = true;
    s->any_dirty = s->any_dirty || s->single != single;
    s->single = single;
}

static void regroup(struct solver *s)
{
    bool crowded = false;

    if (!s->any_dirty)
        return;
    if (s->gang_told)
        class_gangs(s);
    for (uint32_t b = 0; b < s->bundles; b++) {
        struct bundle *bundle = &s->bundle[b];

        if (!bundle->dirty)
            continue;
        group(s, b);
        crowded = crowded || corners_of(s, bundle) > bundle->bend_room;
        if (!crowded)
            bend_bundle(s, bundle);
    }
    if (crowded)
        bend_all(s);
    s->any_dirty = false;
}

/* ---- a run ---- */

void solver_gather(struct solver *s, int priority)
{
    s->risings = 0;
    for (uint32_t b = 0; b < s->bundles; b++) {
        uint32_t end = s->bundle[b].first + s->bundle[b].units;

        s->bundle_rising[b] = s->risings;
        for (uint32_t u = s->bundle[b].first; u < end; u++) {
            const struct unit *unit = &s->unit[u];

            if (unit->priority_class == priority)
                s->rising[s->risings++] =
                    (struct rising){u, unit->first_bend, unit->bends, unit->gang, false, 0};
        }
    }
    s->bundle_rising[s->bundles] = s->risings;
}

static void begin(struct solver *s, const int64_t limit_w[])
{
    for (uint32_t r = 0; r < s->rows; r++)
        s->slack_bp[r] = limit_w[r] * SHARE_WHOLE_BP;
    for (uint32_t b = 0; b < s->bundles; b++)
        solver_take(s, &s->bundle[b], s->bundle[b].least_w);
    s->shelves = 0;
}

/* What kept this node's cap from being higher, now that all is handed out. */
static struct node_answer answer_of(const struct solver *s, const struct item *item, int64_t cap_w)
{
    const struct unit *unit = &s->unit[item->unit];

    if (cap_w >= plan_top_w(solver_plan(s, item)))
        return (struct node_answer){cap_w, BOUND_DEMAND, NONE_INDEX};
    if (unit->bound == BOUND_DEMAND && unit->gang != NONE_INDEX)
        return (struct node_answer){cap_w, BOUND_GANG, NONE_INDEX};
    return (struct node_answer){cap_w, unit->bound, unit->bound_row};
}

/* The nodes that went furthest in the hand-out stand first; behind them the shelves, newest to oldest. */
static void answer_item(const struct solver *s, const struct item *item,
                        struct node_answer answer[])
{
    uint32_t shelf = item->shelf;
    struct node_answer same = answer_of(s, item, item->cap_w);

    for (uint32_t i = 0; i < item->count; i++) {
        while (shelf != NONE_INDEX && i >= s->shelf[shelf].from) {
            same = answer_of(s, item, s->shelf[shelf].cap_w);
            shelf = s->shelf[shelf].next;
        }
        answer[s->order[item->first + i]] = same;
    }
}

static void give_answers(const struct solver *s, const int64_t limit_w[],
                         struct node_answer answer[], int64_t used_w[])
{
    for (uint32_t n = 0; n < s->nodes; n++) {
        if (s->node[n].fixed)
            answer[n] = (struct node_answer){0, BOUND_UNCONTROLLED, NONE_INDEX};
    }
    for (uint32_t b = 0; b < s->bundles; b++) {
        for (uint32_t u = s->bundle[b].first; u < s->bundle[b].first + s->bundle[b].units; u++) {
            for (uint32_t i = 0; i < s->unit[u].items; i++)
                answer_item(s, &s->item[s->unit[u].first_item + i], answer);
        }
    }
    for (uint32_t r = 0; r < s->rows; r++)
        used_w[r] = share_up_w(1, limit_w[r] * SHARE_WHOLE_BP - s->slack_bp[r]);
}

/* Whether this run is the former one again; remembers it. */
static bool as_before(struct solver *s, const int64_t limit_w[], enum objective objective)
{
    size_t size = s->rows * sizeof *limit_w;
    bool same = s->solved && !s->any_dirty && s->objective == objective &&
                memcmp(s->limit_w, limit_w, size) == 0;

    s->solved = true;
    s->objective = objective;
    if (!same)
        memcpy(s->limit_w, limit_w, size);
    return same;
}

bool solver_go(struct solver *s, const int64_t limit_w[], enum objective objective,
               struct node_answer answer[], int64_t used_w[])
{
    if (as_before(s, limit_w, objective))
        return false;
    group_for(s, objective);
    regroup(s);
    begin(s, limit_w);
    for (int priority = 0; priority < CLASSES; priority++) {
        if (s->class_nodes[priority] == 0)
            continue;
        if (objective == OBJECTIVE_MAX_MIN)
            fill_class(s, priority);
        else
            greedy_class(s, priority);
        hand_out_class(s, objective);
    }
    give_answers(s, limit_w, answer, used_w);
    return true;
}

void solver_run(struct solver *s, const struct problem *p, enum objective objective,
                struct node_answer answer[], int64_t used_w[])
{
    for (uint32_t n = 0; n < p->nodes; n++)
        solver_tell(s, n, &p->node[n]);
    s->solved = false; /* these answers may be another's */
    solver_go(s, p->limit_w, objective, answer, used_w);
}

bool solver_can(const struct solver *s, const struct problem *p, enum objective objective,
                struct obstacle *obstacle)
{
    return objective == OBJECTIVE_MAX_MIN || greedy_can(s, p, obstacle);
}

const int64_t *solver_slack_bp(const struct solver *s) { return s->slack_bp; }
