#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/drivers/hostile_modbus.h"

enum { REQUEST_SIZE = 12, HEADER = 9, ROOM = 600, LATE_MS = 300, DRIP_MS = 20, STEP_MS = 10 };

struct client {
    struct hostile *server;
    int fd;
};

static enum hostile_mode mode_of(const struct client *c)
{
    return (enum hostile_mode)atomic_load(&c->server->mode);
}

const char *hostile_text(enum hostile_mode mode)
{
    static const char *const texts[] = {
#define HOSTILE_NAME(id, text) text,
        HOSTILE_MODES(HOSTILE_NAME)
#undef HOSTILE_NAME
    };

    return texts[mode];
}

static bool readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, ms) > 0;
}

static bool put(const struct client *c, const uint8_t *bytes, size_t n)
{
    return send(c->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Waits, but not past the server's end. */
static void linger(const struct client *c, int ms)
{
    for (; ms > 0 && !atomic_load(&c->server->stop); ms -= STEP_MS)
        poll(NULL, 0, STEP_MS);
}

/* An answer to the request with `count` registers of this value; returns its length. */
static size_t answer(const uint8_t *request, float value, size_t count, uint8_t *out)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    memcpy(out, request, 8);
    out[4] = (uint8_t)((2 * count + 3) >> 8);
    out[5] = (uint8_t)(2 * count + 3);
    out[8] = (uint8_t)(2 * count);
    for (size_t r = 0; r < count; r++) {
        uint16_t word = (uint16_t)(r % 2 == 0 ? bits >> 16 : bits);

        out[HEADER + 2 * r] = (uint8_t)(word >> 8);
        out[HEADER + 2 * r + 1] = (uint8_t)word;
    }
    return HEADER + 2 * count;
}

static bool drip(const struct client *c, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n && !atomic_load(&c->server->stop); i++) {
        if (!put(c, bytes + i, 1))
            return false;
        poll(NULL, 0, DRIP_MS);
    }
    return true;
}

static bool flood(const struct client *c, uint8_t *bytes, size_t n)
{
    for (int i = 0; i < 100000 && mode_of(c) == HOSTILE_FLOOD && !atomic_load(&c->server->stop);
         i++) {
        bytes[0] |= 0x80; /* far from what is asked */
        bytes[1]++;
        if (!put(c, bytes, n))
            return false;
    }
    return true;
}

/* The lies that are one frame. */
static bool lie(const struct client *c, const uint8_t *request, size_t count)
{
    uint8_t out[ROOM];
    size_t n = answer(request, (float)POISON_VALUE, count, out);

    switch (mode_of(c)) {
    case HOSTILE_OTHER_TRANSACTION:
        out[1] ^= 1;
        break;
    case HOSTILE_OTHER_UNIT:
        out[6] ^= 1;
        break;
    case HOSTILE_OTHER_FUNCTION:
        out[7] ^= 7; /* 4 becomes 3 */
        break;
    case HOSTILE_FEWER:
        n = answer(request, (float)POISON_VALUE, count - 1, out);
        break;
    case HOSTILE_MORE:
        n = answer(request, (float)POISON_VALUE, count + 1, out);
        break;
    case HOSTILE_LYING_BYTES:
        out[8] += 2;
        break;
    case HOSTILE_ODD_BYTES:
        out[5]++;
        out[8]++;
        n++;
        break;
    case HOSTILE_LENGTH_0:
        out[4] = out[5] = 0;
        break;
    case HOSTILE_LENGTH_HUGE:
        out[4] = out[5] = 0xff;
        break;
    case HOSTILE_OTHER_PROTOCOL:
        out[3] = 1;
        break;
    default:
        break;
    }
    return put(c, out, n);
}

static bool refuse(const struct client *c, const uint8_t *request)
{
    uint8_t out[HEADER];

    memcpy(out, request, 8);
    out[5] = 3;
    out[7] |= 0x80;
    out[8] = (uint8_t)atomic_load(&c->server->exception);
    return put(c, out, sizeof out);
}

/* True as long as the connection shall last. */
static bool respond(const struct client *c, const uint8_t *request)
{
    size_t count = (size_t)(request[10] << 8 | request[11]);
    uint8_t good[ROOM], poison[ROOM];
    size_t n = answer(request, (float)HONEST_VALUE, count, good);

    (void)answer(request, (float)POISON_VALUE, count, poison);
    switch (mode_of(c)) {
    case HOSTILE_HONEST:
        return put(c, good, n);
    case HOSTILE_SILENT:
        return true;
    case HOSTILE_LATE:
        linger(c, LATE_MS);
        return put(c, poison, n);
    case HOSTILE_TWICE:
        return put(c, good, n) && put(c, poison, n);
    case HOSTILE_HALF_CLOSED:
        (void)put(c, poison, n - 2);
        return false;
    case HOSTILE_HALF_SILENT:
        return put(c, poison, n - 2);
    case HOSTILE_DRIP:
        return drip(c, poison, n);
    case HOSTILE_GARBAGE:
        return getrandom(poison, sizeof poison, 0) > 0 && put(c, poison, sizeof poison);
    case HOSTILE_FLOOD:
        return flood(c, poison, n);
    case HOSTILE_HANG_UP:
        return false;
    case HOSTILE_EXCEPTION:
        return refuse(c, request);
    default:
        return lie(c, request, count);
    }
}

static bool is_read(const uint8_t *r)
{
    return r[2] == 0 && r[3] == 0 && r[4] == 0 && r[5] == 6 && (r[7] == 3 || r[7] == 4) &&
           r[10] == 0 && r[11] > 0 && r[11] <= 125;
}

static void serve(const struct client *c)
{
    uint8_t request[REQUEST_SIZE];
    bool goes_on = true;

    while (goes_on && !atomic_load(&c->server->stop)) {
        if (!readable(c->fd, STEP_MS))
            continue;
        if (recv(c->fd, request, sizeof request, MSG_WAITALL) != sizeof request)
            return;
        atomic_fetch_add(&c->server->requests, 1);
        if (!is_read(request) || (mode_of(c) == HOSTILE_HONEST && readable(c->fd, 0)))
            atomic_fetch_add(&c->server->faults, 1);
        goes_on = respond(c, request);
    }
}

static void *run(void *argument)
{
    struct hostile *server = argument;

    while (!atomic_load(&server->stop)) {
        struct client c = {server, -1};

        if (!readable(server->listener, STEP_MS))
            continue;
        c.fd = accept(server->listener, NULL, NULL);
        if (c.fd < 0)
            continue;
        atomic_fetch_add(&server->connections, 1);
        serve(&c);
        close(c.fd);
    }
    return NULL;
}

void hostile_start(struct hostile *server, enum hostile_mode mode)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    memset(server, 0, sizeof *server);
    atomic_store(&server->mode, (int)mode);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
}

void hostile_stop(struct hostile *server)
{
    atomic_store(&server->stop, true);
    pthread_join(server->thread, NULL);
    close(server->listener);
}
