#include "cli/file_kind.h"

#include <ctype.h>
#include <string.h>

/* Where the comment or the text that begins at `at` ends; `at` itself if none begins there. */
static const char *skip_opaque(const char *at, const char *end)
{
    const char *to = at;

    if (*at == '#' || (end - at > 1 && at[0] == '/' && at[1] == '/')) {
        while (to < end && *to != '\n')
            to++;
    } else if (end - at > 1 && at[0] == '/' && at[1] == '*') {
        for (to = at + 2; end - to > 1 && !(to[0] == '*' && to[1] == '/'); to++)
            ;
        to = end - to > 1 ? to + 2 : end;
    } else if (*at == '"') {
        for (to = at + 1; to < end && *to != '"'; to++)
            to += *to == '\\';
        to = to < end ? to + 1 : end;
    }
    return to;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

enum file_kind file_kind_of(const char *text, size_t length)
{
    static const char wanted[] = "policies";
    const char *end = text + length;
    int depth = 0;

    for (const char *at = text; at < end;) {
        const char *from = at;

        at = skip_opaque(from, end);
        if (at != from)
            continue;
        depth += *from == '{' || *from == '(' || *from == '[';
        depth -= *from == '}' || *from == ')' || *from == ']';
        while (at < end && is_word(*at))
            at++;
        if (depth == 0 && (size_t)(at - from) == strlen(wanted) &&
            memcmp(from, wanted, strlen(wanted)) == 0)
            return FILE_POLICY;
        if (at == from)
            at++;
    }
    return FILE_SITE;
}
