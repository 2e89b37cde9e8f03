/* Whatever is published on a topic of grid events. What is taken keeps the promises of
 * drivers/mqtt/events_payload.h. */
#include "drivers/mqtt/events_payload.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_ms = INT64_C(1795561511000);
    const int64_t now_s = now_ms / 1000;
    static struct events_payload read;

    if (!events_read(data, size, now_ms, "fuzz", &read, NULL))
        return 0;
    assert(read.list.heard && read.list.count <= EVENTS_MAX);
    assert(!read.has_stamp || read.stamp_ms <= now_ms + 300000);
    for (uint32_t i = 0; i < read.list.count; i++) {
        const struct grid_event *e = &read.list.event[i];

        assert(e->id[0] != '\0' && memchr(e->id, '\0', sizeof e->id) != NULL);
        assert(e->notified_utc_s <= now_s + 300);
        assert(e->end_utc_s > e->start_utc_s);
        assert(e->end_utc_s - e->start_utc_s <= INT64_C(31) * 86400 + 1);
        assert(e->start_utc_s <= now_s + INT64_C(367) * 86400);
        assert(e->target_w >= 0 && e->target_w <= LIMIT_MAX_W);
        for (uint32_t k = 0; k < i; k++)
            assert(strcmp(e->id, read.list.event[k].id) != 0);
    }
    return 0;
}
