/* Prints one number for many decisions: worlds in storm and calm, and problems with measured-like curves under both
 * objectives. decision_hash.sh compares it between compilers, optimizers and sanitizers.
 *
 *     decision_hash [SEED] */
#include "tests/controller/random_problem.h"
#include "tests/controller/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORLDS = 30, WORLD_TICKS = 400, STORM_TICKS = 150, NODES_MAX = 24 };
enum { PROBLEMS = 600 };

static uint64_t fold(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3) + (hash >> 31);
}

static uint64_t hash_world(uint64_t seed)
{
    struct world world;
    uint64_t hash = 0;

    world_create(&world, seed, NODES_MAX);
    for (int i = 0; i < WORLD_TICKS; i++) {
        if (i % WORLD_TICKS < STORM_TICKS)
            world_disturb(&world);
        else if (i % WORLD_TICKS == STORM_TICKS)
            world_calm(&world);
        world_tick(&world);
    }
    hash = world.hash;
    world_free(&world);
    return hash;
}

static uint64_t hash_problem(struct rng *rng, enum random_shape shape)
{
    static struct random_problem p;
    struct node_answer answer[RANDOM_NODES_MAX];
    int64_t used_w[RANDOM_ROWS_MAX];
    struct arena arena = {0};
    uint64_t hash = 0;

    random_problem(&p, rng, shape, RANDOM_NODES_MAX);
    solver_run(solver_create(&p.problem, &arena), &p.problem,
               shape == SHAPE_NESTED ? OBJECTIVE_THROUGHPUT : OBJECTIVE_MAX_MIN, answer, used_w);
    for (uint32_t n = 0; n < p.problem.nodes; n++)
        hash = fold(fold(hash, (uint64_t)answer[n].cap_w), answer[n].bound);
    arena_free(&arena);
    return hash;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    struct rng rng = {seed};
    uint64_t hash = 0;

    for (uint64_t i = 0; i < WORLDS; i++)
        hash = fold(hash, hash_world(seed + i));
    for (int i = 0; i < PROBLEMS; i++)
        hash = fold(hash, hash_problem(&rng, i % 2 == 0 ? SHAPE_NESTED : SHAPE_CROSSING));
    printf("%016" PRIx64 "\n", hash);
    return 0;
}
