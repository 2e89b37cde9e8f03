#include "drivers/mqtt/forecast_payload.h"
#include "drivers/mqtt/feed_json.h"

_Static_assert(FORECAST_STEPS_MAX == 768, "as the message says");

enum { STEP_LEAST_S = 60, STEP_MOST_S = 86400, REACH_DAYS = 62 };

static bool read_times(const json_t *object, int64_t wall_ms, const char *where,
                       struct forecast *out, struct error *err)
{
    int64_t issued_ms = 0;
    int64_t start_ms = 0;
    double step_s = 0;

    if (!feed_time(object, "issued", wall_ms - FEED_OLDEST_MS, wall_ms + FEED_AHEAD_MS, where,
                   &issued_ms, err) ||
        !feed_time(object, "start", issued_ms - 2 * DAY_MS, issued_ms + 7 * DAY_MS, where,
                   &start_ms, err) ||
        !feed_number(json_object_get(object, "step_s"), "step_s", STEP_LEAST_S, STEP_MOST_S, where,
                     &step_s, err))
        return false;
    out->issued_utc_s = issued_ms / 1000;
    out->start_utc_s = start_ms / 1000;
    out->step_s = (int64_t)step_s;
    if ((double)out->step_s != step_s)
        return failure(err, ERR_TYPE, where, "step_s: whole seconds", "%.10g", step_s);
    return true;
}

/* How many values there are, when that makes a forecast. */
static bool read_count(const struct forecast_rules *rules, const json_t *values, const char *where,
                       struct forecast *out, struct error *err)
{
    size_t count = json_array_size(values); /* 0 unless it is an array */
    int64_t span_s = 0;

    if (!json_is_array(values))
        return failure(err, values == NULL ? ERR_MISSING : ERR_TYPE, where, "values: an array",
                       values == NULL ? "none" : "something else");
    if (count == 0 || count > FORECAST_STEPS_MAX)
        return failure(err, ERR_RANGE, where, "values: 1 .. 768 of them", "%zu", count);
    span_s = (int64_t)count * out->step_s;
    if (span_s < rules->least_horizon_s)
        return failure(err, ERR_RANGE, where, "values that reach for the least horizon",
                       "%lld s of %lld s", (long long)span_s, (long long)rules->least_horizon_s);
    if (out->start_utc_s + span_s > out->issued_utc_s + REACH_DAYS * (DAY_MS / 1000))
        return failure(err, ERR_RANGE, where, "values for 62 days at most", "%lld s",
                       (long long)span_s);
    out->count = (uint32_t)count;
    return true;
}

static bool read_values(const struct forecast_rules *rules, const json_t *values, const char *where,
                        struct forecast *out, struct error *err)
{
    double min = quantity_min(rules->quantity);
    double max = quantity_max(rules->quantity);

    for (uint32_t i = 0; i < out->count; i++) {
        double number = 0;

        if (!feed_number(json_array_get(values, i), "each of values", -1e18, 1e18, where, &number,
                         err))
            return false;
        out->value[i] = number * rules->scale;
        if (!(out->value[i] >= min && out->value[i] <= max))
            return failure(err, ERR_RANGE, where, quantity_name(rules->quantity),
                           "%.10g %s at values/%u", out->value[i], quantity_unit(rules->quantity),
                           i);
    }
    return true;
}

bool forecast_read(const struct forecast_rules *rules, const void *bytes, size_t length,
                   int64_t wall_ms, const char *where, struct forecast *out, struct error *err)
{
    json_t *object = feed_object(bytes, length, where, err);
    const json_t *values = json_object_get(object, "values"); /* of NULL: NULL */
    struct forecast read = {.known = true};
    bool ok = object != NULL && read_times(object, wall_ms, where, &read, err) &&
              read_count(rules, values, where, &read, err) &&
              read_values(rules, values, where, &read, err);

    json_decref(object);
    if (ok)
        *out = read;
    return ok;
}
