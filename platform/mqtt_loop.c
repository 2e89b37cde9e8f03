/* The loop's side of an MQTT session; what runs on other threads is in mqtt_link.c. */
#include "platform/clock.h"
#include "platform/mqtt_link.h"
#include "platform/mqtt_session.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    QUEUE_MESSAGES = 65536,
    PAYLOAD_BYTES = 64 * 1024,
    QUEUE_BYTES = 64 * 1024 * 1024, /* of each queue: 65,536 messages of 64 KiB would be 4 GiB */
    MESSAGES_A_TURN = 4096          /* other handles of the loop get their turn */
};

struct mqtt_options mqtt_options_default(const struct broker *broker, const char *client_id_prefix)
{
    return (struct mqtt_options){.broker = broker,
                                 .client_id_prefix = client_id_prefix,
                                 .queue_messages = QUEUE_MESSAGES,
                                 .max_payload_bytes = PAYLOAD_BYTES,
                                 .connect_timeout_ms = 5000,
                                 .keep_alive_s = 10};
}

bool mqtt_url_is_tls(const char *url) { return strncmp(url, "ssl://", 6) == 0; }

/* --- what can be checked before connecting ----------------------------------------------------------------- */

static bool check_url(const struct broker *broker, const char *where, struct error *err)
{
    const char *host = strstr(broker->url, "://");
    const char *port = strrchr(broker->url, ':');
    const char *expected = "tcp://HOST:PORT or ssl://HOST:PORT";
    char *end = NULL;
    long number;

    if (strncmp(broker->url, "tcp://", 6) != 0 && !mqtt_url_is_tls(broker->url))
        return failure(err, ERR_SYNTAX, where, expected, "%s", broker->url);
    if (port == host || port == host + 3 || strlen(broker->url) > 255)
        return failure(err, ERR_SYNTAX, where, expected, "%s", broker->url);
    number = strtol(port + 1, &end, 10);
    if (!isdigit((unsigned char)port[1]) || *end != '\0' || number < 1 || number > 65535)
        return failure(err, ERR_RANGE, where, "a port from 1 to 65535", "%s", port + 1);
    if (!mqtt_url_is_tls(broker->url) &&
        (broker->ca_file != NULL || broker->certificate_file != NULL || broker->key_file != NULL))
        return failure(err, ERR_CONFLICT, where, "ssl:// with a CA, certificate or key", "%s",
                       broker->url);
    return true;
}

static bool read_secret(int fd, const char *path, char *out, size_t size, struct error *err)
{
    struct stat info;
    ssize_t length;

    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return failure(err, ERR_TYPE, path, "a regular file", "something else");
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return failure(err, ERR_RANGE, path, "a file that only its owner can read (chmod 600)",
                       "mode %04o", (unsigned)(info.st_mode & 07777));
    length = read(fd, out, size);
    if (length < 0)
        return failure(err, ERR_IO, path, "a file that can be read", "%s", strerror(errno));
    if ((size_t)length == size)
        return failure(err, ERR_RANGE, path, "a password of at most 1000 bytes", "more");
    while (length > 0 && (out[length - 1] == '\n' || out[length - 1] == '\r'))
        length--;
    out[length] = '\0';
    if (length == 0 || strlen(out) != (size_t)length)
        return failure(err, ERR_SYNTAX, path, "a password", "%s",
                       length == 0 ? "nothing" : "a NUL");
    return true;
}

bool mqtt_password_read(const struct broker *broker, char out[MQTT_PASSWORD_BYTES],
                        struct error *err)
{
    bool ok;
    int fd;

    out[0] = '\0';
    if (broker->password_file == NULL)
        return true;
    fd = open(broker->password_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return failure(err, ERR_IO, broker->password_file, "a file that can be read", "%s",
                       strerror(errno));
    ok = read_secret(fd, broker->password_file, out, MQTT_PASSWORD_BYTES, err);
    close(fd);
    if (!ok)
        explicit_bzero(out, MQTT_PASSWORD_BYTES);
    return ok;
}

static bool check_password(const struct broker *broker, const char *where, struct error *err)
{
    char password[MQTT_PASSWORD_BYTES];
    bool ok = mqtt_password_read(broker, password, err);

    explicit_bzero(password, sizeof password);
    if (ok && broker->password_file != NULL && broker->username == NULL)
        return failure(err, ERR_CONFLICT, where, "a user name with the password", "none");
    return ok;
}

/* --- to and from the other threads -------------------------------------------------------------------------- */

/* Takes what the worker wants to tell, in the order connected, messages, lost. */
enum turn { TURN_CONNECTED, TURN_MESSAGE, TURN_LOST, TURN_ENDED, TURN_NOTHING };

static enum turn take_turn(struct mqtt_session *s, struct mqtt_entry **entry, struct error *err)
{
    enum turn turn = TURN_NOTHING;

    pthread_mutex_lock(&s->lock);
    *entry = NULL;
    if (s->ended) {
        turn = TURN_ENDED;
    } else if (s->tell_connected) {
        s->tell_connected = false;
        turn = TURN_CONNECTED;
    } else if ((*entry = mqtt_queue_take(&s->in)) != NULL) {
        turn = TURN_MESSAGE;
    } else if (s->tell_lost) {
        s->tell_lost = false;
        *err = s->lost_because;
        pthread_cond_signal(&s->wake); /* it may connect again */
        turn = TURN_LOST;
    }
    pthread_mutex_unlock(&s->lock);
    return turn;
}

static void give_message(struct mqtt_session *s, struct mqtt_entry *entry)
{
    const struct mqtt_message message = {.topic = mqtt_entry_topic(entry),
                                         .payload = mqtt_entry_payload(entry),
                                         .length = entry->length,
                                         .retained = entry->retained,
                                         .received_ns = entry->at_ns};

    if (!s->closing && s->events.message != NULL)
        s->events.message(s->events.context, &message);
    free(entry);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct mqtt_session *s = handle->data;
    void (*closed)(void *) = s->closed;
    void *context = s->closed_context;

    mqtt_queue_clear(&s->in);
    mqtt_queue_clear(&s->out);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free((char *)s->options.will_topic); /* our copies */
    free((char *)s->options.will_payload);
    free(s);
    if (closed != NULL)
        closed(context);
}

/* The worker has said that it ends: nobody but this thread knows the session now. */
static void finish(struct mqtt_session *s)
{
    pthread_join(s->worker, NULL);
    uv_close((uv_handle_t *)&s->async, on_handle_closed);
}

static void on_async(uv_async_t *async)
{
    struct mqtt_session *s = async->data;
    struct mqtt_entry *entry;
    struct error err;

    for (int i = 0; i < MESSAGES_A_TURN; i++) {
        switch (take_turn(s, &entry, &err)) {
        case TURN_CONNECTED:
            s->up = true;
            if (!s->closing && s->events.connected != NULL)
                s->events.connected(s->events.context);
            break;
        case TURN_MESSAGE:
            give_message(s, entry);
            break;
        case TURN_LOST:
            s->up = false;
            if (!s->closing && s->events.lost != NULL)
                s->events.lost(s->events.context, &err);
            break;
        case TURN_ENDED:
            finish(s);
            return;
        case TURN_NOTHING:
            return;
        }
    }
    uv_async_send(async); /* more may be there */
}

/* --- life ---------------------------------------------------------------------------------------------------- */

/* PREFIX-HOST-PROCESS-RANDOM: two clients of one name would throw each other out for ever. */
static void make_client_id(struct mqtt_session *s, const char *prefix)
{
    char host[25] = "";
    uint64_t random = 0;

    gethostname(host, sizeof host - 1);
    for (char *c = host; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c))
            *c = '-';
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        random = (uint64_t)clock_monotonic_ns();
    snprintf(s->client_id, sizeof s->client_id, "%.24s-%s-%ld-%016" PRIx64, prefix, host,
             (long)getpid(), random);
}

bool mqtt_session_set_will(struct mqtt_session *session, const char *topic, const char *payload,
                           bool retained, struct error *err)
{
    char *topic_copy = strdup(topic);
    char *payload_copy = strdup(payload);

    if (session->started || topic_copy == NULL || payload_copy == NULL) {
        free(topic_copy);
        free(payload_copy);
        return failure(err, ERR_CONFLICT, session->where, "a will before the start", "%s", topic);
    }
    free((char *)session->options.will_topic); /* our copies */
    free((char *)session->options.will_payload);
    session->options.will_topic = topic_copy;
    session->options.will_payload = payload_copy;
    session->options.will_retained = retained;
    return true;
}

static void init_lock(struct mqtt_session *s)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

bool mqtt_session_open(struct mqtt_session **out, uv_loop_t *loop,
                       const struct mqtt_options *options, const struct mqtt_events *events,
                       struct error *err)
{
    const struct broker *broker = options->broker;
    char where[128];
    struct mqtt_session *s;

    *out = NULL;
    snprintf(where, sizeof where, "broker %s (%s)", broker->name, broker->url);
    if (!check_url(broker, where, err) || !check_password(broker, where, err))
        return false;
    s = calloc(1, sizeof *s);
    if (s == NULL)
        return failure(err, ERR_FULL, where, "memory", "none");
    s->options = *options;
    s->options.will_topic = s->options.will_payload = NULL;
    s->events = *events;
    s->in = s->out =
        (struct mqtt_queue){.messages_max = options->queue_messages, .bytes_max = QUEUE_BYTES};
    memcpy(s->where, where, sizeof where);
    make_client_id(s, options->client_id_prefix);
    if ((options->will_topic != NULL &&
         !mqtt_session_set_will(s, options->will_topic,
                                options->will_payload != NULL ? options->will_payload : "",
                                options->will_retained, err)) ||
        uv_async_init(loop, &s->async, on_async) != 0) {
        free((char *)s->options.will_topic);
        free((char *)s->options.will_payload);
        free(s);
        return failure(err, ERR_FULL, where, "memory", "none");
    }
    s->async.data = s;
    init_lock(s);
    *out = s;
    return true;
}

void mqtt_session_start(struct mqtt_session *session)
{
    if (session->started || session->closing)
        return;
    session->started = pthread_create(&session->worker, NULL, mqtt_link_run, session) == 0;
    if (!session->started) { /* no thread: told like a lost connection */
        failure(&session->lost_because, ERR_FULL, session->where, "a thread", "none");
        session->tell_lost = true;
        uv_async_send(&session->async);
    }
}

bool mqtt_session_subscribe(struct mqtt_session *session, const char *filter, int qos,
                            struct error *err)
{
    bool known = false;
    bool room;

    if (strlen(filter) == 0 || strlen(filter) >= MQTT_FILTER_BYTES)
        return failure(err, ERR_RANGE, session->where, "a topic filter of 1 to 255 bytes",
                       "%zu bytes", strlen(filter));
    pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < session->filters; i++)
        known = known || strcmp(session->filter[i].text, filter) == 0;
    room = known || session->filters < MQTT_FILTERS_MAX;
    if (room && !known) {
        struct mqtt_filter *f = &session->filter[session->filters];

        snprintf(f->text, sizeof f->text, "%s", filter);
        f->session = session;
        f->qos = qos;
        session->filters++;
        pthread_cond_signal(&session->wake);
    }
    pthread_mutex_unlock(&session->lock);
    if (!room)
        return failure(err, ERR_FULL, session->where, "at most 1,024 topic filters", "%s", filter);
    return true;
}

bool mqtt_session_publish(struct mqtt_session *session, const char *topic, const void *payload,
                          size_t length, int qos, bool retained)
{
    struct mqtt_entry *entry = NULL;
    bool taken = false;

    if (session->up && !session->closing)
        entry = mqtt_entry_make(topic, strlen(topic), payload, length);
    pthread_mutex_lock(&session->lock);
    if (entry != NULL && !mqtt_queue_full_for(&session->out, entry)) {
        entry->qos = qos;
        entry->retained = retained;
        entry->at_ns = clock_monotonic_ns();
        if (session->out.first == NULL)
            pthread_cond_signal(&session->wake);
        mqtt_queue_put(&session->out, entry);
        taken = true;
    } else {
        session->counters.publish_failed++;
    }
    pthread_mutex_unlock(&session->lock);
    if (!taken)
        free(entry);
    return taken;
}

bool mqtt_session_up(const struct mqtt_session *session) { return session->up; }

void mqtt_session_counters(struct mqtt_session *session, struct mqtt_counters *out)
{
    pthread_mutex_lock(&session->lock);
    *out = session->counters;
    pthread_mutex_unlock(&session->lock);
}

void mqtt_session_close(struct mqtt_session *session, void (*closed)(void *context), void *context)
{
    if (session == NULL) {
        if (closed != NULL)
            closed(context);
        return;
    }
    if (session->closing)
        return;
    session->closing = true;
    session->up = false;
    session->closed = closed;
    session->closed_context = context;
    if (!session->started) {
        uv_close((uv_handle_t *)&session->async, on_handle_closed);
        return;
    }
    pthread_mutex_lock(&session->lock);
    session->stop = true;
    pthread_cond_signal(&session->wake);
    pthread_mutex_unlock(&session->lock);
}
