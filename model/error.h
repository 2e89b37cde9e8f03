/* model/error.h - an error is a value: what went wrong, where, what was expected, what was there.
 *
 * Functions that can fail return bool, take `struct error *err` last, write their results on success
 * only, and fill *err on failure only. Nothing is printed here. Thread-safe: no shared state. */
#ifndef MODEL_ERROR_H
#define MODEL_ERROR_H

#include "model/base.h"

/* One list makes the enum, the name (for logs and metrics) and the text (for people). */
#define ERROR_KINDS(X)                                         \
    X(ERR_SYNTAX, "syntax", "can't be read as written")        \
    X(ERR_UNKNOWN, "unknown", "no such name")                  \
    X(ERR_MISSING, "missing", "is missing")                    \
    X(ERR_DUPLICATE, "duplicate", "stands twice")              \
    X(ERR_TYPE, "type", "is of the wrong kind")                \
    X(ERR_UNIT, "unit", "has the wrong unit")                  \
    X(ERR_RANGE, "range", "is out of range")                   \
    X(ERR_CONFLICT, "conflict", "contradicts something else")  \
    X(ERR_TRUNCATED, "truncated", "ends too early")            \
    X(ERR_PROTOCOL, "protocol", "breaks the protocol")         \
    X(ERR_IO, "io", "could not be read or written")            \
    X(ERR_TIMEOUT, "timeout", "did not answer in time")        \
    X(ERR_REFUSED, "refused", "was refused by the other side") \
    X(ERR_FULL, "full", "has no room left")

enum error_kind {
#define ERROR_ENUM(kind, name, text) kind,
    ERROR_KINDS(ERROR_ENUM)
#undef ERROR_ENUM
        ERROR_KIND_COUNT
};

struct error {
    enum error_kind what;
    char where[192];    /* "site.cfg:41: feeders[0].rating", "modbus 10.0.0.7:502 unit 3" */
    char expected[192]; /* "1 W .. 2 GW, such as 750 kW" */
    char got[160];      /* "0 W" */
};

/* Fills *err (texts are cut to fit, never overrun) and returns false, so that a failure is one line.
 * err may be NULL when the caller does not want to know. */
bool failure(struct error *err, enum error_kind what, const char *where, const char *expected,
             const char *got_format, ...) PRINTF_LIKE(5, 6);

const char *error_name(enum error_kind what); /* "range": for metrics and JSON */
const char *error_text(enum error_kind what); /* "is out of range": for sentences */

/* "WHERE: GOT; expected EXPECTED" into out[size]; returns out. */
const char *error_line(const struct error *err, char *out, size_t size);

#endif
