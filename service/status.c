#include "service/status.h"

#include "service/json_words.h"
#include "service/outlook.h"
#include "service/service.h"

#include "platform/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

enum { NODES_A_PAGE = 500, NODES_A_PAGE_MOST = 1000 };

static const char *const channel_names[CHANNEL_COUNT] = {"total", "L1", "L2", "L3"};

/* ---- limits ---------------------------------------------------------------------------------- */

/* The sentence behind a limit of the last decision. */
static json_t *sentence(const struct service *s, uint32_t limit)
{
    char text[512];

    if (limit == NONE_INDEX)
        return json_null();
    policy_explain(s->reload.policies, &s->decision->limits.limit[limit], s->site, text,
                   sizeof text);
    return json_shown(text);
}

static bool bound_by_row(const struct node_decision *d)
{
    return d->bound == BOUND_ROW || d->bound == BOUND_MINIMUM;
}

/* ---- branches -------------------------------------------------------------------------------- */

struct tally {
    uint32_t nodes, capped, held;
    uint32_t binds;       /* nodes that one of the branch's rows holds back */
    uint32_t binding_row; /* the row that holds back most of them; NONE_INDEX */
};

/* Which row holds back how many; of a branch's rows (phases, a lost feed) the one with the most. */
static void tally_bounds(const struct service *s, const struct row_table *rows,
                         struct tally tally[])
{
    uint32_t *bound = calloc(rows->count + 1, sizeof *bound);

    if (bound == NULL)
        return;
    for (uint32_t n = 0; n < s->site->nodes.count; n++)
        if (bound_by_row(&s->decision->node[n]))
            bound[s->decision->node[n].bound_row]++;
    for (uint32_t r = 0; r < rows->count; r++) {
        struct tally *t = &tally[rows->row[r].branch];

        if (bound[r] > 0 && (t->binding_row == NONE_INDEX || bound[r] > bound[t->binding_row]))
            t->binding_row = r;
        t->binds += bound[r];
    }
    free(bound);
}

/* A node counts once at every branch above it, however many supplies it has: a row lists it
 * once. */
static void tally_nodes(const struct service *s, struct tally tally[])
{
    const struct row_table *rows = controller_rows(s->controller);

    for (uint32_t b = 0; b < s->site->tree.branches; b++) {
        tally[b].binding_row = NONE_INDEX;
        for (uint32_t i = rows->row_first[b]; i < rows->row_first[b + 1]; i++) {
            uint32_t node = rows->row_node[i].row;

            tally[b].nodes++;
            tally[b].capped += service_capped(s, node);
            tally[b].held += service_held(s, node);
        }
    }
    tally_bounds(s, rows, tally);
}

/* The least of a row's limits, hard or soft; NONE_INDEX if it has none. */
static uint32_t lowest_limit(const struct row_decision *d, int64_t *limit_w)
{
    bool soft = d->soft != NONE_INDEX && (d->hard == NONE_INDEX || d->soft_limit_w < d->limit_w);

    *limit_w = soft ? d->soft_limit_w : d->limit_w;
    return soft ? d->soft : d->hard;
}

/* Of a branch's rows (its total, its phases) the one that is fullest against its limit: where
 * the next watt would hurt. A lost feed's rows are about what may come, not about what is. */
static json_t *tightest_json(const struct service *s, uint32_t branch)
{
    const struct row_table *rows = controller_rows(s->controller);
    const struct estimate *estimate = controller_estimate(s->controller);
    uint32_t tightest = NONE_INDEX, limit = NONE_INDEX;
    int64_t limit_w = 0;
    char name[128];

    for (uint32_t channel = 0; channel <= PHASES; channel++) {
        uint32_t row = channel == 0 ? branch : rows->phase_row[branch * PHASES + channel - 1];
        int64_t row_limit_w = 0;
        uint32_t row_limit =
            row == NONE_INDEX ? NONE_INDEX : lowest_limit(&s->decision->row[row], &row_limit_w);

        if (row_limit == NONE_INDEX)
            continue;
        if (tightest != NONE_INDEX &&
            (double)estimate->row[row].load_w * (double)limit_w <=
                (double)estimate->row[tightest].load_w * (double)row_limit_w)
            continue;
        tightest = row;
        limit = row_limit;
        limit_w = row_limit_w;
    }
    if (tightest == NONE_INDEX)
        return json_null();
    return json_pack("{s:o, s:s, s:b, s:I, s:I, s:o}", "row",
                     json_shown(row_name(rows, s->site, tightest, name, sizeof name)), "channel",
                     channel_names[rows->row[tightest].channel], "soft",
                     s->decision->limits.limit[limit].strength == LIMIT_SOFT, "load_w",
                     (json_int_t)estimate->row[tightest].load_w, "limit_w", (json_int_t)limit_w,
                     "reason", sentence(s, limit));
}

static void set_binding(const struct service *s, json_t *out, uint32_t row)
{
    char name[128];
    bool any = row != NONE_INDEX;

    if (any)
        row_name(controller_rows(s->controller), s->site, row, name, sizeof name);
    json_object_set_new(out, "binding_row", any ? json_shown(name) : json_null());
    json_object_set_new(out, "binding_reason",
                        sentence(s, any ? s->decision->row[row].binding : NONE_INDEX));
}

/* Infinite margins and what no meter teaches are null. */
static void set_learned(const struct service *s, json_t *out, uint32_t b)
{
    const struct row_decision *d = &s->decision->row[b];
    double margin_s = service_trip_margin_s(s, b);
    struct feedback_figures f;

    controller_feedback(s->controller, b, &f);
    json_object_set_new(out, "guard_w", json_number_or_null(d->hard != NONE_INDEX, d->guard_w));
    json_object_set_new(out, "noise_w", f.metered ? json_real(f.noise_w) : json_null());
    json_object_set_new(out, "swing_w", f.metered ? json_real(f.swing_w) : json_null());
    json_object_set_new(out, "dead_time_s", json_real(f.dead_time_s));
    json_object_set_new(out, "trip_margin_s", isinf(margin_s) ? json_null() : json_real(margin_s));
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
    json_object_set_new(out, "measured_w", json_number_or_null(e->measured && fresh, e->load_w));
    json_object_set_new(out, "quality",
                        json_string(point == NONE_INDEX
                                        ? "unmetered"
                                        : quality_name(service_reading(s, point, now_ns).quality)));
    json_object_set_new(out, "load_w", json_integer(e->load_w));
    json_object_set_new(out, "generation_w", json_integer(estimate->generation_w[b]));
    json_object_set_new(out, "limit_w", json_number_or_null(d->hard != NONE_INDEX, d->limit_w));
    json_object_set_new(out, "limit_reason", sentence(s, d->hard));
    json_object_set_new(out, "soft_limit_w",
                        json_number_or_null(d->soft != NONE_INDEX, d->soft_limit_w));
    json_object_set_new(out, "soft_limit_reason", sentence(s, d->soft));
    json_object_set_new(out, "tightest", tightest_json(s, b));
    set_binding(s, out, tally->binding_row);
    json_object_set_new(out, "budget_w", json_number_or_null(d->limited, d->budget_w));
    json_object_set_new(out, "used_w", json_integer(d->used_w));
    json_object_set_new(out, "committed_w", json_integer(d->committed_w));
    json_object_set_new(out, "uncontrolled_w", json_integer(e->uncontrolled_w));
    json_object_set_new(out, "shortfall_w", json_integer(d->shortfall_w));
    set_learned(s, out, b);
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
    bool by_row = bound_by_row(d);
    bool fresh = e->contact == CONTACT_FRESH;
    char row[128] = "";
    json_t *out = json_object();

    if (by_row)
        row_name(controller_rows(s->controller), s->site, d->bound_row, row, sizeof row);
    json_object_set_new(out, "name", json_string(nodes->name[n]));
    json_object_set_new(out, "kind", json_string(nodes->kind[n]));
    json_object_set_new(out, "class", json_integer(nodes->priority_class[n]));
    json_object_set_new(out, "branch", json_string(s->site->tree.name[nodes->hang[n][0].branch]));
    json_object_set_new(out, "contact", json_string(service_contact(s, n)));
    json_object_set_new(out, "controllable", json_boolean(e->controllable));
    json_object_set_new(out, "power_w", json_number_or_null(fresh && e->power_known, e->power_w));
    json_object_set_new(out, "cap_w",
                        json_number_or_null(fresh && report->cap_in_force, report->enforced_cap_w));
    json_object_set_new(out, "wanted_w", json_integer(d->cap_w));
    json_object_set_new(out, "committed_w", json_integer(d->committed_cap_w));
    json_object_set_new(out, "cap_max_w", json_integer(e->cap_max_w));
    json_object_set_new(out, "bound_by", json_string(bound_name(d->bound)));
    json_object_set_new(out, "bound_row", by_row ? json_shown(row) : json_null());
    json_object_set_new(out, "why",
                        sentence(s, by_row ? s->decision->row[d->bound_row].binding : NONE_INDEX));
    return out;
}

static json_t *nodes_json(const struct service *s, const struct http_request *request)
{
    struct node_counts counts = service_node_counts(s);
    uint32_t total = s->site->nodes.count;
    json_t *out = json_object();

    json_object_set_new(out, "total", json_integer(total));
    json_object_set_new(out, "fresh", json_integer(counts.contact[CONTACT_FRESH]));
    json_object_set_new(out, "lost", json_integer(counts.contact[CONTACT_LOST]));
    json_object_set_new(out, "never", json_integer(counts.contact[CONTACT_NEVER]));
    json_object_set_new(out, "passive", json_integer(counts.passive));
    json_object_set_new(out, "controllable", json_integer(counts.controllable));
    json_object_set_new(out, "capped", json_integer(counts.capped));
    json_object_set_new(out, "held", json_integer(counts.held));

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

/* ---- sources, points, devices, alarms ------------------------------------- */

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
        json_object_set_new(one, "power_w", json_number_or_null(good, power_w));
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
        json_object_set_new(one, "age_s",
                            reading.quality == QUALITY_MISSING
                                ? json_null()
                                : json_seconds(now_ns - reading.taken_ns));
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
    json_object_set_new(out, "since", slot->said ? json_stamp(slot->since_wall_ms) : json_null());
    json_object_set_new(out, "losses", json_integer((json_int_t)slot->losses));
    json_object_set_new(out, "last_error",
                        has_error ? json_shown(error_line(&slot->last, line, sizeof line))
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
        json_object_set_new(one, "subject", json_shown(subject));
        json_object_set_new(one, "number", json_real(alarm->alarm.number));
        json_object_set_new(one, "since", json_stamp(alarm->since_wall_ms));
        json_object_set_new(one, "for_s", json_seconds(now_ns - alarm->since_ns));
        json_array_append_new(out, one);
    }
    return out;
}

/* ---- the rest -------------------------------------------------------------------------------- */

/* {"peak": {"permitted_w": 840000.0, ...}}: the names say the unit. */
static json_t *figures_json(const struct service *s)
{
    const struct policy_set *set = s->reload.policies;
    struct policy_figure figure[POLICY_FIGURES_MAX];
    json_t *out = json_object();

    for (uint32_t p = 0; p < set->count; p++) {
        const struct policy *policy = &set->policy[p];
        json_t *one = json_object();
        uint32_t count = 0;

        if (policy->kind->figures != NULL)
            count = policy->kind->figures(policy->settings,
                                          controller_policy_state(s->controller, p), figure);
        for (uint32_t f = 0; f < count; f++)
            json_object_set_new(one, figure[f].name, json_real(figure[f].value));
        json_object_set_new(out, policy->name, one);
    }
    return out;
}

static json_t *policy_json(const struct service *s)
{
    const struct reload *r = &s->reload;
    char version[20];

    snprintf(version, sizeof version, "%016" PRIx64, r->policies->version);
    return json_pack("{s:o, s:s, s:o, s:i, s:I, s:I, s:o, s:o}", "file", json_shown(r->path),
                     "version", version, "loaded_at", json_stamp(r->loaded_wall_ms), "policies",
                     (int)r->policies->count, "reloads_ok", (json_int_t)r->ok, "reloads_failed",
                     (json_int_t)r->failed, "last_error",
                     r->last_error[0] != '\0' ? json_shown(r->last_error) : json_null(), "figures",
                     figures_json(s));
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
    json_object_set_new(out, "time", json_stamp(clock_wall_ms()));
    json_object_set_new(out, "clock_known", json_boolean(s->local.known));
    json_object_set_new(out, "uptime_s", json_seconds(now_ns - s->started_ns));
    json_object_set_new(out, "epoch", json_integer((json_int_t)s->state.epoch));
    json_object_set_new(out, "deposed", json_boolean(s->deposed));
    json_object_set_new(out, "taking_over",
                        json_boolean(controller_estimate(s->controller)->taking_over));
    json_object_set_new(out, "ticks", json_integer((json_int_t)s->ticks));
    json_object_set_new(out, "ticks_urgent", json_integer((json_int_t)s->ticker.urgent_ticks));
    json_object_set_new(out, "tick_period_s", json_seconds(s->site->control.tick_period_ns));
    json_object_set_new(out, "tick_age_s", json_seconds(now_ns - s->ticked_ns));
    json_object_set_new(out, "tick_p50_us",
                        json_integer(histogram_quantile_us(&s->tick_time, 0.50)));
    json_object_set_new(out, "tick_p99_us",
                        json_integer(histogram_quantile_us(&s->tick_time, 0.99)));
    json_object_set_new(out, "policy", policy_json(s));
    json_object_set_new(out, "branches", branches_json(s, now_ns));
    json_object_set_new(out, "nodes", nodes_json(s, request));
    json_object_set_new(out, "sources", sources_json(s, now_ns));
    json_object_set_new(out, "points", points_json(s, now_ns));
    json_object_set_new(out, "forecasts", outlook_forecasts(s));
    json_object_set_new(out, "event_sources", outlook_event_sources(s, now_ns));
    json_object_set_new(out, "grid_events", outlook_held_events(s));
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
