#include "drivers/modbus/address.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MODBUS = 502, PORT_DIGITS = 5 };

/* What follows the host: nothing, or a colon and a port. */
static bool port_parse(const char *rest, unsigned long *port)
{
    size_t digits = rest[0] == ':' ? strspn(rest + 1, "0123456789") : 0;

    *port = PORT_MODBUS;
    if (rest[0] == '\0')
        return true;
    if (digits == 0 || digits > PORT_DIGITS || rest[1 + digits] != '\0')
        return false;
    *port = strtoul(rest + 1, NULL, 10);
    return *port > 0 && *port <= UINT16_MAX;
}

static bool host_is_plain(const char *host, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)host[i]) && strchr(".-_:%", host[i]) == NULL)
            return false;
    return length > 0;
}

bool address_parse(const char *text, struct address *out, struct error *err)
{
    bool bracketed = text[0] == '[';
    const char *host = bracketed ? text + 1 : text;
    size_t length = strcspn(host, bracketed ? "]" : ":");
    bool closed = !bracketed || host[length] == ']';
    unsigned long port = 0;

    if (!closed || length >= sizeof out->host || !host_is_plain(host, length) ||
        !port_parse(host + length + bracketed, &port))
        return failure(err, ERR_SYNTAX, "address", "host or host:port, such as 10.0.0.7:502",
                       "\"%s\"", text);
    *out = (struct address){0};
    memcpy(out->host, host, length);
    snprintf(out->port, sizeof out->port, "%u", (unsigned)(uint16_t)port);
    return true;
}
