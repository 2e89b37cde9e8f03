/* tests/agent/registers.h - the owner's side of a register file: nodes whose hardware clamps, rounds down and takes
 * its time. */
#ifndef TESTS_AGENT_REGISTERS_H
#define TESTS_AGENT_REGISTERS_H

#include "drivers/agent/registers_wire.h"
#include "model/base.h"

struct registers {
    struct registers_header *header;
    struct node_registers *node;
    size_t bytes, nodes;
};

/* Nodes n000, n001, ... with a range of 500 W to 3000 W in steps of 50 W, drawing 1000 W. */
MUST_USE bool registers_make(struct registers *r, const char *path, size_t nodes);

/* One step: takes notice of every cap, answers, beats. */
void registers_step(struct registers *r);
void registers_close(struct registers *r);

#endif
