#include "config/diagnostics.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 1000, ITEMS_FIRST = 16 };

static bool make_room(struct diagnostics *found)
{
    size_t room = found->room == 0 ? ITEMS_FIRST : found->room * 2;
    struct diagnostic *item = NULL;

    if (found->count >= ITEMS_MAX)
        return false;
    if (found->count < found->room)
        return true;
    item = realloc(found->item, room * sizeof *item);
    if (item == NULL)
        return false;
    found->item = item;
    found->room = room;
    return true;
}

void diagnostics_add(struct diagnostics *found, const struct diagnostic *item)
{
    if (item->severity == SEVERITY_ERROR)
        found->errors++;
    else
        found->warnings++;
    if (make_room(found))
        found->item[found->count++] = *item;
}

static bool stands_after(const struct diagnostic *a, const struct diagnostic *b)
{
    int order = strcmp(a->file, b->file);

    return order > 0 || (order == 0 && a->line > b->line);
}

/* Insertion: stable, and there are at most 1,000, nearly in order. */
void diagnostics_sort(struct diagnostics *found)
{
    for (size_t i = 1; i < found->count; i++) {
        struct diagnostic item = found->item[i];
        size_t to = i;

        for (; to > 0 && stands_after(&found->item[to - 1], &item); to--)
            found->item[to] = found->item[to - 1];
        found->item[to] = item;
    }
}

const char *diagnostic_line(const struct diagnostic *item, char *out, size_t size)
{
    char line[16] = "";
    bool path = item->path[0] != '\0';
    bool expected = item->expected[0] != '\0';
    bool suggestion = item->suggestion[0] != '\0';

    if (item->line > 0)
        snprintf(line, sizeof line, ":%u", item->line);
    snprintf(out, size, "%s%s: %s%s%s%s%s%s%s%s%s", item->file, line, item->path, path ? ": " : "",
             item->severity == SEVERITY_WARNING ? "warning: " : "", item->read,
             expected ? "; expected " : "", item->expected, suggestion ? "; did you mean \"" : "",
             item->suggestion, suggestion ? "\"?" : "");
    return out;
}

void diagnostics_free(struct diagnostics *found)
{
    free(found->item);
    *found = (struct diagnostics){0};
}
