/* drivers/modbus/reply.h - a read request as bytes, and what came back: checked registers or a reason.
 *
 *     transaction u16 | protocol 0 u16 | length u16 | unit u8 | function u8 | ...        (MBAP header, PDU)
 *     request:   ... address u16 | count u16
 *     answer:    ... bytes u8 | registers            exception:   function + 0x80, code u8
 *
 * Modbus Messaging on TCP/IP V1.0b §3.1.3, Application Protocol V1.1b3 §6.3, §6.4, §7. Transaction ids are
 * ours: libmodbus 3.1.6 sends every raw request with id 0, so that a late or doubled answer could be taken for
 * the answer to the next request. Pure. */
#ifndef DRIVERS_MODBUS_REPLY_H
#define DRIVERS_MODBUS_REPLY_H

#include "drivers/modbus/cursor.h"
#include "model/error.h"

enum {
    REQUEST_BYTES = 12,
    FRAME_LEAST = 9,  /* an exception */
    FRAME_MOST = 260, /* what the standard allows on TCP */
    READ_MOST = 125   /* registers of one read */
};

struct request {
    uint16_t transaction;
    uint8_t unit, function; /* 3 holding registers, 4 input registers */
    uint16_t address, count;
};

void request_write(const struct request *request, uint8_t out[REQUEST_BYTES]);

enum frame { FRAME_SHORT, FRAME_WHOLE, FRAME_BROKEN };

/* Looks at the front of a byte stream. SHORT: *length bytes are needed before one can say more. WHOLE: the first
 * frame is *length bytes, answers a register read, and its lengths agree. BROKEN: the stream is beyond repair. */
enum frame frame_look(const uint8_t *bytes, size_t n, size_t *length, struct error *err);

/* Of a whole frame. */
uint16_t frame_transaction(const uint8_t *frame);

enum reply { REPLY_REGISTERS, REPLY_EXCEPTION, REPLY_WRONG };

/* A whole frame as the answer to `request`. REGISTERS: *registers are exactly 2 x count bytes, in the frame.
 * EXCEPTION: *exception is the device's code. WRONG: *err says what does not fit. */
enum reply reply_read(const struct request *request, const uint8_t *frame, size_t length,
                      struct cursor *registers, uint8_t *exception, struct error *err);

/* What an exception asks of us. */
enum refusal {
    REFUSED_FOR_GOOD, /* 1, 2, 3: it does not have this; asking again does not help */
    REFUSED_FOR_NOW,  /* 5, 6: busy, later */
    REFUSED_SILENT, /* 0x0A, 0x0B: a gateway says that the unit behind it is dead; the connection is fine */
    REFUSED_FAULT /* the rest */
};

enum refusal refusal_of(uint8_t exception);

/* What the device meant, for people: "illegal data address". */
const char *exception_text(uint8_t exception);

#endif
