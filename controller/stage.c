#include "controller/stage.h"

#include <assert.h>
#include <string.h>

/* A lease is renewed when a third of it has passed at the latest: two renewals may be lost before it lapses. */
enum { RENEWALS_PER_LEASE = 3 };

/* By up to this part of that earlier, each node by its own. */
enum { RENEWAL_SPREAD = 4 };
#define GOLDEN_RATIO UINT32_C(2654435769) /* x 2^32, of 0.618... */

/* After so many unanswered commands a node is no longer counted on. */
enum { ACK_TIMEOUTS_FORGIVEN = 3 };

void stage_create(struct stage *stage, const struct site *site, const struct row_table *rows,
                  uint64_t epoch, struct arena *arena)
{
    *stage = (struct stage){.site = site, .rows = rows, .epoch = epoch, .next_seq = 1};
    stage->node = arena_array(arena, site->nodes.count, struct stage_node);
    stage->headroom_bp = arena_array(arena, rows->count, int64_t);
    stage->committed_bp = arena_array(arena, rows->count, int64_t);
    stage->raise = arena_array(arena, site->nodes.count, uint32_t);
    node_set_create(&stage->busy, site->nodes.count, arena);
    for (uint32_t n = 0; n < site->nodes.count; n++) {
        stage->node[n].in_force_w = site->nodes.uncapped_w[n];
        stage->largest_step_w = max_w(stage->largest_step_w, site->nodes.cap_step_w[n]);
    }
}

/* ---- what the nodes report ---- */

static void forget_up_to(struct stage_node *node, struct command_id applied)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < node->flights; i++) {
        if (command_id_compare(node->flight[i].id, applied) > 0)
            node->flight[kept++] = node->flight[i];
    }
    node->flights = kept;
}

/* An agent that restarted drops whatever was addressed to the one before it. */
static void new_incarnation(struct stage_node *node, const struct node_report *report,
                            int64_t uncapped_w, uint64_t next_seq)
{
    uint64_t retired[RETIRED_MAX] = {node->incarnation};

    memcpy(&retired[1], node->retired, (RETIRED_MAX - 1) * sizeof retired[0]);
    *node = (struct stage_node){
        .incarnation = report->incarnation, .in_force_w = uncapped_w, .fence_seq = next_seq};
    memcpy(node->retired, retired, sizeof retired);
}

static bool is_retired(const struct stage_node *node, uint64_t incarnation)
{
    for (int i = 0; i < RETIRED_MAX; i++) {
        if (node->retired[i] != 0 && node->retired[i] == incarnation)
            return true;
    }
    return false;
}

static bool unanswered(const struct stage_node *node)
{
    return node->sent && command_id_compare(node->applied, node->sent_id) < 0;
}

/* Hardware rounds by less than a step; more than that is disobedience or another writer. */
static void note_above(struct stage_node *node, int64_t step_w, int64_t now_ns)
{
    bool above = node->sent && !unanswered(node) && node->in_force_w >= node->sent_w + step_w;

    if (above && !node->above)
        node->above_ns = now_ns;
    node->above =
        above || (node->above && unanswered(node) && node->in_force_w >= node->sent_w + step_w);
}

/* A report of an incarnation before the present one. Incarnations have no order, so a mistake must heal: once the
 * present one has been silent for long, the other is believed again. */
static bool late_word(const struct stage *stage, const struct stage_node *node,
                      const struct node_report *report)
{
    return report->taken_ns < node->report_ns ||
           (is_retired(node, report->incarnation) &&
            report->taken_ns - node->report_ns <= stage->site->control.report_stale_after_ns);
}

static void listen(struct stage *stage, uint32_t n, const struct node_report *report)
{
    struct stage_node *node = &stage->node[n];
    int64_t uncapped_w = stage->site->nodes.uncapped_w[n];

    if (!report->heard)
        return;
    if (report->applied.epoch > stage->epoch)
        stage->deposed = true;
    if (report->applied.epoch > stage->highest_epoch)
        stage->highest_epoch = report->applied.epoch;
    if (report->incarnation != node->incarnation) {
        if (late_word(stage, node, report))
            return;
        new_incarnation(node, report, uncapped_w, stage->next_seq);
    }
    if (report->taken_ns < node->report_ns ||
        command_id_compare(report->applied, node->applied) < 0)
        return;
    node->report_ns = report->taken_ns;
    if (command_id_compare(report->applied, node->applied) > 0)
        node->waiting_ns = report->taken_ns;
    node->applied = report->applied;
    node->in_force_w =
        report->cap_in_force ? min_w(report->enforced_cap_w, uncapped_w) : uncapped_w;
    if (report->applied.epoch == stage->epoch && report->applied.seq >= node->fence_seq)
        node->fenced = true;
    forget_up_to(node, report->applied);
    node->waiting = unanswered(node);
    note_above(node, stage->site->nodes.cap_step_w[n], report->taken_ns);
}

void stage_listen(struct stage *stage, const struct snapshot *snapshot,
                  const struct node_set *awake)
{
    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1))
        listen(stage, n, &snapshot->report[n]);
}

int64_t stage_committed_cap_w(const struct stage *stage, uint32_t n)
{
    const struct stage_node *node = &stage->node[n];
    int64_t committed_w = node->in_force_w;

    /* In observe mode nothing of ours is ever in flight, and nothing can be fenced. */
    if (!node->fenced && site_enforces(stage->site, n))
        return stage->site->nodes.uncapped_w[n];
    for (uint32_t i = 0; i < node->flights; i++)
        committed_w = max_w(committed_w, node->flight[i].cap_w);
    return committed_w;
}

bool stage_disobeys(const struct stage *stage, uint32_t n, int64_t now_ns)
{
    const struct stage_node *node = &stage->node[n];
    int64_t forgiven_ns = ACK_TIMEOUTS_FORGIVEN * stage->site->control.ack_timeout_ns;

    return (node->waiting && now_ns - node->waiting_ns > forgiven_ns) ||
           (node->above && now_ns - node->above_ns > forgiven_ns);
}

int64_t stage_heading_w(const struct stage *stage, uint32_t n)
{
    const struct stage_node *node = &stage->node[n];

    return node->sent ? node->sent_w : node->in_force_w;
}

/* ---- sending ---- */

/* Room for one more: the two oldest become one that is as new as the newer and as high as the higher. */
static void make_room(struct stage_node *node)
{
    if (node->flights < IN_FLIGHT_MAX)
        return;
    node->flight[1].cap_w = max_w(node->flight[0].cap_w, node->flight[1].cap_w);
    memmove(&node->flight[0], &node->flight[1], (IN_FLIGHT_MAX - 1) * sizeof node->flight[0]);
    node->flights--;
}

static void send(struct stage *stage, uint32_t n, enum command_kind kind, int64_t cap_w,
                 int64_t now_ns, struct decision *decision)
{
    struct stage_node *node = &stage->node[n];
    bool enforce = site_enforces(stage->site, n);
    struct command_id id = {stage->epoch, stage->next_seq};

    assert(decision->commands < stage->site->nodes.count);
    decision->command[decision->commands++] = (struct command){
        .node = n,
        .kind = kind,
        .id = id,
        .cap_w = cap_w,
        .lease_ns = stage->site->control.lease_ns,
        .may_be_sent = enforce,
        .incarnation = node->incarnation,
    };
    if (!enforce)
        return; /* nothing leaves, so nothing is in flight */
    stage->next_seq++;
    if (kind == COMMAND_RAISE) {
        make_room(node);
        node->flight[node->flights++] = (struct in_flight){id, cap_w};
    }
    if (!node->waiting)
        node->waiting_ns = now_ns;
    node->waiting = true;
    node->sent = true;
    node->sent_id = id;
    node->sent_w = cap_w;
    node->sent_ns = now_ns;
}

/* True when what was sent last is still on its way and not yet late. */
static bool pending(const struct stage *stage, const struct stage_node *node, int64_t now_ns)
{
    return unanswered(node) && now_ns - node->sent_ns < stage->site->control.ack_timeout_ns;
}

static bool commandable(const struct stage *stage, const struct estimate *estimate, uint32_t n)
{
    return estimate->node[n].commandable && stage->site->nodes.actuator[n] != NONE_INDEX;
}

/* Each node has a little less than the third of its own, so that those who were asked in one tick are not all renewed
 * in one: the fractions of n x the golden ratio are spread as evenly as can be. */
static int64_t renewal_ns(const struct stage *stage, uint32_t n)
{
    int64_t third_ns = stage->site->control.lease_ns / RENEWALS_PER_LEASE;
    int64_t part = (int64_t)((uint32_t)(n * GOLDEN_RATIO) >> 22); /* of 1,024 */

    return third_ns - third_ns / RENEWAL_SPREAD * part / 1024;
}

/* While taking over, the cap in force is only stated again under our epoch: nothing is raised, and nothing is
 * lowered before the site is known, unless a row is over its limit now. */
static int64_t fence_cap_w(const struct stage *stage, const struct estimate *estimate,
                           const struct decision *decision, uint32_t n, bool calm)
{
    const struct node_estimate *node = &estimate->node[n];
    int64_t held_w = min_w(max_w(stage->node[n].in_force_w, node->cap_min_w), node->cap_max_w);

    return calm ? held_w : min_w(held_w, decision->node[n].cap_w);
}

/* A cap above what is wanted is lowered at once, whatever else is in flight. */
static void lower(struct stage *stage, uint32_t n, int64_t wanted_w, int64_t now_ns,
                  struct decision *decision)
{
    const struct stage_node *node = &stage->node[n];
    bool asked_lately = node->sent && node->sent_w == wanted_w &&
                        now_ns - node->sent_ns < stage->site->control.ack_timeout_ns;

    if (wanted_w < stage_committed_cap_w(stage, n) && !asked_lately)
        send(stage, n, COMMAND_LOWER, wanted_w, now_ns, decision);
}

static void renew(struct stage *stage, uint32_t n, int64_t wanted_w, int64_t now_ns,
                  struct decision *decision)
{
    const struct stage_node *node = &stage->node[n];
    int64_t age_ns = now_ns - node->sent_ns;
    bool late = unanswered(node) && age_ns >= stage->site->control.ack_timeout_ns;
    bool due = age_ns >= renewal_ns(stage, n);
    /* Never above what it holds: a lease that lapsed has lowered that, and what was asked before would pass for a
     * raise that was asked for lately, for ever. */
    int64_t held_w = max_w(stage_committed_cap_w(stage, n), stage->site->nodes.cap_min_w[n]);

    if (node->sent && (late || due))
        send(stage, n, COMMAND_RENEW, min_w(min_w(stage_heading_w(stage, n), wanted_w), held_w),
             now_ns, decision);
}

static int64_t stage_limit_w(const struct row_decision *row)
{
    return min_w(row->limit_w, row->soft_limit_w);
}

/* What every row has left above all that may be drawn: limits less committed caps, remainders and the
 * uncontrolled load. */
static void measure_headroom(struct stage *stage, const struct estimate *estimate,
                             struct decision *decision)
{
    const struct row_table *rows = stage->rows;

    for (uint32_t r = 0; r < rows->count; r++) {
        /* The estimate's bounds: lowers and fences sent meanwhile have changed nothing yet. */
        int64_t committed_bp =
            estimate->row[r].uncontrolled_w * SHARE_WHOLE_BP + estimate->row[r].bound_bp;

        stage->committed_bp[r] = committed_bp;
        /* Where the load was never seen there is no headroom to confirm. */
        stage->headroom_bp[r] =
            estimate->row[r].blind
                ? 0
                : (stage_limit_w(&decision->row[r]) - estimate->row[r].unconfirmed_w) *
                          SHARE_WHOLE_BP -
                      committed_bp;
    }
}

static bool fits(const struct stage *stage, uint32_t n, int64_t raise_w)
{
    const struct row_table *rows = stage->rows;

    for (uint32_t i = rows->first[n]; i < rows->first[n + 1]; i++) {
        if ((int64_t)rows->share[i].coefficient_bp * raise_w >
            stage->headroom_bp[rows->share[i].row])
            return false;
    }
    return true;
}

static void take_headroom(struct stage *stage, uint32_t n, int64_t raise_w)
{
    const struct row_table *rows = stage->rows;

    for (uint32_t i = rows->first[n]; i < rows->first[n + 1]; i++) {
        stage->headroom_bp[rows->share[i].row] -= (int64_t)rows->share[i].coefficient_bp * raise_w;
        stage->committed_bp[rows->share[i].row] += (int64_t)rows->share[i].coefficient_bp * raise_w;
    }
}

/* How far the release ramp lets the site's caps rise in this tick, W. */
static int64_t ramp_w(struct stage *stage, int64_t now_ns)
{
    int64_t elapsed_ms = stage->ticked ? (now_ns - stage->last_ns) / NS_PER_MS : 0;
    int64_t second_ms = 1000;

    /* Credit of at most a second, so that a pause is not followed by a burst; but of a step, or a slow ramp would
     * never afford one. */
    elapsed_ms = min_w(elapsed_ms, second_ms);
    stage->raise_credit_mw =
        min_w(stage->raise_credit_mw + stage->site->control.release_w_per_s * elapsed_ms,
              max_w(stage->site->control.release_w_per_s, stage->largest_step_w) * second_ms);
    stage->ticked = true;
    stage->last_ns = now_ns;
    return stage->raise_credit_mw / 1000;
}

static int64_t wish_w(const struct stage *stage, const struct decision *decision, uint32_t n)
{
    return decision->node[n].cap_w - stage_committed_cap_w(stage, n);
}

static bool may_rise(const struct stage *stage, const struct estimate *estimate,
                     const struct decision *decision, uint32_t n, int64_t now_ns)
{
    const struct stage_node *node = &stage->node[n];
    int64_t wish = wish_w(stage, decision, n);
    /* Hardware that took the command but rounds or clamps it is not asked again in every tick. */
    bool asked_lately = node->sent && node->sent_w == decision->node[n].cap_w &&
                        now_ns - node->sent_ns < renewal_ns(stage, n);

    return estimate->node[n].controllable && commandable(stage, estimate, n) && wish > 0 &&
           (node->fenced || !site_enforces(stage->site, n)) && !pending(stage, node, now_ns) &&
           !asked_lately;
}

/* The part of its wish that a node is granted: proportional to the ramp, in whole steps, the last one to the top. */
static int64_t granted_w(const struct stage *stage, uint32_t n, int64_t wish, int64_t ramp,
                         int64_t wishes)
{
    int64_t step_w = stage->site->nodes.cap_step_w[n];
    int64_t part = wishes <= ramp ? wish : (int64_t)((wide_int)wish * ramp / wishes);

    return part == wish ? wish : part / step_w * step_w;
}

/* Where the raise ends: on the node's own steps, unless it is all that was wished. */
static int64_t raise_target_w(const struct stage *stage, const struct estimate *estimate,
                              const struct decision *decision, uint32_t n, int64_t raise_w)
{
    int64_t target_w = stage_committed_cap_w(stage, n) + raise_w;
    int64_t least_w = estimate->node[n].cap_min_w;
    int64_t step_w = stage->site->nodes.cap_step_w[n];

    if (target_w >= decision->node[n].cap_w)
        return decision->node[n].cap_w;
    return target_w < least_w ? least_w : least_w + (target_w - least_w) / step_w * step_w;
}

/* Sends the raise and pays for it, if the ramp and every row bear it. */
static void raise_one(struct stage *stage, uint32_t n, int64_t target_w, int64_t now_ns,
                      struct decision *decision)
{
    int64_t raise_w = target_w - stage_committed_cap_w(stage, n);

    if (raise_w <= 0 || raise_w * 1000 > stage->raise_credit_mw || !fits(stage, n, raise_w))
        return;
    take_headroom(stage, n, raise_w);
    stage->raise_credit_mw -= raise_w * 1000;
    send(stage, n, COMMAND_RAISE, target_w, now_ns, decision);
}

/* Raises are spread: each node that wishes gets its part of the ramp; what rounding to steps left over goes out
 * one step at a time, beginning with another node in each tick. */
static void raise_all(struct stage *stage, const struct estimate *estimate,
                      const struct node_set *awake, int64_t now_ns, struct decision *decision)
{
    int64_t ramp = ramp_w(stage, now_ns);
    int64_t wishes = 0;
    uint32_t raises = 0;

    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1)) {
        if (!may_rise(stage, estimate, decision, n, now_ns))
            continue;
        wishes += wish_w(stage, decision, n);
        stage->raise[raises++] = n;
    }
    for (uint32_t i = 0; i < raises; i++) {
        uint32_t n = stage->raise[(i + decision->tick) % raises];
        int64_t wish = wish_w(stage, decision, n);
        int64_t raise_w = granted_w(stage, n, wish, ramp, wishes);

        if (raise_w == 0)
            raise_w = min_w(stage->site->nodes.cap_step_w[n], wish);
        raise_one(stage, n, raise_target_w(stage, estimate, decision, n, raise_w), now_ns,
                  decision);
    }
}

static bool over_limit(const struct estimate *estimate, const struct decision *decision,
                       uint32_t rows)
{
    for (uint32_t r = 0; r < rows; r++) {
        if (decision->row[r].hard != NONE_INDEX &&
            estimate->row[r].load_least_w > decision->row[r].limit_w)
            return true;
    }
    return false;
}

/* The promise of this file, counted where it can be seen: a raise never takes a row over its limit. */
static void check_promise(const struct stage *stage, struct decision *decision)
{
    for (uint32_t i = 0; i < decision->commands; i++) {
        const struct command *command = &decision->command[i];
        const struct row_table *rows = stage->rows;

        if (command->kind != COMMAND_RAISE)
            continue;
        for (uint32_t k = rows->first[command->node]; k < rows->first[command->node + 1]; k++) {
            if (stage->headroom_bp[rows->share[k].row] < 0)
                decision->counters.raised_without_headroom++;
        }
    }
}

/* What is committed on every row and node once this tick's commands are on their way. */
static void state_committed(const struct stage *stage, const struct node_set *awake,
                            struct decision *decision)
{
    for (uint32_t r = 0; r < stage->rows->count; r++)
        decision->row[r].committed_w = share_up_w(1, stage->committed_bp[r]);
    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1))
        decision->node[n].committed_cap_w = stage_committed_cap_w(stage, n);
}

/* Who has something under way: the next tick must go on with it. */
static void note_busy(struct stage *stage, const struct estimate *estimate,
                      const struct node_set *awake, const struct decision *decision)
{
    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1)) {
        const struct stage_node *node = &stage->node[n];
        bool fenced = node->fenced || !site_enforces(stage->site, n);
        bool there = decision->node[n].cap_w == decision->node[n].committed_cap_w;

        node_set_put(&stage->busy, n,
                     node->waiting || node->above ||
                         (commandable(stage, estimate, n) && (!fenced || !there)));
    }
}

int64_t stage_due_ns(const struct stage *stage, uint32_t n)
{
    const struct stage_node *node = &stage->node[n];

    return node->sent ? node->sent_ns + renewal_ns(stage, n) : INT64_MAX;
}

static void lower_all(struct stage *stage, const struct estimate *estimate,
                      const struct node_set *awake, int64_t now_ns, struct decision *decision)
{
    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1)) {
        if (commandable(stage, estimate, n) &&
            (stage->node[n].fenced || !site_enforces(stage->site, n)))
            lower(stage, n, decision->node[n].cap_w, now_ns, decision);
    }
}

static void renew_all(struct stage *stage, const struct estimate *estimate,
                      const struct node_set *awake, bool calm, int64_t now_ns,
                      struct decision *decision)
{
    for (uint32_t n = node_set_next(awake, 0); n < awake->nodes; n = node_set_next(awake, n + 1)) {
        const struct stage_node *node = &stage->node[n];

        if (!commandable(stage, estimate, n) || !site_enforces(stage->site, n) ||
            (node->sent && node->sent_ns == now_ns))
            continue;
        if (node->fenced)
            renew(stage, n, decision->node[n].cap_w, now_ns, decision);
        else if (!pending(stage, node, now_ns))
            send(stage, n, COMMAND_FENCE, fence_cap_w(stage, estimate, decision, n, calm), now_ns,
                 decision);
    }
}

void stage_commands(struct stage *stage, const struct snapshot *snapshot,
                    const struct estimate *estimate, const struct node_set *awake,
                    struct decision *decision)
{
    int64_t now_ns = snapshot->now_ns;
    bool calm = estimate->taking_over && !over_limit(estimate, decision, stage->rows->count);

    decision->commands = 0;
    if (!stage->deposed) {
        if (!calm)
            lower_all(stage, estimate, awake, now_ns, decision);
        renew_all(stage, estimate, awake, calm, now_ns, decision);
    }
    measure_headroom(stage, estimate, decision);
    if (!stage->deposed && !estimate->taking_over)
        raise_all(stage, estimate, awake, now_ns, decision);
    check_promise(stage, decision);
    state_committed(stage, awake, decision);
    note_busy(stage, estimate, awake, decision);
}
