/* drivers/modbus/sunspec.h - finding a SunSpec model in a device, one small read after the other.
 *
 *     40000, 0 or 50000: "SunS" | 1, length: body | id, length: body | ... | 0xFFFF
 *
 * What the chain says is the device's word: every step must lead forward, and the number of steps is bounded.
 * The first model with the wanted id is taken. Pure: the caller sends the reads and brings what came back. */
#ifndef DRIVERS_MODBUS_SUNSPEC_H
#define DRIVERS_MODBUS_SUNSPEC_H

#include "drivers/modbus/cursor.h"
#include "model/error.h"

enum { SUNSPEC_FUNCTION = 3, SUNSPEC_MODELS_MOST = 64 };

enum sunspec_stage { SUNSPEC_SIGNATURE, SUNSPEC_HEADER, SUNSPEC_FOUND, SUNSPEC_FAILED };

struct sunspec_walk {
    enum sunspec_stage stage;
    uint16_t wanted;
    uint8_t base;     /* which of the three places */
    uint8_t models;   /* headers seen */
    uint16_t address; /* of what is read next; FOUND: of the model's id */
    uint16_t length;  /* FOUND: registers behind id and length */
    struct error why; /* FAILED */
};

void sunspec_begin(struct sunspec_walk *walk, uint16_t wanted);

/* The read that the walk needs next (function 3); false when it is over. */
bool sunspec_next(const struct sunspec_walk *walk, uint16_t *address, uint16_t *count);

/* The registers of that read. */
void sunspec_registers(struct sunspec_walk *walk, struct cursor registers);

/* Or the device refused it: no map here, or the chain has no more. */
void sunspec_refused(struct sunspec_walk *walk, uint8_t exception);

#endif
