#include "service/status.h"

#include "service/service.h"

#include "platform/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NODES_A_PAGE = 500, NODES_A_PAGE_MOST = 1000 };

static const char *const contact_names[] = {"never", "fresh", "lost"};

/* ---- small words ----------------------------------------------------------------------------- */

static json_t *number_or_null(bool known, int64_t value)
{
    return known ? json_integer(value) : json_null();
}

static json_t *seconds(int64_t ns) { return json_real((double)(ns / NS_PER_MS) / 1e3); }

/* "2026-11-24T23:05:11Z" */
static json_t *stamp(int64_t wall_ms)
{
    time_t seconds_ = (time_t)(wall_ms / 1000);
    struct tm parts;
    char text[32] = "";

    if (gmtime_r(&seconds_, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

/* The sentence behind a limit of the last decision. */
static json_t *sentence(const struct service *s, uint32_t limit)
{
    char text[256];

    if (limit == NONE_INDEX)
        return json_null();
    policy_explain(s->reload.policies, &s->decision->limits.limit[limit], s->site, text,
                   sizeof text);
    return json_string(text);
}

static bool is_capped(const struct service *s, uint32_t node)
{
    const struct node_report *report = &s->ingest.report[node];

    return report->heard && report->cap_in_force &&
           report->enforced_cap_w < controller_estimate(s->controller)->node[node].cap_max_w;
}

/* The core would hold it below what it could have: in observe mode this is all there is to see. */
static bool is_held(const struct service *s, uint32_t node)
{
    enum bound_kind bound = s->decision->node[node].bound;

    return bound == BOUND_ROW || bound == BOUND_GANG || bound == BOUND_MINIMUM;
}

/* ---- branches -------------------------------------------------------------------------------- */

struct tally {
    uint32_t nodes, capped, held, binds;
};

/* A node counts once at every branch above it, however many supplies it has: a row lists it
 * once. */
static void tally_nodes(const struct service *s, struct tally tally[])
{
    const struct row_table *rows = controller_rows(s->controller);

    for (uint32_t b = 0; b < s->site->tree.branches; b++)
        for (uint32_t i = rows->row_first[b]; i < rows->row_first[b + 1]; i++) {
            uint32_t node = rows->row_node[i].row;

            tally[b].nodes++;
            tally[b].capped += is_capped(s, node);
            tally[b].held += is_held(s, node);
        }
    for (uint32_t n = 0; n < s->site->nodes.count; n++) {
        uint32_t row = s->decision->node[n].bound_row;

        if (s->decision->node[n].bound == BOUND_ROW || s->decision->node[n].bound == BOUND_MINIMUM)
            tally[rows->row[row].branch].binds++;
    }
}

static json_t *branch_json(const struct service *s, uint32_t b, const struct tally *tally,
                           int64_t now_ns)
{
    const struct supply_tree *tree = &s->site->tree;
    const struct estimate *estimate = controller_estimate(s->controller);
    const struct row_estimate *e = &estimate->row[b];
    const struct row_decision *d = &s->decision->row[b];
    uint32_t point = tree->power_point[b];
    bool fresh = point == NONE_INDEX || service_reading(s, point, now_ns).quality == QUALITY_GOOD;
    json_t *out = json_object();

    json_object_set_new(out, "name", json_string(tree->name[b]));
    json_object_set_new(out, "level", json_string(tree->level[b]));
    json_object_set_new(out, "parent",
                        b == 0 ? json_null() : json_string(tree->name[tree->parent[b]]));
    json_object_set_new(out, "measured_w", number_or_null(e->measured && fresh, e->load_w));
    json_object_set_new(out, "quality",
                        json_string(point == NONE_INDEX
                                        ? "unmetered"
                                        : quality_name(service_reading(s, point, now_ns).quality)));
    json_object_set_new(out, "load_w", json_integer(e->load_w));
    json_object_set_new(out, "generation_w", json_integer(estimate->generation_w[b]));
    json_object_set_new(out, "limit_w", number_or_null(d->hard != NONE_INDEX, d->limit_w));
    json_object_set_new(out, "limit_reason", sentence(s, d->hard));
    json_object_set_new(out, "soft_limit_w",
                        number_or_null(d->soft != NONE_INDEX, d->soft_limit_w));
    json_object_set_new(out, "soft_limit_reason", sentence(s, d->soft));
    json_object_set_new(out, "binding_reason", sentence(s, d->limited ? d->binding : NONE_INDEX));
    json_object_set_new(out, "budget_w", number_or_null(d->limited, d->budget_w));
    json_object_set_new(out, "used_w", json_integer(d->used_w));
    json_object_set_new(out, "committed_w", json_integer(d->committed_w));
    json_object_set_new(out, "uncontrolled_w", json_integer(e->uncontrolled_w));
    json_object_set_new(out, "shortfall_w", json_integer(d->shortfall_w));
    json_object_set_new(out, "nodes", json_integer(tally->nodes));
    json_object_set_new(out, "capped", json_integer(tally->capped));
    json_object_set_new(out, "held", json_integer(tally->held));
    json_object_set_new(out, "binds", json_integer(tally->binds));
    return out;
}

static json_t *branches_json(const struct service *s, int64_t now_ns)
{
    struct tally *tally = calloc(s->site->tree.branches, sizeof *tally);
    json_t *out = json_array();

    if (tally == NULL)
        return out;
    tally_nodes(s, tally);
    for (uint32_t b = 0; b < s->site->tree.branches; b++)
        json_array_append_new(out, branch_json(s, b, &tally[b], now_ns));
    free(tally);
    return out;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static json_t *node_json(const struct service *s, uint32_t n)
{
    const struct node_table *nodes = &s->site->nodes;
    const struct node_estimate *e = &controller_estimate(s->controller)->node[n];
    const struct node_decision *d = &s->decision->node[n];
    const struct node_report *report = &s->ingest.report[n];
    bool bound_by_row = d->bound == BOUND_ROW || d->bound == BOUND_MINIMUM;
    bool fresh = e->contact == CONTACT_FRESH;
    char row[128] = "";
    json_t *out = json_object();

    if (bound_by_row)
        row_name(controller_rows(s->controller), s->site, d->bound_row, row, sizeof row);
    json_object_set_new(out, "name", json_string(nodes->name[n]));
    json_object_set_new(out, "kind", json_string(nodes->kind[n]));
    json_object_set_new(out, "class", json_integer(nodes->priority_class[n]));
    json_object_set_new(out, "branch", json_string(s->site->tree.name[nodes->hang[n][0].branch]));
    json_object_set_new(out, "contact", json_string(contact_names[e->contact]));
    json_object_set_new(out, "controllable", json_boolean(e->controllable));
    json_object_set_new(out, "power_w", number_or_null(fresh && e->power_known, e->power_w));
    json_object_set_new(out, "cap_w",
                        number_or_null(fresh && report->cap_in_force, report->enforced_cap_w));
    json_object_set_new(out, "wanted_w", json_integer(d->cap_w));
    json_object_set_new(out, "committed_w", json_integer(d->committed_cap_w));
    json_object_set_new(out, "cap_max_w", json_integer(e->cap_max_w));
    json_object_set_new(out, "bound_by", json_string(bound_name(d->bound)));
    json_object_set_new(out, "bound_row", bound_by_row ? json_string(row) : json_null());
    json_object_set_new(
        out, "why",
        sentence(s, bound_by_row ? s->decision->row[d->bound_row].binding : NONE_INDEX));
    return out;
}

static json_t *nodes_json(const struct service *s, const struct http_request *request)
{
    const struct estimate *estimate = controller_estimate(s->controller);
    uint32_t total = s->site->nodes.count, contact[COUNT(contact_names)] = {0};
    uint32_t capped = 0, held = 0, controllable = 0;
    json_t *out = json_object();

    for (uint32_t n = 0; n < total; n++) {
        contact[estimate->node[n].contact]++;
        controllable += estimate->node[n].controllable;
        capped += is_capped(s, n);
        held += is_held(s, n);
    }
    json_object_set_new(out, "total", json_integer(total));
    for (size_t c = 0; c < COUNT(contact); c++)
        json_object_set_new(out, contact_names[c], json_integer(contact[c]));
    json_object_set_new(out, "controllable", json_integer(controllable));
    json_object_set_new(out, "capped", json_integer(capped));
    json_object_set_new(out, "held", json_integer(held));

    if (http_number(request, "nodes", 0, 1, 0) == 1) {
        int64_t offset = http_number(request, "offset", 0, total, 0);
        int64_t most = http_number(request, "limit", 1, NODES_A_PAGE_MOST, NODES_A_PAGE);
        json_t *list = json_array();

        for (int64_t n = offset; n < total && n < offset + most; n++)
            json_array_append_new(list, node_json(s, (uint32_t)n));
        json_object_set_new(out, "offset", json_integer(offset));
        json_object_set_new(out, "list", list);
    }
    return out;
}

/* ---- sources, points, devices, alarms ----------------------------------------------------------------- */

static json_t *sources_json(const struct service *s, int64_t now_ns)
{
    static const char *const kinds[] = {"pv", "wind", "battery"};
    json_t *out = json_array();

    for (uint32_t i = 0; i < s->site->sources; i++) {
        const struct source *source = &s->site->source[i];
        struct reading reading = service_reading(s, source->power_point, now_ns);
        double value = 0;
        bool good = reading_good(&reading, &value);
        int64_t power_w = (int64_t)(source->meter_counts_import ? -value : value);
        json_t *one = json_object();

        json_object_set_new(one, "name", json_string(source->name));
        json_object_set_new(one, "kind", json_string(kinds[source->kind]));
        json_object_set_new(one, "branch", json_string(s->site->tree.name[source->branch]));
        json_object_set_new(one, "power_w", number_or_null(good, power_w));
        json_object_set_new(one, "rated_w", json_integer(source->rated_w));
        json_array_append_new(out, one);
    }
    return out;
}

static json_t *points_json(const struct service *s, int64_t now_ns)
{
    json_t *out = json_array();

    for (uint32_t p = 0; p < s->site->points; p++) {
        const struct point *point = &s->site->point[p];
        struct reading reading = service_reading(s, p, now_ns);
        double value = 0;
        bool good = reading_good(&reading, &value);
        json_t *one = json_object();

        json_object_set_new(one, "name", json_string(point->name));
        json_object_set_new(one, "quantity", json_string(quantity_name(point->quantity)));
        json_object_set_new(one, "unit", json_string(quantity_unit(point->quantity)));
        json_object_set_new(one, "value", good ? json_real(value) : json_null());
        json_object_set_new(one, "quality", json_string(quality_name(reading.quality)));
        json_object_set_new(one, "flaw", json_string(flaw_name(reading.flaw)));
        json_object_set_new(
            one, "age_s",
            reading.quality == QUALITY_MISSING ? json_null() : seconds(now_ns - reading.taken_ns));
        json_array_append_new(out, one);
    }
    return out;
}

static json_t *device_json(const struct device_slot *slot)
{
    struct driver_counters counters;
    char line[600];
    json_t *out = json_object(), *counted = json_object();
    bool has_error = slot->last.where[0] != '\0';

    devices_counters(slot, &counters);
#define COUNTER_MEMBER(name) \
    json_object_set_new(counted, #name, json_integer((json_int_t)counters.name));
    DRIVER_COUNTERS(COUNTER_MEMBER)
#undef COUNTER_MEMBER
    json_object_set_new(out, "name", json_string(slot->device->name));
    json_object_set_new(out, "driver", json_string(slot->driver->name));
    json_object_set_new(out, "role", json_string(role_name(slot->device->role)));
    json_object_set_new(out, "state",
                        json_string(!slot->said ? "starting"
                                    : slot->up  ? "up"
                                                : "lost"));
    json_object_set_new(out, "may_write", json_boolean(slot->host.may_write));
    json_object_set_new(out, "since", slot->said ? stamp(slot->since_wall_ms) : json_null());
    json_object_set_new(out, "losses", json_integer((json_int_t)slot->losses));
    json_object_set_new(out, "last_error",
                        has_error ? json_string(error_line(&slot->last, line, sizeof line))
                                  : json_null());
    json_object_set_new(out, "counters", counted);
    return out;
}

static json_t *devices_json(const struct service *s)
{
    json_t *out = json_array();

    for (uint32_t d = 0; d < s->devices.count; d++)
        json_array_append_new(out, device_json(&s->devices.slot[d]));
    return out;
}

static json_t *alarms_json(const struct service *s, int64_t now_ns)
{
    json_t *out = json_array();
    char subject[256];

    for (uint32_t a = 0; a < s->alarms.count; a++) {
        const struct active_alarm *alarm = &s->alarms.active[a];
        json_t *one = json_object();

        alarm_subject_name(&alarm->alarm, s->site, controller_rows(s->controller), subject,
                           sizeof subject);
        json_object_set_new(one, "alarm", json_string(alarm_name(alarm->alarm.kind)));
        json_object_set_new(one, "subject", json_string(subject));
        json_object_set_new(one, "number", json_real(alarm->alarm.number));
        json_object_set_new(one, "since", stamp(alarm->since_wall_ms));
        json_object_set_new(one, "for_s", seconds(now_ns - alarm->since_ns));
        json_array_append_new(out, one);
    }
    return out;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static json_t *policy_json(const struct service *s)
{
    const struct reload *r = &s->reload;
    char version[20];

    snprintf(version, sizeof version, "%016" PRIx64, r->policies->version);
    return json_pack("{s:s, s:s, s:o, s:i, s:I, s:I, s:s?}", "file", r->path, "version", version,
                     "loaded_at", stamp(r->loaded_wall_ms), "policies", (int)r->policies->count,
                     "reloads_ok", (json_int_t)r->ok, "reloads_failed", (json_int_t)r->failed,
                     "last_error", r->last_error[0] != '\0' ? r->last_error : NULL);
}

static json_t *invariants_json(const struct service *s)
{
    const struct invariant_counters *c = &s->decision->counters;

    return json_pack("{s:I, s:I, s:I, s:I}", "committed_exceeded",
                     (json_int_t)c->committed_exceeded, "raised_without_headroom",
                     (json_int_t)c->raised_without_headroom, "equipment_loosened",
                     (json_int_t)c->equipment_loosened, "write_refused_at_driver",
                     (json_int_t)s->devices.refused);
}

static json_t *commands_json(const uint64_t count[COMMAND_KINDS])
{
    json_t *out = json_object();

    for (int k = 0; k < COMMAND_KINDS; k++)
        json_object_set_new(out, command_name((enum command_kind)k),
                            json_integer((json_int_t)count[k]));
    return out;
}

static json_t *status_json(const struct service *s, const struct http_request *request)
{
    int64_t now_ns = clock_monotonic_ns();
    json_t *out = json_object();

    json_object_set_new(out, "version", json_string(CAPSTAN_VERSION));
    json_object_set_new(out, "site", json_string(s->site->name));
    json_object_set_new(out, "mode",
                        json_string(s->site->mode == MODE_ENFORCE ? "enforce" : "observe"));
    json_object_set_new(out, "time", stamp(clock_wall_ms()));
    json_object_set_new(out, "clock_known", json_boolean(s->local.known));
    json_object_set_new(out, "uptime_s", seconds(now_ns - s->started_ns));
    json_object_set_new(out, "epoch", json_integer((json_int_t)s->state.epoch));
    json_object_set_new(out, "deposed", json_boolean(s->deposed));
    json_object_set_new(out, "taking_over",
                        json_boolean(controller_estimate(s->controller)->taking_over));
    json_object_set_new(out, "ticks", json_integer((json_int_t)s->ticks));
    json_object_set_new(out, "ticks_urgent", json_integer((json_int_t)s->ticker.urgent_ticks));
    json_object_set_new(out, "tick_period_s", seconds(s->site->control.tick_period_ns));
    json_object_set_new(out, "tick_age_s", seconds(now_ns - s->ticked_ns));
    json_object_set_new(out, "tick_p50_us",
                        json_integer(histogram_quantile_us(&s->tick_time, 0.50)));
    json_object_set_new(out, "tick_p99_us",
                        json_integer(histogram_quantile_us(&s->tick_time, 0.99)));
    json_object_set_new(out, "policy", policy_json(s));
    json_object_set_new(out, "branches", branches_json(s, now_ns));
    json_object_set_new(out, "nodes", nodes_json(s, request));
    json_object_set_new(out, "sources", sources_json(s, now_ns));
    json_object_set_new(out, "points", points_json(s, now_ns));
    json_object_set_new(out, "alarms", alarms_json(s, now_ns));
    json_object_set_new(out, "alarms_dropped", json_integer((json_int_t)s->alarms.dropped));
    json_object_set_new(out, "invariants", invariants_json(s));
    json_object_set_new(out, "commands_sent", commands_json(s->actuate.sent));
    json_object_set_new(out, "commands_withheld", commands_json(s->actuate.withheld));
    json_object_set_new(out, "writes", json_integer((json_int_t)s->devices.writes));
    json_object_set_new(out, "devices", devices_json(s));
    return out;
}

void status_write(void *context, const struct http_request *request, FILE *out)
{
    json_t *status = status_json(context, request);

    json_dumpf(status, out, JSON_COMPACT | JSON_REAL_PRECISION(12));
    fputc('\n', out);
    json_decref(status);
}

void status_write_index(void *context, const struct http_request *request, FILE *out)
{
    const struct service *s = context;

    (void)request;
    fprintf(out,
            "capstan " CAPSTAN_VERSION ", site %s, mode %s\n\n"
            "/api/v1/status           everything, as JSON; ?nodes=1&offset=0&limit=500 adds nodes\n"
            "/metrics                 for Prometheus\n",
            s->site->name, s->site->mode == MODE_ENFORCE ? "enforce" : "observe");
}
