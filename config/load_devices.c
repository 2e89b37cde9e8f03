/* Meters, signals, forecasts, sources of events, actuators and schedulers. The loader knows no driver by name: a
 * driver's schema says which settings it accepts. Of these it looks at two: one of kind KIND_PROFILE says which values a
 * meter gives, and one called "interval" how often, from which a value's greatest age follows. */
#include "config/site_load.h"

#include "config/quantity.h"

#include <math.h>
#include <string.h>

enum { DRIVERS_MAX = 64, INTERVALS_TO_STALE = 3, FEEDS_OF_A_KIND_MAX = 64, SCHEDULERS_MAX = 8 };

/* One device being loaded. */
struct loading {
    struct site_load *load;
    const config_setting_t *at;
    const struct driver_schema *schema;
    struct device_entry entry;
    struct device *device;
};

/* ---------------------------------------------------------------- drivers */

static const struct driver_schema *driver_for(const struct site_load *load, const char *name,
                                              enum role role)
{
    for (const struct driver_schema *s = load->options->drivers; s != NULL && s->driver != NULL;
         s++) {
        if (s->role == role && strcmp(s->driver, name) == 0)
            return s;
    }
    return NULL;
}

static bool no_driver(struct site_load *load, const config_setting_t *at, const char *name,
                      enum role role)
{
    const config_setting_t *member = config_setting_get_member(at, "driver");
    const char *known[DRIVERS_MAX];
    size_t count = 0;
    char expected[200] = "a driver for this: ";
    size_t used = strlen(expected);

    for (const struct driver_schema *s = load->options->drivers;
         s != NULL && s->driver != NULL && count < DRIVERS_MAX; s++) {
        if (s->role != role)
            continue;
        if (used < sizeof expected)
            used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s",
                                     count > 0 ? ", " : "", s->driver);
        known[count++] = s->driver;
    }
    return mistake(
        &load->reader, at,
        &(struct mistake){.kind = member == NULL ? ERR_MISSING : ERR_UNKNOWN,
                          .member = "driver",
                          .read = member == NULL ? "is missing" : NULL,
                          .expected = expected,
                          .suggestion = name == NULL ? NULL : name_nearest(known, count, name)});
}

/* The driver's value of a row that the loader understands, NULL if it has no such row. */
static const void *driver_value(const struct loading *l, enum setting_kind kind, const char *name)
{
    for (const struct setting *row = l->schema->settings; row != NULL && row->name != NULL; row++) {
        if (row->kind == kind && (name == NULL || strcmp(row->name, name) == 0))
            return (const char *)l->device->settings + row->at;
    }
    return NULL;
}

static const struct device_profile *profile_of(const struct loading *l)
{
    const struct device_profile *const *profile = driver_value(l, KIND_PROFILE, NULL);

    return profile == NULL ? NULL : *profile;
}

/* ---------------------------------------------------------------- points */

static bool is_active_power(enum quantity q)
{
    return q == QUANTITY_POWER || q == QUANTITY_POWER_L1 || q == QUANTITY_POWER_L2 ||
           q == QUANTITY_POWER_L3;
}

static void wrong_unit(const struct loading *l, const char *member, const struct measure *measure,
                       enum quantity quantity)
{
    char read[64];
    char expected[100];
    const char *unit = quantity_unit(quantity);

    text_of(read, sizeof read, "%.10g %s", measure->number, measure->unit);
    text_of(expected, sizeof expected,
            unit[0] == '\0' ? "a number without a unit" : "a number in %s", unit);
    mistake(
        &l->load->reader, l->at,
        &(struct mistake){.kind = ERR_UNIT, .member = member, .read = read, .expected = expected});
}

/* What the file says about believing a value; of a meter this is about its powers. */
static void point_tests(const struct loading *l, struct point *point)
{
    const struct device_entry *e = &l->entry;

    point->min = quantity_min(point->quantity);
    point->max = quantity_max(point->quantity);
    if (l->device->role == ROLE_METER && !is_active_power(point->quantity) && !e->quantity_given)
        return;
    if (e->min_given &&
        !measure_value(&e->plausible_min, quantity_unit(point->quantity), &point->min))
        wrong_unit(l, "plausible_min", &e->plausible_min, point->quantity);
    if (e->max_given &&
        !measure_value(&e->plausible_max, quantity_unit(point->quantity), &point->max))
        wrong_unit(l, "plausible_max", &e->plausible_max, point->quantity);
    if (e->jump_given &&
        !measure_value(&e->jump_per_s, quantity_unit(point->quantity), &point->jump_per_s))
        wrong_unit(l, "jump_per_second", &e->jump_per_s, point->quantity);
    point->checks_jump = e->jump_given;
    point->checks_frozen = e->frozen_given;
    point->frozen_after_ns = e->frozen_after_ns;
}

static void point_append(struct site_load *load, const struct point *point)
{
    if (load->point_count == load->point_room) {
        uint32_t room = load->point_room == 0 ? 64 : load->point_room * 2;
        struct point *grown = arena_array(&load->scratch, room, struct point);

        for (uint32_t i = 0; i < load->point_count; i++)
            grown[i] = load->point[i];
        load->point = grown;
        load->point_room = room;
    }
    load->point[load->point_count++] = *point;
}

static void add_point(const struct loading *l, const char *name, enum quantity quantity,
                      int64_t stale_after_ns, struct device_point *out)
{
    struct site_load *load = l->load;
    struct point point = {.name = name, .quantity = quantity, .stale_after_ns = stale_after_ns};
    char read[200];

    *out = (struct device_point){quantity, load->point_count};
    if (!name_add(&load->points, name, load->point_count, NULL))
        mistake(&load->reader, l->at,
                &(struct mistake){
                    .kind = ERR_DUPLICATE,
                    .member = "name",
                    .read = text_of(read, sizeof read, "a second value called \"%s\"", name),
                    .expected = "names that make every value's name different"});
    point_tests(l, &point);
    point_append(load, &point);
}

/* The bounds are the same for all powers of a meter, so the first point that has them stands for all. */
static void check_bounds(const struct loading *l)
{
    for (uint32_t i = 0; i < l->device->points; i++) {
        const struct point *p = &l->load->point[l->device->point[i].point];
        char read[100];

        if (p->min < p->max)
            continue;
        text_of(read, sizeof read, "%.10g, not above plausible_min of %.10g", p->max, p->min);
        mistake(&l->load->reader, l->at,
                &(struct mistake){.kind = ERR_CONFLICT,
                                  .member = l->entry.max_given ? "plausible_max" : "plausible_min",
                                  .read = read,
                                  .expected = "plausible_min below plausible_max"});
        return;
    }
}

/* How old a value may grow: as the file says, else three intervals. */
static int64_t stale_after_ns(const struct loading *l)
{
    const int64_t *interval_ns = driver_value(l, KIND_DURATION, "interval");

    if (l->entry.stale_given)
        return l->entry.stale_after_ns;
    if (interval_ns != NULL && *interval_ns > 0)
        return INTERVALS_TO_STALE * *interval_ns;
    mistake(&l->load->reader, l->at,
            &(struct mistake){.kind = ERR_MISSING,
                              .member = "stale_after",
                              .read = "is missing",
                              .expected = "how old a value may grow, such as \"5 min\""});
    return 0;
}

/* A profile gives a point for each of its registers, called NAME.QUANTITY. */
static void profile_points(const struct loading *l, const struct device_profile *profile)
{
    struct arena *arena = l->load->schema.arena;
    struct device_point *point = arena_array(arena, profile->registers, struct device_point);
    int64_t stale_ns = stale_after_ns(l);
    char name[128];

    for (uint32_t i = 0; i < profile->registers; i++) {
        enum quantity quantity = profile->reg[i].quantity;

        text_of(name, sizeof name, "%s.%s", l->entry.name, quantity_name(quantity));
        add_point(l, arena_text(arena, name, strlen(name)), quantity, stale_ns, &point[i]);
    }
    l->device->points = profile->registers;
    l->device->point = point;
    check_bounds(l);
}

/* A device that gives one value: a signal's is called like it, a meter's NAME.QUANTITY. */
static void single_point(const struct loading *l)
{
    struct arena *arena = l->load->schema.arena;
    struct device_point *point = arena_array(arena, 1, struct device_point);
    enum quantity quantity = (enum quantity)l->entry.quantity;
    char name[128];

    if (l->device->role == ROLE_SIGNAL)
        text_of(name, sizeof name, "%s", l->entry.name);
    else
        text_of(name, sizeof name, "%s.%s", l->entry.name, quantity_name(quantity));
    add_point(l, arena_text(arena, name, strlen(name)), quantity, stale_after_ns(l), point);
    l->device->points = 1;
    l->device->point = point;
    check_bounds(l);
}

static void device_points(const struct loading *l)
{
    const struct device_profile *profile = profile_of(l);

    if (l->device->role != ROLE_METER && l->device->role != ROLE_SIGNAL)
        return;
    if (profile != NULL && l->device->role == ROLE_METER)
        profile_points(l, profile);
    else if (l->device->role == ROLE_SIGNAL || l->entry.quantity_given)
        single_point(l);
    else if (l->device->role == ROLE_METER && driver_value(l, KIND_PROFILE, NULL) == NULL)
        mistake(&l->load->reader, l->at,
                &(struct mistake){.kind = ERR_MISSING,
                                  .member = "quantity",
                                  .read = "is missing",
                                  .expected = "what the meter measures, such as \"power\""});
}

/* ---------------------------------------------------------------- forecasts and events */

/* Average and marginal intensities are two quantities, so a carbon forecast must say which it is. */
static void take_forecast(const struct loading *l)
{
    struct forecast_source *forecast = &l->load->forecast[l->device->feed];

    *forecast = (struct forecast_source){.name = l->entry.name,
                                         .quantity = (enum quantity)l->entry.quantity,
                                         .basis = (enum signal_basis)l->entry.basis};
    if (forecast->quantity == QUANTITY_CARBON_INTENSITY && !l->entry.basis_given)
        mistake(
            &l->load->reader, l->at,
            &(struct mistake){.kind = ERR_MISSING,
                              .member = "basis",
                              .read = "is missing",
                              .expected = "\"average\" or \"marginal\": which intensity it is"});
}

static void take_feed(const struct loading *l)
{
    if (l->device->role == ROLE_FORECAST)
        take_forecast(l);
    else if (l->device->role == ROLE_EVENTS)
        l->load->event_source[l->device->feed] =
            (struct event_source){.name = l->entry.name, .stale_after_ns = l->entry.stale_after_ns};
}

/* ---------------------------------------------------------------- one device */

static bool fill_device(struct loading *l, enum section_id section)
{
    struct site_load *load = l->load;
    void *settings = arena_take(load->schema.arena, 1, l->schema->settings_size);
    const struct schema_part part[] = {{site_sections[section].rows, &l->entry},
                                       {l->schema->settings, settings}};
    const char *file = NULL;
    bool ok = schema_fill(&load->schema, l->at, part, COUNT(part));

    setting_place(&load->reader, l->at, &file, &l->device->line);
    l->device->name = l->entry.name;
    l->device->driver = l->schema->driver;
    l->device->role = l->schema->role;
    l->device->settings = settings;
    l->device->mode = l->entry.mode;
    l->device->file = arena_text(load->schema.arena, file, strlen(file));
    return ok;
}

/* Registers the name even of a device with mistakes, so that what refers to it makes no second one. */
static void register_device(struct site_load *load, const config_setting_t *at, const char *name,
                            enum role role, uint32_t index, const struct device *device)
{
    (void)take_name(load, at, name, &load->devices, 0);
    if (strchr(name, '[') != NULL)
        return;
    if (role == ROLE_FORECAST || role == ROLE_EVENTS || role == ROLE_SCHEDULER)
        return; /* nothing in a site file refers to them */
    if (role == ROLE_ACTUATOR) {
        (void)name_add(&load->actuators, name, index, NULL);
    } else if (name_add(&load->measures.names, name, load->measures.count, NULL)) {
        load->measures.device[load->measures.count++] = device;
    }
}

static const char *member_text(const config_setting_t *at, const char *member)
{
    const config_setting_t *setting =
        config_setting_is_group(at) ? config_setting_get_member(at, member) : NULL;

    return setting == NULL ? NULL : config_setting_get_string(setting);
}

static void load_device(struct site_load *load, enum section_id section, const config_setting_t *at,
                        uint32_t index, struct device *device)
{
    enum role role = site_sections[section].role;
    const char *driver = member_text(at, "driver");
    struct loading l = {.load = load, .at = at, .device = device};
    bool ok = false;

    if (!config_setting_is_group(at)) {
        mistake(&load->reader, at,
                &(struct mistake){.kind = ERR_TYPE, .expected = "a group { ... }"});
        return;
    }
    l.schema = driver == NULL ? NULL : driver_for(load, driver, role);
    if (l.schema == NULL) { /* without it nothing is known of the other settings */
        const char *name = member_text(at, "name");
        uint32_t count = 0;

        no_driver(load, at, driver, role);
        if (name != NULL && range_count(name, &count, NULL))
            register_device(load, at, name, role, index, NULL);
        return;
    }
    ok = fill_device(&l, section);
    device->feed = index;
    if (ok) {
        device_points(&l);
        take_feed(&l);
    }
    if (l.entry.name != NULL)
        register_device(load, at, l.entry.name, role, index,
                        ok && device->points > 0 ? device : NULL);
}

/* Each forecast and each list of events has fixed memory of its own. */
static bool few_enough(struct site_load *load, const config_setting_t *list, enum role role,
                       uint32_t count)
{
    uint32_t most = role == ROLE_SCHEDULER ? SCHEDULERS_MAX : FEEDS_OF_A_KIND_MAX;
    char read[60], expected[60];

    if ((role != ROLE_FORECAST && role != ROLE_EVENTS && role != ROLE_SCHEDULER) || count <= most)
        return true;
    return mistake(
        &load->reader, list,
        &(struct mistake){.kind = ERR_RANGE,
                          .read = text_of(read, sizeof read, "%u groups", count),
                          .expected = text_of(expected, sizeof expected, "at most %u", most)});
}

static uint32_t load_role(struct site_load *load, enum section_id section,
                          const struct device **out)
{
    uint32_t count = 0;
    const config_setting_t *list = section_groups(load, section, &count);
    struct device *device = arena_array(load->schema.arena, count, struct device);

    if (!few_enough(load, list, site_sections[section].role, count))
        return 0;
    for (uint32_t i = 0; i < count; i++)
        load_device(load, section, config_setting_get_elem(list, i), i, &device[i]);
    *out = device;
    return count;
}

static uint32_t section_length(const struct site_load *load, enum section_id id)
{
    const config_setting_t *root = config_root_setting(&load->reader.config);
    const config_setting_t *list = config_setting_get_member(root, site_sections[id].name);

    return list == NULL ? 0 : (uint32_t)config_setting_length(list);
}

static void load_forecasts_and_events(struct site_load *load)
{
    struct site *site = load->site;

    load->forecast = arena_array(load->schema.arena, section_length(load, SECTION_FORECASTS),
                                 struct forecast_source);
    load->event_source = arena_array(
        load->schema.arena, section_length(load, SECTION_EVENT_SOURCES), struct event_source);
    site->forecasts = load_role(load, SECTION_FORECASTS, &site->forecast_device);
    site->forecast = load->forecast;
    site->event_sources = load_role(load, SECTION_EVENT_SOURCES, &site->event_device);
    site->event_source = load->event_source;
}

void load_devices(struct site_load *load)
{
    struct site *site = load->site;
    struct point *point = NULL;

    load->measures.device =
        arena_array(&load->scratch,
                    section_length(load, SECTION_METERS) + section_length(load, SECTION_SIGNALS),
                    const struct device *);
    site->meters = load_role(load, SECTION_METERS, &site->meter);
    site->signals = load_role(load, SECTION_SIGNALS, &site->signal);
    load_forecasts_and_events(load);
    site->actuators = load_role(load, SECTION_ACTUATORS, &site->actuator);
    site->schedulers = load_role(load, SECTION_SCHEDULERS, &site->scheduler);
    point = arena_array(load->schema.arena, load->point_count, struct point);
    for (uint32_t i = 0; i < load->point_count; i++)
        point[i] = load->point[i];
    site->points = load->point_count;
    site->point = point;
}
