/* Texts, numbers and names: what libconfig would misread is mended or told. */
#include "config/text.h"
#include "config/text_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- texts and comments */

bool scan_string(struct scan *s, struct input *in)
{
    const char *end = in->at + 1;

    while (end < in->end && *end != '"' && *end != '\n') {
        if (*end == '\\' && end + 1 < in->end && end[1] != '\n') {
            if (in->end - end >= 4 && (end[1] == 'x' || end[1] == 'X') && end[2] == '0' &&
                end[3] == '0')
                return scan_stop(s, in, ERR_SYNTAX, "text without a zero byte", "\\x00");
            end++;
        }
        end++;
    }
    if (end == in->end || *end == '\n')
        return scan_stop(s, in, ERR_TRUNCATED, "a second quote on the same line",
                         "text that is not closed");
    if (!scan_before_value(s, in) || !scan_add(s, in, in->at, (size_t)(end + 1 - in->at)))
        return false;
    in->at = end + 1;
    scan_after_value(s);
    return true;
}

/* Comments are left out, but not their lines. */
bool scan_block_comment(const struct scan *s, struct input *in)
{
    struct input start = *in;

    for (in->at += 2; in->at < in->end; in->at++) {
        if (*in->at == '*' && in->end - in->at > 1 && in->at[1] == '/') {
            in->at += 2;
            return scan_add_text(s, in, " ");
        }
        if (*in->at == '\n' && !scan_end_line(s, in))
            return false;
    }
    return scan_stop(s, &start, ERR_TRUNCATED, "*/ before the end of the file",
                     "a comment that is not closed");
}

/* ---------------------------------------------------------------- numbers */

/* The word that follows a number on its line, as in `2 MW`, unless it is the name of the next setting. */
static size_t unit_behind(const struct input *in, const char *at)
{
    const char *word = at;
    const char *end = NULL;
    const char *next = NULL;

    while (word < in->end && (*word == ' ' || *word == '\t'))
        word++;
    for (end = word;
         end < in->end && (isalpha((unsigned char)*end) || strchr("%/-_", *end) != NULL);)
        end++;
    for (next = end; next < in->end && (*next == ' ' || *next == '\t');)
        next++;
    if (end == word || *word == '-' || *word == '_' ||
        (*word == '/' && end - word > 1 && word[1] == '/') ||
        (next < in->end && (*next == '=' || *next == ':')))
        return 0;
    return (size_t)(end - at);
}

/* Quotes what should have been in quotes, says so, and goes on. */
static bool quote(struct scan *s, struct input *in, size_t length)
{
    char read[200];
    char expected[240];

    text_of(read, sizeof read, "%.*s", (int)(length < 100 ? length : 100), in->at);
    text_of(expected, sizeof expected, "quotes around it: \"%s\"", read);
    scan_mistake(s, in->file, in->line, ERR_SYNTAX, expected, read);
    if (!scan_add_text(s, in, "\"") || !scan_add(s, in, in->at, length) ||
        !scan_add_text(s, in, "\""))
        return false;
    in->at += length;
    scan_after_value(s);
    return true;
}

static size_t digits_at(const char *at, const char *end)
{
    size_t n = 0;

    while (at + n < end && isdigit((unsigned char)at[n]))
        n++;
    return n;
}

/* [+-] digits [. digits] [e [+-] digits] or hexadecimal digits; without an L that may follow. */
static size_t number_length(const struct input *in, bool *integer)
{
    const char *at = in->at;
    const char *exponent = NULL;

    *integer = true;
    if (*at == '+' || *at == '-')
        at++;
    if (in->end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X') &&
        isxdigit((unsigned char)at[2])) {
        for (at += 2; at < in->end && isxdigit((unsigned char)*at);)
            at++;
        return (size_t)(at - in->at);
    }
    at += digits_at(at, in->end);
    if (at < in->end && *at == '.') {
        *integer = false;
        at++;
        at += digits_at(at, in->end);
    }
    if (at < in->end && (*at == 'e' || *at == 'E')) {
        exponent = at + 1;
        if (exponent < in->end && (*exponent == '+' || *exponent == '-'))
            exponent++;
        if (digits_at(exponent, in->end) > 0) {
            *integer = false;
            at = exponent + digits_at(exponent, in->end);
        }
    }
    return (size_t)(at - in->at);
}

/* What libconfig needs behind an integer to read it as it stands. */
static const char *integer_suffix(const char *digits)
{
    bool hexadecimal = strpbrk(digits, "xX") != NULL;
    long long value = 0;

    errno = 0;
    value = strtoll(digits, NULL, hexadecimal ? 16 : 10);
    if (errno == ERANGE)
        return hexadecimal ? NULL : ".0"; /* a float as large as it looks */
    return value > INT32_MAX || value < INT32_MIN ? "L" : "";
}

bool scan_number(struct scan *s, struct input *in)
{
    bool integer = false;
    size_t length = number_length(in, &integer);
    size_t suffix_length = 0;
    size_t unit = 0;
    char digits[512];
    const char *suffix = "";

    while (integer && suffix_length < 2 && in->end - in->at > (ptrdiff_t)(length + suffix_length) &&
           in->at[length + suffix_length] == 'L')
        suffix_length++;
    unit = unit_behind(in, in->at + length + suffix_length);
    if (!scan_before_value(s, in))
        return false;
    if (unit > 0)
        return quote(s, in, length + suffix_length + unit);
    if (length >= sizeof digits)
        return scan_stop(s, in, ERR_RANGE, "at most 500 digits", "a longer number");
    memcpy(digits, in->at, length);
    digits[length] = '\0';
    if (integer)
        suffix = integer_suffix(digits);
    if (suffix == NULL) {
        scan_mistake(s, in->file, in->line, ERR_RANGE, "at most 0x7FFFFFFFFFFFFFFF", digits);
        text_of(digits, sizeof digits, "0");
        suffix = "";
    }
    in->at += length + suffix_length;
    scan_after_value(s);
    return scan_add_text(s, in, digits) && scan_add_text(s, in, suffix);
}

/* ---------------------------------------------------------------- names */

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

/* Remembers that the innermost group has this setting; a second one is reported and renamed. */
static bool declare(struct scan *s, struct input *in, const char *name)
{
    char key[NAME_BYTES + 16];
    char expected[400];
    uint32_t former = 0;
    const char *file = NULL;
    uint32_t line = 0;

    text_of(s->pending, sizeof s->pending, "%s", name);
    if (++scan_inner(s)->names > SOURCE_NAMES_MAX)
        return scan_stop(s, in, ERR_FULL, "at most 1,000 settings in a group", "more settings");
    text_of(key, sizeof key, "%u.%s", scan_inner(s)->serial, name);
    if (name_add(&s->names, arena_text(&s->arena, key, strlen(key)), (uint32_t)s->out->lines,
                 &former))
        return true;
    source_place(s->out, former, &file, &line);
    text_of(expected, sizeof expected, "one, and there is one at %s:%u", file, line);
    scan_mistake(s, in->file, in->line, ERR_DUPLICATE, expected, "stands a second time");
    text_of(key, sizeof key, "%c%u_", SOURCE_DUPLICATE, scan_inner(s)->names);
    return scan_add_text(s, in, key);
}

static bool is_truth(const char *word)
{
    return strcasecmp(word, "true") == 0 || strcasecmp(word, "false") == 0;
}

bool scan_name(struct scan *s, struct input *in)
{
    char name[NAME_BYTES];
    const char *end = in->at;
    const char *next = NULL;

    while (end < in->end && name_byte(*end))
        end++;
    if ((size_t)(end - in->at) >= sizeof name)
        return scan_stop(s, in, ERR_RANGE, "names of at most 63 letters", "a longer name");
    text_of(name, sizeof name, "%.*s", (int)(end - in->at), in->at);
    for (next = end; next < in->end && isspace((unsigned char)*next);)
        next++;
    if (next < in->end && (*next == '=' || *next == ':') && !scan_in_list(s) &&
        s->pending[0] == '\0') {
        if (memchr(name, SOURCE_DUPLICATE, strlen(name)) != NULL || is_truth(name))
            return scan_stop(s, in, ERR_SYNTAX, "names of letters, digits, _ and -", name);
        if (!declare(s, in, name) || !scan_add_text(s, in, name))
            return false;
        in->at = end;
        s->last = LAST_NAME;
        return true;
    }
    if (!scan_in_list(s) && s->pending[0] == '\0')
        return scan_stop(s, in, ERR_SYNTAX, "\"=\" after a setting's name", name);
    if (!scan_before_value(s, in))
        return false;
    if (!is_truth(name))
        return quote(s, in, strlen(name));
    if (!scan_add_text(s, in, name))
        return false;
    in->at = end;
    scan_after_value(s);
    return true;
}

bool scan_starts_number(const struct input *in)
{
    const char *at = in->at;

    if (*at == '+' || *at == '-')
        at++;
    return at < in->end && (isdigit((unsigned char)*at) ||
                            (*at == '.' && in->end - at > 1 && isdigit((unsigned char)at[1])));
}
