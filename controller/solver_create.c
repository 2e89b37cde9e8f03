/* What a solver finds out about its rows and nodes once, and the memory it takes for life. */
#include "controller/solver.h"

#include <string.h>

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
        hash = solver_mix(hash, (uint64_t)p->share[i].row << 32 | p->share[i].coefficient_bp);
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
    s->member = arena_array(arena, p->nodes, uint32_t);
    s->sorted = arena_array(arena, p->nodes, uint32_t);
    s->item_of = arena_array(arena, p->nodes, uint32_t);
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
        s->member[s->near_first[s->node_bundle[n]]++] = n;
    }
    return s;
}
