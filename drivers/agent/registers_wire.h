/* drivers/agent/registers_wire.h - the registers of simulated nodes, shared through a memory-mapped file.
 *
 * The model backend of capstan-agent writes a node's cap and reads its power here, as another backend would
 * through sysfs; whoever simulates the nodes (the plant) owns the file. Each field is one atomic 8-byte word, so
 * that no reader sees half a value; milliwatts, because atomics of doubles are not portable.
 *
 * File: one header, then `nodes` registers, then names are found by the node's index in the site file. */
#ifndef DRIVERS_AGENT_REGISTERS_WIRE_H
#define DRIVERS_AGENT_REGISTERS_WIRE_H

#include <stdatomic.h>
#include <stdint.h>

#define REGISTERS_MAGIC UINT64_C(0x31474552544e4c50) /* "PLNTREG1" */
enum { REGISTERS_NAME_BYTES = 64 };

struct node_registers {
    char name[REGISTERS_NAME_BYTES]; /* written once by the owner */
    /* Written by the agent, read by the plant. */
    _Atomic int64_t cap_w;   /* as the "hardware" was told; meaningful when cap_set is 1 */
    _Atomic int64_t cap_set; /* 0: no cap in force */
    /* Written by the plant, read by the agent. */
    _Atomic int64_t
        enforced_w; /* what the "hardware" enforces now (it clamps and rounds); when cap_set */
    _Atomic int64_t power_mw, capped_mw;
    _Atomic int64_t cap_min_w, cap_max_w, cap_step_w;
};

struct registers_header {
    uint64_t magic;
    uint64_t nodes;
    _Atomic int64_t owner_beat; /* rises while the plant lives */
};

#endif
