/* Prints one number for many decisions: worlds in storm and calm, and problems with measured-like curves under both
 * objectives. decision_hash.sh compares it between compilers, optimizers and sanitizers.
 *
 *     decision_hash [SEED] */
#include "controller/problem.h"
#include "tests/controller/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORLDS = 30, WORLD_TICKS = 400, STORM_TICKS = 150, NODES_MAX = 24 };
enum { PROBLEMS = 300, NODES = 40, ROWS = 4, POINTS = 6 };

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

/* Rows nest: row 0 holds all, the others share the nodes among them. */
struct random_problem {
    struct problem_node node[NODES];
    struct curve curve[NODES];
    struct curve_point point[NODES][POINTS];
    uint32_t first[NODES + 1];
    struct row_share share[2 * NODES];
    int64_t limit_w[ROWS];
};

static void make_problem(struct random_problem *p, struct rng *rng)
{
    for (uint32_t n = 0; n < NODES; n++) {
        int64_t cap_w = rng_between(rng, 80, 300);

        p->curve[n] = (struct curve){POINTS, p->point[n]};
        for (int i = 0; i < POINTS; i++) {
            p->point[n][i].cap_w = cap_w;
            p->point[n][i].throughput = (double)rng_between(rng, 100, 400 * (i + 1)) / 7.0;
            cap_w += rng_between(rng, 20, 120);
        }
        p->node[n] = (struct problem_node){.min_w = p->point[n][0].cap_w,
                                           .max_w = p->point[n][POINTS - 1].cap_w,
                                           .gang = NONE_INDEX};
        /* One at a time: the order within an initializer is the compiler's. */
        p->node[n].step_w = rng_between(rng, 1, 30);
        p->node[n].curve = rng_chance(rng, 70) ? &p->curve[n] : NULL;
        p->node[n].weight = (uint32_t)rng_between(rng, 1, 9);
        p->node[n].priority_class = (uint8_t)rng_between(rng, 0, 2);
        p->first[n] = 2 * n;
        p->share[2 * n] = (struct row_share){0, SHARE_WHOLE_BP};
        p->share[2 * n + 1] = (struct row_share){1 + n % (ROWS - 1), SHARE_WHOLE_BP};
    }
    p->first[NODES] = 2 * NODES;
    p->limit_w[0] = rng_between(rng, 8000, 25000);
    for (int r = 1; r < ROWS; r++)
        p->limit_w[r] = rng_between(rng, 2000, 9000);
}

static uint64_t hash_problem(struct rng *rng)
{
    static struct random_problem p;
    struct problem problem = {ROWS, NODES, p.limit_w, p.node, p.first, p.share};
    struct node_answer answer[NODES];
    int64_t used_w[ROWS];
    struct arena arena = {0};
    struct solver *solver = NULL;
    uint64_t hash = 0;

    make_problem(&p, rng);
    solver = solver_create(&problem, &arena);
    for (int objective = OBJECTIVE_MAX_MIN; objective <= OBJECTIVE_THROUGHPUT; objective++) {
        solver_run(solver, &problem, (enum objective)objective, answer, used_w);
        for (uint32_t n = 0; n < NODES; n++)
            hash = fold(fold(hash, (uint64_t)answer[n].cap_w), answer[n].bound);
    }
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
        hash = fold(hash, hash_problem(&rng));
    printf("%016" PRIx64 "\n", hash);
    return 0;
}
