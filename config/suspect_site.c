/* What a site file may say but probably does not mean. Warnings only; the site is whole here. */
#include "config/quantity.h"
#include "config/site_load.h"

#include "model/rows.h"

#include <math.h>
#include <string.h>

/* "expected" is what would make it unsuspicious. */
static void suspect(const struct site_load *load, const config_setting_t *at, const char *member,
                    const char *read, const char *expected)
{
    suspicion(&load->reader, at,
              &(struct mistake){
                  .kind = ERR_CONFLICT, .member = member, .read = read, .expected = expected});
}

/* ---------------------------------------------------------------- what a branch can carry at best */

/* W on the branch's total, or on one phase when it is rated in amperes, at nominal voltage and power factor
 * 1: what can't be fed even so can't be fed at all. */
static double best_case_w(const struct supply_tree *tree, uint32_t b)
{
    double value = tree->rating[b].value * (double)tree->derating_bp[b] / SHARE_WHOLE_BP;

    return tree->rating[b].kind == RATING_A ? value * tree->nominal_v[b] : value;
}

static double whole_best_case_w(const struct supply_tree *tree, uint32_t b)
{
    return best_case_w(tree, b) * (tree->rating[b].kind == RATING_A ? PHASES : 1);
}

static const struct branch_seed *seed_of(const struct site_load *load, uint32_t branch)
{
    for (uint32_t s = 0; s < load->seeds; s++) {
        if (load->branch_of[s] == branch)
            return &load->seed[s];
    }
    return NULL;
}

/* The least that a node draws when it runs: its least cap and all that no cap moves. */
static int64_t least_w(const struct node_table *nodes, uint32_t n)
{
    return (nodes->cappable[n] ? nodes->cap_min_w[n] : nodes->uncapped_w[n]) +
           nodes->remainder_worst_w[n];
}

static int64_t row_least_w(const struct site *site, const struct row_table *rows, uint32_t r)
{
    int64_t sum_w = 0;

    for (uint32_t i = rows->row_first[r]; i < rows->row_first[r + 1]; i++)
        sum_w += share_up_w(rows->row_node[i].coefficient_bp,
                            least_w(&site->nodes, rows->row_node[i].row));
    return sum_w;
}

/* Whether the row is the one by which its branch is judged. */
static bool row_judges(const struct supply_tree *tree, const struct row *row)
{
    bool amperes = tree->rating[row->branch].kind == RATING_A;

    return row->lost_feed == NONE_INDEX && tree->rating[row->branch].kind != RATING_NONE &&
           amperes == (row->channel != CHANNEL_TOTAL);
}

/* Least caps that a rating can't feed: no controller can help there. One warning a group of branches. */
static void suspect_least_loads(struct site_load *load)
{
    const struct site *site = load->site;
    struct row_table rows;
    const config_setting_t *last = NULL;
    char read[200];
    char expected[160];
    char name[100];

    rows_build(&rows, site, &load->scratch);
    for (uint32_t r = 0; r < rows.count; r++) {
        uint32_t b = rows.row[r].branch;
        int64_t sum_w = 0;
        const struct branch_seed *seed = NULL;

        if (!row_judges(&site->tree, &rows.row[r]))
            continue;
        sum_w = row_least_w(site, &rows, r);
        if ((double)sum_w <= best_case_w(&site->tree, b))
            continue;
        seed = seed_of(load, b);
        if (seed == NULL || seed->at == last)
            continue;
        last = seed->at;
        text_of(read, sizeof read, "nodes at their least caps draw %lld W on %s", (long long)sum_w,
                row_name(&rows, site, r, name, sizeof name));
        text_of(expected, sizeof expected, "at most the %.0f W that it can carry",
                floor(best_case_w(&site->tree, b)));
        suspect(load, seed->at, "rating", read, expected);
    }
}

/* A breaker above which a smaller one stands never trips first. */
static void suspect_ratings(struct site_load *load)
{
    const struct supply_tree *tree = &load->site->tree;
    const config_setting_t *last = NULL;
    char read[200];
    char expected[200];

    for (uint32_t b = 1; b < tree->branches; b++) {
        uint32_t parent = tree->parent[b];
        const struct branch_seed *seed = NULL;

        if (tree->rating[b].kind == RATING_NONE || tree->rating[parent].kind == RATING_NONE ||
            whole_best_case_w(tree, b) <= whole_best_case_w(tree, parent))
            continue;
        seed = seed_of(load, b);
        if (seed == NULL || seed->at == last)
            continue;
        last = seed->at;
        text_of(read, sizeof read, "\"%s\" may carry %.0f W, more than \"%s\" can feed",
                tree->name[b], whole_best_case_w(tree, b), tree->name[parent]);
        text_of(expected, sizeof expected, "at most %.0f W",
                floor(whole_best_case_w(tree, parent)));
        suspect(load, seed->at, "rating", read, expected);
    }
}

/* ---------------------------------------------------------------- nodes */

/* A rated branch where nobody measures, and hangs what no cap moves. */
static void suspect_blind_branches(struct site_load *load)
{
    const struct site *site = load->site;
    bool *uncappable = arena_array(&load->scratch, site->tree.branches, bool);
    char read[160];

    for (uint32_t n = 0; n < site->nodes.count; n++) {
        for (uint32_t h = 0; h < site->nodes.hangs[n] && !site->nodes.cappable[n]; h++)
            uncappable[site->nodes.hang[n][h].branch] = true;
    }
    for (uint32_t s = 0, told = NONE_INDEX; s < load->seeds; s++) {
        const struct branch_seed *seed = &load->seed[s];
        uint32_t b = load->branch_of[s];

        if (seed->first)
            told = NONE_INDEX;
        if (told != NONE_INDEX || !uncappable[b] || seed->meter != NONE_INDEX ||
            !seed->entry->rated || seed->entry->unmetered_given)
            continue;
        told = s;
        text_of(read, sizeof read, "\"%s\" has no meter and carries nodes that can't be capped",
                seed->name);
        suspect(load, seed->at, NULL, read,
                "a meter, or `unmetered` to say what else may draw here (0 W: nothing)");
    }
}

static void suspect_uncommanded(struct site_load *load)
{
    const struct node_table *nodes = &load->site->nodes;
    char read[160];

    for (uint32_t g = 0; g < load->groups; g++) {
        for (uint32_t n = load->group[g].first; n < load->group[g].first + load->group[g].count;
             n++) {
            if (!nodes->cappable[n] || nodes->actuator[n] != NONE_INDEX)
                continue;
            text_of(read, sizeof read, "\"%s\" can be capped, but nothing sets its cap",
                    nodes->name[n]);
            suspect(load, load->group[g].at, NULL, read, "an `actuator`");
            break;
        }
    }
}

static const char *double_hang(const struct site *site, uint32_t n, char *out, size_t size)
{
    const struct hang *hang = site->nodes.hang[n];
    const struct supply_tree *tree = &site->tree;

    if (site->nodes.hangs[n] < 2)
        return NULL;
    if (hang[0].branch == hang[1].branch)
        return text_of(out, size, "both supplies of \"%s\" hang from \"%s\"", site->nodes.name[n],
                       tree->name[hang[0].branch]);
    if (tree->feeds > 0 && tree->feed[hang[0].branch] == tree->feed[hang[1].branch] &&
        tree->feed[hang[0].branch] != NONE_INDEX)
        return text_of(out, size, "both supplies of \"%s\" hang from feed %s", site->nodes.name[n],
                       tree->feed_name[tree->feed[hang[0].branch]]);
    return NULL;
}

static void suspect_hangs(struct site_load *load)
{
    char read[200];

    for (uint32_t g = 0; g < load->groups; g++) {
        const config_setting_t *feeds = config_setting_get_member(load->group[g].at, "feeds");

        for (uint32_t n = load->group[g].first; n < load->group[g].first + load->group[g].count;
             n++) {
            if (double_hang(load->site, n, read, sizeof read) != NULL) {
                suspect(load, feeds, NULL, read, "supplies on different feeds");
                break;
            }
        }
    }
}

static void suspect_kinds(struct site_load *load)
{
    char read[120];
    char full[40];

    for (uint32_t k = 0; k < load->kinds.count; k++) {
        const struct kind_entry *kind = &load->kind[k];

        if (kind->idle_w > kind->uncapped_w + kind->remainder_w) {
            text_of(read, sizeof read, "more than %s at full load",
                    amount_show(KIND_POWER, (double)(kind->uncapped_w + kind->remainder_w), full,
                                sizeof full));
            suspect(load, load->kind_at[k], "idle", read, "at most `uncapped` + `remainder`");
        }
    }
}

/* ---------------------------------------------------------------- the site as a whole */

static void suspect_modes(struct site_load *load)
{
    const struct site *site = load->site;
    const config_setting_t *root = config_root_setting(&load->reader.config);
    bool any = false;

    for (uint32_t i = 0; i < site->actuators; i++)
        any = any || site->actuator[i].mode == MODE_ENFORCE;
    if (site->mode == MODE_ENFORCE && !any)
        suspect(load, config_setting_get_member(root, "site"), "mode",
                "the site enforces, but no actuator does",
                "mode = \"enforce\" for an actuator too");
    if (site->control.failover == FAILOVER_CHECK && site->tree.feeds < 2)
        suspect(load, config_setting_get_member(root, "control"), "failover",
                "failover is checked, but there are no two feeds", "two or more `feeds`");
}

void suspect_site(struct site_load *load)
{
    suspect_modes(load);
    suspect_ratings(load);
    suspect_least_loads(load);
    suspect_blind_branches(load);
    suspect_kinds(load);
    suspect_uncommanded(load);
    suspect_hangs(load);
}
