/* Grouping: the nodes of a bundle into units and items, again whenever one of them is told anew. */
#include "controller/solver.h"

#include <string.h>

enum { NODE_BITS = 24 }; /* in the keys that nodes are sorted by */

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

    return &s->slot_bucket[solver_mix(1, hash) >> 20 & (s->slot_buckets - 1)];
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

void solver_regroup(struct solver *s, enum objective objective)
{
    group_for(s, objective);
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
