/* After start-up the core takes no memory: every allocator is wrapped by the linker, and a trap is armed around the
 * ticks of worlds in storm and calm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/controller/world.h"

enum { WORLDS = 12, TICKS = 300, STORM_TICKS = 200, NODES_MAX = 40 };

static bool armed;
static unsigned caught;

// The names are the linker's: NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    caught += armed;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    caught += armed;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    caught += armed;
    return __real_realloc(old, size);
}

// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

static void ticks_take_no_memory(void **state)
{
    (void)state;
    caught = 0;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        struct world world;

        world_create(&world, seed, NODES_MAX);
        for (int i = 0; i < TICKS; i++) {
            if (i < STORM_TICKS)
                world_disturb(&world);
            armed = true;
            world_tick(&world);
            armed = false;
        }
        assert_string_equal(world.broken, "");
        world_free(&world);
    }
    assert_int_equal(caught, 0);
}

static void the_trap_catches(void **state)
{
    struct world world;

    (void)state;
    caught = 0;
    armed = true;
    world_create(&world, 1, NODES_MAX);
    armed = false;
    world_free(&world);
    assert_true(caught > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trap_catches),
        cmocka_unit_test(ticks_take_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
