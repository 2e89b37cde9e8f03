#include "cli/picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BRANCHES_MOST = 20000,
    NODES_MOST = 1000,
    ALARMS_MOST = 1000,
    SIGNALS_MOST = 64,
    COMING_MOST = 256
};

/* ---- reading members ------------------------------------------------------------------------- */

static void get_text(const json_t *object, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));

    snprintf(out, size, "%s", text != NULL ? text : "");
}

static int64_t get_integer(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static double get_number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static bool get_flag(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

/* True when the member is a number, not null. */
static bool get_known(const json_t *object, const char *name, int64_t *value)
{
    const json_t *member = json_object_get(object, name);

    *value = json_integer_value(member);
    return json_is_integer(member);
}

static bool get_real(const json_t *object, const char *name, double *value)
{
    const json_t *member = json_object_get(object, name);

    *value = json_number_value(member);
    return json_is_number(member);
}

static void *array_of(size_t count, size_t size)
{
    void *items = calloc(count > 0 ? count : 1, size);

    if (items == NULL)
        abort();
    return items;
}

static size_t bounded(const json_t *array, size_t most)
{
    size_t count = json_array_size(array);

    return count < most ? count : most;
}

#define TEXT(object, member, field) get_text(object, member, field, sizeof(field))

/* ---- branches -------------------------------------------------------------------------------- */

static void read_branch(const json_t *in, struct picture_branch *b)
{
    int64_t measured_w = 0;

    TEXT(in, "name", b->name);
    TEXT(in, "level", b->level);
    TEXT(in, "quality", b->quality);
    TEXT(in, "limit_reason", b->limit_reason);
    TEXT(in, "soft_limit_reason", b->soft_reason);
    TEXT(in, "binding_row", b->binding_row);
    TEXT(in, "binding_reason", b->binding_reason);
    b->load_w = get_integer(in, "load_w");
    b->measured = get_known(in, "measured_w", &measured_w);
    b->generation_w = get_integer(in, "generation_w");
    b->limited = get_known(in, "limit_w", &b->limit_w);
    b->soft = get_known(in, "soft_limit_w", &b->soft_limit_w);
    b->budgeted = get_known(in, "budget_w", &b->budget_w);
    b->used_w = get_integer(in, "used_w");
    b->committed_w = get_integer(in, "committed_w");
    b->uncontrolled_w = get_integer(in, "uncontrolled_w");
    b->shortfall_w = get_integer(in, "shortfall_w");
    b->nodes = get_integer(in, "nodes");
    b->capped = get_integer(in, "capped");
    b->held = get_integer(in, "held");
    b->binds = get_integer(in, "binds");
    b->may_trip = get_real(in, "trip_margin_s", &b->trip_margin_s);
}

static void read_tightest(const json_t *in, struct picture_branch *b)
{
    b->tight = get_known(in, "limit_w", &b->tight_limit_w);
    b->tight_soft = get_flag(in, "soft");
    b->tight_load_w = get_integer(in, "load_w");
    TEXT(in, "row", b->tight_row);
    TEXT(in, "channel", b->tight_channel);
    TEXT(in, "reason", b->tight_reason);
}

/* Breadth-first order: a parent stands before its children, and near them. */
static void link_branch(struct picture *p, uint32_t b, const char *parent)
{
    p->branch[b].parent = NONE_INDEX;
    for (uint32_t up = b; parent != NULL && up-- > 0;)
        if (strcmp(p->branch[up].name, parent) == 0) {
            p->branch[b].parent = up;
            p->branch[b].depth = p->branch[up].depth + 1;
            if (p->branch[up].children++ == 0)
                p->branch[up].first_child = b;
            return;
        }
}

static void read_branches(const json_t *array, struct picture *p)
{
    p->branches = bounded(array, BRANCHES_MOST);
    p->branch = array_of(p->branches, sizeof *p->branch);
    for (size_t b = 0; b < p->branches; b++) {
        const json_t *in = json_array_get(array, b);

        read_branch(in, &p->branch[b]);
        read_tightest(json_object_get(in, "tightest"), &p->branch[b]);
        link_branch(p, (uint32_t)b, json_string_value(json_object_get(in, "parent")));
    }
}

/* ---- the other lists ------------------------------------------------------------------------- */

static void read_node(const json_t *in, struct picture_node *n)
{
    TEXT(in, "name", n->name);
    TEXT(in, "kind", n->kind);
    TEXT(in, "branch", n->branch);
    TEXT(in, "contact", n->contact);
    TEXT(in, "bound_by", n->bound_by);
    TEXT(in, "bound_row", n->bound_row);
    TEXT(in, "why", n->why);
    n->priority_class = get_integer(in, "class");
    n->power_known = get_known(in, "power_w", &n->power_w);
    n->capped = get_known(in, "cap_w", &n->cap_w);
    n->wanted_w = get_integer(in, "wanted_w");
    n->cap_max_w = get_integer(in, "cap_max_w");
}

static void read_nodes(const json_t *nodes, struct picture *p)
{
    const json_t *list = json_object_get(nodes, "list");

    p->nodes_total = get_integer(nodes, "total");
    p->nodes_fresh = get_integer(nodes, "fresh");
    p->nodes_lost = get_integer(nodes, "lost");
    p->nodes_never = get_integer(nodes, "never");
    p->nodes_passive = get_integer(nodes, "passive");
    p->nodes_capped = get_integer(nodes, "capped");
    p->nodes_held = get_integer(nodes, "held");
    p->nodes_controllable = get_integer(nodes, "controllable");
    p->node_offset = get_integer(nodes, "offset");
    p->nodes = bounded(list, NODES_MOST);
    p->node = array_of(p->nodes, sizeof *p->node);
    for (size_t n = 0; n < p->nodes; n++)
        read_node(json_array_get(list, n), &p->node[n]);
}

static void read_alarms(const json_t *array, struct picture *p)
{
    p->alarms = bounded(array, ALARMS_MOST);
    p->alarm = array_of(p->alarms, sizeof *p->alarm);
    for (size_t a = 0; a < p->alarms; a++) {
        const json_t *in = json_array_get(array, a);

        TEXT(in, "alarm", p->alarm[a].kind);
        TEXT(in, "subject", p->alarm[a].subject);
        p->alarm[a].number = get_number(in, "number");
        p->alarm[a].for_s = get_number(in, "for_s");
    }
}

static bool is_signal(const char *quantity)
{
    static const char *const shown[] = {"carbon_intensity", "price", "state_of_charge",
                                        "irradiance", "temperature"};

    for (size_t i = 0; i < COUNT(shown); i++)
        if (strcmp(quantity, shown[i]) == 0)
            return true;
    return false;
}

static void read_sources(const json_t *array, struct picture *p)
{
    for (size_t i = 0; i < json_array_size(array) && p->signals < SIGNALS_MOST; i++) {
        const json_t *in = json_array_get(array, i);
        struct picture_signal *s = &p->signal[p->signals++];
        int64_t power_w = 0;

        TEXT(in, "name", s->name);
        s->known = get_known(in, "power_w", &power_w);
        s->value = (double)power_w;
        s->is_power = true;
        s->rated_w = get_integer(in, "rated_w");
    }
}

static void read_points(const json_t *array, struct picture *p)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *in = json_array_get(array, i);
        struct picture_signal s = {0};
        char quantity[32];

        TEXT(in, "name", s.name);
        TEXT(in, "unit", s.unit);
        TEXT(in, "quality", s.quality);
        TEXT(in, "quantity", quantity);
        s.known = json_is_number(json_object_get(in, "value"));
        s.value = get_number(in, "value");
        *(s.known ? &p->points_good : &p->points_other) += 1;
        if (is_signal(quantity) && p->signals < SIGNALS_MOST)
            p->signal[p->signals++] = s;
    }
}

static void read_events(const json_t *array, struct picture *p)
{
    p->events = bounded(array, COMING_MOST);
    p->event = array_of(p->events, sizeof *p->event);
    for (size_t i = 0; i < p->events; i++) {
        const json_t *in = json_array_get(array, i);
        struct picture_event *e = &p->event[i];

        TEXT(in, "id", e->id);
        TEXT(in, "phase", e->phase);
        e->cancelled = get_flag(in, "cancelled");
        e->timed = get_real(in, "left_s", &e->left_s);
        e->target_w = get_integer(in, "target_w");
        e->limited = get_known(in, "limit_w", &e->limit_w);
    }
}

static void read_forecasts(const json_t *array, struct picture *p)
{
    p->forecasts = bounded(array, COMING_MOST);
    p->forecast = array_of(p->forecasts, sizeof *p->forecast);
    for (size_t i = 0; i < p->forecasts; i++) {
        const json_t *in = json_array_get(array, i);
        struct picture_forecast *f = &p->forecast[i];

        TEXT(in, "name", f->name);
        TEXT(in, "unit", f->unit);
        TEXT(in, "basis", f->basis);
        f->known = get_real(in, "age_s", &f->age_s);
        f->valued = get_real(in, "value", &f->value);
        f->next_valued = get_real(in, "next_value", &f->next_value);
        f->next_in_s = get_number(in, "next_in_s");
        f->reaches_s = get_number(in, "reaches_s");
    }
}

static void read_devices(const json_t *array, struct picture *p)
{
    p->devices = (int64_t)json_array_size(array);
    for (size_t d = 0; d < json_array_size(array); d++) {
        const char *state = json_string_value(json_object_get(json_array_get(array, d), "state"));

        p->devices_lost += state != NULL && strcmp(state, "lost") == 0;
    }
}

static void read_head(const json_t *status, struct picture *p)
{
    const json_t *policy = json_object_get(status, "policy");
    json_t *invariants = json_object_get(status, "invariants");
    const char *mode = json_string_value(json_object_get(status, "mode"));

    TEXT(status, "site", p->site);
    TEXT(status, "time", p->time);
    p->enforces = mode != NULL && strcmp(mode, "enforce") == 0;
    p->deposed = get_flag(status, "deposed");
    p->taking_over = get_flag(status, "taking_over");
    p->uptime_s = get_number(status, "uptime_s");
    p->tick_age_s = get_number(status, "tick_age_s");
    p->tick_period_s = get_number(status, "tick_period_s");
    p->epoch = get_integer(status, "epoch");
    p->ticks = get_integer(status, "ticks");
    p->tick_p50_us = get_integer(status, "tick_p50_us");
    p->tick_p99_us = get_integer(status, "tick_p99_us");
    p->writes = get_integer(status, "writes");
    TEXT(policy, "file", p->policy_file);
    TEXT(policy, "version", p->policy_version);
    TEXT(policy, "last_error", p->policy_error);
    p->reloads_ok = get_integer(policy, "reloads_ok");
    p->reloads_failed = get_integer(policy, "reloads_failed");
    for (void *i = json_object_iter(invariants); i != NULL;
         i = json_object_iter_next(invariants, i))
        p->invariants += json_integer_value(json_object_iter_value(i));
}

struct picture *picture_read(const json_t *status)
{
    struct picture *p = array_of(1, sizeof *p);

    p->signal = array_of(SIGNALS_MOST, sizeof *p->signal);
    read_head(status, p);
    read_branches(json_object_get(status, "branches"), p);
    read_nodes(json_object_get(status, "nodes"), p);
    read_alarms(json_object_get(status, "alarms"), p);
    read_sources(json_object_get(status, "sources"), p);
    read_points(json_object_get(status, "points"), p);
    read_devices(json_object_get(status, "devices"), p);
    read_events(json_object_get(status, "grid_events"), p);
    read_forecasts(json_object_get(status, "forecasts"), p);
    return p;
}

void picture_free(struct picture *p)
{
    if (p == NULL)
        return;
    free(p->branch);
    free(p->node);
    free(p->alarm);
    free(p->signal);
    free(p->event);
    free(p->forecast);
    free(p);
}

const char *power_text(int64_t power_w, char out[POWER_TEXT])
{
    static const char *const units[] = {"W", "kW", "MW", "GW"};
    double value = (double)power_w;
    size_t unit = 0;
    int decimals = 0;

    while (fabs(value) >= 999.5 && unit < COUNT(units) - 1) {
        value /= 1000;
        unit++;
    }
    if (unit > 0)
        decimals = fabs(value) < 9.995 ? 2 : fabs(value) < 99.95 ? 1 : 0;
    snprintf(out, POWER_TEXT, "%.*f %s", decimals, value, units[unit]);
    return out;
}
