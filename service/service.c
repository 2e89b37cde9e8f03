#include "service/service.h"

#include "service/local_time.h"
#include "service/memory.h"

#include "platform/clock.h"
#include "platform/log.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { URGENT_GAP_MS = 100, SAVE_EVERY_MS = 60 * 1000, ALARMS_LOGGED_A_TICK = 20 };

/* ---- the state ------------------------------------------------------------------------------- */

/* A disk that stays full is said once, and once again when it is not. */
static void save_state(struct service *s)
{
    struct error err;
    char line[600];
    bool saved = false;

    for (uint32_t n = 0; n < s->site->nodes.count; n++)
        s->state.remainder_w[n] = controller_learned_remainder_w(s->controller, n);
    state_keep(&s->state, memory_take(s->controller, s->reload.policies));
    saved = state_save(&s->state, s->site, s->state.remainder_w, &err);
    if (!saved && !s->unsaved)
        log_event(LOG_LEVEL_ERROR, "state.unsaved", "why=\"%s\"",
                  error_line(&err, line, sizeof line));
    else if (saved && s->unsaved)
        log_event(LOG_LEVEL_NOTICE, "state.saved", "failed_before=%" PRIu64, s->state.saves_failed);
    s->unsaved = !saved;
}

static const char *node_of_epoch(const struct service *s, uint64_t epoch)
{
    for (uint32_t n = 0; n < s->site->nodes.count; n++)
        if (s->ingest.report[n].heard && s->ingest.report[n].applied.epoch == epoch)
            return s->site->nodes.name[n];
    return "unknown";
}

/* Another controller commands. A restart is how an operator takes the site back, so it must begin
 * above what was seen. */
static void watch_epochs(struct service *s)
{
    uint64_t seen = controller_highest_epoch(s->controller);
    bool taken = false;

    if (!controller_deposed(s->controller))
        return;
    taken = state_outrank(&s->state, seen);
    if (s->deposed)
        return;
    s->deposed = true;
    log_event(LOG_LEVEL_ERROR, "service.deposed",
              "node=%s own_epoch=%" PRIu64 " seen_epoch=%" PRIu64 " restart_is_above_it=%s"
              " why=\"another controller commands\"",
              node_of_epoch(s, seen), s->state.epoch, seen, taken ? "yes" : "no");
    save_state(s);
}

/* ---- one tick -------------------------------------------------------------------------------- */

struct alarm_log {
    const struct service *service;
    int lines;
    uint32_t unsaid;
};

static void log_alarm(void *context, const struct alarm_change *change)
{
    struct alarm_log *log = context;
    const struct service *s = log->service;
    const struct active_alarm *what = &change->what;
    char subject[256];

    if (log->lines++ >= ALARMS_LOGGED_A_TICK) {
        log->unsaid++;
        return;
    }
    alarm_subject_name(&what->alarm, s->site, controller_rows(s->controller), subject,
                       sizeof subject);
    if (change->raised)
        log_event(LOG_LEVEL_WARNING, "alarm.raised", "alarm=%s subject=\"%s\" number=%.0f",
                  alarm_name(what->alarm.kind), subject, what->alarm.number);
    else
        log_event(LOG_LEVEL_NOTICE, "alarm.cleared", "alarm=%s subject=\"%s\" after_s=%.1f",
                  alarm_name(what->alarm.kind), subject,
                  (double)(s->ticked_ns - what->since_ns) / (double)NS_PER_S);
}

static void update_alarms(struct service *s)
{
    struct alarm_log log = {.service = s};

    alarms_update(&s->alarms, s->decision, clock_wall_ms(), log_alarm, &log);
    if (log.unsaid > 0)
        log_event(LOG_LEVEL_WARNING, "alarm.more", "changes=%u active=%u", log.unsaid,
                  s->alarms.count);
}

/* What must never happen is said as loudly as we can, each time it happens anew. */
static void watch_invariants(struct service *s)
{
    const struct invariant_counters *now = &s->decision->counters;

    if (memcmp(now, &s->counters_said, sizeof *now) != 0) {
        s->counters_said = *now;
        log_event(LOG_LEVEL_ERROR, "invariant.broken",
                  "committed_exceeded=%" PRIu64 " raised_without_headroom=%" PRIu64
                  " equipment_loosened=%" PRIu64,
                  now->committed_exceeded, now->raised_without_headroom, now->equipment_loosened);
    }
}

static void log_commands(const struct decision *decision)
{
    uint32_t count[COMMAND_KINDS] = {0};

    for (uint32_t c = 0; c < decision->commands; c++)
        count[decision->command[c].kind]++;
    if (count[COMMAND_LOWER] + count[COMMAND_RAISE] + count[COMMAND_FENCE] > 0)
        log_event(LOG_LEVEL_INFO, "tick.commands",
                  "tick=%" PRIu64 " lower=%u raise=%u fence=%u renew=%u", decision->tick,
                  count[COMMAND_LOWER], count[COMMAND_RAISE], count[COMMAND_FENCE],
                  count[COMMAND_RENEW]);
}

void service_tick(struct service *s)
{
    int64_t begin_ns = clock_monotonic_ns();
    struct snapshot snapshot;

    s->local = local_time_at(s->zone_known, clock_wall_ms() / 1000);
    s->ticked_ns = begin_ns;
    snapshot = ingest_snapshot(&s->ingest, begin_ns, s->local);
    s->decision = controller_tick(s->controller, &snapshot);
    actuate_decision(&s->actuate, &s->devices, s->site, s->decision);
    histogram_add(&s->tick_time, clock_monotonic_ns() - begin_ns);
    s->ticks++;

    update_alarms(s);
    watch_invariants(s);
    watch_epochs(s);
    log_commands(s->decision);
    if (s->ticks == s->ticks_wanted)
        uv_stop(s->loop);
}

/* ---- what calls us --------------------------------------------------------------------------- */

static void on_tick(void *context) { service_tick(context); }

static void on_sample(void *context, uint32_t point, const struct sample *sample)
{
    struct service *s = context;
    struct reading before = s->ingest.reading[point];

    if (!ingest_sample(&s->ingest, point, sample) || !s->running)
        return;
    if (urgency_of(&s->urgency, point, &before, &s->ingest.reading[point],
                   controller_rows(s->controller), controller_estimate(s->controller), s->decision))
        ticker_urge(&s->ticker);
}

static void on_report(void *context, uint32_t node, const struct node_report *report)
{
    struct service *s = context;

    ingest_report(&s->ingest, node, report);
}

static void on_forecast(void *context, uint32_t forecast, const struct forecast *said)
{
    struct service *s = context;

    ingest_forecast(&s->ingest, forecast, said);
}

/* Whoever announces an event, or takes one back, may mean now. */
static void on_events(void *context, uint32_t event_source, const struct event_list *told)
{
    struct service *s = context;
    bool changed = false;

    if (ingest_events(&s->ingest, event_source, told, &changed) && changed && s->running)
        ticker_urge(&s->ticker);
}

/* The tick follows at once: limits may have fallen, and the last decision's reasons name old
 * policies. */
static void on_policies(void *context, const struct policy_set *policies)
{
    struct service *s = context;

    controller_reload(s->controller, policies);
    ticker_ticked(&s->ticker);
    service_tick(s);
}

static void on_save(uv_timer_t *timer) { save_state(timer->data); }

/* ---- life ------------------------------------------------------------------------------------ */

static void log_state(const struct state *state)
{
    char line[600];

    switch (state->origin) {
    case STATE_STORED:
        break;
    case STATE_MISSING:
        log_event(LOG_LEVEL_NOTICE, "state.missing", "folder=\"%s\" epoch_from_clock=%" PRIu64,
                  state->folder, state->epoch);
        break;
    case STATE_DAMAGED:
        log_event(LOG_LEVEL_ERROR, "state.damaged",
                  "set_aside=\"%s\" epoch_from_clock=%" PRIu64 " why=\"%s\"", state->aside,
                  state->epoch, error_line(&state->damage, line, sizeof line));
        break;
    }
}

static void open_clock(struct service *s)
{
    struct error err;
    char line[600];

    s->zone_known = local_time_open(s->site->time_zone, &err);
    if (!s->zone_known)
        log_event(LOG_LEVEL_ERROR, "clock.zone_unknown",
                  "effect=\"schedules are at their tightest\" why=\"%s\"",
                  error_line(&err, line, sizeof line));
}

/* All that can fail. */
static bool open_edges(struct service *s, const struct service_options *options, struct error *err)
{
    const struct device_events events = {.context = s,
                                         .sample = on_sample,
                                         .report = on_report,
                                         .forecast = on_forecast,
                                         .events = on_events};

    if (!controller_can(s->site, err))
        return false;
    if (!state_open(&s->state, options->state_folder, s->site, clock_wall_ms(), &s->arena, err))
        return false;
    log_state(&s->state);
    if (options->http_address != NULL &&
        !http_open(&s->http, s->loop, options->http_address, options->pages, s, err))
        return false;
    return devices_open(&s->devices, s->site, s->loop, s->state.epoch, options->drivers, &events,
                        &s->arena, err);
}

/* Nothing here can fail. The first tick comes before the loop turns, so that whoever asks finds a
 * decision. */
static void begin(struct service *s, const char *policy_path, struct policy_set *policies)
{
    const struct controller_options options = {.epoch = s->state.epoch,
                                               .remainder_w = s->state.remainder_w};

    s->controller = controller_create(s->site, policies, &options);
    memory_give(s->state.memory, s->controller, policies);
    urgency_init(&s->urgency, s->site, controller_rows(s->controller), &s->arena);
    reload_init(&s->reload, s->loop, s->site, policy_path, policies, on_policies, s);
    reload_start(&s->reload);
    ticker_init(&s->ticker, s->loop, on_tick, s);
    uv_timer_init(s->loop, &s->save);
    s->save.data = s;
    uv_timer_start(&s->save, on_save, SAVE_EVERY_MS, SAVE_EVERY_MS);
    devices_start(&s->devices);
    service_tick(s);
    ticker_ticked(&s->ticker);
    ticker_start(&s->ticker, s->site->control.tick_period_ns, URGENT_GAP_MS * NS_PER_MS);
    s->running = true;
}

bool service_open(struct service **out, uv_loop_t *loop, const struct service_options *options,
                  struct site *site, struct policy_set *policies, struct error *err)
{
    struct service *s = calloc(1, sizeof *s);

    if (s == NULL)
        abort();
    *out = s;
    s->loop = loop;
    s->site = site;
    s->state.lock = -1;
    s->ticks_wanted = options->ticks;
    s->started_ns = clock_monotonic_ns();
    s->started_wall_ms = clock_wall_ms();
    snprintf(s->site_path, sizeof s->site_path, "%s", options->site_path);
    ingest_init(&s->ingest, site, &s->arena);
    open_clock(s);
    if (!open_edges(s, options, err)) {
        policy_set_free(policies);
        return false;
    }
    begin(s, options->policy_path, policies);
    return true;
}

void service_close(struct service *s)
{
    devices_close(&s->devices);
    http_close(s->http);
    s->http = NULL;
    if (!s->running)
        return;
    s->running = false;
    save_state(s);
    ticker_close(&s->ticker);
    reload_close(&s->reload);
    uv_close((uv_handle_t *)&s->save, NULL);
}

void service_free(struct service *s)
{
    if (s == NULL)
        return;
    controller_free(s->controller);
    reload_free(&s->reload);
    alarms_free(&s->alarms);
    state_close(&s->state);
    arena_free(&s->arena);
    site_free(s->site);
    free(s);
}

struct reading service_reading(const struct service *s, uint32_t point, int64_t now_ns)
{
    struct reading reading = s->ingest.reading[point];

    reading_age(&s->site->point[point], &reading, now_ns);
    return reading;
}

bool service_event_source_fresh(const struct service *s, uint32_t event_source, int64_t now_ns)
{
    const struct event_list *list = &s->ingest.events[event_source];

    return list->heard &&
           now_ns - list->heard_ns <= s->site->event_source[event_source].stale_after_ns;
}

const char *service_contact(const struct service *s, uint32_t node)
{
    static const char *const names[] = {"never", "fresh", "lost"};

    if (s->site->nodes.actuator[node] == NONE_INDEX)
        return "passive";
    return names[controller_estimate(s->controller)->node[node].contact];
}

bool service_capped(const struct service *s, uint32_t node)
{
    const struct node_report *report = &s->ingest.report[node];

    return report->heard && report->cap_in_force &&
           report->enforced_cap_w < controller_estimate(s->controller)->node[node].cap_max_w;
}

bool service_held(const struct service *s, uint32_t node)
{
    enum bound_kind bound = s->decision->node[node].bound;

    return bound == BOUND_ROW || bound == BOUND_GANG || bound == BOUND_MINIMUM;
}

double service_trip_margin_s(const struct service *s, uint32_t branch)
{
    const struct row_table *rows = controller_rows(s->controller);
    double margin_s = s->decision->row[branch].trip_margin_s;

    for (int phase = 0; phase < PHASES; phase++) {
        uint32_t r = rows->phase_row[branch * PHASES + (uint32_t)phase];

        if (r != NONE_INDEX)
            margin_s = fmin(margin_s, s->decision->row[r].trip_margin_s);
    }
    return margin_s;
}

struct node_counts service_node_counts(const struct service *s)
{
    const struct estimate *estimate = controller_estimate(s->controller);
    struct node_counts counts = {0};

    for (uint32_t n = 0; n < s->site->nodes.count; n++) {
        if (s->site->nodes.actuator[n] == NONE_INDEX)
            counts.passive++;
        else
            counts.contact[estimate->node[n].contact]++;
        counts.controllable += estimate->node[n].controllable;
        counts.capped += service_capped(s, n);
        counts.held += service_held(s, n);
    }
    return counts;
}
