/* drivers/mqtt/pointer.h - JSON Pointer (RFC 6901): where in a document a value stands.
 *
 *     ""  the document     "/a/0/b"  member a, its first item, member b     "~1" is '/', "~0" is '~'
 *
 * Pure; bounded by the pointer's length. */
#ifndef DRIVERS_MQTT_POINTER_H
#define DRIVERS_MQTT_POINTER_H

#include "model/base.h"

#include <jansson.h>

enum { POINTER_TOKEN_BYTES = 256 };

/* True when the text is a pointer: empty or begun by '/', no '~' but "~0" and "~1", tokens of at most 255 bytes. */
bool pointer_valid(const char *pointer);

/* The value there, lent from the document; NULL when there is none. "-", the place after an array's last item, and
 * indices with leading zeros are no values. */
const json_t *pointer_find(const json_t *document, const char *pointer);

#endif
