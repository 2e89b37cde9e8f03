/* Curves: what a breaker bears, and what a node does at a cap. */
#include "config/quantity.h"
#include "config/site_load.h"

/* ---------------------------------------------------------------- breakers */

/* Value number `value` of entry number `entry` of a table. */
static const config_setting_t *value_at(const config_setting_t *table, uint32_t entry,
                                        unsigned value)
{
    return config_setting_get_elem(config_setting_get_elem(table, entry), value);
}

/* Loads rise and times fall; one mistake a curve. In whole milliseconds: times rounded down, and the
 * reset up, so that tripping is never expected too late. */
static bool take_points(struct site_load *load, const config_setting_t *at,
                        const struct breaker_entry *entry, struct trip_point *out)
{
    const config_setting_t *table = config_setting_get_member(at, "points");
    const struct breaker_point *point = entry->points.item;

    for (uint32_t i = 0; i < entry->points.count; i++) {
        out[i] = (struct trip_point){point[i].load_bp, point[i].hold_ns / NS_PER_MS};
        if (i > 0 && point[i].load_bp <= point[i - 1].load_bp)
            return mistake(&load->reader, value_at(table, i, 0),
                           &(struct mistake){.kind = ERR_CONFLICT,
                                             .expected = "a greater load than before it"});
        if (i > 0 && out[i].hold_ms >= out[i - 1].hold_ms)
            return mistake(&load->reader, value_at(table, i, 1),
                           &(struct mistake){.kind = ERR_CONFLICT,
                                             .expected = "a shorter time than before it"});
    }
    return true;
}

void load_breakers(struct site_load *load)
{
    uint32_t count = 0;
    const config_setting_t *list = section_groups(load, SECTION_BREAKERS, &count);
    struct trip_curve *trip = arena_array(load->schema.arena, count, struct trip_curve);

    for (uint32_t i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(list, i);
        struct breaker_entry entry = {0};
        const struct schema_part part = {site_sections[SECTION_BREAKERS].rows, &entry};
        struct trip_point *point = NULL;
        bool ok = schema_fill(&load->schema, at, &part, 1);

        take_name(load, at, entry.name, &load->breakers, i);
        if (!ok)
            continue;
        point = arena_array(load->schema.arena, entry.points.count, struct trip_point);
        if (take_points(load, at, &entry, point))
            trip[i] = (struct trip_curve){entry.points.count, point,
                                          (entry.reset_ns + NS_PER_MS - 1) / NS_PER_MS};
    }
    load->trip = trip;
}

/* ---------------------------------------------------------------- curves of nodes */

static bool curve_mistake(struct site_load *load, const config_setting_t *at, const char *read,
                          const char *expected)
{
    return mistake(&load->reader, at,
                   &(struct mistake){.kind = ERR_CONFLICT, .read = read, .expected = expected});
}

/* From cap_min to cap_max, and something to compare with at the end; one mistake a curve. */
bool check_curve(struct site_load *load, const config_setting_t *at, const struct kind_entry *kind)
{
    const config_setting_t *list = config_setting_get_member(at, "curve");
    const struct curve_point *point = kind->curve.item;
    const struct curve curve = {kind->curve.count, point};
    uint32_t last = curve.points == 0 ? 0 : curve.points - 1;
    char read[80];
    char watts[40];

    if (curve.points == 0)
        return true;
    if (!kind->cappable)
        return curve_mistake(load, list, "a node that can't be capped", "no curve, or caps");
    for (uint32_t i = 1; i < curve.points; i++) {
        if (point[i].cap_w <= point[i - 1].cap_w)
            return curve_mistake(load, value_at(list, i, 0), NULL, "a greater cap than before it");
    }
    amount_show(KIND_POWER, (double)point[0].cap_w, watts, sizeof watts);
    if (point[0].cap_w > kind->cap_min_w)
        return curve_mistake(load, list, text_of(read, sizeof read, "begins at %s", watts),
                             "a curve from `cap_min` or less");
    amount_show(KIND_POWER, (double)point[last].cap_w, watts, sizeof watts);
    if (point[last].cap_w < kind->cap_max_w)
        return curve_mistake(load, list, text_of(read, sizeof read, "ends at %s", watts),
                             "a curve to `cap_max` or more");
    if (!(curve_throughput(&curve, (double)kind->cap_max_w) > 0))
        return curve_mistake(load, list, "no throughput at `cap_max`", "some, to compare with");
    return true;
}

const struct curve *take_curve(struct site_load *load, const struct kind_entry *kind)
{
    struct curve *curve = NULL;

    if (kind->curve.count == 0)
        return NULL;
    curve = arena_array(load->schema.arena, 1, struct curve);
    *curve = (struct curve){kind->curve.count, kind->curve.item};
    return curve;
}
