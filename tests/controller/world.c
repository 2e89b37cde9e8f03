#include "tests/controller/world.h"

#include "tests/controller/random_site.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A lower is sent, applied and acknowledged well within so many ticks of a quick network. */
enum { SETTLED_TICKS = 5 };

/* ---- a policy that the test moves ---- */

static void test_limit_evaluate(const void *settings, void *state, uint32_t index,
                                const struct policy_input *in, struct limit_list *out)
{
    const struct test_limit *s = settings;
    struct limit limit = {.row = 0,
                          .value_w = s->value_w,
                          .failsafe_w = s->value_w,
                          .valid_until_ns = in->snapshot->now_ns + NS_PER_S,
                          .strength = s->strength,
                          .reason = {.policy = index}};

    (void)state;
    limit_add(out, &limit);
}

static const struct policy_kind test_limit_kind = {.name = "test_limit",
                                                   .evaluate = test_limit_evaluate};

static void make_policies(struct world *w)
{
    struct policy *policy = arena_array(&w->policies.arena, 1 + LIMIT_POLICIES, struct policy);

    policy[0] = (struct policy){.name = "equipment", .kind = policy_kinds[0], .file = "built in"};
    for (int i = 0; i < LIMIT_POLICIES; i++)
        policy[1 + i] = (struct policy){
            .name = i == 0 ? "hard" : "soft", .kind = &test_limit_kind, .settings = &w->limit[i]};
    w->policies.policy = policy;
    w->policies.count = 1 + LIMIT_POLICIES;
}

/* ---- creation ---- */

static int64_t site_most_w(const struct world *w)
{
    int64_t most_w = 0;

    for (uint32_t n = 0; n < w->site->nodes.count; n++)
        most_w += w->site->nodes.uncapped_w[n] + w->site->nodes.remainder_worst_w[n];
    return most_w;
}

static void start_controller(struct world *w)
{
    struct controller_options options = {.epoch = ++w->epoch};

    controller_free(w->controller);
    controller_free(w->shadow);
    w->controller = controller_create(w->site, &w->policies, &options);
    w->shadow = controller_create(w->site, &w->policies, &options);
    w->rows = controller_rows(w->controller);
    memset(w->report, 0, w->site->nodes.count * sizeof *w->report);
}

void world_create(struct world *w, uint64_t seed, uint32_t nodes_max)
{
    uint32_t nodes = 0;

    memset(w, 0, sizeof *w);
    w->rng.state = seed;
    w->site = random_site(&w->rng, nodes_max);
    nodes = w->site->nodes.count;
    w->agent = calloc(nodes, sizeof *w->agent);
    w->report = calloc(nodes, sizeof *w->report);
    w->changed = calloc(nodes, sizeof *w->changed);
    w->reading = calloc(w->site->points + 1, sizeof *w->reading);
    w->silent = calloc(w->site->points + 1, sizeof *w->silent);
    w->uncontrolled_w = calloc(w->site->tree.branches, sizeof *w->uncontrolled_w);
    w->truth_w = calloc(w->site->tree.branches, sizeof *w->truth_w);
    w->over_ticks = calloc(nodes, sizeof *w->over_ticks);
    w->message = calloc(MESSAGES_MAX, sizeof *w->message);
    w->now_ns = NS_PER_S;
    for (uint32_t n = 0; n < nodes; n++) {
        w->agent[n] = (struct agent){.alive = true, .demand_w = w->site->nodes.uncapped_w[n]};
        w->agent[n].incarnation = rng_next(&w->rng) | 1;
        w->agent[n].remainder_w = rng_between(&w->rng, 0, w->site->nodes.remainder_worst_w[n]);
    }
    for (uint32_t b = 0; b < w->site->tree.branches; b++) {
        if (w->site->tree.power_point[b] != NONE_INDEX)
            w->uncontrolled_w[b] = rng_between(&w->rng, 0, 600);
    }
    w->limit[0] = (struct test_limit){site_most_w(w), LIMIT_HARD};
    w->limit[1] = (struct test_limit){site_most_w(w), LIMIT_SOFT};
    w->report_every = (uint64_t)rng_between(&w->rng, 1, 3);
    w->stamped_late = rng_chance(&w->rng, 50);
    make_policies(w);
    start_controller(w);
    w->before_w = calloc(w->rows->count, sizeof *w->before_w);
    w->after_w = calloc(w->rows->count, sizeof *w->after_w);
    world_calm(w);
}

void world_free(struct world *w)
{
    controller_free(w->controller);
    controller_free(w->shadow);
    arena_free(&w->policies.arena);
    free(w->agent);
    free(w->report);
    free(w->changed);
    free(w->reading);
    free(w->silent);
    free(w->uncontrolled_w);
    free(w->truth_w);
    free(w->message);
    free(w->over_ticks);
    free(w->before_w);
    free(w->after_w);
    random_site_free(w->site);
}

/* ---- the network ---- */

static void post(struct world *w, const struct message *message)
{
    int copies = rng_chance(&w->rng, w->network.double_pct) ? 2 : 1;

    if (rng_chance(&w->rng, w->network.loss_pct))
        return;
    for (int i = 0; i < copies && w->messages < MESSAGES_MAX; i++) {
        w->message[w->messages] = *message;
        w->message[w->messages++].due_tick =
            w->tick + (uint64_t)rng_between(&w->rng, 0, w->network.delay_max);
    }
}

static int64_t capped_draw_w(const struct world *w, uint32_t n)
{
    const struct agent *agent = &w->agent[n];
    int64_t most_w = agent->cap_set ? agent->cap_w : w->site->nodes.uncapped_w[n];

    return agent->demand_w < most_w ? agent->demand_w : most_w;
}

static int64_t draw_w(const struct world *w, uint32_t n)
{
    return capped_draw_w(w, n) + w->agent[n].remainder_w;
}

static void send_report(struct world *w, uint32_t n)
{
    const struct agent *agent = &w->agent[n];
    struct message message = {.node = n};

    if (!agent->alive || w->site->nodes.actuator[n] == NONE_INDEX)
        return;
    message.report = (struct node_report){.heard = true,
                                          .taken_ns = w->now_ns,
                                          .incarnation = agent->incarnation,
                                          .applied = agent->applied,
                                          .cap_in_force = agent->cap_set,
                                          .enforced_cap_w = agent->cap_w,
                                          .range_known = agent->hardware_min_w > 0,
                                          .cap_min_w = agent->hardware_min_w,
                                          .cap_max_w = LIMIT_MAX_W};
    post(w, &message);
}

static void agent_takes(struct world *w, uint32_t n, const struct command *command)
{
    struct agent *agent = &w->agent[n];
    int64_t asked_w = 0;

    if (!agent->alive || agent->deaf || command->incarnation != agent->incarnation ||
        command_id_compare(command->id, agent->applied) <= 0)
        return;
    agent->applied = command->id;
    asked_w = command->cap_w > agent->hardware_min_w ? command->cap_w : agent->hardware_min_w;
    agent->cap_w = command->kind != COMMAND_RAISE && agent->cap_set && agent->cap_w < asked_w
                       ? agent->cap_w
                       : asked_w;
    agent->cap_set = true;
    agent->lease_until_ns = w->now_ns + command->lease_ns;
    send_report(w, n);
}

static void note_changed(struct world *w, uint32_t n)
{
    for (uint32_t i = 0; i < w->changes; i++) {
        if (w->changed[i] == n)
            return;
    }
    w->changed[w->changes++] = n;
}

/* The power in a report is as fresh as the meters': skew between the two is the business of the guard and the
 * hold, not of the promises that are checked here. The caps and acknowledgements are as old as the report. */
static void controller_hears(struct world *w, const struct message *message)
{
    uint32_t n = message->node;
    struct node_report *report = &w->report[n];

    *report = message->report;
    note_changed(w, n);
    if (w->stamped_late)
        report->taken_ns = w->now_ns;
}

static void deliver(struct world *w)
{
    /* From a random place on, so that messages of one tick also overtake one another. */
    uint32_t i = 0;

    while (i < w->messages) {
        struct message message;

        if (w->message[i].due_tick > w->tick) {
            i++;
            continue;
        }
        message = w->message[i];
        w->message[i] = w->message[--w->messages];
        if (message.to_agent)
            agent_takes(w, message.node, &message.command);
        else
            controller_hears(w, &message);
    }
}

/* ---- disturbances ---- */

static void disturb_node(struct world *w, uint32_t n)
{
    struct agent *agent = &w->agent[n];

    switch (rng_between(&w->rng, 0, 5)) {
    case 0:
        agent->alive = false;
        break;
    case 2:
        agent->deaf = !agent->deaf;
        break;
    case 1: /* restarted, its cap kept by the hardware or forgotten */
        agent->alive = true;
        agent->incarnation = rng_next(&w->rng) | 1;
        agent->applied = (struct command_id){0, 0};
        agent->lease_until_ns = 0;
        if (rng_chance(&w->rng, 30))
            agent->cap_set = false;
        break;
    default:
        agent->demand_w = rng_between(&w->rng, 0, w->site->nodes.uncapped_w[n]);
    }
}

/* What no meter shows, and what a meter shows but a silent node may explain, can't be known: the uncontrolled
 * load moves only while everything talks. */
static bool any_silent(const struct world *w)
{
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        if (w->site->nodes.actuator[n] != NONE_INDEX &&
            (!w->agent[n].alive ||
             controller_estimate(w->controller)->node[n].contact != CONTACT_FRESH))
            return true;
    }
    for (uint32_t p = 0; p < w->site->points; p++) {
        if (w->silent[p])
            return true;
    }
    return false;
}

static void reload(struct world *w)
{
    controller_reload(w->controller, &w->policies);
    controller_reload(w->shadow, &w->policies);
}

void world_disturb(struct world *w)
{
    struct rng *rng = &w->rng;
    int64_t most_w = site_most_w(w);

    if (rng_chance(rng, 20))
        disturb_node(w, (uint32_t)rng_between(rng, 0, w->site->nodes.count - 1));
    if (rng_chance(rng, 5)) {
        struct test_limit *limit = &w->limit[rng_between(rng, 0, 1)];

        limit->value_w = rng_between(rng, most_w / 4, most_w);
    }
    if (rng_chance(rng, 5) && w->site->points > 0)
        w->silent[rng_between(rng, 0, w->site->points - 1)] ^= true;
    if (rng_chance(rng, 10) && !any_silent(w)) {
        uint32_t b = (uint32_t)rng_between(rng, 0, w->site->tree.branches - 1);

        if (w->site->tree.power_point[b] != NONE_INDEX)
            w->uncontrolled_w[b] = rng_between(rng, 0, 600);
    }
    if (rng_chance(rng, 5)) {
        w->network.loss_pct = (int)rng_between(rng, 0, 40);
        w->network.double_pct = (int)rng_between(rng, 0, 40);
        w->network.delay_max = (int)rng_between(rng, 0, 5);
    }
    if (rng_chance(rng, 2))
        start_controller(w);
    else if (rng_chance(rng, 2))
        reload(w);
}

void world_calm(struct world *w)
{
    memset(w->silent, 0, w->site->points * sizeof *w->silent);
    w->network = (struct network){0, 0, 0};
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        if (w->agent[n].alive)
            continue;
        w->agent[n].alive = true;
        w->agent[n].incarnation = rng_next(&w->rng) | 1;
        w->agent[n].applied = (struct command_id){0, 0};
    }
}

/* ---- the truth ---- */

static void true_uncontrolled(struct world *w)
{
    const struct supply_tree *tree = &w->site->tree;

    for (uint32_t b = tree->branches; b-- > 0;) {
        int64_t sum_w = w->uncontrolled_w[b];

        for (uint32_t c = tree->first_child[b]; c < tree->first_child[b] + tree->children[b]; c++)
            sum_w += w->truth_w[c];
        w->truth_w[b] = share_margin_w(sum_w, tree->loss_bp[b]);
    }
}

/* What the lost feed carries, with the losses of the worst way down from a branch. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tree */
static int64_t carried_w(const struct world *w, uint32_t branch, int64_t watts)
{
    const struct supply_tree *tree = &w->site->tree;
    int64_t most_w = watts;

    for (uint32_t c = tree->first_child[branch];
         c < tree->first_child[branch] + tree->children[branch]; c++) {
        int64_t below_w = carried_w(w, c, watts);

        most_w = below_w > most_w ? below_w : most_w;
    }
    return share_margin_w(most_w, tree->loss_bp[branch]);
}

/* With a feed lost the mirror image of this side's comes over, but no more than the lost one carries. */
static int64_t row_uncontrolled_w(const struct world *w, uint32_t r)
{
    const struct row *row = &w->rows->row[r];
    int64_t total_w = w->truth_w[row->branch];
    int64_t watts = row->channel == CHANNEL_TOTAL ? total_w : total_w / PHASES;
    int64_t lost_w = 0;

    if (row->lost_feed == NONE_INDEX)
        return watts;
    lost_w = carried_w(w, row->branch, w->truth_w[w->site->tree.feed_branch[row->lost_feed]]);
    return watts + (watts < lost_w ? watts : lost_w);
}

/* The highest cap that the node has or may still be given by what is under way to it. A node that restarted and
 * forgot its cap counts at what it had until it has said so: nobody can know before. */
static int64_t potential_cap_w(const struct world *w, uint32_t n)
{
    const struct agent *agent = &w->agent[n];
    bool said_so = w->report[n].incarnation == agent->incarnation || !w->report[n].heard;
    int64_t most_w = agent->cap_set || !said_so ? agent->cap_w : w->site->nodes.uncapped_w[n];

    for (uint32_t i = 0; i < w->messages; i++) {
        const struct message *m = &w->message[i];

        if (m->to_agent && m->node == n && m->command.kind == COMMAND_RAISE &&
            m->command.incarnation == agent->incarnation &&
            command_id_compare(m->command.id, agent->applied) > 0 && m->command.cap_w > most_w)
            most_w = m->command.cap_w;
    }
    return most_w;
}

/* What every row would carry if each node drew all that it may: coefficients as the constraint states them. */
static void potential(const struct world *w, int64_t load_w[])
{
    int64_t *sum_bp = load_w;

    memset(load_w, 0, w->rows->count * sizeof *load_w);
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        int64_t most_w = potential_cap_w(w, n) + w->agent[n].remainder_w;

        for (uint32_t i = w->rows->first[n]; i < w->rows->first[n + 1]; i++)
            sum_bp[w->rows->share[i].row] += most_w * w->rows->share[i].coefficient_bp;
    }
    for (uint32_t r = 0; r < w->rows->count; r++)
        load_w[r] = share_up_w(1, sum_bp[r]) + row_uncontrolled_w(w, r);
}

static int64_t true_load_w(const struct world *w, uint32_t r)
{
    int64_t sum_bp = 0;

    for (uint32_t i = w->rows->row_first[r]; i < w->rows->row_first[r + 1]; i++)
        sum_bp += draw_w(w, w->rows->row_node[i].row) * w->rows->row_node[i].coefficient_bp;
    return share_up_w(1, sum_bp) + row_uncontrolled_w(w, r);
}

static void measure_point(struct world *w, uint32_t point, uint32_t row)
{
    if (point == NONE_INDEX || row == NONE_INDEX)
        return;
    if (!w->silent[point])
        w->reading[point] =
            (struct reading){(double)true_load_w(w, row), w->now_ns, QUALITY_GOOD, FLAW_NONE};
    reading_age(&w->site->point[point], &w->reading[point], w->now_ns);
}

static void measure(struct world *w)
{
    const struct supply_tree *tree = &w->site->tree;

    for (uint32_t b = 0; b < tree->branches; b++) {
        measure_point(w, tree->power_point[b], b);
        for (uint32_t p = 0; p < PHASES; p++)
            measure_point(w, tree->phase_power_point[b][p], w->rows->phase_row[b * PHASES + p]);
    }
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        struct node_report *report = &w->report[n];
        struct node_report before = *report;

        if (!report->heard)
            continue;
        report->power_known = w->agent[n].alive;
        report->capped_power_known = true;
        report->power_w = (double)draw_w(w, n);
        report->capped_power_w = (double)capped_draw_w(w, n);
        if (before.power_known != report->power_known || before.power_w != report->power_w ||
            before.capped_power_known != report->capped_power_known ||
            before.capped_power_w != report->capped_power_w)
            note_changed(w, n);
    }
}

static void agents_live(struct world *w)
{
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        struct agent *agent = &w->agent[n];

        if (agent->alive && agent->lease_until_ns != 0 && w->now_ns > agent->lease_until_ns) {
            agent->lease_until_ns = 0;
            if (agent->cap_set && agent->cap_w > w->site->nodes.safe_cap_w[n])
                agent->cap_w = w->site->nodes.safe_cap_w[n];
        }
        if ((w->tick + n) % w->report_every == 0)
            send_report(w, n);
    }
}

/* ---- the promises ---- */

static void broken(struct world *w, const char *what, const char *name, int64_t got_w,
                   int64_t most_w)
{
    if (w->broken[0] == '\0')
        snprintf(w->broken, sizeof w->broken,
                 "tick %" PRIu64 ": %s: %s: %" PRId64 " W, at most %" PRId64 " W", w->tick, what,
                 name, got_w, most_w);
}

static void check_rows(struct world *w, const struct decision *d)
{
    char name[96];

    for (uint32_t r = 0; r < w->rows->count; r++) {
        int64_t least_w =
            d->row[r].limit_w < d->row[r].soft_limit_w ? d->row[r].limit_w : d->row[r].soft_limit_w;
        int64_t most_w = w->before_w[r] > least_w ? w->before_w[r] : least_w;

        if (d->row[r].committed_w < w->after_w[r] - row_uncontrolled_w(w, r))
            broken(w, "less is said to be committed than the nodes may draw",
                   row_name(w->rows, w->site, r, name, sizeof name),
                   w->after_w[r] - row_uncontrolled_w(w, r), d->row[r].committed_w);
        if (w->after_w[r] > most_w)
            broken(w, "a tick's commands took a row above its limit",
                   row_name(w->rows, w->site, r, name, sizeof name), w->after_w[r], most_w);
    }
}

static void count_over(struct world *w, const struct decision *d)
{
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        bool over = w->site->nodes.cappable[n] && potential_cap_w(w, n) > d->node[n].cap_w;

        w->over_ticks[n] = over ? w->over_ticks[n] + 1 : 0;
    }
}

/* Nothing that a node may hold is above what the controller counts, once it counts on anything. */
static void check_nodes(struct world *w, const struct decision *d)
{
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        int64_t potential_w = potential_cap_w(w, n);
        bool forgot = !w->agent[n].cap_set; /* an agent that forgot says so in its next report */

        if (w->site->nodes.cappable[n] && !forgot && potential_w > d->node[n].committed_cap_w)
            broken(w, "a node may hold more than is counted", w->site->nodes.name[n], potential_w,
                   d->node[n].committed_cap_w);
    }
}

static void check_counters(struct world *w, const struct decision *d)
{
    if (d->counters.raised_without_headroom > 0 || d->counters.equipment_loosened > 0 ||
        d->limits.dropped > 0 || d->alarms_dropped > 0)
        broken(w, "a counter of the controller's own", "invariants",
               (int64_t)d->counters.raised_without_headroom, 0);
}

/* Looking only at what changed decides the same as looking at everything. */
static void check_shadow(struct world *w, const struct snapshot *whole, const struct decision *d)
{
    struct snapshot news = *whole;
    uint64_t hash = 0;

    news.changed = w->changed;
    news.changes = w->changes;
    hash = controller_tick(w->shadow, &news)->hash;
    if (hash != d->hash)
        broken(w, "looking at changes alone decides otherwise", "hash", (int64_t)(hash >> 32),
               (int64_t)(d->hash >> 32));
    w->changes = 0;
}

const struct decision *world_tick(struct world *w)
{
    const struct decision *d = NULL;
    struct snapshot snapshot = {
        .local = {true, 0, 0, 0}, .reading = w->reading, .report = w->report};

    w->tick++;
    w->now_ns += NS_PER_S;
    agents_live(w);
    deliver(w);
    true_uncontrolled(w);
    measure(w);
    potential(w, w->before_w);
    snapshot.now_ns = w->now_ns;
    d = controller_tick(w->controller, &snapshot);
    check_shadow(w, &snapshot, d);
    for (uint32_t i = 0; i < d->commands; i++) {
        struct message message = {
            .to_agent = true, .node = d->command[i].node, .command = d->command[i]};

        if (d->command[i].may_be_sent)
            post(w, &message);
    }
    potential(w, w->after_w);
    w->hash = (w->hash ^ d->hash) * UINT64_C(0x100000001b3);
    check_rows(w, d);
    check_nodes(w, d);
    check_counters(w, d);
    count_over(w, d);
    return d;
}

void world_check_settled(struct world *w, const struct decision *d)
{
    char name[96];

    for (uint32_t r = 0; r < w->rows->count; r++) {
        if (d->row[r].hard != NONE_INDEX && d->row[r].shortfall_w == 0 &&
            w->after_w[r] > d->row[r].limit_w)
            broken(w, "a row that can be kept is not",
                   row_name(w->rows, w->site, r, name, sizeof name), w->after_w[r],
                   d->row[r].limit_w);
    }
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        if (w->over_ticks[n] > SETTLED_TICKS && !w->agent[n].deaf)
            broken(w, "a node holds more than is wanted", w->site->nodes.name[n],
                   potential_cap_w(w, n), d->node[n].cap_w);
    }
}
