/* platform/mqtt_link.h - the inside of an MQTT session: what its three kinds of thread share.
 *
 *     loop thread ── out, stop ──▶ worker ── calls ──▶ Paho
 *          ▲                          ▲                  │
 *          └──── in, tell_*, async ───┴──── signals ─────┘ (Paho's threads, in callbacks)
 *
 * The worker alone calls Paho: Paho holds one lock around name look-ups and hand-shakes, and the loop must never
 * wait for it. Callbacks come with that lock held, so the worker never calls Paho while it holds ours. */
#ifndef PLATFORM_MQTT_LINK_H
#define PLATFORM_MQTT_LINK_H

#include "platform/mqtt_queue.h"
#include "platform/mqtt_session.h"

#include <pthread.h>

/* What Paho told; bits, because several may come before the worker looks. */
enum link_signal {
    SIGNAL_CONNECTED = 1,
    SIGNAL_CONNECT_FAILED = 2,
    SIGNAL_SUBSCRIBED = 4,
    SIGNAL_SUBSCRIBE_FAILED = 8,
    SIGNAL_LOST = 16,
    SIGNAL_DISCONNECTED = 32
};

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_SUBSCRIBING, LINK_UP };

struct mqtt_filter {
    char text[MQTT_FILTER_BYTES];
    int qos;
    struct mqtt_session *session; /* what Paho hands back with the broker's answer */
};

struct mqtt_session {
    /* Fixed at open. */
    struct mqtt_options options; /* will texts are our own copies */
    struct mqtt_events events;
    char client_id[96];
    char where[128]; /* "broker main (tcp://...)" */

    /* Loop thread only. */
    uv_async_t async;
    bool up, closing, started;
    void (*closed)(void *context);
    void *closed_context;
    pthread_t worker;

    /* Guarded by lock. */
    pthread_mutex_t lock;
    pthread_cond_t wake; /* the worker's */
    struct mqtt_queue in, out;
    struct mqtt_counters counters;
    struct mqtt_filter filter[MQTT_FILTERS_MAX]; /* those below `filters` never change */
    size_t filters;
    size_t unanswered; /* of those asked for on this connection */
    unsigned signals;
    int failed_code;
    char failed_text[128];
    bool tell_connected,
        tell_lost; /* for the loop; the worker makes no connection before both were told */
    struct error lost_because;
    bool stop, ended;

    /* Worker only. */
    void *paho; /* MQTTAsync; NULL before the first connection */
    enum link_state state;
    size_t filters_made;
    int64_t due_ns; /* DOWN: next attempt; CONNECTING, SUBSCRIBING: give up */
    int64_t back_off_ns, up_since_ns;
    bool told_down; /* that it is down is known already: count, don't tell */
};

/* The worker's thread, from start until `stop`; `argument` is the session. */
void *mqtt_link_run(void *argument);

/* The broker's password, read anew so that it can be changed under way; empty when it has none. Checks that the
 * file is regular and readable by its owner alone. */
enum { MQTT_PASSWORD_BYTES = 1024 };
MUST_USE bool mqtt_password_read(const struct broker *broker, char out[MQTT_PASSWORD_BYTES],
                                 struct error *err);

bool mqtt_url_is_tls(const char *url);

#endif
