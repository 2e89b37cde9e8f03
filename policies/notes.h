/* policies/notes.h - writing and reading what a policy remembers over a restart. Pure. */
#ifndef POLICIES_NOTES_H
#define POLICIES_NOTES_H

#include "policies/policy.h"

/* Notes being written; what no longer fits is left out, which is safe by recall's contract. */
struct notes {
    struct policy_note *note; /* [POLICY_NOTES_MAX] */
    uint32_t count;
};

void note_put(struct notes *notes, const char *name, double value);
/* "NAME" and a number: "h7". */
void note_put_at(struct notes *notes, const char *name, uint32_t number, double value);

/* True and *value set when the note is there, finite and within [least, most]. */
bool note_get(const struct policy_note note[], uint32_t notes, const char *name, double least,
              double most, double *value);
bool note_get_at(const struct policy_note note[], uint32_t notes, const char *name, uint32_t number,
                 double least, double most, double *value);

/* A name as a number that a double holds exactly: FNV-1a, cut to 52 bits. */
double note_mark(const char *name);
static const double note_mark_most = 4503599627370496.0; /* 2^52 */

#endif
