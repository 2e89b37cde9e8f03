/* hil/face_modbus.h - a Modbus TCP gateway on the loop: many unit ids behind one port, each a register map.
 *
 * Function codes 3 and 4; exceptions 1, 2, 3, and 0x0B for a unit that nobody has. What clients send is hostile:
 * frames are checked, a connection that breaks the protocol or does not read its answers is closed, connections
 * are bounded. Loopback only. */
#ifndef HIL_FACE_MODBUS_H
#define HIL_FACE_MODBUS_H

#include "hil/register_map.h"
#include "model/error.h"

#include <uv.h>

struct face_modbus;

struct face_modbus_counters {
    uint64_t connections, refused, requests, exceptions, malformed, ignored;
};

/* Listens on 127.0.0.1; port 0 takes a free one. */
MUST_USE bool face_modbus_open(struct face_modbus **out, uv_loop_t *loop, uint16_t port,
                               struct error *err);
uint16_t face_modbus_port(const struct face_modbus *face);

/* The map outlives the face. */
void face_modbus_unit(struct face_modbus *face, uint8_t unit, const struct register_map *map);

/* A silent unit takes requests and answers none of them: a device that hangs. */
void face_modbus_silence(struct face_modbus *face, uint8_t unit, bool silent);

const struct face_modbus_counters *face_modbus_counters(const struct face_modbus *face);

/* Closes everything; memory goes once the loop has turned. NULL is fine. */
void face_modbus_close(struct face_modbus *face);

/* One request, as bytes behind the MBAP header (unit id, then PDU), to its answer in the same form; returns the
 * answer's length, 0 for none. Room in out: MODBUS_ANSWER_MAX. Here for tests. */
enum { MODBUS_ANSWER_MAX = 254 };
size_t face_modbus_answer(struct face_modbus *face, const uint8_t *request, size_t length,
                          uint8_t out[MODBUS_ANSWER_MAX]);

#endif
