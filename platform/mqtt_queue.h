/* platform/mqtt_queue.h - a first-in first-out list of MQTT messages, bounded in number and in bytes.
 *
 * Inside of mqtt_session only. No locking: its owner guards it. */
#ifndef PLATFORM_MQTT_QUEUE_H
#define PLATFORM_MQTT_QUEUE_H

#include "model/base.h"

/* One message: the topic, a NUL, the payload. */
struct mqtt_entry {
    struct mqtt_entry *next;
    int64_t at_ns; /* monotonic: received, or queued for sending */
    int qos;
    bool retained;
    size_t topic_length, length;
    char bytes[];
};

struct mqtt_queue {
    struct mqtt_entry *first, *last;
    size_t messages, bytes;
    size_t messages_max, bytes_max;
};

/* A copy of topic and payload, or NULL when there is no memory. The caller's to free(). */
struct mqtt_entry *mqtt_entry_make(const char *topic, size_t topic_length, const void *payload,
                                   size_t length);

const char *mqtt_entry_topic(const struct mqtt_entry *entry);
uint8_t *mqtt_entry_payload(struct mqtt_entry *entry);

/* True when one more of this size would be too much. */
bool mqtt_queue_full_for(const struct mqtt_queue *queue, const struct mqtt_entry *entry);

void mqtt_queue_put(struct mqtt_queue *queue, struct mqtt_entry *entry);

/* The oldest, or NULL; the caller's to free(). */
struct mqtt_entry *mqtt_queue_take(struct mqtt_queue *queue);

/* Frees all that is in it; returns how many that were. */
size_t mqtt_queue_clear(struct mqtt_queue *queue);

#endif
