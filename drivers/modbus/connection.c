/* The socket is ours and never blocks: libmodbus would block in connect() and wait in its calls for what is not
 * there yet. link.h says what follows what; here one function, connection_happen(), turns events into acts. */
#include "drivers/modbus/connection.h"

#include "drivers/modbus/backoff.h"
#include "drivers/modbus/connection_inside.h"
#include "drivers/modbus/socket.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SILENT_LEAST = 3
}; /* requests in a row without an answer before the connection is doubted */

static const struct backoff reconnect = {NS_PER_S / 2, 30 * NS_PER_S};

/* All connections, to find the one that a new device shares. Loop thread only. */
static struct connection *connections;

/* ---------------------------------------------------------------- the queue */

static void enqueue(struct connection_user *user)
{
    struct connection *c = user->connection;

    user->queued = true;
    user->next_queued = NULL;
    if (c->first_queued == NULL)
        c->first_queued = user;
    else
        c->last_queued->next_queued = user;
    c->last_queued = user;
}

static struct connection_user *dequeue(struct connection *c)
{
    struct connection_user *user = c->first_queued;

    c->first_queued = user->next_queued;
    if (c->first_queued == NULL)
        c->last_queued = NULL;
    user->queued = false;
    return user;
}

static void unqueue(struct connection_user *user)
{
    struct connection *c = user->connection;
    struct connection_user *first = c->first_queued;

    c->first_queued = c->last_queued = NULL;
    while (first != NULL) {
        struct connection_user *next = first->next_queued;

        if (first != user)
            enqueue(first);
        first = next;
    }
    user->queued = false;
}

/* The next device that really has something to ask: its request is ready to be sent. */
static bool take_turn(struct connection *c)
{
    while (c->state == LINK_IDLE && c->first_queued != NULL) {
        struct connection_user *user = dequeue(c);
        struct read_request read;

        if (!user->callbacks->next(user, &read))
            continue;
        c->waiting = user;
        c->timeout_ns = read.timeout_ns;
        c->request = (struct request){.transaction = (uint16_t)(c->request.transaction + 1),
                                      .unit = read.unit,
                                      .function = read.function,
                                      .address = read.address,
                                      .count = read.count};
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------- time */

static bool more_peers(const struct connection *c) { return c->peer_at + 1 < c->peers; }

static enum link_event connecting_failed(const struct connection *c)
{
    return more_peers(c) ? EV_NEXT : EV_LOST;
}

/* A stream that stopped inside a frame has lost its beginning. */
static bool stopped_in_a_frame(const struct connection *c)
{
    uint8_t byte;

    return socket_peek(c->socket, &byte, 1) > 0;
}

/* A hung device keeps its connection open. But a unit that is silent behind a gateway which answers for others
 * is left to its own back-off: only when everyone had a turn in vain is it the connection. */
static bool all_silent(const struct connection *c)
{
    uint32_t turns = 1;

    for (const struct connection_user *u = c->users; u != NULL; u = u->next_user)
        turns++;
    return c->silent + 1 >= (turns > SILENT_LEAST ? turns : SILENT_LEAST);
}

static void request_expired(struct connection *c)
{
    bool stopped = stopped_in_a_frame(c);

    if (c->waiting != NULL) {
        c->waiting->counters->timeouts++;
        c->waiting->counters->malformed += stopped;
    }
    (void)failure(&c->why, ERR_TIMEOUT, c->where, "an answer", "%s in %lld ms",
                  stopped ? "a part" : "none", (long long)(c->timeout_ns / NS_PER_MS));
    connection_happen(c, stopped || all_silent(c) ? EV_LOST : EV_EXPIRED);
}

static void on_timer(uv_timer_t *timer)
{
    struct connection *c = timer->data;

    switch (c->state) {
    case LINK_RESOLVING:
        (void)failure(&c->why, ERR_TIMEOUT, c->where, "an address for the name", "none in time");
        connection_happen(c, EV_EXPIRED);
        break;
    case LINK_CONNECTING:
        (void)failure(&c->why, ERR_TIMEOUT, c->where, "a connection", "none in time");
        connection_happen(c, more_peers(c) ? EV_NEXT : EV_EXPIRED);
        break;
    case LINK_WAITING:
        request_expired(c);
        break;
    case LINK_BACKOFF:
    case LINK_DOWN:
    case LINK_IDLE:
    case LINK_COUNT:
        connection_happen(c, EV_EXPIRED);
        break;
    }
}

void connection_wait(struct connection *c, int64_t ns)
{
    uv_timer_start(&c->timer, on_timer, (uint64_t)((ns + NS_PER_MS - 1) / NS_PER_MS), 0);
}

/* ---------------------------------------------------------------- the socket */

static void on_watch_closed(uv_handle_t *handle) { free(handle->data); }

static void drop_socket(struct connection *c)
{
    if (c->watch == NULL)
        return;
    c->watch->connection = NULL;
    uv_poll_stop(&c->watch->poll);
    uv_close((uv_handle_t *)&c->watch->poll, on_watch_closed);
    c->watch = NULL;
    modbus_set_socket(c->library, -1);
    close(c->socket);
    c->socket = -1;
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct connection *c = ((struct watch *)poll->data)->connection;
    int error;

    if (c == NULL)
        return;
    error = status < 0 || c->state == LINK_CONNECTING ? socket_error(c->socket) : 0;
    if (status < 0 && error == 0) /* libuv says EBADF whatever it was */
        error = -status;
    if (c->state == LINK_CONNECTING) {
        if (error == 0) {
            connection_happen(c, EV_CONNECTED);
        } else {
            (void)failure(&c->why, ERR_IO, c->where, "a connection", "%s", strerror(error));
            connection_happen(c, connecting_failed(c));
        }
        return;
    }
    if (error != 0) {
        (void)connection_lost(c, ERR_IO, "an open connection", strerror(error));
        return;
    }
    connection_receive(c, (events & UV_DISCONNECT) != 0);
}

static void do_connect(struct connection *c, bool next)
{
    struct watch *watch = calloc(1, sizeof *watch);
    int fd;

    drop_socket(c);
    c->peer_at = next ? c->peer_at + 1 : 0;
    fd = watch == NULL ? -1 : socket_connect(&c->peer[c->peer_at], c->where, &c->why);
    if (fd < 0 || uv_poll_init(c->host.loop, &watch->poll, fd) != 0) {
        if (fd >= 0)
            close(fd);
        free(watch);
        connection_follow(c, connecting_failed(c));
        return;
    }
    watch->connection = c;
    watch->poll.data = watch;
    c->watch = watch;
    c->socket = fd;
    c->low_water = 0;
    modbus_set_socket(c->library, fd);
    uv_poll_start(&watch->poll, UV_WRITABLE | UV_DISCONNECT, on_socket);
    connection_wait(c, c->connect_timeout_ns);
}

/* ---------------------------------------------------------------- acts */

static void do_serve(struct connection *c)
{
    uv_timer_stop(&c->timer);
    connection_wake_at(c, FRAME_LEAST);
    uv_poll_start(&c->watch->poll, UV_READABLE | UV_DISCONNECT, on_socket);
    for (struct connection_user *u = c->users; u != NULL; u = u->next_user) {
        if (c->was_up)
            u->counters->reconnects++;
        u->callbacks->up(u);
    }
    c->was_up = true;
}

static void do_send(struct connection *c)
{
    uint8_t bytes[REQUEST_BYTES];

    request_write(&c->request, bytes);
    if (c->waiting != NULL)
        c->waiting->counters->requests++;
    c->sent_ns = c->host.now_ns(c->host.context);
    connection_wait(c, c->timeout_ns);
    if (socket_send(c->socket, bytes, sizeof bytes))
        return;
    (void)failure(&c->why, ERR_IO, c->where, "a request that leaves whole", "%s", strerror(errno));
    connection_follow(c, EV_LOST);
}

/* The wait for an answer is over, with one or without. */
static void do_deliver(struct connection *c)
{
    struct connection_user *user = c->waiting;

    uv_timer_stop(&c->timer);
    c->waiting = NULL;
    if (c->answer.what == ANSWER_TIMEOUT)
        c->silent++;
    else
        c->foreign = c->silent = c->failures = 0;
    if (user != NULL)
        user->callbacks->answer(user, &c->answer);
}

static void do_expire(struct connection *c)
{
    c->answer = (struct read_answer){.what = ANSWER_TIMEOUT, .sent_ns = c->sent_ns};
    do_deliver(c);
}

static void do_back_off(struct connection *c)
{
    struct error why = c->why;

    drop_socket(c);
    c->waiting = NULL;
    c->foreign = c->silent = 0;
    while (c->first_queued != NULL)
        (void)dequeue(c);
    c->failures++;
    connection_wait(c, backoff_ns(&reconnect, c->failures, backoff_random(&c->random)));
    for (struct connection_user *u = c->users; u != NULL; u = u->next_user)
        u->callbacks->lost(u, &why);
}

static void act(struct connection *c, enum link_act what, bool next)
{
    switch (what) {
    case DO_NOTHING:
        break;
    case DO_RESOLVE:
        connection_resolve(c);
        break;
    case DO_CONNECT:
        do_connect(c, next);
        break;
    case DO_SERVE:
        do_serve(c);
        break;
    case DO_SEND:
        do_send(c);
        break;
    case DO_DELIVER:
        do_deliver(c);
        break;
    case DO_EXPIRE:
        do_expire(c);
        break;
    case DO_BACK_OFF:
        do_back_off(c);
        break;
    }
}

void connection_follow(struct connection *c, enum link_event event)
{
    assert(c->acting && !c->follows);
    c->follows = true;
    c->following = event;
}

static void take_step(struct connection *c, enum link_event event)
{
    struct link_step step = link_step(c->state, event);

    if (step.act == DO_NOTHING) {
        c->ignored[event]++;
        return;
    }
    c->state = step.next;
    act(c, step.act, event == EV_NEXT);
}

/* Every act has at most one event to follow, and whoever asked in a callback has his turn last. Bounded: from
 * each state a few steps lead to where only time or the peer leads on. */
void connection_happen(struct connection *c, enum link_event event)
{
    assert(!c->acting);
    c->acting = true;
    c->follows = true;
    c->following = event;
    while (c->follows) {
        c->follows = false;
        take_step(c, c->following);
        if (!c->follows && take_turn(c))
            connection_follow(c, EV_ASKED);
    }
    c->acting = false;
}

/* ---------------------------------------------------------------- joining and leaving */

static struct connection *connection_find(const uv_loop_t *loop, const struct address *address)
{
    struct connection *c = connections;

    while (c != NULL && (c->host.loop != loop || strcmp(c->address.host, address->host) != 0 ||
                         strcmp(c->address.port, address->port) != 0))
        c = c->next;
    return c;
}

static struct connection *connection_make(const struct driver_host *host,
                                          const struct address *address)
{
    struct connection *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->library = modbus_new_tcp("127.0.0.1", MODBUS_TCP_DEFAULT_PORT); /* never connects itself */
    if (c->library == NULL) {
        free(c);
        return NULL;
    }
    c->host = *host;
    c->address = *address;
    c->socket = -1;
    c->random = uv_hrtime() ^ (uintptr_t)c;
    snprintf(c->where, sizeof c->where, "modbus %s:%s", address->host, address->port);
    uv_timer_init(host->loop, &c->timer);
    c->timer.data = c;
    c->next = connections;
    connections = c;
    return c;
}

bool connection_join(struct connection_user *user, const struct driver_host *host,
                     const struct address *address, int64_t connect_timeout_ns, struct error *err)
{
    struct connection *c = connection_find(host->loop, address);

    if (c == NULL)
        c = connection_make(host, address);
    if (c == NULL)
        return failure(err, ERR_FULL, address->host, "memory for a connection", "none");
    if (connect_timeout_ns > c->connect_timeout_ns)
        c->connect_timeout_ns = connect_timeout_ns;
    user->connection = c;
    user->next_user = c->users;
    c->users = user;
    return true;
}

void connection_start(struct connection_user *user)
{
    struct connection *c = user->connection;

    if (connection_up(user))
        user->callbacks->up(user);
    else if (c->state == LINK_DOWN)
        connection_happen(c, EV_WANTED);
}

bool connection_up(const struct connection_user *user)
{
    return user->connection->state == LINK_IDLE || user->connection->state == LINK_WAITING;
}

void connection_ask(struct connection_user *user)
{
    if (user->queued || user->connection->waiting == user || !connection_up(user))
        return;
    enqueue(user);
    if (!user->connection->acting && take_turn(user->connection))
        connection_happen(user->connection, EV_ASKED);
}

void connection_free_if_done(struct connection *c)
{
    if (!c->timer_closed || c->resolving)
        return;
    modbus_free(c->library);
    free(c);
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct connection *c = timer->data;

    c->timer_closed = true;
    connection_free_if_done(c);
}

static void connection_close(struct connection *c)
{
    struct connection **at = &connections;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    drop_socket(c);
    c->closing = true;
    if (c->resolving)
        (void)uv_cancel((uv_req_t *)&c->resolve);
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

void connection_leave(struct connection_user *user)
{
    struct connection *c = user->connection;
    struct connection_user **at;

    if (c == NULL)
        return;
    assert(!c->acting);
    if (user->queued)
        unqueue(user);
    if (c->waiting == user)
        c->waiting = NULL; /* its answer will be nobody's */
    at = &c->users;
    while (*at != user)
        at = &(*at)->next_user;
    *at = user->next_user;
    user->connection = NULL;
    if (c->users == NULL)
        connection_close(c);
}
