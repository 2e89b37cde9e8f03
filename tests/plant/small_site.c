#include "tests/plant/small_site.h"

#include <string.h>

#define COPY(arena, from) memcpy(arena_take((arena), 1, sizeof(from)), (from), sizeof(from))

static void small_tree(struct site *site)
{
    struct arena *a = &site->arena;
    static const uint32_t parent[] = {NONE_INDEX, 0, 0, 1, 2};
    static const uint32_t first_child[] = {1, 3, 4, 5, 5};
    static const uint32_t children[] = {2, 1, 1, 0, 0};
    static const char *const name[] = {"grid", "feeder_a", "feeder_b", "rack_a", "rack_b"};
    static const char *const level[] = {"site", "feeder", "feeder", "rack", "rack"};
    static const struct rating rating[] = {
        {RATING_W, 60e3}, {RATING_A, 60}, {RATING_A, 60}, {RATING_W, 30e3}, {RATING_NONE, 0}};
    static const int64_t derating_bp[] = {10000, 8000, 8000, 10000, 10000};
    static const int64_t loss_bp[] = {150, 100, 100, 50, 0};
    static const double nominal_v[] = {230, 230, 230, 230, 230};
    static const int64_t unmetered_w[] = {8000, 0, 0, 500, 0};

    site->tree = (struct supply_tree){
        .branches = SMALL_BRANCHES,
        .parent = COPY(a, parent),
        .first_child = COPY(a, first_child),
        .children = COPY(a, children),
        .name = COPY(a, name),
        .level = COPY(a, level),
        .rating = COPY(a, rating),
        .derating_bp = COPY(a, derating_bp),
        .loss_bp = COPY(a, loss_bp),
        .nominal_v = COPY(a, nominal_v),
        .unmetered_w = COPY(a, unmetered_w),
    };
}

static void fill_node(struct hang hang[HANGS_MAX], uint8_t *hangs, uint32_t n)
{
    if (n < SMALL_PROCESSOR) {
        hang[0] = (struct hang){SMALL_RACK_A, 5000, 7};
        hang[1] = (struct hang){SMALL_RACK_B, 5000, 7};
        *hangs = 2;
        return;
    }
    hang[0] = n < SMALL_STORAGE ? (struct hang){SMALL_RACK_A, SHARE_WHOLE_BP, 1}
                                : (struct hang){SMALL_RACK_B, SHARE_WHOLE_BP, 7};
    *hangs = 1;
}

static void small_nodes(struct site *site)
{
    struct arena *a = &site->arena;
    static const bool cappable[] = {true, true, true, true, true, true, false, false};
    static const int64_t cap_min_w[] = {1200, 1200, 1200, 1200, 300, 300, 0, 0};
    static const int64_t cap_max_w[] = {5600, 5600, 5600, 5600, 1600, 1600, 0, 0};
    static const int64_t cap_step_w[] = {50, 50, 50, 50, 10, 10, 1, 1};
    static const int64_t uncapped_w[] = {6000, 6000, 6000, 6000, 1700, 1700, 500, 500};
    static const int64_t remainder_w[] = {900, 900, 900, 900, 400, 400, 200, 200};
    static const int64_t idle_w[] = {800, 800, 800, 800, 350, 350, 300, 300};
    static const uint8_t priority_class[] = {0, 0, 1, 1, 2, 2, 3, 3};
    static const uint32_t gang[] = {0,          0,          NONE_INDEX, NONE_INDEX,
                                    NONE_INDEX, NONE_INDEX, NONE_INDEX, NONE_INDEX};
    struct hang(*hang)[HANGS_MAX] = arena_take(a, SMALL_NODES, sizeof *hang);
    uint8_t *hangs = arena_array(a, SMALL_NODES, uint8_t);

    for (uint32_t n = 0; n < SMALL_NODES; n++)
        fill_node(hang[n], &hangs[n], n);
    site->nodes = (struct node_table){
        .count = SMALL_NODES,
        .hang = (const struct hang(*)[HANGS_MAX])hang,
        .hangs = hangs,
        .cappable = COPY(a, cappable),
        .cap_min_w = COPY(a, cap_min_w),
        .cap_max_w = COPY(a, cap_max_w),
        .cap_step_w = COPY(a, cap_step_w),
        .uncapped_w = COPY(a, uncapped_w),
        .idle_w = COPY(a, idle_w),
        .remainder_worst_w = COPY(a, remainder_w),
        .priority_class = COPY(a, priority_class),
        .gang = COPY(a, gang),
    };
}

void small_site(struct site *site)
{
    static const struct source pv[] = {{.name = "pv",
                                        .kind = SOURCE_PV,
                                        .branch = SMALL_GRID,
                                        .rated_w = 10000,
                                        .charge_point = NONE_INDEX}};

    *site = (struct site){.name = "small"};
    small_tree(site);
    small_nodes(site);
    site->sources = 1;
    site->source = COPY(&site->arena, pv);
}
