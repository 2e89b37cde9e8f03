#include "simulation/shrink.h"

#include "simulation/scenario_file.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 8, DEPTH_MAX = 8 };

struct shrinker {
    char *text; /* the smallest so far */
    struct outcome outcome;
    uint32_t runs, runs_max;
    bool smaller; /* in this round */
};

/* ---- one try ---- */

static char *text_of(const config_t *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    scenario_write_group(out, config_root_setting(config));
    fclose(out);
    return text;
}

static bool run(const char *text, struct outcome *out, struct error *err)
{
    struct scenario scenario;
    bool ran = false;

    if (!scenario_parse("scenario", text, &scenario, err))
        return false;
    ran = simulation_run(&scenario, out, err);
    scenario_free(&scenario);
    return ran;
}

static bool open_config(const struct shrinker *s, config_t *config)
{
    config_init(config);
    return config_read_string(config, s->text) == CONFIG_TRUE;
}

/* Keeps the changed scenario if it breaks the same promise, and says so. */
static bool keep(struct shrinker *s, const config_t *config)
{
    char *text = text_of(config);
    struct outcome outcome;
    bool same = false;

    if (text == NULL || s->runs >= s->runs_max) {
        free(text);
        return false;
    }
    s->runs++;
    same = run(text, &outcome, NULL) && outcome.violation.found &&
           outcome.violation.promise == s->outcome.violation.promise;
    if (!same) {
        free(text);
        return false;
    }
    free(s->text);
    s->text = text;
    s->outcome = outcome;
    s->smaller = true;
    return true;
}

/* ---- lists in pieces: halves, quarters, ... , one by one ---- */

static bool drop_piece(struct shrinker *s, const char *path, int first, int count)
{
    config_t config;
    config_setting_t *list = NULL;
    bool kept = false;

    if (open_config(s, &config)) {
        list = config_lookup(&config, path);
        for (int i = 0; list != NULL && i < count; i++)
            config_setting_remove_elem(list, (unsigned)first);
        kept = list != NULL && keep(s, &config);
    }
    config_destroy(&config);
    return kept;
}

static int length_of(const struct shrinker *s, const char *path)
{
    config_t config;
    const config_setting_t *list = NULL;
    int length = 0;

    if (open_config(s, &config)) {
        list = config_lookup(&config, path);
        length = list == NULL ? 0 : config_setting_length(list);
    }
    config_destroy(&config);
    return length;
}

static void shorten(struct shrinker *s, const char *path)
{
    for (int piece = length_of(s, path); piece > 0; piece /= 2) {
        int length = length_of(s, path);

        for (int first = 0; first < length && s->runs < s->runs_max;) {
            int count = first + piece > length ? length - first : piece;

            if (drop_piece(s, path, first, count))
                length -= count;
            else
                first += piece;
        }
    }
}

/* ---- branches: what hangs from one that goes hangs from its parent then ---- */

static void replace_text(config_setting_t *at, const char *name, const char *from, const char *to)
{
    config_setting_t *member = config_setting_get_member(at, name);
    const char *text = member == NULL ? NULL : config_setting_get_string(member);

    if (text != NULL && strcmp(text, from) == 0)
        config_setting_set_string(member, to);
}

static void hang_from(config_t *config, const char *from, const char *to)
{
    config_setting_t *branches = config_lookup(config, "site.branches");
    config_setting_t *nodes = config_lookup(config, "site.nodes");

    for (int i = 0; branches != NULL && i < config_setting_length(branches); i++)
        replace_text(config_setting_get_elem(branches, (unsigned)i), "parent", from, to);
    for (int i = 0; nodes != NULL && i < config_setting_length(nodes); i++) {
        config_setting_t *feeds =
            config_setting_get_member(config_setting_get_elem(nodes, (unsigned)i), "feeds");

        for (int k = 0; feeds != NULL && k < config_setting_length(feeds); k++)
            replace_text(config_setting_get_elem(feeds, (unsigned)k), "branch", from, to);
    }
}

static void drop_branches(struct shrinker *s)
{
    for (int i = length_of(s, "site.branches"); i-- > 1;) {
        config_t config;
        const char *name = NULL;
        const char *parent = NULL;

        if (open_config(s, &config)) {
            config_setting_t *list = config_lookup(&config, "site.branches");
            config_setting_t *at = config_setting_get_elem(list, (unsigned)i);

            if (config_setting_lookup_string(at, "name", &name) &&
                config_setting_lookup_string(at, "parent", &parent)) {
                hang_from(&config, name, parent);
                config_setting_remove_elem(list, (unsigned)i);
                keep(s, &config);
            }
        }
        config_destroy(&config);
    }
}

/* ---- every other setting, one by one ---- */

/* The setting at a path of indexes, or NULL. */
static config_setting_t *follow(config_t *config, const unsigned index[], int depth)
{
    config_setting_t *at = config_root_setting(config);

    for (int d = 0; d < depth && at != NULL; d++)
        at = config_setting_get_elem(at, index[d]);
    return at;
}

/* NOLINTNEXTLINE(misc-no-recursion): at most DEPTH_MAX deep */
static void drop_settings(struct shrinker *s, unsigned index[DEPTH_MAX], int depth)
{
    config_t config;
    int count = 0;
    bool groups = false;

    if (open_config(s, &config)) {
        const config_setting_t *at = follow(&config, index, depth);

        groups = at != NULL && config_setting_is_aggregate(at) == CONFIG_TRUE;
        count = groups ? config_setting_length(at) : 0;
    }
    config_destroy(&config);
    for (int i = count; i-- > 0 && s->runs < s->runs_max;) {
        bool kept = false;

        if (open_config(s, &config)) {
            config_setting_remove_elem(follow(&config, index, depth), (unsigned)i);
            kept = keep(s, &config);
        }
        config_destroy(&config);
        index[depth] = (unsigned)i;
        if (!kept && depth + 1 < DEPTH_MAX)
            drop_settings(s, index, depth + 1);
    }
}

/* ---- times ---- */

static void halve(struct shrinker *s, int event, const char *name)
{
    for (int tries = 0; tries < 12 && s->runs < s->runs_max; tries++) {
        config_t config;
        bool kept = false;

        if (open_config(s, &config)) {
            config_setting_t *list = config_lookup(&config, "timeline");
            config_setting_t *at =
                list == NULL ? NULL : config_setting_get_elem(list, (unsigned)event);
            config_setting_t *member = at == NULL ? NULL : config_setting_get_member(at, name);

            if (member != NULL && config_setting_get_int(member) > 1) {
                config_setting_set_int(member, config_setting_get_int(member) / 2);
                kept = keep(s, &config);
            }
        }
        config_destroy(&config);
        if (!kept)
            return;
    }
}

/* The run ends with the violation anyway; what comes after it in the file is not needed. */
static void end_early(struct shrinker *s)
{
    config_t config;

    if (open_config(s, &config)) {
        config_setting_t *seconds = config_lookup(&config, "seconds");

        if (seconds != NULL && config_setting_get_int(seconds) > s->outcome.violation.at_s) {
            config_setting_set_int(seconds, (int)s->outcome.violation.at_s);
            keep(s, &config);
        }
    }
    config_destroy(&config);
}

static void one_round(struct shrinker *s)
{
    unsigned index[DEPTH_MAX] = {0};

    end_early(s);
    shorten(s, "timeline");
    shorten(s, "site.nodes");
    shorten(s, "nameplates");
    shorten(s, "policies");
    drop_branches(s);
    drop_settings(s, index, 0);
    for (int i = 0; i < length_of(s, "timeline"); i++) {
        halve(s, i, "lasts");
        halve(s, i, "at");
    }
    end_early(s);
}

bool shrink(const char *text, uint32_t runs_max, struct shrunk *out, struct error *err)
{
    struct shrinker s = {.text = strdup(text), .runs_max = runs_max};

    *out = (struct shrunk){0};
    if (s.text == NULL || !run(s.text, &s.outcome, err)) {
        free(s.text);
        return false;
    }
    if (!s.outcome.violation.found) {
        free(s.text);
        return failure(err, ERR_CONFLICT, "scenario", "a promise that it breaks", "none");
    }
    s.smaller = true;
    for (int round = 0; round < ROUNDS_MAX && s.smaller && s.runs < s.runs_max; round++) {
        s.smaller = false;
        one_round(&s);
    }
    *out = (struct shrunk){s.text, s.outcome, s.runs};
    return true;
}
