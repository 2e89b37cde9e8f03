/* drivers/modbus/address.h - where a device listens, as people write it. Pure. */
#ifndef DRIVERS_MODBUS_ADDRESS_H
#define DRIVERS_MODBUS_ADDRESS_H

#include "model/error.h"

struct address {
    char host[256]; /* name or number, without the brackets of IPv6 */
    char port[6];
};

/* "10.0.0.7", "10.0.0.7:502", "meter.example:1502", "[fe80::1]:502"; the port is 502 unless told. */
MUST_USE bool address_parse(const char *text, struct address *out, struct error *err);

#endif
