#include "drivers/modbus/reply.h"

enum { HEADER_BYTES = 7, EXCEPTION_BIT = 0x80, READ_HOLDING = 3, READ_INPUT = 4 };

static void put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

void request_write(const struct request *request, uint8_t out[REQUEST_BYTES])
{
    put_u16(out, request->transaction);
    put_u16(out + 2, 0);
    put_u16(out + 4, REQUEST_BYTES - 6);
    out[6] = request->unit;
    out[7] = request->function;
    put_u16(out + 8, request->address);
    put_u16(out + 10, request->count);
}

static enum frame broken(struct error *err, const char *expected, unsigned got)
{
    (void)failure(err, ERR_PROTOCOL, "answer", expected, "%u", got);
    return FRAME_BROKEN;
}

/* The length that the PDU claims must be the header's, or one of them lies. */
static enum frame look_at_pdu(struct cursor c, uint16_t body, struct error *err)
{
    uint8_t function = take_u8(&c);
    uint8_t bytes = take_u8(&c); /* or the exception's code */

    if (function == (READ_HOLDING | EXCEPTION_BIT) || function == (READ_INPUT | EXCEPTION_BIT))
        return body == 3 ? FRAME_WHOLE : broken(err, "an exception in a frame of length 3", body);
    if (function != READ_HOLDING && function != READ_INPUT)
        return broken(err, "function 3 or 4", function);
    if (bytes % 2 != 0 || bytes != body - 3)
        return broken(err, "whole registers that fill the frame", bytes);
    return FRAME_WHOLE;
}

enum frame frame_look(const uint8_t *bytes, size_t n, size_t *length, struct error *err)
{
    struct cursor c = cursor_over(bytes, n);
    uint16_t protocol, body;

    *length = FRAME_LEAST;
    if (n < HEADER_BYTES) /* too short even to say how long it is */
        return FRAME_SHORT;
    (void)take_u16(&c);
    protocol = take_u16(&c);
    body = take_u16(&c);
    (void)take_u8(&c); /* unit */
    if (protocol != 0)
        return broken(err, "protocol 0", protocol);
    if (body < FRAME_LEAST - 6 || body > FRAME_MOST - 6)
        return broken(err, "a length of 3 .. 254 bytes", body);
    *length = (size_t)body + 6;
    return n < *length ? FRAME_SHORT : look_at_pdu(c, body, err);
}

uint16_t frame_transaction(const uint8_t *frame) { return (uint16_t)(frame[0] << 8 | frame[1]); }

static enum reply wrong(struct error *err, const char *what, unsigned expected, unsigned got)
{
    (void)failure(err, ERR_PROTOCOL, "answer", what, "%u, not %u", got, expected);
    return REPLY_WRONG;
}

enum reply reply_read(const struct request *request, const uint8_t *frame, size_t length,
                      struct cursor *registers, uint8_t *exception, struct error *err)
{
    struct cursor c = cursor_over(frame, length);
    uint16_t transaction = take_u16(&c);
    uint16_t protocol = take_u16(&c);
    uint16_t body = take_u16(&c);
    uint8_t unit = take_u8(&c);
    uint8_t function = take_u8(&c);
    uint8_t bytes = take_u8(&c); /* or the exception's code */

    if (!c.ok || protocol != 0 || body + 6U != length)
        return wrong(err, "a whole frame of protocol 0", (unsigned)length, body + 6U);
    if (transaction != request->transaction)
        return wrong(err, "the request's transaction id", request->transaction, transaction);
    if (unit != request->unit)
        return wrong(err, "the request's unit id", request->unit, unit);
    if (function == (request->function | EXCEPTION_BIT) && c.left == 0) {
        *exception = bytes;
        return REPLY_EXCEPTION;
    }
    if (function != request->function)
        return wrong(err, "the request's function", request->function, function);
    if (bytes != 2 * request->count || bytes != c.left)
        return wrong(err, "the bytes that were asked for", 2U * request->count, bytes);
    *registers = c;
    return REPLY_REGISTERS;
}

enum refusal refusal_of(uint8_t exception)
{
    switch (exception) {
    case 1:
    case 2:
    case 3:
        return REFUSED_FOR_GOOD;
    case 5:
    case 6:
        return REFUSED_FOR_NOW;
    case 0x0a:
    case 0x0b:
        return REFUSED_SILENT;
    default:
        return REFUSED_FAULT;
    }
}

const char *exception_text(uint8_t exception)
{
    static const char *const texts[] = {
        [1] = "illegal function",
        [2] = "illegal data address",
        [3] = "illegal data value",
        [4] = "device failure",
        [5] = "acknowledged, working",
        [6] = "busy",
        [8] = "memory parity error",
        [10] = "gateway path unavailable",
        [11] = "no answer behind the gateway",
    };

    return exception < COUNT(texts) && texts[exception] != NULL ? texts[exception]
                                                                : "unknown exception";
}
