/* drivers/mqtt/broker.h - devices on one broker share one connection.
 *
 * A device joins the broker with a topic filter and is told of the connection and of its messages. The
 * connection begins in the turn of the loop after the first start, so that all who join before it are in it from
 * the beginning, the last will of one of them too. Loop thread only; each thread has its own connections. */
#ifndef DRIVERS_MQTT_BROKER_H
#define DRIVERS_MQTT_BROKER_H

#include "drivers/driver.h"
#include "platform/mqtt_session.h"

struct broker_user;

struct broker_wish {
    const struct broker *broker; /* texts must outlive the user */
    const char *filter;          /* copied */
    const char *will_topic,
        *will_payload; /* NULL: none. A second will on one broker is a second connection */
};

/* On success *out is the caller's until broker_leave. */
MUST_USE bool broker_join(struct broker_user **out, uv_loop_t *loop, const struct broker_wish *wish,
                          const struct mqtt_events *events, struct error *err);

/* When the connection stands already, `connected` is called at once. */
void broker_start(struct broker_user *user);

/* False when down or full: not sent. */
MUST_USE bool broker_publish(struct broker_user *user, const char *topic, const void *payload,
                             size_t length, int qos, bool retained);

/* Of the whole connection, shared by its users. */
void broker_counters(const struct broker_user *user, struct mqtt_counters *out);

/* No event comes after this; it may be called inside one. The last to leave closes the connection cleanly. NULL
 * is fine. */
void broker_leave(struct broker_user *user);

/* MQTT's rule: '+' is one level, a final '#' any number of levels (the parent too). */
bool broker_topic_matches(const char *filter, const char *topic);

#endif
