#include "policies/notes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void note_put(struct notes *notes, const char *name, double value)
{
    struct policy_note *note = NULL;

    if (notes->count == POLICY_NOTES_MAX || !isfinite(value))
        return;
    note = &notes->note[notes->count++];
    snprintf(note->name, sizeof note->name, "%s", name);
    note->value = value;
}

void note_put_at(struct notes *notes, const char *name, uint32_t number, double value)
{
    char text[sizeof notes->note->name];

    snprintf(text, sizeof text, "%.11s%u", name, number);
    note_put(notes, text, value);
}

bool note_get(const struct policy_note note[], uint32_t notes, const char *name, double least,
              double most, double *value)
{
    for (uint32_t i = 0; i < notes; i++) {
        if (strcmp(note[i].name, name) != 0)
            continue;
        if (!(note[i].value >= least && note[i].value <= most)) /* false for NaN, too */
            return false;
        *value = note[i].value;
        return true;
    }
    return false;
}

bool note_get_at(const struct policy_note note[], uint32_t notes, const char *name, uint32_t number,
                 double least, double most, double *value)
{
    char text[sizeof note->name];

    snprintf(text, sizeof text, "%.11s%u", name, number);
    return note_get(note, notes, text, least, most, value);
}

double note_mark(const char *name)
{
    uint64_t mark = UINT64_C(0xcbf29ce484222325);

    for (; *name != '\0'; name++)
        mark = (mark ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (double)(mark >> 12);
}
