/* drivers/modbus/connection_user.h - what a device is to its connection: what it asks, what it is told. */
#ifndef DRIVERS_MODBUS_CONNECTION_USER_H
#define DRIVERS_MODBUS_CONNECTION_USER_H

#include "drivers/driver.h"
#include "drivers/modbus/cursor.h"

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

#endif
