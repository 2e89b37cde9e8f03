/* hil/face_registers.h - the hardware side of simulated nodes: the mapped file that agents write caps into.
 *
 * See drivers/agent/registers_wire.h. The file is made anew at open; who had the old one mapped keeps a file that
 * nobody reads. */
#ifndef HIL_FACE_REGISTERS_H
#define HIL_FACE_REGISTERS_H

#include "plant/plant.h"

#include "model/error.h"

struct face_registers;

MUST_USE bool face_registers_open(struct face_registers **out, const char *path,
                                  const struct site *site, struct error *err);

/* Caps from the file to the plant; what it enforces and draws back into the file. */
void face_registers_step(struct face_registers *face, struct plant *plant);

void face_registers_close(struct face_registers *face); /* the file stays; NULL is fine */

#endif
