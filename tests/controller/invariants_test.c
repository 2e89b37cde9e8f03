/* Random sites, limits, faults and networks for many ticks, against the truth.
 *
 *     invariants_test [--seed N] [--ticks N]
 *
 * Prints the seed; the same seed replays the same run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/controller/world.h"

enum { WORLD_TICKS = 500, STORM_TICKS = 170, CALM_TICKS = 80, NODES_MAX = 24 };
enum { SILENT_WORLDS = 200, SILENT_TICKS = 60 };

static uint64_t seed;
static uint64_t ticks_wanted = 100000;

/* Storms and calms in turn; the calm must end in order. Returns the hash of all decisions. */
static uint64_t live_through(uint64_t world_seed, uint64_t ticks, char broken[256])
{
    struct world world;
    uint64_t hash = 0;

    world_create(&world, world_seed, NODES_MAX);
    for (uint64_t i = 0; i < ticks && world.broken[0] == '\0'; i++) {
        uint64_t phase = i % (STORM_TICKS + CALM_TICKS);
        const struct decision *decision = NULL;

        if (phase < STORM_TICKS)
            world_disturb(&world);
        else if (phase == STORM_TICKS)
            world_calm(&world);
        decision = world_tick(&world);
        if (phase == STORM_TICKS + CALM_TICKS - 1)
            world_check_settled(&world, decision);
    }
    snprintf(broken, 256, "%s", world.broken);
    hash = world.hash;
    world_free(&world);
    return hash;
}

static void no_order_of_events_breaks_a_limit(void **state)
{
    char broken[256] = "";
    uint64_t ticks = 0;

    (void)state;
    for (uint64_t i = 0; ticks < ticks_wanted; i++, ticks += WORLD_TICKS) {
        live_through(seed + i, WORLD_TICKS, broken);
        if (broken[0] != '\0')
            fail_msg("%s\n  replay: invariants_test --seed %llu --ticks %d", broken,
                     (unsigned long long)(seed + i), WORLD_TICKS);
    }
    print_message("lived through %llu ticks (seed %llu)\n", (unsigned long long)ticks,
                  (unsigned long long)seed);
}

static void the_same_inputs_give_the_same_decisions(void **state)
{
    char broken[256] = "";

    (void)state;
    for (uint64_t i = 0; i < 10; i++) {
        uint64_t first = live_through(seed + i, 300, broken);

        assert_true(first == live_through(seed + i, 300, broken));
        assert_true(first != live_through(seed + i + 1, 300, broken));
    }
}

/* The meters fall silent while little is drawn, then everybody draws: an old load less a new draw looks as if nothing
 * were uncontrolled. Longer than any hold, on many sites, so that a believed stale reading can't hide. */
static void what_a_silent_meter_showed_makes_no_room(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < SILENT_WORLDS; i++) {
        struct world world;
        int64_t most_w = 0;

        world_create(&world, seed + i, NODES_MAX);
        for (uint32_t n = 0; n < world.site->nodes.count; n++) {
            most_w += world.site->nodes.uncapped_w[n];
            world.agent[n].demand_w = 0;
        }
        world.limit[0].value_w = most_w / 2;
        for (int tick = 0; tick < SILENT_TICKS; tick++)
            world_tick(&world);
        memset(world.silent, true, world.site->points * sizeof *world.silent);
        for (uint32_t n = 0; n < world.site->nodes.count; n++)
            world.agent[n].demand_w = world.site->nodes.uncapped_w[n];
        for (int tick = 0; tick < SILENT_TICKS; tick++)
            world_tick(&world);
        if (world.broken[0] != '\0')
            fail_msg("%s (--seed %llu)", world.broken, (unsigned long long)(seed + i));
        world_free(&world);
    }
}

static void a_slow_ramp_still_affords_a_step(void **state)
{
    struct world world;
    uint32_t raises = 0;

    (void)state;
    world_create(&world, 42, NODES_MAX); /* a fixed site: what is asked is whether it ever rises */
    world.site->control.release_w_per_s = 1;
    for (int i = 0; i < 400; i++) {
        const struct decision *decision = NULL;

        world.limit[1].value_w = i < 100 ? 0 : LIMIT_MAX_W;
        decision = world_tick(&world);
        for (uint32_t k = 0; k < decision->commands; k++)
            raises += decision->command[k].kind == COMMAND_RAISE;
    }
    assert_true(raises > 0);
    assert_string_equal(world.broken, "");
    world_free(&world);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_order_of_events_breaks_a_limit),
        cmocka_unit_test(the_same_inputs_give_the_same_decisions),
        cmocka_unit_test(what_a_silent_meter_showed_makes_no_room),
        cmocka_unit_test(a_slow_ramp_still_affords_a_step),
    };
    const char *sanitizer = getenv("CAPSTAN_SANITIZE");

    seed = (uint64_t)time(NULL) * 1000;
    if (sanitizer != NULL && sanitizer[0] != '\0')
        ticks_wanted = 20000;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--ticks") == 0)
            ticks_wanted = strtoull(argv[i + 1], NULL, 10);
    }
    print_message("seed %llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
