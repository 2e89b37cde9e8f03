#include "drivers/mqtt/mqtt.h"
#include "drivers/mqtt/broker.h"
#include "drivers/mqtt/payload.h"
#include "drivers/mqtt/pointer.h"
#include "platform/clock.h"

#include <stdlib.h>
#include <string.h>

struct instance {
    const struct device *device;
    const struct driver_host *host;
    struct mqtt_settings settings;
    struct payload_rules rules;
    int64_t stale_after_ns;
    struct broker_user *user;
    struct driver_counters counters;
};

/* --- settings -------------------------------------------------------------------------------------------------- */

#define AT(field) offsetof(struct mqtt_settings, field)
static const char *const formats[] = {"json", "number", NULL}; /* enum payload_format */
static const char *const stamp_formats[] = {"unix_s", "unix_ms", "rfc3339",
                                            NULL}; /* enum stamp_format */

/* clang-format off */
static const struct setting mqtt_rows[] = {
    {.name = "broker", .kind = KIND_BROKER, .need = NEED_REQUIRED, .at = AT(broker),
     .help = "broker that has the topic"},
    {.name = "topic", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 255, .at = AT(topic),
     .help = "topic, without wildcards: a signal is one value"},
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
static const struct driver_schema mqtt_schemas[] = {
    {"mqtt", ROLE_SIGNAL, mqtt_rows, sizeof(struct mqtt_settings)},
    {.driver = NULL},
};
/* clang-format on */

/* --- messages -------------------------------------------------------------------------------------------------- */

static void on_message(void *context, const struct mqtt_message *message)
{
    struct instance *instance = context;
    struct payload_value value;
    struct sample sample;

    if (message->retained && !instance->settings.accept_retained) {
        instance->counters.dropped++;
        return;
    }
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

/* What a row can't say. */
static bool check(const struct device *device, const struct mqtt_settings *settings,
                  struct error *err)
{
    const char *expected = "a JSON Pointer such as \"/data/0/intensity\"";

    if (strpbrk(settings->topic, "+#") != NULL)
        return failure(err, ERR_SYNTAX, device->name, "a topic without '+' and '#'", "%s",
                       settings->topic);
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

static bool mqtt_open(struct instance **out, const struct device *device,
                      const struct driver_host *host, struct error *err)
{
    struct instance *instance = calloc(1, sizeof *instance);
    const struct mqtt_events events = {instance, on_connected, on_lost, on_message};
    struct broker_wish wish = {0};

    *out = NULL;
    if (instance == NULL)
        return failure(err, ERR_FULL, device->name, "memory", "none");
    instance->device = device;
    instance->host = host;
    memcpy(&instance->settings, device->settings, sizeof instance->settings);
    instance->rules = (struct payload_rules){
        .format = (enum payload_format)instance->settings.format,
        .pointer = instance->settings.pointer,
        .numbers_in_text = instance->settings.numbers_in_text,
        .scale = instance->settings.scale,
        .offset = instance->settings.offset,
        .stamp_pointer = instance->settings.has_stamp ? instance->settings.stamp_pointer : NULL,
        .stamp_format = (enum stamp_format)instance->settings.stamp_format,
    };
    wish = (struct broker_wish){.broker = &host->site->broker[instance->settings.broker],
                                .filter = instance->settings.topic};
    if (check(device, &instance->settings, err) &&
        broker_join(&instance->user, host->loop, &wish, &events, err)) {
        instance->stale_after_ns = host->site->point[device->point[0].point].stale_after_ns;
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
