/* Which point shows which truth, what meters make of it, and how late it comes. */
#include "simulation/world.h"

#include <math.h>
#include <string.h>

enum { STREAM_SIGNAL = 23 };

/* ---- which point shows what ---- */

static void add_sensor(struct world *w, uint32_t point, struct sensor sensor)
{
    if (point == NONE_INDEX)
        return;
    sensor.point = point;
    sensor.device = NONE_INDEX;
    for (uint32_t d = 0; d < w->devices; d++) {
        for (uint32_t i = 0; i < w->device[d].device->points; i++) {
            if (w->device[d].device->point[i].point == point)
                sensor.device = d;
        }
    }
    if (sensor.device != NONE_INDEX)
        w->sensor[w->sensors++] = sensor;
}

static void find_branch_sensors(struct world *w)
{
    const struct supply_tree *tree = &w->site->tree;

    for (uint32_t b = 0; b < tree->branches; b++) {
        add_sensor(w, tree->power_point[b],
                   (struct sensor){.kind = TRUTH_LOAD, .index = b, .channel = CHANNEL_TOTAL});
        add_sensor(w, tree->power_factor_point[b],
                   (struct sensor){.kind = TRUTH_POWER_FACTOR, .index = b});
        for (uint32_t p = 0; p < PHASES; p++) {
            enum channel channel = (enum channel)(CHANNEL_L1 + p);

            add_sensor(w, tree->phase_power_point[b][p],
                       (struct sensor){.kind = TRUTH_LOAD, .index = b, .channel = channel});
            add_sensor(w, tree->phase_voltage_point[b][p],
                       (struct sensor){.kind = TRUTH_VOLTAGE, .index = b});
        }
    }
}

/* The energy register of a meter that has one. */
static void find_registers(struct world *w)
{
    for (uint32_t b = 0; b < w->site->tree.branches; b++) {
        uint32_t power = w->site->tree.power_point[b];

        for (uint32_t d = 0; d < w->devices; d++) {
            const struct device *device = w->device[d].device;
            uint32_t energy = NONE_INDEX;
            bool here = false;

            for (uint32_t i = 0; i < device->points; i++) {
                here = here || device->point[i].point == power;
                if (device->point[i].quantity == QUANTITY_ENERGY_IMPORT)
                    energy = device->point[i].point;
            }
            if (here)
                add_sensor(w, energy, (struct sensor){.kind = TRUTH_ENERGY, .index = b});
        }
    }
}

static void find_sensors(struct world *w)
{
    bool *shown = arena_array(&w->arena, w->site->points + 1, bool);

    find_branch_sensors(w);
    find_registers(w);
    for (uint32_t s = 0; s < w->site->sources; s++) {
        const struct source *source = &w->site->source[s];

        add_sensor(w, source->power_point,
                   (struct sensor){
                       .kind = TRUTH_SOURCE, .index = s, .negative = source->meter_counts_import});
    }
    for (uint32_t i = 0; i < w->sensors; i++)
        shown[w->sensor[i].point] = true;
    for (uint32_t d = 0; d < w->devices; d++) {
        const struct device *device = w->device[d].device;

        if (device->role == ROLE_SIGNAL && !shown[device->point[0].point])
            add_sensor(w, device->point[0].point, (struct sensor){.kind = TRUTH_SIGNAL});
    }
}

static void add_device(struct world *w, const struct device *device)
{
    struct device_state *state = &w->device[w->devices++];

    *state = (struct device_state){.device = device};
    coarse_meter_init(&state->meter, w->scenario->seed, coarse_name_number(device->name),
                      w->scenario->meter_error_bp);
}

void meters_create(struct world *w)
{
    w->device = arena_array(&w->arena, w->site->meters + w->site->signals, struct device_state);
    w->sensor = arena_array(&w->arena, w->site->points, struct sensor);
    for (uint32_t i = 0; i < w->site->meters; i++)
        add_device(w, &w->site->meter[i]);
    for (uint32_t i = 0; i < w->site->signals; i++)
        add_device(w, &w->site->signal[i]);
    find_sensors(w);
    for (uint32_t i = 0; i < w->sensors; i++) {
        enum quantity quantity = w->site->point[w->sensor[i].point].quantity;

        w->sensor[i].signal = quantity == QUANTITY_STATE_OF_CHARGE ? 60 : 200;
    }
}

uint32_t meters_find(const struct world *w, const char *name)
{
    for (uint32_t d = 0; d < w->devices; d++) {
        if (strcmp(w->device[d].device->name, name) == 0)
            return d;
    }
    return NONE_INDEX;
}

/* ---- samples ---- */

static double truth_of(struct world *w, struct sensor *s)
{
    const struct coarse_plant *plant = w->plant;
    int64_t made_w = 0;

    switch (s->kind) {
    case TRUTH_LOAD:
        made_w = plant->generation_w[s->index];
        if (s->channel != CHANNEL_TOTAL)
            made_w /= PHASES;
        return (double)(coarse_load_w(plant, s->index, s->channel) - made_w);
    case TRUTH_VOLTAGE:
        return coarse_voltage_v(plant, s->index);
    case TRUTH_POWER_FACTOR:
        return coarse_power_factor(plant);
    case TRUTH_SOURCE:
        return (double)(s->negative ? -plant->source_w[s->index] : plant->source_w[s->index]);
    case TRUTH_ENERGY:
        s->signal += fmax(0, (double)coarse_load_w(plant, s->index, CHANNEL_TOTAL) -
                                 (double)plant->generation_w[s->index]) *
                     (double)w->tick_ns / 3.6e12;
        return s->signal;
    case TRUTH_SIGNAL:
        break;
    }
    return s->signal;
}

static struct shown sample(struct world *w, struct sensor *s)
{
    struct device_state *device = &w->device[s->device];
    struct shown shown = {.taken_ns = w->now_ns, .honest = device->meter.fault == METER_WELL};
    double truth = truth_of(w, s);

    if (s->kind == TRUTH_LOAD) {
        shown.load_w = coarse_load_w(w->plant, s->index, s->channel);
        shown.other_w = coarse_other_w(w->plant, s->index, s->channel);
    }
    shown.came =
        coarse_meter_show(&device->meter, truth, s->late[0].value, w->now_ns, &shown.value);
    /* A spiking meter's other values are as good as ever. */
    if (device->meter.fault == METER_SPIKING && shown.came && truth != 0)
        shown.honest = fabs(shown.value / truth - 1) < 0.05;
    if (s->kind == TRUTH_ENERGY) /* a register counts exactly, or stands still */
        shown.value = floor(device->meter.fault == METER_FROZEN ? s->late[0].value : truth);
    return shown;
}

void meters_step(struct world *w)
{
    for (uint32_t i = 0; i < w->sensors; i++) {
        struct sensor *s = &w->sensor[i];
        struct shown now = sample(w, s);
        const struct shown *due = NULL;
        double frozen = s->late[0].value;

        memmove(&s->late[1], &s->late[0], (SAMPLES_LATE_MAX - 1) * sizeof s->late[0]);
        s->late[0] = now;
        if (!now.came)
            s->late[0].value = frozen;
        if (!now.came && w->scenario->sabotage == SABOTAGE_SILENCE_STAMPED)
            s->late[0].came = s->kind == TRUTH_LOAD;
        due = &s->late[w->scenario->meter_late_ticks];
        if (due->came && w->controller != NULL)
            feed_sample(&w->feed, s->point,
                        &(struct sample){.value = due->value, .taken_ns = due->taken_ns});
    }
}
