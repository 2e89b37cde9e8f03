/* config/diagnostics.h - mistakes found in files, each with where it stands and what was expected.
 *
 * One line each: "FILE:LINE: PATH: what was read; what was expected" and, for unknown names, a suggestion. */
#ifndef CONFIG_DIAGNOSTICS_H
#define CONFIG_DIAGNOSTICS_H

#include "model/error.h"

#include <stdio.h>

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

struct diagnostic {
    enum severity severity;
    enum error_kind kind;
    char file[256];
    uint32_t line;  /* 0: the file as a whole */
    char path[128]; /* "branches[2].rating"; empty for the file */
    char read[200];
    char expected[200];
    char suggestion[64]; /* "did you mean" this; empty if none */
};

/* Grows; bounded at 1,000, the rest is counted. Zeroed is empty. */
struct diagnostics {
    struct diagnostic *item;
    size_t count, room;
    size_t errors, warnings; /* all, also those that found no room */
};

void diagnostics_add(struct diagnostics *found, const struct diagnostic *item);
/* By file and line, errors and warnings mixed; stable. */
void diagnostics_sort(struct diagnostics *found);
/* "site.cfg:41: branches[2].rating: "0 W"; expected 1 W .. 2 GW, such as "750 kW"". Returns out. */
const char *diagnostic_line(const struct diagnostic *item, char *out, size_t size);
void diagnostics_free(struct diagnostics *found);

#endif
