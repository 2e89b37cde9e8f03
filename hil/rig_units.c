/* Which unit of the gateway shows what: the site file says it all. A meter of driver "modbus" has a unit id and a
 * profile; which branch or source it measures follows from the points that refer to it. Meters at other addresses
 * are somebody else's: that is how real hardware takes the place of a simulated one. */
#include "hil/rig.h"

#include "config/load.h"
#include "drivers/profiles.h"

#include <stdio.h>
#include <string.h>

/* What one unit reads. */
struct unit {
    const struct plant *plant;
    uint32_t branch, source; /* one of them is NONE_INDEX */
    bool turned;             /* production shows as negative import */
};

static bool unit_value(void *context, enum quantity quantity, double *value)
{
    const struct unit *unit = context;

    if (unit->source == NONE_INDEX)
        return plant_branch_reading(unit->plant, unit->branch, quantity, value);
    if (!plant_source_reading(unit->plant, unit->source, quantity, value))
        return false;
    if (unit->turned && quantity_unit(quantity)[0] == 'W')
        *value = -*value;
    return true;
}

bool rig_load_site(struct rig *rig, struct error *err)
{
    char path[RUN_PATH_BYTES];
    char line[1024];
    const char *slash = strrchr(rig->options.site_file, '/');
    const char *name = slash != NULL ? slash + 1 : rig->options.site_file;
    struct load_options options = {.drivers = driver_schemas()};
    struct diagnostics found = {0};
    bool ok = load_site(rig_path(rig, name, path), &options, &rig->site, &found);

    for (size_t i = 0; i < found.count && !ok; i++)
        fprintf(stderr, "%s\n", diagnostic_line(&found.item[i], line, sizeof line));
    diagnostics_free(&found);
    return ok ? true : failure(err, ERR_SYNTAX, path, "a site file without mistakes", "the above");
}

/* What the file says of a device, by the name or the kind of the setting. NULL: the driver has no such setting. */
static const void *setting_of(const struct device *device, const char *name, enum setting_kind kind)
{
    for (const struct driver_schema *s = driver_schemas(); s->driver != NULL; s++) {
        if (s->role != device->role || strcmp(s->driver, device->driver) != 0)
            continue;
        for (const struct setting *row = s->settings; row->name != NULL; row++) {
            if (row->kind == kind && strcmp(row->name, name) == 0)
                return (const char *)device->settings + row->at;
        }
    }
    return NULL;
}

static bool gives(const struct device *device, uint32_t point)
{
    for (uint32_t i = 0; i < device->points && point != NONE_INDEX; i++) {
        if (device->point[i].point == point)
            return true;
    }
    return false;
}

/* False when nothing in the site refers to the meter: it then has nothing to show. */
static bool measures(const struct rig *rig, const struct device *device, struct unit *unit,
                     double *rated_w)
{
    const struct site *site = rig->site;
    const struct rating *rating = site->tree.rating;

    *unit = (struct unit){.plant = rig->plant, .branch = NONE_INDEX, .source = NONE_INDEX};
    for (uint32_t s = 0; s < site->sources; s++) {
        if (gives(device, site->source[s].power_point)) {
            unit->source = s;
            unit->turned = site->source[s].meter_counts_import;
            *rated_w = (double)site->source[s].rated_w;
            return true;
        }
    }
    for (uint32_t b = 0; b < site->tree.branches; b++) {
        if (gives(device, site->tree.power_point[b])) {
            unit->branch = b;
            *rated_w = rating[b].kind == RATING_A
                           ? rating[b].value * PHASES * site->tree.nominal_v[b]
                           : rating[b].value;
            return true;
        }
    }
    return false;
}

static bool is_ours(const struct rig *rig, const struct device *device)
{
    const char *const *address = setting_of(device, "address", KIND_TEXT);
    char ours[32];

    snprintf(ours, sizeof ours, "127.0.0.1:%u", face_modbus_port(rig->modbus));
    return address != NULL && *address != NULL && strcmp(*address, ours) == 0;
}

static bool add_unit(struct rig *rig, const struct device *device, struct error *err)
{
    const int64_t *unit_id = setting_of(device, "unit", KIND_INTEGER);
    const struct device_profile *const *profile = setting_of(device, "profile", KIND_PROFILE);
    struct unit *unit = arena_array(&rig->arena, 1, struct unit);
    struct register_source source = {.value = unit_value, .context = unit};

    if (unit_id == NULL || profile == NULL || *profile == NULL || *unit_id < 0 || *unit_id > 255)
        return failure(err, ERR_MISSING, device->name, "a unit id and a profile", "none");
    if (measures(rig, device, unit, &source.rated_w))
        face_modbus_unit(rig->modbus, (uint8_t)*unit_id,
                         register_map_build(*profile, &source, &rig->arena));
    return true;
}

bool rig_add_units(struct rig *rig, struct error *err)
{
    for (uint32_t m = 0; m < rig->site->meters; m++) {
        const struct device *device = &rig->site->meter[m];

        if (strcmp(device->driver, "modbus") == 0 && is_ours(rig, device) &&
            !add_unit(rig, device, err))
            return false;
    }
    return true;
}
