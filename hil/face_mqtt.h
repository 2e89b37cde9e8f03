/* hil/face_mqtt.h - what the grid says, as JSON on MQTT topics, in the form of docs/drivers/mqtt.md: its carbon
 * intensity once a second, and as far as they were set a forecast (when it is set, at each connection and once a
 * minute; retained) and the list of its events (once a second). */
#ifndef HIL_FACE_MQTT_H
#define HIL_FACE_MQTT_H

#include "plant/plant.h"

#include "model/device.h"
#include "model/error.h"
#include "model/forecast.h"
#include "model/grid_event.h"

#include <uv.h>

#define FACE_CARBON_TOPIC "grid/carbon"
#define FACE_FORECAST_TOPIC "grid/carbon_forecast"
#define FACE_EVENTS_TOPIC "grid/events"

struct face_mqtt;

/* The broker's texts are copied by the session; the plant outlives the face. */
MUST_USE bool face_mqtt_open(struct face_mqtt **out, uv_loop_t *loop, const char *broker_url,
                             const struct plant *plant, struct error *err);

/* Copied; published from now on. NULL: no more. An empty list of events is a list: nothing is asked for. */
void face_mqtt_set_forecast(struct face_mqtt *face, const struct forecast *forecast);
void face_mqtt_set_events(struct face_mqtt *face, const struct event_list *events);

/* A silent feed publishes nothing. */
void face_mqtt_silence(struct face_mqtt *face, bool silent);

/* Frees once the loop has turned. NULL is fine. */
void face_mqtt_close(struct face_mqtt *face);

#endif
