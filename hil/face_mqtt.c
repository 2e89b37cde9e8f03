#include "hil/face_mqtt.h"

#include "platform/clock.h"
#include "platform/mqtt_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PERIOD_MS = 1000, URL_BYTES = 128 };

struct face_mqtt {
    struct mqtt_session *session;
    const struct plant *plant;
    uv_timer_t timer;
    struct broker broker;
    char url[URL_BYTES];
    bool silent;
    bool timer_closed, session_closed;
};

static void publish(struct face_mqtt *face)
{
    char payload[96];
    int length = snprintf(payload, sizeof payload, "{\"intensity\":%.1f,\"at\":%" PRId64 "}",
                          plant_carbon(face->plant), clock_wall_ms());

    if (face->silent || !mqtt_session_up(face->session))
        return;
    /* A value that can't leave now is old in a second; the session counts it. */
    if (!mqtt_session_publish(face->session, FACE_CARBON_TOPIC, payload, (size_t)length, 0, false))
        return;
}

static void on_timer(uv_timer_t *timer) { publish(timer->data); }

static void on_connected(void *context) { publish(context); }

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
