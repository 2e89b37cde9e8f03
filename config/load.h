/* config/load.h - libconfig files to a site and its policies; every mistake with file, line and expectation.
 *
 * Loading is all or nothing: on any error nothing is returned. All mistakes of meaning are collected; of syntax
 * errors libconfig gives one a file. No printing. Diagnostics are added to *found, sorted. One thread at
 * a time. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/diagnostics.h"
#include "model/device.h"
#include "model/site.h"
#include "policies/policy.h"

struct load_options {
    const struct driver_schema *drivers; /* ends with a zeroed row; what sites may name */
    const char *profile_folder; /* where device profiles are looked for first after the site's own
                                            folder's devices/; NULL: config_profile_folder() */
};

/* On success *out is the caller's until site_free. Warnings may stand in *found all the same. */
MUST_USE bool load_site(const char *path, const struct load_options *options, struct site **out,
                        struct diagnostics *found);
/* The same for text in memory, which can't include anything; `name` is what messages call it. */
MUST_USE bool load_site_text(const char *name, const char *text, size_t size,
                             const struct load_options *options, struct site **out,
                             struct diagnostics *found);
void site_free(struct site *site); /* NULL is fine */

/* The site gives the names that policies refer to. */
MUST_USE bool load_policies(const char *path, const struct site *site, struct policy_set **out,
                            struct diagnostics *found);
MUST_USE bool load_policies_text(const char *name, const char *text, size_t size,
                                 const struct site *site, struct policy_set **out,
                                 struct diagnostics *found);
void policy_set_free(struct policy_set *set); /* NULL is fine */

MUST_USE bool load_profile(const char *path, struct arena *arena, struct device_profile *out,
                           struct diagnostics *found);

MUST_USE bool load_profile_text(const char *name, const char *text, size_t size,
                                struct arena *arena, struct device_profile *out,
                                struct diagnostics *found);

/* Where the shipped profiles are: $CAPSTAN_DEVICES, else the installed or built-from tree's config/devices. */
const char *config_profile_folder(void);

/* The reference manual of site and policy files as Markdown, made from the schemas. Written to `out`. */
void write_site_reference(FILE *out, const struct driver_schema *drivers);
void write_policy_reference(FILE *out);
/* The page of one kind of policy; example: the text of a policy file to show, or NULL. */
void write_policy_page(FILE *out, const struct policy_kind *kind, const char *example);

#endif
