/* The tick: estimate > limits > budget > allocate > stage, and what the host should be told of it. */
#include "controller/allocate.h"
#include "controller/budget.h"
#include "controller/controller.h"
#include "controller/estimate.h"
#include "controller/feedback.h"
#include "controller/shed.h"
#include "controller/stage.h"
#include "controller/trip_watch.h"

#include <stdlib.h>
#include <string.h>

/* A row that could be kept but stays committed above its limit for longer than this is counted. */
enum { COMMITTED_GRACE_S = 15 };

struct controller {
    struct arena arena;        /* lives as long as the controller */
    struct arena policy_arena; /* states and limits of the present policies */
    const struct site *site;
    const struct policy_set *policies;
    void **policy_state; /* [policies] */
    struct row_table rows;
    struct stage stage;
    struct feedback feedback;
    struct trip_watch trip_watch;
    struct estimator estimator;
    struct allocator allocator;
    struct shed shed;
    int64_t *short_w;           /* [rows] scratch */
    struct node_set awake;      /* whom this tick looks at */
    int64_t *due_ns;            /* [nodes] when a node must be looked at whatever comes */
    bool all_next;              /* the next tick looks at everybody */
    uint8_t *node_alarms;       /* [nodes] bits by alarm kind */
    struct node_set alarmed;    /* nodes that have any */
    uint64_t *node_hash;        /* [nodes] */
    uint64_t nodes_hash;        /* their sum, in whatever order they changed */
    int64_t *exceeded_since_ns; /* [rows] meaningful when `exceeded` */
    bool *exceeded;
    struct decision decision;
};

/* ---- creation and reload ---- */

static void take_policies(struct controller *c, const struct policy_set *policies)
{
    struct arena arena = {0};
    void **state = arena_array(&arena, policies->count, void *);
    struct limit_list limits = {.room = policy_set_limits_max(policies, &c->rows)};

    limits.limit = arena_array(&arena, limits.room, struct limit);
    for (uint32_t i = 0; i < policies->count; i++) {
        const struct policy *policy = &policies->policy[i];

        state[i] = arena_take(&arena, 1, policy->kind->state_size);
        for (uint32_t k = 0; c->policies != NULL && k < c->policies->count; k++) {
            const struct policy *old = &c->policies->policy[k];

            if (old->kind == policy->kind && strcmp(old->name, policy->name) == 0)
                memcpy(state[i], c->policy_state[k], policy->kind->state_size);
        }
    }
    arena_free(&c->policy_arena);
    c->policy_arena = arena;
    c->policies = policies;
    c->policy_state = state;
    c->decision.limits = limits;
}

static void take_decision(struct decision *d, const struct site *site, const struct row_table *rows,
                          struct arena *arena)
{
    d->node = arena_array(arena, site->nodes.count, struct node_decision);
    d->row = arena_array(arena, rows->count, struct row_decision);
    d->command = arena_array(arena, site->nodes.count, struct command);
    /* Each point has at most one alarm at a time, each row three, each node three. */
    d->alarm_room = site->points + 3 * site->nodes.count + 3 * rows->count + ALARM_COUNT;
    d->alarm = arena_array(arena, d->alarm_room, struct alarm);
}

bool controller_can(const struct site *site, struct error *err) { return allocate_can(site, err); }

struct controller *controller_create(const struct site *site, const struct policy_set *policies,
                                     const struct controller_options *options)
{
    struct arena arena = {0};
    struct controller *c = arena_array(&arena, 1, struct controller);

    c->site = site;
    rows_build(&c->rows, site, &arena);
    stage_create(&c->stage, site, &c->rows, options->epoch, &arena);
    feedback_create(&c->feedback, site, &c->rows,
                    options->tuning == NULL ? &feedback_tuning_default : options->tuning, &arena);
    trip_watch_create(&c->trip_watch, site, &c->rows, &arena);
    estimate_create(&c->estimator, site, &c->rows, options->remainder_w, &c->feedback, &arena);
    allocate_create(&c->allocator, site, &c->rows, &arena);
    shed_create(&c->shed, c->rows.count, site->nodes.count, c->rows.first, c->rows.share,
                c->rows.row_first, c->rows.row_node, &arena);
    c->short_w = arena_array(&arena, c->rows.count, int64_t);
    node_set_create(&c->awake, site->nodes.count, &arena);
    node_set_create(&c->alarmed, site->nodes.count, &arena);
    c->due_ns = arena_array(&arena, site->nodes.count, int64_t);
    c->node_alarms = arena_array(&arena, site->nodes.count, uint8_t);
    c->node_hash = arena_array(&arena, site->nodes.count, uint64_t);
    c->all_next = true;
    c->exceeded_since_ns = arena_array(&arena, c->rows.count, int64_t);
    c->exceeded = arena_array(&arena, c->rows.count, bool);
    take_decision(&c->decision, site, &c->rows, &arena);
    take_policies(c, policies);
    c->arena = arena; /* which holds the controller itself */
    return c;
}

void controller_free(struct controller *controller)
{
    struct arena arena = {0};

    if (controller == NULL)
        return;
    arena_free(&controller->policy_arena);
    arena = controller->arena;
    arena_free(&arena);
}

void controller_reload(struct controller *controller, const struct policy_set *policies)
{
    take_policies(controller, policies);
}

/* ---- alarms and counters ---- */

static void alarm_add(struct decision *d, enum alarm_kind kind, uint32_t subject, double number)
{
    if (d->alarms == d->alarm_room) {
        d->alarms_dropped++;
        return;
    }
    d->alarm[d->alarms++] = (struct alarm){kind, subject, number};
}

static double seconds_since(int64_t then_ns, int64_t now_ns)
{
    return (double)(now_ns - then_ns) / (double)NS_PER_S;
}

static void alarm_points(struct controller *c, const struct estimate *estimate,
                         const struct snapshot *snapshot)
{
    for (uint32_t p = 0; p < c->site->points; p++) {
        const struct reading *reading = &snapshot->reading[p];

        if (reading->quality == QUALITY_MISSING && !estimate->taking_over)
            alarm_add(&c->decision, ALARM_READING_MISSING, p, 0.0);
        else if (reading->quality == QUALITY_STALE)
            alarm_add(&c->decision, ALARM_READING_STALE, p,
                      seconds_since(reading->taken_ns, snapshot->now_ns));
        else if (reading->quality == QUALITY_BAD)
            alarm_add(&c->decision, ALARM_READING_BAD, p, reading->flaw);
    }
}

/* Which alarms a node has, one bit a kind. */
static uint8_t alarms_of(const struct controller *c, const struct estimate *estimate,
                         const struct snapshot *snapshot, uint32_t n)
{
    const struct node_table *nodes = &c->site->nodes;
    const struct node_estimate *node = &estimate->node[n];
    const struct stage_node *stage = &c->stage.node[n];
    const struct node_report *report = &snapshot->report[n];
    uint8_t bits = 0;

    if (nodes->actuator[n] == NONE_INDEX)
        return 0;
    if (node->contact == CONTACT_LOST || (node->contact == CONTACT_NEVER && !estimate->taking_over))
        bits |= 1 << ALARM_NODE_LOST;
    /* It talks, but does not do as it is told, or its hardware takes none of the site file's caps. */
    if (node->contact == CONTACT_FRESH && nodes->cappable[n] &&
        (stage_disobeys(&c->stage, n, snapshot->now_ns) || node->cap_min_w > node->cap_max_w))
        bits |= 1 << ALARM_CAP_NOT_ENFORCED;
    /* It has acked our last command; whatever else is in force now is another's doing or its own. */
    if (node->contact == CONTACT_FRESH && stage->fenced && stage->sent &&
        command_id_compare(report->applied, stage->sent_id) >= 0 &&
        (!report->cap_in_force || report->enforced_cap_w >= stage->sent_w + nodes->cap_step_w[n]))
        bits |= 1 << ALARM_FOREIGN_WRITER;
    return bits;
}

static double node_alarm_number(const struct controller *c, const struct estimate *estimate,
                                const struct snapshot *snapshot, uint32_t n, enum alarm_kind kind)
{
    const struct node_report *report = &snapshot->report[n];

    if (kind == ALARM_NODE_LOST)
        return report->heard ? seconds_since(report->taken_ns, snapshot->now_ns) : 0.0;
    if (kind == ALARM_CAP_NOT_ENFORCED)
        return (double)(estimate->node[n].bound_w - estimate->node[n].remainder_w);
    return (double)((report->cap_in_force ? report->enforced_cap_w : c->site->nodes.uncapped_w[n]) -
                    c->stage.node[n].sent_w);
}

static void alarm_nodes(struct controller *c, const struct estimate *estimate,
                        const struct snapshot *snapshot)
{
    static const enum alarm_kind kinds[] = {ALARM_NODE_LOST, ALARM_CAP_NOT_ENFORCED,
                                            ALARM_FOREIGN_WRITER};

    for (uint32_t n = node_set_next(&c->awake, 0); n < c->awake.nodes;
         n = node_set_next(&c->awake, n + 1)) {
        c->node_alarms[n] = alarms_of(c, estimate, snapshot, n);
        node_set_put(&c->alarmed, n, c->node_alarms[n] != 0);
    }
    for (uint32_t n = node_set_next(&c->alarmed, 0); n < c->alarmed.nodes;
         n = node_set_next(&c->alarmed, n + 1)) {
        for (size_t i = 0; i < COUNT(kinds); i++) {
            if (c->node_alarms[n] >> kinds[i] & 1)
                alarm_add(&c->decision, kinds[i], n,
                          node_alarm_number(c, estimate, snapshot, n, kinds[i]));
        }
    }
}

static void alarm_rows(struct controller *c, const struct estimate *estimate)
{
    for (uint32_t r = 0; r < c->rows.count; r++) {
        const struct row_decision *row = &c->decision.row[r];

        if (row->hard != NONE_INDEX && estimate->row[r].load_least_w > row->limit_w)
            alarm_add(&c->decision, ALARM_ROW_OVER_LIMIT, r,
                      (double)(estimate->row[r].load_least_w - row->limit_w));
        if (row->trip_margin_s < (double)c->site->control.trip_alarm_ns / (double)NS_PER_S)
            alarm_add(&c->decision, ALARM_TRIP_NEAR, r, row->trip_margin_s);
        if (row->shortfall_w > 0 && !estimate->taking_over)
            alarm_add(&c->decision, ALARM_SHORTFALL, r, (double)row->shortfall_w);
    }
}

static void alarms_run(struct controller *c, const struct estimate *estimate,
                       const struct snapshot *snapshot)
{
    c->decision.alarms = 0;
    if (!snapshot->local.known)
        alarm_add(&c->decision, ALARM_CLOCK_UNKNOWN, 0, 0.0);
    if (c->decision.limits.dropped > 0)
        alarm_add(&c->decision, ALARM_LIMITS_DROPPED, 0, (double)c->decision.limits.dropped);
    alarm_points(c, estimate, snapshot);
    alarm_nodes(c, estimate, snapshot);
    alarm_rows(c, estimate);
}

/* Invariant 1 as a counter: what can be kept is kept, once there has been time to bring it down. */
static void count_committed(struct controller *c, const struct estimate *estimate, int64_t now_ns)
{
    for (uint32_t r = 0; r < c->rows.count; r++) {
        const struct row_decision *row = &c->decision.row[r];
        /* Where we only watch, nothing is ours to keep. */
        bool exceeded = c->site->mode == MODE_ENFORCE && !c->stage.deposed &&
                        row->hard != NONE_INDEX && row->committed_w > row->limit_w &&
                        row->shortfall_w == 0 && !estimate->taking_over;

        if (exceeded && !c->exceeded[r])
            c->exceeded_since_ns[r] = now_ns;
        c->exceeded[r] = exceeded;
        if (exceeded && now_ns - c->exceeded_since_ns[r] > COMMITTED_GRACE_S * NS_PER_S)
            c->decision.counters.committed_exceeded++;
    }
}

/* Invariant 5 as a counter: on every rated row the equipment's own limit stands, and nothing looser is in force. */
static void count_equipment(struct controller *c)
{
    const struct decision *d = &c->decision;
    uint32_t rated = 0;
    uint32_t kept = 0;

    for (uint32_t r = 0; r < c->rows.count; r++) {
        const struct row *row = &c->rows.row[r];
        const struct rating *rating = &c->site->tree.rating[row->branch];

        rated += rating->kind != RATING_NONE &&
                 (rating->kind == RATING_A) == (row->channel != CHANNEL_TOTAL);
    }
    for (uint32_t i = 0; i < d->limits.count; i++) {
        const struct limit *limit = &d->limits.limit[i];

        kept += limit->reason.policy == 0 &&
                d->row[limit->row].limit_w <= limit_now_w(limit, d->now_ns);
    }
    c->decision.counters.equipment_loosened += rated - kept;
}

/* splitmix64's finalizer (Steele, Lea, Flood: OOPSLA 2014). */
static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash += value + UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

/* Over what leaves the core: equal on every build for the same inputs. The nodes' part is a sum, which follows
 * those that changed. */
static uint64_t hash_run(struct controller *c)
{
    const struct decision *d = &c->decision;
    uint64_t hash = 0;

    for (uint32_t n = node_set_next(&c->awake, 0); n < c->awake.nodes;
         n = node_set_next(&c->awake, n + 1)) {
        uint64_t now =
            mix(mix(mix(n, (uint64_t)d->node[n].cap_w), (uint64_t)d->node[n].committed_cap_w),
                (uint64_t)d->node[n].bound << 32 | d->node[n].bound_row);

        c->nodes_hash += now - c->node_hash[n];
        c->node_hash[n] = now;
    }
    hash = c->nodes_hash;
    for (uint32_t i = 0; i < d->commands; i++) {
        hash = mix(hash, d->command[i].node);
        hash = mix(hash, d->command[i].id.seq);
        hash = mix(hash, (uint64_t)d->command[i].cap_w);
    }
    return hash;
}

/* ---- the tick ---- */

static void limits_run(struct controller *c, const struct estimate *estimate,
                       const struct snapshot *snapshot)
{
    struct policy_input in = {c->site, &c->rows, snapshot, estimate};

    c->decision.limits.count = 0;
    c->decision.limits.dropped = 0;
    for (uint32_t i = 0; i < c->policies->count; i++) {
        const struct policy *policy = &c->policies->policy[i];

        policy->kind->evaluate(policy->settings, c->policy_state[i], i, &in, &c->decision.limits);
    }
}

static void shed_nodes(struct controller *c, const struct estimate *estimate)
{
    bool any = false;

    for (uint32_t r = 0; r < c->rows.count; r++) {
        c->short_w[r] = c->decision.row[r].shortfall_w;
        any = any || c->short_w[r] > 0;
    }
    for (uint32_t n = 0; any && n < c->site->nodes.count; n++) {
        const struct node_estimate *node = &estimate->node[n];

        c->shed.node[n] = (struct shed_node){
            .freed_w = node->controllable ? node->cap_min_w + node->remainder_w : node->bound_w,
            .weight = c->site->nodes.weight[n],
            .priority_class = c->site->nodes.priority_class[n]};
    }
    shed_run(&c->shed, c->short_w);
    c->decision.shed = c->shed.list;
    c->decision.sheds = c->shed.count;
}

/* Whose report is new, who has something under way, and whose time has come. */
static void wake(struct controller *c, const struct snapshot *snapshot)
{
    if (snapshot->changed == NULL || c->all_next) {
        node_set_fill(&c->awake);
        return;
    }
    memcpy(c->awake.word, c->stage.busy.word, node_set_words(&c->awake) * sizeof(uint64_t));
    for (uint32_t i = 0; i < snapshot->changes; i++)
        node_set_add(&c->awake, snapshot->changed[i]);
    for (uint32_t n = 0; n < c->awake.nodes; n++) {
        if (c->due_ns[n] <= snapshot->now_ns)
            node_set_add(&c->awake, n);
    }
}

static void set_due(struct controller *c, const struct snapshot *snapshot)
{
    for (uint32_t n = node_set_next(&c->awake, 0); n < c->awake.nodes;
         n = node_set_next(&c->awake, n + 1))
        c->due_ns[n] = min_w(estimate_due_ns(&c->estimator, n, &snapshot->report[n]),
                             stage_due_ns(&c->stage, n));
}

const struct decision *controller_tick(struct controller *c, const struct snapshot *snapshot)
{
    const struct estimate *estimate = NULL;

    c->decision.tick++;
    c->decision.now_ns = snapshot->now_ns;
    wake(c, snapshot);
    stage_listen(&c->stage, snapshot, &c->awake);
    feedback_begin(&c->feedback, snapshot, &c->awake);
    estimate = estimate_run(&c->estimator, &c->stage, snapshot, &c->awake);
    limits_run(c, estimate, snapshot);
    trip_watch_run(&c->trip_watch, estimate, &c->decision.limits, snapshot->now_ns);
    budget_run(c->site, &c->rows, snapshot, estimate, &c->trip_watch, &c->feedback, &c->decision);
    allocate_run(&c->allocator, estimate, snapshot->now_ns, &c->awake, &c->decision);
    shed_nodes(c, estimate);
    stage_commands(&c->stage, snapshot, estimate, &c->awake, &c->decision);
    delay_sent(&c->feedback.delays, &c->decision);
    alarms_run(c, estimate, snapshot);
    count_committed(c, estimate, snapshot->now_ns);
    count_equipment(c);
    c->decision.hash = hash_run(c);
    set_due(c, snapshot);
    /* While it takes over, what holds for one node depends on all. */
    c->all_next = estimate->taking_over;
    return &c->decision;
}

const struct estimate *controller_estimate(const struct controller *controller)
{
    return &controller->estimator.out;
}

const struct row_table *controller_rows(const struct controller *controller)
{
    return &controller->rows;
}

int64_t controller_learned_remainder_w(const struct controller *controller, uint32_t node)
{
    return remainder_learned_w(&controller->estimator.remainder[node], controller->site, node);
}

void controller_feedback(const struct controller *controller, uint32_t row,
                         struct feedback_figures *out)
{
    feedback_view(&controller->feedback, row, out);
}

bool controller_deposed(const struct controller *controller) { return controller->stage.deposed; }

uint64_t controller_highest_epoch(const struct controller *controller)
{
    return controller->stage.highest_epoch;
}

const void *controller_policy_state(const struct controller *controller, uint32_t policy)
{
    return controller->policy_state[policy];
}

void controller_recall(struct controller *controller, uint32_t policy,
                       const struct policy_note note[], uint32_t notes)
{
    const struct policy *p = &controller->policies->policy[policy];

    if (p->kind->recall != NULL)
        p->kind->recall(p->settings, controller->policy_state[policy], note, notes);
}
