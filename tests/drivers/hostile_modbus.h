/* tests/drivers/hostile_modbus.h - a Modbus TCP server that misbehaves as told, on a thread of its own.
 *
 * Registers read as the float HONEST_VALUE, two by two. Whatever should not be believed carries POISON_VALUE. */
#ifndef TESTS_DRIVERS_HOSTILE_MODBUS_H
#define TESTS_DRIVERS_HOSTILE_MODBUS_H

#include "model/base.h"

#include <pthread.h>
#include <stdatomic.h>

#define HONEST_VALUE 1000.0
#define POISON_VALUE (-666.0)

/* clang-format off */
#define HOSTILE_MODES(X)                                                          \
    X(HONEST, "answers")                                                          \
    X(SILENT, "takes requests and says nothing")                                  \
    X(LATE, "answers 300 ms later, each to the request of then")                  \
    X(TWICE, "answers, and once more with another value")                         \
    X(OTHER_TRANSACTION, "answers another transaction")                           \
    X(OTHER_UNIT, "answers for another unit")                                     \
    X(OTHER_FUNCTION, "answers another function")                                 \
    X(FEWER, "sends fewer registers than asked")                                  \
    X(MORE, "sends more registers than asked")                                    \
    X(LYING_BYTES, "byte count and length disagree")                              \
    X(ODD_BYTES, "sends half a register")                                         \
    X(LENGTH_0, "length 0 in the header")                                         \
    X(LENGTH_HUGE, "length 65535 in the header")                                  \
    X(OTHER_PROTOCOL, "protocol 1 in the header")                                 \
    X(HALF_CLOSED, "sends half an answer and closes")                             \
    X(HALF_SILENT, "sends half an answer and no more")                            \
    X(DRIP, "sends a byte every 20 ms")                                           \
    X(GARBAGE, "sends random bytes")                                              \
    X(FLOOD, "sends answers that nobody asked for, without end")                  \
    X(HANG_UP, "closes when asked")                                               \
    X(EXCEPTION, "answers with an exception")
/* clang-format on */

enum hostile_mode {
#define HOSTILE_ENUM(id, text) HOSTILE_##id,
    HOSTILE_MODES(HOSTILE_ENUM)
#undef HOSTILE_ENUM
        HOSTILE_COUNT
};

const char *hostile_text(enum hostile_mode mode);

struct hostile {
    pthread_t thread;
    uint16_t port;
    int listener;
    atomic_int mode;
    atomic_int exception; /* of EXCEPTION */
    atomic_bool stop;
    atomic_uint connections, requests;
    atomic_uint
        faults; /* requests that are no register read, or came before the answer to the last */
};

/* Fails the test when it can't be started. */
void hostile_start(struct hostile *server, enum hostile_mode mode);
void hostile_stop(struct hostile *server);

#endif
