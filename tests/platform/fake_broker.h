/* tests/platform/fake_broker.h - a broker that says what no real one would. */
#ifndef TESTS_PLATFORM_FAKE_BROKER_H
#define TESTS_PLATFORM_FAKE_BROKER_H

#include "model/base.h"

#include <uv.h>

/* After CONNECT and SUBSCRIBE it answers as a broker does, unless silent; then it sends `bytes`. */
struct fake_broker {
    uv_tcp_t listener, peer;
    bool silent;
    const uint8_t *bytes;
    size_t length;
    char url[32];
    unsigned connections;
    char room[4096];
};

MUST_USE bool fake_broker_open(struct fake_broker *broker, uv_loop_t *loop, bool silent,
                               const uint8_t *bytes, size_t length);
void fake_broker_close(struct fake_broker *broker);

#endif
