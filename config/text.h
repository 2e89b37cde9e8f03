/* config/text.h - whether bytes are UTF-8, and bytes of any kind made fit for a message. */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include "model/base.h"

/* Bytes from the start that are UTF-8 without NUL; `size` when all are. */
size_t utf8_valid(const char *bytes, size_t size);

/* Bytes as one line that a terminal shows safely: control characters and broken UTF-8 become '?', and what
 * doesn't fit ends in "...". Returns out. */
const char *utf8_shown(const char *bytes, size_t size, char *out, size_t room);

/* printf into out, cut to fit. Returns out. */
const char *text_of(char *out, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
