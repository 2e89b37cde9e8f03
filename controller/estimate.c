#include "controller/estimate.h"

#include <math.h>
#include <string.h>

static int64_t watts_up(double watts)
{
    return (int64_t)ceil(fmin(fmax(watts, -(double)LIMIT_MAX_W), (double)LIMIT_MAX_W));
}

/* What a watt below a branch is at the branch, with the losses of the worst way down from it. */
static void fill_carry(const struct supply_tree *tree, int64_t carry_bp[])
{
    for (uint32_t b = tree->branches; b-- > 0;) {
        int64_t below_bp = SHARE_WHOLE_BP;

        for (uint32_t c = tree->first_child[b]; c < tree->first_child[b] + tree->children[b]; c++)
            below_bp = max_w(below_bp, carry_bp[c]);
        carry_bp[b] = share_margin_w(below_bp, tree->loss_bp[b]);
    }
}

void estimate_create(struct estimator *estimator, const struct site *site,
                     const struct row_table *rows, const int64_t remainder_w[],
                     struct feedback *feedback, struct arena *arena)
{
    *estimator = (struct estimator){.site = site, .rows = rows, .feedback = feedback};
    estimator->remainder = arena_array(arena, site->nodes.count, struct remainder);
    estimator->pool_of = remainder_pools(site, arena);
    estimator->part = arena_array(arena, site->nodes.count, struct node_part);
    estimator->sum = arena_array(arena, rows->count, struct row_sum);
    estimator->all_sources_good = arena_array(arena, site->tree.branches, bool);
    estimator->unknown_w = arena_array(arena, site->tree.branches, int64_t);
    estimator->carry_bp = arena_array(arena, site->tree.branches, int64_t);
    fill_carry(&site->tree, estimator->carry_bp);
    estimator->out.node = arena_array(arena, site->nodes.count, struct node_estimate);
    estimator->out.row = arena_array(arena, rows->count, struct row_estimate);
    estimator->out.generation_w = arena_array(arena, site->tree.branches, int64_t);
    for (uint32_t n = 0; remainder_w != NULL && n < site->nodes.count; n++)
        remainder_recall(&estimator->remainder[n], site, n, remainder_w[n]);
}

/* ---- nodes ---- */

static enum contact contact_of(const struct site *site, const struct node_report *report,
                               int64_t now_ns)
{
    if (!report->heard)
        return CONTACT_NEVER;
    return now_ns - report->taken_ns > site->control.report_stale_after_ns ? CONTACT_LOST
                                                                           : CONTACT_FRESH;
}

/* The site file's range, narrowed to what the hardware says that it takes. */
static void cap_range(const struct site *site, uint32_t n, const struct node_report *report,
                      struct node_estimate *node)
{
    node->cap_min_w = site->nodes.cap_min_w[n];
    node->cap_max_w = site->nodes.cap_max_w[n];
    if (!report->heard || !report->range_known)
        return;
    node->cap_min_w = max_w(node->cap_min_w, report->cap_min_w);
    if (report->cap_max_w < node->cap_max_w)
        node->cap_max_w = report->cap_max_w;
}

/* The most that the capped part may draw. Where we don't command, a cap that was read back is only believed while
 * the node is heard: whoever set it may lift it. Below the least cap the hardware may round up to it. */
static int64_t cap_bound_w(const struct estimator *e, const struct stage *stage, uint32_t n)
{
    const struct node_estimate *node = &e->out.node[n];

    if (!e->site->nodes.cappable[n] ||
        (!site_enforces(e->site, n) && node->contact != CONTACT_FRESH))
        return e->site->nodes.uncapped_w[n];
    return max_w(stage_committed_cap_w(stage, n), node->commandable ? node->cap_min_w : 0);
}

static void node_run(struct estimator *e, const struct stage *stage,
                     const struct snapshot *snapshot, uint32_t n)
{
    const struct node_report *report = &snapshot->report[n];
    const struct node_table *nodes = &e->site->nodes;
    struct node_estimate *node = &e->out.node[n];
    bool may_command = e->site->mode == MODE_OBSERVE || site_enforces(e->site, n);
    int64_t cap_w = 0;

    node->contact = contact_of(e->site, report, snapshot->now_ns);
    cap_range(e->site, n, report, node);
    node->commandable = nodes->cappable[n] && nodes->actuator[n] != NONE_INDEX && may_command &&
                        node->contact == CONTACT_FRESH && node->cap_min_w <= node->cap_max_w;
    node->controllable = node->commandable && !stage_disobeys(stage, n, snapshot->now_ns);
    remainder_learn(&e->remainder[n], e->pool_of[n], e->site, n, report);
    cap_w = cap_bound_w(e, stage, n);
    /* What was learned is scaled to the top of the cap range; a node without a cap may go beyond. */
    node->remainder_w =
        remainder_bound_w(&e->remainder[n], e->site, n,
                          node->contact == CONTACT_FRESH && cap_w <= nodes->cap_max_w[n]);
    node->bound_w = cap_w + node->remainder_w;
    node->power_known = node->contact == CONTACT_FRESH && report->power_known;
    node->power_w = node->power_known ? max_w(0, watts_up(report->power_w)) : 0;
    /* A node that draws more than it should is counted at what it draws. */
    node->bound_w = max_w(node->bound_w, node->power_w);
}

/* ---- what nodes add to rows ---- */

static struct node_part part_of(const struct estimator *e, uint32_t n)
{
    const struct node_table *nodes = &e->site->nodes;
    const struct node_estimate *node = &e->out.node[n];
    struct node_part part = {.fixed_w = node->controllable ? node->remainder_w : node->bound_w,
                             .min_w = node->controllable ? node->cap_min_w : 0,
                             .max_w = node->controllable ? node->cap_max_w : 0,
                             .bound_w = node->bound_w};

    if (node->power_known) {
        part.known_w = node->power_w;
    } else if (nodes->cappable[n] || nodes->actuator[n] != NONE_INDEX) {
        part.unheard_w = node->bound_w;
        part.unheard = true;
    } else {
        /* Nobody reports for it: only what it draws at least is taken off the unexplained load. */
        part.known_w = nodes->idle_w[n];
    }
    return part;
}

static bool same_part(const struct node_part *a, const struct node_part *b)
{
    return a->fixed_w == b->fixed_w && a->min_w == b->min_w && a->max_w == b->max_w &&
           a->known_w == b->known_w && a->unheard_w == b->unheard_w && a->bound_w == b->bound_w &&
           a->unheard == b->unheard;
}

static void add_part(struct estimator *e, uint32_t n)
{
    struct node_part now = part_of(e, n);
    struct node_part *was = &e->part[n];

    if (same_part(&now, was))
        return;
    for (uint32_t i = e->rows->first[n]; i < e->rows->first[n + 1]; i++) {
        struct row_sum *sum = &e->sum[e->rows->share[i].row];
        int64_t share = e->rows->share[i].coefficient_bp;

        sum->fixed_bp += share * (now.fixed_w - was->fixed_w);
        sum->min_bp += share * (now.min_w - was->min_w);
        sum->max_bp += share * (now.max_w - was->max_w);
        sum->known_bp += share * (now.known_w - was->known_w);
        sum->unheard_bp += share * (now.unheard_w - was->unheard_w);
        sum->bound_bp += share * (now.bound_w - was->bound_w);
        sum->unheard += (uint32_t)now.unheard - (uint32_t)was->unheard;
    }
    *was = now;
}

int64_t estimate_due_ns(const struct estimator *e, uint32_t n, const struct node_report *report)
{
    return e->out.node[n].contact == CONTACT_FRESH
               ? report->taken_ns + e->site->control.report_stale_after_ns + 1
               : INT64_MAX;
}

/* ---- on-site production ---- */

static void production_run(struct estimator *e, const struct snapshot *snapshot)
{
    uint32_t branches = e->site->tree.branches;

    memset(e->out.generation_w, 0, branches * sizeof *e->out.generation_w);
    memset(e->unknown_w, 0, branches * sizeof *e->unknown_w);
    for (uint32_t b = 0; b < branches; b++)
        e->all_sources_good[b] = true;
    for (uint32_t s = 0; s < e->site->sources; s++) {
        int64_t power_w = 0;
        bool good = source_power_w(e->site, s, snapshot, &power_w);

        for (uint32_t b = e->site->source[s].branch; b != NONE_INDEX; b = e->site->tree.parent[b]) {
            e->all_sources_good[b] = e->all_sources_good[b] && good;
            e->out.generation_w[b] += power_w;
            e->unknown_w[b] += good ? 0 : e->site->source[s].rated_w;
        }
    }
}

/* ---- rows ---- */

struct row_sums {
    int64_t known_w;   /* measured power of the nodes that are heard */
    int64_t unheard_w; /* bounds of those that are not */
    bool all_heard;
};

static struct row_sums sum_nodes(struct estimator *e, uint32_t r)
{
    const struct row_sum *sum = &e->sum[r];
    struct row_estimate *row = &e->out.row[r];

    row->fixed_w = share_up_w(1, sum->fixed_bp);
    row->min_w = share_up_w(1, sum->min_bp);
    row->max_w = sum->max_bp / SHARE_WHOLE_BP;
    row->bound_bp = sum->bound_bp;
    return (struct row_sums){sum->known_bp / SHARE_WHOLE_BP, sum->unheard_bp / SHARE_WHOLE_BP,
                             sum->unheard == 0};
}

static uint32_t row_point(const struct estimator *e, const struct row *row)
{
    if (row->lost_feed != NONE_INDEX)
        return NONE_INDEX;
    if (row->channel == CHANNEL_TOTAL)
        return e->site->tree.power_point[row->branch];
    return e->site->tree.phase_power_point[row->branch][row->channel - CHANNEL_L1];
}

/* What a fresh meter shows of the row: its load at least, whatever a source behind it gives that is not known.
 * False when no fresh meter shows it. All that is produced may be on one phase. */
static bool metered_w(const struct estimator *e, const struct snapshot *snapshot, uint32_t r,
                      int64_t *load_w)
{
    const struct row *row = &e->rows->row[r];
    uint32_t point = row_point(e, row);
    double value = 0;

    if (point == NONE_INDEX || !reading_good(&snapshot->reading[point], &value))
        return false;
    *load_w = max_w(0, watts_up(value) + e->out.generation_w[row->branch]);
    return true;
}

/* Uncontrolled load at a branch without a usable meter: its own worst case and what stands below it. */
static int64_t from_below_w(const struct estimator *e, uint32_t b)
{
    const struct supply_tree *tree = &e->site->tree;
    int64_t sum_w = tree->unmetered_w[b];

    for (uint32_t c = tree->first_child[b]; c < tree->first_child[b] + tree->children[b]; c++)
        sum_w += e->out.row[c].uncontrolled_w;
    return share_margin_w(sum_w, tree->loss_bp[b]);
}

/* The row of the same branch and channel with no feed lost. */
static uint32_t normal_row(const struct estimator *e, uint32_t r)
{
    const struct row *row = &e->rows->row[r];

    return row->channel == CHANNEL_TOTAL
               ? row->branch
               : e->rows->phase_row[row->branch * PHASES + (row->channel - CHANNEL_L1)];
}

/* Uncontrolled load while another feed is lost. What comes over is no more than the mirror image of this side's own,
 * since what hangs from both does so alike, and no more than all that the lost feed carries, with the losses of the
 * way on this side: so a feed that is lost already is not counted again when its load has come. */
static int64_t failover_w(const struct estimator *e, uint32_t r, bool unconfirmed)
{
    const struct row *row = &e->rows->row[r];
    const struct row_estimate *own = &e->out.row[normal_row(e, r)];
    const struct row_estimate *lost = &e->out.row[e->site->tree.feed_branch[row->lost_feed]];
    int64_t own_w = own->uncontrolled_w + (unconfirmed ? own->unconfirmed_w : 0);
    int64_t lost_w = lost->uncontrolled_w + (unconfirmed ? lost->unconfirmed_w : 0);

    if (lost->blind)
        return 2 * own_w;
    return own_w + min_w(own_w, share_up_w(e->carry_bp[row->branch], lost_w));
}

static int64_t unmetered_w(const struct estimator *e, uint32_t r)
{
    const struct row *row = &e->rows->row[r];
    uint32_t total = row->branch;
    int64_t below_w = 0;
    int64_t held_w = 0;

    if (row->lost_feed != NONE_INDEX)
        return failover_w(e, r, false);
    /* All of it may hang on one phase. */
    below_w =
        row->channel == CHANNEL_TOTAL ? from_below_w(e, total) : e->out.row[total].uncontrolled_w;
    if (!feedback_held_w(e->feedback, r, &held_w))
        return below_w;
    return max_w(below_w, share_up_w(e->site->control.uncontrolled_margin_bp, held_w));
}

/* Never seen since start-up, at the branch's own meter or, where it has none, at one that stands for it. */
static bool blind(const struct estimator *e, uint32_t r, bool metered)
{
    const struct supply_tree *tree = &e->site->tree;
    uint32_t b = e->rows->row[r].branch;
    int64_t held_w = 0;

    if (r != b)
        return e->out.row[b].blind; /* phases and failover follow their branch's total */
    if (feedback_held_w(e->feedback, r, &held_w))
        return false;
    if (tree->power_point[b] != NONE_INDEX)
        return !metered;
    for (uint32_t c = tree->first_child[b]; c < tree->first_child[b] + tree->children[b]; c++) {
        if (e->out.row[c].blind)
            return true;
    }
    return false;
}

/* A fresh meter, but a source behind it is not known: the load lies between what the meter shows and that with all
 * that the source may give. The held picture stands, unless the meter shows more; without one, the upper end. */
static int64_t half_metered_w(const struct estimator *e, uint32_t r, const struct row_sums *sums)
{
    int64_t unexplained_w = e->out.row[r].load_least_w - sums->known_w;
    int64_t held_w = 0;

    if (!feedback_held_w(e->feedback, r, &held_w))
        return max_w(0, unexplained_w + e->unknown_w[e->rows->row[r].branch]);
    return max_w(unmetered_w(e, r), unexplained_w - sums->unheard_w);
}

/* What the row's own meter says of the uncontrolled load; false when it says nothing now. */
static bool hear_meter(struct estimator *e, const struct snapshot *snapshot, uint32_t r,
                       const struct row_sums *sums)
{
    const struct row *row = &e->rows->row[r];
    uint32_t point = row_point(e, row);
    const uint32_t *peak = e->site->tree.power_max_point;
    struct row_estimate *out = &e->out.row[r];

    if (point == NONE_INDEX)
        return false;
    feedback_run(
        e->feedback, r,
        &(struct feedback_input){
            .good = out->measured,
            .load_w = out->load_w,
            .taken_ns = snapshot->reading[point].taken_ns,
            .peak = peak == NULL || peak[row->branch] == NONE_INDEX || row->channel != CHANNEL_TOTAL
                        ? NULL
                        : &snapshot->reading[peak[row->branch]],
            .generation_w = e->out.generation_w[row->branch],
            .nodes_w = sums->known_w,
            .unheard_w = sums->unheard_w,
            .all_heard = sums->all_heard,
            .took_over = e->took_over,
        },
        out);
    return out->measured;
}

/* What stops raises at a row without a usable meter: what is not confirmed where its uncontrolled load comes from. */
static int64_t unconfirmed_w(const struct estimator *e, uint32_t r)
{
    const struct supply_tree *tree = &e->site->tree;
    const struct row *row = &e->rows->row[r];
    uint32_t b = row->branch;
    int64_t sum_w = 0;

    if (row->lost_feed != NONE_INDEX)
        return failover_w(e, r, true) - failover_w(e, r, false);
    if (row->channel != CHANNEL_TOTAL)
        return e->out.row[b].unconfirmed_w;
    for (uint32_t c = tree->first_child[b]; c < tree->first_child[b] + tree->children[b]; c++)
        sum_w += e->out.row[c].unconfirmed_w;
    return share_margin_w(sum_w, tree->loss_bp[b]);
}

/* A phase carries no more of it than the whole branch does. */
static void bound_phase(const struct row_estimate *whole, struct row_estimate *phase)
{
    int64_t most_w = min_w(phase->uncontrolled_w + phase->unconfirmed_w,
                           whole->uncontrolled_w + whole->unconfirmed_w);

    phase->uncontrolled_w = min_w(phase->uncontrolled_w, whole->uncontrolled_w);
    phase->unconfirmed_w = most_w - phase->uncontrolled_w;
}

static void row_run(struct estimator *e, const struct snapshot *snapshot, uint32_t r)
{
    struct row_estimate *row = &e->out.row[r];
    uint32_t branch = e->rows->row[r].branch;
    struct row_sums sums = sum_nodes(e, r);
    bool metered = metered_w(e, snapshot, r, &row->load_w);

    row->measured = metered && e->all_sources_good[branch];
    row->unconfirmed_w = 0;
    row->load_least_w = metered ? row->load_w : 0;
    row->blind = blind(e, r, metered);
    if (!hear_meter(e, snapshot, r, &sums)) {
        row->uncontrolled_w = metered ? half_metered_w(e, r, &sums) : unmetered_w(e, r);
        row->unconfirmed_w = max_w(row->unconfirmed_w, unconfirmed_w(e, r));
    }
    if (r != branch && e->rows->row[r].lost_feed == NONE_INDEX)
        bound_phase(&e->out.row[branch], row);
    if (!row->measured)
        row->load_w = max_w(row->load_least_w, sums.known_w + sums.unheard_w + row->uncontrolled_w);
}

/* ---- taking over a running site ---- */

static bool still_coming(const struct estimator *e, const struct stage *stage)
{
    for (uint32_t n = 0; n < e->site->nodes.count; n++) {
        if (e->site->nodes.actuator[n] == NONE_INDEX || !e->site->nodes.cappable[n])
            continue;
        if (e->out.node[n].contact == CONTACT_NEVER ||
            (site_enforces(e->site, n) && !stage->node[n].fenced))
            return true;
    }
    return false;
}

static void takeover_run(struct estimator *e, const struct stage *stage, int64_t now_ns)
{
    if (!e->started) {
        e->started = true;
        e->first_ns = now_ns;
    }
    if (!e->took_over)
        e->took_over =
            now_ns - e->first_ns >= e->site->control.takeover_ns || !still_coming(e, stage);
    e->out.taking_over = !e->took_over;
}

const struct estimate *estimate_run(struct estimator *e, const struct stage *stage,
                                    const struct snapshot *snapshot, const struct node_set *awake)
{
    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1)) {
        node_run(e, stage, snapshot, n);
        add_part(e, n);
    }
    production_run(e, snapshot);
    /* Deepest branches first: a branch without a meter adds up those below it. Then phases and failover,
     * which build on the totals. */
    for (uint32_t b = e->site->tree.branches; b-- > 0;)
        row_run(e, snapshot, b);
    for (uint32_t r = e->site->tree.branches; r < e->rows->count; r++)
        row_run(e, snapshot, r);
    takeover_run(e, stage, snapshot->now_ns);
    return &e->out;
}
