/* On-site generation. What a battery has and the others don't is checked here. */
#include "config/site_load.h"

enum { RESERVE_USUAL_BP = 2000 };

static uint32_t source_point(struct site_load *load, const config_setting_t *at, const char *meter)
{
    const uint32_t *measure =
        take_references(load, at, "meter", meter, 1, &load->measures.names, "a meter or signal");
    const struct device *device = measure == NULL ? NULL : load->measures.device[*measure];
    uint32_t point = device == NULL ? NONE_INDEX : device_point(device, QUANTITY_POWER);
    char read[120];

    if (device != NULL && point == NONE_INDEX)
        mistake(&load->reader, at,
                &(struct mistake){
                    .kind = ERR_TYPE,
                    .member = "meter",
                    .read = text_of(read, sizeof read, "\"%s\" gives no power", device->name),
                    .expected = "a meter or signal that gives power"});
    return point;
}

/* ---------------------------------------------------------------- batteries */

static uint32_t charge_point(struct site_load *load, const config_setting_t *at, const char *name)
{
    const uint32_t *found =
        take_references(load, at, "charge", name, 1, &load->points, "a signal or a meter's value");
    enum quantity quantity = QUANTITY_COUNT;
    char read[120];

    if (found == NULL)
        return NONE_INDEX;
    quantity = load->point[*found].quantity;
    if (quantity != QUANTITY_STATE_OF_CHARGE) {
        text_of(read, sizeof read, "\"%s\" gives %s", name, quantity_name(quantity));
        mistake(&load->reader, at,
                &(struct mistake){.kind = ERR_TYPE,
                                  .member = "charge",
                                  .read = read,
                                  .expected = "one that gives state_of_charge"});
    }
    return *found;
}

/* Settings that only batteries have, given to something else. */
static void check_no_battery(struct site_load *load, const config_setting_t *at)
{
    static const char *const members[] = {"charge", "capacity", "reserve"};

    for (size_t i = 0; i < COUNT(members); i++) {
        if (config_setting_is_group(at) && config_setting_get_member(at, members[i]) != NULL)
            mistake(&load->reader, at,
                    &(struct mistake){.kind = ERR_CONFLICT,
                                      .member = members[i],
                                      .expected = "this with kind = \"battery\" only"});
    }
}

/* How full it is says nothing without how much it holds. */
static void take_battery(struct site_load *load, const config_setting_t *at,
                         const struct source_entry *entry, struct source *source)
{
    bool charge = entry->charge != NULL;

    if (entry->kind != SOURCE_BATTERY) {
        check_no_battery(load, at);
        return;
    }
    if (charge != entry->capacity_given)
        mistake(&load->reader, at,
                &(struct mistake){.kind = ERR_MISSING,
                                  .member = charge ? "capacity" : "charge",
                                  .read = "is missing",
                                  .expected = charge ? "what it holds when full, such as \"2 MWh\""
                                                     : "the value that tells how full it is"});
    source->charge_point = charge_point(load, at, entry->charge);
    source->capacity_wh = entry->capacity_wh;
    source->reserve_bp = entry->reserve_given ? entry->reserve_bp : RESERVE_USUAL_BP;
}

/* ---------------------------------------------------------------- all of them */

void load_sources(struct site_load *load)
{
    uint32_t count = 0;
    const config_setting_t *list = section_groups(load, SECTION_SOURCES, &count);
    struct source *source = arena_array(load->schema.arena, count, struct source);

    for (uint32_t i = 0; i < count; i++) {
        const config_setting_t *at = config_setting_get_elem(list, i);
        struct source_entry entry = {0};
        const struct schema_part part = {site_sections[SECTION_SOURCES].rows, &entry};
        const uint32_t *branch = NULL;
        bool ok = schema_fill(&load->schema, at, &part, 1);

        take_name(load, at, entry.name, &load->sources, i);
        branch = take_references(load, at, "branch", entry.branch, 1, &load->branches, "a branch");
        source[i] = (struct source){
            .name = entry.name,
            .kind = (enum source_kind)entry.kind,
            .branch = branch == NULL ? NONE_INDEX : load->branch_of[*branch],
            .power_point = source_point(load, at, entry.meter),
            .meter_counts_import = entry.meter_counts_import,
            .rated_w = entry.rated_w,
            .charge_point = NONE_INDEX,
        };
        if (ok)
            take_battery(load, at, &entry, &source[i]);
    }
    load->site->sources = count;
    load->site->source = source;
}
