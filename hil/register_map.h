/* hil/register_map.h - the registers of one simulated device, laid out as its profile says, read as Modbus reads.
 *
 * The real device's manners are part of it: what it refuses (a block that is too long, registers that it does
 * not have, a read that cuts a value in two) is refused here too. Encoding is not the library's, see
 * register_encode(). Pure: values come through a callback. */
#ifndef HIL_REGISTER_MAP_H
#define HIL_REGISTER_MAP_H

#include "model/arena.h"
#include "model/device.h"

enum { MODBUS_READ_MAX = 125 };

/* What Modbus answers when it does not answer; 0 is none of them. */
enum modbus_exception {
    MODBUS_OK,
    MODBUS_ILLEGAL_FUNCTION = 1,
    MODBUS_ILLEGAL_ADDRESS = 2,
    MODBUS_ILLEGAL_VALUE = 3,
    MODBUS_NO_TARGET = 0x0b /* a gateway's: nobody behind this unit id */
};

/* Where the values come from; false: the device does not have it. Import positive, as everywhere. */
struct register_source {
    bool (*value)(void *context, enum quantity quantity, double *value);
    void *context;
    double rated_w; /* of what it measures: SunSpec scale factors are chosen so that this fits */
};

struct register_map;

/* The profile outlives the map, which lives in the arena. */
struct register_map *register_map_build(const struct device_profile *profile,
                                        const struct register_source *source, struct arena *arena);

/* Reads count registers from address on into out (2 x count bytes). */
enum modbus_exception register_map_read(const struct register_map *map, uint8_t function_code,
                                        uint16_t address, uint16_t count, uint8_t *out);

#endif
