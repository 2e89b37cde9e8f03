/* The agents: the real lease code, in the order in which agent/agent.c calls it, on hardware of the plant. */
#include "simulation/world.h"

#include <inttypes.h>

/* As in agent/agent.c, for a cap that an agent before this one left in force; and the longest lease it grants. */
#define HELD_LEASE_NS (30 * NS_PER_S)
#define LEASE_MAX_NS (3600 * NS_PER_S)

/* The driver takes a report for as old as its stamp says only beyond this. */
#define CLOCK_TOLERANCE_NS (2 * NS_PER_S)

enum { STREAM_BOOT = 22 };

bool agent_lies(const struct world *w, uint32_t n)
{
    return w->now_ns < w->agent[n].lying_until_ns;
}

static bool has_agent(const struct world *w, uint32_t n)
{
    return w->site->nodes.actuator[n] != NONE_INDEX && w->site->nodes.cappable[n];
}

bool agent_reachable(const struct world *w, uint32_t n)
{
    const struct sim_agent *agent = &w->agent[n];

    return has_agent(w, n) && site_enforces(w->site, n) && agent->alive &&
           w->now_ns >= agent->deaf_until_ns && w->now_ns >= agent->mute_until_ns &&
           w->now_ns >= agent->lying_until_ns && !w->network.gone && w->clock_step_s == 0;
}

/* ---- hardware ---- */

static int64_t floor_w(const struct world *w, uint32_t n)
{
    return w->plant->node[n].hardware.cap_min_w;
}

static struct cap_state read_back(const struct world *w, uint32_t n)
{
    const struct coarse_node *node = &w->plant->node[n];
    const struct sim_agent *agent = &w->agent[n];

    if (agent_lies(w, n) && agent->lease.asked)
        return (struct cap_state){true, true,
                                  coarse_clamped_w(&node->hardware, agent->lease.cap_w)};
    return (struct cap_state){!agent->pending, node->cap_set, node->enforced_w};
}

static void take_cap(struct world *w, uint32_t n, int64_t cap_w, bool raise)
{
    struct coarse_node *node = &w->plant->node[n];
    int64_t before_w = node->cap_set ? node->enforced_w : INT64_MAX;

    coarse_cap(w->plant, n, true, max_w(cap_w, floor_w(w, n)));
    if (!raise && node->enforced_w > before_w)
        broken(w, PROMISE_ROSE_UNASKED, "%s: from %" PRId64 " W to %" PRId64 " W",
               w->site->nodes.name[n], before_w, node->enforced_w);
}

static void apply(struct world *w, uint32_t n, bool raise)
{
    struct sim_agent *agent = &w->agent[n];

    if (w->now_ns < agent->slow_until_ns && !agent_lies(w, n)) {
        /* It takes the newest number when its time comes; being told again does not begin it anew. */
        if (!agent->pending)
            agent->pending_due_ns = w->now_ns + agent->slow_ns;
        agent->pending = true;
        agent->pending_raise = raise;
        agent->pending_w = agent->lease.cap_w;
    } else {
        agent->pending = false;
        take_cap(w, n, agent->lease.cap_w, raise);
    }
    potential_refresh(w, n);
}

/* ---- reports ---- */

static struct node_report report_of(const struct world *w, uint32_t n)
{
    const struct coarse_node *node = &w->plant->node[n];
    const struct sim_agent *agent = &w->agent[n];
    struct cap_state state = read_back(w, n);
    bool lies = agent_lies(w, n) && agent->lies_of_power;
    int64_t capped_w = lies ? min_w(node->capped_w, state.enforced_w) : node->capped_w;

    return (struct node_report){
        .heard = true,
        .taken_ns = w->now_ns,
        .incarnation = agent->lease.incarnation,
        .applied = agent->lease.in_force,
        .cap_in_force = state.cap_in_force,
        .enforced_cap_w = state.enforced_w,
        .power_known = true,
        .power_w = (double)(lies ? capped_w + coarse_remainder_w(&node->hardware, capped_w)
                                 : node->power_w),
        .capped_power_known = true,
        .capped_power_w = (double)capped_w,
        .range_known = true,
        .cap_min_w = node->hardware.cap_min_w,
        .cap_max_w = node->hardware.cap_max_w};
}

/* Stamped as the driver does: at arrival, unless its own stamp says that it is old by the controller's clock. */
static void hear(struct world *w, uint32_t n, struct node_report *report, int64_t made_ns)
{
    int64_t age_ns = w->now_ns - made_ns + w->clock_step_s * NS_PER_S;

    report->taken_ns = age_ns <= CLOCK_TOLERANCE_NS ? w->now_ns : w->now_ns - age_ns;
    if (w->controller == NULL)
        return;
    if (feed_report(&w->feed, n, report))
        w->agent[n].heard_made_ns = made_ns;
}

static void report(struct world *w, uint32_t n)
{
    struct message message = {.node = n, .made_ns = w->now_ns};

    if (w->now_ns < w->agent[n].mute_until_ns)
        return;
    message.report = report_of(w, n);
    if (network_calm(&w->network))
        hear(w, n, &message.report, w->now_ns);
    else
        (void)network_send(&w->network, &message);
}

/* ---- commands ---- */

static void obey(struct world *w, uint32_t n, struct wire_command command)
{
    struct sim_agent *agent = &w->agent[n];
    struct cap_state state = read_back(w, n);

    if (w->scenario->sabotage == SABOTAGE_ALL_RAISE)
        command.raise = command.incarnation != 0;
    if (w->scenario->sabotage == SABOTAGE_OLD_OBEYED)
        agent->lease.taken = (struct command_id){0, 0};
    if (lease_command(&agent->lease, &command, &state, w->now_ns, LEASE_MAX_NS) != LEASE_TAKEN) {
        potential_refresh(w, n);
        report(w, n); /* its sender has missed something */
        return;
    }
    apply(w, n, command.raise);
    state = read_back(w, n);
    if (lease_settle(&agent->lease, &state, floor_w(w, n)))
        report(w, n);
}

static void deliver(struct world *w)
{
    struct message message;

    while (network_take(&w->network, w->now_ns, &message)) {
        const struct sim_agent *agent = &w->agent[message.node];

        potential_arrived(w, &message);
        if (!message.to_agent)
            hear(w, message.node, &message.report, message.made_ns);
        else if (agent->alive && w->now_ns >= agent->deaf_until_ns)
            obey(w, message.node, message.command);
        else
            potential_refresh(w, message.node);
    }
}

/* ---- by itself ---- */

static void lapse(struct world *w, uint32_t n)
{
    struct sim_agent *agent = &w->agent[n];
    struct cap_state state = read_back(w, n);
    const struct coarse_hardware *h = &w->plant->node[n].hardware;
    int64_t safe_w = min_w(max_w(w->site->nodes.safe_cap_w[n], h->cap_min_w), h->cap_max_w);

    sight(w, SIGHT_LAPSE);
    if (w->scenario->sabotage == SABOTAGE_LAPSE_RAISES) {
        agent->lease.running = false;
        agent->lease.cap_w = h->cap_max_w;
        apply(w, n, false);
    } else if (lease_lapse(&agent->lease, &state, safe_w, floor_w(w, n), w->now_ns)) {
        apply(w, n, false);
    }
}

/* A node's turn: what is in force, whether somebody else has raised it, a report. */
static void look_at(struct world *w, uint32_t n)
{
    struct sim_agent *agent = &w->agent[n];
    struct cap_state state = read_back(w, n);

    if (lease_drifted(&agent->lease, &state, floor_w(w, n)))
        apply(w, n, false);
    report(w, n);
}

static void live(struct world *w, uint32_t n)
{
    struct sim_agent *agent = &w->agent[n];

    if (agent->pending && w->now_ns >= agent->pending_due_ns) {
        struct cap_state state;

        agent->pending = false;
        take_cap(w, n, agent->pending_w, agent->pending_raise);
        potential_refresh(w, n);
        state = read_back(w, n);
        if (lease_settle(&agent->lease, &state, floor_w(w, n)))
            report(w, n);
    }
    if (agent->lease.running && w->now_ns >= agent->lease.ends_ns)
        lapse(w, n);
    if (w->now_ns < agent->next_report_ns)
        return;
    agent->next_report_ns += w->scenario->report_period_ms * NS_PER_MS;
    if (agent->next_report_ns <= w->now_ns) /* after a pause none is made up for */
        agent->next_report_ns = w->now_ns + w->scenario->report_period_ms * NS_PER_MS;
    look_at(w, n);
}

void agents_step(struct world *w)
{
    deliver(w);
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        struct sim_agent *agent = &w->agent[n];

        if (!has_agent(w, n))
            continue;
        if (agent->alive && (w->now_ns < agent->dead_until_ns || w->plant->node[n].dark)) {
            agent->alive = false;
            agent->forgets = agent->forgets || w->plant->node[n].dark;
        }
        if (!agent->alive && w->now_ns >= agent->dead_until_ns && !w->plant->node[n].dark)
            agents_boot(w, n);
        if (agent->alive)
            live(w, n);
    }
}

/* ---- life ---- */

void agents_boot(struct world *w, uint32_t n)
{
    struct sim_agent *agent = &w->agent[n];
    struct random random = random_stream(w->scenario->seed, STREAM_BOOT,
                                         agent->name_number + (uint32_t)agent->boots++);
    struct cap_state state;

    potential_untold(w, n);
    if (agent->forgets)
        coarse_cap(w->plant, n, false, 0);
    agent->forgets = false;
    agent->pending = false;
    agent->alive = true;
    state = (struct cap_state){true, w->plant->node[n].cap_set, w->plant->node[n].enforced_w};
    lease_start(&agent->lease, (random_next(&random) >> 11) | 1, &state, w->now_ns, HELD_LEASE_NS);
    agent->next_report_ns = w->now_ns;
    potential_refresh(w, n);
}

void agents_create(struct world *w)
{
    w->agent = arena_array(&w->arena, w->site->nodes.count, struct sim_agent);
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        w->agent[n].name_number = coarse_name_number(w->site->nodes.name[n]);
        if (has_agent(w, n))
            agents_boot(w, n);
        else
            potential_refresh(w, n);
        /* Evenly spread over a period, like the round robin of a real agent. */
        w->agent[n].next_report_ns =
            (int64_t)(w->agent[n].name_number % 1000) * w->scenario->report_period_ms * 1000;
    }
}
