/* A ramp in the closed loop: the meter keeps it, and caps don't change in every tick for it.
 *
 * The controller itself on 40 nodes in virtual time; every node wants all that it may have. Prints how often caps change. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "controller/controller.h"
#include "tests/support/site_text.h"

enum { NODES = 40, CAP_MOST_W = 3000, CAP_LEAST_W = 300, REMAINDER_W = 200, BASE_W = 10000 };

#define SITE(control)                                                                              \
    "site = { name = \"t\"; time_zone = \"UTC\"; mode = \"enforce\"; };\n"                         \
    "control = { release_rate = \"50 kW/s\"; " control " };\n"                                     \
    "branches = ( { name = \"root\"; rating = \"200 kW\"; derating = \"100 %\"; meter = \"m\"; } " \
    ");\n"                                                                                         \
    "signals = ( { name = \"m\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"15 "     \
    "s\"; } );\n"                                                                                  \
    "node_kinds = ( { name = \"k\"; cap_min = 300; cap_max = 3000; cap_step = 1; safe_cap = "      \
    "300;\n"                                                                                       \
    "  uncapped = 3000; remainder = 300; idle = 200; } );\n"                                       \
    "nodes = ( { name = \"n[01-40]\"; kind = \"k\"; actuator = \"x\"; feeds = ( { branch = "       \
    "\"root\"; } ); } );\n"                                                                        \
    "actuators = ( { name = \"x\"; driver = \"agent\"; mode = \"enforce\"; } );\n"                 \
    "event_sources = ( { name = \"grid\"; driver = \"feed\"; stale_after = \"1 h\"; } );\n"

struct loop {
    struct site *site;
    struct policy_set *policies;
    struct controller *controller;
    struct node_report report[NODES];
    struct reading reading;
    struct event_list events;
    int64_t now_ns, cap_w[NODES];
    uint32_t lowered, raised; /* commands */
    double load_w;
};

static void loop_open(struct loop *l, const char *site, const char *policies, int64_t cap_w)
{
    struct controller_options options = {.epoch = 1};

    memset(l, 0, sizeof *l);
    l->site = site_from_text(site);
    l->policies = policies_from_text(policies, l->site);
    l->controller = controller_create(l->site, l->policies, &options);
    for (uint32_t n = 0; n < NODES; n++) {
        l->cap_w[n] = cap_w;
        l->report[n] = (struct node_report){.heard = true,
                                            .incarnation = n + 1,
                                            .cap_in_force = true,
                                            .power_known = true,
                                            .capped_power_known = true};
    }
}

static void loop_close(struct loop *l)
{
    controller_free(l->controller);
    policy_set_free(l->policies);
    site_free(l->site);
}

static void obey(struct loop *l, const struct decision *d)
{
    for (uint32_t i = 0; i < d->commands; i++) {
        const struct command *c = &d->command[i];

        l->lowered += c->kind == COMMAND_LOWER;
        l->raised += c->kind == COMMAND_RAISE;
        if (c->kind == COMMAND_RAISE || c->cap_w < l->cap_w[c->node])
            l->cap_w[c->node] = c->cap_w;
        l->report[c->node].applied = c->id;
    }
}

/* One tick of half a second. Returns the true load. */
static double tick(struct loop *l)
{
    struct snapshot snapshot = {.local = {true, 1700000000, 0, 0},
                                .reading = &l->reading,
                                .report = l->report,
                                .events = &l->events};

    l->now_ns += NS_PER_S / 2;
    snapshot.now_ns = l->now_ns;
    snapshot.local.utc_s += l->now_ns / NS_PER_S;
    l->load_w = BASE_W;
    for (uint32_t n = 0; n < NODES; n++) {
        struct node_report *r = &l->report[n];

        r->taken_ns = l->now_ns;
        r->enforced_cap_w = l->cap_w[n];
        r->capped_power_w = (double)l->cap_w[n];
        r->power_w = (double)l->cap_w[n] + REMAINDER_W;
        l->load_w += r->power_w;
    }
    l->reading = (struct reading){l->load_w, l->now_ns, QUALITY_GOOD, FLAW_NONE};
    obey(l, controller_tick(l->controller, &snapshot));
    return l->load_w;
}

static void run(struct loop *l, int seconds)
{
    for (int i = 0; i < 2 * seconds; i++)
        tick(l);
}

enum { TRACE_MOST = 2000 };

/* The ramp, over every stretch of the trace: rise <= slope x time + a step of it. */
static void keeps_ramp(const double load_w[], int ticks, double slope_w_per_s, double step_s)
{
    for (int i = 0; i < ticks; i++)
        for (int j = i + 1; j < ticks; j++) {
            double most_w = slope_w_per_s * ((j - i) / 2.0 + step_s);

            if (load_w[j] - load_w[i] > most_w)
                fail_msg("from %.1f s to %.1f s load rises by %.0f W, more than %.0f W", i / 2.0,
                         j / 2.0, load_w[j] - load_w[i], most_w);
        }
}

/* A tick is half a second: a limit that creeps up commands every node 120 times a minute. A stair of treads of 5 s does
 * so 12 times; what is above that is the feedback's, which a dead band holds still.
 *
 * From the least caps up by 60 kW a minute: 1 kW a second, 25 W a node and second. */
static double rise_by_ramp(const char *site, const char *what)
{
    static double load_w[TRACE_MOST];
    struct loop l;
    double changes = 0;
    double full_w = BASE_W + NODES * (CAP_MOST_W + REMAINDER_W);
    int ticks = 0;

    loop_open(&l, site,
              "policies = ( { name = \"gently\"; kind = \"ramp_rate\"; branch = \"root\"; "
              "up = \"60 kW/min\"; lead = \"10 s\"; } );",
              CAP_LEAST_W);
    while (ticks < 600 && (ticks == 0 || load_w[ticks - 1] < full_w - 8000))
        load_w[ticks++] = tick(&l);
    changes = (double)(l.raised + l.lowered) / NODES / (ticks / 120.0);
    print_message("ramp_rate, %s: full after %.0f s, %.1f commands a node and minute\n", what,
                  ticks / 2.0, changes);
    /* The start is a lead of it at once; after that nothing is ahead by more than a tread. */
    keeps_ramp(load_w + 30, ticks - 30, 1000, 6);
    assert_true(ticks / 2.0 < 1.25 * 100); /* 108 kW, of which a lead at once */
    loop_close(&l);
    return changes;
}

static void a_ramp_is_kept_without_a_command_in_every_tick(void **state)
{
    (void)state;
    assert_true(rise_by_ramp(SITE(""), "no dead band") <= 20);
    assert_true(rise_by_ramp(SITE("dead_band = \"50 W\";"), "dead band of 50 W") <= 18);
}

/* An event from 60 s to 120 s, down to half and back. */
static void leave_event(const char *site, const char *what, double most_down, double most_up)
{
    static double load_w[TRACE_MOST];
    struct loop l;
    int ticks = 0;

    loop_open(
        &l, site,
        "policies = ( { name = \"dr\"; kind = \"demand_response\"; branch = \"root\"; events = "
        "\"grid\"; ramp = \"120 kW/min\"; release = \"60 kW/min\"; recovery = \"2 min\"; } );",
        CAP_MOST_W);
    run(&l, 100);
    l.events.heard = true;
    l.events.heard_ns = l.now_ns;
    l.events.count = 1;
    l.events.event[0] = (struct grid_event){.id = "e",
                                            .notified_utc_s = 1700000100,
                                            .start_utc_s = 1700000100 + 60,
                                            .end_utc_s = 1700000100 + 120,
                                            .target = EVENT_LIMIT,
                                            .target_w = 70000};
    l.raised = l.lowered = 0;
    for (int i = 0; i < 2 * 121; i++)
        load_w[ticks++] = tick(&l);
    assert_true(load_w[2 * 60] <= 70000); /* in time */
    assert_int_equal(l.raised, 0);
    print_message("demand_response, %s: down with %.1f commands a node in 34 s of ramp, ", what,
                  (double)l.lowered / NODES);
    assert_true((double)l.lowered / NODES <= most_down);
    for (int i = 0; i < 2 * 60; i++)
        load_w[ticks++] = tick(&l);
    print_message("back with %.1f in 60 s\n", (double)l.raised / NODES);
    assert_true((double)l.raised / NODES <= most_up);
    keeps_ramp(load_w + 2 * 60, ticks - 2 * 60, 1000, 6);
    assert_true(load_w[ticks - 1] > 70000 + 45000);
    loop_close(&l);
}

/* 34 s are 7 treads, 60 s are 12. */
static void an_event_is_left_without_a_command_in_every_tick(void **state)
{
    (void)state;
    leave_event(SITE(""), "no dead band", 16, 20);
    leave_event(SITE("dead_band = \"100 W\";"), "dead band of 100 W", 16, 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ramp_is_kept_without_a_command_in_every_tick),
        cmocka_unit_test(an_event_is_left_without_a_command_in_every_tick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
