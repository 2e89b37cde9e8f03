#include "config/names.h"

#include <ctype.h>
#include <string.h>

enum { SLOTS_FIRST = 64, NEAREST_MAX = 10000, LENGTH_MAX = 63 };

static uint32_t hash(const char *name)
{
    uint32_t h = 2166136261U; /* FNV-1a */

    for (; *name != '\0'; name++)
        h = (h ^ (unsigned char)*name) * 16777619U;
    return h;
}

/* The slot that holds the name, or the free one where it would go. */
static uint32_t *slot_of(const struct name_index *index, const char *name)
{
    uint32_t at = hash(name) & (index->slots - 1);

    while (index->slot[at] != 0 && strcmp(index->name[index->slot[at] - 1], name) != 0)
        at = (at + 1) & (index->slots - 1); /* ends: at most half of the slots are taken */
    return &index->slot[at];
}

static void grow(struct name_index *index)
{
    uint32_t room = index->room == 0 ? SLOTS_FIRST / 2 : index->room * 2;
    const char **name = arena_array(index->arena, room, const char *);
    uint32_t *value = arena_array(index->arena, room, uint32_t);

    for (uint32_t i = 0; i < index->count; i++) {
        name[i] = index->name[i];
        value[i] = index->value[i];
    }
    index->name = name;
    index->value = value;
    index->room = room;
    index->slots = room * 2;
    index->slot = arena_array(index->arena, index->slots, uint32_t);
    for (uint32_t i = 0; i < index->count; i++)
        *slot_of(index, name[i]) = i + 1;
}

bool name_add(struct name_index *index, const char *name, uint32_t value, uint32_t *former)
{
    uint32_t *slot = NULL;

    if (index->count == index->room)
        grow(index);
    slot = slot_of(index, name);
    if (*slot != 0) {
        if (former != NULL)
            *former = index->value[*slot - 1];
        return false;
    }
    index->name[index->count] = name;
    index->value[index->count] = value;
    *slot = ++index->count;
    return true;
}

uint32_t name_find(const struct name_index *index, const char *name)
{
    uint32_t slot = index->count == 0 ? 0 : *slot_of(index, name);

    return slot == 0 ? NONE_INDEX : index->value[slot - 1];
}

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

static int lower(char c) { return tolower((unsigned char)c); }

/* Distances of the prefixes of one text by those of the other: this row and the two before it. */
struct distances {
    unsigned row[3][LENGTH_MAX + 1];
};

static void next_row(struct distances *d, const char *a, unsigned i, const char *b, size_t b_length)
{
    unsigned *now = d->row[i % 3];
    const unsigned *before = d->row[(i - 1) % 3];

    now[0] = i;
    for (unsigned j = 1; j <= b_length; j++) {
        unsigned change = lower(a[i - 1]) != lower(b[j - 1]) ? 1 : 0;

        now[j] = least(before[j - 1] + change, least(before[j], now[j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            now[j] = least(now[j], d->row[(i - 2) % 3][j - 2] + 1);
    }
}

unsigned edit_distance(const char *a, const char *b, unsigned most)
{
    struct distances d = {0};
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    size_t apart = a_length > b_length ? a_length - b_length : b_length - a_length;

    if (a_length > LENGTH_MAX || b_length > LENGTH_MAX || apart > most)
        return most + 1;
    for (unsigned j = 0; j <= b_length; j++)
        d.row[0][j] = j;
    for (unsigned i = 1; i <= a_length; i++)
        next_row(&d, a, i, b, b_length);
    return least(d.row[a_length % 3][b_length], most + 1);
}

const char *name_nearest(const char *const *name, size_t count, const char *wanted)
{
    size_t length = strlen(wanted);
    unsigned nearest = length < 3 ? 1 : length < 8 ? 2 : 3;
    const char *found = NULL;

    if (count > NEAREST_MAX)
        count = NEAREST_MAX;
    for (size_t i = 0; i < count && nearest > 0; i++) {
        unsigned distance = edit_distance(name[i], wanted, nearest);

        if (distance < nearest || (distance == nearest && found == NULL)) {
            nearest = distance;
            found = name[i];
        }
    }
    return found;
}
