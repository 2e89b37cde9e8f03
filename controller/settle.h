/* controller/settle.h - the dead band: caps that would change only a little, or that changed only just now, stay as they
 * are, so that they don't chatter. Not where a limit needs the change: a cap stays above what was wanted only if every
 * row bears it, and to stay below is always borne. Pure. */
#ifndef CONTROLLER_SETTLE_H
#define CONTROLLER_SETTLE_H

#include "controller/problem.h"
#include "model/rows.h"

struct settle {
    const struct site *site;
    const struct row_table *rows;
    int64_t *cap_w;      /* [nodes] as decided last; NONE where there was none (negative) */
    int64_t *changed_ns; /* [nodes] when it was decided */
    int64_t *slack_bp;   /* [rows] scratch */
    bool waiting;        /* somebody stays as it is only because it changed just now */
};

void settle_create(struct settle *settle, const struct site *site, const struct row_table *rows,
                   struct arena *arena);

/* Whether the site asks for a dead band at all. */
bool settle_wanted(const struct settle *settle);

/* Turns answer[] into what is decided. slack_bp: what the answer leaves of each row. */
void settle_run(struct settle *settle, const struct estimate *estimate, const int64_t slack_bp[],
                int64_t now_ns, struct node_answer answer[]);

#endif
