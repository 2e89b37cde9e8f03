/* drivers/modbus/cursor.h - hostile bytes are read through a cursor: no length is believed, none forgotten. */
#ifndef DRIVERS_MODBUS_CURSOR_H
#define DRIVERS_MODBUS_CURSOR_H

#include "model/base.h"

struct cursor {
    const uint8_t *at;
    size_t left;
    bool ok; /* once false stays false: read on, check once */
};

static inline struct cursor cursor_over(const uint8_t *bytes, size_t n)
{
    return (struct cursor){bytes, n, true};
}

/* Cuts n bytes off the front. With fewer left, both c and the result become empty and not ok. */
static inline struct cursor take(struct cursor *c, size_t n)
{
    struct cursor front = {c->at, n, c->ok};

    if (!c->ok || c->left < n) {
        *c = (struct cursor){c->at, 0, false};
        return *c;
    }
    c->at += n;
    c->left -= n;
    return front;
}

/* 0 when not ok. */
static inline uint8_t take_u8(struct cursor *c)
{
    struct cursor byte = take(c, 1);

    return byte.ok ? byte.at[0] : 0;
}

/* Big-endian; 0 when not ok. */
static inline uint16_t take_u16(struct cursor *c)
{
    struct cursor word = take(c, 2);

    if (!word.ok)
        return 0;
    return (uint16_t)(word.at[0] << 8 | word.at[1]);
}

#endif
