/* simulation/network.h - messages on their way between controller and agents: late, lost, doubled, out of order.
 *
 * A bounded heap by time of arrival; what does not fit is lost, as in a network. Nothing is allocated after
 * network_init. */
#ifndef SIMULATION_NETWORK_H
#define SIMULATION_NETWORK_H

#include "drivers/agent/wire.h"
#include "model/arena.h"
#include "plant/random.h"

struct message {
    int64_t due_ns;
    int64_t made_ns;
    uint32_t node;
    bool to_agent;
    struct wire_command command; /* to_agent */
    struct node_report report;   /* else */
};

struct network {
    struct message *message; /* [room], a heap */
    uint32_t count, room;
    struct random random;
    int64_t link_ms; /* most of a good day */
    int64_t loss_bp, double_bp, late_ms;
    bool gone; /* nothing arrives that is sent now */
    uint64_t lost, doubled;
};

void network_init(struct network *network, uint32_t nodes, uint64_t seed, int64_t link_ms,
                  struct arena *arena);

/* True when what is sent now arrives, once, in order, within link_ms. */
bool network_calm(const struct network *network);

/* How many copies are on their way: 0, 1 or 2. */
uint32_t network_send(struct network *network, struct message *message);

/* The next message that has arrived by now_ns, earliest first. */
MUST_USE bool network_take(struct network *network, int64_t now_ns, struct message *out);

#endif
