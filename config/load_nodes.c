/* Node kinds and nodes: a group of nodes is one entry of the file, with a range of names. */
#include "config/quantity.h"
#include "config/site_load.h"

#include <string.h>

/* ---------------------------------------------------------------- kinds */

static bool kind_mistake(struct site_load *load, const config_setting_t *at, const char *member,
                         int64_t watts, const char *expected)
{
    char read[40];

    return mistake(
        &load->reader, at,
        &(struct mistake){.kind = ERR_CONFLICT,
                          .member = member,
                          .read = amount_show(KIND_POWER, (double)watts, read, sizeof read),
                          .expected = expected});
}

static bool required(struct site_load *load, const config_setting_t *at, const char *member,
                     bool given)
{
    return given || mistake(&load->reader, at,
                            &(struct mistake){.kind = ERR_MISSING,
                                              .member = member,
                                              .read = "is missing",
                                              .expected = "a power, unless cappable = false"});
}

/* cap_min <= safe_cap <= cap_max <= uncapped, and caps on the grid of steps. */
static void check_caps(struct site_load *load, const config_setting_t *at,
                       const struct kind_entry *k)
{
    char expected[120];
    char least[40];
    char step[40];

    if (k->cap_max_w < k->cap_min_w) {
        kind_mistake(load, at, "cap_max", k->cap_max_w, "at least `cap_min`");
        return;
    }
    if (k->uncapped_w < k->cap_max_w)
        kind_mistake(load, at, "uncapped", k->uncapped_w, "at least `cap_max`");
    if (k->safe_cap_w < k->cap_min_w || k->safe_cap_w > k->cap_max_w)
        kind_mistake(load, at, "safe_cap", k->safe_cap_w, "between `cap_min` and `cap_max`");
    else if (k->safe_cap_w != k->cap_max_w && (k->safe_cap_w - k->cap_min_w) % k->cap_step_w != 0)
        kind_mistake(load, at, "safe_cap", k->safe_cap_w,
                     text_of(expected, sizeof expected,
                             "a cap that can be set: %s and steps of %s above it",
                             amount_show(KIND_POWER, (double)k->cap_min_w, least, sizeof least),
                             amount_show(KIND_POWER, (double)k->cap_step_w, step, sizeof step)));
    if (k->cap_max_w > k->cap_min_w && k->cap_step_w > k->cap_max_w - k->cap_min_w)
        kind_mistake(load, at, "cap_step", k->cap_step_w, "at most `cap_max` - `cap_min`");
}

static void check_kind(struct site_load *load, const config_setting_t *at, struct kind_entry *k)
{
    bool ok = true;

    if (!k->cappable) { /* it counts at the most it draws, whatever else the file says */
        k->cap_min_w = k->cap_max_w = k->safe_cap_w = k->uncapped_w;
        k->cap_step_w = 1;
        (void)check_curve(load, at, k);
        return;
    }
    ok = required(load, at, "cap_min", k->cap_min_given) && ok;
    ok = required(load, at, "cap_max", k->cap_max_given) && ok;
    ok = required(load, at, "safe_cap", k->safe_cap_given) && ok;
    ok = required(load, at, "remainder", k->remainder_given) && ok;
    if (!ok)
        return;
    check_caps(load, at, k);
    (void)check_curve(load, at, k);
}

static void load_kinds(struct site_load *load)
{
    uint32_t count = 0;
    const config_setting_t *list = section_groups(load, SECTION_NODE_KINDS, &count);

    load->kind = arena_array(&load->scratch, count, struct kind_entry);
    load->kind_at = arena_array(&load->scratch, count, const config_setting_t *);
    for (uint32_t i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(list, i);
        const struct schema_part part = {site_sections[SECTION_NODE_KINDS].rows, &load->kind[i]};

        load->kind_at[i] = at;
        if (schema_fill(&load->schema, at, &part, 1))
            check_kind(load, at, &load->kind[i]);
        take_name(load, at, load->kind[i].name, &load->kinds, i);
    }
}

/* ---------------------------------------------------------------- nodes */

/* The table being filled: the same arrays as struct node_table, not const. */
struct nodes {
    const char **name, **kind;
    struct hang (*hang)[HANGS_MAX];
    uint8_t *hangs;
    bool *cappable;
    int64_t *cap_min_w, *cap_max_w, *cap_step_w, *safe_cap_w, *uncapped_w, *remainder_worst_w,
        *idle_w;
    uint32_t *weight;
    uint8_t *priority_class;
    uint32_t *gang, *actuator;
    const struct curve **curve; /* NULL: no kind has one */
};

/* A group of nodes with its references resolved; NULL where a mistake was. */
struct group {
    const struct node_entry *entry;
    const config_setting_t *at;
    struct range names;
    const uint32_t *kind, *actuator;
    const uint32_t *hang[HANGS_MAX]; /* seeds of the branches */
    int64_t share_bp[HANGS_MAX];
    uint32_t *gang;
};

static const config_setting_t *hang_at(const struct group *g, uint32_t h)
{
    return config_setting_get_elem(config_setting_get_member(g->at, "feeds"), h);
}

/* Shares not given share what the given ones leave; all must add up to the whole. */
static void take_shares(struct site_load *load, struct group *g)
{
    const struct hang_entry *hang = g->entry->hangs.item;
    uint32_t hangs = g->entry->hangs.count;
    int64_t left_bp = SHARE_WHOLE_BP;
    uint32_t open = 0;
    char read[60];

    for (uint32_t h = 0; h < hangs; h++) {
        g->share_bp[h] = hang[h].share_bp;
        left_bp -= hang[h].share_given ? hang[h].share_bp : 0;
        open += hang[h].share_given ? 0 : 1;
    }
    for (uint32_t h = 0; h < hangs && open > 0; h++) {
        if (!hang[h].share_given) {
            g->share_bp[h] = left_bp / open;
            left_bp -= g->share_bp[h];
            open--;
        }
    }
    if (left_bp != 0) {
        int64_t sum_bp = SHARE_WHOLE_BP - left_bp;

        mistake(
            &load->reader, config_setting_get_member(g->at, "feeds"),
            &(struct mistake){.kind = ERR_CONFLICT,
                              .read = text_of(read, sizeof read, "shares of %lld.%02lld %%",
                                              (long long)(sum_bp / 100), (long long)(sum_bp % 100)),
                              .expected = "shares that add up to 100 %"});
    }
}

/* Nodes of one gang share a number; the gangs' names need no declaration. */
static uint32_t *take_gangs(struct site_load *load, const struct group *g, struct name_index *gangs)
{
    struct range names = {NULL, 0};
    uint32_t things = g->names.count;
    uint32_t *value = NULL;
    char read[100];

    if (g->entry->gang == NULL || things == 0 ||
        !range_expand(g->entry->gang, load->schema.arena, &names, NULL))
        return NULL;
    if (things % names.count != 0) {
        mistake(&load->reader, g->at,
                &(struct mistake){.kind = ERR_CONFLICT,
                                  .member = "gang",
                                  .read = text_of(read, sizeof read, "%u names for %u nodes",
                                                  names.count, things),
                                  .expected = "a number of names that divides the nodes evenly"});
        return NULL;
    }
    value = arena_array(&load->scratch, things, uint32_t);
    for (uint32_t i = 0; i < things; i++) {
        const char *name = names.name[i / (things / names.count)];
        uint32_t number = gangs->count;

        (void)name_add(gangs, name, number, &number);
        value[i] = number;
    }
    return value;
}

static void take_group(struct site_load *load, struct group *g, uint32_t first,
                       struct name_index *gangs, bool well_formed)
{
    const struct hang_entry *hang = g->entry->hangs.item;
    uint32_t things = 0;

    g->names = take_names(load, g->at, g->entry->name, &load->nodes, first);
    things = g->names.count;
    g->kind =
        take_references(load, g->at, "kind", g->entry->kind, things, &load->kinds, "a node kind");
    g->actuator = take_references(load, g->at, "actuator", g->entry->actuator, things,
                                  &load->actuators, "an actuator");
    g->gang = take_gangs(load, g, gangs);
    for (uint32_t h = 0; h < g->entry->hangs.count; h++) {
        if (hang[h].branch != NULL)
            g->hang[h] = take_references(load, hang_at(g, h), "branch", hang[h].branch, things,
                                         &load->branches, "a branch");
    }
    if (well_formed)
        take_shares(load, g);
}

static struct nodes take_arrays(struct arena *arena, uint32_t n)
{
    return (struct nodes){
        .name = arena_array(arena, n, const char *),
        .kind = arena_array(arena, n, const char *),
        .hang = arena_take(arena, n, sizeof(struct hang[HANGS_MAX])),
        .hangs = arena_array(arena, n, uint8_t),
        .cappable = arena_array(arena, n, bool),
        .cap_min_w = arena_array(arena, n, int64_t),
        .cap_max_w = arena_array(arena, n, int64_t),
        .cap_step_w = arena_array(arena, n, int64_t),
        .safe_cap_w = arena_array(arena, n, int64_t),
        .uncapped_w = arena_array(arena, n, int64_t),
        .remainder_worst_w = arena_array(arena, n, int64_t),
        .idle_w = arena_array(arena, n, int64_t),
        .weight = arena_array(arena, n, uint32_t),
        .priority_class = arena_array(arena, n, uint8_t),
        .gang = arena_array(arena, n, uint32_t),
        .actuator = arena_array(arena, n, uint32_t),
    };
}

static void fill_kind(struct nodes *t, uint32_t n, const struct kind_entry *k,
                      const struct curve *curve)
{
    if (t->curve != NULL)
        t->curve[n] = curve;
    t->kind[n] = k->name;
    t->cappable[n] = k->cappable;
    t->cap_min_w[n] = k->cap_min_w;
    t->cap_max_w[n] = k->cap_max_w;
    t->cap_step_w[n] = k->cap_step_w;
    t->safe_cap_w[n] = k->safe_cap_w;
    t->uncapped_w[n] = k->uncapped_w;
    t->remainder_worst_w[n] = k->remainder_w;
    t->idle_w[n] = k->idle_w;
    t->weight[n] = (uint32_t)k->weight;
    t->priority_class[n] = (uint8_t)k->priority_class;
}

static void fill_node(const struct site_load *load, struct nodes *t, uint32_t n,
                      const struct group *g, uint32_t i)
{
    const struct hang_entry *hang = g->entry->hangs.item;

    t->name[n] = g->names.name[i];
    fill_kind(t, n, &load->kind[g->kind[i]], load->curve[g->kind[i]]);
    t->hangs[n] = (uint8_t)g->entry->hangs.count;
    for (uint32_t h = 0; h < g->entry->hangs.count; h++)
        t->hang[n][h] = (struct hang){load->branch_of[g->hang[h][i]], g->share_bp[h],
                                      hang_phases[hang[h].phases]};
    t->gang[n] = g->gang == NULL ? NONE_INDEX : g->gang[i];
    t->actuator[n] = g->actuator == NULL ? NONE_INDEX : g->actuator[i];
}

/* One curve a kind, shared by its nodes; false when no kind has one. */
static bool take_curves(struct site_load *load)
{
    bool any = false;

    load->curve = arena_array(&load->scratch, load->kinds.count, const struct curve *);
    for (uint32_t k = 0; k < load->kinds.count; k++) {
        load->curve[k] = take_curve(load, &load->kind[k]);
        any = any || load->curve[k] != NULL;
    }
    return any;
}

static void build_table(struct site_load *load, const struct group *group, uint32_t groups,
                        uint32_t n)
{
    struct nodes t = take_arrays(load->schema.arena, n);
    uint32_t at = 0;

    if (take_curves(load))
        t.curve = arena_array(load->schema.arena, n, const struct curve *);

    load->group = arena_array(&load->scratch, groups, struct node_group);
    load->groups = groups;
    for (uint32_t g = 0; g < groups; g++) {
        load->group[g] = (struct node_group){group[g].at, at, group[g].names.count};
        for (uint32_t i = 0; i < group[g].names.count; i++)
            fill_node(load, &t, at++, &group[g], i);
    }
    load->site->nodes = (struct node_table){
        .count = n,
        .name = t.name,
        .kind = t.kind,
        .hang = (const struct hang(*)[HANGS_MAX])t.hang,
        .hangs = t.hangs,
        .cappable = t.cappable,
        .cap_min_w = t.cap_min_w,
        .cap_max_w = t.cap_max_w,
        .cap_step_w = t.cap_step_w,
        .safe_cap_w = t.safe_cap_w,
        .uncapped_w = t.uncapped_w,
        .remainder_worst_w = t.remainder_worst_w,
        .idle_w = t.idle_w,
        .weight = t.weight,
        .priority_class = t.priority_class,
        .gang = t.gang,
        .actuator = t.actuator,
        .curve = t.curve,
    };
}

void load_nodes(struct site_load *load)
{
    uint32_t count = 0;
    const config_setting_t *list = section_groups(load, SECTION_NODES, &count);
    struct node_entry *entry = arena_array(&load->scratch, count, struct node_entry);
    struct group *group = arena_array(&load->scratch, count, struct group);
    struct name_index gangs = {.arena = &load->scratch};
    uint32_t nodes = 0;

    load_kinds(load);
    for (uint32_t i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(list, i);
        const struct schema_part part = {site_sections[SECTION_NODES].rows, &entry[i]};

        bool well_formed = false;

        group[i] = (struct group){.entry = &entry[i], .at = at};
        well_formed = schema_fill(&load->schema, at, &part, 1);
        if (!config_setting_is_group(at))
            continue;
        take_group(load, &group[i], nodes, &gangs, well_formed);
        nodes += group[i].names.count;
    }
    if (reader_clean(&load->reader))
        build_table(load, group, count, nodes);
}
