#include "simulation/generate_inside.h"

#include <stdlib.h>
#include <string.h>

enum { STREAM_GENERATE = 30, FEW_NODES = 24, SOME_NODES = 60, MANY_NODES = 120, LARGE_NODES = 80 };

void text_begin(struct text_out *text)
{
    *text = (struct text_out){0};
    text->out = open_memstream(&text->text, &text->size);
    if (text->out == NULL)
        abort(); /* out of memory, as in the arena */
}

const char *text_finish(struct text_out *text, struct arena *arena)
{
    const char *kept = NULL;

    fclose(text->out);
    kept = arena_text(arena, text->text, text->size);
    free(text->text);
    return kept;
}

static uint32_t some_nodes(struct draft *d)
{
    if (chance(d, 70))
        return (uint32_t)between(d, 1, FEW_NODES);
    return (uint32_t)(chance(d, 70) ? between(d, FEW_NODES, SOME_NODES)
                                    : between(d, SOME_NODES, MANY_NODES));
}

/* Large sites are decided on less often, as they would be; and more of them are hunted in an hour. */
static int64_t some_tick_s(struct draft *d)
{
    static const int64_t small[] = {1, 1, 1, 1, 2, 2, 2, 3, 3, 5};
    static const int64_t large[] = {1, 2, 2, 3, 3, 5, 5, 5, 5, 5};

    return d->nodes < LARGE_NODES ? small[between(d, 0, COUNT(small) - 1)]
                                  : large[between(d, 0, COUNT(large) - 1)];
}

/* Hardware that somebody replaced, or a site file that somebody copied. */
static void generate_nameplates(struct draft *d)
{
    struct scenario *s = d->scenario;

    s->nameplate = arena_array(&s->arena, d->nodes, struct nameplate);
    if (!chance(d, 20))
        return;
    for (uint32_t n = 0; n < d->nodes; n++) {
        const struct draft_kind *kind = &d->kind[d->kind_of[n]];
        struct nameplate *p = &s->nameplate[s->nameplates];

        if (!kind->cappable || !chance(d, 15))
            continue;
        snprintf(p->node, sizeof p->node, "n%u", n + 1);
        if (chance(d, 40))
            p->uncapped_w = kind->uncapped_w * between(d, 80, 120) / 100;
        if (chance(d, 30))
            p->cap_min_w = kind->cap_min_w * between(d, 80, 150) / 100;
        if (chance(d, 30))
            p->cap_max_w = kind->cap_max_w * between(d, 60, 130) / 100;
        if (chance(d, 30))
            p->remainder_w = kind->remainder_w * between(d, 100, 130) / 100;
        s->nameplates++;
    }
}

void generate(uint64_t seed, const struct generate_options *options, struct scenario *out)
{
    struct draft *d = calloc(1, sizeof *d);

    if (d == NULL)
        abort();
    *out = (struct scenario){.seed = seed >> 2, .seconds = options->seconds};
    out->sabotage = options->sabotage;
    d->random = random_stream(seed, STREAM_GENERATE, 0);
    d->scenario = out;
    d->nodes = options->nodes > 0 ? options->nodes : some_nodes(d);
    d->tick_s = some_tick_s(d);
    d->observe = chance(d, 3);
    d->carbon = chance(d, 50);
    d->events = chance(d, 50);
    d->breakers = chance(d, 50);
    out->report_period_ms = chance(d, 50) ? d->tick_s * 1000 : between(d, 1, 5) * 1000;
    out->meter_late_ticks = chance(d, 60) ? 0 : between(d, 1, d->tick_s > 2 ? 1 : 2);
    out->link_ms = between(d, 1, 200);
    generate_site(d);
    generate_nameplates(d);
    generate_policies(d);
    generate_timeline(d);
    free(d);
}
