#include "simulation/network.h"

enum { STREAM_NETWORK = 21, MESSAGES_LEAST = 1024, MESSAGES_PER_NODE = 16 };

void network_init(struct network *network, uint32_t nodes, uint64_t seed, int64_t link_ms,
                  struct arena *arena)
{
    *network = (struct network){.room = MESSAGES_LEAST + nodes * MESSAGES_PER_NODE,
                                .random = random_stream(seed, STREAM_NETWORK, 0),
                                .link_ms = link_ms};
    network->message = arena_array(arena, network->room, struct message);
}

bool network_calm(const struct network *network)
{
    return !network->gone && network->loss_bp == 0 && network->double_bp == 0 &&
           network->late_ms == 0;
}

static void push(struct network *network, const struct message *message)
{
    struct message *heap = network->message;
    uint32_t at = network->count++;

    while (at > 0 && heap[(at - 1) / 2].due_ns > message->due_ns) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = *message;
}

static bool chance(struct network *network, int64_t share_bp)
{
    return share_bp > 0 &&
           (int64_t)(random_next(&network->random) % (uint64_t)SHARE_WHOLE_BP) < share_bp;
}

uint32_t network_send(struct network *network, struct message *message)
{
    uint32_t copies = chance(network, network->double_bp) ? 2 : 1;
    uint32_t sent = 0;
    int64_t most_ms = network->link_ms + network->late_ms + 1;

    if (network->gone || chance(network, network->loss_bp)) {
        network->lost++;
        return 0;
    }
    network->doubled += copies - 1;
    for (uint32_t i = 0; i < copies && network->count < network->room; i++, sent++) {
        message->due_ns = message->made_ns +
                          (int64_t)(random_next(&network->random) % (uint64_t)most_ms) * NS_PER_MS;
        push(network, message);
    }
    return sent;
}

bool network_take(struct network *network, int64_t now_ns, struct message *out)
{
    struct message *heap = network->message;
    struct message last;
    uint32_t at = 0;

    if (network->count == 0 || heap[0].due_ns > now_ns)
        return false;
    *out = heap[0];
    last = heap[--network->count];
    for (;;) { /* bounded: down one level a turn */
        uint32_t child = 2 * at + 1;

        if (child >= network->count)
            break;
        if (child + 1 < network->count && heap[child + 1].due_ns < heap[child].due_ns)
            child++;
        if (heap[child].due_ns >= last.due_ns)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return true;
}
