/* Grouping: nodes into bundles once, bundles into units and items whenever a node of theirs is told anew. */
#include "controller/solver.h"

#include "model/rows.h"

#include <string.h>

enum { NODE_BITS = 24 }; /* in the keys that nodes are sorted by */

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

/* Next to each other, since every solve goes through them all. */
static void copy_shares(struct solver *s, struct arena *arena)
{
    uint32_t shares = 0;
    struct row_share *copy = NULL;

    for (uint32_t b = 0; b < s->bundles; b++)
        shares += s->bundle[b].shares;
    copy = arena_array(arena, shares, struct row_share);
    shares = 0;
    for (uint32_t b = 0; b < s->bundles; b++) {
        struct bundle *bundle = &s->bundle[b];

        for (uint32_t i = 0; i < bundle->shares; i++)
            copy[shares + i] = s->share[bundle->first_share + i];
        bundle->first_share = shares;
        shares += bundle->shares;
    }
    s->share = copy;
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
    copy_shares(s, arena);
    index_rows(s, arena);
    find_twins(s, arena);
    take_slots(s, corners, arena);
    s->node = arena_array(arena, p->nodes, struct problem_node);
    s->node_plan = arena_array(arena, p->nodes, uint32_t);
    s->order = arena_array(arena, p->nodes, uint32_t);
    s->sort_key = arena_array(arena, p->nodes, uint64_t);
    s->sort_scratch = arena_array(arena, p->nodes, uint64_t);
    s->item = arena_array(arena, p->nodes, struct item);
    s->portion = arena_array(arena, p->nodes, struct portion);
    s->unit = arena_array(arena, p->nodes, struct unit);
    s->gang_class = arena_array(arena, s->gangs, uint8_t);
    s->limit_w = arena_array(arena, p->rows, int64_t);
    s->least_bp = arena_array(arena, p->rows, int64_t);
    s->slack_bp = arena_array(arena, p->rows, int64_t);
    s->row = arena_array(arena, p->rows, struct row_state);
    s->row_full = arena_array(arena, p->rows, int64_t);
    s->row_most_bp = arena_array(arena, p->rows, double);
    s->row_near = arena_array(arena, p->rows, bool);
    s->candidate = arena_array(arena, p->rows, uint32_t);
    s->near = arena_array(arena, s->row_first[p->rows], struct row_share);
    s->near_first = arena_array(arena, s->bundles + 1, uint32_t);
    s->active = arena_array(arena, p->nodes, uint32_t);
    s->rising = arena_array(arena, p->nodes, struct rising);
    s->bundle_rising = arena_array(arena, s->bundles + 1, uint32_t);
    s->heap = arena_array(arena, p->rows > p->nodes ? p->rows : p->nodes, uint32_t);
    s->gang_top = arena_array(arena, s->gangs, int64_t);
    s->gang_first = arena_array(arena, s->gangs, uint32_t);
    s->gang_next = arena_array(arena, p->nodes, uint32_t);
    s->gang_raised = arena_array(arena, p->nodes, uint32_t);
    s->gang_back_w = arena_array(arena, p->nodes, int64_t);
    s->shelf = arena_array(arena, p->nodes, struct shelf);
    s->place = arena_array(arena, p->nodes, struct place);
    s->place_scratch = arena_array(arena, p->nodes, struct place);
    s->piece = arena_array(arena, p->nodes, uint32_t);
    for (uint32_t b = 0; b < s->bundles; b++)
        s->near_first[b] = s->bundle[b].first; /* not yet needed for what it is for */
    for (uint32_t n = 0; n < p->nodes; n++) {
        s->node[n] = (struct problem_node){.fixed = true, .gang = NONE_INDEX};
        s->node_plan[n] = NONE_INDEX;
        s->order[s->near_first[s->node_bundle[n]]++] = n;
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
    /* Odd factors that have nothing to do with each other; independent, so that they go on side by side. */
    uint64_t hash = (uint64_t)node->min_w * UINT64_C(0x9e3779b97f4a7c15) ^
                    (uint64_t)node->max_w * UINT64_C(0xbf58476d1ce4e5b9) ^
                    (uint64_t)node->step_w * UINT64_C(0x94d049bb133111eb) ^
                    (uint64_t)(uintptr_t)node->settable_w * UINT64_C(0xd6e8feb86659fd93) ^
                    (uint64_t)(uintptr_t)node->curve * UINT64_C(0xff51afd7ed558ccd) ^
                    node->weight * UINT64_C(0xc4ceb9fe1a85ec53);

    return &s->slot_bucket[mix(1, hash) >> 20 & (s->slot_buckets - 1)];
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
        slot->looked_up = -1;
        slot->stretch = (struct stretch){0};
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

/* Nodes in the order of their groups: by class, in it those in no gang by plan, the others by gang; fixed ones last. A
 * gang's nodes are units by themselves, so by number: a plan's number depends on who came before. */
static uint64_t key_of(const struct solver *s, uint32_t n)
{
    const struct problem_node *node = &s->node[n];
    bool gang = node->gang != NONE_INDEX;

    if (node->fixed)
        return ~UINT64_C(0) << NODE_BITS | n;
    return ((uint64_t)class_of(s, n) << 32 | (uint64_t)gang << 31 |
            (gang ? node->gang : s->node_plan[n]))
               << NODE_BITS |
           n;
}

static bool same_group(const struct solver *s, uint32_t m, uint32_t n)
{
    return !s->single && s->node[m].gang == NONE_INDEX && s->node[n].gang == NONE_INDEX &&
           s->node_plan[m] == s->node_plan[n] && class_of(s, m) == class_of(s, n);
}

/* Merges runs of growing size to and fro. */
static void sort_nodes(struct solver *s, uint32_t *order, uint32_t count)
{
    uint64_t *from = s->sort_key;
    uint64_t *to = s->sort_scratch;

    for (uint32_t i = 0; i < count; i++)
        from[i] = key_of(s, order[i]);
    for (uint32_t run = 1; run < count; run *= 2) {
        uint64_t *merged = to;

        for (uint32_t low = 0; low < count; low += 2 * run) {
            uint32_t middle = count - low < run ? count : low + run;
            uint32_t high = count - low < 2 * run ? count : low + 2 * run;
            uint32_t a = low;
            uint32_t b = middle;

            for (uint32_t i = low; i < high; i++) {
                bool left = b == high || (a < middle && from[a] < from[b]);

                to[i] = left ? from[a] : from[b];
                a += left;
                b += !left;
            }
        }
        to = from;
        from = merged;
    }
    for (uint32_t i = 0; i < count; i++)
        order[i] = (uint32_t)(from[i] & ((UINT64_C(1) << NODE_BITS) - 1));
}

/* One item and, where a class or gang begins, one unit for each run of equals. */
static void cut(struct solver *s, uint32_t b)
{
    struct bundle *bundle = &s->bundle[b];
    uint32_t items = bundle->first;
    uint32_t unit = NONE_INDEX;
    const struct plan *plan = NULL;

    for (uint32_t i = bundle->first; i < bundle->first + bundle->nodes; i++) {
        uint32_t n = s->order[i];
        bool gang = s->node[n].gang != NONE_INDEX;

        if (s->node[n].fixed)
            break;
        plan = &s->slot[s->node_plan[n]].plan;
        bundle->least_w += s->node[n].min_w;
        s->class_nodes[class_of(s, n)]++;
        if (i > bundle->first && same_group(s, s->order[i - 1], n)) {
            s->item[items - 1].count++;
            s->portion[items - 1].nodes++;
            s->unit[unit].most_w += plan_top_w(plan) - s->node[n].min_w;
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
        s->unit[unit].most_w += plan_top_w(plan) - s->node[n].min_w;
        s->unit[unit].top_level = max_w(s->unit[unit].top_level, plan_top_level(plan));
        s->portion[items] = (struct portion){s->node_plan[n], 1};
        s->item[items++] = (struct item){
            .first = i, .count = 1, .plan = s->node_plan[n], .unit = unit, .shelf = NONE_INDEX};
    }
}

static void add_least(struct solver *s, const struct bundle *bundle, int64_t watts)
{
    const struct row_share *share = &s->share[bundle->first_share];

    for (uint32_t i = 0; i < bundle->shares; i++)
        s->least_bp[share[i].row] += (int64_t)share[i].coefficient_bp * watts;
}

static void group(struct solver *s, uint32_t b)
{
    struct bundle *bundle = &s->bundle[b];
    int64_t former_w = bundle->least_w;

    for (uint32_t u = bundle->first; u < bundle->first + bundle->units; u++) {
        for (uint32_t i = 0; i < s->unit[u].items; i++)
            s->class_nodes[s->unit[u].priority_class] -= s->item[s->unit[u].first_item + i].count;
    }
    bundle->units = 0;
    bundle->least_w = 0;
    bundle->dirty = false;
    sort_nodes(s, &s->order[bundle->first], bundle->nodes);
    cut(s, b);
    add_least(s, bundle, bundle->least_w - former_w);
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
    if (!s->any_dirty)
        return;
    if (s->gang_told)
        class_gangs(s);
    for (uint32_t b = 0; b < s->bundles; b++) {
        if (s->bundle[b].dirty)
            group(s, b);
    }
    s->any_dirty = false;
}

/* ---- a run ---- */

static void begin(struct solver *s, const int64_t limit_w[])
{
    for (uint32_t r = 0; r < s->rows; r++)
        s->slack_bp[r] = limit_w[r] * SHARE_WHOLE_BP - s->least_bp[r];
    s->shelves = 0;
}

/* Rows that the class can't overfill learn what it took. */
static void end_class(struct solver *s)
{
    for (uint32_t u = 0; u < s->risings; u++) {
        struct bundle *bundle = &s->bundle[s->rising[u].bundle];
        const struct row_share *share = &s->share[bundle->first_share];

        for (uint32_t i = 0; bundle->taken_w != 0 && i < bundle->shares; i++) {
            if (!s->row_near[share[i].row])
                s->slack_bp[share[i].row] -= (int64_t)share[i].coefficient_bp * bundle->taken_w;
        }
        bundle->taken_w = 0;
    }
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
        end_class(s);
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
