/* Random policy files for a drafted site: the first is in force at the start, the others come by reloads. */
#include "simulation/generate_inside.h"

#include <inttypes.h>

enum { PER_FILE_MAX = 4 };

/* A metered branch: the site's, or now and then another. */
static const struct draft_branch *some_metered(struct draft *d)
{
    uint32_t b = (uint32_t)between(d, 0, d->branches - 1);

    return chance(d, 30) && d->branch[b].metered ? &d->branch[b] : &d->branch[0];
}

/* Watts between what can hardly be kept and what never binds. */
static double some_limit_w(struct draft *d, const struct draft_branch *b)
{
    double least_w = b->least_w + (double)b->unmetered_w + 200;
    double most_w = b->most_w * 1.1 + (double)b->unmetered_w + 300;
    double at = (double)between(d, chance(d, 8) ? -20 : 5, 110) / 100;

    least_w += (most_w - least_w) * at;
    return least_w < 100 ? 100 : least_w;
}

/* One call, one number drawn: the order in which arguments are evaluated is the compiler's. */
static void put(FILE *out, const char *name, int64_t value, const char *unit)
{
    fprintf(out, " %s = \"%" PRId64 " %s\";", name, value, unit);
}

static void put_limit(struct draft *d, FILE *out, const char *name, const struct draft_branch *b)
{
    fprintf(out, " %s = \"%.0f W\";", name, some_limit_w(d, b));
}

/* Begins a policy of a kind, on a branch. */
static const struct draft_branch *begin(FILE *out, const char *kind, const struct draft_branch *b)
{
    fprintf(out, "kind = \"%s\"; branch = \"%s\";", kind, b->name);
    return b;
}

static void import_limit(struct draft *d, FILE *out)
{
    const struct draft_branch *b = begin(out, "import_limit", some_metered(d));

    put_limit(d, out, "limit", b);
    if (chance(d, 40)) { /* a run begins at 05:00 */
        fprintf(out, " windows = ( { days = \"all\"; from = \"05:%02" PRId64 "\";",
                between(d, 1, 25));
        fprintf(out, " to = \"05:%02" PRId64 "\";", between(d, 26, 55));
        put_limit(d, out, "limit", b);
        fputs(" } );", out);
    }
    if (d->sources > 0 && chance(d, 70))
        put(out, "generation_margin", between(d, 10, 60), "%");
    else
        fputs(" credit_generation = false;", out);
}

static void carbon_response(struct draft *d, FILE *out)
{
    int64_t first = between(d, 100, 250);
    int64_t second = first + between(d, 20, 200);
    int64_t share = between(d, 10, 90);

    begin(out, "carbon_response", some_metered(d));
    fprintf(out,
            " signal = \"carbon\"; bands = ( { above = \"%" PRId64 " g/kWh\"; share = \"%" PRId64
            " %%\"; }, { above = \"%" PRId64 " g/kWh\"; share = \"%" PRId64 " %%\"; } );",
            first, share, second, share / 2);
    put(out, "rate", between(d, 20, 1000), "%/min");
}

static void renewable_follow(struct draft *d, FILE *out)
{
    const struct draft_branch *b = begin(out, "renewable_follow", &d->branch[0]);

    fputs(" sources = ( \"source1\" );", out);
    put_limit(d, out, "import_target", b);
    put(out, "rise", (int64_t)(b->most_w / (double)between(d, 20, 200)) + 10, "W/s");
}

static void demand_charge(struct draft *d, FILE *out)
{
    static const int64_t windows_min[] = {1, 2, 3, 5, 10, 15};
    const struct draft_branch *b = begin(out, "demand_charge", &d->branch[0]);
    double target_w = some_limit_w(d, b);

    fprintf(out, " target = \"%.0f W\";", target_w);
    put(out, "window", windows_min[between(d, 0, COUNT(windows_min) - 1)], "min");
    if (d->register_at_site && chance(d, 50))
        fputs(" register = \"site_m.energy_import\";", out);
    if (chance(d, 50)) {
        fputs(" windows = \"sliding\";", out);
        put(out, "sub_window", chance(d, 50) ? 60 : 30, "s");
    }
    put(out, "clock_offset", between(d, -5, 5), "s");
    put(out, "fall", (int64_t)b->most_w / 20 + 10, "W/s");
    if (chance(d, 50))
        fprintf(out, " most = \"%.0f W\";", target_w * (double)between(d, 101, 200) / 100);
    if (chance(d, 20))
        fputs(" hard = true;", out);
}

static void demand_response(struct draft *d, FILE *out)
{
    const struct draft_branch *b = begin(out, "demand_response", &d->branch[0]);

    fputs(" events = \"grid\";", out);
    put(out, "ramp", (int64_t)b->most_w / between(d, 10, 60) + 10, "W/s");
    put(out, "release", (int64_t)b->most_w / between(d, 10, 60) + 10, "W/s");
    put(out, "recovery", between(d, 0, 10), "min");
    put(out, "interval", between(d, 10, 60), "s");
    if (chance(d, 30))
        put_limit(d, out, "when_silent", b);
    if (chance(d, 40))
        fputs(" hard = true;", out);
}

static void ramp_rate(struct draft *d, FILE *out)
{
    const struct draft_branch *b = begin(out, "ramp_rate", some_metered(d));

    put(out, "up", (int64_t)b->most_w / between(d, 5, 60) + 20, "W/s");
    if (chance(d, 70))
        put(out, "down", (int64_t)b->most_w / between(d, 5, 60) + 20, "W/s");
    put(out, "lead", between(d, 5, 30), "s");
}

static void carbon_budget(struct draft *d, FILE *out)
{
    const struct draft_branch *b = begin(out, "carbon_budget", &d->branch[0]);

    fputs(" signal = \"carbon\"; basis = \"average\";", out);
    if (chance(d, 70))
        fputs(" forecast = \"carbon_ahead\";", out);
    put(out, "budget", (int64_t)(b->most_w * (double)between(d, 1, 8)) + 10, "g");
    put(out, "highest", between(d, 300, 600), "g/kWh");
    if (chance(d, 50))
        fputs(" work = \"linear\";", out);
    put_limit(d, out, "floor", b);
    put(out, "most", (int64_t)b->most_w * 2 + 10000, "W");
}

/* ---- files ---- */

static const struct recipe {
    void (*write)(struct draft *draft, FILE *out);
    int share;
    bool carbon, events, sources; /* what the site must have */
} recipes[] = {
    {import_limit, 5, false, false, false},    {carbon_response, 2, true, false, false},
    {renewable_follow, 2, false, false, true}, {demand_charge, 2, false, false, false},
    {demand_response, 2, false, true, false},  {ramp_rate, 2, false, false, false},
    {carbon_budget, 2, true, false, false},
};

static const struct recipe *some_recipe(struct draft *d)
{
    int64_t sum = 0;
    int64_t at = 0;

    for (size_t i = 0; i < COUNT(recipes); i++)
        sum += recipes[i].share;
    at = between(d, 0, sum - 1);
    for (size_t i = 0; i < COUNT(recipes); i++) {
        at -= recipes[i].share;
        if (at < 0)
            return &recipes[i];
    }
    return &recipes[0];
}

static bool possible(const struct draft *d, const struct recipe *recipe)
{
    return (!recipe->carbon || d->carbon) && (!recipe->events || d->events) &&
           (!recipe->sources || d->sources > 0);
}

static const char *write_file(struct draft *d)
{
    struct text_out text;
    int64_t count = between(d, 0, PER_FILE_MAX);
    const char *comma = "";

    text_begin(&text);
    fputs("policies = (", text.out);
    for (int64_t i = 0; i < count; i++) {
        const struct recipe *recipe = some_recipe(d);

        if (!possible(d, recipe))
            continue;
        fprintf(text.out, "%s\n  { name = \"p%" PRId64 "\"; ", comma, i + 1);
        recipe->write(d, text.out);
        fputs(" }", text.out);
        comma = ",";
    }
    fputs(" );\n", text.out);
    return text_finish(&text, &d->scenario->arena);
}

void generate_policies(struct draft *d)
{
    struct scenario *s = d->scenario;

    s->policies = (uint32_t)between(d, 1, 4);
    for (uint32_t i = 0; i < s->policies; i++)
        s->policy[i] = write_file(d);
}
