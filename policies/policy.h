/* policies/policy.h - what a policy is: a kind with a schema, and one policy of that kind with its settings.
 *
 * A kind is a const table; policies/catalog.c lists them. A policy is given the snapshot and the estimate and
 * adds limits; it never touches a cap, and it can't loosen what another policy or the equipment says, because
 * the least limit of a row wins. Rules of combination: hard before soft; least limit per row; equipment limits
 * always stand. Pure: what a policy must remember lives in the state that it is handed. */
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

struct policy_kind {
    const char *name;    /* as written in the policy file: kind = "import_limit" */
    const char *summary; /* one sentence for the manual */
    const char
        *manual; /* a paragraph or two: what it does, what it falls back to, an example; Markdown */
    const struct setting *settings; /* rows fill the settings struct; see model/setting.h */
    size_t settings_size;
    size_t state_size; /* zeroed when the policy starts; kept over a reload if name and kind stay */
    bool always_on;    /* not removable by a policy file, and not allowed in one */

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
