#include "config/range.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { PARTS_MAX = 16, DIGITS_MAX = 9 };

static const char form[] =
    "a name of letters, digits, _ - and ., with ranges such as rack[01-20] or pdu_[a1,a2]";

/* A pattern is a row of parts: fixed text, or the inside of brackets. */
struct part {
    const char *at;
    size_t length;
    bool brackets;
    uint32_t count; /* of names it stands for; 1 for fixed text */
    size_t longest; /* bytes of the longest of them */
};

struct pattern {
    struct part part[PARTS_MAX];
    unsigned parts;
};

/* One item between commas: `count` names from `first` on, or the text itself. */
struct item {
    const char *at;
    size_t length;
    bool numbers;
    uint32_t first, count;
    int width; /* with leading zeros; 0: none */
    size_t longest;
};

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool number(const char *at, size_t length, uint32_t *value)
{
    uint32_t n = 0;

    if (length == 0 || length > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)at[i]))
            return false;
        n = n * 10 + (uint32_t)(at[i] - '0');
    }
    *value = n;
    return true;
}

/* Cuts the item up to the next comma off *at. */
static bool take_item(const char **at, const char *end, struct item *item)
{
    const char *start = *at;
    const char *comma = memchr(start, ',', (size_t)(end - start));
    size_t length = (size_t)((comma != NULL ? comma : end) - start);
    const char *dash = memchr(start, '-', length);
    size_t left = dash != NULL ? (size_t)(dash - start) : 0;
    uint32_t last = 0;

    *item = (struct item){start, length, false, 0, 1, 0, length};
    *at = comma != NULL ? comma + 1 : end;
    if (length == 0 || (comma != NULL && comma + 1 == end))
        return false;
    if (dash == NULL)
        return true;
    if (!number(start, left, &item->first) || !number(dash + 1, length - left - 1, &last) ||
        last < item->first || last - item->first >= RANGE_NAMES_MAX)
        return false;
    item->numbers = true;
    item->count = last - item->first + 1;
    item->width = start[0] == '0' && left > 1 ? (int)left : 0;
    item->longest = left > length - left - 1 ? left : length - left - 1;
    return true;
}

static bool part_count(struct part *part, struct error *err)
{
    const char *at = part->at;
    const char *end = part->at + part->length;
    uint64_t count = 0;
    struct item item;

    while (at < end || part->length == 0) {
        if (!take_item(&at, end, &item))
            return failure(err, ERR_SYNTAX, "", form, "[%.*s]", (int)part->length, part->at);
        count += item.count;
        if (item.longest > part->longest)
            part->longest = item.longest;
        if (count > RANGE_NAMES_MAX)
            return failure(err, ERR_RANGE, "", "at most 1,000,000 names", "[%.*s]",
                           (int)part->length, part->at);
    }
    part->count = (uint32_t)count;
    return true;
}

/* Cuts the next part off *at. */
static bool take_part(const char **at, const char *whole, struct part *part, struct error *err)
{
    size_t length = strcspn(*at, "[]");
    const char *close = NULL;

    *part = (struct part){*at, length, false, 1, length};
    if (length > 0) {
        *at += length;
    } else {
        close = **at == '[' ? strchr(*at, ']') : NULL;
        if (close == NULL)
            return failure(err, ERR_SYNTAX, "", form, "%s", whole);
        *part = (struct part){*at + 1, (size_t)(close - *at - 1), true, 1, 0};
        *at = close + 1;
        if (!part_count(part, err))
            return false;
    }
    for (size_t i = 0; i < part->length; i++) {
        if (!name_byte(part->at[i]) && !(part->brackets && part->at[i] == ','))
            return failure(err, ERR_SYNTAX, "", form, "%s", whole);
    }
    return true;
}

static bool pattern_parse(const char *text, struct pattern *out, uint32_t *count, struct error *err)
{
    uint64_t names = 1;
    size_t longest = 0;
    const char *at = text;

    out->parts = 0;
    if (*text == '\0')
        return failure(err, ERR_SYNTAX, "", form, "an empty text");
    while (*at != '\0') {
        struct part *part = &out->part[out->parts];

        if (out->parts == PARTS_MAX)
            return failure(err, ERR_RANGE, "", "at most 8 ranges in a name", "%s", text);
        if (!take_part(&at, text, part, err))
            return false;
        names *= part->count;
        longest += part->longest;
        if (longest > RANGE_NAME_BYTES_MAX)
            return failure(err, ERR_RANGE, "", "names of at most 63 letters", "%s", text);
        if (names > RANGE_NAMES_MAX)
            return failure(err, ERR_RANGE, "", "at most 1,000,000 names", "%s", text);
        out->parts++;
    }
    *count = (uint32_t)names;
    return true;
}

/* The text that name number k of a bracket part stands for. */
static int item_text(const struct part *part, uint32_t k, char *out, size_t size)
{
    const char *at = part->at;
    const char *end = part->at + part->length;
    struct item item = {0};

    while (take_item(&at, end, &item) && k >= item.count)
        k -= item.count;
    if (item.numbers)
        return snprintf(out, size, "%0*u", item.width, item.first + k);
    return snprintf(out, size, "%.*s", (int)item.length, item.at);
}

/* Name number k of the pattern. It fits: pattern_parse has looked at the longest. */
static void name_text(const struct pattern *pattern, uint32_t k, char *out, size_t size)
{
    size_t used = 0;
    uint32_t place[PARTS_MAX];

    for (unsigned p = pattern->parts; p-- > 0;) {
        place[p] = k % pattern->part[p].count;
        k /= pattern->part[p].count;
    }
    for (unsigned p = 0; p < pattern->parts; p++) {
        const struct part *part = &pattern->part[p];
        int length = part->brackets
                         ? item_text(part, place[p], out + used, size - used)
                         : snprintf(out + used, size - used, "%.*s", (int)part->length, part->at);

        used += (size_t)length;
        assert(used < size);
    }
}

bool range_count(const char *pattern, uint32_t *count, struct error *err)
{
    struct pattern parsed;

    return pattern_parse(pattern, &parsed, count, err);
}

bool range_expand(const char *pattern, struct arena *arena, struct range *out, struct error *err)
{
    struct pattern parsed;
    char name[RANGE_NAME_BYTES_MAX + 1];
    const char **names = NULL;
    uint32_t count = 0;

    if (!pattern_parse(pattern, &parsed, &count, err))
        return false;
    names = arena_array(arena, count, const char *);
    for (uint32_t k = 0; k < count; k++) {
        name_text(&parsed, k, name, sizeof name);
        names[k] = arena_text(arena, name, strlen(name));
    }
    *out = (struct range){names, count};
    return true;
}
