/* The worker of an MQTT session: connects, subscribes, sends, and tries again.
 *
 *            due                    connected              all subscribed
 *     DOWN ───────▶ CONNECTING ───────────▶ SUBSCRIBING ───────────────▶ UP ──▶ sends what the loop queued
 *      ▲                │                        │                       │
 *      └── back off ────┴──── refused, late ─────┴───── lost ────────────┘
 *
 * Waiting times double from 0.2 s to 10 s and are shortened by a random part of up to a half, so that a
 * thousand clients don't return to a restarted broker in step. A connection that stood for a while starts anew
 * at 0.2 s; one that is thrown out at once (two clients of one name, say) does not. */
#include "platform/mqtt_link.h"
#include "platform/clock.h"

#include <MQTTAsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    PAHO_BUFFER_MESSAGES = 4096, /* between its API and its socket */
    PAHO_INFLIGHT = 1024,        /* QoS 1 not yet acknowledged */
    PAHO_FULL_PAUSE_MS = 2,
    DISCONNECT_MS = 1000
};
static const int64_t back_off_first_ns = 200 * NS_PER_MS;
static const int64_t back_off_most_ns = 10 * NS_PER_S;
static const int64_t stood_long_ns = 5 * NS_PER_S;
static const int64_t outcome_grace_ns = 10 * NS_PER_S; /* on top of Paho's own limit */
static const int64_t send_age_most_ns = 2 * NS_PER_S;

/* --- Paho's threads: report, decide nothing --------------------------------------------------------------- */

static void raise_signal(struct mqtt_session *s, enum link_signal signal, int code,
                         const char *text)
{
    pthread_mutex_lock(&s->lock);
    s->signals |= (unsigned)signal;
    if (text != NULL || code != 0) {
        s->failed_code = code;
        snprintf(s->failed_text, sizeof s->failed_text, "%s", text != NULL ? text : "");
    }
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

static void raise_failure(struct mqtt_session *s, enum link_signal signal,
                          const MQTTAsync_failureData *data)
{
    raise_signal(s, signal, data != NULL ? data->code : MQTTASYNC_FAILURE,
                 data != NULL ? data->message : NULL);
}

static void on_connected(void *context, MQTTAsync_successData *data)
{
    (void)data;
    raise_signal(context, SIGNAL_CONNECTED, 0, NULL);
}

static void on_connect_failed(void *context, MQTTAsync_failureData *data)
{
    raise_failure(context, SIGNAL_CONNECT_FAILED, data);
}

static void on_subscribed(void *context, MQTTAsync_successData *data)
{
    const struct mqtt_filter *filter = context;
    struct mqtt_session *s = filter->session;
    bool last;

    (void)data;
    pthread_mutex_lock(&s->lock);
    last = s->unanswered > 0 && --s->unanswered == 0;
    pthread_mutex_unlock(&s->lock);
    if (last)
        raise_signal(s, SIGNAL_SUBSCRIBED, 0, NULL);
}

static void on_subscribe_failed(void *context, MQTTAsync_failureData *data)
{
    const struct mqtt_filter *filter = context;

    raise_signal(filter->session, SIGNAL_SUBSCRIBE_FAILED,
                 data != NULL ? data->code : MQTTASYNC_FAILURE, filter->text);
}

static void on_lost(void *context, char *cause)
{
    raise_signal(context, SIGNAL_LOST, MQTTASYNC_FAILURE,
                 cause != NULL ? cause : "connection lost");
}

static void on_disconnected(void *context, MQTTAsync_successData *data)
{
    (void)data;
    raise_signal(context, SIGNAL_DISCONNECTED, 0, NULL);
}

static void on_disconnect_failed(void *context, MQTTAsync_failureData *data)
{
    (void)data;
    raise_signal(context, SIGNAL_DISCONNECTED, 0, NULL); /* gone either way */
}

/* Puts a message in the queue to the loop; when that is full the oldest go: the newest are worth more. */
static void queue_in(struct mqtt_session *s, struct mqtt_entry *entry)
{
    pthread_mutex_lock(&s->lock);
    s->counters.received++;
    while (s->in.messages > 0 && mqtt_queue_full_for(&s->in, entry)) {
        free(mqtt_queue_take(&s->in));
        s->counters.dropped_queue++;
    }
    mqtt_queue_put(&s->in, entry);
    pthread_mutex_unlock(&s->lock);
    uv_async_send(&s->async);
}

static void count_dropped(struct mqtt_session *s, uint64_t *counter)
{
    pthread_mutex_lock(&s->lock);
    s->counters.received++;
    (*counter)++;
    pthread_mutex_unlock(&s->lock);
}

static void keep_message(struct mqtt_session *s, const char *topic, int topic_length,
                         const MQTTAsync_message *message)
{
    size_t length = message->payloadlen > 0 ? (size_t)message->payloadlen : 0;
    struct mqtt_entry *entry;

    if (topic_length > 0 && memchr(topic, '\0', (size_t)topic_length) != NULL) {
        count_dropped(s, &s->counters.dropped_malformed);
        return;
    }
    if (length > s->options.max_payload_bytes) {
        count_dropped(s, &s->counters.dropped_size);
        return;
    }
    entry = mqtt_entry_make(topic, strlen(topic), message->payload, length);
    if (entry == NULL) {
        count_dropped(s, &s->counters.dropped_queue);
        return;
    }
    entry->retained = message->retained != 0;
    entry->at_ns = clock_monotonic_ns();
    queue_in(s, entry);
}

static int on_message(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    keep_message(context, topic, topic_length, message);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1; /* taken */
}

/* --- the worker -------------------------------------------------------------------------------------------- */

/* delay, shortened by a random part of up to a half. */
static int64_t jittered_ns(int64_t delay_ns)
{
    uint32_t random = 0;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)clock_monotonic_ns();
    return delay_ns - (int64_t)((double)delay_ns / 2 * (random / 4294967296.0));
}

/* Waits for a signal, work or the given time. Called and returns with the lock held. */
static void wait_until(struct mqtt_session *s, int64_t due_ns)
{
    struct timespec due = {.tv_sec = (time_t)(due_ns / NS_PER_S), .tv_nsec = due_ns % NS_PER_S};

    pthread_cond_timedwait(&s->wake, &s->lock, &due); /* spurious wake-ups do no harm */
}

static void fill_reason(const struct mqtt_session *s, struct error *err)
{
    static const char *const refusals[] = {[1] = "protocol version refused",
                                           [2] = "client name refused",
                                           [3] = "server unavailable",
                                           [4] = "user name or password refused",
                                           [5] = "not authorized"};

    if (s->failed_code > 0 && s->failed_code < (int)COUNT(refusals))
        failure(err, ERR_REFUSED, s->where, "to be let in", "%s", refusals[s->failed_code]);
    else if (s->failed_text[0] != '\0')
        failure(err, ERR_IO, s->where, "a connection", "%s", s->failed_text);
    else
        failure(err, ERR_IO, s->where, "a connection", "code %d", s->failed_code);
}

/* Down, for the reason in *err: what waits for sending is late now, and the next attempt comes after a pause.
 * Lock held. */
static void go_down(struct mqtt_session *s, const struct error *err)
{
    int64_t now_ns = clock_monotonic_ns();

    if (s->state != LINK_UP)
        s->counters.connect_failures++;
    else if (now_ns - s->up_since_ns > stood_long_ns)
        s->back_off_ns = back_off_first_ns;
    s->state = LINK_DOWN;
    s->due_ns = now_ns + jittered_ns(s->back_off_ns);
    s->back_off_ns = s->back_off_ns * 2 < back_off_most_ns ? s->back_off_ns * 2 : back_off_most_ns;
    s->signals = 0;
    s->counters.publish_failed += mqtt_queue_clear(&s->out);
    if (!s->told_down) {
        s->told_down = true;
        s->lost_because = *err;
        s->tell_lost = true;
        uv_async_send(&s->async);
    }
}

/* Forgets the connection and all that Paho still knows of it; when this returns no callback runs. Without lock. */
static void drop_paho(struct mqtt_session *s)
{
    if (s->paho != NULL)
        MQTTAsync_destroy(&s->paho);
    s->paho = NULL;
}

static int create_paho(struct mqtt_session *s)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
    int rc;

    create.MQTTVersion = MQTTVERSION_3_1_1;
    create.maxBufferedMessages = PAHO_BUFFER_MESSAGES;
    create.sendWhileDisconnected = 0;
    create.restoreMessages = 0;
    create.persistQoS0 = 0;
    rc = MQTTAsync_createWithOptions(&s->paho, s->options.broker->url, s->client_id,
                                     MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (rc != MQTTASYNC_SUCCESS) {
        s->paho = NULL;
        return rc;
    }
    return MQTTAsync_setCallbacks(s->paho, s, on_lost, on_message, NULL);
}

static int connect_paho(struct mqtt_session *s, const char *password)
{
    const struct broker *broker = s->options.broker;
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer;
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;

    connect.keepAliveInterval = (int)s->options.keep_alive_s;
    connect.connectTimeout = (int)((s->options.connect_timeout_ms + 999) / 1000);
    connect.cleansession = 1; /* what waited at the broker while we were away is old */
    connect.maxInflight = PAHO_INFLIGHT;
    connect.MQTTVersion = MQTTVERSION_3_1_1;
    connect.username = broker->username;
    connect.password = password[0] != '\0' ? password : NULL;
    connect.onSuccess = on_connected;
    connect.onFailure = on_connect_failed;
    connect.context = s;
    if (s->options.will_topic != NULL) {
        will.topicName = s->options.will_topic;
        will.message = s->options.will_payload;
        will.retained = s->options.will_retained;
        will.qos = 1;
        connect.will = &will;
    }
    if (mqtt_url_is_tls(broker->url)) {
        tls.trustStore = broker->ca_file; /* NULL: the system's */
        tls.keyStore = broker->certificate_file;
        tls.privateKey = broker->key_file;
        tls.verify = 1; /* the certificate is for this host */
        tls.enableServerCertAuth = 1;
        connect.ssl = &tls;
    }
    return MQTTAsync_connect(s->paho, &connect); /* copies all of it */
}

/* DOWN -> CONNECTING, or down again. Lock held, released around Paho. */
static void begin_connecting(struct mqtt_session *s)
{
    char password[MQTT_PASSWORD_BYTES];
    struct error err = {0};
    bool readable;
    int rc = MQTTASYNC_SUCCESS;

    s->signals = 0;
    s->failed_code = 0;
    s->failed_text[0] = '\0';
    s->filters_made = 0;
    s->unanswered = 0;
    s->state = LINK_CONNECTING;
    s->due_ns = clock_monotonic_ns() + s->options.connect_timeout_ms * NS_PER_MS + outcome_grace_ns;
    pthread_mutex_unlock(&s->lock);
    readable = mqtt_password_read(s->options.broker, password, &err);
    if (readable && s->paho == NULL)
        rc = create_paho(s);
    if (readable && rc == MQTTASYNC_SUCCESS)
        rc = connect_paho(s, password);
    explicit_bzero(password, sizeof password);
    pthread_mutex_lock(&s->lock);
    if (readable && rc != MQTTASYNC_SUCCESS)
        failure(&err, ERR_IO, s->where, "a connection", "%s", MQTTAsync_strerror(rc));
    if (!readable || rc != MQTTASYNC_SUCCESS)
        go_down(s, &err);
}

/* Asks for all filters that this connection does not have yet. One by one: of several in one packet Paho calls a
 * refusal a success, and hands on the broker's answers without saying how many there are.
 * Lock held, released around Paho. */
static bool begin_subscribing(struct mqtt_session *s)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    size_t first = s->filters_made, end = s->filters;
    int rc = MQTTASYNC_SUCCESS;

    s->unanswered += end - first;
    s->filters_made = end;
    options.onSuccess = on_subscribed;
    options.onFailure = on_subscribe_failed;
    pthread_mutex_unlock(&s->lock);
    for (size_t i = first; i < end && rc == MQTTASYNC_SUCCESS; i++) {
        options.context = &s->filter[i];
        rc = MQTTAsync_subscribe(s->paho, s->filter[i].text, s->filter[i].qos, &options);
    }
    pthread_mutex_lock(&s->lock);
    return rc == MQTTASYNC_SUCCESS;
}

static void come_up(struct mqtt_session *s)
{
    s->state = LINK_UP;
    s->up_since_ns = clock_monotonic_ns();
    s->told_down = false;
    s->counters.connects++;
    s->tell_connected = true;
    uv_async_send(&s->async);
}

/* Ends a connection that is of no use. Lock held, released around Paho. */
static void give_up(struct mqtt_session *s, const char *what)
{
    struct error err;

    pthread_mutex_unlock(&s->lock);
    drop_paho(s);
    pthread_mutex_lock(&s->lock);
    failure(&err, ERR_IO, s->where, "a working connection", "%s", what);
    go_down(s, &err);
}

/* Hands one message to Paho. False when Paho is full for now: the message stays. Lock held, released around. */
static bool send_one(struct mqtt_session *s)
{
    MQTTAsync_message message = MQTTAsync_message_initializer;
    struct mqtt_entry *entry = s->out.first;
    bool late = clock_monotonic_ns() - entry->at_ns > send_age_most_ns;
    int rc = MQTTASYNC_FAILURE;

    if (!late) {
        pthread_mutex_unlock(
            &s->lock); /* only this thread takes from `out`: the entry stays where it is */
        message.payload = mqtt_entry_payload(entry);
        message.payloadlen = (int)entry->length;
        message.qos = entry->qos;
        message.retained = entry->retained;
        rc = MQTTAsync_sendMessage(s->paho, mqtt_entry_topic(entry), &message, NULL);
        pthread_mutex_lock(&s->lock);
        if (rc == MQTTASYNC_MAX_BUFFERED_MESSAGES || rc == MQTTASYNC_NO_MORE_MSGIDS)
            return false;
    }
    if (rc == MQTTASYNC_SUCCESS)
        s->counters.published++;
    else
        s->counters.publish_failed++;
    free(mqtt_queue_take(&s->out));
    return true;
}

/* UP: sends, subscribes what is new, waits. */
static void serve(struct mqtt_session *s)
{
    if (s->filters_made < s->filters && !begin_subscribing(s)) {
        give_up(s, "a subscription was not taken");
        return;
    }
    while (s->out.first != NULL &&
           s->signals == 0) { /* bounded: late messages are dropped, stop refuses new */
        if (!send_one(s)) {
            wait_until(s, clock_monotonic_ns() + PAHO_FULL_PAUSE_MS * NS_PER_MS);
            return;
        }
    }
    if (s->signals == 0 && s->out.first == NULL && s->filters_made == s->filters && !s->stop)
        wait_until(s, clock_monotonic_ns() + NS_PER_S);
}

/* One decision for all that was reported. Lock held. */
static void step(struct mqtt_session *s)
{
    unsigned signals = s->signals;
    int64_t now_ns = clock_monotonic_ns();
    char refused[sizeof s->failed_text + 32];
    struct error err;

    s->signals = 0;
    if (s->state != LINK_DOWN && (signals & (SIGNAL_LOST | SIGNAL_CONNECT_FAILED)) != 0) {
        fill_reason(s, &err);
        go_down(s, &err);
        return;
    }
    if (s->state != LINK_DOWN && (signals & SIGNAL_SUBSCRIBE_FAILED) != 0) {
        snprintf(refused, sizeof refused, "no subscription to %s", s->failed_text);
        give_up(s, refused);
        return;
    }
    switch (s->state) {
    case LINK_DOWN:
        if (now_ns >= s->due_ns && !s->tell_lost && !s->tell_connected)
            begin_connecting(s);
        else
            wait_until(s, now_ns >= s->due_ns ? now_ns + NS_PER_S : s->due_ns);
        break;
    case LINK_CONNECTING:
        if ((signals & SIGNAL_CONNECTED) != 0 && s->filters == 0)
            come_up(s);
        else if ((signals & SIGNAL_CONNECTED) != 0 && begin_subscribing(s))
            s->state = LINK_SUBSCRIBING;
        else if (now_ns >= s->due_ns || (signals & SIGNAL_CONNECTED) != 0)
            give_up(s, "no answer");
        else if (s->signals == 0)
            wait_until(s, s->due_ns);
        break;
    case LINK_SUBSCRIBING:
        if ((signals & SIGNAL_SUBSCRIBED) != 0)
            come_up(s);
        else if (now_ns >= s->due_ns)
            give_up(s, "no answer to the subscription");
        else if (s->signals == 0)
            wait_until(s, s->due_ns);
        break;
    case LINK_UP:
        serve(s);
        break;
    }
}

/* Tells the broker that we go, so that it does not send the will. Lock held, released around Paho. */
static void disconnect(struct mqtt_session *s)
{
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    int64_t give_up_ns = clock_monotonic_ns() + 2 * DISCONNECT_MS * NS_PER_MS;
    int rc;

    options.timeout = DISCONNECT_MS; /* for QoS 1 messages under way */
    options.onSuccess = on_disconnected;
    options.onFailure = on_disconnect_failed;
    options.context = s;
    s->signals = 0;
    pthread_mutex_unlock(&s->lock);
    rc = MQTTAsync_disconnect(s->paho, &options);
    pthread_mutex_lock(&s->lock);
    while (rc == MQTTASYNC_SUCCESS && (s->signals & (SIGNAL_DISCONNECTED | SIGNAL_LOST)) == 0 &&
           clock_monotonic_ns() < give_up_ns)
        wait_until(s, give_up_ns);
}

void *mqtt_link_run(void *argument)
{
    struct mqtt_session *s = argument;

    s->back_off_ns = back_off_first_ns;
    pthread_mutex_lock(&s->lock);
    while (!s->stop || (s->state == LINK_UP && s->out.first != NULL && s->signals == 0))
        step(s);
    if (s->state == LINK_UP && (s->signals & SIGNAL_LOST) == 0)
        disconnect(s);
    pthread_mutex_unlock(&s->lock);
    drop_paho(s);
    pthread_mutex_lock(&s->lock);
    s->counters.publish_failed += mqtt_queue_clear(&s->out);
    s->ended = true;
    pthread_mutex_unlock(&s->lock);
    uv_async_send(
        &s->async); /* the last one: the loop joins this thread before it closes the handle */
    return NULL;
}
