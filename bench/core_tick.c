/* The whole tick, from snapshot to commands, at 100,000 nodes: five levels, two feeds each of which must be able to
 * carry all, three classes, curves. In each tick one node in a hundred reports another power, and the meter follows. Who
 * was commanded obeys, and says so in the next tick. */
#include "bench/core.h"

#include "config/load.h"
#include "controller/controller.h"

#include <stdlib.h>

enum {
    RACKS = 2500,
    NODES = 40 * RACKS,
    SETTLING_TICKS = 300,
    TICKS = 2000,
    ONE_IN = 100,
    RESTLESS_ONE_IN = 10000,
    REST_W = 2000000
};

static const struct setting no_settings[] = {{0}};
static const struct driver_schema drivers[] = {
    {"feed", ROLE_SIGNAL, no_settings, 1}, {"agent", ROLE_ACTUATOR, no_settings, 1}, {0}};

/* clang-format off */
#define KIND(name, class, weight)                                                                    \
    "{ name = \"" name "\"; cap_min = 1200; cap_max = 5600; cap_step = 50; safe_cap = 1600;\n"       \
    "  uncapped = 6000; remainder = 900; idle = 800; priority_class = " class "; weight = " weight ";\n" \
    "  curve = ((1200, 310.), (1900, 480.), (2600, 622.), (3300, 745.), (4000, 848.), (4800, 938.),\n" \
    "           (5600, 1000.)); }"
#define SIDE(s)                                                                                      \
    "{ name = \"" s "\"; parent = \"site\"; rating = \"420 MW\"; },\n"                               \
    "{ name = \"" s "-pdu[1-25]\"; parent = \"" s "\"; rating = \"20 MW\"; },\n"                     \
    "{ name = \"" s "-bus[1-250]\"; parent = \"" s "-pdu[1-25]\"; rating = \"2100 kW\"; },\n"        \
    "{ name = \"" s "-rack[1-2500]\"; parent = \"" s "-bus[1-250]\"; rating = \"220 kW\"; }"
#define NODES_OF(range, kind)                                                                        \
    "{ name = \"" range "\"; kind = \"" kind "\"; actuator = \"agents\";\n"                          \
    "  feeds = ( { branch = \"a-rack[1-2500]\"; }, { branch = \"b-rack[1-2500]\"; } ); }"

/* Leases are long, as they would be at this size: renewing 100,000 of them each third of 30 s is another load. */
static const char site_text[] =
    "site = { name = \"bench\"; time_zone = \"UTC\"; mode = \"enforce\"; };\n"
    "control = { report_stale_after = \"1 h\"; lease = \"1 h\"; failover = \"check\"; release_rate = \"10 MW/s\"; };\n"
    "feeds = ( { name = \"A\"; branch = \"a\"; }, { name = \"B\"; branch = \"b\"; } );\n"
    "branches = ( { name = \"site\"; rating = \"520 MW\"; derating = \"100 %\"; meter = \"grid\"; },\n"
    SIDE("a") ",\n" SIDE("b") " );\n"
    "node_kinds = ( " KIND("first", "0", "100") ",\n" KIND("second", "1", "100") ",\n" KIND("third", "2", "50") " );\n"
    "nodes = ( " NODES_OF("f[1-20000]", "first") ",\n" NODES_OF("s[1-50000]", "second") ",\n"
    NODES_OF("t[1-30000]", "third") " );\n"
    "signals = ( { name = \"grid\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"1 min\"; } );\n"
    "actuators = ( { name = \"agents\"; driver = \"agent\"; mode = \"enforce\"; } );\n";
/* clang-format on */

struct world {
    struct site *site;
    struct policy_set policies;
    struct controller *controller;
    struct node_report *report;
    uint32_t *changed;
    uint32_t changes;
    struct reading reading;
    double power_w; /* of all nodes */
    double rest_w;  /* on the meter beside them */
    uint64_t commands;
    uint32_t ticks; /* so far */
};

static bool open_world(struct world *w)
{
    const struct load_options options = {.drivers = drivers};
    const struct controller_options how = {.epoch = 1};
    struct diagnostics found = {0};
    char line[1024];

    *w = (struct world){0};
    if (!load_site_text("bench.cfg", site_text, sizeof site_text - 1, &options, &w->site, &found)) {
        for (size_t i = 0; i < found.count; i++)
            fprintf(stderr, "%s\n", diagnostic_line(&found.item[i], line, sizeof line));
        diagnostics_free(&found);
        return false;
    }
    diagnostics_free(&found);
    w->report = calloc(NODES, sizeof *w->report);
    w->changed = calloc(2 * NODES, sizeof *w->changed);
    if (w->report == NULL || w->changed == NULL)
        exit(1);
    policy_set_builtin(&w->policies);
    w->controller = controller_create(w->site, &w->policies, &how);
    return true;
}

static void close_world(struct world *w)
{
    controller_free(w->controller);
    arena_free(&w->policies.arena);
    free(w->report);
    free(w->changed);
    site_free(w->site);
}

/* What it draws is a share of its cap that moves. */
static void measure(struct world *w, uint32_t n, uint32_t tick)
{
    struct node_report *r = &w->report[n];
    double share = .80 + .01 * (double)((n * 7 + tick * 13) % 20);
    double capped_w = (double)(r->cap_in_force ? r->enforced_cap_w : 5600) * share;

    w->power_w += capped_w + 600 - (r->power_known ? r->power_w : 0);
    r->heard = true;
    r->incarnation = n + 1;
    r->power_known = true;
    r->power_w = capped_w + 600;
    r->capped_power_known = true;
    r->capped_power_w = capped_w;
    r->taken_ns = (int64_t)tick * NS_PER_S;
    w->changed[w->changes++] = n;
}

static void obey(struct world *w, const struct decision *d, uint32_t tick)
{
    for (uint32_t i = 0; i < d->commands; i++) {
        struct node_report *r = &w->report[d->command[i].node];

        r->applied = d->command[i].id;
        r->cap_in_force = true;
        r->enforced_cap_w = d->command[i].cap_w;
        measure(w, d->command[i].node, tick + 1);
    }
    w->commands += d->commands;
}

/* Beside the nodes' load, which budgets are free of, also what they depend on: some hardware takes another range, and
 * the load that nobody controls goes up and down by up to 2 %. Then caps are found anew. */
static void stir(struct world *w, uint32_t tick)
{
    for (uint32_t n = tick * 31 % RESTLESS_ONE_IN; n < NODES; n += RESTLESS_ONE_IN) {
        w->report[n].range_known = true;
        w->report[n].cap_min_w = 1200 + 50 * (tick % 4);
        w->report[n].cap_max_w = 5600;
        measure(w, n, tick);
    }
    w->rest_w = REST_W * (1 + .005 * (tick * 7 % 5));
}

static double run_tick(struct world *w, uint32_t tick, bool restless)
{
    struct snapshot snapshot = {.now_ns = (int64_t)tick * NS_PER_S,
                                .local = {true, 0, 0, 0},
                                .reading = &w->reading,
                                .report = w->report};
    const struct decision *d = NULL;
    double start_s = 0;
    double took_s = 0;

    for (uint32_t n = tick % ONE_IN; n < NODES; n += ONE_IN)
        measure(w, n, tick);
    if (restless)
        stir(w, tick);
    w->reading = (struct reading){w->power_w + w->rest_w, snapshot.now_ns, QUALITY_GOOD, FLAW_NONE};
    snapshot.changed = w->changed;
    snapshot.changes = w->changes;
    start_s = core_spent_s();
    d = controller_tick(w->controller, &snapshot);
    took_s = core_spent_s() - start_s;
    w->changes = 0;
    obey(w, d, tick);
    return took_s;
}

static void measure_ticks(const struct core_options *options, struct world *w, bool restless)
{
    static double took_s[TICKS];
    enum aim aim = restless ? AIM_NONE : AIM_AT_MOST;

    for (uint32_t i = 0; i < SETTLING_TICKS; i++)
        (void)run_tick(w, ++w->ticks, restless);
    w->commands = 0;
    for (uint32_t i = 0; i < TICKS; i++)
        took_s[i] = run_tick(w, ++w->ticks, restless);
    core_print(options, &(struct core_row){restless ? "restless_tick_median" : "tick_median",
                                           restless ? "the same, ranges and budgets moving too"
                                                    : "whole tick, 100,000 nodes, 1 % changed",
                                           core_quantile(took_s, TICKS, .5) * 1e3, "ms", aim, 2});
    core_print(options, &(struct core_row){restless ? "restless_tick_p99_9" : "tick_p99_9",
                                           "the same, p99.9 of 2,000",
                                           core_quantile(took_s, TICKS, .999) * 1e3, "ms", aim, 5});
    core_say(options, "    p99 %.2f ms, %.1f commands a tick",
             core_quantile(took_s, TICKS, .99) * 1e3, (double)w->commands / TICKS);
}

void core_tick(const struct core_options *options)
{
    struct world w;

    if (!open_world(&w)) {
        core_skip(options, "tick_median", "whole tick", "its site file is not taken");
        return;
    }
    w.rest_w = REST_W;
    for (uint32_t n = 0; n < NODES; n++)
        measure(&w, n, 1);
    measure_ticks(options, &w, false);
    measure_ticks(options, &w, true);
    close_world(&w);
}
