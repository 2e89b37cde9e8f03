#include "drivers/mqtt/events_payload.h"
#include "drivers/mqtt/feed_json.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

_Static_assert(EVENTS_MAX == 32 && EVENT_ID_BYTES == 64, "as the messages say");

/* Names of the source's making: they end up in logs and messages. */
static bool read_id(const json_t *event, const char *where, struct grid_event *out,
                    struct error *err)
{
    const char *id = json_string_value(json_object_get(event, "id"));
    size_t length = id == NULL ? 0 : strlen(id);

    if (length == 0 || length >= EVENT_ID_BYTES)
        return failure(err, id == NULL ? ERR_MISSING : ERR_RANGE, where,
                       "id: text of 1 .. 63 bytes", "%zu bytes", length);
    for (size_t i = 0; i < length; i++)
        if (iscntrl((unsigned char)id[i]))
            return failure(err, ERR_SYNTAX, where, "id: text without control characters", "byte %u",
                           (unsigned char)id[i]);
    memcpy(out->id, id, length + 1);
    return true;
}

static bool read_times(const json_t *event, int64_t wall_ms, const char *where,
                       struct grid_event *out, struct error *err)
{
    int64_t notified_ms = 0;
    int64_t start_ms = 0;
    int64_t end_ms = 0;

    if (!feed_time(event, "notified", wall_ms - FEED_OLDEST_MS, wall_ms + FEED_AHEAD_MS, where,
                   &notified_ms, err) ||
        !feed_time(event, "start", notified_ms - 31 * DAY_MS, notified_ms + 366 * DAY_MS, where,
                   &start_ms, err) ||
        !feed_time(event, "end", start_ms + 1, start_ms + 31 * DAY_MS, where, &end_ms, err))
        return false;
    out->notified_utc_s = notified_ms / 1000;
    out->start_utc_s = start_ms / 1000;
    out->end_utc_s = (end_ms + 999) / 1000; /* up: never over before it is */
    return true;
}

static bool read_target(const json_t *event, const char *where, struct grid_event *out,
                        struct error *err)
{
    const json_t *limit = json_object_get(event, "limit_w");
    const json_t *reduction = json_object_get(event, "reduction_w");
    double watts = 0;

    if ((limit == NULL) == (reduction == NULL))
        return failure(err, limit == NULL ? ERR_MISSING : ERR_CONFLICT, where,
                       "one of limit_w and reduction_w", limit == NULL ? "none" : "both");
    if (!feed_number(limit != NULL ? limit : reduction, limit != NULL ? "limit_w" : "reduction_w",
                     0, (double)LIMIT_MAX_W, where, &watts, err))
        return false;
    out->target = limit != NULL ? EVENT_LIMIT : EVENT_REDUCTION;
    out->target_w = (int64_t)(limit != NULL ? floor(watts) : ceil(watts));
    return true;
}

static bool read_event(const json_t *event, int64_t wall_ms, const char *where,
                       struct grid_event *out, struct error *err)
{
    const json_t *cancelled =
        json_object_get(event, "cancelled"); /* NULL too when it is no object */

    if (!json_is_object(event))
        return failure(err, ERR_TYPE, where, "each event: an object", "something else");
    if (cancelled != NULL && !json_is_boolean(cancelled))
        return failure(err, ERR_TYPE, where, "cancelled: true or false", "something else");
    out->cancelled = json_is_true(cancelled);
    return read_id(event, where, out, err) && read_times(event, wall_ms, where, out, err) &&
           read_target(event, where, out, err);
}

static bool told_before(const struct event_list *list, const char *id)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (strcmp(list->event[i].id, id) == 0)
            return true;
    return false;
}

static bool read_list(const json_t *events, int64_t wall_ms, const char *where,
                      struct event_list *out, struct error *err)
{
    size_t count = json_array_size(events); /* 0 unless it is an array */

    if (!json_is_array(events))
        return failure(err, events == NULL ? ERR_MISSING : ERR_TYPE, where, "events: an array",
                       events == NULL ? "none" : "something else");
    if (count > EVENTS_MAX)
        return failure(err, ERR_RANGE, where, "at most 32 events", "%zu", count);
    for (size_t i = 0; i < count; i++) {
        struct grid_event event = {0};

        if (!read_event(json_array_get(events, i), wall_ms, where, &event, err))
            return false;
        if (told_before(out, event.id))
            return failure(err, ERR_DUPLICATE, where, "an id for each event", "%s twice", event.id);
        out->event[out->count++] = event;
    }
    return true;
}

static bool read_stamp(const json_t *object, int64_t wall_ms, const char *where,
                       struct events_payload *out, struct error *err)
{
    out->has_stamp = json_object_get(object, "issued") != NULL;
    return !out->has_stamp || feed_time(object, "issued", wall_ms - FEED_OLDEST_MS,
                                        wall_ms + FEED_AHEAD_MS, where, &out->stamp_ms, err);
}

bool events_read(const void *bytes, size_t length, int64_t wall_ms, const char *where,
                 struct events_payload *out, struct error *err)
{
    json_t *object = feed_object(bytes, length, where, err);
    struct events_payload read = {.list.heard = true};
    bool ok = object != NULL && read_stamp(object, wall_ms, where, &read, err) &&
              read_list(json_object_get(object, "events"), wall_ms, where, &read.list, err);

    json_decref(object);
    if (ok)
        *out = read;
    return ok;
}
