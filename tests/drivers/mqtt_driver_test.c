/* The mqtt driver against a real broker, fed by mosquitto_pub and by the rig's own feed. */
#include "drivers/mqtt/mqtt.h"
#include "hil/face_mqtt.h"
#include "plant/plant.h"
#include "tests/drivers/mqtt_bench.h"
#include "tests/plant/small_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

static const struct mqtt_settings usual = {
    .topic = "grid/carbon", .pointer = "/intensity", .scale = 1, .accept_retained = true};

/* A signal and its driver; the point is the number `point`. */
struct feed {
    struct device_point at;
    struct device device;
    struct mqtt_settings settings;
    struct instance *instance;
};

static bool feed_open(struct feed *feed, struct bench *bench, const struct mqtt_settings *settings,
                      uint32_t point)
{
    feed->settings = *settings;
    feed->at = (struct device_point){QUANTITY_CARBON_INTENSITY, point};
    feed->device = (struct device){.name = "carbon",
                                   .driver = "mqtt",
                                   .role = ROLE_SIGNAL,
                                   .settings = &feed->settings,
                                   .points = 1,
                                   .point = &feed->at};
    return driver_mqtt.open(&feed->instance, &feed->device, &bench->host, &bench->error);
}

static void feed_up(struct feed *feed, struct bench *bench, const struct mqtt_settings *settings)
{
    bench_open(bench);
    assert_true(feed_open(feed, bench, settings, 0));
    driver_mqtt.start(feed->instance);
    bench_wait_ups(bench, 1);
}

static struct reading reading_now(struct bench *bench)
{
    struct reading_history history = {0};
    struct reading reading = {0};

    assert_true(reading_accept(&bench->point[0], &history, &bench->sample[0], &reading));
    reading_age(&bench->point[0], &reading, bench->host.now_ns(bench));
    return reading;
}

static struct driver_counters counters_of(const struct feed *feed)
{
    struct driver_counters counters;

    driver_mqtt.counters(feed->instance, &counters);
    return counters;
}

static void a_published_feed_becomes_a_reading(void **state)
{
    struct bench bench;
    struct feed feed;

    (void)state;
    feed_up(&feed, &bench, &usual);
    bench_publish("grid/carbon", "{\"intensity\": 231.5, \"unit\": \"g/kWh\"}", false);
    bench_wait_samples(&bench, 0, 1);
    assert_int_equal(reading_now(&bench).quality, QUALITY_GOOD);
    assert_true(reading_now(&bench).value == 231.5);
    assert_int_equal(counters_of(&feed).answers, 1);
    driver_mqtt.close(feed.instance);
    bench_close(&bench);
}

static void an_old_retained_message_is_shown_as_stale_and_never_as_good(void **state)
{
    struct bench bench;
    struct feed feed;

    (void)state;
    bench_publish("grid/carbon", "{\"intensity\": 99}", true);
    feed_up(&feed, &bench, &usual);
    bench_wait_samples(&bench, 0, 1);
    assert_int_equal(reading_now(&bench).quality, QUALITY_STALE);
    bench_publish("grid/carbon", "{\"intensity\": 100}", true); /* live, though it will be kept */
    bench_wait_samples(&bench, 0, 2);
    assert_int_equal(reading_now(&bench).quality, QUALITY_GOOD);
    driver_mqtt.close(feed.instance);
    bench_close(&bench);
    bench_publish("grid/carbon", "", true); /* takes it back */
}

static void a_retained_message_with_a_fresh_stamp_is_good(void **state)
{
    struct mqtt_settings settings = usual;
    struct bench bench;
    struct feed feed;
    char text[80];

    (void)state;
    settings.topic = "grid/stamped";
    settings.has_stamp = true;
    settings.stamp_pointer = "/at";
    snprintf(text, sizeof text, "{\"intensity\": 99, \"at\": %lld}", (long long)time(NULL) - 2);
    bench_publish("grid/stamped", text, true);
    feed_up(&feed, &bench, &settings);
    bench_wait_samples(&bench, 0, 1);
    assert_int_equal(reading_now(&bench).quality, QUALITY_GOOD);
    assert_true(bench.host.now_ns(&bench) - bench.sample[0].taken_ns >= 2 * NS_PER_S - NS_PER_S);
    snprintf(text, sizeof text, "{\"intensity\": 99, \"at\": %lld}", (long long)time(NULL) - 61);
    bench_publish("grid/stamped", text, false);
    bench_wait_samples(&bench, 0, 2);
    assert_int_equal(reading_now(&bench).quality,
                     QUALITY_STALE); /* late, though it has just come in */
    driver_mqtt.close(feed.instance);
    bench_close(&bench);
}

static void retained_messages_can_be_refused(void **state)
{
    struct mqtt_settings settings = usual;
    struct bench bench;
    struct feed feed;

    (void)state;
    settings.topic = "grid/refused";
    settings.accept_retained = false;
    bench_publish("grid/refused", "{\"intensity\": 1}", true);
    feed_up(&feed, &bench, &settings);
    bench_publish("grid/refused", "{\"intensity\": 2}", false); /* behind it, in order */
    bench_wait_samples(&bench, 0, 1);
    assert_true(bench.sample[0].value == 2);
    assert_int_equal(counters_of(&feed).dropped, 1);
    driver_mqtt.close(feed.instance);
    bench_close(&bench);
}

static void broken_payloads_are_counted_and_null_is_bad(void **state)
{
    struct bench bench;
    struct feed feed;

    (void)state;
    feed_up(&feed, &bench, &usual);
    bench_publish("grid/carbon", "{\"intensity\": ", false);
    bench_publish("grid/carbon", "{\"intensity\": 1, \"intensity\": 2}", false);
    bench_publish("grid/carbon", "{\"intensity\": \"231\"}", false);
    bench_publish("grid/carbon", "{\"intensity\": null}", false);
    bench_wait_samples(&bench, 0, 1);
    assert_int_equal(counters_of(&feed).malformed, 3);
    assert_int_equal(counters_of(&feed).refusals, 1);
    assert_int_equal(reading_now(&bench).quality, QUALITY_BAD);
    assert_int_equal(reading_now(&bench).flaw, FLAW_DEVICE);
    driver_mqtt.close(feed.instance);
    bench_close(&bench);
}

static void it_survives_a_restart_of_the_broker(void **state)
{
    struct bench bench;
    struct feed feed;
    struct error err;

    (void)state;
    feed_up(&feed, &bench, &usual);
    mosquitto_stop(&bench_mosquitto);
    bench_wait_downs(&bench, 1);
    assert_string_equal(bench.error.expected, "a connection");
    assert_true(mosquitto_again(&bench_mosquitto, &err));
    bench_wait_ups(&bench, 2);
    bench_publish("grid/carbon", "{\"intensity\": 5}", false);
    bench_wait_samples(&bench, 0, 1);
    assert_int_equal(counters_of(&feed).reconnects, 1);
    driver_mqtt.close(feed.instance);
    bench_close(&bench);
}

static unsigned clients_in_the_log(void)
{
    FILE *log = fopen("mosquitto.log", "r");
    char line[512];
    unsigned count = 0;

    assert_non_null(log);
    while (fgets(line, sizeof line, log) != NULL)
        count +=
            strstr(line, "New client connected") != NULL && strstr(line, " as capstan-") != NULL;
    fclose(log);
    return count;
}

static void signals_of_one_broker_share_a_connection(void **state)
{
    struct mqtt_settings other = usual;
    struct bench bench;
    struct feed first, second;
    unsigned before = clients_in_the_log();

    (void)state;
    other.topic = "grid/price";
    other.pointer = "/price";
    bench_open(&bench);
    assert_true(feed_open(&first, &bench, &usual, 0));
    assert_true(feed_open(&second, &bench, &other, 1));
    driver_mqtt.start(first.instance);
    driver_mqtt.start(second.instance);
    bench_wait_ups(&bench, 2); /* each is told */
    bench_publish("grid/price", "{\"price\": 17}", false);
    bench_publish("grid/carbon", "{\"intensity\": 18}", false);
    bench_wait_samples(&bench, 1, 1);
    bench_wait_samples(&bench, 0, 1);
    assert_true(bench.sample[1].value == 17 && bench.sample[0].value == 18);
    assert_int_equal(clients_in_the_log(), before + 1);
    driver_mqtt.close(first.instance); /* the second goes on */
    bench_publish("grid/price", "{\"price\": 19}", false);
    bench_wait_samples(&bench, 1, 2);
    assert_int_equal(bench.samples[0], 1);
    driver_mqtt.close(second.instance);
    bench_close(&bench);
}

/* ---------------------------------------------------------------- forecasts and events */

/* A forecast or a source of events, and its driver. */
struct future {
    struct device device;
    struct mqtt_feed_settings settings;
    struct instance *instance;
};

static const struct mqtt_feed_settings usual_forecast = {.topic = "grid/carbon_forecast",
                                                         .accept_retained = true,
                                                         .scale = 1,
                                                         .least_horizon_ns = 6 * 3600 * NS_PER_S};
static const struct mqtt_feed_settings usual_events = {.topic = "grid/events",
                                                       .accept_retained = true};

static void future_up(struct future *future, struct bench *bench, enum role role,
                      const struct mqtt_feed_settings *settings, unsigned ups)
{
    future->settings = *settings;
    future->device = (struct device){
        .name = "future", .driver = "mqtt", .role = role, .settings = &future->settings};
    assert_true(driver_mqtt.open(&future->instance, &future->device, &bench->host, &bench->error));
    driver_mqtt.start(future->instance);
    bench_wait_ups(bench, ups);
}

static struct driver_counters future_counters(const struct future *future)
{
    struct driver_counters counters;

    driver_mqtt.counters(future->instance, &counters);
    return counters;
}

/* "2026-11-24T23:05:11Z", so many seconds from now. */
static const char *from_now(int64_t seconds, char out[32])
{
    time_t at = time(NULL) + (time_t)seconds;
    struct tm parts;

    assert_non_null(gmtime_r(&at, &parts));
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return out;
}

static const char *forecast_text(int64_t issued_s, int value, char out[300])
{
    char issued[32], start[32];

    snprintf(out, 300, "{\"issued\":\"%s\",\"start\":\"%s\",\"step_s\":7200,\"values\":[%d,%d,%d]}",
             from_now(issued_s, issued), from_now(-60, start), value, value + 1, value + 2);
    return out;
}

static void a_published_forecast_arrives_retained_or_not(void **state)
{
    struct bench bench;
    struct future future;
    char text[300];
    double value = 0;

    (void)state;
    bench_publish("grid/carbon_forecast", forecast_text(-7200, 200, text), true);
    bench_open(&bench);
    future_up(&future, &bench, ROLE_FORECAST, &usual_forecast, 1);
    bench_wait_forecasts(&bench, 1);
    assert_true(forecast_at(&bench.forecast, time(NULL), &value) && value == 200);
    bench_publish("grid/carbon_forecast", "{\"values\":[]}", false);
    bench_publish("grid/carbon_forecast", forecast_text(-3600, 300, text), false);
    bench_wait_forecasts(&bench, 2);
    assert_true(forecast_at(&bench.forecast, time(NULL) + 3 * 3600, &value) && value == 301);
    assert_int_equal(future_counters(&future).malformed, 1);
    assert_int_equal(future_counters(&future).answers, 2);
    driver_mqtt.close(future.instance);
    bench_close(&bench);
    bench_publish("grid/carbon_forecast", "", true); /* takes it back */
}

static const char *events_text(const char *issued, int target_w, char out[400])
{
    char notified[32], start[32], end[32];

    snprintf(out, 400,
             "{%s\"events\":[{\"id\":\"e\",\"notified\":\"%s\",\"start\":\"%s\",\"end\":\"%s\","
             "\"limit_w\":%d}]}",
             issued, from_now(-60, notified), from_now(600, start), from_now(4200, end), target_w);
    return out;
}

static bool is_stale(const struct bench *bench)
{
    return bench->host.now_ns(bench->host.context) - bench->events.heard_ns >
           bench->announcer.stale_after_ns;
}

static void a_kept_list_of_events_holds_but_its_source_counts_as_silent(void **state)
{
    struct bench bench;
    struct future future;
    char text[400];

    (void)state;
    bench_publish("grid/events", events_text("", 800000, text), true);
    bench_open(&bench);
    future_up(&future, &bench, ROLE_EVENTS, &usual_events, 1);
    bench_wait_event_lists(&bench, 1);
    assert_int_equal(bench.events.count, 1);
    assert_int_equal(bench.events.event[0].target_w, 800000);
    assert_true(is_stale(&bench));
    bench_publish("grid/events", events_text("", 700000, text), false);
    bench_wait_event_lists(&bench, 2);
    assert_int_equal(bench.events.event[0].target_w, 700000);
    assert_false(is_stale(&bench));
    driver_mqtt.close(future.instance);
    bench_close(&bench);
    bench_publish("grid/events", "", true); /* takes it back */
}

static void a_list_of_events_is_as_old_as_it_says(void **state)
{
    struct bench bench;
    struct future future;
    char text[400], issued[64], stamp[32];

    (void)state;
    bench_open(&bench);
    future_up(&future, &bench, ROLE_EVENTS, &usual_events, 1);
    snprintf(issued, sizeof issued, "\"issued\":\"%s\",", from_now(-62, stamp));
    bench_publish("grid/events", events_text(issued, 1, text), false);
    bench_wait_event_lists(&bench, 1);
    assert_true(is_stale(&bench));
    snprintf(issued, sizeof issued, "\"issued\":\"%s\",", from_now(-2, stamp));
    bench_publish("grid/events", events_text(issued, 1, text), false);
    bench_wait_event_lists(&bench, 2);
    assert_false(is_stale(&bench));
    driver_mqtt.close(future.instance);
    bench_close(&bench);
}

static void the_rig_plays_forecasts_and_events(void **state)
{
    struct plant_settings settings = plant_settings_default(1);
    struct site site;
    struct plant *plant = NULL;
    struct face_mqtt *face = NULL;
    struct bench bench;
    struct future forecasts, announcements;
    struct forecast forecast = {.step_s = 3600, .count = 24};
    struct event_list list = {.count = 2};
    int64_t now_s = time(NULL);

    (void)state;
    small_site(&site);
    plant = plant_create(&site, &settings);
    bench_open(&bench);
    future_up(&forecasts, &bench, ROLE_FORECAST, &usual_forecast, 1);
    future_up(&announcements, &bench, ROLE_EVENTS, &usual_events, 2);
    assert_true(face_mqtt_open(&face, &bench.loop, bench_mosquitto.url, plant, &bench.error));
    forecast.issued_utc_s = now_s - 100;
    forecast.start_utc_s = now_s;
    for (uint32_t i = 0; i < forecast.count; i++)
        forecast.value[i] = 100 + i / 8.0;
    list.event[0] =
        (struct grid_event){"now", now_s - 10, now_s, now_s + 3600, EVENT_LIMIT, 9000, false};
    list.event[1] = (struct grid_event){"later",         now_s - 9, now_s + 7200, now_s + 9000,
                                        EVENT_REDUCTION, 5000,      true};
    face_mqtt_set_forecast(face, &forecast); /* before it is connected: goes out when it is */
    face_mqtt_set_events(face, &list);
    bench_wait_forecasts(&bench, 1);
    bench_wait_event_lists(&bench, 1);
    assert_int_equal(bench.forecast.issued_utc_s, now_s - 100);
    assert_int_equal(bench.forecast.count, 24);
    assert_memory_equal(bench.forecast.value, forecast.value, 24 * sizeof(double));
    assert_int_equal(bench.events.count, 2);
    assert_string_equal(bench.events.event[1].id, "later");
    assert_int_equal(bench.events.event[1].target, EVENT_REDUCTION);
    assert_int_equal(bench.events.event[1].end_utc_s, now_s + 9000);
    assert_true(bench.events.event[1].cancelled);
    list.count = 0; /* both vanish */
    face_mqtt_set_events(face, &list);
    forecast.issued_utc_s = now_s;
    face_mqtt_set_forecast(face, &forecast);
    bench_wait_forecasts(&bench, 2);
    assert_int_equal(bench.forecast.issued_utc_s, now_s);
    while (bench.events.count > 0) /* bounded: each turn waits for one more, or fails */
        bench_wait_event_lists(&bench, bench.event_lists + 1);
    face_mqtt_close(face);
    driver_mqtt.close(forecasts.instance);
    driver_mqtt.close(announcements.instance);
    bench_close(&bench);
    plant_free(plant);
    arena_free(&site.arena);
    bench_publish("grid/carbon_forecast", "", true); /* takes it back */
}

static void settings_that_make_no_sense_are_refused_at_open(void **state)
{
    struct mqtt_settings bad[4] = {usual, usual, usual, usual};
    struct bench bench;

    (void)state;
    bad[0].topic = "grid/+";
    bad[1].pointer = "intensity";
    bad[2].has_stamp = true;
    bad[2].stamp_pointer = "~";
    bad[3].has_stamp = true;
    bad[3].stamp_pointer = "/at";
    bad[3].format = 1;
    bench_open(&bench);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct feed feed;

        assert_false(feed_open(&feed, &bench, &bad[i], 0));
        assert_null(feed.instance);
        assert_string_equal(bench.error.where, "carbon");
    }
    driver_mqtt.close(NULL);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_published_feed_becomes_a_reading),
        cmocka_unit_test(an_old_retained_message_is_shown_as_stale_and_never_as_good),
        cmocka_unit_test(a_retained_message_with_a_fresh_stamp_is_good),
        cmocka_unit_test(retained_messages_can_be_refused),
        cmocka_unit_test(broken_payloads_are_counted_and_null_is_bad),
        cmocka_unit_test(it_survives_a_restart_of_the_broker),
        cmocka_unit_test(signals_of_one_broker_share_a_connection),
        cmocka_unit_test(a_published_forecast_arrives_retained_or_not),
        cmocka_unit_test(a_kept_list_of_events_holds_but_its_source_counts_as_silent),
        cmocka_unit_test(a_list_of_events_is_as_old_as_it_says),
        cmocka_unit_test(the_rig_plays_forecasts_and_events),
        cmocka_unit_test(settings_that_make_no_sense_are_refused_at_open),
    };

    return cmocka_run_group_tests(tests, bench_start_broker, bench_stop_broker);
}
