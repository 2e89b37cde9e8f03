#include "drivers/agent/wire.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Beyond 2^53 other JSON libraries round integers. */
#define WIRE_INTEGER_MAX (INT64_C(1) << 53)
#define LEASE_MAX_MS INT64_C(86400000)

/* --- topics -------------------------------------------------------------------------------------------------- */

static const char topic_root[] = "capstan/v1/";

/* A level of a topic: a name that holds a '/' or a wildcard would be another topic. */
static bool is_level(const char *name) { return name[0] != '\0' && strpbrk(name, "/+#") == NULL; }

static size_t fitted(int length, char *out, size_t size)
{
    if (length > 0 && (size_t)length < size)
        return (size_t)length;
    if (size > 0)
        out[0] = '\0';
    return 0;
}

static size_t node_topic(char *out, size_t size, const char *site, const char *node,
                         const char *what)
{
    if (!is_level(site) || !is_level(node))
        return fitted(0, out, size);
    return fitted(snprintf(out, size, "%s%s/node/%s/%s", topic_root, site, node, what), out, size);
}

size_t wire_cap_topic(char *out, size_t size, const char *site, const char *node)
{
    return node_topic(out, size, site, node, "cap");
}

size_t wire_report_topic(char *out, size_t size, const char *site, const char *node)
{
    return node_topic(out, size, site, node, "report");
}

static size_t site_topic(char *out, size_t size, const char *site, const char *rest)
{
    if (!is_level(site))
        return fitted(0, out, size);
    return fitted(snprintf(out, size, "%s%s/%s", topic_root, site, rest), out, size);
}

size_t wire_presence_topic(char *out, size_t size, const char *site)
{
    return site_topic(out, size, site, "controller");
}

size_t wire_cap_filter(char *out, size_t size, const char *site)
{
    return site_topic(out, size, site, "node/+/cap");
}

size_t wire_report_filter(char *out, size_t size, const char *site)
{
    return site_topic(out, size, site, "node/+/report");
}

/* Steps over `text` at *at; false when something else stands there. */
static bool skip(const char **at, const char *text)
{
    size_t length = strlen(text);

    if (strncmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

bool wire_topic_node(const char *topic, const char *site, char *node, size_t size)
{
    const char *at = topic;
    const char *end;
    size_t length;

    if (!skip(&at, topic_root) || !skip(&at, site) || !skip(&at, "/node/"))
        return false;
    end = strchr(at, '/');
    if (end == NULL || end == at || (strcmp(end, "/cap") != 0 && strcmp(end, "/report") != 0))
        return false;
    length = (size_t)(end - at);
    if (length >= size)
        return false;
    memcpy(node, at, length);
    node[length] = '\0';
    return true;
}

/* --- out ------------------------------------------------------------------------------------------------------ */

static json_t *integer(int64_t value) { return json_integer((json_int_t)value); }

static json_t *real_or_null(bool known, double value)
{
    return known && isfinite(value) ? json_real(value) : json_null();
}

/* Writes the object, NUL-terminated, and gives it back; 0 if it doesn't fit. */
static size_t dump(json_t *object, char *out, size_t size)
{
    size_t length = 0;

    if (object != NULL && size > 0)
        length = json_dumpb(object, out, size - 1, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(object);
    if (size == 0 || length == 0 || length > size - 1)
        return fitted(0, out, size);
    out[length] = '\0';
    return length;
}

size_t wire_command_encode(const struct wire_command *command, char *out, size_t size)
{
    return dump(json_pack("{s:o, s:o, s:o, s:b, s:o, s:o}", "epoch",
                          integer((int64_t)command->id.epoch), "seq",
                          integer((int64_t)command->id.seq), "cap_w", integer(command->cap_w),
                          "raise", (int)command->raise, "lease_ms", integer(command->lease_ms),
                          "incarnation", integer((int64_t)command->incarnation)),
                out, size);
}

size_t wire_report_encode(const struct wire_report *report, char *out, size_t size)
{
    return dump(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "incarnation",
                          integer((int64_t)report->incarnation), "epoch",
                          integer((int64_t)report->applied.epoch), "seq",
                          integer((int64_t)report->applied.seq), "enforced_w",
                          report->cap_in_force ? integer(report->enforced_cap_w) : json_null(),
                          "power_w", real_or_null(report->power_known, report->power_w), "capped_w",
                          real_or_null(report->capped_power_known, report->capped_power_w), "min_w",
                          integer(report->cap_min_w), "max_w", integer(report->cap_max_w), "safe_w",
                          integer(report->safe_cap_w), "at_ms", integer(report->at_ms)),
                out, size);
}

size_t wire_presence_encode(const struct wire_presence *presence, char *out, size_t size)
{
    return dump(json_pack("{s:o, s:b}", "epoch", integer((int64_t)presence->epoch), "online",
                          (int)presence->online),
                out, size);
}

/* --- in ------------------------------------------------------------------------------------------------------- */

/* A message being read. The first mistake is kept; what is read after it gives 0. */
struct reader {
    json_t *root;
    const char *where;
    struct error *err;
    bool ok;
};

static void complain(struct reader *r, enum error_kind what, const char *member,
                     const char *expected, const char *got)
{
    char where[160];

    if (!r->ok)
        return;
    snprintf(where, sizeof where, "%.100s: %s", r->where, member);
    r->ok = failure(r->err, what, where, expected, "%.100s", got);
}

static bool reader_open(struct reader *r, const void *bytes, size_t length, const char *where,
                        struct error *err)
{
    json_error_t json;

    *r = (struct reader){.where = where, .err = err, .ok = true};
    if (length > WIRE_PAYLOAD_BYTES)
        return r->ok = failure(err, ERR_RANGE, where, "at most 512 bytes", "%zu", length);
    r->root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &json);
    if (r->root == NULL)
        return r->ok = failure(err, ERR_SYNTAX, where, "JSON", "%.100s", json.text);
    if (!json_is_object(r->root))
        complain(r, ERR_TYPE, "message", "an object", "something else");
    return r->ok;
}

/* Gives the tree back; the verdict on the whole. */
static bool reader_close(struct reader *r)
{
    json_decref(r->root);
    return r->ok;
}

static const json_t *member_of(struct reader *r, const char *name)
{
    const json_t *value = r->ok ? json_object_get(r->root, name) : NULL;

    if (value == NULL)
        complain(r, ERR_MISSING, name, "a value", "none");
    return value;
}

static int64_t integer_of(struct reader *r, const json_t *value, const char *name, int64_t min,
                          int64_t max)
{
    char expected[64];
    int64_t number;

    if (!r->ok)
        return 0;
    snprintf(expected, sizeof expected, "an integer from %lld to %lld", (long long)min,
             (long long)max);
    if (!json_is_integer(value)) {
        complain(r, ERR_TYPE, name, expected, "something else");
        return 0;
    }
    number = json_integer_value(value);
    if (number < min || number > max) {
        char got[32];

        snprintf(got, sizeof got, "%lld", (long long)number);
        complain(r, ERR_RANGE, name, expected, got);
        return 0;
    }
    return number;
}

static int64_t take_integer(struct reader *r, const char *name, int64_t min, int64_t max)
{
    return integer_of(r, member_of(r, name), name, min, max);
}

/* A power that may be null or absent: not known. */
static double take_power(struct reader *r, const char *name, bool *known)
{
    const json_t *value = r->ok ? json_object_get(r->root, name) : NULL;
    double power_w;

    *known = false;
    if (value == NULL || json_is_null(value))
        return 0;
    if (!json_is_number(value)) {
        complain(r, ERR_TYPE, name, "a number or null", "something else");
        return 0;
    }
    power_w = json_number_value(value);
    if (!isfinite(power_w) || power_w < 0 || power_w > (double)LIMIT_MAX_W) {
        complain(r, ERR_RANGE, name, "0 W .. 2 GW", "something else");
        return 0;
    }
    *known = true;
    return power_w;
}

static bool take_bool(struct reader *r, const char *name)
{
    const json_t *value = member_of(r, name);

    if (!json_is_boolean(value))
        complain(r, ERR_TYPE, name, "true or false", "something else");
    return json_is_true(value);
}

static struct command_id take_id(struct reader *r)
{
    struct command_id id;

    id.epoch = (uint64_t)take_integer(r, "epoch", 0, WIRE_INTEGER_MAX);
    id.seq = (uint64_t)take_integer(r, "seq", 0, WIRE_INTEGER_MAX);
    return id;
}

bool wire_command_decode(const void *bytes, size_t length, const char *where,
                         struct wire_command *command, struct error *err)
{
    struct reader r;
    struct wire_command read = {0};

    if (reader_open(&r, bytes, length, where, err)) {
        read.id = take_id(&r);
        read.cap_w = take_integer(&r, "cap_w", 0, LIMIT_MAX_W);
        read.raise = take_bool(&r, "raise");
        read.lease_ms = take_integer(&r, "lease_ms", 1, LEASE_MAX_MS);
        read.incarnation = (uint64_t)take_integer(&r, "incarnation", 0, WIRE_INTEGER_MAX);
    }
    if (!reader_close(&r))
        return false;
    *command = read;
    return true;
}

static void take_enforced(struct reader *r, struct wire_report *report)
{
    const json_t *value = member_of(r, "enforced_w");

    report->cap_in_force = value != NULL && !json_is_null(value);
    if (report->cap_in_force)
        report->enforced_cap_w = integer_of(r, value, "enforced_w", 0, LIMIT_MAX_W);
}

bool wire_report_decode(const void *bytes, size_t length, const char *where,
                        struct wire_report *report, struct error *err)
{
    struct reader r;
    struct wire_report read = {0};

    if (reader_open(&r, bytes, length, where, err)) {
        read.incarnation = (uint64_t)take_integer(&r, "incarnation", 1, WIRE_INTEGER_MAX);
        read.applied = take_id(&r);
        take_enforced(&r, &read);
        read.power_w = take_power(&r, "power_w", &read.power_known);
        read.capped_power_w = take_power(&r, "capped_w", &read.capped_power_known);
        read.cap_min_w = take_integer(&r, "min_w", 0, LIMIT_MAX_W);
        read.cap_max_w = take_integer(&r, "max_w", 0, LIMIT_MAX_W);
        read.safe_cap_w = take_integer(&r, "safe_w", 0, LIMIT_MAX_W);
        read.at_ms = take_integer(&r, "at_ms", 0, WIRE_INTEGER_MAX);
        if (read.cap_min_w > read.cap_max_w)
            complain(&r, ERR_CONFLICT, "min_w", "at most max_w", "more");
    }
    if (!reader_close(&r))
        return false;
    *report = read;
    return true;
}

bool wire_presence_decode(const void *bytes, size_t length, const char *where,
                          struct wire_presence *presence, struct error *err)
{
    struct reader r;
    struct wire_presence read = {0};

    if (reader_open(&r, bytes, length, where, err)) {
        read.epoch = (uint64_t)take_integer(&r, "epoch", 0, WIRE_INTEGER_MAX);
        read.online = take_bool(&r, "online");
    }
    if (!reader_close(&r))
        return false;
    *presence = read;
    return true;
}
