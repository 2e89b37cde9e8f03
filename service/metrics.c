/* A family is begun with its name, type and help, then come its samples. Names follow Prometheus'
 * advice: base units, _total on what only rises; the test runs `promtool check metrics`. */
#include "service/metrics.h"

#include "service/service.h"

#include "platform/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

static void family(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value; what would break the format is escaped. */
static void label(FILE *out, const char *before, const char *text, const char *after)
{
    fputs(before, out);
    for (; *text != '\0'; text++)
        switch (*text) {
        case '\\':
        case '"':
            fputc('\\', out);
            fputc(*text, out);
            break;
        case '\n':
            fputs("\\n", out);
            break;
        default:
            fputc(*text, out);
        }
    fputs(after, out);
}

static void single(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
    family(out, name, type, help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* ---- the service itself ---------------------------------------------------------------------- */

static void write_service(const struct service *s, FILE *out)
{
    family(out, "capstan_info", "gauge", "What runs here; always 1.");
    label(out, "capstan_info{version=\"" CAPSTAN_VERSION "\",site=\"", s->site->name, "\",mode=\"");
    fprintf(out, "%s\"} 1\n", s->site->mode == MODE_ENFORCE ? "enforce" : "observe");
    family(out, "capstan_uptime_seconds", "gauge", "Time since this controller started.");
    fprintf(out, "capstan_uptime_seconds %.3f\n",
            (double)(clock_monotonic_ns() - s->started_ns) / (double)NS_PER_S);
    single(out, "capstan_epoch", "gauge", "Fencing token of this controller's commands.",
           s->state.epoch);
    single(out, "capstan_deposed", "gauge", "1 when another controller has taken over.",
           s->deposed);
    single(out, "capstan_http_requests_total", "counter", "Requests to this server.",
           http_requests(s->http));
    family(out, "capstan_state_saves_total", "counter", "Writes of the state file.");
    fprintf(out, "capstan_state_saves_total{result=\"ok\"} %" PRIu64 "\n", s->state.saves);
    fprintf(out, "capstan_state_saves_total{result=\"failed\"} %" PRIu64 "\n",
            s->state.saves_failed);
}

static void write_ticks(const struct service *s, FILE *out)
{
    family(out, "capstan_ticks_total", "counter", "Ticks by what caused them.");
    fprintf(out, "capstan_ticks_total{cause=\"period\"} %" PRIu64 "\n", s->ticker.periodic_ticks);
    fprintf(out, "capstan_ticks_total{cause=\"urgent\"} %" PRIu64 "\n", s->ticker.urgent_ticks);
    fprintf(out, "capstan_ticks_total{cause=\"other\"} %" PRIu64 "\n",
            s->ticks - s->ticker.periodic_ticks - s->ticker.urgent_ticks);
    family(out, "capstan_tick_duration_seconds", "histogram",
           "From the snapshot to the hand-over of the commands.");
    for (unsigned power = 5; power <= 23; power++) /* 32 us .. 8.4 s */
        fprintf(out, "capstan_tick_duration_seconds_bucket{le=\"%.6f\"} %" PRIu64 "\n",
                (double)(UINT64_C(1) << power) / 1e6, histogram_below(&s->tick_time, power));
    fprintf(out, "capstan_tick_duration_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n",
            s->tick_time.count);
    fprintf(out, "capstan_tick_duration_seconds_sum %.6f\n",
            (double)s->tick_time.sum_ns / (double)NS_PER_S);
    fprintf(out, "capstan_tick_duration_seconds_count %" PRIu64 "\n", s->tick_time.count);
}

static void write_policy(const struct service *s, FILE *out)
{
    const struct reload *r = &s->reload;

    family(out, "capstan_policy_info", "gauge", "The policies in force; always 1.");
    label(out, "capstan_policy_info{file=\"", r->path, "\",version=\"");
    fprintf(out, "%016" PRIx64 "\"} 1\n", r->policies->version);
    family(out, "capstan_policy_loaded_timestamp_seconds", "gauge", "When they were loaded.");
    fprintf(out, "capstan_policy_loaded_timestamp_seconds %.3f\n", (double)r->loaded_wall_ms / 1e3);
    family(out, "capstan_policy_reloads_total", "counter",
           "Reloads of the policy file after the start.");
    fprintf(out, "capstan_policy_reloads_total{result=\"ok\"} %" PRIu64 "\n", r->ok);
    fprintf(out, "capstan_policy_reloads_total{result=\"failed\"} %" PRIu64 "\n", r->failed);
}

/* Names say the unit, since each kind has figures of its own. */
static void write_policy_figures(const struct service *s, FILE *out)
{
    const struct policy_set *set = s->reload.policies;
    struct policy_figure figure[POLICY_FIGURES_MAX];

    family(out, "capstan_policy_figure", "gauge",
           "What policies count and permit; the figure's name says its unit.");
    for (uint32_t p = 0; p < set->count; p++) {
        const struct policy *policy = &set->policy[p];
        uint32_t count =
            policy->kind->figures == NULL
                ? 0
                : policy->kind->figures(policy->settings, controller_policy_state(s->controller, p),
                                        figure);

        for (uint32_t f = 0; f < count; f++) {
            label(out, "capstan_policy_figure{policy=\"", policy->name, "\"");
            fprintf(out, ",kind=\"%s\",figure=\"%s\"} %.17g\n", policy->kind->name, figure[f].name,
                    figure[f].value);
        }
    }
}

/* ---- what comes in --------------------------------------------------------------------------- */

static void write_readings(const struct service *s, FILE *out)
{
    uint32_t count[QUALITY_COUNT] = {0};
    int64_t now_ns = clock_monotonic_ns();

    for (uint32_t p = 0; p < s->site->points; p++)
        count[service_reading(s, p, now_ns).quality]++;
    family(out, "capstan_readings", "gauge", "Points by the quality of their reading now.");
    for (int q = 0; q < QUALITY_COUNT; q++)
        fprintf(out, "capstan_readings{quality=\"%s\"} %u\n", quality_name((enum quality)q),
                count[q]);
    family(out, "capstan_samples_total", "counter", "Samples from devices by what the tests said.");
    for (int q = 0; q < QUALITY_COUNT; q++)
        if (q == QUALITY_GOOD || q == QUALITY_BAD)
            fprintf(out, "capstan_samples_total{quality=\"%s\"} %" PRIu64 "\n",
                    quality_name((enum quality)q), s->ingest.samples[q]);
    single(out, "capstan_samples_late_total", "counter",
           "Samples older than the one before; ignored.", s->ingest.samples_late);
    single(out, "capstan_reports_total", "counter", "Reports of nodes.", s->ingest.reports);
    single(out, "capstan_reports_late_total", "counter",
           "Reports older than the one before; ignored.", s->ingest.reports_late);
}

static void write_forecasts(const struct service *s, FILE *out)
{
    int64_t now_s = clock_wall_ms() / 1000;

    if (s->site->forecasts == 0)
        return;
    family(out, "capstan_forecast_age_seconds", "gauge", "Time since a forecast was issued.");
    for (uint32_t f = 0; f < s->site->forecasts; f++) {
        if (!s->ingest.forecast[f].known)
            continue;
        label(out, "capstan_forecast_age_seconds{forecast=\"", s->site->forecast[f].name, "\"} ");
        fprintf(out, "%" PRId64 "\n", now_s - s->ingest.forecast[f].issued_utc_s);
    }
    single(out, "capstan_forecasts_total", "counter", "Forecasts that were taken.",
           s->ingest.forecasts);
    single(out, "capstan_forecasts_late_total", "counter",
           "Forecasts issued before the one that is known; ignored.", s->ingest.forecasts_late);
}

static void write_events(const struct service *s, FILE *out)
{
    if (s->site->event_sources == 0)
        return;
    family(out, "capstan_grid_events_known", "gauge", "Events that a source told last.");
    for (uint32_t e = 0; e < s->site->event_sources; e++) {
        label(out, "capstan_grid_events_known{source=\"", s->site->event_source[e].name, "\"} ");
        fprintf(out, "%u\n", s->ingest.events[e].count);
    }
    family(out, "capstan_event_source_fresh", "gauge",
           "1 while a source was heard of within its stale_after.");
    for (uint32_t e = 0; e < s->site->event_sources; e++) {
        label(out, "capstan_event_source_fresh{source=\"", s->site->event_source[e].name, "\"} ");
        fprintf(out, "%d\n", service_event_source_fresh(s, e, clock_monotonic_ns()));
    }
    single(out, "capstan_event_lists_total", "counter", "Lists of events that were taken.",
           s->ingest.event_lists);
    single(out, "capstan_event_lists_late_total", "counter",
           "Lists of events older than the one before; ignored.", s->ingest.event_lists_late);
}

#define COUNTER_FAMILY(field, help)                                                              \
    family(out, "capstan_device_" #field "_total", "counter", help);                             \
    for (uint32_t d = 0; d < s->devices.count; d++) {                                            \
        struct driver_counters counters;                                                         \
        devices_counters(&s->devices.slot[d], &counters);                                        \
        label(out, "capstan_device_" #field "_total{device=\"", s->devices.slot[d].device->name, \
              "\"} ");                                                                           \
        fprintf(out, "%" PRIu64 "\n", counters.field);                                           \
    }

static void write_devices(const struct service *s, FILE *out)
{
    family(out, "capstan_device_up", "gauge", "1 while a device answers.");
    for (uint32_t d = 0; d < s->devices.count; d++) {
        const struct device_slot *slot = &s->devices.slot[d];

        label(out, "capstan_device_up{device=\"", slot->device->name, "\"");
        fprintf(out, ",driver=\"%s\",role=\"%s\"} %d\n", slot->driver->name,
                role_name(slot->device->role), slot->up);
    }
    COUNTER_FAMILY(requests, "Requests sent.")
    COUNTER_FAMILY(answers, "Answers accepted.")
    COUNTER_FAMILY(timeouts, "Requests not answered in time.")
    COUNTER_FAMILY(refusals, "Requests answered with an error.")
    COUNTER_FAMILY(malformed, "Answers that break the protocol; dropped.")
    COUNTER_FAMILY(dropped, "Messages lost for want of room or of a connection.")
    COUNTER_FAMILY(reconnects, "Connections after the first.")
    COUNTER_FAMILY(writes, "Commands that left; 0 for ever in observe mode.")
}

/* ---- the site -------------------------------------------------------------------------------- */

static void write_nodes(const struct service *s, FILE *out)
{
    struct node_counts counts = service_node_counts(s);

    family(out, "capstan_nodes", "gauge",
           "Nodes by how we hear of them; passive ones have no actuator.");
    fprintf(out, "capstan_nodes{contact=\"fresh\"} %u\n", counts.contact[CONTACT_FRESH]);
    fprintf(out, "capstan_nodes{contact=\"lost\"} %u\n", counts.contact[CONTACT_LOST]);
    fprintf(out, "capstan_nodes{contact=\"never\"} %u\n", counts.contact[CONTACT_NEVER]);
    fprintf(out, "capstan_nodes{contact=\"passive\"} %u\n", counts.passive);
    single(out, "capstan_nodes_capped", "gauge",
           "Nodes whose cap in force is below their greatest.", counts.capped);
    single(out, "capstan_nodes_held", "gauge",
           "Nodes that the controller wants below their greatest cap.", counts.held);
    single(out, "capstan_nodes_controllable", "gauge", "Nodes whose cap the controller may choose.",
           counts.controllable);
}

struct branch_figure {
    const char *name, *help;
    /* False: there is no such figure now, and no sample. */
    bool (*get)(const struct row_estimate *e, const struct row_decision *d, int64_t *value_w);
};

#define FIGURE(figure, condition, expression)                                               \
    static bool figure##_figure(const struct row_estimate *e, const struct row_decision *d, \
                                int64_t *value_w)                                           \
    {                                                                                       \
        (void)e;                                                                            \
        (void)d;                                                                            \
        if (!(condition))                                                                   \
            return false;                                                                   \
        *value_w = (expression);                                                            \
        return true;                                                                        \
    }
FIGURE(measured, e->measured, e->load_w)
FIGURE(limit, d->hard != NONE_INDEX, d->limit_w)
FIGURE(soft, d->soft != NONE_INDEX, d->soft_limit_w)
FIGURE(guard, d->hard != NONE_INDEX, d->guard_w)
FIGURE(budget, d->limited, d->budget_w)
FIGURE(committed, true, d->committed_w)
FIGURE(uncontrolled, true, e->uncontrolled_w)
FIGURE(shortfall, true, d->shortfall_w)

static const struct branch_figure branch_figures[] = {
    {"measured", "Load on the branch, only while its meter is fresh.", measured_figure},
    {"limit", "Least hard limit on the branch's load.", limit_figure},
    {"soft_limit", "Least soft limit on the branch's load.", soft_figure},
    {"guard", "Kept free below the hard limit, for noise and swing.", guard_figure},
    {"budget", "What is left for controllable caps.", budget_figure},
    {"committed", "The most that the branch may draw with the caps in force or in flight.",
     committed_figure},
    {"uncontrolled", "Load that no cap moves.", uncontrolled_figure},
    {"shortfall", "By how much the least caps exceed the hard limit.", shortfall_figure},
};

static void write_branches(const struct service *s, FILE *out)
{
    const struct estimate *estimate = controller_estimate(s->controller);
    char name[64];

    for (size_t f = 0; f < COUNT(branch_figures); f++) {
        snprintf(name, sizeof name, "capstan_branch_%s_watts", branch_figures[f].name);
        family(out, name, "gauge", branch_figures[f].help);
        for (uint32_t b = 0; b < s->site->tree.branches;
             b++) { /* a branch's total is the row of its number */
            int64_t value_w = 0;

            if (!branch_figures[f].get(&estimate->row[b], &s->decision->row[b], &value_w))
                continue;
            fputs(name, out);
            label(out, "{branch=\"", s->site->tree.name[b], "\"} ");
            fprintf(out, "%" PRId64 "\n", value_w);
        }
    }
}

/* What a branch's meter and nodes taught, and how near its breaker is. */
struct learned_figure {
    const char *name, *help;
    bool needs_meter;
    size_t at; /* of a double in struct feedback_figures */
};

#define AT(field) offsetof(struct feedback_figures, field)
static const struct learned_figure learned_figures[] = {
    {"noise_watts", "Standard deviation of the meter's reading at rest.", true, AT(noise_w)},
    {"swing_watts", "How far load that no node explains goes up and down.", true, AT(swing_w)},
    {"reading_age_seconds", "Greatest age of a reading of late.", true, AT(reading_age_s)},
    {"dead_time_seconds", "From a cap that is sent to a reading that shows it, measured.", false,
     AT(dead_time_s)},
};
#undef AT

static void write_learned(const struct service *s, FILE *out)
{
    char name[64];

    for (size_t f = 0; f < COUNT(learned_figures); f++) {
        snprintf(name, sizeof name, "capstan_branch_%s", learned_figures[f].name);
        family(out, name, "gauge", learned_figures[f].help);
        for (uint32_t b = 0; b < s->site->tree.branches; b++) {
            struct feedback_figures figures;
            double value = 0;

            controller_feedback(s->controller, b, &figures);
            if (learned_figures[f].needs_meter && !figures.metered)
                continue;
            memcpy(&value, (const char *)&figures + learned_figures[f].at, sizeof value);
            fputs(name, out);
            label(out, "{branch=\"", s->site->tree.name[b], "\"} ");
            fprintf(out, "%.3f\n", value);
        }
    }
    family(out, "capstan_branch_trip_margin_seconds", "gauge",
           "Until a branch's breaker may trip if the load stays; +Inf when it may stay.");
    for (uint32_t b = 0; b < s->site->tree.branches; b++) {
        double margin_s = service_trip_margin_s(s, b);

        label(out, "capstan_branch_trip_margin_seconds{branch=\"", s->site->tree.name[b], "\"} ");
        if (isinf(margin_s))
            fputs("+Inf\n", out);
        else
            fprintf(out, "%.3f\n", margin_s);
    }
}

/* ---- what goes out, and what must not be ----------------------------------------------------- */

static void write_commands(const struct service *s, FILE *out)
{
    family(out, "capstan_commands_total", "counter",
           "Commands by kind; withheld ones are only shown.");
    for (int k = 0; k < COMMAND_KINDS; k++) {
        const char *kind = command_name((enum command_kind)k);

        fprintf(out, "capstan_commands_total{kind=\"%s\",outcome=\"sent\"} %" PRIu64 "\n", kind,
                s->actuate.sent[k]);
        fprintf(out, "capstan_commands_total{kind=\"%s\",outcome=\"withheld\"} %" PRIu64 "\n", kind,
                s->actuate.withheld[k]);
    }
    single(out, "capstan_writes_total", "counter",
           "Commands handed to drivers; 0 for ever in observe mode.", s->devices.writes);
}

static void write_troubles(const struct service *s, FILE *out)
{
    const struct invariant_counters *c = &s->decision->counters;

    family(out, "capstan_invariant_violations_total", "counter",
           "What must never happen: 0 for ever.");
    fprintf(out,
            "capstan_invariant_violations_total{invariant=\"committed_exceeded\"} %" PRIu64 "\n",
            c->committed_exceeded);
    fprintf(out,
            "capstan_invariant_violations_total{invariant=\"raised_without_headroom\"} %" PRIu64
            "\n",
            c->raised_without_headroom);
    fprintf(out,
            "capstan_invariant_violations_total{invariant=\"equipment_loosened\"} %" PRIu64 "\n",
            c->equipment_loosened);
    fprintf(out,
            "capstan_invariant_violations_total{invariant=\"write_refused_at_driver\"} %" PRIu64
            "\n",
            s->devices.refused);
    family(out, "capstan_alarms", "gauge", "Active alarms by kind.");
    for (int k = 0; k < ALARM_COUNT; k++)
        fprintf(out, "capstan_alarms{alarm=\"%s\"} %u\n", alarm_name((enum alarm_kind)k),
                alarms_active(&s->alarms, (enum alarm_kind)k));
    family(out, "capstan_alarms_raised_total", "counter", "Alarms raised by kind.");
    for (int k = 0; k < ALARM_COUNT; k++)
        fprintf(out, "capstan_alarms_raised_total{alarm=\"%s\"} %" PRIu64 "\n",
                alarm_name((enum alarm_kind)k), s->alarms.raised[k]);
    single(out, "capstan_alarms_dropped_total", "counter", "Alarms for which there was no room.",
           s->alarms.dropped);
    single(out, "capstan_limits_dropped", "gauge",
           "Limits for which there was no room in the last tick.", s->decision->limits.dropped);
}

void metrics_write(void *context, const struct http_request *request, FILE *out)
{
    const struct service *s = context;

    (void)request;
    write_service(s, out);
    write_ticks(s, out);
    write_policy(s, out);
    write_policy_figures(s, out);
    write_readings(s, out);
    write_forecasts(s, out);
    write_events(s, out);
    write_devices(s, out);
    write_nodes(s, out);
    write_branches(s, out);
    write_learned(s, out);
    write_commands(s, out);
    write_troubles(s, out);
}
