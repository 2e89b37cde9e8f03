#include "drivers/mqtt/pointer.h"

#include <string.h>

/* Unescapes the token that begins at *at (after its '/') and steps over it. One pass from left to right, so that
 * "~01" is "~1" and not "/". */
static bool take_token(const char **at, char token[POINTER_TOKEN_BYTES])
{
    size_t length = 0;

    while (**at != '\0' && **at != '/') { /* bounded by the token's room */
        char c = *(*at)++;

        if (c == '~') {
            char escaped = *(*at)++;

            if (escaped != '0' && escaped != '1')
                return false;
            c = escaped == '0' ? '~' : '/';
        }
        if (length + 1 >= POINTER_TOKEN_BYTES)
            return false;
        token[length++] = c;
    }
    token[length] = '\0';
    return true;
}

bool pointer_valid(const char *pointer)
{
    char token[POINTER_TOKEN_BYTES];

    while (*pointer == '/') { /* bounded by the text */
        pointer++;
        if (!take_token(&pointer, token))
            return false;
    }
    return *pointer == '\0';
}

static const json_t *item_of(const json_t *array, const char *token)
{
    size_t digits = strspn(token, "0123456789");
    size_t index = 0;

    if (digits == 0 || digits > 9 || token[digits] != '\0' || (token[0] == '0' && digits > 1))
        return NULL;
    for (size_t i = 0; i < digits; i++)
        index = index * 10 + (size_t)(token[i] - '0');
    return json_array_get(array, index);
}

const json_t *pointer_find(const json_t *document, const char *pointer)
{
    const json_t *value = document;
    char token[POINTER_TOKEN_BYTES] = "";

    while (value != NULL && *pointer == '/') { /* bounded by the text */
        pointer++;
        if (!take_token(&pointer, token))
            return NULL;
        if (json_is_object(value))
            value = json_object_get(value, token);
        else
            value = json_is_array(value) ? item_of(value, token) : NULL;
    }
    return *pointer == '\0' ? value : NULL;
}
