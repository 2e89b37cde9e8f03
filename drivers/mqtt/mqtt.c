#include "drivers/mqtt/mqtt.h"
#include "drivers/mqtt/broker.h"
#include "drivers/mqtt/events_payload.h"
#include "drivers/mqtt/forecast_payload.h"
#include "drivers/mqtt/payload.h"
#include "drivers/mqtt/pointer.h"
#include "platform/clock.h"

#include <stdlib.h>
#include <string.h>

struct instance {
    const struct device *device;
    const struct driver_host *host;
    bool accept_retained;
    void (*take)(struct instance *instance, const struct mqtt_message *message); /* by role */
    struct payload_rules rules;                                                  /* of a signal */
    struct forecast_rules forecast_rules;                                        /* of a forecast */
    int64_t stale_after_ns; /* of a signal, of a source of events */
    struct broker_user *user;
    struct driver_counters counters;
};

/* --- settings -------------------------------------------------------------------------------------------------- */

/* clang-format off */
#define BROKER_AND_TOPIC(what)                                                                                   \
    {.name = "broker", .kind = KIND_BROKER, .need = NEED_REQUIRED, .at = AT(broker),                             \
     .help = "broker that has the topic"},                                                                       \
    {.name = "topic", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 255, .at = AT(topic),           \
     .help = "topic, without wildcards: " what}
/* clang-format on */

#define AT(field) offsetof(struct mqtt_settings, field)
static const char *const formats[] = {"json", "number", NULL}; /* enum payload_format */
static const char *const stamp_formats[] = {"unix_s", "unix_ms", "rfc3339",
                                            NULL}; /* enum stamp_format */

/* clang-format off */
static const struct setting mqtt_rows[] = {
    BROKER_AND_TOPIC("a signal is one value"),
    {.name = "format", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "json", .choices = formats, .at = AT(format),
     .help = "json: the payload is a document; number: it is a number in text, and nothing else"},
    {.name = "pointer", .kind = KIND_TEXT, .need = NEED_DEFAULT, .max = 255, .fallback = "", .at = AT(pointer),
     .help = "JSON Pointer (RFC 6901) to the value, such as \"/data/0/intensity\"; empty: the document is the value"},
    {.name = "numbers_in_text", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "false", .at = AT(numbers_in_text),
     .help = "also take a number that stands in quotes"},
    {.name = "scale", .kind = KIND_NUMBER, .need = NEED_DEFAULT, .min = -1e12, .max = 1e12, .fallback = "1", .at = AT(scale),
     .help = "multiplies the value, to bring it to the quantity's unit: 1000 when the payload is in kW"},
    {.name = "offset", .kind = KIND_NUMBER, .need = NEED_DEFAULT, .min = -1e12, .max = 1e12, .fallback = "0", .at = AT(offset),
     .help = "is added after scaling"},
    {.name = "timestamp_pointer", .kind = KIND_TEXT, .need = NEED_OPTIONAL, .max = 255, .at = AT(stamp_pointer), .given_at = AT(has_stamp),
     .help = "JSON Pointer to the time at which the value was true; without it a message is as old as its arrival"},
    {.name = "timestamp_format", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "rfc3339", .choices = stamp_formats, .at = AT(stamp_format),
     .help = "how that time is written: seconds or milliseconds since 1970, or as in 2026-11-24T23:05:11Z"},
    {.name = "accept_retained", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "true", .at = AT(accept_retained),
     .help = "take what the broker kept from before; without a time stamp it is shown as stale and never used"},
    {.name = NULL},
};
#undef AT

#define AT(field) offsetof(struct mqtt_feed_settings, field)
static const struct setting forecast_rows[] = {
    BROKER_AND_TOPIC("each message is a whole forecast"),
    {.name = "scale", .kind = KIND_NUMBER, .need = NEED_DEFAULT, .min = -1e12, .max = 1e12, .fallback = "1", .at = AT(scale),
     .help = "multiplies each value, to bring it to the quantity's unit"},
    {.name = "least_horizon", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 60e9, .max = 62 * 86400e9, .fallback = "6 h", .at = AT(least_horizon_ns),
     .help = "what reaches less far from its own start was cut short, and is not taken"},
    {.name = "accept_retained", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "true", .at = AT(accept_retained),
     .help = "take what the broker kept from before; it says itself when it was issued"},
    {.name = NULL},
};
static const struct setting event_rows[] = {
    BROKER_AND_TOPIC("each message tells all events that are known"),
    {.name = "accept_retained", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "true", .at = AT(accept_retained),
     .help = "take what the broker kept from before; unless it says when it was issued the source counts as silent since"},
    {.name = NULL},
};
#undef AT

static const struct driver_schema mqtt_schemas[] = {
    {"mqtt", ROLE_SIGNAL, mqtt_rows, sizeof(struct mqtt_settings)},
    {"mqtt", ROLE_FORECAST, forecast_rows, sizeof(struct mqtt_feed_settings)},
    {"mqtt", ROLE_EVENTS, event_rows, sizeof(struct mqtt_feed_settings)},
    {.driver = NULL},
};
/* clang-format on */

/* --- messages -------------------------------------------------------------------------------------------------- */

static void take_signal(struct instance *instance, const struct mqtt_message *message)
{
    struct payload_value value;
    struct sample sample;

    if (!payload_read(&instance->rules, message->payload, message->length, instance->device->name,
                      &value, NULL)) {
        instance->counters.malformed++;
        return;
    }
    sample = (struct sample){.value = value.value,
                             .refused = value.refused,
                             .taken_ns =
                                 payload_taken_ns(&value, message->retained, message->received_ns,
                                                  clock_wall_ms(), instance->stale_after_ns)};
    if (value.refused)
        instance->counters.refusals++;
    else
        instance->counters.answers++;
    instance->host->sample(instance->host->context, instance->device->point[0].point, &sample);
}

/* Retained or not, it says itself when it was issued. */
static void take_forecast(struct instance *instance, const struct mqtt_message *message)
{
    struct forecast forecast;

    if (!forecast_read(&instance->forecast_rules, message->payload, message->length,
                       clock_wall_ms(), instance->device->name, &forecast, NULL)) {
        instance->counters.malformed++;
        return;
    }
    instance->counters.answers++;
    instance->host->forecast(instance->host->context, instance->device->feed, &forecast);
}

/* What the broker kept may be from last year: the source then counts as silent, but what it asked for holds. */
static void take_events(struct instance *instance, const struct mqtt_message *message)
{
    struct events_payload events;
    int64_t wall_ms = clock_wall_ms();

    if (!events_read(message->payload, message->length, wall_ms, instance->device->name, &events,
                     NULL)) {
        instance->counters.malformed++;
        return;
    }
    events.list.heard_ns = payload_taken_ns(
        &(struct payload_value){.has_stamp = events.has_stamp, .stamp_ms = events.stamp_ms},
        message->retained, message->received_ns, wall_ms, instance->stale_after_ns);
    instance->counters.answers++;
    instance->host->events(instance->host->context, instance->device->feed, &events.list);
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct instance *instance = context;

    if (message->retained && !instance->accept_retained)
        instance->counters.dropped++;
    else
        instance->take(instance, message);
}

static void on_connected(void *context)
{
    struct instance *instance = context;

    instance->host->device_state(instance->host->context, instance->device, true, NULL);
}

static void on_lost(void *context, const struct error *err)
{
    struct instance *instance = context;

    instance->host->device_state(instance->host->context, instance->device, false, err);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static bool check_topic(const struct device *device, const char *topic, struct error *err)
{
    return strpbrk(topic, "+#") == NULL ||
           failure(err, ERR_SYNTAX, device->name, "a topic without '+' and '#'", "%s", topic);
}

/* What a row can't say. */
static bool check(const struct device *device, const struct mqtt_settings *settings,
                  struct error *err)
{
    const char *expected = "a JSON Pointer such as \"/data/0/intensity\"";

    if (!pointer_valid(settings->pointer))
        return failure(err, ERR_SYNTAX, device->name, expected, "%s", settings->pointer);
    if (settings->has_stamp && !pointer_valid(settings->stamp_pointer))
        return failure(err, ERR_SYNTAX, device->name, expected, "%s", settings->stamp_pointer);
    if (settings->has_stamp && settings->format == PAYLOAD_NUMBER)
        return failure(err, ERR_CONFLICT, device->name,
                       "format = \"json\" with a timestamp_pointer", "format = \"number\"");
    if (device->points != 1)
        return failure(err, ERR_RANGE, device->name, "one point", "%u", device->points);
    return true;
}

static void mqtt_close(struct instance *instance)
{
    if (instance == NULL)
        return;
    broker_leave(instance->user);
    free(instance);
}

static bool set_up_signal(struct instance *instance, const struct mqtt_settings *s,
                          struct broker_wish *wish, struct error *err)
{
    const struct device *device = instance->device;
    const struct site *site = instance->host->site;

    if (!check_topic(device, s->topic, err) || !check(device, s, err))
        return false;
    instance->take = take_signal;
    instance->accept_retained = s->accept_retained;
    instance->rules = (struct payload_rules){
        .format = (enum payload_format)s->format,
        .pointer = s->pointer,
        .numbers_in_text = s->numbers_in_text,
        .scale = s->scale,
        .offset = s->offset,
        .stamp_pointer = s->has_stamp ? s->stamp_pointer : NULL,
        .stamp_format = (enum stamp_format)s->stamp_format,
    };
    instance->stale_after_ns = site->point[device->point[0].point].stale_after_ns;
    *wish = (struct broker_wish){.broker = &site->broker[s->broker], .filter = s->topic};
    return true;
}

/* A forecast or a source of events. */
static bool set_up_feed(struct instance *instance, const struct mqtt_feed_settings *s,
                        struct broker_wish *wish, struct error *err)
{
    const struct device *device = instance->device;
    const struct site *site = instance->host->site;

    if (!check_topic(device, s->topic, err))
        return false;
    instance->accept_retained = s->accept_retained;
    if (device->role == ROLE_FORECAST) {
        instance->take = take_forecast;
        instance->forecast_rules = (struct forecast_rules){
            site->forecast[device->feed].quantity, s->scale, s->least_horizon_ns / NS_PER_S};
    } else {
        instance->take = take_events;
        instance->stale_after_ns = site->event_source[device->feed].stale_after_ns;
    }
    *wish = (struct broker_wish){.broker = &site->broker[s->broker], .filter = s->topic};
    return true;
}

static bool mqtt_open(struct instance **out, const struct device *device,
                      const struct driver_host *host, struct error *err)
{
    struct instance *instance = calloc(1, sizeof *instance);
    const struct mqtt_events events = {instance, on_connected, on_lost, on_message};
    struct broker_wish wish = {0};
    bool ok;

    *out = NULL;
    if (instance == NULL)
        return failure(err, ERR_FULL, device->name, "memory", "none");
    instance->device = device;
    instance->host = host;
    ok = device->role == ROLE_SIGNAL ? set_up_signal(instance, device->settings, &wish, err)
                                     : set_up_feed(instance, device->settings, &wish, err);
    if (ok && broker_join(&instance->user, host->loop, &wish, &events, err)) {
        *out = instance;
        return true;
    }
    mqtt_close(instance);
    return false;
}

static void mqtt_start(struct instance *instance) { broker_start(instance->user); }

static void mqtt_counters(const struct instance *instance, struct driver_counters *out)
{
    struct mqtt_counters mqtt;

    broker_counters(instance->user, &mqtt);
    *out = instance->counters;
    out->malformed += mqtt.dropped_size + mqtt.dropped_malformed;
    out->dropped += mqtt.dropped_queue;
    out->reconnects = mqtt.connects > 0 ? mqtt.connects - 1 : 0;
}

const struct driver driver_mqtt = {
    .name = "mqtt",
    .schemas = mqtt_schemas,
    .open = mqtt_open,
    .start = mqtt_start,
    .counters = mqtt_counters,
    .close = mqtt_close,
};
