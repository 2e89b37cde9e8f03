#include "drivers/mqtt/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct broker_user {
    struct broker_user *next;
    struct broker_link *link;
    struct mqtt_events events;
    char filter[MQTT_FILTER_BYTES];
    bool started, gone;
};

/* One connection and who is on it. */
struct broker_link {
    struct broker_link *next;
    uv_loop_t *loop;
    const struct broker *broker;
    struct mqtt_session *session;
    uv_timer_t start; /* fires in the next turn */
    bool has_will, asked_to_start, started;
    int telling; /* inside an event: who leaves now is freed afterwards */
    struct broker_user *users;
    int open; /* session and timer; freed with the last */
};

/* Drivers know nothing of each other, so what they share is found here. */
static _Thread_local struct broker_link *links;

bool broker_topic_matches(const char *filter, const char *topic)
{
    if (topic[0] == '$' &&
        filter[0] != '$') /* the broker's own topics are asked for by name only */
        return false;
    for (;;) { /* bounded: each turn steps over a character of the filter */
        if (*filter == '#')
            return true;
        if (*filter == '+') {
            filter++;
            topic += strcspn(topic, "/");
        } else if (*filter == '\0' || *topic == '\0') {
            /* "a/#" is also "a" */
            return *filter == *topic || (*topic == '\0' && strcmp(filter, "/#") == 0);
        } else if (*filter++ != *topic++) {
            return false;
        }
    }
}

/* --- events to the users --------------------------------------------------------------------------------------- */

static void part_closed(void *context)
{
    struct broker_link *link = context;

    if (--link->open == 0)
        free(link);
}

static void timer_closed(uv_handle_t *handle) { part_closed(handle->data); }

static void link_close(struct broker_link *link)
{
    struct broker_link **at = &links;

    while (*at != NULL && *at != link)
        at = &(*at)->next;
    if (*at != NULL)
        *at = link->next;
    uv_close((uv_handle_t *)&link->start, timer_closed);
    mqtt_session_close(link->session, part_closed, link);
}

static void sweep(struct broker_link *link)
{
    struct broker_user **at = &link->users;

    if (link->telling > 0)
        return;
    while (*at != NULL) {
        struct broker_user *user = *at;

        if (user->gone) {
            *at = user->next;
            free(user);
        } else {
            at = &user->next;
        }
    }
    if (link->users == NULL)
        link_close(link);
}

static void on_connected(void *context)
{
    struct broker_link *link = context;

    link->telling++;
    for (struct broker_user *u = link->users; u != NULL; u = u->next)
        if (u->started && !u->gone && u->events.connected != NULL)
            u->events.connected(u->events.context);
    link->telling--;
    sweep(link);
}

static void on_lost(void *context, const struct error *err)
{
    struct broker_link *link = context;

    link->telling++;
    for (struct broker_user *u = link->users; u != NULL; u = u->next)
        if (u->started && !u->gone && u->events.lost != NULL)
            u->events.lost(u->events.context, err);
    link->telling--;
    sweep(link);
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct broker_link *link = context;

    link->telling++;
    for (struct broker_user *u = link->users; u != NULL; u = u->next)
        if (u->started && !u->gone && broker_topic_matches(u->filter, message->topic))
            u->events.message(u->events.context, message);
    link->telling--;
    sweep(link);
}

/* --- joining and leaving --------------------------------------------------------------------------------------- */

static struct broker_link *link_open(uv_loop_t *loop, const struct broker *broker,
                                     struct error *err)
{
    struct broker_link *link = calloc(1, sizeof *link);
    const struct mqtt_events events = {link, on_connected, on_lost, on_message};
    struct mqtt_options options = mqtt_options_default(broker, "capstan");

    if (link == NULL) {
        failure(err, ERR_FULL, broker->name, "memory", "none");
        return NULL;
    }
    if (!mqtt_session_open(&link->session, loop, &options, &events, err)) {
        free(link);
        return NULL;
    }
    link->loop = loop;
    link->broker = broker;
    link->open = 2;
    uv_timer_init(loop, &link->start);
    link->start.data = link;
    link->next = links;
    links = link;
    return link;
}

/* An open connection to this broker that the wish fits into, or a new one; NULL when that can't be. */
static struct broker_link *link_for(uv_loop_t *loop, const struct broker_wish *wish,
                                    struct error *err)
{
    bool will = wish->will_topic != NULL;

    for (struct broker_link *l = links; l != NULL; l = l->next)
        if (l->loop == loop && l->broker == wish->broker && !(will && (l->has_will || l->started)))
            return l;
    return link_open(loop, wish->broker, err);
}

bool broker_join(struct broker_user **out, uv_loop_t *loop, const struct broker_wish *wish,
                 const struct mqtt_events *events, struct error *err)
{
    struct broker_user *user = calloc(1, sizeof *user);
    struct broker_link *link = link_for(loop, wish, err);

    *out = NULL;
    if (user == NULL || link == NULL) {
        free(user);
        if (link != NULL && link->users == NULL)
            link_close(link);
        return link == NULL ? false : failure(err, ERR_FULL, wish->broker->name, "memory", "none");
    }
    *user = (struct broker_user){.next = link->users, .link = link, .events = *events};
    snprintf(user->filter, sizeof user->filter, "%s", wish->filter);
    link->users = user;
    if (!mqtt_session_subscribe(link->session, wish->filter, 0, err) ||
        (wish->will_topic != NULL &&
         !mqtt_session_set_will(link->session, wish->will_topic, wish->will_payload, false, err))) {
        broker_leave(user);
        return false;
    }
    link->has_will = link->has_will || wish->will_topic != NULL;
    *out = user;
    return true;
}

static void on_start(uv_timer_t *timer)
{
    struct broker_link *link = timer->data;

    link->started = true;
    mqtt_session_start(link->session);
}

void broker_start(struct broker_user *user)
{
    struct broker_link *link = user->link;

    user->started = true;
    if (!link->asked_to_start) {
        link->asked_to_start = true;
        uv_timer_start(&link->start, on_start, 0, 0);
    } else if (mqtt_session_up(link->session) && user->events.connected != NULL) {
        user->events.connected(user->events.context);
    }
}

bool broker_publish(struct broker_user *user, const char *topic, const void *payload, size_t length,
                    int qos, bool retained)
{
    return mqtt_session_publish(user->link->session, topic, payload, length, qos, retained);
}

void broker_counters(const struct broker_user *user, struct mqtt_counters *out)
{
    mqtt_session_counters(user->link->session, out);
}

void broker_leave(struct broker_user *user)
{
    if (user == NULL)
        return;
    user->gone = true;
    sweep(user->link);
}
