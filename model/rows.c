#include "model/rows.h"

#include <stdio.h>
#include <string.h>

/* a x b / 10,000, rounded up: what a share of a share carries, never less than the truth. */
static int64_t bp_times(int64_t a_bp, int64_t b_bp)
{
    return (a_bp * b_bp + SHARE_WHOLE_BP - 1) / SHARE_WHOLE_BP;
}

int64_t share_up_w(int64_t coefficient_bp, int64_t watts)
{
    int64_t product = coefficient_bp * watts;

    return product > 0 ? (product + SHARE_WHOLE_BP - 1) / SHARE_WHOLE_BP : product / SHARE_WHOLE_BP;
}

int64_t share_margin_w(int64_t watts, int64_t margin_bp)
{
    return share_up_w(SHARE_WHOLE_BP + margin_bp, watts);
}

static int phases_of(const struct hang *hang)
{
    int count = 0;

    for (int p = 0; p < PHASES; p++)
        count += hang->phases >> p & 1;
    return count;
}

/* What a hang puts on a channel: everything on the total; an even part, rounded up, on each of its phases. */
static int64_t channel_bp(const struct hang *hang, enum channel channel)
{
    int phases = phases_of(hang);

    if (channel == CHANNEL_TOTAL)
        return SHARE_WHOLE_BP;
    if (phases == 0 || (hang->phases >> (channel - CHANNEL_L1) & 1) == 0)
        return 0;
    return (SHARE_WHOLE_BP + phases - 1) / phases;
}

/* The node's share on this hang when `lost_feed` is gone: nothing on the lost side, all on the other. */
static int64_t hang_share_bp(const struct site *site, uint32_t node, uint32_t h, uint32_t lost_feed)
{
    const struct hang *hang = site->nodes.hang[node];
    const uint32_t *feed = site->tree.feed;

    if (lost_feed == NONE_INDEX || site->nodes.hangs[node] == 1)
        return hang[h].share_bp;
    if (feed[hang[h].branch] == lost_feed)
        return 0;
    return feed[hang[1 - h].branch] == lost_feed ? SHARE_WHOLE_BP : hang[h].share_bp;
}

/* What the node's hang h adds to a row, losses from the node up to and including the row's branch. */
static int64_t hang_coefficient_bp(const struct site *site, const struct row *row, uint32_t node,
                                   uint32_t h)
{
    const struct supply_tree *tree = &site->tree;
    const struct hang *hang = &site->nodes.hang[node][h];
    int64_t bp =
        bp_times(hang_share_bp(site, node, h, row->lost_feed), channel_bp(hang, row->channel));

    for (uint32_t b = hang->branch; b != NONE_INDEX && b >= row->branch; b = tree->parent[b]) {
        bp = bp_times(bp, SHARE_WHOLE_BP + tree->loss_bp[b]);
        if (b == row->branch)
            return bp;
    }
    return 0;
}

static int64_t coefficient_bp(const struct site *site, const struct row *row, uint32_t node)
{
    int64_t sum_bp = 0;

    for (uint32_t h = 0; h < site->nodes.hangs[node]; h++)
        sum_bp += hang_coefficient_bp(site, row, node, h);
    return sum_bp;
}

/* Adds the rows of one branch beyond its total; with `row` NULL only counts. */
static uint32_t extra_rows(const struct site *site, uint32_t b, struct row *row,
                           uint32_t *phase_row, uint32_t next)
{
    const struct supply_tree *tree = &site->tree;
    bool amperes = tree->rating[b].kind == RATING_A;
    bool failover = site->control.failover == FAILOVER_CHECK && tree->feed[b] != NONE_INDEX &&
                    tree->rating[b].kind != RATING_NONE;

    /* Normal operation first: the rows of a lost feed build on what is known of it. */
    for (uint32_t i = 0; i <= tree->feeds; i++) {
        bool normal = i == 0;
        uint32_t lost = normal ? NONE_INDEX : i - 1;

        if (!normal && (!failover || lost == tree->feed[b]))
            continue;
        for (enum channel c = CHANNEL_TOTAL; c < CHANNEL_COUNT; c++) {
            if ((c == CHANNEL_TOTAL) == amperes)
                continue; /* amperes are judged by phase, the others by total */
            if (normal && c == CHANNEL_TOTAL)
                continue; /* stands among the first rows already */
            if (row != NULL) {
                row[next] = (struct row){b, c, lost};
                if (normal)
                    phase_row[b * PHASES + (c - CHANNEL_L1)] = next;
            }
            next++;
        }
    }
    return next;
}

/* Rows that a node can touch: those of the branches above its hangs. Visits each once. */
static uint32_t node_shares(const struct site *site, const struct row_table *rows,
                            const uint32_t *branch_first, const uint32_t *branch_row, uint32_t node,
                            struct row_share *share)
{
    const struct supply_tree *tree = &site->tree;
    const struct hang *hang = site->nodes.hang[node];
    uint32_t count = 0;

    for (uint32_t h = 0; h < site->nodes.hangs[node]; h++) {
        for (uint32_t b = hang[h].branch; b != NONE_INDEX; b = tree->parent[b]) {
            if (h == 1 && tree_below(tree, hang[0].branch, b))
                break; /* from here up the first hang has been */
            for (uint32_t i = branch_first[b]; i < branch_first[b + 1]; i++) {
                uint32_t r = branch_row[i];
                int64_t bp = coefficient_bp(site, &rows->row[r], node);

                if (bp == 0)
                    continue;
                if (share != NULL)
                    share[count] = (struct row_share){r, (uint32_t)bp};
                count++;
            }
        }
    }
    return count;
}

/* branch_row[branch_first[b] ..]: the rows of branch b. */
static void index_by_branch(const struct row_table *rows, uint32_t branches, uint32_t *first,
                            uint32_t *row)
{
    for (uint32_t r = 0; r < rows->count; r++)
        first[rows->row[r].branch + 1]++;
    for (uint32_t b = 0; b < branches; b++)
        first[b + 1] += first[b];
    for (uint32_t r = rows->count; r-- > 0;)
        row[--first[rows->row[r].branch + 1]] = r;
    /* The loop above left each start one place to the right. */
    memmove(first, first + 1, branches * sizeof *first);
    first[branches] = rows->count;
}

static void transpose(struct row_table *rows, uint32_t nodes, struct arena *arena)
{
    uint32_t *first = arena_array(arena, rows->count + 1, uint32_t);
    struct row_share *row_node = arena_array(arena, rows->first[nodes], struct row_share);
    uint32_t *next = arena_array(arena, rows->count, uint32_t);

    for (uint32_t i = 0; i < rows->first[nodes]; i++)
        first[rows->share[i].row + 1]++;
    for (uint32_t r = 0; r < rows->count; r++) {
        first[r + 1] += first[r];
        next[r] = first[r];
    }
    for (uint32_t n = 0; n < nodes; n++) {
        for (uint32_t i = rows->first[n]; i < rows->first[n + 1]; i++)
            row_node[next[rows->share[i].row]++] =
                (struct row_share){n, rows->share[i].coefficient_bp};
    }
    rows->row_first = first;
    rows->row_node = row_node;
}

void rows_build(struct row_table *rows, const struct site *site, struct arena *arena)
{
    uint32_t branches = site->tree.branches;
    uint32_t nodes = site->nodes.count;
    uint32_t *phase_row = arena_array(arena, (size_t)branches * PHASES, uint32_t);
    uint32_t *branch_first = arena_array(arena, branches + 1, uint32_t);
    uint32_t *first = arena_array(arena, nodes + 1, uint32_t);
    uint32_t *branch_row = NULL;
    struct row *row = NULL;
    struct row_share *share = NULL;
    uint32_t count = branches;

    for (uint32_t b = 0; b < branches; b++)
        count = extra_rows(site, b, NULL, NULL, count);
    row = arena_array(arena, count, struct row);
    for (uint32_t i = 0; i < branches * PHASES; i++)
        phase_row[i] = NONE_INDEX;
    for (uint32_t b = 0; b < branches; b++)
        row[b] = (struct row){b, CHANNEL_TOTAL, NONE_INDEX};
    count = branches;
    for (uint32_t b = 0; b < branches; b++)
        count = extra_rows(site, b, row, phase_row, count);
    *rows = (struct row_table){.count = count, .row = row, .first = first, .phase_row = phase_row};

    branch_row = arena_array(arena, count, uint32_t);
    index_by_branch(rows, branches, branch_first, branch_row);
    for (uint32_t n = 0; n < nodes; n++)
        first[n + 1] = first[n] + node_shares(site, rows, branch_first, branch_row, n, NULL);
    share = arena_array(arena, first[nodes], struct row_share);
    for (uint32_t n = 0; n < nodes; n++)
        node_shares(site, rows, branch_first, branch_row, n, share + first[n]);
    rows->share = share;
    transpose(rows, nodes, arena);
}

const char *row_name(const struct row_table *rows, const struct site *site, uint32_t row, char *out,
                     size_t size)
{
    static const char *const channel_text[] = {"", " L1", " L2", " L3"};
    const struct row *r = &rows->row[row];
    bool failover = r->lost_feed != NONE_INDEX;

    snprintf(out, size, "%s%s%s%s%s", site->tree.name[r->branch], channel_text[r->channel],
             failover ? " with feed " : "", failover ? site->tree.feed_name[r->lost_feed] : "",
             failover ? " lost" : "");
    return out;
}
