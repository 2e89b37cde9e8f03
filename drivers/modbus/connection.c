/* The socket is ours and never blocks: libmodbus would block in connect() and in reading. It takes an answer off
 * the socket once all of it is there (we peek), so its waits find everything at hand. SO_RCVLOWAT keeps a peek at
 * half a frame from waking the loop again and again until the rest is there.
 *
 * link.h says what follows what; here one function, happen(), turns events into acts. */
#include "drivers/modbus/connection.h"

#include "drivers/modbus/backoff.h"
#include "drivers/modbus/link.h"
#include "drivers/modbus/socket.h"

#include <assert.h>
#include <errno.h>
#include <modbus/modbus.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ADDRESSES_MOST = 4,
    FRAMES_PER_TURN = 8, /* then the others on the loop have their turn */
    FOREIGN_MOST = 16,   /* answers to nobody's question before the peer counts as mad */
    SILENT_LEAST = 3     /* requests without an answer before the connection is doubted */
};

static const struct backoff reconnect = {NS_PER_S / 2, 30 * NS_PER_S};

/* The poll handle of one socket. It outlives the socket by a turn of the loop. */
struct watch {
    uv_poll_t poll;
    struct connection *connection; /* NULL once dropped */
};

struct connection {
    struct connection *next; /* of those that exist */
    struct driver_host host;
    struct address address;
    char where[280]; /* "modbus 10.0.0.7:502" */
    int64_t connect_timeout_ns;
    struct connection_user *users;
    struct connection_user *first_queued, *last_queued;

    enum link_state state;
    uint64_t ignored[EV_COUNT];
    struct error why; /* of the next EV_LOST or EV_EXPIRED */
    bool acting;      /* inside happen(): who asks now is served at its end */

    struct sockaddr_storage peer[ADDRESSES_MOST];
    unsigned peers, peer_at;

    modbus_t *library;
    struct watch *watch; /* NULL without a socket */
    int socket;
    size_t low_water; /* bytes that wake us */

    struct request request;
    const struct read_answer *answer; /* of the EV_ANSWERED that happens */
    struct connection_user *waiting;  /* whose request is out; NULL when it has left meanwhile */
    int64_t sent_ns, timeout_ns;
    uint32_t foreign, silent;

    uint32_t failures; /* connections in a row without a single answer */
    bool was_up;
    uint64_t random;

    uv_timer_t timer;
    uv_getaddrinfo_t resolve;
    bool resolving, closing, timer_closed;
};

/* All connections, to find the one that a new device shares. Loop thread only. */
static struct connection *connections;

static void happen(struct connection *c, enum link_event event);

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

/* The next device that really has something to ask. */
static void serve(struct connection *c)
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
        happen(c, EV_ASKED);
    }
}

/* ---------------------------------------------------------------- time */

static bool more_peers(const struct connection *c) { return c->peer_at + 1 < c->peers; }

static void connecting_failed(struct connection *c)
{
    happen(c, more_peers(c) ? EV_NEXT : EV_LOST);
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
    happen(c, stopped || all_silent(c) ? EV_LOST : EV_EXPIRED);
}

static void on_timer(uv_timer_t *timer)
{
    struct connection *c = timer->data;

    switch (c->state) {
    case LINK_RESOLVING:
        (void)failure(&c->why, ERR_TIMEOUT, c->where, "an address for the name", "none in time");
        happen(c, EV_EXPIRED);
        break;
    case LINK_CONNECTING:
        (void)failure(&c->why, ERR_TIMEOUT, c->where, "a connection", "none in time");
        happen(c, more_peers(c) ? EV_NEXT : EV_EXPIRED);
        break;
    case LINK_WAITING:
        request_expired(c);
        break;
    case LINK_BACKOFF:
    case LINK_DOWN:
    case LINK_IDLE:
    case LINK_COUNT:
        happen(c, EV_EXPIRED);
        break;
    }
}

static void wait_for(struct connection *c, int64_t ns)
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

static bool lost(struct connection *c, enum error_kind what, const char *expected, const char *got)
{
    (void)failure(&c->why, what, c->where, expected, "%s", got);
    happen(c, EV_LOST);
    return false;
}

static void count_malformed(struct connection *c)
{
    struct connection_user *whose = c->waiting != NULL ? c->waiting : c->users;

    if (whose != NULL)
        whose->counters->malformed++;
}

/* The stream can't be trusted any more. */
static bool broken(struct connection *c, const struct error *err)
{
    char got[160 + 192];

    count_malformed(c);
    snprintf(got, sizeof got, "%s", err->got);
    return lost(c, ERR_PROTOCOL, err->expected, got);
}

/* Nobody's answer: late, doubled or made up. Dropped; too many and the peer goes with them. */
static bool foreign(struct connection *c)
{
    count_malformed(c);
    if (++c->foreign <= FOREIGN_MOST)
        return true;
    return lost(c, ERR_PROTOCOL, "answers to what was asked", "many to nothing");
}

static bool take_frame(struct connection *c, const uint8_t *frame, size_t length)
{
    struct read_answer answer = {.sent_ns = c->sent_ns};
    struct error err;

    if (c->state != LINK_WAITING || frame_transaction(frame) != c->request.transaction)
        return foreign(c);
    switch (reply_read(&c->request, frame, length, &answer.registers, &answer.exception, &err)) {
    case REPLY_REGISTERS:
        answer.what = ANSWER_REGISTERS;
        break;
    case REPLY_EXCEPTION:
        answer.what = ANSWER_EXCEPTION;
        break;
    case REPLY_WRONG:
        return broken(c, &err);
    }
    c->answer = &answer;
    happen(c, EV_ANSWERED);
    return c->watch != NULL; /* the next request may have failed already */
}

static void wake_at(struct connection *c, size_t bytes)
{
    if (c->low_water != bytes)
        socket_wake_at(c->socket, bytes);
    c->low_water = bytes;
}

/* True when there may be more to receive. */
static bool receive_frame(struct connection *c, bool hung_up)
{
    uint8_t seen[FRAME_MOST], frame[MODBUS_TCP_MAX_ADU_LENGTH];
    ssize_t n = socket_peek(c->socket, seen, sizeof seen);
    size_t length = 0;
    struct error err;

    if (n == 0)
        return lost(c, ERR_IO, "an open connection", "closed by the device");
    if (n < 0 && !hung_up && (errno == EAGAIN || errno == EINTR)) {
        wake_at(c, FRAME_LEAST);
        return false;
    }
    if (n < 0)
        return lost(c, ERR_IO, "an open connection", strerror(errno));
    switch (frame_look(seen, (size_t)n, &length, &err)) {
    case FRAME_BROKEN:
        return broken(c, &err);
    case FRAME_SHORT:
        if (hung_up) {
            count_malformed(c);
            return lost(c, ERR_TRUNCATED, "a whole answer", "closed in the middle of one");
        }
        wake_at(c, length);
        return false;
    case FRAME_WHOLE:
        break;
    }
    wake_at(c, 1); /* it takes a frame in parts and waits for each */
    if (modbus_receive_confirmation(c->library, frame) != (int)length ||
        memcmp(frame, seen, length) != 0)
        return lost(c, ERR_PROTOCOL, "the frame that was seen", modbus_strerror(errno));
    return take_frame(c, frame, length);
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
            happen(c, EV_CONNECTED);
        } else {
            (void)failure(&c->why, ERR_IO, c->where, "a connection", "%s", strerror(error));
            connecting_failed(c);
        }
        return;
    }
    if (error != 0) {
        (void)lost(c, ERR_IO, "an open connection", strerror(error));
        return;
    }
    for (int i = 0; i < FRAMES_PER_TURN; i++)
        if (!receive_frame(c, (events & UV_DISCONNECT) != 0))
            return;
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
        connecting_failed(c);
        return;
    }
    watch->connection = c;
    watch->poll.data = watch;
    c->watch = watch;
    c->socket = fd;
    c->low_water = 0;
    modbus_set_socket(c->library, fd);
    uv_poll_start(&watch->poll, UV_WRITABLE | UV_DISCONNECT, on_socket);
    wait_for(c, c->connect_timeout_ns);
}

/* ---------------------------------------------------------------- names */

static void keep_peers(struct connection *c, const struct addrinfo *list)
{
    c->peers = 0;
    for (; list != NULL && c->peers < ADDRESSES_MOST; list = list->ai_next) {
        if (list->ai_addrlen > sizeof c->peer[0])
            continue;
        memcpy(&c->peer[c->peers++], list->ai_addr, list->ai_addrlen);
    }
}

static void free_if_done(struct connection *c);

static void on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *list)
{
    struct connection *c = resolve->data;

    c->resolving = false;
    if (c->closing) {
        uv_freeaddrinfo(list);
        free_if_done(c);
        return;
    }
    if (c->state == LINK_RESOLVING && status == 0)
        keep_peers(c, list);
    uv_freeaddrinfo(list);
    if (status == 0 && c->peers > 0) {
        happen(c, EV_RESOLVED);
    } else {
        (void)failure(&c->why, ERR_UNKNOWN, c->where, "an address for the name", "%s",
                      status == 0 ? "none" : uv_strerror(status));
        happen(c, EV_LOST);
    }
}

static void do_resolve(struct connection *c)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int status;

    if (getaddrinfo(c->address.host, c->address.port, &hints, &list) == 0) {
        keep_peers(c, list);
        freeaddrinfo(list);
        happen(c, EV_RESOLVED);
        return;
    }
    wait_for(c, c->connect_timeout_ns);
    if (c->resolving) /* a look-up of before still hangs; its end serves this wait too */
        return;
    hints.ai_flags = AI_NUMERICSERV;
    c->peers = 0;
    c->resolve.data = c;
    status = uv_getaddrinfo(c->host.loop, &c->resolve, on_resolved, c->address.host,
                            c->address.port, &hints);
    c->resolving = status == 0;
    if (status != 0) {
        (void)failure(&c->why, ERR_UNKNOWN, c->where, "a name", "%s", uv_strerror(status));
        happen(c, EV_LOST);
    }
}

/* ---------------------------------------------------------------- acts */

static void do_serve(struct connection *c)
{
    uv_timer_stop(&c->timer);
    wake_at(c, FRAME_LEAST);
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
    wait_for(c, c->timeout_ns);
    if (!socket_send(c->socket, bytes, sizeof bytes))
        (void)lost(c, ERR_IO, "a request that leaves whole", strerror(errno));
}

/* The wait for an answer is over, with one or without. */
static void do_deliver(struct connection *c, const struct read_answer *answer)
{
    struct connection_user *user = c->waiting;

    uv_timer_stop(&c->timer);
    c->waiting = NULL;
    c->answer = NULL;
    if (answer->what == ANSWER_TIMEOUT)
        c->silent++;
    else
        c->foreign = c->silent = c->failures = 0;
    if (user != NULL)
        user->callbacks->answer(user, answer);
}

static void do_expire(struct connection *c)
{
    const struct read_answer nothing = {.what = ANSWER_TIMEOUT, .sent_ns = c->sent_ns};

    do_deliver(c, &nothing);
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
    wait_for(c, backoff_ns(&reconnect, c->failures, backoff_random(&c->random)));
    for (struct connection_user *u = c->users; u != NULL; u = u->next_user)
        u->callbacks->lost(u, &why);
}

static void act(struct connection *c, enum link_act what, bool next)
{
    switch (what) {
    case DO_NOTHING:
        break;
    case DO_RESOLVE:
        do_resolve(c);
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
        do_deliver(c, c->answer);
        break;
    case DO_EXPIRE:
        do_expire(c);
        break;
    case DO_BACK_OFF:
        do_back_off(c);
        break;
    }
}

/* Callbacks report, this decides. Events may follow from acts; the queue is looked at once, at the end. */
static void happen(struct connection *c, enum link_event event)
{
    struct link_step step = link_step(c->state, event);
    bool outermost = !c->acting;

    if (step.act == DO_NOTHING) {
        c->ignored[event]++;
        return;
    }
    c->state = step.next;
    c->acting = true;
    act(c, step.act, event == EV_NEXT);
    if (outermost) {
        c->acting = false;
        serve(c); /* who asked in a callback */
    }
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
        happen(c, EV_WANTED);
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
    if (!user->connection->acting)
        serve(user->connection);
}

static void free_if_done(struct connection *c)
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
    free_if_done(c);
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
