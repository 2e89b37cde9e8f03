#include "tests/platform/fake_broker.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT = 0x10, SUBSCRIBE = 0x82 };

static void on_written(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

static void send_bytes(struct fake_broker *broker, const uint8_t *bytes, size_t length)
{
    uv_write_t *request = malloc(sizeof *request);
    uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)length); /* libuv only reads it */

    if (request != NULL)
        uv_write(request, (uv_stream_t *)&broker->peer, &buffer, 1, on_written);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct fake_broker *broker = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(broker->room, sizeof broker->room);
}

/* An answer for each filter of the packet: length, text, QoS. */
static void answer_subscribe(struct fake_broker *broker, const uint8_t *packet, size_t length)
{
    uint8_t *suback = broker->suback[broker->subacks++ % FAKE_FILTERS_MAX];
    size_t filters = 0;

    for (size_t at = 4; at + 2 < length && filters < FAKE_FILTERS_MAX; filters++) {
        at += 2 + (size_t)packet[at] * 256 + packet[at + 1] + 1;
        suback[4 + filters] = at <= length && packet[at - 2] == '!' ? 0x80 : 0;
    }
    suback[0] = 0x90;
    suback[1] = (uint8_t)(2 + filters);
    suback[2] = packet[2];
    suback[3] = packet[3];
    send_bytes(broker, suback, 4 + filters);
    if (broker->length > 0)
        send_bytes(broker, broker->bytes, broker->length);
}

/* This client's packets are small: each comes in one piece, and its length is one byte. */
static void on_bytes(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    static const uint8_t connack[] = {0x20, 2, 0, 0};
    struct fake_broker *broker = stream->data;
    const uint8_t *bytes = (const uint8_t *)buffer->base;

    if (broker->silent)
        return;
    for (ssize_t at = 0, size; at + 4 <= length;
         at += size) { /* bounded: each turn eats a packet */
        size = 2 + bytes[at + 1];
        if (at + size > length)
            return;
        if (bytes[at] == CONNECT)
            send_bytes(broker, connack, sizeof connack);
        else if (bytes[at] == SUBSCRIBE)
            answer_subscribe(broker, bytes + at, (size_t)size);
    }
}

static void on_closed(uv_handle_t *handle) { handle->data = NULL; }

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_broker *broker = listener->data;

    if (status != 0 || broker->connections++ > 0)
        return; /* one is enough */
    uv_tcp_init(listener->loop, &broker->peer);
    broker->peer.data = broker;
    if (uv_accept(listener, (uv_stream_t *)&broker->peer) == 0)
        uv_read_start((uv_stream_t *)&broker->peer, give_room, on_bytes);
}

bool fake_broker_open(struct fake_broker *broker, uv_loop_t *loop, bool silent,
                      const uint8_t *bytes, size_t length)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int size = sizeof address;

    *broker = (struct fake_broker){.silent = silent, .bytes = bytes, .length = length};
    uv_tcp_init(loop, &broker->listener);
    broker->listener.data = broker;
    if (uv_tcp_bind(&broker->listener, (const struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&broker->listener, 4, on_connection) != 0 ||
        uv_tcp_getsockname(&broker->listener, (struct sockaddr *)&address, &size) != 0)
        return false;
    snprintf(broker->url, sizeof broker->url, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
    return true;
}

void fake_broker_close(struct fake_broker *broker)
{
    uv_close((uv_handle_t *)&broker->listener, on_closed);
    if (broker->connections > 0)
        uv_close((uv_handle_t *)&broker->peer, on_closed);
}
