/* A random site file: one or two feeds, PDUs and racks, meters on some branches, kinds of nodes, gangs, sources. */
#include "simulation/generate_inside.h"

#include <inttypes.h>
#include <math.h>

/* ---- the tree ---- */

static uint32_t add_branch(struct draft *d, uint32_t parent, int feed, const char *name,
                           uint32_t number)
{
    struct draft_branch *b = &d->branch[d->branches];

    *b = (struct draft_branch){.parent = parent, .feed = feed};
    if (number == 0)
        snprintf(b->name, sizeof b->name, "%s", name);
    else
        snprintf(b->name, sizeof b->name, "%s%u", name, number);
    return d->branches++;
}

static void draft_tree(struct draft *d)
{
    uint32_t pdus = (uint32_t)between(d, 1, 3);
    uint32_t racks = d->nodes > 40 ? d->nodes / 12 : (uint32_t)between(d, 1, 4);
    uint32_t pdu = 0;
    uint32_t rack = 0;

    d->feeds = chance(d, 60) ? 2 : 1;
    racks = (uint32_t)fmin(racks, 40);
    add_branch(d, NONE_INDEX, -1, "site", 0);
    for (uint32_t f = 0; f < d->feeds; f++) {
        uint32_t feeder = add_branch(d, 0, (int)f, f == 0 ? "feeder_a" : "feeder_b", 0);

        for (uint32_t p = 0; p < pdus; p++) {
            uint32_t above = add_branch(d, feeder, (int)f, "pdu", ++pdu);

            for (uint32_t r = 0; r < (racks + pdus - 1) / pdus; r++)
                d->branch[add_branch(d, above, (int)f, "rack", ++rack)].rack = true;
        }
    }
}

static uint32_t some_rack(struct draft *d)
{
    for (;;) { /* ends with probability 1, and soon: racks are the greater part */
        uint32_t b = (uint32_t)between(d, 0, d->branches - 1);

        if (d->branch[b].rack)
            return b;
    }
}

/* ---- nodes ---- */

static void draft_kinds(struct draft *d)
{
    d->kinds = (uint32_t)between(d, 1, KINDS_MAX);
    for (uint32_t k = 0; k < d->kinds; k++) {
        struct draft_kind *kind = &d->kind[k];

        kind->cappable = k == 0 || !chance(d, 20);
        kind->step_w = chance(d, 50) ? 1 : between(d, 1, 60);
        kind->cap_min_w = between(d, 50, 1200);
        kind->cap_max_w = kind->cap_min_w + between(d, 0, 80) * kind->step_w;
        kind->cap_max_w += between(d, 0, 3000);
        kind->step_w = min_w(kind->step_w, max_w(1, kind->cap_max_w - kind->cap_min_w));
        kind->uncapped_w = kind->cap_max_w + (chance(d, 50) ? 0 : between(d, 0, 400));
        kind->safe_w =
            kind->cap_min_w +
            between(d, 0, (kind->cap_max_w - kind->cap_min_w) / kind->step_w) * kind->step_w;
        kind->remainder_w = between(d, 20, 500);
    }
}

/* Measured curves bend either way. */
static void write_curve(struct draft *d, FILE *out, const struct draft_kind *kind)
{
    int64_t points = between(d, 2, 6);
    int64_t span_w = kind->cap_max_w - kind->cap_min_w;
    double throughput = (double)between(d, 10, 60);

    if (!kind->cappable || span_w < points || !chance(d, 40))
        return;
    fputs(" curve = (", out);
    for (int64_t i = 0; i < points; i++) {
        fprintf(out, "%s ( \"%" PRId64 " W\", %.2f )", i > 0 ? "," : "",
                kind->cap_min_w + span_w * i / (points - 1), throughput);
        throughput += (double)between(d, -5, 40);
        throughput = fmax(1, throughput);
    }
    fputs(" );", out);
}

static void write_kinds(struct draft *d, FILE *out)
{
    fputs("node_kinds = (", out);
    for (uint32_t k = 0; k < d->kinds; k++) {
        const struct draft_kind *kind = &d->kind[k];

        fprintf(out, "%s\n  { name = \"k%u\"; uncapped = %" PRId64 "; idle = 0;", k > 0 ? "," : "",
                k + 1, kind->uncapped_w);
        if (kind->cappable)
            fprintf(out,
                    " cap_min = %" PRId64 "; cap_max = %" PRId64 "; cap_step = %" PRId64
                    "; safe_cap = %" PRId64 "; remainder = %" PRId64 ";",
                    kind->cap_min_w, kind->cap_max_w, kind->step_w, kind->safe_w,
                    kind->remainder_w);
        else
            fputs(" cappable = false;", out);
        write_curve(d, out, kind);
        fprintf(out, " priority_class = %" PRId64 ";", between(d, 0, 2));
        fprintf(out, " weight = %" PRId64 "; }", chance(d, 50) ? 100 : between(d, 1, 300));
    }
    fputs(" );\n", out);
}

static void add_load(struct draft *d, uint32_t branch, double share, const struct draft_kind *kind)
{
    double least_w = kind->cappable ? (double)(kind->cap_min_w + kind->remainder_w)
                                    : 2 * (double)kind->uncapped_w;
    double most_w = (double)(kind->uncapped_w + kind->remainder_w);

    for (uint32_t b = branch; b != NONE_INDEX; b = d->branch[b].parent) {
        d->branch[b].least_w += share * least_w;
        d->branch[b].most_w += share * most_w;
    }
}

static const char *some_phases(struct draft *d)
{
    static const char *const sets[] = {"L1L2L3", "L1L2L3", "L1L2L3", "L1",  "L2",
                                       "L3",     "L1L2",   "L2L3",   "L1L3"};

    return sets[between(d, 0, COUNT(sets) - 1)];
}

static void write_node(struct draft *d, FILE *out, uint32_t n, uint32_t gangs)
{
    uint32_t k = (uint32_t)between(d, 0, d->kinds - 1);
    const struct draft_kind *kind = &d->kind[k];
    uint32_t one = some_rack(d);
    uint32_t other = some_rack(d);
    int64_t share = between(d, 10, 90);

    d->kind_of[n] = k;
    fprintf(out, "%s\n  { name = \"n%u\"; kind = \"k%u\";", n > 0 ? "," : "", n + 1, k + 1);
    if (kind->cappable && !chance(d, 3))
        fputs(" actuator = \"agents\";", out);
    if (kind->cappable && gangs > 0 && chance(d, 40))
        fprintf(out, " gang = \"g%" PRId64 "\";", between(d, 1, gangs));
    if (d->branch[one].feed == d->branch[other].feed || chance(d, 30)) {
        add_load(d, one, 1, kind);
        fprintf(out, " feeds = ( { branch = \"%s\"; phases = \"%s\"; } ); }", d->branch[one].name,
                some_phases(d));
        return;
    }
    add_load(d, one, (double)share / 100, kind);
    add_load(d, other, 1 - (double)share / 100, kind);
    fprintf(out,
            " feeds = ( { branch = \"%s\"; share = \"%" PRId64
            " %%\"; phases = \"%s\"; }, { branch = \"%s\"; share = \"%" PRId64
            " %%\"; phases = \"%s\"; } ); }",
            d->branch[one].name, share, some_phases(d), d->branch[other].name, 100 - share,
            some_phases(d));
}

/* ---- branches ---- */

/* From 'can hardly be kept' to 'never binds'. With failover a feed must carry what both do. */
static double some_rating_w(struct draft *d, const struct draft_branch *b, double derating)
{
    double both = d->failover && b->feed >= 0 ? 1.6 : 1;
    double unmetered_w = (double)b->unmetered_w * 1.5;
    double most_w = both * b->most_w + unmetered_w + 300;
    double least_w = both * b->least_w + unmetered_w + 200;
    double at = (double)between(d, chance(d, 10) ? -30 : 5, 110) / 100;

    return fmax(300, least_w + (most_w - least_w) * at) * 1.04 / derating;
}

static void write_rating(struct draft *d, FILE *out, struct draft_branch *b, double rating_w)
{
    switch (between(d, 0, 3)) {
    case 0:
        fprintf(out, " rating = \"%.0f VA\";", rating_w / 0.9);
        break;
    case 1:
        b->amperes = true;
        fprintf(out, " rating = \"%.1f A\";", fmax(2, rating_w / (3 * 207 * 0.9) * 1.5));
        break;
    default:
        fprintf(out, " rating = \"%.0f W\";", rating_w);
    }
}

static void write_branch(struct draft *d, FILE *out, uint32_t i)
{
    struct draft_branch *b = &d->branch[i];
    int64_t derating = chance(d, 70) ? 80 : 100;
    bool rated = i == 0 || !chance(d, 15);

    b->metered = i == 0 || chance(d, b->rack ? 30 : 70);
    if (chance(d, b->metered ? 60 : 20))
        b->unmetered_w = (int64_t)((b->most_w + 1000) * (double)between(d, 1, 12) / 100);
    fprintf(out, "%s\n  { name = \"%s\";", i > 0 ? "," : "", b->name);
    if (b->parent != NONE_INDEX)
        fprintf(out, " parent = \"%s\";", d->branch[b->parent].name);
    if (rated) {
        fprintf(out, " derating = \"%" PRId64 " %%\";", derating);
        write_rating(d, out, b, some_rating_w(d, b, (double)derating / 100));
    }
    if (chance(d, 40))
        fprintf(out, " losses = \"%.1f %%\";", (double)between(d, 1, 30) / 10);
    fprintf(out, " unmetered = %" PRId64 ";", b->unmetered_w);
    if (rated && d->breakers && chance(d, 60))
        fputs(" breaker = \"mccb\";", out);
    if (b->metered)
        fprintf(out, " meter = \"%s_m\";", b->name);
    fputs(" }", out);
}

static void write_branches(struct draft *d, FILE *out)
{
    if (d->breakers)
        fputs("breakers = ( { name = \"mccb\"; reset = \"10 min\"; points = ( ( \"105 %\", \"1 h\" "
              "), "
              "( \"135 %\", \"5 min\" ), ( \"200 %\", \"30 s\" ), ( \"500 %\", \"1 s\" ) ); } );\n",
              out);
    fputs("branches = (", out);
    for (uint32_t i = 0; i < d->branches; i++)
        write_branch(d, out, i);
    fputs(" );\n", out);
    if (d->feeds == 2)
        fputs("feeds = ( { name = \"A\"; branch = \"feeder_a\"; }, { name = \"B\"; branch = "
              "\"feeder_b\"; } );\n",
              out);
}

/* ---- what measures ---- */

static void write_tests(struct draft *d, FILE *out, double most_w)
{
    int64_t late_s = d->scenario->meter_late_ticks * d->tick_s;

    fprintf(out, " stale_after = \"%" PRId64 " s\";", 2 * d->tick_s + late_s + between(d, 1, 8));
    if (chance(d, 70))
        fprintf(out, " frozen_after = \"%" PRId64 " s\";", 3 * d->tick_s + between(d, 1, 20));
    if (chance(d, 30))
        fprintf(out, " jump_per_second = \"%.0f W\";", most_w * 0.5 + 500);
    fputs(" }", out);
}

static void name_meter(struct draft *d, const char *name)
{
    snprintf(d->meter[d->meters++], sizeof d->meter[0], "%s", name);
}

static void write_meters(struct draft *d, FILE *out)
{
    bool profile[BRANCHES_MAX];
    const char *comma = "";
    char name[32];

    for (int pass = 0; pass < 2; pass++) {
        fputs(pass == 0 ? "meters = (" : " );\nsignals = (", out);
        comma = "";
        for (uint32_t i = 0; i < d->branches; i++) {
            const struct draft_branch *b = &d->branch[i];

            if (pass == 0)
                profile[i] = b->amperes ? chance(d, 80) : chance(d, 10);
            if (!b->metered || profile[i] != (pass == 0))
                continue;
            d->register_at_site = d->register_at_site || (i == 0 && pass == 0);
            snprintf(name, sizeof name, "%s_m", b->name);
            name_meter(d, name);
            fprintf(out, "%s\n  { name = \"%s\"; driver = \"%s\";%s", comma, name,
                    pass == 0 ? "meter" : "feed",
                    pass == 0 ? " profile = \"abb-b23\";" : " quantity = \"power\";");
            write_tests(d, out, b->most_w);
            comma = ",";
        }
    }
    for (uint32_t s = 0; s < d->sources; s++) {
        snprintf(name, sizeof name, "source%u_m", s + 1);
        name_meter(d, name);
        fprintf(out,
                "%s\n  { name = \"%s\"; driver = \"feed\"; quantity = \"power\"; stale_after "
                "= \"%" PRId64 " s\"; }",
                comma, name,
                2 * d->tick_s + d->scenario->meter_late_ticks * d->tick_s + between(d, 1, 8));
        comma = ",";
    }
    if (d->carbon)
        fprintf(out,
                "%s\n  { name = \"carbon\"; driver = \"feed\"; quantity = "
                "\"carbon_intensity\"; stale_after = \"60 s\"; }",
                comma);
    for (uint32_t s = 0; s < d->sources; s++) {
        fprintf(out,
                "%s\n  { name = \"source%u_charge\"; driver = \"feed\"; quantity = "
                "\"state_of_charge\"; stale_after = \"60 s\"; }",
                comma, s + 1);
        comma = ",";
    }
    fputs(" );\n", out);
    if (d->carbon)
        fputs("forecasts = ( { name = \"carbon_ahead\"; driver = \"forecast\"; quantity = "
              "\"carbon_intensity\"; basis = \"average\"; } );\n",
              out);
    if (d->events)
        fputs("event_sources = ( { name = \"grid\"; driver = \"events\"; stale_after = \"60 s\"; } "
              ");\n",
              out);
}

static void write_sources(struct draft *d, FILE *out)
{
    fputs("sources = (", out);
    for (uint32_t s = 0; s < d->sources; s++) {
        /* Behind a meter, or its production would be nobody's. */
        uint32_t b = chance(d, 60) || !d->branch[1].metered ? 0 : 1;
        bool battery = chance(d, 25);
        bool sun = chance(d, 60);
        bool turned = chance(d, 30);

        fprintf(out,
                "%s\n  { name = \"source%u\"; kind = \"%s\"; branch = \"%s\"; meter = "
                "\"source%u_m\"; meter_counts_import = %s; rated = %.0f;",
                s > 0 ? "," : "", s + 1,
                battery ? "battery"
                : sun   ? "pv"
                        : "wind",
                d->branch[b].name, s + 1, turned ? "true" : "false",
                fmax(100, d->branch[b].most_w * (double)between(d, 5, 50) / 100));
        if (battery)
            fprintf(out, " charge = \"source%u_charge\"; capacity = \"%" PRId64 " kWh\";", s + 1,
                    between(d, 1, 50));
        fputs(" }", out);
    }
    fputs(" );\n", out);
}

/* One call, one number drawn: the order in which arguments are evaluated is the compiler's. */
static void put(FILE *out, const char *name, int64_t value, const char *unit)
{
    fprintf(out, " %s = \"%" PRId64 " %s\";", name, value, unit);
}

static void write_control(struct draft *d, FILE *out)
{
    int64_t report_s = (d->scenario->report_period_ms + 999) / 1000;
    int64_t slower_s = report_s > d->tick_s ? report_s : d->tick_s;

    fputs("control = {", out);
    put(out, "tick", d->tick_s, "s");
    fprintf(out, " guard = \"%.2f %%\";", d->guard * 100);
    put(out, "guard_most", chance(d, 70) ? 5 : between(d, 0, 10), "%");
    put(out, "dead_time", between(d, 0, 10), "s");
    put(out, "uncontrolled_margin", between(d, 100, 130), "%");
    put(out, "uncontrolled_hold", 8 * d->tick_s + between(d, 5, 50), "s");
    put(out, "report_stale_after", 2 * slower_s + between(d, 1, 5), "s");
    put(out, "takeover", 2 * d->tick_s + between(d, 0, 5), "s");
    put(out, "ack_timeout", d->tick_s + between(d, 1, 4), "s");
    put(out, "lease", max_w(between(d, 12, 60), 8 * d->tick_s), "s");
    put(out, "release_rate", (int64_t)(d->branch[0].most_w / (double)between(d, 10, 60)) + 100,
        "W/s");
    put(out, "dead_band", chance(d, 70) ? 0 : between(d, 1, 100), "W");
    put(out, "dead_band_time", chance(d, 70) ? 0 : between(d, 1, 30), "s");
    put(out, "remainder_window", between(d, 30, 900), "s");
    put(out, "remainder_margin", between(d, 5, 20), "%");
    put(out, "failover_overload", between(d, 100, 130), "%");
    fprintf(out, " failover = \"%s\"; };\n", d->failover ? "check" : "off");
}

void generate_site(struct draft *d)
{
    struct text_out nodes, rest;
    uint32_t gangs = chance(d, 50) ? (uint32_t)between(d, 1, 4) : 0;
    const char *node_text = NULL;

    draft_tree(d);
    draft_kinds(d);
    d->failover = d->feeds == 2 && chance(d, 50);
    d->sources = chance(d, 50) ? (uint32_t)between(d, 1, SOURCES_MAX) : 0;
    d->guard = (double)between(d, 0, 250) / 10000;
    d->scenario->meter_error_bp = (int64_t)(d->guard * 1e4 / 3);
    text_begin(&nodes);
    fputs("nodes = (", nodes.out);
    for (uint32_t n = 0; n < d->nodes; n++)
        write_node(d, nodes.out, n, gangs);
    fputs(" );\n", nodes.out);
    node_text = text_finish(&nodes, &d->scenario->arena);
    text_begin(&rest);
    fprintf(rest.out, "site = { name = \"hunt\"; time_zone = \"UTC\"; mode = \"%s\"; };\n",
            d->observe ? "observe" : "enforce");
    write_control(d, rest.out);
    write_branches(d, rest.out);
    write_meters(d, rest.out);
    write_sources(d, rest.out);
    fputs("actuators = ( { name = \"agents\"; driver = \"agent\"; mode = \"enforce\"; } );\n",
          rest.out);
    write_kinds(d, rest.out);
    fputs(node_text, rest.out);
    d->scenario->site = text_finish(&rest, &d->scenario->arena);
}
