#include "drivers/agent/agent.h"
#include "drivers/agent/node_index.h"
#include "drivers/agent/wire.h"
#include "drivers/mqtt/broker.h"
#include "platform/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct instance {
    const struct device *device;
    const struct driver_host *host;
    struct agent_settings settings;
    struct broker_user *user;
    struct node_index nodes;
    struct driver_counters counters;
    char presence_topic[WIRE_TOPIC_BYTES];
};

/* --- settings -------------------------------------------------------------------------------------------------- */

#define AT(field) offsetof(struct agent_settings, field)
/* clang-format off */
static const struct setting agent_rows[] = {
    {.name = "broker", .kind = KIND_BROKER, .need = NEED_REQUIRED, .at = AT(broker),
     .help = "broker through which the agents of the nodes are reached"},
    {.name = "clock_tolerance", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 0, .max = 60e9,
     .fallback = "2 s", .at = AT(clock_tolerance_ns),
     .help = "a report whose time stamp is older than this waited on its way and counts as that old; "
             "smaller differences are the nodes' clocks"},
    {.name = NULL},
};
static const struct driver_schema agent_schemas[] = {
    {"agent", ROLE_ACTUATOR, agent_rows, sizeof(struct agent_settings)},
    {.driver = NULL},
};
/* clang-format on */

/* --- in: reports ----------------------------------------------------------------------------------------------- */

int64_t agent_report_taken_ns(int64_t received_ns, int64_t wall_ms, int64_t at_ms,
                              int64_t tolerance_ns)
{
    const int64_t oldest_ms = INT64_C(1000) * 86400 * 365; /* older is not more telling */
    int64_t age_ms = wall_ms - at_ms;

    if (age_ms > oldest_ms)
        age_ms = oldest_ms;
    if (age_ms <= tolerance_ns / NS_PER_MS)
        return received_ns;
    return received_ns - age_ms * NS_PER_MS;
}

static void to_node_report(const struct instance *instance, const struct wire_report *wire,
                           int64_t received_ns, struct node_report *report)
{
    *report = (struct node_report){
        .heard = true,
        .taken_ns = agent_report_taken_ns(received_ns, clock_wall_ms(), wire->at_ms,
                                          instance->settings.clock_tolerance_ns),
        .incarnation = wire->incarnation,
        .applied = wire->applied,
        .cap_in_force = wire->cap_in_force,
        .enforced_cap_w = wire->enforced_cap_w,
        .power_known = wire->power_known,
        .power_w = wire->power_w,
        .capped_power_known = wire->capped_power_known,
        .capped_power_w = wire->capped_power_w,
        .range_known = wire->cap_max_w > 0,
        .cap_min_w = wire->cap_min_w,
        .cap_max_w = wire->cap_max_w,
    };
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct instance *instance = context;
    struct wire_report wire;
    struct node_report report;
    char name[WIRE_TOPIC_BYTES];
    uint32_t node = NONE_INDEX;

    if (wire_topic_node(message->topic, instance->host->site->name, name, sizeof name))
        node = node_index_find(&instance->nodes, name);
    /* Nobody sends a report to be kept: a retained one is of unknown age, and not from an agent. */
    if (node == NONE_INDEX || message->retained ||
        !wire_report_decode(message->payload, message->length, name, &wire, NULL)) {
        instance->counters.malformed++;
        return;
    }
    to_node_report(instance, &wire, message->received_ns, &report);
    instance->counters.answers++;
    instance->host->report(instance->host->context, node, &report);
}

/* --- out: presence and commands -------------------------------------------------------------------------------- */

/* All that leaves goes through here. */
static bool publish(struct instance *instance, const char *topic, const char *payload,
                    size_t length)
{
    if (!instance->host->may_write || length == 0 ||
        !broker_publish(instance->user, topic, payload, length, 0, false)) {
        instance->counters.dropped++;
        return false;
    }
    return true;
}

static size_t presence_text(const struct instance *instance, bool online, char *out, size_t size)
{
    const struct wire_presence presence = {instance->host->epoch, online};

    return wire_presence_encode(&presence, out, size);
}

static void announce(struct instance *instance, bool online)
{
    char text[WIRE_PAYLOAD_BYTES];
    size_t length = presence_text(instance, online, text, sizeof text);

    if (instance->host->may_write && publish(instance, instance->presence_topic, text, length))
        instance->counters.requests++;
}

static void agent_command(struct instance *instance, const struct command *command)
{
    const struct site *site = instance->host->site;
    const struct wire_command wire = {.id = command->id,
                                      .cap_w = command->cap_w,
                                      .raise = command->kind == COMMAND_RAISE,
                                      .lease_ms = command->lease_ns / NS_PER_MS,
                                      .incarnation = command->incarnation};
    char topic[WIRE_TOPIC_BYTES];
    char text[WIRE_PAYLOAD_BYTES];
    size_t length = wire_command_encode(&wire, text, sizeof text);

    if (wire_cap_topic(topic, sizeof topic, site->name, site->nodes.name[command->node]) == 0)
        length = 0;
    if (publish(instance, topic, text, length))
        instance->counters.writes++;
}

static void agent_goodbye(struct instance *instance) { announce(instance, false); }

/* --- life ------------------------------------------------------------------------------------------------------ */

static void on_connected(void *context)
{
    struct instance *instance = context;

    announce(instance, true); /* the agents answer with a report */
    instance->host->device_state(instance->host->context, instance->device, true, NULL);
}

static void on_lost(void *context, const struct error *err)
{
    struct instance *instance = context;

    instance->host->device_state(instance->host->context, instance->device, false, err);
}

static uint32_t actuator_number(const struct site *site, const char *name)
{
    for (uint32_t a = 0; a < site->actuators; a++)
        if (strcmp(site->actuator[a].name, name) == 0)
            return a;
    return NONE_INDEX;
}

static bool join(struct instance *instance, struct error *err)
{
    const struct site *site = instance->host->site;
    const struct mqtt_events events = {instance, on_connected, on_lost, on_message};
    char filter[WIRE_TOPIC_BYTES];
    char will[WIRE_PAYLOAD_BYTES];
    struct broker_wish wish = {.broker = &site->broker[instance->settings.broker],
                               .filter = filter};

    if (wire_report_filter(filter, sizeof filter, site->name) == 0 ||
        wire_presence_topic(instance->presence_topic, sizeof instance->presence_topic,
                            site->name) == 0)
        return failure(err, ERR_SYNTAX, instance->device->name, "a site name without '/', '+', '#'",
                       "%s", site->name);
    if (instance->host->may_write) {
        presence_text(instance, false, will, sizeof will);
        wish.will_topic = instance->presence_topic;
        wish.will_payload = will;
    }
    return broker_join(&instance->user, instance->host->loop, &wish, &events, err);
}

static void agent_close(struct instance *instance)
{
    if (instance == NULL)
        return;
    broker_leave(instance->user);
    node_index_free(&instance->nodes);
    free(instance);
}

static bool agent_open(struct instance **out, const struct device *device,
                       const struct driver_host *host, struct error *err)
{
    struct instance *instance = calloc(1, sizeof *instance);

    *out = NULL;
    if (instance == NULL)
        return failure(err, ERR_FULL, device->name, "memory", "none");
    instance->device = device;
    instance->host = host;
    memcpy(&instance->settings, device->settings, sizeof instance->settings);
    if (!node_index_make(&instance->nodes, host->site, actuator_number(host->site, device->name)))
        failure(err, ERR_FULL, device->name, "memory", "none");
    else if (join(instance, err))
        *out = instance;
    if (*out == NULL)
        agent_close(instance);
    return *out != NULL;
}

static void agent_start(struct instance *instance) { broker_start(instance->user); }

static void agent_counters(const struct instance *instance, struct driver_counters *out)
{
    struct mqtt_counters mqtt;

    broker_counters(instance->user, &mqtt);
    *out = instance->counters;
    out->malformed += mqtt.dropped_size + mqtt.dropped_malformed;
    out->dropped += mqtt.dropped_queue;
    out->reconnects = mqtt.connects > 0 ? mqtt.connects - 1 : 0;
}

const struct driver driver_agent = {
    .name = "agent",
    .schemas = agent_schemas,
    .open = agent_open,
    .start = agent_start,
    .command = agent_command,
    .goodbye = agent_goodbye,
    .counters = agent_counters,
    .close = agent_close,
};
