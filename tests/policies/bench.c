#include "tests/policies/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char site_text[] =
    "site = { name = \"t\"; time_zone = \"UTC\"; };\n"
    "control = { failover = \"check\"; failover_overload = \"110 %\"; };\n"
    "feeds = ( { name = \"A\"; branch = \"a\"; }, { name = \"B\"; branch = \"b\"; } );\n"
    "branches = ( { name = \"root\"; rating = \"1 MW\"; derating = \"100 %\"; meter = \"grid\"; "
    "},\n"
    "  { name = \"a\"; parent = \"root\"; rating = \"500 kVA\"; derating = \"80 %\"; "
    "least_power_factor = 0.9; },\n"
    "  { name = \"b\"; parent = \"root\"; rating = \"100 A\"; voltage = \"230 V\"; least_voltage = "
    "\"207 V\";\n"
    "    derating = \"80 %\"; least_power_factor = 0.9; } );\n"
    "node_kinds = ( { name = \"k\"; cap_min = 100; cap_max = 500; cap_step = 1; safe_cap = 100; "
    "uncapped = 500;\n"
    "  remainder = 0; idle = 0; } );\n"
    "nodes = ( { name = \"n\"; kind = \"k\"; actuator = \"x\"; feeds = ( { branch = \"a\"; }, { "
    "branch = \"b\"; } ); } );\n"
    "sources = ( { name = \"pv\"; kind = \"pv\"; branch = \"root\"; meter = \"sun\"; rated = \"500 "
    "kW\"; },\n"
    "  { name = \"battery\"; kind = \"battery\"; branch = \"root\"; meter = \"discharge\"; rated = "
    "\"150 kW\";\n"
    "    charge = \"charge\"; capacity = \"400 kWh\"; reserve = \"20 %\"; } );\n"
    "signals = ( { name = \"grid\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"1 "
    "min\"; }, { name = \"sun\"; "
    "driver = \"feed\"; quantity = \"power\"; stale_after = \"1 min\"; },\n"
    "  { name = \"carbon\"; driver = \"feed\"; quantity = \"carbon_intensity\"; stale_after = \"1 "
    "min\"; },\n"
    "  { name = \"register\"; driver = \"feed\"; quantity = \"energy_import\"; stale_after = \"1 "
    "min\"; },\n"
    "  { name = \"discharge\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"1 min\"; "
    "},\n"
    "  { name = \"charge\"; driver = \"feed\"; quantity = \"state_of_charge\"; stale_after = \"1 "
    "min\"; } );\n"
    "forecasts = (\n"
    "  { name = \"clean\"; driver = \"feed\"; quantity = \"carbon_intensity\"; basis = "
    "\"average\"; },\n"
    "  { name = \"next\"; driver = \"feed\"; quantity = \"carbon_intensity\"; basis = "
    "\"marginal\"; } );\n"
    "event_sources = ( { name = \"grid_events\"; driver = \"feed\"; stale_after = \"5 min\"; } );\n"
    "actuators = ( { name = \"x\"; driver = \"agent\"; } );\n";

static void open_set(struct bench *b, const char *policy)
{
    b->set = policies_from_text(policy, b->site);
    for (uint32_t i = 0; i < b->set->count; i++)
        assert_true(b->set->policy[i].kind->state_size <= sizeof b->state);
}

void bench_open(struct bench *b, const char *policy)
{
    memset(b, 0, sizeof *b);
    b->site = site_from_text(site_text);
    assert_true(b->site->points <= POINTS_MAX);
    open_set(b, policy);
    rows_build(&b->rows, b->site, &b->arena);
    b->estimate.row = arena_array(&b->arena, b->rows.count, struct row_estimate);
    b->estimate.generation_w = arena_array(&b->arena, b->site->tree.branches, int64_t);
    b->snapshot = (struct snapshot){
        .now_ns = NS_PER_S, .reading = b->reading, .forecast = b->forecast, .events = &b->events};
    set_clock(b, BENCH_BEGIN_UTC_S);
}

void bench_close(struct bench *b)
{
    arena_free(&b->arena);
    policy_set_free(b->set);
    site_free(b->site);
}

void bench_reload(struct bench *b, const char *policy)
{
    policy_set_free(b->set);
    open_set(b, policy);
}

void bench_restart(struct bench *b, const char *policy)
{
    static struct policy_note note[POLICY_NOTES_MAX];
    const struct policy *old = &b->set->policy[1];
    uint32_t notes = old->kind->remember(old->settings, b->state, note);
    const struct policy *fresh = NULL;

    assert_true(notes <= POLICY_NOTES_MAX);
    memset(b->state, 0, sizeof b->state);
    bench_reload(b, policy);
    fresh = &b->set->policy[1];
    fresh->kind->recall(fresh->settings, b->state, note, notes);
}

int64_t bench_evaluate(struct bench *b, uint32_t index)
{
    const struct policy *policy = &b->set->policy[index];
    struct policy_input in = {b->site, &b->rows, &b->snapshot, &b->estimate};

    b->limits = (struct limit_list){.limit = b->limit, .room = LIMITS_MAX};
    policy->kind->evaluate(policy->settings, b->state, index, &in, &b->limits);
    assert_int_equal(b->limits.dropped, 0);
    assert_true(b->limits.count <= policy_set_limits_max(b->set, &b->rows));
    return b->limits.count > 0 ? b->limit[0].value_w : LIMIT_MAX_W;
}

int64_t limit_w(struct bench *b) { return bench_evaluate(b, 1); }

void read_point(struct bench *b, const char *point, double value, enum quality quality)
{
    uint32_t p = site_point(b->site, point);

    assert_true(p < POINTS_MAX);
    b->reading[p] = (struct reading){value, b->snapshot.now_ns, quality, FLAW_NONE};
}

void set_clock(struct bench *b, int64_t utc_s)
{
    int64_t day = utc_s / 86400;

    b->snapshot.local =
        (struct local_time){true, utc_s, (int)((day + 3) % 7), (int)(utc_s % 86400 / 60)};
}

void pass_seconds(struct bench *b, int64_t seconds)
{
    bool known = b->snapshot.local.known;

    b->snapshot.now_ns += seconds * NS_PER_S;
    set_clock(b, b->snapshot.local.utc_s + seconds);
    b->snapshot.local.known = known;
}

static bool find_figure(struct bench *b, const char *name, double *value)
{
    const struct policy *policy = &b->set->policy[1];
    struct policy_figure out[POLICY_FIGURES_MAX];
    uint32_t count = policy->kind->figures(policy->settings, b->state, out);

    assert_true(count <= POLICY_FIGURES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        *value = out[i].value;
        if (strcmp(out[i].name, name) == 0)
            return true;
    }
    return false;
}

bool has_figure(struct bench *b, const char *name)
{
    double value = 0;

    return find_figure(b, name, &value);
}

double figure(struct bench *b, const char *name)
{
    double value = 0;

    if (!find_figure(b, name, &value))
        fail_msg("no figure %s", name);
    return value;
}

uint64_t property_seed(int argc, char **argv)
{
    uint64_t seed = (uint64_t)time(NULL);

    if (argc == 3 && strcmp(argv[1], "--seed") == 0)
        seed = strtoull(argv[2], NULL, 10);
    printf("seed %llu (again with --seed %llu)\n", (unsigned long long)seed,
           (unsigned long long)seed);
    return seed;
}
