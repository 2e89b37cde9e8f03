/* drivers/modbus/connection.h - one TCP connection to a host, shared by all devices behind it.
 *
 * Gateways serve few connections and one request at a time, so there is one connection for each host:port and
 * strictly one request out. Devices queue: each stands in the queue at most once, so it is as long as there are
 * devices. When a device's turn comes it is asked what to read; then it gets one answer, or one `lost`.
 *
 * Nothing here blocks, waits longer than it says, or believes a length. Loop thread only; devices of one loop
 * share connections. A user must not leave from inside one of its callbacks. */
#ifndef DRIVERS_MODBUS_CONNECTION_H
#define DRIVERS_MODBUS_CONNECTION_H

#include "drivers/driver.h"
#include "drivers/modbus/address.h"
#include "drivers/modbus/reply.h"

struct connection;

/* What a device wants to read; transaction ids are the connection's business. */
struct read_request {
    uint8_t unit, function;
    uint16_t address, count;
    int64_t timeout_ns;
};

struct read_answer {
    enum { ANSWER_REGISTERS, ANSWER_EXCEPTION, ANSWER_TIMEOUT } what;
    struct cursor registers; /* 2 x count bytes, valid in the callback */
    uint8_t exception;
    int64_t sent_ns; /* when the request left: no value in the answer is older */
};

struct connection_user;

struct connection_callbacks {
    /* It can be asked again. */
    void (*up)(struct connection_user *user);
    /* The user's turn: false when there is nothing to read after all. */
    bool (*next)(struct connection_user *user, struct read_request *request);
    void (*answer)(struct connection_user *user, const struct read_answer *answer);
    /* The connection failed, or could not be made; what was asked is forgotten. It comes back by itself. */
    void (*lost)(struct connection_user *user, const struct error *err);
};

/* Lies in the device; the connection keeps the rest of it. */
struct connection_user {
    const struct connection_callbacks *callbacks;
    struct driver_counters
        *counters; /* requests, timeouts, malformed and reconnects are counted for it */
    struct connection *connection;
    struct connection_user *next_user, *next_queued;
    bool queued;
};

/* Joins the connection to this address, or makes it; connects to nothing yet. */
MUST_USE bool connection_join(struct connection_user *user, const struct driver_host *host,
                              const struct address *address, int64_t connect_timeout_ns,
                              struct error *err);

/* Connects, unless that has begun; an open connection tells the user so at once. */
void connection_start(struct connection_user *user);

/* Queues the user. Ignored while it is queued already, or while the connection is not up. */
void connection_ask(struct connection_user *user);
bool connection_up(const struct connection_user *user);

/* The last user's leave closes it. Fine on a user that never joined. */
void connection_leave(struct connection_user *user);

#endif
