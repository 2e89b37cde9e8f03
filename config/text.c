#include "config/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Length of the character at bytes[0]; 0 when it is none (RFC 3629: no surrogates, nothing overlong). */
static size_t character(const unsigned char *b, size_t left)
{
    size_t length = b[0] < 0x80   ? 1
                    : b[0] < 0xC2 ? 0
                    : b[0] < 0xE0 ? 2
                    : b[0] < 0xF0 ? 3
                    : b[0] < 0xF5 ? 4
                                  : 0;

    if (length == 0 || length > left || b[0] == 0)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((b[i] & 0xC0) != 0x80)
            return 0;
    }
    if ((b[0] == 0xE0 && b[1] < 0xA0) || (b[0] == 0xED && b[1] > 0x9F) ||
        (b[0] == 0xF0 && b[1] < 0x90) || (b[0] == 0xF4 && b[1] > 0x8F))
        return 0;
    return length;
}

size_t utf8_valid(const char *bytes, size_t size)
{
    size_t at = 0;

    while (at < size) {
        size_t length = character((const unsigned char *)bytes + at, size - at);

        if (length == 0)
            return at;
        at += length;
    }
    return size;
}

const char *utf8_shown(const char *bytes, size_t size, char *out, size_t room)
{
    static const char dots[] = "...";
    const unsigned char *b = (const unsigned char *)bytes;
    size_t used = 0;

    for (size_t at = 0; at < size;) {
        size_t length = character(b + at, size - at);
        /* C1 controls are two bytes, C2 80 .. C2 9F */
        bool control =
            length == 0 || b[at] < 0x20 || b[at] == 0x7F || (b[at] == 0xC2 && b[at + 1] < 0xA0);
        size_t take = length == 0 ? 1 : length;

        if (used + (control ? 1 : take) + sizeof dots > room) {
            if (room - used >= sizeof dots) {
                memcpy(out + used, dots, sizeof dots);
                return out;
            }
            break;
        }
        if (control)
            out[used++] = '?';
        else {
            memcpy(out + used, bytes + at, take);
            used += take;
        }
        at += take;
    }
    out[used] = '\0';
    return out;
}

const char *text_of(char *out, size_t size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(out, size, format, arguments);
    va_end(arguments);
    return out;
}
