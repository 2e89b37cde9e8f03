#include "drivers/mqtt/payload.h"
#include "drivers/mqtt/pointer.h"
#include "model/stamp.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 64 };

/* A whole decimal number, blanks around it allowed; strtod alone would take "0x1p3", "inf" and "12 apples". */
static bool number_from_text(const char *text, size_t length, double *number)
{
    char copy[NUMBER_BYTES];
    char *end = NULL;

    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL && text[length - 1] != '\0')
        length--;
    while (length > 0 && strchr(" \t\r\n", *text) != NULL && *text != '\0') {
        text++;
        length--;
    }
    if (length == 0 || length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strspn(copy, "0123456789+-.eE") != length)
        return false;
    *number = strtod(copy, &end);
    return *end == '\0' && isfinite(*number);
}

static bool number_from_json(const struct payload_rules *rules, const json_t *value, double *number)
{
    if (json_is_string(value))
        return rules->numbers_in_text &&
               number_from_text(json_string_value(value), json_string_length(value), number);
    if (!json_is_number(value))
        return false;
    *number = json_number_value(value);
    return isfinite(*number);
}

static bool read_stamp(const struct payload_rules *rules, const json_t *document, const char *where,
                       struct payload_value *out, struct error *err)
{
    const json_t *stamp;

    if (rules->stamp_pointer == NULL)
        return true;
    stamp = pointer_find(document, rules->stamp_pointer);
    out->has_stamp =
        rules->stamp_format == STAMP_RFC3339
            ? json_is_string(stamp) && stamp_rfc3339(json_string_value(stamp), &out->stamp_ms)
            : json_is_number(stamp) &&
                  stamp_unix(json_number_value(stamp), rules->stamp_format == STAMP_UNIX_MS,
                             &out->stamp_ms);
    if (!out->has_stamp)
        return failure(err, stamp == NULL ? ERR_MISSING : ERR_SYNTAX, where, "a time stamp", "%s",
                       stamp == NULL ? "none" : "something else");
    return true;
}

static bool read_document(const struct payload_rules *rules, const json_t *document,
                          const char *where, struct payload_value *out, struct error *err)
{
    const json_t *value = pointer_find(document, rules->pointer);

    if (value == NULL)
        return failure(err, ERR_MISSING, where, rules->pointer, "no such member");
    out->refused = json_is_null(value);
    if (!out->refused && !number_from_json(rules, value, &out->value))
        return failure(err, ERR_TYPE, where, "a number", "something else at %.100s",
                       rules->pointer);
    return read_stamp(rules, document, where, out, err);
}

static bool read_json(const struct payload_rules *rules, const void *bytes, size_t length,
                      const char *where, struct payload_value *out, struct error *err)
{
    json_error_t json;
    json_t *document = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &json);
    bool ok;

    if (document == NULL)
        return failure(err, ERR_SYNTAX, where, "JSON", "%.100s", json.text);
    ok = read_document(rules, document, where, out, err);
    json_decref(document);
    return ok;
}

bool payload_read(const struct payload_rules *rules, const void *bytes, size_t length,
                  const char *where, struct payload_value *out, struct error *err)
{
    struct payload_value read = {0};

    if (rules->format == PAYLOAD_NUMBER) {
        if (!number_from_text(bytes, length, &read.value))
            return failure(err, ERR_SYNTAX, where, "a number", "%.*s",
                           (int)(length < 60 ? length : 60), (const char *)bytes);
    } else if (!read_json(rules, bytes, length, where, &read, err)) {
        return false;
    }
    read.value = read.refused ? 0 : read.value * rules->scale + rules->offset;
    if (!isfinite(read.value))
        return failure(err, ERR_RANGE, where, "a value that can be scaled",
                       "more than a double holds");
    *out = read;
    return true;
}

int64_t payload_taken_ns(const struct payload_value *value, bool retained, int64_t received_ns,
                         int64_t wall_ms, int64_t stale_after_ns)
{
    const int64_t oldest_ms = INT64_C(1000) * 86400 * 365; /* older is not more telling */
    int64_t age_ms = value->has_stamp ? wall_ms - value->stamp_ms : 0;
    bool age_known = value->has_stamp && age_ms >= 0;

    if (retained && !age_known)
        return received_ns - stale_after_ns - 1;
    if (age_ms < 0)
        age_ms = 0;
    if (age_ms > oldest_ms)
        age_ms = oldest_ms;
    return received_ns - age_ms * NS_PER_MS;
}
