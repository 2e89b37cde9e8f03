#include "hil/status.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PERIOD_MS = 500, CONNECT_LIMIT_MS = 500, LIMIT_MS = 2000, BODY_BYTES_MAX = 8 << 20 };

struct body {
    char *bytes;
    size_t length, room;
};

struct status_poll {
    uv_timer_t timer;
    uv_work_t work;
    struct status_events events;
    struct status_figures figures;
    uint16_t port;
    bool busy, closing, timer_closed;
    /* Of the request that is under way: the worker's until it is done. */
    char url[96];
    struct body body;
    bool answered;
};

/* ---------------------------------------------------------------- on the worker's thread */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct body *body = context;
    size_t more = size * count;

    if (body->length + more > BODY_BYTES_MAX)
        return 0; /* ends the transfer */
    if (body->length + more + 1 > body->room) {
        size_t room = 2 * (body->length + more + 1);
        char *larger = realloc(body->bytes, room);

        if (larger == NULL)
            return 0;
        body->bytes = larger;
        body->room = room;
    }
    memcpy(body->bytes + body->length, bytes, more);
    body->length += more;
    return more;
}

static void ask(uv_work_t *work)
{
    struct status_poll *status = work->data;
    CURL *curl = curl_easy_init();
    long code = 0;

    status->answered = false;
    status->body.length = 0;
    if (curl == NULL)
        return;
    curl_easy_setopt(curl, CURLOPT_URL, status->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_LIMIT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)LIMIT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &status->body);
    if (curl_easy_perform(curl) == CURLE_OK &&
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code) == CURLE_OK)
        status->answered = code == 200;
    curl_easy_cleanup(curl);
}

/* ---------------------------------------------------------------- on the loop */

static int64_t whole(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void take_invariants(struct status_poll *status, json_t *invariants)
{
    const char *name = NULL;
    json_t *value = NULL;

    status->figures.invariants_broken = 0;
    json_object_foreach(invariants, name, value)
    {
        status->figures.invariants_broken += json_integer_value(value);
    }
}

static void take_alarms(struct status_poll *status, const json_t *alarms)
{
    for (size_t i = 0; i < json_array_size(alarms); i++) {
        const json_t *one = json_array_get(alarms, i);
        const char *alarm = json_string_value(json_object_get(one, "alarm"));
        const char *subject = json_string_value(json_object_get(one, "subject"));

        if (alarm != NULL && subject != NULL)
            status->events.alarm(status->events.context, alarm, subject);
    }
}

static void take(struct status_poll *status, const json_t *answer)
{
    const json_t *nodes = json_object_get(answer, "nodes");

    status->figures.answers++;
    status->figures.ticks = whole(answer, "ticks");
    status->figures.tick_p99_us = whole(answer, "tick_p99_us");
    status->figures.nodes_total = whole(nodes, "total");
    status->figures.nodes_fresh = whole(nodes, "fresh");
    status->figures.nodes_capped = whole(nodes, "capped");
    take_invariants(status, json_object_get(answer, "invariants"));
    take_alarms(status, json_object_get(answer, "alarms"));
}

static void free_when_done(struct status_poll *status)
{
    if (!status->closing || status->busy || !status->timer_closed)
        return;
    free(status->body.bytes);
    free(status);
}

static void on_answer(uv_work_t *work, int cancelled)
{
    struct status_poll *status = work->data;
    json_t *answer = NULL;

    status->busy = false;
    if (cancelled == 0 && status->answered)
        answer = json_loadb(status->body.bytes, status->body.length, JSON_REJECT_DUPLICATES, NULL);
    if (answer != NULL && !status->closing)
        take(status, answer);
    else
        status->figures.failures++;
    json_decref(answer);
    free_when_done(status);
}

static void on_timer(uv_timer_t *timer)
{
    struct status_poll *status = timer->data;

    if (status->busy || status->port == 0)
        return;
    snprintf(status->url, sizeof status->url, "http://127.0.0.1:%u/api/v1/status", status->port);
    status->work.data = status;
    status->busy = uv_queue_work(timer->loop, &status->work, ask, on_answer) == 0;
}

struct status_poll *status_open(uv_loop_t *loop, const struct status_events *events)
{
    struct status_poll *status = calloc(1, sizeof *status);

    if (status == NULL)
        abort(); /* as arenas do at start-up */
    status->events = *events;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    uv_timer_init(loop, &status->timer);
    status->timer.data = status;
    uv_timer_start(&status->timer, on_timer, PERIOD_MS, PERIOD_MS);
    return status;
}

void status_ask_at(struct status_poll *status, uint16_t port) { status->port = port; }

const struct status_figures *status_figures(const struct status_poll *status)
{
    return &status->figures;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct status_poll *status = handle->data;

    status->timer_closed = true;
    free_when_done(status);
}

void status_close(struct status_poll *status)
{
    if (status == NULL)
        return;
    status->closing = true;
    uv_close((uv_handle_t *)&status->timer, on_timer_closed);
}
