/* What holds for every policy whatever comes, and what holds for those that count: seeds are printed.
 *
 * Two runs of the same policy see the same history; from some moment on the second loses inputs (readings grow stale,
 * the forecast and the source of events fall silent, the wall clock is not known). It must never be allowed more. */
#include "tests/policies/bench.h"

#include "tests/controller/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rng rng;

/* Each policy with what it reads. */
static const char *const policies[] = {
    "policies = ( { name = \"p\"; kind = \"import_limit\"; branch = \"root\"; limit = \"800 kW\"; "
    "windows = (\n"
    "  { from = \"07:00\"; to = \"20:00\"; limit = \"600 kW\"; } ); } );",
    "policies = ( { name = \"p\"; kind = \"demand_charge\"; branch = \"root\"; target = \"700 "
    "kW\"; floor = \"100 kW\"; } );",
    "policies = ( { name = \"p\"; kind = \"demand_charge\"; branch = \"root\"; target = \"700 "
    "kW\"; windows = \"sliding\";\n"
    "  ratchet = \"80 %\"; window = \"30 min\"; sub_window = \"5 min\"; } );",
    "policies = ( { name = \"p\"; kind = \"demand_response\"; branch = \"root\"; events = "
    "\"grid_events\";\n"
    "  when_silent = \"900 kW\"; } );",
    "policies = ( { name = \"p\"; kind = \"ramp_rate\"; branch = \"root\"; up = \"60 kW/min\"; } "
    ");",
    "policies = ( { name = \"p\"; kind = \"carbon_budget\"; branch = \"root\"; budget = \"3 t\"; "
    "signal = \"carbon\";\n"
    "  basis = \"average\"; forecast = \"clean\"; highest = \"500 g/kWh\"; most = \"1 MW\"; } );",
    "policies = ( { name = \"p\"; kind = \"carbon_budget\"; branch = \"root\"; budget = \"3 t\"; "
    "signal = \"carbon\";\n"
    "  basis = \"average\"; highest = \"500 g/kWh\"; most = \"1 MW\"; work = \"linear\"; "
    "carry_over = \"20 %\"; } );",
    "policies = ( { name = \"p\"; kind = \"carbon_response\"; branch = \"root\"; signal = "
    "\"carbon\"; without_signal = \"30 %\"; bands = (\n"
    "  { above = \"200 g/kWh\"; share = \"70 %\"; }, { above = \"350 g/kWh\"; share = \"30 %\"; } "
    "); } );",
    "policies = ( { name = \"p\"; kind = \"renewable_follow\"; branch = \"root\"; sources = ( "
    "\"pv\", \"battery\" );\n"
    "  import_target = \"300 kW\"; battery_time = \"1 h\"; } );",
};

enum { GRAIN_WH = 1000, NODES_MOST_W = 900000, UNCONTROLLED_W = 100000, MUST_RUN_W = 200000 };

/* What the plant does: it may be told to draw more than a limit, but never more than its bounds. */
struct world {
    double import_w, sun_w, charge, intensity, register_wh;
};

static double drift(double value, double by, double least, double most)
{
    value += by * (double)rng_between(&rng, -100, 100) / 100.0;
    return fmin(fmax(value, least), most);
}

static void live(struct world *w, int64_t seconds)
{
    w->import_w = drift(w->import_w, 60000, 0, NODES_MOST_W + UNCONTROLLED_W);
    if (rng_chance(&rng, 3))
        w->import_w = (double)rng_between(&rng, 0, NODES_MOST_W + UNCONTROLLED_W);
    w->sun_w = drift(w->sun_w, 20000, 0, 500000);
    w->charge = drift(w->charge, 2, 0, 100);
    w->intensity = drift(w->intensity, 30, 20, 500);
    w->register_wh += w->import_w * (double)seconds / 3600.0;
}

static void show(struct bench *b, const struct world *w)
{
    read_point(b, "grid", w->import_w, QUALITY_GOOD);
    read_point(b, "sun", w->sun_w, QUALITY_GOOD);
    read_point(b, "charge", w->charge, QUALITY_GOOD);
    read_point(b, "discharge", 0, QUALITY_GOOD);
    read_point(b, "carbon", w->intensity, QUALITY_GOOD);
    read_point(b, "register", w->register_wh, QUALITY_GOOD);
    b->estimate.generation_w[0] = (int64_t)w->sun_w;
}

/* The forecast of the first hours, and events around the time that is simulated. */
static void announce(struct bench *b)
{
    struct forecast *f = &b->forecast[0];

    *f = (struct forecast){.known = true,
                           .issued_utc_s = BENCH_BEGIN_UTC_S,
                           .start_utc_s = BENCH_BEGIN_UTC_S,
                           .step_s = 900,
                           .count = 96};
    for (uint32_t i = 0; i < f->count; i++)
        f->value[i] = (double)rng_between(&rng, 20, 500);
    b->events = (struct event_list){.heard = true, .count = 6};
    for (uint32_t i = 0; i < b->events.count; i++) {
        struct grid_event *e = &b->events.event[i];

        *e = (struct grid_event){.target = rng_chance(&rng, 50) ? EVENT_LIMIT : EVENT_REDUCTION,
                                 .target_w = rng_between(&rng, 0, 900000),
                                 .start_utc_s = BENCH_BEGIN_UTC_S + rng_between(&rng, 0, 14400)};
        snprintf(e->id, sizeof e->id, "event %u", i);
        e->end_utc_s = e->start_utc_s + rng_between(&rng, 60, 7200);
    }
}

/* A reduction counts against a mean of what was measured; a run that measures less has another mean: only limits
 * compare. */
static void limits_only(struct bench *b)
{
    for (uint32_t i = 0; i < b->events.count; i++)
        b->events.event[i].target = EVENT_LIMIT;
}

static void open_world(struct bench *b, const char *policy)
{
    bench_open(b, policy);
    b->estimate.row[0] = (struct row_estimate){.uncontrolled_w = UNCONTROLLED_W,
                                               .min_w = 100000,
                                               .max_w = NODES_MOST_W,
                                               .bound_bp = NODES_MOST_W * SHARE_WHOLE_BP};
    announce(b);
}

/* Which inputs the second run has lost: it never gets one back. */
struct losses {
    bool grid, sun, charge, carbon, forecast, events, clock;
};

static void lose(struct bench *b, const struct losses *l)
{
    static const enum quality gone[] = {QUALITY_STALE, QUALITY_BAD, QUALITY_MISSING};
    enum quality quality = gone[rng_between(&rng, 0, 2)];

    if (l->grid)
        read_point(b, "grid", 0, quality);
    if (l->sun) {
        read_point(b, "sun", 0, quality);
        b->estimate.generation_w[0] = 0;
    }
    if (l->charge)
        read_point(b, "charge", 0, quality);
    if (l->carbon)
        read_point(b, "carbon", 0, quality);
    if (l->forecast)
        b->forecast[0].known = false;
    if (l->events)
        b->events.heard = false;
    if (l->clock)
        b->snapshot.local.known = false;
}

static void lose_more(struct losses *l)
{
    bool *const flag[] = {&l->grid,     &l->sun,    &l->charge, &l->carbon,
                          &l->forecast, &l->events, &l->clock};

    *flag[rng_between(&rng, 0, COUNT(flag) - 1)] = true;
}

/* Back to the load before an event, which is a mean of what was measured. */
static bool recovering(const struct bench *b)
{
    char text[256];

    policy_explain(b->set, &b->limit[0], b->site, text, sizeof text);
    return strstr(text, "coming back") != NULL;
}

static double left_of(struct bench *b)
{
    return b->set->policy[1].kind->figures != NULL && has_figure(b, "window_left_s")
               ? figure(b, "window_left_s")
               : 1.0;
}

/* What the second run may have at most. A ramp's limit follows the load down, and who can't see the load keeps the
 * limit that it had, so there it must only not rise. A plan of carbon is up to a minute old, which is worth some
 * percent, and more where it is near what must run. A window whose alignment is not known is kept by sub-windows that
 * may lie a tick or two beside it: what passes in these, spread over the time that is left. */
static int64_t allowed_w(const struct bench *b, const struct losses *l, int64_t seeing_w,
                         int64_t before_w, double left_s)
{
    const char *kind = b->set->policy[1].kind->name;

    if (strcmp(kind, "ramp_rate") == 0 && l->grid)
        return max_w(seeing_w, before_w);
    if (strcmp(kind, "carbon_budget") == 0)
        return max_w(seeing_w + seeing_w * 3 / 100, MUST_RUN_W + MUST_RUN_W / 4);
    if (strcmp(kind, "demand_response") == 0 && l->grid && recovering(b))
        return LIMIT_MAX_W;
    if (strcmp(kind, "demand_charge") == 0 && l->clock)
        return seeing_w + (int64_t)(GRAIN_WH * 3600 / fmax(left_s, 10.0));
    return seeing_w;
}

static void one_history(const char *policy, int ticks)
{
    static struct bench seeing;
    static struct bench blind;
    struct world w = {400000, 100000, 60, 200, 1e6};
    struct losses losses = {0};
    int from = (int)rng_between(&rng, 1, ticks / 2);
    int64_t before_w = 0;

    open_world(&seeing, policy);
    limits_only(&seeing);
    for (int i = 0; i < ticks; i++) {
        int64_t seconds =
            rng_chance(&rng, 2) ? rng_between(&rng, 30, 120) : rng_between(&rng, 1, 10);
        int64_t seeing_w = 0;
        int64_t blind_w = 0;

        live(&w, seconds);
        if (strstr(policy, "carbon_budget") != NULL)
            w.sun_w = 100000; /* a plan is made with the production of its minute */
        pass_seconds(&seeing, seconds);
        show(&seeing, &w);
        seeing.events.heard_ns = seeing.snapshot.now_ns;
        if (i == from) {
            blind = seeing; /* the same history; its own estimate and readings */
            blind.snapshot.reading = blind.reading;
            blind.snapshot.forecast = blind.forecast;
            blind.snapshot.events = &blind.events;
            blind.estimate.generation_w =
                arena_array(&seeing.arena, seeing.site->tree.branches, int64_t);
            before_w = limit_w(&blind) - blind.estimate.generation_w[0];
            lose_more(&losses);
        } else if (i > from) {
            pass_seconds(&blind, seconds);
            if (rng_chance(&rng, 3))
                lose_more(&losses);
            show(&blind, &w);
            blind.events.heard_ns = blind.snapshot.now_ns;
            lose(&blind, &losses);
            blind_w = limit_w(&blind);
        }
        seeing_w = limit_w(&seeing);
        if (i > from &&
            blind_w > allowed_w(&blind, &losses, seeing_w,
                                before_w + blind.estimate.generation_w[0], left_of(&seeing)))
            fail_msg("tick %d: %lld W without grid=%d sun=%d charge=%d carbon=%d forecast=%d "
                     "events=%d clock=%d,"
                     " %lld W with all of it: %s",
                     i, (long long)blind_w, losses.grid, losses.sun, losses.charge, losses.carbon,
                     losses.forecast, losses.events, losses.clock, (long long)seeing_w, policy);
        if (i > from)
            before_w = blind_w - blind.estimate.generation_w[0];
    }
    bench_close(&seeing);
}

static void what_is_lost_never_loosens(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        for (size_t p = 0; p < COUNT(policies); p++)
            one_history(policies[p], 400);
    }
}

/* ---- a window that is obeyed ---- */

/* Load that follows its limit after a dead time, and at most so fast, exceeds no window by more than the guard. */
static void a_load_that_obeys_keeps_every_window(void **state)
{
    static struct bench b;

    (void)state;
    for (int round = 0; round < 30; round++) {
        int64_t queue[10] = {0}; /* the last ten limits: the load follows the oldest */
        double load_w = 300000;
        double window_wh = 0;
        int64_t worst_w = 0;

        open_world(&b, "policies = ( { name = \"p\"; kind = \"demand_charge\"; branch = \"root\"; "
                       "target = \"700 kW\";\n"
                       "  follow_peak = false; dead_time = \"10 s\"; fall = \"50 kW/s\"; } );");
        for (int s = 1; s <= 3 * 3600; s++) {
            double wanted_w =
                rng_chance(&rng, 1) ? (double)rng_between(&rng, 100000, 1000000) : load_w;
            double allowed_w = s > 10 ? (double)queue[s % 10] : 300000;

            load_w = wanted_w > load_w ? wanted_w : fmax(wanted_w, load_w - 50000);
            if (load_w > allowed_w)
                load_w = fmax(allowed_w, load_w - 50000);
            window_wh += load_w / 3600;
            pass_seconds(&b, 1);
            read_point(&b, "grid", load_w, QUALITY_GOOD);
            queue[s % 10] = limit_w(&b);
            if (s % 900 == 0) {
                worst_w = s > 900 ? max_w(worst_w, (int64_t)(window_wh * 4))
                                  : 0; /* the first was not watched whole */
                window_wh = 0;
            }
        }
        if (worst_w > 700000)
            fail_msg("a window of %lld W", (long long)worst_w);
        bench_close(&b);
    }
}

/* ---- a budget that is obeyed ---- */

/* Whatever the intensity does below `highest`, a load that obeys has not emitted more than the budget at midnight, as
 * long as what must run alone does not. */
static void a_load_that_obeys_keeps_its_carbon_budget(void **state)
{
    static struct bench b;

    (void)state;
    for (int round = 0; round < 30; round++) {
        bool told = rng_chance(&rng, 50);
        double intensity = (double)rng_between(&rng, 50, 400);
        int64_t limit = 0;
        double used_g = 0;

        open_world(&b, told ? policies[5] : policies[6]);
        for (int step = 0; step < 86400 / 30 - 1; step++) {
            double load_w = fmin(fmax((double)limit, 150000), 1000000);

            intensity = rng_chance(&rng, 2) ? (double)rng_between(&rng, 20, 500)
                                            : drift(intensity, 20, 20, 500);
            used_g += step == 0 ? 0 : load_w / 1000 * 30 / 3600 * intensity;
            pass_seconds(&b, 30);
            read_point(&b, "grid", load_w, QUALITY_GOOD);
            read_point(&b, "carbon", intensity, QUALITY_GOOD);
            limit = limit_w(&b);
        }
        if (used_g > 3e6)
            fail_msg("%.1f kg of 3000, %s forecast", used_g / 1e3, told ? "with a" : "without a");
        bench_close(&b);
    }
}

/* ---- clocks ---- */

/* A wall clock that jumps about never allows a window, or a budget, more than one that stands well could. */
static void a_clock_that_jumps_about_keeps_every_window(void **state)
{
    static struct bench b;

    (void)state;
    for (int round = 0; round < 30; round++) {
        double second_wh[3 * 3600] = {0};
        double load_w = 300000;
        double worst_w = 0;

        open_world(&b, "policies = ( { name = \"p\"; kind = \"demand_charge\"; branch = \"root\"; "
                       "target = \"700 kW\";\n"
                       "  follow_peak = false; dead_time = \"0 s\"; } );");
        for (int s = 0; s < 3 * 3600; s++) {
            if (s > 3600 && rng_chance(&rng, 1))
                set_clock(&b, BENCH_BEGIN_UTC_S + rng_between(&rng, 0, 10 * 86400));
            b.snapshot.local.known = s <= 3600 || !rng_chance(&rng, 5);
            pass_seconds(&b, 1);
            second_wh[s] = load_w / 3600;
            read_point(&b, "grid", load_w, QUALITY_GOOD);
            load_w = fmin((double)limit_w(&b), 1000000);
        }
        for (int end = 2 * 3600; end <= 3 * 3600; end++) {
            double sum_wh = 0;

            for (int s = end - 900; s < end; s++)
                sum_wh += second_wh[s];
            worst_w = fmax(worst_w, sum_wh * 4);
        }
        /* Sub-windows of a minute are the grain of what is kept while the alignment is not sure. */
        if (worst_w > 700000 * 1.05)
            fail_msg("a window of %.0f W", worst_w);
        bench_close(&b);
    }
}

/* ---- restarts ---- */

/* A policy that was restarted and remembers never asks for less than the one that ran on, of which it is a copy. */
static void a_restart_never_loosens(void **state)
{
    static struct bench b;
    static struct bench again;

    (void)state;
    for (int round = 0; round < 60; round++) {
        static const size_t remembering[] = {1, 2, 3, 5, 6};
        const char *policy = policies[remembering[round % (int)COUNT(remembering)]];
        struct world w = {400000, 0, 60, 200, 1e6};
        int ticks = (int)rng_between(&rng, 10, 1500);

        open_world(&b, policy);
        limits_only(&b);
        for (int i = 0; i < ticks; i++) {
            live(&w, 5);
            pass_seconds(&b, 5);
            show(&b, &w);
            b.estimate.generation_w[0] = 0;
            b.events.heard_ns = b.snapshot.now_ns;
            limit_w(&b);
        }
        again = b;
        again.set = policies_from_text(policy, again.site);
        again.snapshot.reading = again.reading;
        again.snapshot.events = &again.events;
        again.snapshot.forecast = again.forecast;
        bench_restart(&again, policy);
        for (int i = 0; i < 100; i++) {
            int64_t seconds = i == 0 ? rng_between(&rng, 1, 50) : 5;
            int64_t ran_w = 0;
            int64_t restarted_w = 0;

            live(&w, seconds);
            pass_seconds(&b, seconds);
            pass_seconds(&again, seconds);
            show(&b, &w);
            show(&again, &w);
            b.events.heard_ns = again.events.heard_ns = b.snapshot.now_ns;
            b.estimate.generation_w[0] = 0;
            ran_w = limit_w(&b);
            restarted_w = limit_w(&again);
            if (has_figure(
                    &b,
                    "used_kg")) { /* plans are made once a minute: compare what they are made of */
                assert_true(figure(&again, "used_kg") >= figure(&b, "used_kg") - 1e-6);
                assert_true(figure(&again, "budget_kg") <= figure(&b, "budget_kg") + 1e-6);
            } else if (restarted_w > ran_w + 1)
                fail_msg("tick %d: %lld W after a restart, %lld W without: %s", i,
                         (long long)restarted_w, (long long)ran_w, policy);
        }
        policy_set_free(again.set);
        bench_close(&b);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_lost_never_loosens),
        cmocka_unit_test(a_load_that_obeys_keeps_every_window),
        cmocka_unit_test(a_load_that_obeys_keeps_its_carbon_budget),
        cmocka_unit_test(a_clock_that_jumps_about_keeps_every_window),
        cmocka_unit_test(a_restart_never_loosens),
    };

    rng.state = property_seed(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
