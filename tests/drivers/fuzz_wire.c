/* Whatever comes in from a broker under the agents' topics. The first byte picks the reader, the rest is the
 * message. What is taken is in range, and reads the same once it has been written again. */
#include "drivers/agent/wire.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void command(const uint8_t *bytes, size_t length)
{
    struct wire_command c, again;
    char text[WIRE_PAYLOAD_BYTES];
    size_t written;

    if (!wire_command_decode(bytes, length, "fuzz", &c, NULL))
        return;
    assert(c.cap_w >= 0 && c.cap_w <= LIMIT_MAX_W && c.lease_ms >= 1 && c.lease_ms <= 86400000);
    written = wire_command_encode(&c, text, sizeof text);
    assert(written > 0 && wire_command_decode(text, written, "fuzz", &again, NULL));
    assert(command_id_compare(c.id, again.id) == 0 && c.cap_w == again.cap_w &&
           c.raise == again.raise);
    assert(c.lease_ms == again.lease_ms && c.incarnation == again.incarnation);
}

static void report(const uint8_t *bytes, size_t length)
{
    struct wire_report r, again;
    char text[WIRE_PAYLOAD_BYTES];
    size_t written;

    if (!wire_report_decode(bytes, length, "fuzz", &r, NULL))
        return;
    assert(r.incarnation != 0 && r.cap_min_w <= r.cap_max_w && r.cap_max_w <= LIMIT_MAX_W);
    assert(isfinite(r.power_w) && r.power_w >= 0 && isfinite(r.capped_power_w));
    written = wire_report_encode(&r, text, sizeof text);
    assert(written > 0 && wire_report_decode(text, written, "fuzz", &again, NULL));
    assert(command_id_compare(r.applied, again.applied) == 0 &&
           r.cap_in_force == again.cap_in_force);
    assert(r.enforced_cap_w == again.enforced_cap_w && r.power_known == again.power_known);
}

static void presence(const uint8_t *bytes, size_t length)
{
    struct wire_presence p, again;
    char text[WIRE_PAYLOAD_BYTES];
    size_t written;

    if (!wire_presence_decode(bytes, length, "fuzz", &p, NULL))
        return;
    written = wire_presence_encode(&p, text, sizeof text);
    assert(written > 0 && wire_presence_decode(text, written, "fuzz", &again, NULL));
    assert(p.epoch == again.epoch && p.online == again.online);
}

static void topic(const uint8_t *bytes, size_t length)
{
    char text[WIRE_TOPIC_BYTES], made[WIRE_TOPIC_BYTES], node[64];

    if (length >= sizeof text)
        length = sizeof text - 1;
    memcpy(text, bytes, length);
    text[length] = '\0';
    if (!wire_topic_node(text, "demo", node, sizeof node) || strpbrk(node, "+#") != NULL)
        return;
    assert(wire_cap_topic(made, sizeof made, "demo", node) > 0);
    if (strcmp(made, text) == 0)
        return;
    assert(wire_report_topic(made, sizeof made, "demo", node) > 0);
    assert(strcmp(made, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const uint8_t *, size_t) = {command, report, presence, topic};

    if (size > 0)
        readers[data[0] % COUNT(readers)](data + 1, size - 1);
    return 0;
}
