/* platform/mqtt_session.h - one connection to a broker, for whoever runs on a libuv loop.
 *
 * Eclipse Paho (async) does the protocol on its own threads; everything is handed to the loop's thread through
 * a bounded queue, in order. Connects and reconnects by itself with jittered exponential backoff, subscribes
 * anew after each, publishes nothing while it is down (a command that waits is a command that is late).
 *
 * All functions and callbacks: loop thread only. None blocks: a dead name server or a stalled connection holds
 * up a thread of the session's own. */
#ifndef PLATFORM_MQTT_SESSION_H
#define PLATFORM_MQTT_SESSION_H

#include "model/device.h"
#include "model/error.h"

#include <uv.h>

struct mqtt_session;

enum { MQTT_FILTER_BYTES = 256, MQTT_FILTERS_MAX = 1024 };

struct mqtt_message {
    const char *topic;      /* NUL-terminated; valid in the callback only */
    const uint8_t *payload; /* not NUL-terminated; valid in the callback only */
    size_t length;
    bool retained;       /* kept by the broker from before we subscribed: may be old */
    int64_t received_ns; /* monotonic, when it came in */
};

struct mqtt_options {
    const struct broker *broker;  /* its texts must outlive the session */
    const char *client_id_prefix; /* host, process and a random part are added: ids never clash */
    const char *will_topic;       /* NULL: none; both texts are copied */
    const char *will_payload;
    bool will_retained;
    size_t queue_messages;    /* bound of the queue to the loop (the oldest are dropped and counted)
                                 and of the queue to the broker (no more are taken) */
    size_t max_payload_bytes; /* larger messages are dropped and counted */
    int64_t connect_timeout_ms, keep_alive_s;
};

struct mqtt_events {
    void *context;
    /* First connection and each later one, when the subscriptions stand: the place to announce oneself. */
    void (*connected)(void *context);
    /* The connection was lost, or could not be made the first time; later attempts that fail are counted. */
    void (*lost)(void *context, const struct error *err);
    void (*message)(void *context, const struct mqtt_message *message);
};

struct mqtt_counters {
    uint64_t received;
    uint64_t dropped_queue;     /* the loop was too slow */
    uint64_t dropped_size;      /* larger than max_payload_bytes */
    uint64_t dropped_malformed; /* a NUL inside the topic */
    uint64_t published;         /* handed to the library while the connection stood */
    uint64_t publish_failed;
    uint64_t connects, connect_failures;
};

/* Default options for a broker: no will, 65,536 messages, 64 KiB, 5 s, 10 s. */
struct mqtt_options mqtt_options_default(const struct broker *broker, const char *client_id_prefix);

/* Checks what can be checked without connecting: URL, TLS files only with ssl://, the password file and its
 * permissions (readable by its owner alone). */
MUST_USE bool mqtt_session_open(struct mqtt_session **out, uv_loop_t *loop,
                                const struct mqtt_options *options,
                                const struct mqtt_events *events, struct error *err);

/* A last will, instead of the one in the options; before start only. The texts are copied. */
MUST_USE bool mqtt_session_set_will(struct mqtt_session *session, const char *topic,
                                    const char *payload, bool retained, struct error *err);
void mqtt_session_start(struct mqtt_session *session);

/* Remembered, and (re)made at each connection. Topic filters of at most 255 bytes; at most 1,024. */
MUST_USE bool mqtt_session_subscribe(struct mqtt_session *session, const char *filter, int qos,
                                     struct error *err);

/* False when down or when no more can be taken: not sent, and counted. What is taken but can't be handed to the
 * library within 2 s, or is still here when the connection is lost, is dropped and counted as well. */
MUST_USE bool mqtt_session_publish(struct mqtt_session *session, const char *topic,
                                   const void *payload, size_t length, int qos, bool retained);

bool mqtt_session_up(const struct mqtt_session *session);
void mqtt_session_counters(struct mqtt_session *session, struct mqtt_counters *out);

/* Sends what was taken, disconnects cleanly (the will is not sent) and frees; `closed` (may be NULL) is called
 * on the loop when nothing of it is left. No other callback comes after this call, which may be made inside
 * one. NULL session is fine: closed is then called at once. */
void mqtt_session_close(struct mqtt_session *session, void (*closed)(void *context), void *context);

#endif
