/* hil/face_mqtt.h - the grid's carbon intensity as a feed: JSON on an MQTT topic, once a second, never retained. */
#ifndef HIL_FACE_MQTT_H
#define HIL_FACE_MQTT_H

#include "plant/plant.h"

#include "model/device.h"
#include "model/error.h"

#include <uv.h>

#define FACE_CARBON_TOPIC "grid/carbon"

struct face_mqtt;

/* The broker's texts are copied by the session; the plant outlives the face. */
MUST_USE bool face_mqtt_open(struct face_mqtt **out, uv_loop_t *loop, const char *broker_url,
                             const struct plant *plant, struct error *err);

/* A silent feed publishes nothing. */
void face_mqtt_silence(struct face_mqtt *face, bool silent);

/* Frees once the loop has turned. NULL is fine. */
void face_mqtt_close(struct face_mqtt *face);

#endif
