/* drivers/modbus/connection_inside.h - the inside of a connection, for the three files that it is made of.
 *
 *     connection.c   who uses it, whose turn it is, what follows what, and when
 *     receive.c      what comes in: frames, or something else
 *     resolve.c      names to addresses */
#ifndef DRIVERS_MODBUS_CONNECTION_INSIDE_H
#define DRIVERS_MODBUS_CONNECTION_INSIDE_H

#include "drivers/modbus/address.h"
#include "drivers/modbus/connection_user.h"
#include "drivers/modbus/link.h"
#include "drivers/modbus/reply.h"

#include <modbus/modbus.h>
#include <sys/socket.h>

enum { ADDRESSES_MOST = 4 };

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
    bool acting;      /* inside connection_happen(): who asks now is served at its end */
    bool follows;     /* the act has another event to follow */
    enum link_event following;

    struct sockaddr_storage peer[ADDRESSES_MOST];
    unsigned peers, peer_at;

    modbus_t *library;
    struct watch *watch; /* NULL without a socket */
    int socket;
    size_t low_water; /* bytes that wake us */

    struct request request;
    struct read_answer answer;       /* of the EV_ANSWERED that happens */
    struct connection_user *waiting; /* whose request is out; NULL when it has left meanwhile */
    int64_t sent_ns, timeout_ns;
    uint32_t foreign, silent;

    uint32_t failures; /* connections in a row without a single answer */
    bool was_up;
    uint64_t random;

    uv_timer_t timer;
    uv_getaddrinfo_t resolve;
    bool resolving, closing, timer_closed;
};

/* The loop's callbacks report here; this decides, by the table of link.h. */
void connection_happen(struct connection *c, enum link_event event);

/* Acts report here what came of them. */
void connection_follow(struct connection *c, enum link_event event);

/* For callbacks: the socket or the stream is beyond repair. Returns false. */
bool connection_lost(struct connection *c, enum error_kind what, const char *expected,
                     const char *got);

/* The state's time ends then. */
void connection_wait(struct connection *c, int64_t ns);

/* The socket is readable; hung_up: the peer will send no more. */
void connection_receive(struct connection *c, bool hung_up);
void connection_wake_at(struct connection *c, size_t bytes);

/* An act: ends in EV_RESOLVED, at once for numbers, or in EV_LOST. */
void connection_resolve(struct connection *c);

/* Once it is closed and nothing of it is left on the loop. */
void connection_free_if_done(struct connection *c);

#endif
