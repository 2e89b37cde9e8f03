/* The supply tree and its feeds: branches as the file has them, in any order, to the flat breadth-first tree. */
#include "config/site_load.h"

#include <string.h>

enum { LEAST_VOLTAGE_PERCENT = 90 }; /* EN 50160: supply voltage stays within 10 % of the nominal */

/* ---------------------------------------------------------------- from the file to seeds */

static uint32_t count_seeds(struct site_load *load, struct branch_entry *entry,
                            const config_setting_t *list, uint32_t count, struct range *names)
{
    uint32_t seeds = 0;

    for (uint32_t i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(list, i);
        const struct schema_part part = {site_sections[SECTION_BRANCHES].rows, &entry[i]};

        schema_fill(&load->schema, at, &part, 1);
        if (!entry[i].least_v_given)
            entry[i].least_v = entry[i].nominal_v * LEAST_VOLTAGE_PERCENT / 100;
        names[i] = take_names(load, at, entry[i].name, &load->branches, seeds);
        seeds += names[i].count;
    }
    return seeds;
}

static void make_seeds(struct site_load *load, const struct branch_entry *entry,
                       const config_setting_t *list, uint32_t count, const struct range *names)
{
    uint32_t s = 0;

    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < names[i].count; k++, s++)
            load->seed[s] = (struct branch_seed){names[i].name[k],
                                                 config_setting_get_elem(list, i),
                                                 &entry[i],
                                                 NONE_INDEX,
                                                 NONE_INDEX,
                                                 NONE_INDEX,
                                                 k == 0};
    }
}

/* Parents and meters of a group's branches. */
static void resolve_group(struct site_load *load, struct branch_seed *seed, uint32_t count)
{
    const struct branch_entry *entry = seed->entry;
    const uint32_t *parent = take_references(load, seed->at, "parent", entry->parent, count,
                                             &load->branches, "a branch");
    const uint32_t *meter = take_references(load, seed->at, "meter", entry->meter, count,
                                            &load->measures.names, "a meter or signal");
    const uint32_t *breaker = take_references(load, seed->at, "breaker", entry->breaker, count,
                                              &load->breakers, "one of `breakers`");

    if (entry->breaker != NULL && !entry->rated)
        mistake(&load->reader, seed->at,
                &(struct mistake){.kind = ERR_CONFLICT,
                                  .member = "breaker",
                                  .expected = "a `rating` with it, which its loads are shares of"});
    for (uint32_t i = 0; i < count; i++) {
        seed[i].parent = parent == NULL ? NONE_INDEX : parent[i];
        seed[i].meter = meter == NULL ? NONE_INDEX : meter[i];
        seed[i].breaker = breaker == NULL ? NONE_INDEX : breaker[i];
    }
}

static void resolve_seeds(struct site_load *load)
{
    for (uint32_t s = 0; s < load->seeds;) {
        uint32_t count = 1;

        while (s + count < load->seeds && !load->seed[s + count].first)
            count++;
        resolve_group(load, &load->seed[s], count);
        s += count;
    }
}

/* ---------------------------------------------------------------- one root, no circles */

static bool check_root(struct site_load *load)
{
    const struct branch_seed *root = NULL;
    char read[120];
    bool ok = true;

    for (uint32_t s = 0; s < load->seeds; s++) {
        const struct branch_seed *seed = &load->seed[s];

        if (seed->entry->parent != NULL)
            continue; /* a name that is wrong was reported */
        if (root != NULL) {
            text_of(read, sizeof read, "is missing, and \"%s\" has none either", root->name);
            ok = mistake(&load->reader, seed->at,
                         &(struct mistake){.kind = ERR_CONFLICT,
                                           .member = "parent",
                                           .read = read,
                                           .expected = "one branch without a parent: the site"});
            if (root->at == seed->at)
                return ok; /* a range of sites: once is enough */
        } else {
            root = seed;
        }
    }
    if (root == NULL && load->seeds > 0)
        ok = mistake(
            &load->reader,
            config_setting_get_member(config_root_setting(&load->reader.config), "branches"),
            &(struct mistake){.kind = ERR_MISSING,
                              .read = "every branch has a parent",
                              .expected = "one branch without a parent: the site"});
    return ok;
}

/* "a > b > c > a", as much of it as fits. */
static void circle_text(const struct site_load *load, uint32_t start, char *out, size_t size)
{
    uint32_t s = start;
    size_t used = 0;

    do {
        used += (size_t)snprintf(out + used, size - used, "%s > ", load->seed[s].name);
        s = load->seed[s].parent;
    } while (s != start && used < size - 1);
    if (used < size - 1)
        snprintf(out + used, size - used, "%s", load->seed[start].name);
}

/* Each circle is reported once, at the first of its branches. mark: 0 not seen, else the walk that saw it. */
static bool check_circles(struct site_load *load)
{
    uint32_t *mark = arena_array(&load->scratch, load->seeds, uint32_t);
    char read[160];
    bool ok = true;

    for (uint32_t walk = 0; walk < load->seeds; walk++) {
        uint32_t s = walk;

        while (s != NONE_INDEX && mark[s] == 0) {
            mark[s] = walk + 1;
            s = load->seed[s].parent;
        }
        if (s == NONE_INDEX || mark[s] != walk + 1)
            continue;
        circle_text(load, s, read, sizeof read);
        ok = mistake(&load->reader, load->seed[s].at,
                     &(struct mistake){.kind = ERR_CONFLICT,
                                       .member = "parent",
                                       .read = read,
                                       .expected = "a tree: no branch that feeds itself"});
    }
    return ok;
}

/* All mistakes of shape are told, not only the first. */
static bool is_tree(struct site_load *load)
{
    bool root = check_root(load);
    bool circles = check_circles(load);
    bool parents = true;

    for (uint32_t s = 0; s < load->seeds; s++)
        parents =
            parents && (load->seed[s].parent != NONE_INDEX || load->seed[s].entry->parent == NULL);
    return root && circles && parents && load->seeds > 0;
}

/* ---------------------------------------------------------------- breadth-first order */

/* Children of each seed as a list: first[s], then next[]; in the file's order. */
struct children {
    uint32_t *first, *next;
};

static struct children list_children(struct site_load *load)
{
    struct children c = {arena_array(&load->scratch, load->seeds, uint32_t),
                         arena_array(&load->scratch, load->seeds, uint32_t)};

    for (uint32_t s = 0; s < load->seeds; s++)
        c.first[s] = c.next[s] = NONE_INDEX;
    for (uint32_t s = load->seeds; s-- > 0;) {
        uint32_t parent = load->seed[s].parent;

        if (parent != NONE_INDEX) {
            c.next[s] = c.first[parent];
            c.first[parent] = s;
        }
    }
    return c;
}

/* order[b] is the seed of branch b; fills load->branch_of, and the tree's shape. */
static uint32_t *sort_branches(struct site_load *load)
{
    struct supply_tree *tree = &load->site->tree;
    struct arena *arena = load->schema.arena;
    struct children children = list_children(load);
    uint32_t *order = arena_array(&load->scratch, load->seeds, uint32_t);
    uint32_t *parent = arena_array(arena, load->seeds, uint32_t);
    uint32_t *first = arena_array(arena, load->seeds, uint32_t);
    uint32_t *count = arena_array(arena, load->seeds, uint32_t);
    uint32_t end = 1;

    for (uint32_t s = 0; s < load->seeds; s++) {
        if (load->seed[s].parent == NONE_INDEX)
            order[0] = s;
    }
    parent[0] = NONE_INDEX;
    for (uint32_t b = 0; b < load->seeds; b++) {
        load->branch_of[order[b]] = b;
        first[b] = end;
        for (uint32_t s = children.first[order[b]]; s != NONE_INDEX; s = children.next[s]) {
            parent[end] = b;
            order[end++] = s;
        }
        count[b] = end - first[b];
    }
    tree->branches = load->seeds;
    tree->parent = parent;
    tree->first_child = first;
    tree->children = count;
    return order;
}

/* ---------------------------------------------------------------- what each branch is */

/* A meter gives power, phases and voltages as far as it has them; a signal of quantity power gives power. */
static void branch_points(struct site_load *load, const struct branch_seed *seed, uint32_t *power,
                          uint32_t phase_power[PHASES], uint32_t phase_voltage[PHASES],
                          uint32_t *power_factor, uint32_t *power_max)
{
    const struct device *device =
        seed->meter == NONE_INDEX ? NULL : load->measures.device[seed->meter];
    char read[120];

    *power = *power_factor = *power_max = NONE_INDEX;
    for (int p = 0; p < PHASES; p++)
        phase_power[p] = phase_voltage[p] = NONE_INDEX;
    if (device == NULL)
        return;
    *power = device_point(device, QUANTITY_POWER);
    *power_factor = device_point(device, QUANTITY_POWER_FACTOR);
    *power_max = device_point(device, QUANTITY_POWER_MAX);
    for (int p = 0; p < PHASES; p++) {
        phase_power[p] = device_point(device, (enum quantity)(QUANTITY_POWER_L1 + p));
        phase_voltage[p] = device_point(device, (enum quantity)(QUANTITY_VOLTAGE_L1 + p));
    }
    if (*power == NONE_INDEX && seed->first)
        mistake(&load->reader, seed->at,
                &(struct mistake){
                    .kind = ERR_TYPE,
                    .member = "meter",
                    .read = text_of(read, sizeof read, "\"%s\" gives no power", device->name),
                    .expected = "a meter or signal that gives power"});
}

static void fill_measures(struct site_load *load, const uint32_t *order)
{
    struct arena *arena = load->schema.arena;
    uint32_t n = load->seeds;
    uint32_t *power = arena_array(arena, n, uint32_t);
    uint32_t(*phase_power)[PHASES] = arena_take(arena, n, sizeof *phase_power);
    uint32_t(*phase_voltage)[PHASES] = arena_take(arena, n, sizeof *phase_voltage);
    uint32_t *power_factor = arena_array(arena, n, uint32_t);
    uint32_t *power_max = arena_array(arena, n, uint32_t);
    struct supply_tree *tree = &load->site->tree;

    for (uint32_t b = 0; b < n; b++)
        branch_points(load, &load->seed[order[b]], &power[b], phase_power[b], phase_voltage[b],
                      &power_factor[b], &power_max[b]);
    tree->power_point = power;
    tree->phase_power_point = (const uint32_t(*)[PHASES])phase_power;
    tree->phase_voltage_point = (const uint32_t(*)[PHASES])phase_voltage;
    tree->power_factor_point = power_factor;
    tree->power_max_point = power_max;
}

static void fill_branches(struct site_load *load, const uint32_t *order)
{
    struct arena *arena = load->schema.arena;
    uint32_t n = load->seeds;
    struct supply_tree *tree = &load->site->tree;
    const char **name = arena_array(arena, n, const char *);
    const char **level = arena_array(arena, n, const char *);
    struct rating *rating = arena_array(arena, n, struct rating);
    int64_t *derating = arena_array(arena, n, int64_t);
    int64_t *loss = arena_array(arena, n, int64_t);
    int64_t *unmetered = arena_array(arena, n, int64_t);
    double *nominal = arena_array(arena, n, double);
    double *least = arena_array(arena, n, double);
    double *power_factor = arena_array(arena, n, double);

    for (uint32_t b = 0; b < n; b++) {
        const struct branch_seed *seed = &load->seed[order[b]];

        name[b] = seed->name;
        level[b] = seed->entry->level;
        rating[b] = seed->entry->rating;
        derating[b] = seed->entry->derating_bp;
        loss[b] = seed->entry->loss_bp;
        unmetered[b] = seed->entry->unmetered_w;
        nominal[b] = seed->entry->nominal_v;
        least[b] = seed->entry->least_v;
        power_factor[b] = seed->entry->least_power_factor;
    }
    tree->name = name;
    tree->level = level;
    tree->rating = rating;
    tree->derating_bp = derating;
    tree->loss_bp = loss;
    tree->unmetered_w = unmetered;
    tree->nominal_v = nominal;
    tree->least_v = least;
    tree->least_power_factor = power_factor;
}

/* NULL as a whole when no branch has one. */
static void fill_trips(struct site_load *load, const uint32_t *order)
{
    const struct trip_curve **trip = NULL;

    for (uint32_t b = 0; b < load->seeds; b++) {
        uint32_t breaker = load->seed[order[b]].breaker;

        if (breaker == NONE_INDEX)
            continue;
        if (trip == NULL)
            trip = arena_array(load->schema.arena, load->seeds, const struct trip_curve *);
        trip[b] = &load->trip[breaker];
    }
    load->site->tree.trip = trip;
}

static void check_voltages(struct site_load *load, const struct branch_entry *entry, uint32_t count,
                           const config_setting_t *list)
{
    char read[100];

    for (uint32_t i = 0; i < count; i++) {
        if (!entry[i].least_v_given || entry[i].least_v <= entry[i].nominal_v ||
            entry[i].nominal_v <= 0)
            continue;
        text_of(read, sizeof read, "%.10g V", entry[i].least_v);
        mistake(&load->reader, config_setting_get_elem(list, i),
                &(struct mistake){.kind = ERR_CONFLICT,
                                  .member = "least_voltage",
                                  .read = read,
                                  .expected = "at most the nominal `voltage`"});
    }
}

/* ---------------------------------------------------------------- feeds */

static bool take_feed(struct site_load *load, const config_setting_t *at, uint32_t index)
{
    struct feed_entry entry = {0};
    const struct schema_part part = {site_sections[SECTION_FEEDS].rows, &entry};
    struct supply_tree *tree = &load->site->tree;
    const uint32_t *seed = NULL;
    bool ok = schema_fill(&load->schema, at, &part, 1);

    ok = take_name(load, at, entry.name, &load->feeds, index) && ok;
    seed = take_references(load, at, "branch", entry.branch, 1, &load->branches, "a branch");
    if (seed == NULL || tree->branches == 0 || !ok)
        return false;
    tree->feed_name[index] = entry.name;
    tree->feed_branch[index] = load->branch_of[*seed];
    return true;
}

/* Branches below a feed's topmost one belong to it. */
static void spread_feeds(struct site_load *load, const config_setting_t *list)
{
    struct supply_tree *tree = &load->site->tree;
    uint32_t *feed = arena_array(load->schema.arena, tree->branches, uint32_t);
    char read[160];

    for (uint32_t b = 0; b < tree->branches; b++)
        feed[b] = NONE_INDEX;
    for (uint32_t b = 0; b < tree->branches; b++) {
        if (b > 0)
            feed[b] = feed[tree->parent[b]];
        for (uint32_t f = 0; f < tree->feeds; f++) {
            if (tree->feed_branch[f] != b)
                continue;
            if (feed[b] != NONE_INDEX) {
                text_of(read, sizeof read, "\"%s\" belongs to feed %s", tree->name[b],
                        tree->feed_name[feed[b]]);
                mistake(&load->reader, config_setting_get_elem(list, f),
                        &(struct mistake){.kind = ERR_CONFLICT,
                                          .member = "branch",
                                          .read = read,
                                          .expected =
                                              "a branch of its own: feeds are lost one at a time"});
            } else {
                feed[b] = f;
            }
        }
    }
    tree->feed = feed;
}

static void load_feeds(struct site_load *load)
{
    struct supply_tree *tree = &load->site->tree;
    uint32_t count = 0;
    const config_setting_t *list = section_groups(load, SECTION_FEEDS, &count);
    char read[40];
    bool ok = true;

    if (count > FEEDS_MAX) {
        mistake(&load->reader, list,
                &(struct mistake){.kind = ERR_RANGE,
                                  .read = text_of(read, sizeof read, "%u feeds", count),
                                  .expected = "at most 8 feeds"});
        return;
    }
    for (uint32_t f = 0; f < count; f++)
        ok = take_feed(load, config_setting_get_elem(list, f), f) && ok;
    if (tree->branches == 0 || !ok)
        return;
    tree->feeds = count;
    spread_feeds(load, list);
}

/* ---------------------------------------------------------------- the whole */

void load_branches(struct site_load *load)
{
    uint32_t count = 0;
    const config_setting_t *list = section_groups(load, SECTION_BRANCHES, &count);
    struct branch_entry *entry = arena_array(&load->scratch, count, struct branch_entry);
    struct range *names = arena_array(&load->scratch, count, struct range);

    if (list != NULL && count == 0)
        mistake(&load->reader, list,
                &(struct mistake){
                    .kind = ERR_MISSING, .read = "is empty", .expected = "at least the site"});
    load->seeds = count_seeds(load, entry, list, count, names);
    load->seed = arena_array(&load->scratch, load->seeds, struct branch_seed);
    load->branch_of = arena_array(&load->scratch, load->seeds, uint32_t);
    make_seeds(load, entry, list, count, names);
    resolve_seeds(load);
    check_voltages(load, entry, count, list);
    /* Without a tree there are names to refer to all the same. */
    if (is_tree(load)) {
        const uint32_t *order = sort_branches(load);

        fill_branches(load, order);
        fill_measures(load, order);
        fill_trips(load, order);
    }
    load_feeds(load);
}
