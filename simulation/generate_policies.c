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

static void import_limit(struct draft *d, FILE *out)
{
    const struct draft_branch *b = some_metered(d);

    fprintf(out, "kind = \"import_limit\"; branch = \"%s\"; limit = \"%.0f W\";", b->name,
            some_limit_w(d, b));
    if (chance(d, 40)) /* a run begins at 05:00 */
        fprintf(out,
                " windows = ( { days = \"all\"; from = \"05:%02" PRId64 "\"; to = \"05:%02" PRId64
                "\"; limit = \"%.0f W\"; } );",
                between(d, 1, 25), between(d, 26, 55), some_limit_w(d, b));
    if (d->sources > 0 && chance(d, 70))
        fprintf(out, " generation_margin = \"%" PRId64 " %%\";", between(d, 10, 60));
    else
        fputs(" credit_generation = false;", out);
}

static void carbon_response(struct draft *d, FILE *out)
{
    int64_t first = between(d, 100, 250);
    int64_t second = first + between(d, 20, 200);
    int64_t share = between(d, 10, 90);

    fprintf(out,
            "kind = \"carbon_response\"; branch = \"%s\"; signal = \"carbon\"; bands = ( { above = "
            "\"%" PRId64 " g/kWh\"; share = \"%" PRId64 " %%\"; }, { above = \"%" PRId64
            " g/kWh\"; share = \"%" PRId64 " %%\"; } ); rate = \"%" PRId64 " %%/min\";",
            some_metered(d)->name, first, share, second, share * between(d, 10, 90) / 100,
            between(d, 20, 1000));
}

static void renewable_follow(struct draft *d, FILE *out)
{
    const struct draft_branch *b = &d->branch[0];

    fprintf(out,
            "kind = \"renewable_follow\"; branch = \"%s\"; sources = ( \"source1\" ); "
            "import_target = \"%.0f W\"; rise = \"%.0f W/s\";",
            b->name, some_limit_w(d, b), b->most_w / (double)between(d, 20, 200) + 10);
}

static const char *write_file(struct draft *d)
{
    struct text_out text;
    int64_t count = between(d, 0, PER_FILE_MAX);
    const char *comma = "";

    text_begin(&text);
    fputs("policies = (", text.out);
    for (int64_t i = 0; i < count; i++) {
        int64_t kind = between(d, 0, 3);

        if ((kind == 2 && !d->carbon) || (kind == 3 && d->sources == 0))
            continue;
        fprintf(text.out, "%s\n  { name = \"p%" PRId64 "\"; ", comma, i + 1);
        if (kind <= 1)
            import_limit(d, text.out);
        else if (kind == 2)
            carbon_response(d, text.out);
        else
            renewable_follow(d, text.out);
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
