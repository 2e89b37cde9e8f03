#include "hil/face_mqtt.h"

#include "platform/clock.h"
#include "platform/mqtt_session.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PERIOD_MS = 1000, URL_BYTES = 128, FORECAST_PERIODS = 60 };

struct face_mqtt {
    struct mqtt_session *session;
    const struct plant *plant;
    uv_timer_t timer;
    struct broker broker;
    char url[URL_BYTES];
    struct forecast forecast; /* not known: none is published */
    unsigned forecast_due;    /* periods until it is published again */
    struct event_list events; /* not heard: none is published */
    bool silent;
    bool timer_closed, session_closed;
};

/* What can't leave now is old when it could, and is said again; the session counts it. */
static void publish(struct face_mqtt *face, const char *topic, const char *text, size_t length,
                    bool retained)
{
    if (!mqtt_session_publish(face->session, topic, text, length, 0, retained))
        return;
}

static void publish_carbon(struct face_mqtt *face)
{
    char payload[96];
    int length = snprintf(payload, sizeof payload, "{\"intensity\":%.1f,\"at\":%" PRId64 "}",
                          plant_carbon(face->plant), clock_wall_ms());

    publish(face, FACE_CARBON_TOPIC, payload, (size_t)length, false);
}

/* Gives up the document. */
static void publish_json(struct face_mqtt *face, const char *topic, json_t *document, bool retained)
{
    char *text = json_dumps(document, JSON_COMPACT);

    if (text != NULL)
        publish(face, topic, text, strlen(text), retained);
    free(text);
    json_decref(document);
}

/* "2026-11-24T23:05:11Z" */
static json_t *stamp(int64_t utc_s)
{
    time_t whole_s = (time_t)utc_s;
    struct tm parts;
    char text[32] = "";

    if (gmtime_r(&whole_s, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

static void publish_forecast(struct face_mqtt *face)
{
    const struct forecast *f = &face->forecast;
    json_t *values = json_array();

    for (uint32_t i = 0; i < f->count; i++)
        json_array_append_new(values, json_real(f->value[i]));
    publish_json(face, FACE_FORECAST_TOPIC,
                 json_pack("{s:o, s:o, s:I, s:o}", "issued", stamp(f->issued_utc_s), "start",
                           stamp(f->start_utc_s), "step_s", (json_int_t)f->step_s, "values",
                           values),
                 true);
    face->forecast_due = FORECAST_PERIODS;
}

static json_t *event_json(const struct grid_event *e)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:I, s:b}", "id", e->id, "notified",
                     stamp(e->notified_utc_s), "start", stamp(e->start_utc_s), "end",
                     stamp(e->end_utc_s), e->target == EVENT_LIMIT ? "limit_w" : "reduction_w",
                     (json_int_t)e->target_w, "cancelled", e->cancelled);
}

static void publish_events(struct face_mqtt *face)
{
    json_t *events = json_array();

    for (uint32_t i = 0; i < face->events.count; i++)
        json_array_append_new(events, event_json(&face->events.event[i]));
    publish_json(face, FACE_EVENTS_TOPIC,
                 json_pack("{s:o, s:o}", "issued", stamp(clock_wall_ms() / 1000), "events", events),
                 false);
}

static bool can_speak(const struct face_mqtt *face)
{
    return !face->silent && mqtt_session_up(face->session);
}

static void speak(struct face_mqtt *face)
{
    if (!can_speak(face))
        return;
    publish_carbon(face);
    if (face->events.heard)
        publish_events(face);
    if (face->forecast.known && face->forecast_due-- == 0)
        publish_forecast(face);
}

static void on_timer(uv_timer_t *timer) { speak(timer->data); }

static void on_connected(void *context)
{
    struct face_mqtt *face = context;

    face->forecast_due = 0;
    speak(face);
}

void face_mqtt_set_forecast(struct face_mqtt *face, const struct forecast *forecast)
{
    face->forecast.known = forecast != NULL;
    if (forecast == NULL)
        return;
    face->forecast = *forecast;
    face->forecast.known = true;
    face->forecast_due = 0;
    if (can_speak(face))
        publish_forecast(face);
}

void face_mqtt_set_events(struct face_mqtt *face, const struct event_list *events)
{
    face->events.heard = events != NULL;
    if (events == NULL)
        return;
    face->events = *events;
    face->events.heard = true;
    if (can_speak(face))
        publish_events(face);
}

bool face_mqtt_open(struct face_mqtt **out, uv_loop_t *loop, const char *broker_url,
                    const struct plant *plant, struct error *err)
{
    struct face_mqtt *face = calloc(1, sizeof *face);
    struct mqtt_options options;
    struct mqtt_events events = {.context = face, .connected = on_connected};

    *out = NULL;
    if (face == NULL)
        return failure(err, ERR_FULL, "mqtt face", "memory", "none left");
    face->plant = plant;
    snprintf(face->url, sizeof face->url, "%s", broker_url);
    face->broker = (struct broker){.name = "rig", .url = face->url};
    options = mqtt_options_default(&face->broker, "capstan-rig");
    if (!mqtt_session_open(&face->session, loop, &options, &events, err)) {
        free(face);
        return false;
    }
    mqtt_session_start(face->session);
    uv_timer_init(loop, &face->timer);
    face->timer.data = face;
    uv_timer_start(&face->timer, on_timer, PERIOD_MS, PERIOD_MS);
    *out = face;
    return true;
}

void face_mqtt_silence(struct face_mqtt *face, bool silent) { face->silent = silent; }

static void free_when_done(struct face_mqtt *face)
{
    if (face->timer_closed && face->session_closed)
        free(face);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct face_mqtt *face = handle->data;

    face->timer_closed = true;
    free_when_done(face);
}

static void on_session_closed(void *context)
{
    struct face_mqtt *face = context;

    face->session_closed = true;
    free_when_done(face);
}

void face_mqtt_close(struct face_mqtt *face)
{
    if (face == NULL)
        return;
    uv_close((uv_handle_t *)&face->timer, on_timer_closed);
    mqtt_session_close(face->session, on_session_closed, face);
}
