#include "platform/mqtt_queue.h"

#include <stdlib.h>
#include <string.h>

struct mqtt_entry *mqtt_entry_make(const char *topic, size_t topic_length, const void *payload,
                                   size_t length)
{
    struct mqtt_entry *entry = malloc(sizeof *entry + topic_length + 1 + length);

    if (entry == NULL)
        return NULL;
    *entry = (struct mqtt_entry){.topic_length = topic_length, .length = length};
    memcpy(entry->bytes, topic, topic_length);
    entry->bytes[topic_length] = '\0';
    if (length > 0)
        memcpy(entry->bytes + topic_length + 1, payload, length);
    return entry;
}

const char *mqtt_entry_topic(const struct mqtt_entry *entry) { return entry->bytes; }

uint8_t *mqtt_entry_payload(struct mqtt_entry *entry)
{
    return (uint8_t *)entry->bytes + entry->topic_length + 1;
}

static size_t weight(const struct mqtt_entry *entry)
{
    return sizeof *entry + entry->topic_length + 1 + entry->length;
}

bool mqtt_queue_full_for(const struct mqtt_queue *queue, const struct mqtt_entry *entry)
{
    return queue->messages + 1 > queue->messages_max ||
           queue->bytes + weight(entry) > queue->bytes_max;
}

void mqtt_queue_put(struct mqtt_queue *queue, struct mqtt_entry *entry)
{
    entry->next = NULL;
    if (queue->last != NULL)
        queue->last->next = entry;
    else
        queue->first = entry;
    queue->last = entry;
    queue->messages++;
    queue->bytes += weight(entry);
}

struct mqtt_entry *mqtt_queue_take(struct mqtt_queue *queue)
{
    struct mqtt_entry *entry = queue->first;

    if (entry == NULL)
        return NULL;
    queue->first = entry->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->messages--;
    queue->bytes -= weight(entry);
    return entry;
}

size_t mqtt_queue_clear(struct mqtt_queue *queue)
{
    size_t count = 0;
    struct mqtt_entry *entry;

    while ((entry = mqtt_queue_take(queue)) != NULL) { /* bounded by messages_max */
        free(entry);
        count++;
    }
    return count;
}
