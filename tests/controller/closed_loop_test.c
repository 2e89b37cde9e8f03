/* The closed loop, measured: the real controller on a small site, against nodes, meters and a network that are late
 * and noisy, in virtual time.
 *
 *     closed_loop_test [--seed N]
 *
 * Prints one line a case, which docs/control.md quotes. The same cases with a spoiled tuning must miss the margins,
 * or the margins would say nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "controller/controller.h"
#include "tests/controller/rng.h"
#include "tests/support/site_text.h"

enum { NODES = 40, LIMIT_W = 100000, BASE_W = 20000, REMAINDER_W = 200 };
enum { STEP_MS = 100, TICK_MS = 1000, METER_MS = 1000, REPORT_MS = 1000 };
enum { UP_S = 180, DOWN_S = 360, END_S = 600, STEADY_S = 60, LATE_MOST = 64 };

static const char text[] =
    "site = { name = \"t\"; time_zone = \"UTC\"; mode = \"enforce\"; };\n"
    "control = { release_rate = \"10 kW/s\"; };\n"
    "branches = ( { name = \"root\"; rating = \"100 kW\"; derating = \"100 %\"; meter = \"m\"; } "
    ");\n"
    "signals = ( { name = \"m\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"15 s\"; "
    "} );\n"
    "node_kinds = ( { name = \"k\"; cap_min = 300; cap_max = 3000; cap_step = 10; safe_cap = 300;\n"
    "  uncapped = 3000; remainder = 300; idle = 200; } );\n"
    "nodes = ( { name = \"n[01-40]\"; kind = \"k\"; actuator = \"x\"; feeds = ( { branch = "
    "\"root\"; } ); } "
    ");\n"
    "actuators = ( { name = \"x\"; driver = \"agent\"; mode = \"enforce\"; } );\n";

/* ---- the plant ---- */

struct late_command {
    int64_t due_ns;
    struct command command;
};

struct machine {
    struct late_command late[LATE_MOST];
    uint32_t lates;
    struct command_id applied;
    bool cap_set;
    int64_t cap_w;
    double capped_w;
};

struct circumstances {
    const char *name;
    int meter_delay_ms; /* the most; each reading is late by what chance says, in order */
    bool honest;  /* readings carry the time at which they were true, not that of their arrival */
    double noise; /* standard deviation, of the limit */
    double swing; /* of what the nodes could draw: up and down together, every 6 s */
    double load_swing; /* of the limit: the same for what no cap moves */
    double step;       /* of the limit: the uncontrolled load goes up by this, and down again */
};

struct reading_late {
    int64_t due_ns;
    double value;
    int64_t taken_ns;
};

struct loop {
    const struct circumstances *how;
    struct rng rng;
    struct site *site;
    struct policy_set policies;
    struct controller *controller;
    struct machine machine[NODES];
    struct node_report report[NODES];
    struct reading reading;
    struct reading_late late[LATE_MOST];
    uint32_t lates;
    int64_t now_ns;
    double load_w; /* true */
    int64_t budget_w;
    uint32_t changes; /* caps that changed in the last tick */
};

static double normal(struct rng *rng)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += (double)(rng_next(rng) >> 11) / 9007199254740992.0;
    return sum;
}

/* Up for most of a period of 6 s, down for 2 s, with edges of a second: 1 .. 0. */
static double wave(int64_t now_ns)
{
    double s = fmod((double)now_ns / 1e9, 6);

    if (s < 1)
        return s;
    return s < 3 ? 1 : s < 4 ? 4 - s : 0;
}

static double uncontrolled_w(const struct loop *l)
{
    double second = (double)l->now_ns / 1e9;
    bool up = second >= UP_S && second < DOWN_S;

    return BASE_W + LIMIT_W * ((up ? l->how->step : 0) + l->how->load_swing * wave(l->now_ns));
}

static void machine_takes(struct loop *l, uint32_t n, const struct command *command)
{
    struct machine *m = &l->machine[n];

    if (command_id_compare(command->id, m->applied) <= 0)
        return;
    m->applied = command->id;
    if (command->kind == COMMAND_RAISE || !m->cap_set || command->cap_w < m->cap_w)
        m->cap_w = command->cap_w;
    m->cap_set = true;
}

static void machine_lives(struct loop *l, uint32_t n)
{
    struct machine *m = &l->machine[n];
    double demand_w = 3000 * (1 - l->how->swing * (1 - wave(l->now_ns)));
    uint32_t kept = 0;

    for (uint32_t i = 0; i < m->lates; i++) {
        if (m->late[i].due_ns <= l->now_ns)
            machine_takes(l, n, &m->late[i].command);
        else
            m->late[kept++] = m->late[i];
    }
    m->lates = kept;
    if (m->cap_set)
        demand_w = fmin(demand_w, (double)m->cap_w);
    m->capped_w += (demand_w - m->capped_w) * (1 - exp(-(double)STEP_MS / 300)); /* lag 300 ms */
}

static void report(struct loop *l, uint32_t n)
{
    struct machine *m = &l->machine[n];

    l->report[n] = (struct node_report){.heard = true,
                                        .taken_ns = l->now_ns,
                                        .incarnation = n + 1,
                                        .applied = m->applied,
                                        .cap_in_force = m->cap_set,
                                        .enforced_cap_w = m->cap_w,
                                        .power_known = true,
                                        .power_w = m->capped_w + REMAINDER_W,
                                        .capped_power_known = true,
                                        .capped_power_w = m->capped_w};
}

static void measure(struct loop *l)
{
    double value = l->load_w + normal(&l->rng) * l->how->noise * LIMIT_W;
    int64_t late_ns =
        l->how->meter_delay_ms == 0
            ? 0
            : rng_between(&l->rng, l->how->meter_delay_ms / 2, l->how->meter_delay_ms) * NS_PER_MS;

    assert_true(l->lates < LATE_MOST);
    l->late[l->lates++] =
        (struct reading_late){l->now_ns + late_ns, round(value / 100) * 100, l->now_ns};
}

static void meter_arrives(struct loop *l)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < l->lates; i++) {
        const struct reading_late *late = &l->late[i];
        int64_t taken_ns = l->how->honest ? late->taken_ns : l->now_ns;

        if (late->due_ns > l->now_ns)
            l->late[kept++] = *late;
        else if (taken_ns > l->reading.taken_ns)
            l->reading = (struct reading){late->value, taken_ns, QUALITY_GOOD, FLAW_NONE};
    }
    l->lates = kept;
}

static void send_commands(struct loop *l, const struct decision *d)
{
    l->changes = 0;
    for (uint32_t i = 0; i < d->commands; i++) {
        struct machine *m = &l->machine[d->command[i].node];

        l->changes += d->command[i].kind == COMMAND_LOWER || d->command[i].kind == COMMAND_RAISE;
        assert_true(m->lates < LATE_MOST);
        m->late[m->lates++] = (struct late_command){
            l->now_ns + rng_between(&l->rng, 100, 700) * NS_PER_MS, d->command[i]};
    }
}

/* A tenth of a second. */
static void live(struct loop *l)
{
    int64_t ms = l->now_ns / NS_PER_MS;

    l->now_ns += STEP_MS * NS_PER_MS;
    l->load_w = uncontrolled_w(l);
    for (uint32_t n = 0; n < NODES; n++) {
        machine_lives(l, n);
        l->load_w += l->machine[n].capped_w + REMAINDER_W;
        if ((ms + n * 70) % REPORT_MS < STEP_MS)
            report(l, n);
    }
    if ((ms + 300) % METER_MS < STEP_MS)
        measure(l);
    meter_arrives(l);
    l->changes = 0;
    if (ms % TICK_MS == 0) {
        struct snapshot snapshot = {.now_ns = l->now_ns,
                                    .local = {true, 0, 0, 0},
                                    .reading = &l->reading,
                                    .report = l->report};
        const struct decision *d = controller_tick(l->controller, &snapshot);

        l->budget_w = d->row[0].budget_w;
        send_commands(l, d);
    }
}

/* ---- what is measured ---- */

struct figures {
    double over_w,
        over_s; /* after the step up: greatest excess of the true load, and for how long in all */
    double settle_s;       /* until it stays within 4 % of the limit around where it ends */
    double overshoot_w;    /* below where it ends, after the step up */
    double steady_over_s;  /* above the limit while nothing happens */
    double steady_range_w; /* of the budget while nothing happens */
    double steady_changes; /* caps changed, a node and minute */
    double steady_used;    /* mean load, of the limit */
    struct feedback_figures learned;
};

struct trace {
    double load_w[END_S * 10];
    int64_t budget_w[END_S * 10];
    uint32_t changes[END_S * 10];
};

static double smooth_w(const struct trace *t, int at)
{
    double sum = 0;

    for (int i = at - 59; i <= at; i++) /* over one period of the swings */
        sum += t->load_w[i];
    return sum / 60;
}

static void look_at_step(const struct trace *t, struct figures *f)
{
    int begin = UP_S * 10;
    int end = DOWN_S * 10;
    double final_w = 0;
    int last_out = begin;

    for (int i = end - STEADY_S * 10; i < end; i++)
        final_w += t->load_w[i] / (STEADY_S * 10);
    for (int i = begin - 1; i < end - 1; i++) {
        double excess_w = t->load_w[i] - LIMIT_W;
        double away_w = smooth_w(t, i) - final_w;

        f->over_w = fmax(f->over_w, excess_w);
        f->over_s += excess_w > 0 ? 0.1 : 0;
        if (i >= begin + 60)
            f->overshoot_w = fmax(f->overshoot_w, -away_w);
        if (fabs(away_w) > 0.04 * LIMIT_W)
            last_out = i;
    }
    f->settle_s = (last_out - begin) / 10.0;
}

static void look_at_rest(const struct trace *t, int end_s, struct figures *f)
{
    int64_t least_w = INT64_MAX;
    int64_t most_w = INT64_MIN;
    double used_w = 0;
    uint32_t changes = 0;

    for (int i = (end_s - STEADY_S) * 10; i < end_s * 10 - 1; i++) {
        f->steady_over_s += t->load_w[i] > LIMIT_W ? 0.1 : 0;
        least_w = t->budget_w[i] < least_w ? t->budget_w[i] : least_w;
        most_w = t->budget_w[i] > most_w ? t->budget_w[i] : most_w;
        used_w += t->load_w[i] / (STEADY_S * 10);
        changes += t->changes[i];
    }
    f->steady_range_w = fmax(f->steady_range_w, (double)(most_w - least_w));
    f->steady_changes = fmax(f->steady_changes, (double)changes / NODES * 60 / STEADY_S);
    f->steady_used = fmax(f->steady_used, used_w / LIMIT_W);
}

static uint64_t seed = 1;

static struct figures run(const struct circumstances *how, const struct feedback_tuning *tuning)
{
    static struct trace trace;
    struct loop *l = calloc(1, sizeof *l);
    struct controller_options options = {.epoch = 1, .tuning = tuning};
    struct figures f = {0};

    assert_non_null(l);
    l->how = how;
    l->rng.state = seed;
    l->site = site_from_text(text);
    policy_set_builtin(&l->policies);
    l->controller = controller_create(l->site, &l->policies, &options);
    for (uint32_t n = 0; n < NODES; n++)
        l->machine[n].cap_w = 3000;
    for (int i = 0; i < END_S * 10; i++) {
        live(l);
        trace.load_w[i] = l->load_w;
        trace.budget_w[i] = l->budget_w;
        trace.changes[i] = l->changes;
    }
    controller_feedback(l->controller, 0, &f.learned);
    look_at_step(&trace, &f);
    look_at_rest(&trace, UP_S, &f);
    look_at_rest(&trace, DOWN_S, &f);
    look_at_rest(&trace, END_S, &f);
    controller_free(l->controller);
    arena_free(&l->policies.arena);
    site_free(l->site);
    free(l);
    return f;
}

static void print_figures(const char *name, const struct figures *f)
{
    print_message("%-33s over %4.1f kW %3.1f s | settles %4.1f s | overshoot %3.1f kW | "
                  "budget within %3.1f kW | %3.1f changes/node/min | used %4.1f %% | "
                  "at rest over %3.1f s | noise %4.0f W, swing %5.0f W, dead time %.1f s\n",
                  name, f->over_w / 1e3, f->over_s, f->settle_s, f->overshoot_w / 1e3,
                  f->steady_range_w / 1e3, f->steady_changes, f->steady_used * 100,
                  f->steady_over_s, f->learned.noise_w, f->learned.swing_w, f->learned.dead_time_s);
}

static const struct circumstances cases[] = {
    {"quiet", 0, true, 0, 0, 0, 0.3},
    {"noise 1 %", 0, true, 0.01, 0, 0, 0.3},
    {"delay 1 s", 1000, true, 0.01, 0, 0, 0.3},
    {"delay 3 s", 3000, true, 0.01, 0, 0, 0.3},
    {"delay 5 s", 5000, true, 0.01, 0, 0, 0.3},
    {"delay 3 s, stamped on arrival", 3000, false, 0.01, 0, 0, 0.3},
    {"delay 5 s, stamped on arrival", 5000, false, 0.01, 0, 0, 0.3},
    {"training swings", 1000, true, 0.01, 0.4, 0, 0.3},
    {"training swings, delay 5 s", 5000, true, 0.01, 0.4, 0, 0.3},
    {"training swings, 5 s, on arrival", 5000, false, 0.01, 0.4, 0, 0.3},
    {"load swings", 1000, true, 0.01, 0, 0.1, 0.2},
    {"load swings, delay 5 s", 5000, true, 0.01, 0, 0.1, 0.2},
};

/* ---- the margins ---- */

/* What the loop must keep in every case; NULL when it does. The excess after a step lasts for the dead time and no
 * longer: the reading's delay, a tick, a command and the nodes' lag. */
static const char *missed(const struct circumstances *how, const struct figures *f)
{
    bool swings = how->load_swing > 0;

    if (f->over_s > how->meter_delay_ms / 1e3 + 3.5)
        return "above the limit for longer than the dead time";
    if (f->steady_over_s > 1)
        return "above the limit at rest";
    if (f->settle_s > 45)
        return "settles late";
    if (f->overshoot_w > 0.05 * LIMIT_W)
        return "overshoots";
    if (f->steady_range_w > 0.065 * LIMIT_W)
        return "the budget wanders: a limit cycle";
    if (f->steady_changes > 8)
        return "caps chatter";
    if (f->steady_used < (swings ? 0.78 : 0.87))
        return "leaves too much unused";
    return NULL;
}

static void the_loop_keeps_its_margins(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct figures f = run(&cases[i], NULL);
        const char *what = missed(&cases[i], &f);

        print_figures(cases[i].name, &f);
        if (what != NULL)
            fail_msg("%s: %s (--seed %llu)", cases[i].name, what, (unsigned long long)seed);
    }
}

static uint32_t cases_missed(const struct feedback_tuning *tuning)
{
    uint32_t count = 0;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct figures f = run(&cases[i], tuning);
        const char *what = missed(&cases[i], &f);

        if (what != NULL)
            print_message("  %-34s %s\n", cases[i].name, what);
        count += what != NULL;
    }
    return count;
}

/* Readings against the newest reports, each difference believed whole: as it was before there was feedback. */
static void the_plain_difference_misses_them(void **state)
{
    (void)state;
    assert_true(cases_missed(&(struct feedback_tuning){1, 0, false, 0}) >= 3);
}

static void a_loop_without_dead_time_compensation_misses_them(void **state)
{
    (void)state;
    assert_true(cases_missed(&(struct feedback_tuning){0.2, 3.72, false, 3}) >= 2);
}

static void a_loop_with_too_much_gain_misses_them(void **state)
{
    (void)state;
    assert_true(cases_missed(&(struct feedback_tuning){1.9, 0, true, 3}) > COUNT(cases) / 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loop_keeps_its_margins),
        cmocka_unit_test(the_plain_difference_misses_them),
        cmocka_unit_test(a_loop_without_dead_time_compensation_misses_them),
        cmocka_unit_test(a_loop_with_too_much_gain_misses_them),
    };

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
