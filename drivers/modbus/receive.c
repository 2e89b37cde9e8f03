/* libmodbus takes an answer off the socket once all of it is there (we peek), so that its waits find everything
 * at hand. SO_RCVLOWAT keeps a peek at half a frame from waking the loop again and again until the rest is there. */
#include "drivers/modbus/connection_inside.h"
#include "drivers/modbus/socket.h"

#include <errno.h>
#include <string.h>

enum {
    FRAMES_PER_TURN = 8, /* then the others on the loop have their turn */
    FOREIGN_MOST = 16    /* answers to nobody's question before the peer counts as mad */
};

bool connection_lost(struct connection *c, enum error_kind what, const char *expected,
                     const char *got)
{
    (void)failure(&c->why, what, c->where, expected, "%s", got);
    connection_happen(c, EV_LOST);
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
    count_malformed(c);
    return connection_lost(c, ERR_PROTOCOL, err->expected, err->got);
}

/* Nobody's answer: late, doubled or made up. Dropped; too many and the peer goes with them. */
static bool foreign(struct connection *c)
{
    count_malformed(c);
    if (++c->foreign <= FOREIGN_MOST)
        return true;
    return connection_lost(c, ERR_PROTOCOL, "answers to what was asked", "many to nothing");
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
    c->answer = answer;
    connection_happen(c, EV_ANSWERED);
    return c->watch != NULL; /* the next request may have failed already */
}

void connection_wake_at(struct connection *c, size_t bytes)
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
        return connection_lost(c, ERR_IO, "an open connection", "closed by the device");
    if (n < 0 && !hung_up && (errno == EAGAIN || errno == EINTR)) {
        connection_wake_at(c, FRAME_LEAST);
        return false;
    }
    if (n < 0)
        return connection_lost(c, ERR_IO, "an open connection", strerror(errno));
    switch (frame_look(seen, (size_t)n, &length, &err)) {
    case FRAME_BROKEN:
        return broken(c, &err);
    case FRAME_SHORT:
        if (hung_up) {
            count_malformed(c);
            return connection_lost(c, ERR_TRUNCATED, "a whole answer",
                                   "closed in the middle of one");
        }
        connection_wake_at(c, length);
        return false;
    case FRAME_WHOLE:
        break;
    }
    connection_wake_at(c, 1); /* it takes a frame in parts and waits for each */
    if (modbus_receive_confirmation(c->library, frame) != (int)length ||
        memcmp(frame, seen, length) != 0)
        return connection_lost(c, ERR_PROTOCOL, "the frame that was seen", modbus_strerror(errno));
    return take_frame(c, frame, length);
}

void connection_receive(struct connection *c, bool hung_up)
{
    for (int i = 0; i < FRAMES_PER_TURN; i++)
        if (!receive_frame(c, hung_up))
            return;
}
