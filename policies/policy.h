/* policies/policy.h - what a policy is: a kind with a schema, and one policy of that kind with its settings.
 *
 * A kind is a const table; policies/catalog.c lists them. A policy is given the snapshot and the estimate and
 * adds limits; it never touches a cap. Pure: what a policy must remember lives in the state that it is handed.
 *
 * Rules of combination (controller/budget.c applies them):
 *   1. Equipment always stands: policy 0 is built in, no file can remove it, and a policy can only add limits.
 *   2. Of all limits on a row the least holds, whoever set it. No policy can loosen another's.
 *   3. Hard before soft: a hard limit (breaker, contract) is kept down to the least caps, raises an alarm and makes a
 *      shed list where even these are too much. A soft one (a goal) lowers caps to their least and asks no more.
 *   4. A floor (ramp_rate) holds soft limits up so that goals fall no faster than it does; hard limits pass it.
 *      The highest floor of a row holds.
 *   5. Soft goals are not weighed against one another: on a row the least soft limit holds, and of equal ones the
 *      one that stands first in the file is named. Whoever wants an order writes it as numbers.
 *   6. Who loses an input (reading, forecast, source of events, clock) asks for no more than with it. */
#ifndef POLICIES_POLICY_H
#define POLICIES_POLICY_H

#include "model/error.h"
#include "model/estimate.h"
#include "model/limit.h"
#include "model/setting.h"
#include "model/snapshot.h"

struct policy_input {
    const struct site *site;
    const struct row_table *rows;
    const struct snapshot *snapshot;
    const struct estimate *estimate;
};

struct policy; /* below */

/* A number that a policy wants to know again after a restart of the controller. */
struct policy_note {
    char name[24];
    double value;
};

/* A number for people to watch: its name says the unit, "permitted_w". */
struct policy_figure {
    const char *name;
    double value;
};

/* A grid event that a policy holds, for people to watch. The texts live until the next evaluation. */
struct policy_event {
    const char *id;    /* its source's; empty after a restart, until the source tells it again */
    const char *phase; /* "notified", "ramp", "active" or "recovery" */
    bool cancelled;
    double target_w; /* what import must come down to */
    double limit_w;  /* what import may be now */
    double
        left_s; /* until it begins, ends (active) or limits no more (recovery); -1: nobody knows */
};

enum { POLICY_NOTES_MAX = 1200, POLICY_FIGURES_MAX = 16, POLICY_EVENTS_MAX = EVENTS_MAX };

struct policy_kind {
    const char *name;    /* as written in the policy file: kind = "import_limit" */
    const char *summary; /* one sentence for the manual */
    const char
        *manual; /* a paragraph or two: what it does, what it falls back to, an example; Markdown */
    const struct setting *settings; /* rows fill the settings struct; see model/setting.h */
    size_t settings_size;
    size_t state_size; /* zeroed when the policy starts; kept over a reload if name and kind stay */
    bool always_on;    /* not removable by a policy file, and not allowed in one */
    uint32_t limits_most; /* that one evaluation adds; 0: one, or with always_on one a row */

    /* Meaning that one row can't check: ranges that contradict one another, bands out of order. Fills *err
     * (where: the setting's name) and returns false. NULL: nothing to check. */
    bool (*check)(const void *settings, const struct site *site, struct error *err);
    /* Legal but suspicious: a warning in *err, then false. NULL: never. */
    bool (*suspect)(const void *settings, const struct site *site, struct error *err);
    /* Adds this tick's limits. `index` goes into each limit's reason. */
    void (*evaluate)(const void *settings, void *state, uint32_t index,
                     const struct policy_input *in, struct limit_list *out);
    /* The sentence behind a limit that evaluate added: "contract 1.20 MW Mon-Fri 07:00-20:00 + 0.31 MW PV". */
    void (*explain)(const void *settings, const struct limit *limit, const struct site *site,
                    char *out, size_t size);

    /* For a restart: writes what must be known again to note[POLICY_NOTES_MAX] and returns how many; recall puts
     * it into a zeroed state before the first evaluation. Only notes of the same version are given back. A note may
     * be missing, false or old: recall drops what it can't believe, and what is dropped, or happened in between, is
     * taken at its worst, so that a restored policy never asks for less than one that ran on. NULL: nothing to
     * remember. */
    uint32_t notes_version;
    uint32_t (*remember)(const void *settings, const void *state, struct policy_note note[]);
    void (*recall)(const void *settings, void *state, const struct policy_note note[],
                   uint32_t notes);
    /* Writes the figures of the last evaluation to out[POLICY_FIGURES_MAX] and returns how many; one that is not
     * known is left out. NULL: none. */
    uint32_t (*figures)(const void *settings, const void *state, struct policy_figure out[]);
    /* Writes the grid events that it holds to out[POLICY_EVENTS_MAX] and returns how many. NULL: it follows none. */
    uint32_t (*events)(const void *settings, const void *state, struct policy_event out[]);
};

struct policy {
    const char *name; /* the user's; unique */
    const struct policy_kind *kind;
    const void *settings; /* in the set's arena */
    const char *file;
    uint32_t line;
};

/* All policies of a site. Policy 0 is always the built-in equipment_limit. Read-only after loading. */
struct policy_set {
    struct arena arena;
    uint32_t count;
    const struct policy *policy;
    uint64_t version; /* of the file's text: shown, and compared by whoever asks what is in force */
};

/* Every kind, NULL-terminated; the order in which manuals list them. */
extern const struct policy_kind *const policy_kinds[];

const struct policy_kind *policy_kind_find(const char *name);

/* The set with nothing but the built-in policy, in *arena. */
void policy_set_builtin(struct policy_set *set);

/* How many limits a set can add in one tick, at most: room to take at start-up. */
uint32_t policy_set_limits_max(const struct policy_set *set, const struct row_table *rows);

/* "NAME: sentence". Returns out. */
const char *policy_explain(const struct policy_set *set, const struct limit *limit,
                           const struct site *site, char *out, size_t size);

#endif
