/* Sessions against a real broker: what arrives, what is lost and counted, and how they end. */
#include "platform/mqtt_session.h"
#include "tests/platform/fake_broker.h"
#include "tests/support/mosquitto.h"
#include "tests/support/turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT_MS = 20000 };

static struct mosquitto mosquitto;

/* A session and what it told. */
struct client {
    uv_loop_t *loop;
    struct broker broker;
    struct mqtt_session *session;
    unsigned connected, lost, messages, closed;
    struct error error;
    char topic[64], payload[64];
    size_t length;
    bool retained;
    int64_t received_ns;
    bool close_when_connected;
};

static void note_closed(void *context) { ((struct client *)context)->closed++; }

static void note_connected(void *context)
{
    struct client *c = context;

    c->connected++;
    if (c->close_when_connected)
        mqtt_session_close(c->session, note_closed, c);
}

static void note_lost(void *context, const struct error *err)
{
    struct client *c = context;

    c->lost++;
    c->error = *err;
}

static void note_message(void *context, const struct mqtt_message *message)
{
    struct client *c = context;

    c->messages++;
    snprintf(c->topic, sizeof c->topic, "%s", message->topic);
    c->length = message->length;
    memset(c->payload, 0, sizeof c->payload);
    memcpy(c->payload, message->payload,
           message->length < sizeof c->payload ? message->length : sizeof c->payload - 1);
    c->retained = message->retained;
    c->received_ns = message->received_ns;
}

static struct mqtt_options options_for(struct client *c, uv_loop_t *loop, const char *url)
{
    *c = (struct client){.loop = loop, .broker = {.name = "main", .url = url}};
    return mqtt_options_default(&c->broker, "test");
}

static bool client_open(struct client *c, const struct mqtt_options *options, const char *filter)
{
    const struct mqtt_events events = {c, note_connected, note_lost, note_message};

    if (!mqtt_session_open(&c->session, c->loop, options, &events, &c->error))
        return false;
    if (filter != NULL)
        assert_true(mqtt_session_subscribe(c->session, filter, 1, &c->error));
    mqtt_session_start(c->session);
    return true;
}

static bool is_connected(void *context) { return ((struct client *)context)->connected > 0; }
static bool is_connected_twice(void *context) { return ((struct client *)context)->connected > 1; }
static bool is_lost(void *context) { return ((struct client *)context)->lost > 0; }
static bool has_message(void *context) { return ((struct client *)context)->messages > 0; }
static bool is_closed(void *context) { return ((struct client *)context)->closed > 0; }

static void client_up(struct client *c, uv_loop_t *loop, const char *filter)
{
    struct mqtt_options options = options_for(c, loop, mosquitto.url);

    assert_true(client_open(c, &options, filter));
    assert_true(turn_until(loop, LIMIT_MS, is_connected, c));
}

static void client_close(struct client *c)
{
    mqtt_session_close(c->session, note_closed, c);
    assert_true(turn_until(c->loop, LIMIT_MS, is_closed, c));
}

/* --- tests --------------------------------------------------------------------------------------------------- */

static void a_payload_arrives_whole_with_its_nul_bytes(void **state)
{
    struct client c;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    client_up(&c, &loop, "a/+");
    assert_true(mqtt_session_publish(c.session, "a/b", "x\0y", 3, 1, false));
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &c));
    assert_string_equal(c.topic, "a/b");
    assert_int_equal(c.length, 3);
    assert_memory_equal(c.payload, "x\0y", 3);
    assert_false(c.retained);
    assert_true(c.received_ns > 0);
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void a_message_from_before_is_marked_as_retained(void **state)
{
    struct client c;
    struct error err;
    uv_loop_t loop;

    (void)state;
    assert_true(mosquitto_publish(&mosquitto, "old/value", "17", true, &err));
    assert_int_equal(uv_loop_init(&loop), 0);
    client_up(&c, &loop, "old/#");
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &c));
    assert_true(c.retained);
    assert_string_equal(c.payload, "17");
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void a_filter_that_comes_later_is_subscribed_too(void **state)
{
    struct client c;
    struct error err;
    uv_loop_t loop;

    (void)state;
    assert_true(mosquitto_publish(&mosquitto, "late/value", "1", true, &err));
    assert_int_equal(uv_loop_init(&loop), 0);
    client_up(&c, &loop, NULL);
    assert_true(mqtt_session_subscribe(c.session, "late/value", 0, &err));
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &c));
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void it_reconnects_and_subscribes_anew_when_the_broker_returns(void **state)
{
    struct client c;
    struct error err;
    struct mqtt_counters counters;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    client_up(&c, &loop, "again/#");
    mosquitto_stop(&mosquitto);
    assert_true(turn_until(&loop, LIMIT_MS, is_lost, &c));
    assert_false(mqtt_session_up(c.session));
    assert_false(mqtt_session_publish(c.session, "again/x", "lost", 4, 0, false));
    assert_true(mosquitto_again(&mosquitto, &err));
    assert_true(turn_until(&loop, LIMIT_MS, is_connected_twice, &c));
    assert_true(mqtt_session_publish(c.session, "again/x", "here", 4, 0, false));
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &c));
    assert_string_equal(c.payload, "here");
    mqtt_session_counters(c.session, &counters);
    assert_int_equal(counters.connects, 2);
    assert_int_equal(counters.publish_failed, 1);
    assert_int_equal(c.lost, 1); /* attempts that failed in between are counted, not told */
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void a_broker_that_is_not_there_is_told_once(void **state)
{
    struct client c;
    uv_loop_t loop;
    char url[32];
    struct mqtt_options options;
    struct mqtt_counters counters;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    snprintf(url, sizeof url, "tcp://127.0.0.1:%u", free_port());
    options = options_for(&c, &loop, url);
    assert_true(client_open(&c, &options, "a"));
    assert_true(turn_until(&loop, LIMIT_MS, is_lost, &c));
    do {
        mqtt_session_counters(c.session, &counters);
        uv_run(&loop, UV_RUN_NOWAIT);
        poll(NULL, 0, 1);
    } while (counters.connect_failures < 3);
    assert_int_equal(c.lost, 1);
    assert_int_equal(c.connected, 0);
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static uint64_t counters_settle(struct client *c, struct mqtt_counters *counters, uint64_t received)
{
    for (int ms = 0; ms < LIMIT_MS; ms++) { /* without turning the loop: that is the point */
        mqtt_session_counters(c->session, counters);
        if (counters->received >= received)
            break;
        poll(NULL, 0, 1);
    }
    return counters->received;
}

static void a_slow_loop_loses_the_oldest_and_counts_them(void **state)
{
    enum { MESSAGES = 200, ROOM = 16 };
    struct client c, sender;
    struct mqtt_options options;
    struct mqtt_counters counters;
    uv_loop_t loop, other;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(uv_loop_init(&other), 0);
    options = options_for(&c, &loop, mosquitto.url);
    options.queue_messages = ROOM;
    assert_true(client_open(&c, &options, "flood"));
    assert_true(turn_until(&loop, LIMIT_MS, is_connected, &c));
    client_up(&sender, &other, NULL);
    for (int i = 0; i < MESSAGES; i++) {
        char text[16];

        snprintf(text, sizeof text, "%d", i);
        assert_true(mqtt_session_publish(sender.session, "flood", text, strlen(text), 1, false));
    }
    assert_int_equal(counters_settle(&c, &counters, MESSAGES), MESSAGES);
    assert_int_equal(counters.dropped_queue, MESSAGES - ROOM);
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &c));
    assert_int_equal(c.messages, ROOM);
    assert_string_equal(c.payload, "199"); /* the newest is there */
    client_close(&c);
    client_close(&sender);
    assert_true(turn_to_end(&loop, LIMIT_MS) && turn_to_end(&other, LIMIT_MS));
}

static void a_message_that_is_too_large_is_dropped_and_counted(void **state)
{
    struct client c;
    struct mqtt_options options;
    struct mqtt_counters counters;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options = options_for(&c, &loop, mosquitto.url);
    options.max_payload_bytes = 8;
    assert_true(client_open(&c, &options, "size"));
    assert_true(turn_until(&loop, LIMIT_MS, is_connected, &c));
    assert_true(mqtt_session_publish(c.session, "size", "123456789", 9, 1, false));
    assert_true(mqtt_session_publish(c.session, "size", "12345678", 8, 1, false));
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &c));
    assert_int_equal(c.length, 8);
    mqtt_session_counters(c.session, &counters);
    assert_int_equal(counters.dropped_size, 1);
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void what_was_published_before_close_still_leaves_and_the_will_does_not(void **state)
{
    struct client c, watcher;
    struct mqtt_options options;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    client_up(&watcher, &loop, "bye/#");
    options = options_for(&c, &loop, mosquitto.url);
    options.will_topic = "bye/will";
    options.will_payload = "lost";
    assert_true(client_open(&c, &options, NULL));
    assert_true(turn_until(&loop, LIMIT_MS, is_connected, &c));
    assert_true(mqtt_session_publish(c.session, "bye/last", "word", 4, 0, false));
    client_close(&c);
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &watcher));
    /* A marker behind it: had the will been sent, it would have come first. */
    assert_true(mqtt_session_publish(watcher.session, "bye/marker", "m", 1, 1, false));
    watcher.messages = 0;
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &watcher));
    assert_string_equal(watcher.topic, "bye/marker");
    client_close(&watcher);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void the_will_is_sent_when_the_process_dies(void **state)
{
    struct client watcher;
    struct process child;
    struct error err;
    uv_loop_t loop;
    char self[256] = "";

    (void)state;
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    client_up(&watcher, &loop, "will/#");
    assert_true(
        process_start(&child, (const char *const[]){self, mosquitto.url, NULL}, "child.log", &err));
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &watcher));
    assert_string_equal(watcher.payload, "alive");
    watcher.messages = 0;
    process_signal(&child, SIGKILL);
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &watcher));
    assert_string_equal(watcher.topic, "will/state");
    assert_string_equal(watcher.payload, "gone");
    process_stop(&child);
    client_close(&watcher);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

/* The child of the test above: says that it is alive, then waits to be killed. */
static int child_main(const char *url)
{
    struct client c;
    uv_loop_t loop;
    struct mqtt_options options;

    uv_loop_init(&loop);
    options = options_for(&c, &loop, url);
    options.will_topic = "will/state";
    options.will_payload = "gone";
    if (!client_open(&c, &options, NULL) || !turn_until(&loop, LIMIT_MS, is_connected, &c) ||
        !mqtt_session_publish(c.session, "will/state", "alive", 5, 1, false))
        return 1;
    turn_for(&loop, LIMIT_MS);
    return 1;
}

static void a_password_is_read_from_its_file(void **state)
{
    struct client c;
    struct mqtt_options options;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options = options_for(&c, &loop, mosquitto.password_url);
    c.broker.username = MOSQUITTO_USER;
    c.broker.password_file = MOSQUITTO_PASSWORD_FILE;
    assert_true(client_open(&c, &options, NULL));
    assert_true(turn_until(&loop, LIMIT_MS, is_connected, &c));
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void a_wrong_password_is_said(void **state)
{
    struct client c;
    struct mqtt_options options;
    uv_loop_t loop;
    FILE *file = fopen("wrong", "w");

    (void)state;
    assert_non_null(file);
    fputs("guess\n", file);
    fclose(file);
    assert_int_equal(chmod("wrong", 0600), 0);
    assert_int_equal(uv_loop_init(&loop), 0);
    options = options_for(&c, &loop, mosquitto.password_url);
    c.broker.username = MOSQUITTO_USER;
    c.broker.password_file = "wrong";
    assert_true(client_open(&c, &options, NULL));
    assert_true(turn_until(&loop, LIMIT_MS, is_lost, &c));
    assert_int_equal(c.error.what, ERR_REFUSED);
    assert_string_equal(c.error.got, "not authorized");
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void a_password_that_others_can_read_is_refused(void **state)
{
    struct client c;
    struct mqtt_options options;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options = options_for(&c, &loop, mosquitto.password_url);
    c.broker.username = MOSQUITTO_USER;
    c.broker.password_file = MOSQUITTO_PASSWORD_FILE;
    assert_int_equal(chmod(MOSQUITTO_PASSWORD_FILE, 0640), 0);
    assert_false(client_open(&c, &options, NULL));
    assert_string_equal(c.error.got, "mode 0640");
    assert_null(c.session);
    assert_int_equal(chmod(MOSQUITTO_PASSWORD_FILE, 0600), 0);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void use_certificates(struct client *c, const char *ca)
{
    c->broker.ca_file = ca;
    c->broker.certificate_file = MOSQUITTO_CERTIFICATE;
    c->broker.key_file = MOSQUITTO_KEY;
}

static void tls_with_a_client_certificate_works(void **state)
{
    struct client c;
    struct mqtt_options options;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options = options_for(&c, &loop, mosquitto.tls_url);
    use_certificates(&c, MOSQUITTO_CA);
    assert_true(client_open(&c, &options, "tls/#"));
    assert_true(turn_until(&loop, LIMIT_MS, is_connected, &c));
    assert_true(mqtt_session_publish(c.session, "tls/x", "secret", 6, 1, false));
    assert_true(turn_until(&loop, LIMIT_MS, has_message, &c));
    assert_string_equal(c.payload, "secret");
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void a_server_that_our_ca_did_not_sign_is_not_trusted(void **state)
{
    struct client c;
    struct mqtt_options options;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options = options_for(&c, &loop, mosquitto.tls_url);
    use_certificates(&c, MOSQUITTO_WRONG_CA);
    assert_true(client_open(&c, &options, NULL));
    assert_true(turn_until(&loop, LIMIT_MS, is_lost, &c));
    assert_int_equal(c.connected, 0);
    client_close(&c);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void a_url_that_can_not_be_used_is_refused_at_open(void **state)
{
    static const char *const urls[] = {"127.0.0.1:1883", "http://h:1",   "tcp://:1883",
                                       "tcp://host",     "tcp://host:0", "tcp://h:65536",
                                       "tcp://h:12x",    "tcp://h:"};
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct client c;
        struct mqtt_options options = options_for(&c, &loop, urls[i]);

        assert_false(client_open(&c, &options, NULL));
        assert_null(c.session);
    }
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void it_can_be_closed_at_any_time(void **state)
{
    const struct mqtt_events none = {0};
    struct client c;
    struct mqtt_options options;
    struct mqtt_session *session;
    struct error err;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    options = options_for(&c, &loop, mosquitto.url);
    assert_true(mqtt_session_open(&session, &loop, &options, &none, &err)); /* never started */
    mqtt_session_close(session, note_closed, &c);
    assert_true(turn_until(&loop, LIMIT_MS, is_closed, &c));
    for (int i = 0; i < 20; i++) { /* while it connects */
        options = options_for(&c, &loop, mosquitto.url);
        assert_true(client_open(&c, &options, "x"));
        uv_run(&loop, UV_RUN_NOWAIT);
        client_close(&c);
    }
    options = options_for(&c, &loop, mosquitto.url); /* inside a callback */
    c.close_when_connected = true;
    assert_true(client_open(&c, &options, "x"));
    assert_true(turn_until(&loop, LIMIT_MS, is_closed, &c));
    mqtt_session_close(NULL, note_closed, &c);
    assert_int_equal(c.closed, 2);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

/* PUBLISH, QoS 0, topic "a", NUL, "b", payload "x"; then the same on topic "ok". */
static const uint8_t nul_in_topic[] = {0x30, 6, 0, 3, 'a', 0,   'b', 'x',
                                       0x30, 5, 0, 2, 'o', 'k', 'y'};

static bool is_told(void *context)
{
    struct client *c = context;

    return c->connected > 0 || c->lost > 0;
}

static bool is_told_of_either(void *context)
{
    struct client *c = context;

    return c->messages > 0 || c->lost > 0;
}

static void a_topic_with_a_nul_is_not_taken_for_another(void **state)
{
    struct fake_broker fake;
    struct client c;
    struct mqtt_options options;
    struct mqtt_counters counters;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(fake_broker_open(&fake, &loop, false, nul_in_topic, sizeof nul_in_topic));
    options = options_for(&c, &loop, fake.url);
    assert_true(client_open(&c, &options, "#"));
    assert_true(turn_until(&loop, LIMIT_MS, is_told_of_either, &c));
    mqtt_session_counters(c.session, &counters);
    /* The library may end such a connection, or hand the topic on; never may "a" arrive. */
    assert_true(c.lost > 0 || (counters.dropped_malformed == 1 && strcmp(c.topic, "ok") == 0));
    client_close(&c);
    fake_broker_close(&fake);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void a_broker_that_never_answers_is_given_up(void **state)
{
    struct fake_broker fake;
    struct client c;
    struct mqtt_options options;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(fake_broker_open(&fake, &loop, true, NULL, 0));
    options = options_for(&c, &loop, fake.url);
    options.connect_timeout_ms = 1000;
    assert_true(client_open(&c, &options, "#"));
    assert_true(turn_until(&loop, LIMIT_MS, is_lost, &c));
    assert_int_equal(c.connected, 0);
    client_close(&c);
    fake_broker_close(&fake);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

/* One that is refused is enough, whichever it is; NULL: none is. */
static void check_filters(const char *const filter[3], const char *refused)
{
    struct fake_broker fake;
    struct client c;
    struct mqtt_options options;
    const struct mqtt_events events = {&c, note_connected, note_lost, note_message};
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(fake_broker_open(&fake, &loop, false, NULL, 0));
    options = options_for(&c, &loop, fake.url);
    assert_true(mqtt_session_open(&c.session, &loop, &options, &events, &c.error));
    for (size_t i = 0; i < 3 && filter[i] != NULL; i++)
        assert_true(mqtt_session_subscribe(c.session, filter[i], 0, &c.error));
    mqtt_session_start(c.session);
    assert_true(turn_until(&loop, LIMIT_MS, is_told, &c));
    assert_int_equal(c.connected, refused == NULL);
    assert_int_equal(c.lost, refused != NULL);
    if (refused != NULL)
        assert_non_null(strstr(c.error.got, refused)); /* and is named */
    client_close(&c);
    fake_broker_close(&fake);
    assert_true(turn_to_end(&loop, LIMIT_MS));
}

static void a_connection_stands_only_with_all_its_subscriptions(void **state)
{
    (void)state;
#define FILTERS(...) ((const char *const[3]){__VA_ARGS__})
    check_filters(FILTERS("one", "two", "three"), NULL);
    check_filters(FILTERS("one!"), "one!");
    check_filters(FILTERS("one!", "two", "three"), "one!");
    check_filters(FILTERS("one", "two!", "three"), "two!");
    check_filters(FILTERS("one", "two", "three!"), "three!");
}

static int start_broker(void **state)
{
    struct error err;
    char line[600];

    (void)state;
    if (mosquitto_start(&mosquitto, MOSQUITTO_PASSWORD | MOSQUITTO_TLS, &err))
        return 0;
    print_error("%s\n", error_line(&err, line, sizeof line));
    return -1;
}

static int stop_broker(void **state)
{
    (void)state;
    mosquitto_stop(&mosquitto);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_arrives_whole_with_its_nul_bytes),
        cmocka_unit_test(a_message_from_before_is_marked_as_retained),
        cmocka_unit_test(a_filter_that_comes_later_is_subscribed_too),
        cmocka_unit_test(it_reconnects_and_subscribes_anew_when_the_broker_returns),
        cmocka_unit_test(a_broker_that_is_not_there_is_told_once),
        cmocka_unit_test(a_slow_loop_loses_the_oldest_and_counts_them),
        cmocka_unit_test(a_message_that_is_too_large_is_dropped_and_counted),
        cmocka_unit_test(what_was_published_before_close_still_leaves_and_the_will_does_not),
        cmocka_unit_test(the_will_is_sent_when_the_process_dies),
        cmocka_unit_test(a_password_is_read_from_its_file),
        cmocka_unit_test(a_wrong_password_is_said),
        cmocka_unit_test(a_password_that_others_can_read_is_refused),
        cmocka_unit_test(tls_with_a_client_certificate_works),
        cmocka_unit_test(a_server_that_our_ca_did_not_sign_is_not_trusted),
        cmocka_unit_test(a_url_that_can_not_be_used_is_refused_at_open),
        cmocka_unit_test(it_can_be_closed_at_any_time),
        cmocka_unit_test(a_topic_with_a_nul_is_not_taken_for_another),
        cmocka_unit_test(a_broker_that_never_answers_is_given_up),
        cmocka_unit_test(a_connection_stands_only_with_all_its_subscriptions),
    };

    if (argc == 2)
        return child_main(argv[1]);
    return cmocka_run_group_tests(tests, start_broker, stop_broker);
}
