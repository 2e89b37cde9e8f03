/* A frame: transaction id, protocol id 0, length of what follows, then unit id and PDU; all big-endian. */
#include "hil/face_modbus.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNITS = 256,
    CONNECTIONS_MAX = 64,
    HEADER = 6, /* up to and including the length */
    BODY_MIN = 2,
    BODY_MAX = 254,
    INBOX = 4 * (HEADER + BODY_MAX),
    UNSENT_MAX = 64 * 1024
};

struct connection {
    uv_tcp_t tcp;
    struct face_modbus *face;
    struct connection *next;
    uint8_t inbox[INBOX];
    size_t filled;
};

struct answer {
    uv_write_t write;
    uint8_t bytes[HEADER + MODBUS_ANSWER_MAX];
};

struct face_modbus {
    uv_tcp_t listener;
    uint16_t port;
    const struct register_map *map[UNITS];
    bool silent[UNITS];
    struct connection *connections;
    size_t open_connections; /* those whose handles have not closed yet included */
    bool closing, listener_closed;
    struct face_modbus_counters counters;
};

static uint16_t take_u16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static void put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* ---------------------------------------------------------------- one request */

static size_t refuse(struct face_modbus *face, const uint8_t *request, uint8_t *out,
                     enum modbus_exception why)
{
    face->counters.exceptions++;
    out[0] = request[0];
    out[1] = request[1] | 0x80;
    out[2] = (uint8_t)why;
    return 3;
}

size_t face_modbus_answer(struct face_modbus *face, const uint8_t *request, size_t length,
                          uint8_t out[MODBUS_ANSWER_MAX])
{
    enum { READ_REQUEST = 6 };
    const struct register_map *map = face->map[request[0]];
    enum modbus_exception why = MODBUS_OK;
    uint16_t count = 0;

    face->counters.requests++;
    if (map == NULL)
        return refuse(face, request, out, MODBUS_NO_TARGET);
    if (face->silent[request[0]]) {
        face->counters.ignored++;
        return 0;
    }
    if (request[1] != 3 && request[1] != 4)
        return refuse(face, request, out, MODBUS_ILLEGAL_FUNCTION);
    if (length != READ_REQUEST)
        return refuse(face, request, out, MODBUS_ILLEGAL_VALUE);
    count = take_u16(request + 4);
    why = register_map_read(map, request[1], take_u16(request + 2), count, out + 3);
    if (why != MODBUS_OK)
        return refuse(face, request, out, why);
    out[0] = request[0];
    out[1] = request[1];
    out[2] = (uint8_t)(2 * count);
    return 3 + 2 * (size_t)count;
}

/* ---------------------------------------------------------------- connections */

static void free_when_done(struct face_modbus *face)
{
    if (face->closing && face->listener_closed && face->open_connections == 0)
        free(face);
}

static void on_connection_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    struct face_modbus *face = c->face;

    for (struct connection **at = &face->connections; *at != NULL; at = &(*at)->next) {
        if (*at == c) {
            *at = c->next;
            break;
        }
    }
    face->open_connections--;
    free(c);
    free_when_done(face);
}

static void hang_up(struct connection *c)
{
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
}

static void on_written(uv_write_t *write, int status)
{
    struct connection *c = write->handle->data;

    free(write->data);
    if (status != 0)
        hang_up(c);
}

static void send_answer(struct connection *c, const uint8_t *header, const uint8_t *body,
                        size_t length)
{
    struct answer *answer = NULL;
    uv_buf_t buffer;

    if (uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp) > UNSENT_MAX) {
        hang_up(c); /* it asks and does not read */
        return;
    }
    answer = malloc(sizeof *answer);
    if (answer == NULL) {
        hang_up(c);
        return;
    }
    memcpy(answer->bytes, header, HEADER);
    put_u16(answer->bytes + 4, length);
    memcpy(answer->bytes + HEADER, body, length);
    answer->write.data = answer;
    buffer = uv_buf_init((char *)answer->bytes, (unsigned)(HEADER + length));
    if (uv_write(&answer->write, (uv_stream_t *)&c->tcp, &buffer, 1, on_written) != 0) {
        free(answer);
        hang_up(c);
    }
}

/* Answers every whole frame in the inbox; false when what is there is no Modbus. */
static bool take_frames(struct connection *c)
{
    size_t at = 0;

    while (c->filled - at >= HEADER && !uv_is_closing((uv_handle_t *)&c->tcp)) {
        const uint8_t *header = c->inbox + at;
        size_t length = take_u16(header + 4);
        uint8_t out[MODBUS_ANSWER_MAX];
        size_t answered = 0;

        if (take_u16(header + 2) != 0 || length < BODY_MIN || length > BODY_MAX)
            return false;
        if (c->filled - at < HEADER + length)
            break;
        answered = face_modbus_answer(c->face, header + HEADER, length, out);
        if (answered > 0)
            send_answer(c, header, out, answered);
        at += HEADER + length;
    }
    memmove(c->inbox, c->inbox + at, c->filled - at);
    c->filled -= at;
    return true;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct connection *c = handle->data;

    (void)suggested;
    *buffer = uv_buf_init((char *)c->inbox + c->filled, (unsigned)(INBOX - c->filled));
}

static void on_bytes(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct connection *c = stream->data;

    (void)buffer;
    if (got == 0)
        return; /* not yet */
    if (got < 0) {
        hang_up(c);
        return;
    }
    c->filled += (size_t)got;
    if (!take_frames(c)) {
        c->face->counters.malformed++;
        hang_up(c);
    }
}

static void on_connect(uv_stream_t *listener, int status)
{
    struct face_modbus *face = listener->data;
    struct connection *c = NULL;

    if (status != 0 || face->closing)
        return;
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return;
    c->face = face;
    uv_tcp_init(listener->loop, &c->tcp);
    c->tcp.data = c;
    c->next = face->connections;
    face->connections = c;
    face->open_connections++;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 ||
        face->open_connections > CONNECTIONS_MAX) {
        face->counters.refused++;
        hang_up(c);
        return;
    }
    face->counters.connections++;
    uv_tcp_nodelay(&c->tcp, 1);
    if (uv_read_start((uv_stream_t *)&c->tcp, on_room, on_bytes) != 0)
        hang_up(c);
}

/* ---------------------------------------------------------------- the face */

static void on_listener_closed(uv_handle_t *handle)
{
    struct face_modbus *face = handle->data;

    face->listener_closed = true;
    free_when_done(face);
}

void face_modbus_close(struct face_modbus *face)
{
    if (face == NULL)
        return;
    face->closing = true;
    for (struct connection *c = face->connections; c != NULL; c = c->next)
        hang_up(c);
    uv_close((uv_handle_t *)&face->listener, on_listener_closed);
}

bool face_modbus_open(struct face_modbus **out, uv_loop_t *loop, uint16_t port, struct error *err)
{
    struct face_modbus *face = calloc(1, sizeof *face);
    struct sockaddr_in address;
    int length = sizeof address;
    int status = 0;

    *out = NULL;
    if (face == NULL)
        return failure(err, ERR_FULL, "modbus face", "memory", "none left");
    uv_ip4_addr("127.0.0.1", port, &address);
    uv_tcp_init(loop, &face->listener);
    face->listener.data = face;
    status = uv_tcp_bind(&face->listener, (const struct sockaddr *)&address, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)&face->listener, CONNECTIONS_MAX, on_connect);
    if (status == 0)
        status = uv_tcp_getsockname(&face->listener, (struct sockaddr *)&address, &length);
    if (status != 0) {
        face_modbus_close(face);
        return failure(err, ERR_IO, "modbus face", "a port on 127.0.0.1", "port %u: %s", port,
                       uv_strerror(status));
    }
    face->port = ntohs(address.sin_port);
    *out = face;
    return true;
}

uint16_t face_modbus_port(const struct face_modbus *face) { return face->port; }

void face_modbus_unit(struct face_modbus *face, uint8_t unit, const struct register_map *map)
{
    face->map[unit] = map;
}

void face_modbus_silence(struct face_modbus *face, uint8_t unit, bool silent)
{
    face->silent[unit] = silent;
}

const struct face_modbus_counters *face_modbus_counters(const struct face_modbus *face)
{
    return &face->counters;
}
