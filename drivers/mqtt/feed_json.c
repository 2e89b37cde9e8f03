#include "drivers/mqtt/feed_json.h"
#include "model/stamp.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

json_t *feed_object(const void *bytes, size_t length, const char *where, struct error *err)
{
    json_error_t json;
    json_t *object = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &json);

    if (object == NULL)
        failure(err, ERR_SYNTAX, where, "JSON", "%.100s", json.text);
    else if (!json_is_object(object))
        failure(err, ERR_TYPE, where, "an object", "an array");
    else
        return object;
    json_decref(object);
    return NULL;
}

bool feed_time(const json_t *object, const char *member, int64_t from_ms, int64_t to_ms,
               const char *where, int64_t *utc_ms, struct error *err)
{
    const json_t *value = json_object_get(object, member);
    const char *text = json_string_value(value); /* NULL unless it is a string */
    char expected[100];

    snprintf(expected, sizeof expected, "%s: a time such as 2026-11-24T23:05:11Z", member);
    if (value == NULL)
        return failure(err, ERR_MISSING, where, expected, "none");
    if (text == NULL || !stamp_rfc3339(text, utc_ms))
        return failure(err, ERR_SYNTAX, where, expected, "%.60s", text != NULL ? text : "no text");
    if (*utc_ms < from_ms || *utc_ms > to_ms) {
        snprintf(expected, sizeof expected, "%s: a believable time", member);
        return failure(err, ERR_RANGE, where, expected, "%.60s", text);
    }
    return true;
}

bool feed_number(const json_t *value, const char *what, double min, double max, const char *where,
                 double *number, struct error *err)
{
    char expected[100];

    snprintf(expected, sizeof expected, "%s: %.10g .. %.10g", what, min, max);
    if (!json_is_number(value))
        return failure(err, value == NULL ? ERR_MISSING : ERR_TYPE, where, expected, "%s",
                       value == NULL ? "none" : "no number");
    *number = json_number_value(value);
    if (!isfinite(*number) || *number < min || *number > max)
        return failure(err, ERR_RANGE, where, expected, "%.10g", *number);
    return true;
}
