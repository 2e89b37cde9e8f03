#include "cli/problem_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Times the greatest share, 10, and 10,000: far inside int64_t. */
#define ALL_MAX_W 50e9

/* Far from where the products of the planner, or a ratio, leave the numbers. */
#define THROUGHPUT_LEAST 1e-15
#define THROUGHPUT_MOST 1e15

enum { SHARE_MAX_BP = 100000, WEIGHT_MAX = 1000, CLASS_MAX = 255, PATH_BYTES = 160 };

/* Where in the document we are. */
struct path {
    char text[PATH_BYTES];
};

static struct path at_index(const char *parent, size_t index)
{
    struct path path;

    snprintf(path.text, sizeof path.text, "%.130s[%zu]", parent, index);
    return path;
}

static struct path at_key(const char *parent, const char *key)
{
    struct path path;

    snprintf(path.text, sizeof path.text, "%.70s%s%.80s", parent, *parent == '\0' ? "" : ".", key);
    return path;
}

static const char *type_of(const json_t *json)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null"};

    return json == NULL ? "nothing" : names[json_typeof(json)];
}

/* ---- single values ---- */

static bool get_list(const json_t *json, const char *where, size_t least, size_t most,
                     struct error *err)
{
    char expected[64];

    snprintf(expected, sizeof expected, "a list of %zu .. %zu", least, most);
    if (!json_is_array(json))
        return failure(err, json == NULL ? ERR_MISSING : ERR_TYPE, where, expected, "%s",
                       type_of(json));
    if (json_array_size(json) < least || json_array_size(json) > most)
        return failure(err, ERR_RANGE, where, expected, "%zu", json_array_size(json));
    return true;
}

/* Nothing that a terminal would obey: below 0x20, 0x7f, and U+0080 .. U+009F, which are C2 80 .. C2 9F in UTF-8. */
static bool printable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;

        if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && (unsigned char)c[1] < 0xa0))
            return false;
    }
    return true;
}

static bool get_name(const json_t *json, const char *where, const char **name, struct error *err)
{
    const char *text = json_string_value(json);
    size_t length = json_string_length(json);

    if (text == NULL || length == 0 || strlen(text) != length) {
        failure(err, json == NULL ? ERR_MISSING : ERR_TYPE, where, "a name", "%s", type_of(json));
        return false;
    }
    if (length > NAME_BYTES_MAX || !printable(text)) {
        failure(err, ERR_RANGE, where, "a name of at most 128 bytes, all printable",
                length > NAME_BYTES_MAX ? "%zu bytes" : "a control character among %zu bytes",
                length);
        return false;
    }
    *name = text;
    return true;
}

static bool get_number(const json_t *json, const char *where, double *value, struct error *err)
{
    if (!json_is_number(json))
        return failure(err, json == NULL ? ERR_MISSING : ERR_TYPE, where, "a number", "%s",
                       type_of(json));
    *value = json_number_value(json);
    return isfinite(*value) || failure(err, ERR_RANGE, where, "a finite number", "%g", *value);
}

static bool get_whole(const json_t *json, const char *where, int64_t least, int64_t most,
                      int64_t *value, struct error *err)
{
    char expected[96];
    double number = 0;

    snprintf(expected, sizeof expected, "a whole number, %lld .. %lld", (long long)least,
             (long long)most);
    if (!json_is_number(json))
        return failure(err, json == NULL ? ERR_MISSING : ERR_TYPE, where, expected, "%s",
                       type_of(json));
    number = json_number_value(json);
    if (!(number >= (double)least && number <= (double)most) || number != floor(number))
        return failure(err, ERR_RANGE, where, expected, "%.17g", number);
    *value = json_is_integer(json) ? (int64_t)json_integer_value(json) : (int64_t)number;
    return true;
}

static bool get_whole_or(const json_t *object, const char *key, const char *parent, int64_t least,
                         int64_t most, int64_t fallback, int64_t *value, struct error *err)
{
    const json_t *json = json_object_get(object, key);
    struct path path = at_key(parent, key);

    *value = fallback;
    return json == NULL || get_whole(json, path.text, least, most, value, err);
}

/* An object with no other members than these. */
static bool get_object(const json_t *json, const char *where, const char *const keys[],
                       struct error *err)
{
    void *at = NULL;

    if (!json_is_object(json))
        return failure(err, json == NULL ? ERR_MISSING : ERR_TYPE,
                       *where == '\0' ? "the problem" : where, "an object", "%s", type_of(json));
    for (at = json_object_iter((json_t *)json); at != NULL;
         at = json_object_iter_next((json_t *)json, at)) {
        const char *key = json_object_iter_key(at);
        struct path path = at_key(where, key);
        char expected[160] = "one of";
        bool known = false;

        for (size_t i = 0; keys[i] != NULL; i++) {
            size_t used = strlen(expected);

            known = known || strcmp(keys[i], key) == 0;
            snprintf(expected + used, sizeof expected - used, "%s %s", i == 0 ? "" : ",", keys[i]);
        }
        if (!known)
            return failure(err, ERR_UNKNOWN, path.text, expected, "no such member");
    }
    return true;
}

/* A name and its number, once. */
static bool remember(json_t *numbers, const char *name, uint32_t number, const char *where,
                     struct error *err)
{
    if (json_object_get(numbers, name) != NULL)
        return failure(err, ERR_DUPLICATE, where, "a name of its own", "\"%s\" again", name);
    json_object_set_new(numbers, name, json_integer(number));
    return true;
}

static const char *keep(struct stated_problem *out, const char *name)
{
    return arena_text(&out->arena, name, strlen(name));
}

/* ---- rows ---- */

static bool read_rows(struct stated_problem *out, const json_t *json, json_t *numbers,
                      struct error *err)
{
    static const char *const keys[] = {"name", "limit_w", NULL};
    int64_t *limit_w = NULL;

    if (!get_list(json, "rows", 1, PROBLEM_ROWS_MAX, err))
        return false;
    out->problem.rows = (uint32_t)json_array_size(json);
    out->problem.limit_w = limit_w = arena_array(&out->arena, out->problem.rows, int64_t);
    out->row_name = arena_array(&out->arena, out->problem.rows, const char *);
    for (uint32_t r = 0; r < out->problem.rows; r++) {
        const json_t *row = json_array_get(json, r);
        struct path path = at_index("rows", r);
        struct path name_path = at_key(path.text, "name");
        struct path limit_path = at_key(path.text, "limit_w");
        const char *name = NULL;

        if (!get_object(row, path.text, keys, err) ||
            !get_name(json_object_get(row, "name"), name_path.text, &name, err) ||
            !remember(numbers, name, r, name_path.text, err) ||
            !get_whole(json_object_get(row, "limit_w"), limit_path.text, -LIMIT_MAX_W, LIMIT_MAX_W,
                       &limit_w[r], err))
            return false;
        out->row_name[r] = keep(out, name);
    }
    return true;
}

/* ---- nodes ---- */

static bool read_settable(struct stated_problem *out, const json_t *json, const char *parent,
                          struct problem_node *node, struct error *err)
{
    struct path path = at_key(parent, "settable_w");
    int64_t *settable_w = NULL;

    if (!get_list(json, path.text, 1, SETTABLES_MAX, err))
        return false;
    node->settables = (uint32_t)json_array_size(json);
    node->settable_w = settable_w = arena_array(&out->arena, node->settables, int64_t);
    for (uint32_t i = 0; i < node->settables; i++) {
        struct path item = at_index(path.text, i);

        if (!get_whole(json_array_get(json, i), item.text, i == 0 ? 0 : settable_w[i - 1] + 1,
                       LIMIT_MAX_W, &settable_w[i], err))
            return false;
    }
    return settable_w[node->settables - 1] > 0 ||
           failure(err, ERR_RANGE, path.text, "a cap above 0 W at the end", "0 W");
}

static bool read_caps(struct stated_problem *out, const json_t *json, const char *where,
                      struct problem_node *node, struct error *err)
{
    const json_t *list = json_object_get(json, "settable_w");
    struct path min_path = at_key(where, "min_w");
    struct path max_path = at_key(where, "max_w");
    struct path step_path = at_key(where, "step_w");

    if (list != NULL) {
        int64_t low_w = 0;
        int64_t high_w = 0;

        if (json_object_get(json, "step_w") != NULL)
            return failure(err, ERR_CONFLICT, step_path.text, "step_w or settable_w", "both");
        if (!read_settable(out, list, where, node, err))
            return false;
        low_w = node->settable_w[0];
        high_w = node->settable_w[node->settables - 1];
        return get_whole_or(json, "min_w", where, low_w, low_w, low_w, &node->min_w, err) &&
               get_whole_or(json, "max_w", where, high_w, high_w, high_w, &node->max_w, err);
    }
    return get_whole(json_object_get(json, "max_w"), max_path.text, 1, LIMIT_MAX_W, &node->max_w,
                     err) &&
           get_whole(json_object_get(json, "min_w"), min_path.text, 0, node->max_w, &node->min_w,
                     err) &&
           get_whole_or(json, "step_w", where, 1, LIMIT_MAX_W, 1, &node->step_w, err);
}

static bool read_curve_point(const json_t *json, const char *where, int64_t least_w,
                             struct curve_point *point, struct error *err)
{
    struct path cap_path = at_index(where, 0);
    struct path work_path = at_index(where, 1);

    if (!json_is_array(json) || json_array_size(json) != 2)
        return failure(err, ERR_TYPE, where, "[cap_w, throughput]", "%s", type_of(json));
    if (!get_whole(json_array_get(json, 0), cap_path.text, least_w, LIMIT_MAX_W, &point->cap_w,
                   err) ||
        !get_number(json_array_get(json, 1), work_path.text, &point->throughput, err))
        return false;
    return (point->throughput >= 0 && point->throughput <= THROUGHPUT_MOST) ||
           failure(err, ERR_RANGE, work_path.text, "0 .. 1e15", "%g", point->throughput);
}

static bool read_curve(struct stated_problem *out, const json_t *json, const char *parent,
                       struct problem_node *node, struct error *err)
{
    struct path path = at_key(parent, "curve");
    struct curve *curve = arena_array(&out->arena, 1, struct curve);
    struct curve_point *point = NULL;
    double whole = 0;
    double most = 0;

    if (!get_list(json, path.text, 2, CURVE_POINTS_MAX, err))
        return false;
    curve->points = (uint32_t)json_array_size(json);
    curve->point = point = arena_array(&out->arena, curve->points, struct curve_point);
    for (uint32_t i = 0; i < curve->points; i++) {
        struct path item = at_index(path.text, i);

        if (!read_curve_point(json_array_get(json, i), item.text,
                              i == 0 ? 0 : point[i - 1].cap_w + 1, &point[i], err))
            return false;
        most = fmax(most, point[i].throughput);
    }
    if (point[0].cap_w > node->min_w || point[curve->points - 1].cap_w < node->max_w)
        return failure(err, ERR_RANGE, path.text, "a curve from min_w to max_w",
                       "%lld .. %lld W for caps of %lld .. %lld W", (long long)point[0].cap_w,
                       (long long)point[curve->points - 1].cap_w, (long long)node->min_w,
                       (long long)node->max_w);
    whole = curve_throughput(curve, (double)node->max_w);
    if (!(whole >= THROUGHPUT_LEAST) || most > 1000 * whole)
        return failure(err, ERR_RANGE, path.text,
                       "at max_w more than 0, at least 1e-15 and a thousandth of the most", "%g",
                       whole);
    node->curve = curve;
    return true;
}

static bool read_gang(struct stated_problem *out, const json_t *json, const char *parent,
                      json_t *numbers, struct problem_node *node, struct error *err)
{
    struct path path = at_key(parent, "gang");
    const char *name = NULL;
    const json_t *known = NULL;

    node->gang = NONE_INDEX;
    if (json == NULL)
        return true;
    if (!get_name(json, path.text, &name, err))
        return false;
    known = json_object_get(numbers, name);
    if (known == NULL) {
        node->gang = out->gangs++;
        out->gang_name[node->gang] = keep(out, name);
        json_object_set_new(numbers, name, json_integer(node->gang));
    } else {
        node->gang = (uint32_t)json_integer_value(known);
    }
    return true;
}

/* ---- who loads which row ---- */

static bool count_shares(const json_t *nodes, uint64_t *shares, struct error *err)
{
    *shares = 0;
    for (size_t n = 0; n < json_array_size(nodes); n++)
        *shares += json_object_size(json_object_get(json_array_get(nodes, n), "rows"));
    return *shares < UINT32_MAX ||
           failure(err, ERR_RANGE, "nodes", "fewer than 4,294,967,295 shares in all", "more");
}

static bool read_shares(const json_t *json, const char *parent, const json_t *row_numbers,
                        struct row_share *share, uint32_t *count, struct error *err)
{
    struct path path = at_key(parent, "rows");
    void *at = NULL;

    if (!json_is_object(json))
        return failure(err, json == NULL ? ERR_MISSING : ERR_TYPE, path.text,
                       "an object: row name -> share in parts per 10,000", "%s", type_of(json));
    for (at = json_object_iter((json_t *)json); at != NULL;
         at = json_object_iter_next((json_t *)json, at)) {
        const char *name = json_object_iter_key(at);
        struct path item = at_key(path.text, name);
        const json_t *number = json_object_get(row_numbers, name);
        int64_t share_bp = 0;

        if (number == NULL)
            return failure(err, ERR_UNKNOWN, item.text, "the name of a row", "no row is called so");
        if (!get_whole(json_object_iter_value(at), item.text, 0, SHARE_MAX_BP, &share_bp, err))
            return false;
        if (share_bp > 0)
            share[(*count)++] =
                (struct row_share){(uint32_t)json_integer_value(number), (uint32_t)share_bp};
    }
    return true;
}

static bool read_node(struct stated_problem *out, const json_t *json, const char *where,
                      json_t *gang_numbers, struct problem_node *node, struct error *err)
{
    static const char *const keys[] = {"name",  "min_w", "max_w", "step_w", "settable_w", "weight",
                                       "class", "gang",  "rows",  "curve",  NULL};
    const json_t *curve = json_object_get(json, "curve");
    int64_t weight = 0;
    int64_t priority_class = 0;

    if (!get_object(json, where, keys, err) || !read_caps(out, json, where, node, err) ||
        !get_whole_or(json, "weight", where, 1, WEIGHT_MAX, 1, &weight, err) ||
        !get_whole_or(json, "class", where, 0, CLASS_MAX, 0, &priority_class, err) ||
        !read_gang(out, json_object_get(json, "gang"), where, gang_numbers, node, err))
        return false;
    node->weight = (uint32_t)weight;
    node->priority_class = (uint8_t)priority_class;
    return curve == NULL || read_curve(out, curve, where, node, err);
}

/* Shares may be above one: losses. */
static bool loads_fit(const struct stated_problem *out, struct error *err)
{
    double watts = 0;

    for (uint32_t n = 0; n < out->problem.nodes; n++)
        watts += (double)out->problem.node[n].max_w;
    return watts <= ALL_MAX_W ||
           failure(err, ERR_RANGE, "nodes", "no more than 50 GW in all", "%g W", watts);
}

static bool read_nodes(struct stated_problem *out, const json_t *json, const json_t *row_numbers,
                       json_t *node_numbers, json_t *gang_numbers, struct error *err)
{
    struct problem_node *node = NULL;
    struct row_share *share = NULL;
    uint32_t *first = NULL;
    uint64_t shares = 0;
    uint32_t count = 0;

    if (!get_list(json, "nodes", 1, PROBLEM_NODES_MAX, err) || !count_shares(json, &shares, err))
        return false;
    out->problem.nodes = (uint32_t)json_array_size(json);
    out->problem.node = node = arena_array(&out->arena, out->problem.nodes, struct problem_node);
    out->problem.first = first = arena_array(&out->arena, out->problem.nodes + 1, uint32_t);
    out->problem.share = share = arena_array(&out->arena, shares + 1, struct row_share);
    out->node_name = arena_array(&out->arena, out->problem.nodes, const char *);
    out->gang_name = arena_array(&out->arena, out->problem.nodes, const char *);
    for (uint32_t n = 0; n < out->problem.nodes; n++) {
        const json_t *item = json_array_get(json, n);
        struct path path = at_index("nodes", n);
        struct path name_path = at_key(path.text, "name");
        const char *name = NULL;

        if (!read_node(out, item, path.text, gang_numbers, &node[n], err) ||
            !get_name(json_object_get(item, "name"), name_path.text, &name, err) ||
            !remember(node_numbers, name, n, name_path.text, err) ||
            !read_shares(json_object_get(item, "rows"), path.text, row_numbers, share, &count, err))
            return false;
        out->node_name[n] = keep(out, name);
        first[n + 1] = count;
    }
    return loads_fit(out, err);
}

bool problem_from_json(struct stated_problem *out, const json_t *json, struct error *err)
{
    static const char *const keys[] = {"rows", "nodes", NULL};
    json_t *row_numbers = json_object();
    json_t *node_numbers = json_object();
    json_t *gang_numbers = json_object();
    bool good = false;

    *out = (struct stated_problem){0};
    good = get_object(json, "", keys, err) &&
           read_rows(out, json_object_get(json, "rows"), row_numbers, err) &&
           read_nodes(out, json_object_get(json, "nodes"), row_numbers, node_numbers, gang_numbers,
                      err);
    json_decref(row_numbers);
    json_decref(node_numbers);
    json_decref(gang_numbers);
    return good;
}

void stated_problem_free(struct stated_problem *stated) { arena_free(&stated->arena); }
