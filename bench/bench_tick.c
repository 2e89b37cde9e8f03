/* How long a whole tick takes, from snapshot to commands, on sites of growing size; beside it what the machine needs
 * to read the same rows once (a linear pass over the constraint matrix), measured in the same run.
 *
 *     bench_tick [--json]
 *
 * Every node's demand is known, the limit binds, and one node in a hundred changes its power between ticks. */
#include "config/load.h"
#include "controller/controller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TICKS = 60, SETTLING_TICKS = 10, NODES_PER_RACK = 20, PDUS = 4, TEXT_BYTES = 4096 };

static const struct setting no_settings[] = {{0}};
static const struct driver_schema drivers[] = {
    {"feed", ROLE_SIGNAL, no_settings, 1}, {"agent", ROLE_ACTUATOR, no_settings, 1}, {0}};

static const char site_format[] =
    "site = { name = \"bench\"; time_zone = \"UTC\"; mode = \"enforce\"; };\n"
    "feeds = ( { name = \"A\"; branch = \"feeder_a\"; }, { name = \"B\"; branch = \"feeder_b\"; } "
    ");\n"
    "branches = ( { name = \"site\"; rating = \"%u kW\"; derating = \"100 %%\"; meter = \"grid\"; "
    "},\n"
    "  { name = \"feeder_[a,b]\"; parent = \"site\"; }, { name = \"pdu[1-4]\"; parent = "
    "\"feeder_[a,b]\"; },\n"
    "  { name = \"rack[1-%u]\"; parent = \"pdu[1-4]\"; rating = \"100 kW\"; } );\n"
    "node_kinds = ( { name = \"gpu\"; cap_min = 1200; cap_max = 5600; cap_step = 50; safe_cap = "
    "1600; uncapped = 6000;\n"
    "  remainder = 900; idle = 800; } );\n"
    "nodes = ( { name = \"n[1-%u]\"; kind = \"gpu\"; actuator = \"agents\"; feeds = ( { branch = "
    "\"rack[1-%u]\"; } ); } );\n"
    "signals = ( { name = \"grid\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"1 "
    "min\"; } );\n"
    "actuators = ( { name = \"agents\"; driver = \"agent\"; mode = \"enforce\"; } );\n";

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct site *make_site(uint32_t nodes)
{
    const struct load_options options = {.drivers = drivers};
    struct diagnostics found = {0};
    struct site *site = NULL;
    char text[TEXT_BYTES];
    char line[1024];
    int length = snprintf(text, sizeof text, site_format, nodes * 4, nodes / NODES_PER_RACK, nodes,
                          nodes / NODES_PER_RACK);

    if (!load_site_text("bench.cfg", text, (size_t)length, &options, &site, &found)) {
        for (size_t i = 0; i < found.count; i++)
            fprintf(stderr, "%s\n", diagnostic_line(&found.item[i], line, sizeof line));
        exit(1);
    }
    diagnostics_free(&found);
    return site;
}

/* What the nodes would answer: the cap that was commanded is in force, and draw is at it. */
static void obey(const struct decision *d, struct node_report *report, int64_t now_ns,
                 uint32_t nodes)
{
    for (uint32_t i = 0; i < d->commands; i++) {
        struct node_report *r = &report[d->command[i].node];

        r->applied = d->command[i].id;
        r->cap_in_force = true;
        r->enforced_cap_w = d->command[i].cap_w;
    }
    for (uint32_t n = 0; n < nodes; n++)
        report[n].taken_ns = now_ns;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double pass_us(const struct row_table *rows)
{
    volatile uint64_t sink = 0;
    uint64_t sum = 0;
    double start_us = now_us();

    for (uint32_t i = 0; i < rows->row_first[rows->count]; i++)
        sum += rows->row_node[i].coefficient_bp;
    sink = sum;
    (void)sink;
    return now_us() - start_us;
}

static void bench(uint32_t nodes, bool json)
{
    struct site *site = make_site(nodes);
    struct policy_set policies = {0};
    struct controller_options options = {.epoch = 1};
    struct node_report *report = calloc(nodes, sizeof *report);
    struct reading reading = {(double)nodes * 3500, 0, QUALITY_GOOD, FLAW_NONE};
    struct snapshot snapshot = {.local = {true, 0, 0, 0}, .reading = &reading, .report = report};
    struct controller *controller = NULL;
    double us[TICKS];
    double once_us = 0;

    if (report == NULL)
        exit(1);
    policy_set_builtin(&policies);
    controller = controller_create(site, &policies, &options);
    for (uint32_t n = 0; n < nodes; n++)
        report[n] = (struct node_report){.heard = true,
                                         .incarnation = n + 1,
                                         .power_known = true,
                                         .power_w = 3000,
                                         .capped_power_known = true,
                                         .capped_power_w = 2400};
    for (int i = 0; i < TICKS + SETTLING_TICKS; i++) {
        double start_us = 0;
        const struct decision *d = NULL;

        snapshot.now_ns = (int64_t)(i + 1) * NS_PER_S;
        reading.taken_ns = snapshot.now_ns;
        for (uint32_t n = (uint32_t)i % 100; n < nodes; n += 100)
            report[n].power_w = 2900 + i;
        start_us = now_us();
        d = controller_tick(controller, &snapshot);
        if (i >= SETTLING_TICKS)
            us[i - SETTLING_TICKS] = now_us() - start_us;
        obey(d, report, snapshot.now_ns, nodes);
    }
    qsort(us, TICKS, sizeof us[0], by_value);
    once_us = pass_us(controller_rows(controller));
    if (json)
        printf("{\"name\":\"tick_%u_nodes\",\"value\":%.1f,\"unit\":\"us\",\"passes\":%.1f}\n",
               nodes, us[TICKS / 2], us[TICKS / 2] / once_us);
    else
        printf("%9u %12.0f %12.0f %12.1f %10.0f\n", nodes, us[TICKS / 2], us[TICKS - 1], once_us,
               us[TICKS / 2] / once_us);
    controller_free(controller);
    arena_free(&policies.arena);
    free(report);
    site_free(site);
}

int main(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;

    if (!json)
        printf("    nodes    median us      most us  one pass us     passes\n");
    for (uint32_t nodes = 400; nodes <= 40000; nodes *= 10)
        bench(nodes, json);
    return 0;
}
