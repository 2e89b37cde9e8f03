/* What is promised, checked against the plant in every tick, and what excuses it: docs/hunt.md says the same in
 * words. Excuses are watts that the controller can't know of, or time that it can't act in; never a blank cheque. */
#include "simulation/check.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Coefficients are rounded up by a part in 10,000 at each branch; a site has at most a handful of levels. */
enum { ROUNDING_BP = 10, ROUNDING_W = 12 };
/* Readings and reports that lie so far apart may still be held against one another. */
enum { BLUR_TICKS = 14 };
enum {
    OUTSIDE_SURGE_S = 120,
    BAD_NETWORK_FACTOR = 4,
    QUIET_COUNTER_S = 60,
    COUNTED_TICK_S = 2,
    EXCEEDING_S = 30
};

static const char *name_of(const struct world *w, uint32_t r, char out[96])
{
    return row_name(w->rows, w->site, r, out, 96);
}

static int64_t watts_up(int64_t bp) { return share_up_w(1, bp); }

/* ---- creation ---- */

static uint32_t sensor_of(const struct world *w, uint32_t r)
{
    const struct row *row = &w->rows->row[r];

    for (uint32_t i = 0; i < w->sensors; i++) {
        const struct sensor *s = &w->sensor[i];

        if (row->lost_feed == NONE_INDEX && s->kind == TRUTH_LOAD && s->index == row->branch &&
            s->channel == row->channel)
            return i;
    }
    return NONE_INDEX;
}

/* Whether a meter that stands still is found out before what it showed when it was well is forgotten. */
static bool notices_frozen(const struct world *w, uint32_t sensor)
{
    const struct point *point = NULL;
    int64_t found_ns = 0;

    if (sensor == NONE_INDEX)
        return false;
    point = &w->site->point[w->sensor[sensor].point];
    found_ns = point->frozen_after_ns + (2 + w->scenario->meter_late_ticks) * w->tick_ns;
    return point->checks_frozen && found_ns <= w->site->control.uncontrolled_hold_ns * 3 / 4;
}

void check_create(struct world *w)
{
    w->row_check = arena_array(&w->arena, w->rows->count, struct row_check);
    w->node_check = arena_array(&w->arena, w->site->nodes.count, struct node_check);
    w->before_bp = arena_array(&w->arena, w->rows->count, int64_t);
    check_limits_create(w);
    for (uint32_t r = 0; r < w->rows->count; r++) {
        w->row_check[r].sensor = sensor_of(w, r);
        w->row_check[r].notices_frozen = notices_frozen(w, w->row_check[r].sensor);
    }
}

void check_controller_started(struct world *w)
{
    for (uint32_t r = 0; r < w->rows->count; r++) {
        struct row_check *c = &w->row_check[r];

        c->seen_w = c->metered_w = c->standing_since_ns = 0;
        c->over_ns = c->unseen_ns = c->short_ns = 0;
        c->ever = false;
    }
    memset(w->node_check, 0, w->site->nodes.count * sizeof *w->node_check);
}

/* How long a healthy control loop may take: a reading that is late, a tick, a command, a node that must first be
 * given up. */
static int64_t find_grace_ns(const struct world *w)
{
    const struct control_settings *c = &w->site->control;
    int64_t grace = 10 * NS_PER_S + (6 + w->scenario->meter_late_ticks) * w->tick_ns +
                    4 * c->ack_timeout_ns + c->report_stale_after_ns +
                    2 * w->scenario->report_period_ms * NS_PER_MS;

    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        if (w->now_ns < w->agent[n].slow_until_ns + grace)
            return 2 * grace + 2 * w->agent[n].slow_ns;
    }
    return w->now_ns < w->network_until_ns + grace ? BAD_NETWORK_FACTOR * grace : grace;
}

int64_t grace_ns(const struct world *w) { return w->grace_ns; }

/* ---- what can be seen ---- */

/* Every node's power is of this moment or a report period old, in truth and in the controller's eyes. */
static bool all_heard(const struct world *w)
{
    const struct estimate *e = controller_estimate(w->controller);

    if (!network_calm(&w->network) || w->clock_step_s != 0)
        return false;
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        if (w->site->nodes.actuator[n] == NONE_INDEX)
            continue;
        if (!e->node[n].power_known || !w->agent[n].alive || w->now_ns < w->agent[n].mute_until_ns)
            return false;
    }
    return true;
}

/* By how much good readings understate what is produced behind a branch. */
static int64_t production_missed_w(const struct world *w, uint32_t b, bool *known)
{
    int64_t missed_w = 0;

    *known = true;
    for (uint32_t s = 0; s < w->site->sources; s++) {
        struct snapshot snapshot = {.reading = w->feed.reading};
        int64_t shown_w = 0;

        if (!tree_below(&w->site->tree, w->site->source[s].branch, b))
            continue;
        if (!source_power_w(w->site, s, &snapshot, &shown_w))
            *known = false;
        else
            missed_w += max_w(0, w->plant->source_w[s] - shown_w);
    }
    return missed_w;
}

/* While the nodes' own draw changes, a reading tells the rest only within that change. */
static void blur(struct world *w, struct row_check *c, int64_t flow_w)
{
    int64_t half_ns = (BLUR_TICKS + w->scenario->meter_late_ticks) * w->tick_ns +
                      2 * w->scenario->report_period_ms * NS_PER_MS;

    if (w->now_ns - c->flow_since_ns >= half_ns) {
        c->flow_most_w[1] = c->flow_most_w[0];
        c->flow_least_w[1] = c->flow_least_w[0];
        c->flow_most_w[0] = c->flow_least_w[0] = flow_w;
        c->flow_since_ns = w->now_ns;
    }
    c->flow_most_w[0] = max_w(c->flow_most_w[0], flow_w);
    c->flow_least_w[0] = min_w(c->flow_least_w[0], flow_w);
    c->blur_w = c->slack_w + max_w(c->flow_most_w[0], c->flow_most_w[1]) -
                min_w(c->flow_least_w[0], c->flow_least_w[1]);
}

/* Reports and readings are not of one moment: a load is seen once it has stood while every node reported. */
static void see_long_enough(struct world *w, struct row_check *c, int64_t other_w, bool heard)
{
    int64_t needed_ns = 2 * w->scenario->report_period_ms * NS_PER_MS +
                        (BLUR_TICKS + w->scenario->meter_late_ticks) * w->tick_ns;

    c->seen_w = min_w(c->seen_w, other_w);
    if (!heard || c->standing_since_ns == 0) {
        c->standing_w = other_w;
        c->standing_since_ns = heard ? w->now_ns : 0;
        return;
    }
    c->standing_w = min_w(c->standing_w, other_w);
    if (w->now_ns - c->standing_since_ns < needed_ns)
        return;
    c->seen_w = max_w(c->seen_w, c->standing_w);
    c->standing_since_ns = 0;
}

/* A branch with a meter: what a good and honest reading shows is known from then on; what a dishonest one hides is
 * not; what happens while nothing is shown is not either. */
static void see_metered(struct world *w, uint32_t r, bool heard)
{
    struct row_check *c = &w->row_check[r];
    const struct sensor *s = &w->sensor[c->sensor];
    const struct shown *shown = &s->late[w->scenario->meter_late_ticks];
    const struct reading *reading = &w->feed.reading[s->point];
    bool known = true;
    int64_t missed_w = w->site->sources > 0 ? production_missed_w(w, s->index, &known) : 0;
    int64_t other_w = max_w(0, shown->other_w - missed_w);

    if (reading->quality != QUALITY_GOOD || reading->taken_ns != shown->taken_ns || !known)
        return;
    c->slack_w = (int64_t)(((double)shown->load_w + fabs(reading->value)) * 1e-4 *
                           (double)w->scenario->meter_error_bp) +
                 shown->load_w * ROUNDING_BP / SHARE_WHOLE_BP + ROUNDING_W;
    blur(w, c, shown->load_w - shown->other_w);
    if (shown->honest) {
        c->metered_w = other_w;
        see_long_enough(w, c, other_w, heard);
        return;
    }
    if (w->device[s->device].meter.fault == METER_SPIKING ||
        w->device[s->device].meter.fault == METER_SILENT ||
        (w->device[s->device].meter.fault == METER_FROZEN && c->notices_frozen))
        return;
    other_w = max_w(0, other_w - max_w(0, shown->load_w - (int64_t)reading->value -
                                              w->plant->generation_w[s->index]));
    c->metered_w = min_w(c->metered_w, other_w);
    c->seen_w = min_w(c->seen_w, other_w);
}

/* Without one: its own worst case as the site file has it, and what is seen below. */
static void see_from_below(struct world *w, uint32_t b)
{
    const struct supply_tree *tree = &w->site->tree;
    struct row_check *c = &w->row_check[b];
    int64_t seen_w = min_w(w->plant->load[b].own_w, tree->unmetered_w[b]);
    int64_t metered_w = seen_w;

    c->slack_w = c->blur_w = ROUNDING_W;
    for (uint32_t k = tree->first_child[b]; k < tree->first_child[b] + tree->children[b]; k++) {
        seen_w += w->row_check[k].seen_w;
        metered_w += w->row_check[k].metered_w;
        c->slack_w += w->row_check[k].slack_w * 11 / 10;
        c->blur_w += w->row_check[k].blur_w * 11 / 10;
    }
    c->seen_w = min_w(row_other_w(w, b), seen_w);
    c->metered_w = min_w(row_other_w(w, b), metered_w);
}

static void see(struct world *w)
{
    bool heard = all_heard(w);

    for (uint32_t i = w->site->tree.branches; i-- > 0;) {
        if (w->row_check[i].sensor != NONE_INDEX)
            see_metered(w, i, heard);
        else
            see_from_below(w, i);
    }
    for (uint32_t r = w->site->tree.branches; r < w->rows->count; r++) {
        struct row_check *c = &w->row_check[r];
        const struct row_check *total = &w->row_check[w->rows->row[r].branch];

        if (w->rows->row[r].lost_feed != NONE_INDEX)
            continue;
        if (c->sensor != NONE_INDEX)
            see_metered(w, r, heard);
        c->slack_w = max_w(c->slack_w, total->slack_w);
        c->blur_w = max_w(c->blur_w, total->blur_w); /* it is counted no higher than its total */
        c->seen_w = min_w(c->sensor != NONE_INDEX ? c->seen_w : row_other_w(w, r), total->seen_w);
        c->metered_w =
            min_w(c->sensor != NONE_INDEX ? c->metered_w : row_other_w(w, r), total->metered_w);
    }
}

/* ---- rows ---- */

/* While a feed is lost its nodes draw elsewhere than their shares say: on a row that they have left, what they report
 * hides as much of the other load; their bounds cover it, since they are counted there, too. */
static int64_t hidden_by_shares_w(const struct world *w, uint32_t r)
{
    const struct row *row = &w->rows->row[r];
    int64_t shares_bp = 0;
    bool lost = false;

    for (uint32_t f = 0; f < w->site->tree.feeds; f++)
        lost = lost || w->now_ns < w->feed_until_ns[f] + grace_ns(w);
    if (!lost)
        return 0;
    for (uint32_t i = w->rows->row_first[r]; i < w->rows->row_first[r + 1]; i++)
        shares_bp += (int64_t)w->rows->row_node[i].coefficient_bp *
                     w->plant->node[w->rows->row_node[i].row].power_w;
    return max_w(0, watts_up(shares_bp) + row_other_w(w, r) -
                        coarse_load_w(w->plant, row->branch, row->channel));
}

/* A tick's commands take no row past its limit, with what the controller itself believes of the rest; and what it
 * believes of the rest covers what can be seen. */
static void check_committed(struct world *w, uint32_t r)
{
    const struct row_decision *row = &w->decision->row[r];
    const struct row_estimate *estimate = &controller_estimate(w->controller)->row[r];
    struct row_check *c = &w->row_check[r];
    int64_t least_w = min_w(row->limit_w, row->soft_limit_w);
    int64_t after_bp = w->potential.row_bp[r];
    int64_t most_bp = max_w(w->before_bp[r], (least_w - estimate->uncontrolled_w) * SHARE_WHOLE_BP);
    char name[96];

    if (after_bp > most_bp)
        broken(w, PROMISE_RAISED_PAST_LIMIT, "%s: %" PRId64 " W, at most %" PRId64 " W",
               name_of(w, r, name), watts_up(after_bp), most_bp / SHARE_WHOLE_BP);
    if (row->committed_w < estimate->uncontrolled_w + watts_up(after_bp))
        broken(w, PROMISE_UNDERSTATED, "%s: %" PRId64 " W, said to be %" PRId64 " W",
               name_of(w, r, name), estimate->uncontrolled_w + watts_up(after_bp),
               row->committed_w);
    if (w->rows->row[r].lost_feed != NONE_INDEX)
        return;
    if (estimate->uncontrolled_w + c->blur_w + row->guard_w + hidden_by_shares_w(w, r) >=
        min_w(c->seen_w, row_other_w(w, r)))
        c->unseen_ns = 0;
    else if (c->unseen_ns == 0)
        c->unseen_ns = w->now_ns;
    else if (w->now_ns - c->unseen_ns > grace_ns(w))
        broken(w, PROMISE_UNCONTROLLED, "%s: %" PRId64 " W are there, %" PRId64 " W are counted",
               name_of(w, r, name), c->seen_w, estimate->uncontrolled_w);
}

bool obeys(const struct world *w, uint32_t n)
{
    const struct coarse_hardware *h = &w->plant->node[n].hardware;

    return agent_reachable(w, n) && h->cap_min_w <= w->site->nodes.cap_max_w[n] &&
           h->cap_max_w >= w->site->nodes.cap_min_w[n];
}

int64_t least_load_w(const struct world *w, uint32_t r)
{
    const struct row *row = &w->rows->row[r];
    int64_t sum_uw = 0;

    for (uint32_t i = w->rows->row_first[r]; i < w->rows->row_first[r + 1]; i++) {
        uint32_t n = w->rows->row_node[i].row;
        const struct coarse_node *node = &w->plant->node[n];
        int64_t cap_w = max_w(node->hardware.cap_min_w, w->site->nodes.cap_min_w[n]);

        if (!obeys(w, n))
            cap_w = node->cap_set ? node->enforced_w : node->hardware.uncapped_w;
        sum_uw += coarse_share_ppm(w->plant, n, row->branch, row->channel) *
                  (cap_w + coarse_remainder_w(&node->hardware, cap_w));
    }
    return coarse_up_w(sum_uw) + row_other_w(w, r);
}

static bool can_be_kept(const struct world *w, uint32_t r)
{
    int64_t limit_w = w->decision->row[r].limit_w;
    int64_t guard_w = share_up_w(w->site->control.guard_bp, limit_w) + w->row_check[r].slack_w;

    return least_load_w(w, r) + guard_w <= limit_w;
}

/* The load that the controller can be held to: less what no meter shows of the uncontrolled part; and where no meter
 * shows the whole, no more than what the nodes may draw by what they say. */
static int64_t answerable_w(const struct world *w, uint32_t r)
{
    const struct row_check *c = &w->row_check[r];
    const struct row *row = &w->rows->row[r];
    int64_t hidden_w = max_w(0, row_other_w(w, r) - c->metered_w);
    int64_t load_w = coarse_load_w(w->plant, row->branch, row->channel) - hidden_w;
    const struct sensor *s = c->sensor == NONE_INDEX ? NULL : &w->sensor[c->sensor];

    if (s != NULL && w->device[s->device].meter.fault == METER_WELL &&
        w->feed.reading[s->point].quality == QUALITY_GOOD)
        return load_w;
    return min_w(load_w, watts_up(w->potential.row_bp[r]) + c->metered_w);
}

/* With every node in reach a limit is kept much sooner. */
static int64_t prompt_ns(const struct world *w)
{
    return 3 * NS_PER_S + (4 + w->scenario->meter_late_ticks) * w->tick_ns +
           w->site->control.ack_timeout_ns + w->scenario->report_period_ms * NS_PER_MS;
}

static void note_trouble(struct world *w)
{
    if (!network_calm(&w->network) || w->now_ns - w->started_ns < w->site->control.takeover_ns)
        w->troubled_ns = w->now_ns;
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        if (w->site->nodes.actuator[n] != NONE_INDEX &&
            (!agent_reachable(w, n) || w->now_ns < w->agent[n].slow_until_ns))
            w->troubled_ns = w->now_ns;
    }
}

static void check_measured(struct world *w, uint32_t r, int64_t grace)
{
    struct row_check *c = &w->row_check[r];
    int64_t limit_w = w->decision->row[r].limit_w;
    int64_t load_w = answerable_w(w, r);
    char name[96];

    if (load_w <= limit_w + c->slack_w) {
        c->over_ns = 0;
        return;
    }
    sight(w, SIGHT_OVER);
    /* From when it can be kept on there must be time. */
    if (c->over_ns == 0 || !can_be_kept(w, r) ||
        w->now_ns - w->started_ns <= w->site->control.takeover_ns)
        c->over_ns = w->now_ns;
    if (w->now_ns - c->over_ns <= grace)
        return;
    broken(w, PROMISE_MEASURED,
           "%s: %" PRId64 " W for %" PRId64 " s, limit %" PRId64 " W, could be %" PRId64 " W",
           name_of(w, r, name), load_w, (w->now_ns - c->over_ns) / NS_PER_S, limit_w,
           least_load_w(w, r));
}

/* Nothing in force is looser than what the branch is made for, at the true voltage and power factor. */
static void check_equipment(struct world *w, uint32_t r)
{
    const struct row *row = &w->rows->row[r];
    int64_t rating_uw =
        w->plant->rating_uw[(size_t)row->branch * CHANNEL_COUNT + (size_t)row->channel];
    int64_t share_bp = row->lost_feed == NONE_INDEX ? w->site->tree.derating_bp[row->branch]
                                                    : w->site->control.failover_overload_bp;
    double most_w = (double)rating_uw / 1e6 * (double)share_bp / 1e4 *
                    (1 + 3e-4 * (double)w->scenario->meter_error_bp + 1e-3);
    char name[96];

    if (rating_uw == INT64_MAX || (double)w->decision->row[r].limit_w <= most_w + 1)
        return;
    broken(w, PROMISE_LOOSENED, "%s: a limit of %" PRId64 " W, made for %.0f W",
           name_of(w, r, name), w->decision->row[r].limit_w, most_w);
}

/* Also of what it showed a while ago and comes only now. */
static bool meter_is_well(const struct world *w, uint32_t r)
{
    uint32_t sensor = w->row_check[r].sensor;
    const struct device_state *device = NULL;

    if (sensor == NONE_INDEX)
        return true;
    device = &w->device[w->sensor[sensor].device];
    return device->meter.fault == METER_WELL &&
           (device->until_ns == 0 ||
            w->now_ns > device->until_ns + (SAMPLES_LATE_MAX + 1) * w->tick_ns);
}

static void check_rows(struct world *w)
{
    int64_t grace = grace_ns(w);

    note_trouble(w);
    if (w->now_ns - w->troubled_ns > grace)
        grace = prompt_ns(w);
    see(w);
    for (uint32_t r = 0; r < w->rows->count; r++) {
        if (w->decision->row[r].shortfall_w > 0)
            sight(w, SIGHT_SHORTFALL);
        if (controller_estimate(w->controller)->row[r].blind)
            sight(w, SIGHT_BLIND);
        check_committed(w, r);
        /* A spoilt voltage spoils the limit, and is the meter's to answer for. */
        if (meter_is_well(w, w->rows->row[r].branch))
            check_equipment(w, r);
        if (w->decision->row[r].hard == NONE_INDEX)
            w->row_check[r].over_ns = 0;
        else if (w->rows->row[r].lost_feed == NONE_INDEX)
            check_measured(w, r, grace);
    }
}

/* ---- nodes and commands ---- */

static void check_nodes(struct world *w)
{
    const struct decision *d = w->decision;

    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        if (w->site->nodes.cappable[n] && w->potential.node[n].cap_w > d->node[n].committed_cap_w)
            broken(w, PROMISE_NODE_BOUND, "%s: may hold %" PRId64 " W, counted at %" PRId64 " W",
                   w->site->nodes.name[n], w->potential.node[n].cap_w, d->node[n].committed_cap_w);
    }
    for (uint32_t i = 0; i < d->commands; i++) {
        const struct command *c = &d->command[i];

        if (c->kind == COMMAND_FENCE)
            sight(w, SIGHT_FENCE);
        if (c->cap_w < w->site->nodes.cap_min_w[c->node] ||
            c->cap_w > w->site->nodes.cap_max_w[c->node] || c->lease_ns <= 0 ||
            !w->site->nodes.cappable[c->node])
            broken(w, PROMISE_COMMAND, "%s: %s to %" PRId64 " W", w->site->nodes.name[c->node],
                   command_name(c->kind), c->cap_w);
    }
}

static void check_counters(struct world *w)
{
    const struct decision *d = w->decision;
    /* The counter's own patience is 15 s, too little for slow ticks and for a load that is found out bit by bit. */
    bool quiet = w->now_ns > w->faults_until_ns + QUIET_COUNTER_S * NS_PER_S &&
                 w->tick_ns <= COUNTED_TICK_S * NS_PER_S;

    w->exceeding_ns =
        d->counters.committed_exceeded > w->exceeded_before ? w->exceeding_ns + w->tick_ns : 0;
    w->exceeded_before = d->counters.committed_exceeded;
    if (d->counters.raised_without_headroom > 0 || d->counters.equipment_loosened > 0 ||
        (quiet && w->exceeding_ns > EXCEEDING_S * NS_PER_S))
        broken(w, PROMISE_COUNTER,
               "committed_exceeded %" PRIu64 ", raised_without_headroom %" PRIu64
               ", equipment_loosened %" PRIu64,
               d->counters.committed_exceeded, d->counters.raised_without_headroom,
               d->counters.equipment_loosened);

    if (d->limits.dropped > 0 || d->alarms_dropped > 0)
        broken(w, PROMISE_DROPPED, "%" PRIu64 " limits, %" PRIu64 " alarms", d->limits.dropped,
               d->alarms_dropped);
    for (uint32_t i = 0; i < d->alarms; i++) {
        if (d->alarm[i].kind == ALARM_CAP_NOT_ENFORCED)
            sight(w, SIGHT_DISOBEDIENT);
    }
}

/* A breaker that trips although nothing from outside has happened for a while, and the load could have been less. */
static void check_breakers(struct world *w)
{
    uint32_t b = 0;
    uint32_t r = 0;
    enum channel c = CHANNEL_TOTAL;

    if (!coarse_breakers(w->plant, (double)w->tick_ns / 1e9, &b, &c))
        return;
    /* And somebody closes it again. */
    w->plant->trip_used[(size_t)b * CHANNEL_COUNT + (size_t)c] = 0;
    r = c == CHANNEL_TOTAL ? b : w->rows->phase_row[b * PHASES + (uint32_t)(c - CHANNEL_L1)];
    if (w->site->mode != MODE_ENFORCE || w->decision == NULL ||
        w->now_ns < w->last_event_ns + OUTSIDE_SURGE_S * NS_PER_S ||
        w->now_ns < w->faults_until_ns + OUTSIDE_SURGE_S * NS_PER_S || !can_be_kept(w, r))
        return;
    broken(w, PROMISE_BREAKER, "%s: %" PRId64 " W", w->site->tree.name[b],
           coarse_load_w(w->plant, b, c));
}

/* ---- the tick ---- */

void check_before(struct world *w)
{
    potential_listen(w);
    memcpy(w->before_bp, w->potential.row_bp, w->rows->count * sizeof *w->before_bp);
}

void check_after(struct world *w)
{
    w->grace_ns = find_grace_ns(w);
    check_breakers(w);
    if (w->controller == NULL || w->decision == NULL)
        return;
    check_counters(w);
    if (w->site->mode != MODE_ENFORCE)
        return; /* where it only watches, nothing is its to keep */
    check_rows(w);
    check_nodes(w);
    check_limits(w);
    check_settled(w);
}
