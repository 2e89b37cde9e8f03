#include "config/site_load.h"

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

        schema_fill(&load->schema, at, &part, 1);
        take_name(load, at, entry.name, &load->sources, i);
        branch = take_references(load, at, "branch", entry.branch, 1, &load->branches, "a branch");
        source[i] = (struct source){
            .name = entry.name,
            .kind = (enum source_kind)entry.kind,
            .branch = branch == NULL ? NONE_INDEX : load->branch_of[*branch],
            .power_point = source_point(load, at, entry.meter),
            .meter_counts_import = entry.meter_counts_import,
            .rated_w = entry.rated_w,
        };
    }
    load->site->sources = count;
    load->site->source = source;
}
