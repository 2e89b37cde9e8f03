#include "agent/agent.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/mqtt_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    TURN_MS = 20,           /* how often leases, read-backs and reports are looked at */
    OWN_FILTERS_MAX = 16,   /* so many nodes are subscribed one by one; more, as a whole site */
    RELEASE_LIMIT_MS = 500, /* for the hardware to take notice of its original setting */
    HELD_LEASE_MS = 30000   /* for a cap that an agent before this one left in force */
};

struct agent_node {
    const char *name;
    struct lease lease;
    struct cap_state state;
    bool waiting;  /* for the hardware to answer: read back in every turn */
    bool failing;  /* its last write or read failed: said once */
    bool drifting; /* likewise that it holds more than was asked */
};

struct agent {
    uv_loop_t *loop;
    struct agent_options options;
    struct backend *backend;
    struct mqtt_session *session;
    uv_timer_t turn;
    size_t nodes;
    struct agent_node *node;
    size_t *by_name; /* [nodes] numbers in order of their names */
    size_t waiting;
    size_t next_report; /* round robin */
    int64_t started_ns;
    uint64_t reports_due; /* since the start; what was reported in the round robin */
    struct agent_counters counters;
    char presence_topic[WIRE_TOPIC_BYTES];
    bool releasing;
    int64_t release_by_ns;
    bool *restored;
    int open; /* handles; freed with the last */
};

/* --- the hardware ---------------------------------------------------------------------------------------------- */

static void note_result(struct agent *agent, struct agent_node *node, bool ok,
                        const struct error *err)
{
    char line[600];

    if (!ok)
        agent->counters.apply_failures++;
    if (node->failing == !ok)
        return; /* the thousandth failure is not news */
    node->failing = !ok;
    if (ok)
        log_event(LOG_LEVEL_NOTICE, "backend.works", "node=%s", node->name);
    else
        log_event(LOG_LEVEL_ERROR, "backend.failed", "node=%s reason=\"%s\"", node->name,
                  error_line(err, line, sizeof line));
}

static int64_t floor_w(const struct agent *agent, size_t n)
{
    struct cap_range range;

    agent->options.type->range(agent->backend, n, &range);
    return range.min_w;
}

static int64_t safe_cap_w(const struct agent *agent, size_t n)
{
    struct cap_range range;
    int64_t safe_w = agent->options.safe_cap_w;

    agent->options.type->range(agent->backend, n, &range);
    if (safe_w < range.min_w)
        return range.min_w;
    return safe_w < range.max_w ? safe_w : range.max_w;
}

static void set_waiting(struct agent *agent, struct agent_node *node, bool waiting)
{
    if (waiting && !node->waiting)
        agent->waiting++;
    if (!waiting && node->waiting)
        agent->waiting--;
    node->waiting = waiting;
}

/* Reads back; true when that acknowledges a command. */
static bool read_back(struct agent *agent, size_t n)
{
    struct agent_node *node = &agent->node[n];
    struct error err = {0};
    bool ok = agent->options.type->read_back(agent->backend, n, &node->state, &err);
    bool acknowledged = ok && lease_settle(&node->lease, &node->state, floor_w(agent, n));

    if (!ok)
        note_result(agent, node, false, &err);
    set_waiting(agent, node, !node->state.settled);
    return acknowledged;
}

static void apply(struct agent *agent, size_t n)
{
    struct agent_node *node = &agent->node[n];
    struct error err = {0};
    bool ok = agent->options.type->apply(agent->backend, n, node->lease.cap_w, &err);

    note_result(agent, node, ok, &err);
    set_waiting(agent, node, true);
}

/* --- reports --------------------------------------------------------------------------------------------------- */

static void report(struct agent *agent, size_t n)
{
    const struct agent_node *node = &agent->node[n];
    struct cap_range range;
    struct node_power power;
    struct wire_report wire;
    char topic[WIRE_TOPIC_BYTES], text[WIRE_PAYLOAD_BYTES];
    size_t length;

    agent->options.type->range(agent->backend, n, &range);
    agent->options.type->power(agent->backend, n, clock_monotonic_ns(), &power);
    wire = (struct wire_report){.incarnation = node->lease.incarnation,
                                .applied = node->lease.in_force,
                                .cap_in_force = node->state.cap_in_force,
                                .enforced_cap_w = node->state.enforced_w,
                                .power_known = power.power_known,
                                .capped_power_known = power.capped_power_known,
                                .power_w = power.power_w,
                                .capped_power_w = power.capped_power_w,
                                .cap_min_w = range.min_w,
                                .cap_max_w = range.max_w,
                                .safe_cap_w = safe_cap_w(agent, n),
                                .at_ms = clock_wall_ms()};
    length = wire_report_encode(&wire, text, sizeof text);
    if (length > 0 && wire_report_topic(topic, sizeof topic, agent->options.site, node->name) > 0 &&
        mqtt_session_publish(agent->session, topic, text, length, 0, false))
        agent->counters.reports++;
    else
        agent->counters.reports_lost++;
}

static void report_all(struct agent *agent)
{
    for (size_t n = 0; n < agent->nodes; n++) {
        read_back(agent, n);
        report(agent, n);
    }
}

/* --- commands -------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b, void *context)
{
    const struct agent *agent = context;
    size_t left, right;

    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return strcmp(agent->node[left].name, agent->node[right].name);
}

static bool find_node(const struct agent *agent, const char *name, size_t *n)
{
    size_t low = 0, high = agent->nodes;

    while (low < high) { /* bounded: halves each turn */
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, agent->node[agent->by_name[middle]].name);

        *n = agent->by_name[middle];
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static void take_command(struct agent *agent, size_t n, const struct wire_command *command)
{
    struct agent_node *node = &agent->node[n];

    read_back(agent, n); /* a foreign writer may have been there: what is in force now counts */
    switch (lease_command(&node->lease, command, &node->state, clock_boot_ns(),
                          agent->options.lease_max_ms * NS_PER_MS)) {
    case LEASE_OLD:
        agent->counters.old++;
        report(agent, n); /* its sender has missed something */
        return;
    case LEASE_FOREIGN:
        agent->counters.foreign++;
        report(agent, n);
        return;
    case LEASE_TAKEN:
        agent->counters.taken++;
        break;
    }
    apply(agent, n);
    if (read_back(agent, n))
        report(agent, n);
}

static void take_presence(struct agent *agent, const struct mqtt_message *message)
{
    struct wire_presence presence;

    if (message->retained ||
        !wire_presence_decode(message->payload, message->length, message->topic, &presence, NULL)) {
        agent->counters.malformed++;
        return;
    }
    log_event(LOG_LEVEL_NOTICE, "controller", "epoch=%" PRIu64 " online=%s", presence.epoch,
              presence.online ? "yes" : "no");
    if (presence.online)
        report_all(agent);
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct agent *agent = context;
    struct wire_command command;
    char name[WIRE_TOPIC_BYTES];
    size_t n = 0;

    if (agent->releasing)
        return;
    if (strcmp(message->topic, agent->presence_topic) == 0) {
        take_presence(agent, message);
        return;
    }
    if (!wire_topic_node(message->topic, agent->options.site, name, sizeof name) ||
        !find_node(agent, name, &n))
        return; /* another agent's node */
    /* A command that the broker kept is of unknown age: never acted on. */
    if (message->retained ||
        !wire_command_decode(message->payload, message->length, name, &command, NULL)) {
        agent->counters.malformed++;
        return;
    }
    take_command(agent, n, &command);
}

static void on_connected(void *context)
{
    struct agent *agent = context;

    log_event(LOG_LEVEL_NOTICE, "broker.connected", "nodes=%zu", agent->nodes);
    report_all(agent);
}

static void on_lost(void *context, const struct error *err)
{
    char line[600];

    (void)context;
    log_event(LOG_LEVEL_WARNING, "broker.lost", "reason=\"%s\"",
              error_line(err, line, sizeof line));
}

/* --- the turn -------------------------------------------------------------------------------------------------- */

static void check_lease(struct agent *agent, size_t n, int64_t boot_ns)
{
    struct agent_node *node = &agent->node[n];

    if (!node->lease.running || boot_ns < node->lease.ends_ns)
        return;
    read_back(agent, n); /* what is in force now counts, as for a command */
    if (lease_lapse(&node->lease, &node->state, safe_cap_w(agent, n), floor_w(agent, n), boot_ns))
        apply(agent, n);
    agent->counters.lapses++;
    log_event(LOG_LEVEL_WARNING, "lease.lapsed", "node=%s cap_w=%" PRId64, node->name,
              node->lease.cap_w);
    read_back(agent, n);
    report(agent, n);
}

/* A node's turn in the round: what is in force, whether somebody else has raised it, a report. */
static void look_at(struct agent *agent, size_t n)
{
    struct agent_node *node = &agent->node[n];

    bool drifted;

    read_back(agent, n);
    drifted = lease_drifted(&node->lease, &node->state, floor_w(agent, n));
    if (drifted && !node->drifting)
        log_event(LOG_LEVEL_WARNING, "cap.drifted",
                  "node=%s asked_w=%" PRId64 " enforced_w=%" PRId64, node->name, node->lease.cap_w,
                  node->state.enforced_w);
    node->drifting = drifted;
    if (drifted) {
        agent->counters.drifts++;
        apply(agent, n);
        read_back(agent, n);
    }
    report(agent, n);
}

/* Each node once a period, evenly spread. After a pause none is made up for. */
static void round_robin(struct agent *agent, int64_t now_ns)
{
    int64_t elapsed_ms = (now_ns - agent->started_ns) / NS_PER_MS;
    int64_t period_ms = agent->options.report_period_ms;
    uint64_t due = (uint64_t)(elapsed_ms / period_ms) * agent->nodes +
                   (uint64_t)(elapsed_ms % period_ms) * agent->nodes / (uint64_t)period_ms;

    if (due > agent->reports_due + agent->nodes)
        agent->reports_due = due - agent->nodes;
    while (agent->reports_due < due) { /* bounded by the number of nodes */
        look_at(agent, agent->next_report);
        agent->next_report = (agent->next_report + 1) % agent->nodes;
        agent->reports_due++;
    }
}

static void check_waiting(struct agent *agent)
{
    for (size_t n = 0; n < agent->nodes && agent->waiting > 0; n++)
        if (agent->node[n].waiting && read_back(agent, n))
            report(agent, n);
}

static void part_closed(struct agent *agent)
{
    if (--agent->open > 0)
        return;
    agent->options.type->close(agent->backend);
    free(agent->node);
    free(agent->by_name);
    free(agent);
}

static void session_closed(void *context) { part_closed(context); }

static void timer_closed(uv_handle_t *handle) { part_closed(handle->data); }

static void finish_release(struct agent *agent)
{
    report_all(agent);
    log_event(LOG_LEVEL_NOTICE, "released", "nodes=%zu", agent->nodes);
    uv_close((uv_handle_t *)&agent->turn, timer_closed);
    mqtt_session_close(agent->session, session_closed, agent);
}

static void on_turn(uv_timer_t *timer)
{
    struct agent *agent = timer->data;
    int64_t boot_ns = clock_boot_ns();
    int64_t now_ns = clock_monotonic_ns();

    check_waiting(agent);
    if (agent->releasing) {
        if (agent->waiting == 0 || now_ns >= agent->release_by_ns)
            finish_release(agent);
        return;
    }
    for (size_t n = 0; n < agent->nodes; n++)
        check_lease(agent, n, boot_ns);
    round_robin(agent, now_ns);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static bool draw_incarnation(uint64_t *out)
{
    uint64_t random = 0;

    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return false;
    *out = (random & ((UINT64_C(1) << 53) - 1)) | 1; /* never 0; exact in any JSON library */
    return true;
}

static bool take_nodes(struct agent *agent, struct error *err)
{
    const struct backend_type *type = agent->options.type;
    const struct cap_state nothing = {0};
    char topic[WIRE_TOPIC_BYTES];

    agent->nodes = type->nodes(agent->backend);
    agent->node = calloc(agent->nodes, sizeof *agent->node);
    agent->by_name = calloc(agent->nodes, sizeof *agent->by_name);
    if (agent->node == NULL || agent->by_name == NULL)
        return failure(err, ERR_FULL, type->name, "memory", "none");
    for (size_t n = 0; n < agent->nodes; n++) {
        struct agent_node *node = &agent->node[n];
        uint64_t incarnation = 0;

        node->name = type->node_name(agent->backend, n);
        agent->by_name[n] = n;
        if (wire_report_topic(topic, sizeof topic, agent->options.site, node->name) == 0)
            return failure(err, ERR_SYNTAX, node->name, "short names without '/', '+', '#'", "%s",
                           agent->options.site);
        if (!draw_incarnation(&incarnation))
            return failure(err, ERR_IO, node->name, "random numbers", "none");
        if (!type->read_back(agent->backend, n, &node->state, err))
            return false;
        lease_start(&node->lease, incarnation,
                    type->held(agent->backend, n) ? &node->state : &nothing, clock_boot_ns(),
                    HELD_LEASE_MS * NS_PER_MS);
    }
    qsort_r(agent->by_name, agent->nodes, sizeof *agent->by_name, by_name, agent);
    return true;
}

static bool subscribe(struct agent *agent, struct error *err)
{
    char filter[WIRE_TOPIC_BYTES];

    wire_presence_topic(agent->presence_topic, sizeof agent->presence_topic, agent->options.site);
    if (!mqtt_session_subscribe(agent->session, agent->presence_topic, 0, err))
        return false;
    if (agent->nodes > OWN_FILTERS_MAX) {
        wire_cap_filter(filter, sizeof filter, agent->options.site);
        return mqtt_session_subscribe(agent->session, filter, 0, err);
    }
    for (size_t n = 0; n < agent->nodes; n++) {
        wire_cap_topic(filter, sizeof filter, agent->options.site, agent->node[n].name);
        if (!mqtt_session_subscribe(agent->session, filter, 0, err))
            return false;
    }
    return true;
}

static bool open_parts(struct agent *agent, struct error *err)
{
    const struct agent_options *o = &agent->options;
    const struct mqtt_events events = {agent, on_connected, on_lost, on_message};
    struct mqtt_options mqtt = mqtt_options_default(&o->broker, "agent");

    return o->type->open(&agent->backend, &o->backend, err) && take_nodes(agent, err) &&
           mqtt_session_open(&agent->session, agent->loop, &mqtt, &events, err) &&
           subscribe(agent, err);
}

bool agent_open(struct agent **out, uv_loop_t *loop, const struct agent_options *options,
                struct error *err)
{
    struct agent *agent = calloc(1, sizeof *agent);

    *out = NULL;
    if (agent == NULL)
        return failure(err, ERR_FULL, "agent", "memory", "none");
    agent->loop = loop;
    agent->options = *options;
    agent->open = 2;
    if (!open_parts(agent, err)) {
        agent->open = 1;
        mqtt_session_close(agent->session, session_closed, agent);
        return false;
    }
    agent->started_ns = clock_monotonic_ns();
    uv_timer_init(loop, &agent->turn);
    agent->turn.data = agent;
    uv_timer_start(&agent->turn, on_turn, TURN_MS, TURN_MS);
    mqtt_session_start(agent->session);
    *out = agent;
    return true;
}

size_t agent_nodes(const struct agent *agent) { return agent->nodes; }

void agent_counters(const struct agent *agent, struct agent_counters *out)
{
    *out = agent->counters;
}

void agent_release(struct agent *agent, bool *restored)
{
    bool all = true;

    if (agent->releasing)
        return;
    agent->releasing = true;
    agent->release_by_ns = clock_monotonic_ns() + RELEASE_LIMIT_MS * NS_PER_MS;
    for (size_t n = 0; n < agent->nodes; n++) {
        struct error err = {0};
        bool ok = agent->options.type->restore(agent->backend, n, &err);

        note_result(agent, &agent->node[n], ok, &err);
        agent->node[n].lease.asked = false;
        agent->node[n].lease.running = false;
        set_waiting(agent, &agent->node[n], true);
        all = all && ok;
    }
    if (restored != NULL)
        *restored = all;
}
