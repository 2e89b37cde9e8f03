/* tests/platform/fake_broker.h - a broker that says what no real one would. */
#ifndef TESTS_PLATFORM_FAKE_BROKER_H
#define TESTS_PLATFORM_FAKE_BROKER_H

#include "model/base.h"

#include <uv.h>

enum { FAKE_FILTERS_MAX = 16 };

/* After CONNECT and SUBSCRIBE it answers as a broker does, unless silent; then it sends `bytes`. Filters that end in
 * '!' are refused. */
struct fake_broker {
    uv_tcp_t listener, peer;
    bool silent;
    const uint8_t *bytes;
    size_t length;
    char url[32];
    unsigned connections;
    uint8_t suback[FAKE_FILTERS_MAX][4 + FAKE_FILTERS_MAX]; /* in use until they are written */
    size_t subacks;
    char room[4096];
};

MUST_USE bool fake_broker_open(struct fake_broker *broker, uv_loop_t *loop, bool silent,
                               const uint8_t *bytes, size_t length);
void fake_broker_close(struct fake_broker *broker);

#endif
