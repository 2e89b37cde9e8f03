/* One run: load, then tick by tick until the end or the first broken promise. */
#include "simulation/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A Wednesday in 2026, 05:00 UTC: schedules change during a run. */
#define WALL_START_S INT64_C(1772600400)
enum { SECONDS_PER_DAY = 86400, WEEKDAY_OF_1970 = 3, REDEPLOY_S = 10, CLOCK_BELIEVED_S = 3000 };

static const char *const promises[] = {
#define PROMISE_NAME(id, name) name,
    PROMISES(PROMISE_NAME)
#undef PROMISE_NAME
};

static const char *const sights[] = {
#define SIGHT_NAME(id, text) text,
    SIGHTS(SIGHT_NAME)
#undef SIGHT_NAME
};

const char *promise_name(enum promise promise) { return promises[promise]; }

const char *sight_text(enum sight sight) { return sights[sight]; }

void broken(struct world *w, enum promise promise, const char *format, ...)
{
    struct violation *v = &w->out->violation;
    va_list args;

    if (v->found)
        return;
    v->found = true;
    v->promise = promise;
    v->at_s = w->now_ns / NS_PER_S;
    va_start(args, format);
    vsnprintf(v->text, sizeof v->text, format, args);
    va_end(args);
}

/* ---- loading ---- */

struct no_settings {
    bool nothing;
};

struct meter_settings {
    const struct device_profile *profile;
};

static const struct setting none[] = {{0}};
static const struct setting meter_rows[] = {
    {.name = "profile",
     .kind = KIND_PROFILE,
     .need = NEED_REQUIRED,
     .at = offsetof(struct meter_settings, profile),
     .help = "which quantities it gives"},
    {0},
};

/* What a simulated site file may name. */
static const struct driver_schema drivers[] = {
    {"feed", ROLE_SIGNAL, none, sizeof(struct no_settings)},
    {"meter", ROLE_METER, meter_rows, sizeof(struct meter_settings)},
    {"forecast", ROLE_FORECAST, none, sizeof(struct no_settings)},
    {"events", ROLE_EVENTS, none, sizeof(struct no_settings)},
    {"agent", ROLE_ACTUATOR, none, sizeof(struct no_settings)},
    {0},
};

static bool why_not(const struct diagnostics *found, const char *what, struct error *err)
{
    char line[400] = "no message";

    for (size_t i = found->count; i-- > 0;) {
        if (found->item[i].severity == SEVERITY_ERROR)
            diagnostic_line(&found->item[i], line, sizeof line);
    }
    return failure(err, ERR_SYNTAX, what, "a file that loads", "%s", line);
}

static bool load_files(struct world *w, struct error *err)
{
    const struct load_options options = {.drivers = drivers};
    const struct scenario *s = w->scenario;
    struct diagnostics found = {0};
    bool ok = load_site_text("site.cfg", s->site, strlen(s->site), &options, &w->site, &found);

    if (!ok)
        why_not(&found, "site", err);
    for (uint32_t i = 0; ok && i < s->policies; i++) {
        ok = load_policies_text("policy.cfg", s->policy[i], strlen(s->policy[i]), w->site,
                                &w->policies[i], &found);
        if (!ok)
            why_not(&found, "policies", err);
    }
    diagnostics_free(&found);
    return ok && controller_can(w->site, err);
}

/* ---- the plant: what the site file says, but for the nameplates and a remainder that is less than the worst ---- */

static struct coarse_hardware hardware_of(const struct world *w, uint32_t n, struct random *random)
{
    const struct node_table *nodes = &w->site->nodes;
    double worst_w = (double)nodes->remainder_worst_w[n];
    double uncapped_w = (double)max_w(1, nodes->uncapped_w[n]);
    double fixed = random_between(random, 0.3, 0.65);
    double part = random_between(random, 0, 0.3) * worst_w; /* at full draw */
    struct coarse_hardware h = {.cap_min_w = nodes->cap_min_w[n],
                                .cap_max_w = nodes->cap_max_w[n],
                                .cap_step_w = max_w(1, nodes->cap_step_w[n]),
                                .uncapped_w = nodes->uncapped_w[n],
                                .fixed_w = (int64_t)(fixed * worst_w),
                                .part_bp = (int64_t)(part / uncapped_w * 1e4)};

    for (uint32_t i = 0; i < w->scenario->nameplates; i++) {
        const struct nameplate *p = &w->scenario->nameplate[i];

        if (strcmp(p->node, nodes->name[n]) != 0)
            continue;
        h.cap_min_w = p->cap_min_w > 0 ? p->cap_min_w : h.cap_min_w;
        h.cap_max_w = p->cap_max_w > 0 ? p->cap_max_w : h.cap_max_w;
        h.uncapped_w = p->uncapped_w > 0 ? p->uncapped_w : h.uncapped_w;
        h.fixed_w = p->remainder_w > 0 ? p->remainder_w : h.fixed_w;
    }
    h.cap_max_w = max_w(h.cap_max_w, h.cap_min_w);
    return h;
}

enum { STREAM_HARDWARE = 24 };

static void create_plant(struct world *w)
{
    const struct site *site = w->site;
    struct coarse_hardware *hardware =
        arena_array(&w->arena, site->nodes.count, struct coarse_hardware);
    int64_t *own_most_w = arena_array(&w->arena, site->tree.branches, int64_t);
    struct coarse_settings settings = {w->scenario->seed, hardware, own_most_w};

    for (uint32_t n = 0; n < site->nodes.count; n++) {
        struct random random = random_stream(w->scenario->seed, STREAM_HARDWARE,
                                             coarse_name_number(site->nodes.name[n]));

        hardware[n] = hardware_of(w, n, &random);
    }
    for (uint32_t b = 0; b < site->tree.branches; b++)
        own_most_w[b] = site->tree.unmetered_w[b];
    w->plant = coarse_create(site, &settings);
}

/* ---- controllers come and go ---- */

void start_controller(struct world *w)
{
    struct controller_options options = {.remainder_w = w->remembered_w};
    uint64_t clock_epoch = (uint64_t)(WALL_START_S + w->now_ns / NS_PER_S +
                                      w->clock_step_s); /* as the service does without its state */

    w->epoch = w->state_lost ? clock_epoch : w->epoch + 1;
    options.epoch = w->epoch;
    if (w->state_lost)
        memory_forget(w);
    w->state_lost = false;
    feed_forget(&w->feed);
    w->controller = controller_create(w->site, w->policies[w->in_force], &options);
    memory_give(w);
    w->grid_next_ns = w->forecast_next_ns = 0; /* it is told anew */
    w->started_ns = w->now_ns;
    if (w->row_check != NULL)
        check_controller_started(w);
}

/* A clock that is far off is found out. */
bool world_clock_known(const struct world *w)
{
    return w->clock_step_s < CLOCK_BELIEVED_S && w->clock_step_s > -CLOCK_BELIEVED_S;
}

/* One that was deposed is started again above what it saw, as an operator would. */
static void redeploy(struct world *w)
{
    if (!controller_deposed(w->controller))
        return;
    sight(w, SIGHT_DEPOSED);
    w->epoch = controller_highest_epoch(w->controller);
    memory_save(w);
    controller_free(w->controller);
    w->controller = NULL;
    w->decision = NULL;
    w->controller_dead_until_ns = w->now_ns + REDEPLOY_S * NS_PER_S;
    w->faults_until_ns = max_w(w->faults_until_ns, w->controller_dead_until_ns);
}

int64_t world_utc_s(const struct world *w) { return WALL_START_S + w->now_ns / NS_PER_S; }

static struct local_time wall_clock(const struct world *w)
{
    int64_t utc_s = world_utc_s(w) + w->clock_step_s;
    int64_t days = utc_s / SECONDS_PER_DAY;

    return (struct local_time){.known = world_clock_known(w),
                               .utc_s = utc_s,
                               .weekday = (int)((days + WEEKDAY_OF_1970) % 7),
                               .minute_of_day = (int)(utc_s % SECONDS_PER_DAY / 60)};
}

static void send_commands(struct world *w)
{
    const struct decision *d = w->decision;

    for (uint32_t i = 0; i < d->commands; i++) {
        const struct command *c = &d->command[i];
        struct message message = {.node = c->node,
                                  .made_ns = w->now_ns,
                                  .to_agent = true,
                                  .command = {c->id, c->cap_w, c->kind == COMMAND_RAISE,
                                              c->lease_ns / NS_PER_MS, c->incarnation}};

        if (!c->may_be_sent)
            continue;
        if (!site_enforces(w->site, c->node))
            broken(w, PROMISE_OBSERVE, "%s: a command was sent", w->site->nodes.name[c->node]);
        if (message.command.raise &&
            w->potential.node[c->node].raises == RAISES_MAX) /* no room to follow it */
            continue;
        potential_sent(w, &message, network_send(&w->network, &message));
    }
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3) ^ hash >> 29;
}

static void tick(struct world *w)
{
    struct snapshot snapshot;

    w->tick++;
    w->now_ns += w->tick_ns;
    happen_end(w);
    coarse_step(w->plant, w->now_ns);
    happen_until_now(w);
    agents_step(w);
    meters_step(w);
    grid_step(w);
    if (w->controller != NULL) {
        snapshot = feed_snapshot(&w->feed, w->now_ns, wall_clock(w));
        check_before(w);
        w->decision = controller_tick(w->controller, &snapshot);
        send_commands(w);
        w->out->hash = mix(w->out->hash, w->decision->hash);
    }
    check_after(w);
    if (w->controller != NULL)
        redeploy(w);
}

static void finish(struct world *w)
{
    for (uint32_t n = 0; n < w->site->nodes.count; n++)
        w->out->hash = mix(w->out->hash, (uint64_t)w->plant->node[n].power_w);
    for (uint32_t b = 0; b < w->site->tree.branches; b++)
        w->out->hash = mix(w->out->hash, (uint64_t)coarse_load_w(w->plant, b, CHANNEL_TOTAL));
    w->out->ticks = w->tick;
    w->out->seconds = w->now_ns / NS_PER_S;
}

static void create(struct world *w)
{
    w->tick_ns = w->site->control.tick_period_ns;
    rows_build(&w->row_table, w->site, &w->arena);
    w->rows = &w->row_table;
    memory_create(w);
    network_init(&w->network, w->site->nodes.count, w->scenario->seed, w->scenario->link_ms,
                 &w->arena);
    feed_init(&w->feed, w->site, &w->arena);

    create_plant(w);
    start_controller(w);
    potential_create(w);
    meters_create(w);
    check_create(w);
    agents_create(w);
}

static void destroy(struct world *w)
{
    controller_free(w->controller);
    coarse_free(w->plant);
    for (uint32_t i = 0; i < SCENARIO_POLICIES_MAX; i++)
        policy_set_free(w->policies[i]);
    site_free(w->site);
    arena_free(&w->arena);
}

bool simulation_run(const struct scenario *scenario, struct outcome *out, struct error *err)
{
    struct world w = {.scenario = scenario, .out = out};

    *out = (struct outcome){0};
    if (scenario->policies == 0)
        return failure(err, ERR_MISSING, "policies", "at least one policy file", "none");
    if (!load_files(&w, err)) {
        destroy(&w);
        return false;
    }
    create(&w);
    while (w.now_ns < scenario->seconds * NS_PER_S && !out->violation.found)
        tick(&w);
    finish(&w);
    destroy(&w);
    return true;
}
