/* Safety alone is easy: cap everything for ever. Once all faults are over, caps must come up to what is wanted and
 * alarms must go, within a time that follows from the site's own settings. */
#include "simulation/check.h"

#include <inttypes.h>
#include <string.h>

/* Work and own loads go on changing, and each change starts a ramp; no node may be behind for this long. */
enum { PATIENCE_S = 120 };

static int64_t patience_ns(const struct world *w)
{
    const struct control_settings *c = &w->site->control;

    return PATIENCE_S * NS_PER_S + c->lease_ns + c->uncontrolled_hold_ns + grace_ns(w);
}

/* How long ago *since_ns the condition began; 0 when it does not hold. */
static int64_t lasting_ns(int64_t *since_ns, bool holds, int64_t now_ns)
{
    if (!holds) {
        *since_ns = 0;
        return 0;
    }
    if (*since_ns == 0)
        *since_ns = now_ns;
    return now_ns - *since_ns;
}

static void check_node(struct world *w, uint32_t n, int64_t patience)
{
    const struct node_decision *node = &w->decision->node[n];
    struct node_check *c = &w->node_check[n];
    int64_t step_w = max_w(w->site->nodes.cap_step_w[n], w->plant->node[n].hardware.cap_step_w);
    bool ours =
        controller_estimate(w->controller)->node[n].controllable && site_enforces(w->site, n);
    bool low =
        ours && node->cap_w - node->committed_cap_w >= max_w(step_w, w->site->control.dead_band_w);
    bool high = ours && w->potential.node[n].cap_w >= node->cap_w + step_w;

    if (lasting_ns(&c->low_ns, low, w->now_ns) > patience)
        broken(w, PROMISE_STUCK_LOW, "%s: %" PRId64 " W, wanted %" PRId64 " W",
               w->site->nodes.name[n], node->committed_cap_w, node->cap_w);
    if (lasting_ns(&c->high_ns, high, w->now_ns) > patience)
        broken(w, PROMISE_STUCK_HIGH, "%s: may hold %" PRId64 " W, wanted %" PRId64 " W",
               w->site->nodes.name[n], w->potential.node[n].cap_w, node->cap_w);
    /* All is well, yet it is not counted on. */
    if (lasting_ns(&c->lost_ns, obeys(w, n) && !ours, w->now_ns) > patience)
        broken(w, PROMISE_STUCK_LOW, "%s: does as it is told, and is not controlled",
               w->site->nodes.name[n]);
}

/* A shortfall that even the worst remainders and own loads don't explain. Where readings and reports are of different
 * moments, a swing looks like a load that nobody controls, and is rightly held for a while. */
static void check_shortfall(struct world *w, uint32_t r, int64_t patience)
{
    const struct row_decision *row = &w->decision->row[r];
    struct row_check *c = &w->row_check[r];
    bool skewed =
        w->scenario->meter_late_ticks > 0 || w->scenario->report_period_ms * NS_PER_MS > w->tick_ns;
    int64_t worst_bp = 0;
    /* Which phase is fed from on-site production nobody knows: all of it may be. */
    int64_t unknown_w = w->rows->row[r].channel == CHANNEL_TOTAL
                            ? 0
                            : w->plant->generation_w[w->rows->row[r].branch];
    bool needless = false;
    char name[96];

    /* Without a meter of its own a phase may carry all that any of its branch's may. */
    if (row->shortfall_w == 0 || skewed || c->sensor == NONE_INDEX) {
        c->short_ns = 0;
        return;
    }
    for (uint32_t i = w->rows->row_first[r]; i < w->rows->row_first[r + 1]; i++) {
        uint32_t n = w->rows->row_node[i].row;
        int64_t most_w = max_w(w->site->nodes.uncapped_w[n], w->plant->node[n].hardware.uncapped_w);
        int64_t remainder_w = w->site->nodes.remainder_worst_w[n];
        int64_t least_w =
            site_enforces(w->site, n)
                ? max_w(w->site->nodes.cap_min_w[n], w->plant->node[n].hardware.cap_min_w)
                : 2 * most_w + remainder_w; /* its draw counts among the unexplained, too */

        worst_bp += (int64_t)w->rows->row_node[i].coefficient_bp * (least_w + remainder_w);
    }
    needless = share_up_w(1, worst_bp) + 2 * row_other_w(w, r) + 2 * c->slack_w + unknown_w <=
               row->limit_w;
    /* What a liar drew above what it claimed is taken for its remainder, and remembered so long. */
    patience += w->site->control.remainder_window_ns * 5 / 4;
    if (lasting_ns(&c->short_ns, needless, w->now_ns) > patience)
        broken(w, PROMISE_SHORTFALL, "%s: short of %" PRId64 " W",
               row_name(w->rows, w->site, r, name, sizeof name), row->shortfall_w);
}

/* Times begin anew with the next calm. */
static void forget(struct world *w)
{
    memset(w->node_check, 0, w->site->nodes.count * sizeof *w->node_check);
    for (uint32_t r = 0; r < w->rows->count; r++)
        w->row_check[r].short_ns = 0;
}

void check_settled(struct world *w)
{
    int64_t patience = 0;

    if (w->now_ns < w->faults_until_ns + NS_PER_S || w->scenario->nameplates > 0 ||
        controller_estimate(w->controller)->taking_over) {
        forget(w);
        return;
    }
    patience = patience_ns(w);
    if (w->now_ns > w->faults_until_ns + patience && w->out->events != 0)
        sight(w, SIGHT_PROGRESS);
    for (uint32_t n = 0; n < w->site->nodes.count; n++)
        check_node(w, n, patience);
    for (uint32_t r = 0; r < w->rows->count; r++)
        check_shortfall(w, r, patience);
}
