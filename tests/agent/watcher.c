#include "tests/agent/watcher.h"
#include "tests/support/turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT_MS = 20000 };

static void on_connected(void *context) { ((struct watcher *)context)->connected = true; }
static void on_closed(void *context) { ((struct watcher *)context)->closed = true; }
static bool is_connected(void *context) { return ((struct watcher *)context)->connected; }
static bool is_closed(void *context) { return ((struct watcher *)context)->closed; }

static void on_message(void *context, const struct mqtt_message *message)
{
    struct watcher *w = context;
    struct wire_report report;
    char name[WIRE_TOPIC_BYTES] = "";
    size_t n;

    if (!wire_topic_node(message->topic, "test", name, sizeof name) ||
        !wire_report_decode(message->payload, message->length, name, &report, NULL)) {
        w->malformed++;
        return;
    }
    n = strtoul(name + 1, NULL, 10);
    assert_true(n < WATCHED_MAX);
    w->last[n] = report;
    w->count[n]++;
    w->reports++;
}

void watcher_open(struct watcher *w, const char *url)
{
    const struct mqtt_events events = {w, on_connected, NULL, on_message};
    struct mqtt_options options;
    struct error err;
    char filter[WIRE_TOPIC_BYTES];

    *w = (struct watcher){.broker = {.name = "test", .url = url}};
    options = mqtt_options_default(&w->broker, "watcher");
    assert_int_equal(uv_loop_init(&w->loop), 0);
    assert_true(mqtt_session_open(&w->session, &w->loop, &options, &events, &err));
    wire_report_filter(filter, sizeof filter, "test");
    assert_true(mqtt_session_subscribe(w->session, filter, 0, &err));
    mqtt_session_start(w->session);
    assert_true(turn_until(&w->loop, LIMIT_MS, is_connected, w));
}

void watcher_close(struct watcher *w)
{
    mqtt_session_close(w->session, on_closed, w);
    assert_true(turn_until(&w->loop, LIMIT_MS, is_closed, w));
    assert_true(turn_to_end(&w->loop, LIMIT_MS));
}

void watcher_command(struct watcher *w, const char *node, const struct wire_command *command)
{
    char topic[WIRE_TOPIC_BYTES], text[WIRE_PAYLOAD_BYTES];
    size_t length = wire_command_encode(command, text, sizeof text);

    assert_true(wire_cap_topic(topic, sizeof topic, "test", node) > 0 && length > 0);
    assert_true(mqtt_session_publish(w->session, topic, text, length, 0, false));
}

void watcher_presence(struct watcher *w, bool online)
{
    const struct wire_presence presence = {1, online};
    char topic[WIRE_TOPIC_BYTES], text[WIRE_PAYLOAD_BYTES];
    size_t length = wire_presence_encode(&presence, text, sizeof text);

    assert_true(wire_presence_topic(topic, sizeof topic, "test") > 0 && length > 0);
    assert_true(mqtt_session_publish(w->session, topic, text, length, 0, false));
}
