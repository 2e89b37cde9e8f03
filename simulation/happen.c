/* What the timeline says, done to the world. Everything that lasts has an end of its own; ends are kept as moments,
 * so that events may overlap. */
#include "simulation/world.h"

#include <math.h>
#include <string.h>

/* Policy files that no loader may take. */
static const char *const bad_policies[] = {
    "policies = ( { name = \"p\"; kind = \"import_limit\"; branch = \"site\"; limit = 1 MW; } );",
    "policies = ( { name = \"p\"; kind = \"import_limit\"; branch = \"nowhere\"; limit = \"1 MW\"; "
    "} );",
    "policies = ( { name = \"p\"; kind = \"loosen_everything\"; } );",
    "policies = ( { name = \"p\"; kind = \"equipment_limit\"; } );",
    "policies = ( { name = \"p\"; kind = \"import_limit\"; branch = \"site\"; limit = \"-1 W\"; } "
    ");",
    "policies = ( { name = \"p\"; kind = \"import_limit\"; branch = \"site\"; limit = \"1 MW\"; }",
    "polices = ();",
};

static void meter_breaks(struct world *w, const struct event *e, enum meter_fault fault,
                         int64_t until_ns)
{
    uint32_t d = meters_find(w, e->target);

    if (d == NONE_INDEX)
        return;
    w->device[d].until_ns = until_ns;
    coarse_meter_break(&w->device[d].meter, fault, e->value, w->now_ns);
}

static void signal_steps(struct world *w, const struct event *e)
{
    for (uint32_t i = 0; i < w->sensors; i++) {
        struct sensor *s = &w->sensor[i];

        if (s->kind == TRUTH_SIGNAL && strcmp(w->device[s->device].device->name, e->target) == 0)
            s->signal = e->value;
    }
}

static void foreign_raise(struct world *w, uint32_t n, double part)
{
    struct coarse_node *node = &w->plant->node[n];
    const struct coarse_hardware *h = &node->hardware;
    int64_t to_w = 0;

    if (!node->cap_set || node->stuck)
        return;
    to_w = node->enforced_w + (int64_t)((double)(h->cap_max_w - node->enforced_w) * part);
    if (to_w <= node->enforced_w)
        return;
    potential_untold(w, n);
    coarse_force(w->plant, n, to_w);
    potential_refresh(w, n);
}

static void node_suffers(struct world *w, const struct event *e, uint32_t n, int64_t until_ns)
{
    struct sim_agent *agent = &w->agent[n];

    switch (e->kind) {
    case EVENT_AGENT_DEAD:
        agent->dead_until_ns = max_w(agent->dead_until_ns, until_ns);
        break;
    case EVENT_AGENT_SLOW:
        agent->slow_until_ns = max_w(agent->slow_until_ns, until_ns);
        agent->slow_ns = (int64_t)(e->value * 1e9);
        break;
    case EVENT_AGENT_LYING:
        agent->lying_until_ns = max_w(agent->lying_until_ns, until_ns);
        agent->lies_of_power = e->value >= 0.5;
        agent->pending = false;
        w->plant->node[n].stuck = true;
        potential_refresh(w, n);
        break;
    case EVENT_AGENT_DEAF:
        agent->deaf_until_ns = max_w(agent->deaf_until_ns, until_ns);
        break;
    case EVENT_ACKS_LOST:
        agent->mute_until_ns = max_w(agent->mute_until_ns, until_ns);
        break;
    case EVENT_AGENT_RESTARTED:
        agent->forgets = agent->forgets || e->value >= 0.5;
        if (agent->alive)
            agents_boot(w, n);
        break;
    case EVENT_FOREIGN_RAISE:
        foreign_raise(w, n, e->value);
        break;
    default:
        break;
    }
}

static void policy_bad(struct world *w, const struct event *e)
{
    const char *text = bad_policies[(size_t)fabs(e->value) % COUNT(bad_policies)];
    struct diagnostics found = {0};
    struct policy_set *set = NULL;

    if (load_policies_text("bad.cfg", text, strlen(text), w->site, &set, &found)) {
        broken(w, PROMISE_BAD_TAKEN, "%.200s", text);
        policy_set_free(set);
    }
    diagnostics_free(&found);
}

static void policy_reloads(struct world *w, const struct event *e)
{
    w->in_force = (uint32_t)fabs(e->value) % w->scenario->policies;
    w->reloaded_ns = w->now_ns;
    if (w->controller != NULL)
        controller_reload(w->controller, w->policies[w->in_force]);
}

static void controller_dies(struct world *w, const struct event *e, int64_t until_ns)
{
    if (w->controller != NULL)
        memory_save(w);
    controller_free(w->controller);
    w->controller = NULL;
    w->decision = NULL;
    w->state_lost = w->state_lost || e->value >= 0.5;
    w->controller_dead_until_ns = max_w(w->controller_dead_until_ns, until_ns);
}

static void feeder_lost(struct world *w, const struct event *e, int64_t until_ns)
{
    const struct supply_tree *tree = &w->site->tree;

    for (uint32_t f = 0; f < tree->feeds; f++) {
        if (strcmp(tree->feed_name[f], e->target) != 0)
            continue;
        w->feed_until_ns[f] = max_w(w->feed_until_ns[f], until_ns);
        if (w->plant->lost[f])
            continue;
        coarse_feed(w->plant, f, true);
        check_failover(w, f);
    }
}

static void site_suffers(struct world *w, const struct event *e, int64_t until_ns)
{
    switch (e->kind) {
    case EVENT_NETWORK_BAD:
        w->network.loss_bp = w->network.double_bp = (int64_t)(e->value * 1e4);
        w->network.late_ms = (int64_t)(e->value * 10000);
        w->network_until_ns = max_w(w->network_until_ns, until_ns);
        break;
    case EVENT_BROKER_GONE:
        w->network.gone = true;
        w->broker_until_ns = max_w(w->broker_until_ns, until_ns);
        break;
    case EVENT_CONTROLLER_KILLED:
        controller_dies(w, e, until_ns);
        break;
    case EVENT_CLOCK_STEPPED:
        w->clock_step_s = (int64_t)e->value;
        w->clock_until_ns = max_w(w->clock_until_ns, until_ns);
        break;
    case EVENT_POLICY_RELOADED:
        policy_reloads(w, e);
        break;
    case EVENT_POLICY_BAD:
        policy_bad(w, e);
        break;
    case EVENT_WORK_STEPPED:
        coarse_busy(w->plant, (int64_t)(e->value * 1e4), until_ns);
        break;
    case EVENT_GRID_EVENT:
        grid_announces(w, e);
        break;
    default:
        break;
    }
}

static void happen(struct world *w, const struct event *e)
{
    int64_t until_ns = w->now_ns + e->lasts_s * NS_PER_S;
    uint32_t at = NONE_INDEX;

    w->out->events |= UINT32_C(1) << e->kind;
    w->faults_until_ns = max_w(w->faults_until_ns, until_ns);
    w->last_event_ns = w->now_ns;
    switch (event_about(e->kind)) {
    case ABOUT_METER:
        if (e->kind == EVENT_SIGNAL_STEPPED)
            signal_steps(w, e);
        else
            meter_breaks(w, e, (enum meter_fault)(METER_SILENT + (e->kind - EVENT_METER_SILENT)),
                         until_ns);
        break;
    case ABOUT_NODE:
        at = site_node(w->site, e->target);
        if (at != NONE_INDEX && w->site->nodes.cappable[at] &&
            w->site->nodes.actuator[at] != NONE_INDEX)
            node_suffers(w, e, at, until_ns);
        break;
    case ABOUT_BRANCH:
        at = site_branch(w->site, e->target);
        if (at != NONE_INDEX)
            coarse_own_load(w->plant, at, (int64_t)fmax(0, e->value));
        break;
    case ABOUT_FEED:
        feeder_lost(w, e, until_ns);
        break;
    case ABOUT_NOTHING:
        site_suffers(w, e, until_ns);
    }
}

void happen_until_now(struct world *w)
{
    const struct scenario *s = w->scenario;

    while (w->next_event < s->events && s->event[w->next_event].at_s * NS_PER_S <= w->now_ns)
        happen(w, &s->event[w->next_event++]);
}

/* ---- ends ---- */

static void end_lies(struct world *w)
{
    for (uint32_t n = 0; n < w->site->nodes.count; n++) {
        if (!w->plant->node[n].stuck || agent_lies(w, n))
            continue;
        /* What it said last is all that anybody could go by. */
        potential_untold(w, n);
        w->plant->node[n].stuck = false;
        potential_refresh(w, n);
    }
}

void happen_end(struct world *w)
{
    int64_t now_ns = w->now_ns;

    if (now_ns >= w->faults_until_ns + 2 * w->tick_ns)
        return; /* all are over */
    for (uint32_t d = 0; d < w->devices; d++) {
        if (w->device[d].meter.fault != METER_WELL && now_ns >= w->device[d].until_ns)
            w->device[d].meter.fault = METER_WELL;
    }
    if (now_ns >= w->network_until_ns)
        w->network.loss_bp = w->network.double_bp = w->network.late_ms = 0;
    if (now_ns >= w->broker_until_ns)
        w->network.gone = false;
    if (now_ns >= w->clock_until_ns)
        w->clock_step_s = 0;
    for (uint32_t f = 0; f < w->site->tree.feeds; f++) {
        if (w->plant->lost[f] && now_ns >= w->feed_until_ns[f])
            coarse_feed(w->plant, f, false);
    }
    end_lies(w);
    if (w->controller == NULL && now_ns >= w->controller_dead_until_ns)
        start_controller(w);
}
