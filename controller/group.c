/* Grouping: the nodes of a bundle into units and items, again whenever one of them is told anew. */
#include "controller/solver.h"

#include <string.h>

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
        slot->stamp = 0;
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

static uint32_t new_unit(struct solver *s, uint32_t b, uint32_t gang, uint8_t class, uint32_t place)
{
    struct bundle *bundle = &s->bundle[b];
    uint32_t unit = bundle->first + bundle->units++;

    s->unit[unit] =
        (struct unit){.bundle = b, .first_item = place, .gang = gang, .priority_class = class};
    return unit;
}

static void new_item(struct solver *s, uint32_t at, uint32_t unit, uint32_t plan)
{
    s->unit[unit].items++;
    s->unit[unit].top_level = max_w(s->unit[unit].top_level, plan_top_level(&s->slot[plan].plan));
    s->portion[at] = (struct portion){plan, 0};
    s->item[at] = (struct item){.plan = plan, .unit = unit, .shelf = NONE_INDEX};
}

static void count_node(struct solver *s, struct unit *unit, uint32_t item, uint32_t n)
{
    s->item[item].count++;
    s->portion[item].nodes++;
    unit->most_w += plan_top_w(&s->slot[s->node_plan[n]].plan) - s->node[n].min_w;
}

/* The nodes of a class that are in no gang: one unit, with an item for each plan, in the order of their first nodes.
 * Returns the next free place. */
static uint32_t group_plans(struct solver *s, uint32_t b, const uint32_t *node, uint32_t count,
                            uint32_t place)
{
    uint32_t unit = NONE_INDEX;
    uint32_t items = place;

    s->stamp++;
    for (uint32_t i = 0; i < count; i++) {
        struct plan_slot *slot = &s->slot[s->node_plan[node[i]]];

        if (s->node[node[i]].gang != NONE_INDEX)
            continue;
        if (unit == NONE_INDEX)
            unit = new_unit(s, b, NONE_INDEX, class_of(s, node[i]), place);
        if (slot->stamp != s->stamp || s->single) {
            slot->stamp = s->stamp;
            slot->item = items++;
            new_item(s, slot->item, unit, s->node_plan[node[i]]);
        }
        count_node(s, &s->unit[unit], slot->item, node[i]);
        s->item_of[i] = slot->item;
    }
    for (uint32_t i = place, first = place; i < items; i++) {
        s->item[i].first = first;
        first += s->item[i].count;
        place = first;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct item *item = &s->item[s->item_of[i]];

        if (s->node[node[i]].gang == NONE_INDEX)
            s->order[item->first + item->going++] = node[i];
    }
    return place;
}

/* The others: each a unit by itself. */
static uint32_t group_gangs(struct solver *s, uint32_t b, const uint32_t *node, uint32_t count,
                            uint32_t place)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t unit = 0;

        if (s->node[node[i]].gang == NONE_INDEX)
            continue;
        unit = new_unit(s, b, s->node[node[i]].gang, class_of(s, node[i]), place);
        new_item(s, place, unit, s->node_plan[node[i]]);
        count_node(s, &s->unit[unit], place, node[i]);
        s->item[place].first = place;
        s->order[place++] = node[i];
    }
    return place;
}

/* A bundle's nodes by class, each class by number, into s->sorted; at[class]: where it ends. Returns how many are not
 * fixed. */
static uint32_t sort_by_class(struct solver *s, struct bundle *bundle, uint32_t at[CLASSES])
{
    const uint32_t *node = &s->member[bundle->first];
    uint32_t sum = 0;

    memset(at, 0, CLASSES * sizeof *at);
    for (uint32_t i = 0; i < bundle->nodes; i++) {
        if (s->node[node[i]].fixed)
            continue;
        at[class_of(s, node[i])]++;
        bundle->least_w += s->node[node[i]].min_w;
    }
    for (uint32_t class = 0; class < CLASSES && sum < bundle->nodes; class ++) {
        uint32_t here = at[class];

        s->class_nodes[class] += here;
        at[class] = sum;
        sum += here;
    }
    for (uint32_t i = 0; i < bundle->nodes; i++) {
        if (!s->node[node[i]].fixed)
            s->sorted[at[class_of(s, node[i])]++] = node[i];
    }
    return sum;
}

/* Class by class. Fixed nodes have no place. */
static void cut(struct solver *s, uint32_t b)
{
    uint32_t at[CLASSES];
    uint32_t count = sort_by_class(s, &s->bundle[b], at);
    uint32_t place = s->bundle[b].first;
    uint32_t low = 0;

    for (uint32_t class = 0; low < count; class ++) {
        uint32_t nodes = at[class] - low;

        if (nodes == 0)
            continue;
        place = group_plans(s, b, &s->sorted[low], nodes, place);
        place = group_gangs(s, b, &s->sorted[low], nodes, place);
        low += nodes;
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
