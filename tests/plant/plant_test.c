#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plant/day.h"
#include "plant/plant.h"
#include "tests/plant/small_site.h"

static const int64_t step_ns = 50 * NS_PER_MS;

struct fixture {
    struct site site;
    struct plant *plant;
};

static int build(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct plant_settings settings = plant_settings_default(7);

    settings.start_hour = 12;
    small_site(&f->site);
    f->plant = plant_create(&f->site, &settings);
    plant_jobs(f->plant, 1);
    plant_day(f->plant, true);
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;

    plant_free(f->plant);
    arena_free(&f->site.arena);
    test_free(f);
    return 0;
}

static void run(struct plant *plant, double seconds)
{
    for (int64_t i = 0; i < (int64_t)(seconds * 20); i++)
        plant_step(plant, step_ns);
}

static uint64_t hash_of_a_busy_minute(const struct site *site, uint64_t seed)
{
    struct plant_settings settings = plant_settings_default(seed);
    struct plant *plant = plant_create(site, &settings);
    uint64_t hash = 0;

    plant_jobs(plant, 1);
    plant_day(plant, true);
    for (int i = 0; i < 1200; i++) {
        plant_cap(plant, (uint32_t)i % SMALL_NODES, i % 3 != 0, 1000 + i * 4);
        plant_step(plant, step_ns);
        hash = hash * 31 + plant_hash(plant);
    }
    plant_free(plant);
    return hash;
}

static void the_same_seed_gives_the_same_plant(void **state)
{
    struct fixture *f = *state;

    assert_true(hash_of_a_busy_minute(&f->site, 1) == hash_of_a_busy_minute(&f->site, 1));
    assert_true(hash_of_a_busy_minute(&f->site, 1) != hash_of_a_busy_minute(&f->site, 2));
}

static double own_w(const struct fixture *f, uint32_t b)
{
    double sum_w = 0;

    for (uint32_t n = 0; n < SMALL_NODES; n++) {
        for (uint32_t h = 0; h < f->site.nodes.hangs[n]; h++) {
            const struct hang *hang = &f->site.nodes.hang[n][h];

            if (hang->branch == b)
                sum_w += plant_node_truth(f->plant, n).power_w * (double)hang->share_bp / 1e4;
        }
    }
    return sum_w;
}

/* load = (children + nodes + uncontrolled) x (1 + losses), the phases add up, and so do the ends. */
static void every_watt_of_a_branch_comes_from_below_it(void **state)
{
    struct fixture *f = *state;
    const struct supply_tree *tree = &f->site.tree;

    for (int i = 0; i < 400; i++) {
        plant_step(f->plant, step_ns);
        for (uint32_t b = 0; b < SMALL_BRANCHES; b++) {
            const struct branch_truth *truth = plant_branch(f->plant, b);
            double below_w = own_w(f, b);
            double uncontrolled_w = 0;
            double phases_w = 0;

            for (uint32_t c = b + 1; c < SMALL_BRANCHES; c++)
                below_w += tree->parent[c] == b ? plant_branch(f->plant, c)->load_w : 0;
            uncontrolled_w = truth->load_w / (1 + (double)tree->loss_bp[b] / 1e4) - below_w;
            assert_true(uncontrolled_w > -1e-6 &&
                        uncontrolled_w <= (double)tree->unmetered_w[b] + 1e-6);
            for (int p = 0; p < PHASES; p++)
                phases_w += truth->phase_load_w[p];
            assert_true(fabs(phases_w - truth->load_w) < 1e-6);
            assert_true(fabs(truth->load_w - truth->generation_w - truth->terminal.power_w) < 1e-6);
        }
    }
}

static void a_node_follows_its_cap_after_dead_time_and_lag(void **state)
{
    struct fixture *f = *state;
    double before_w = 0;

    run(f->plant, 10);
    before_w = plant_node_truth(f->plant, 2).capped_w;
    assert_true(before_w > 3500);
    plant_cap(f->plant, 2, true, 2040);
    assert_true(plant_node_truth(f->plant, 2).cap_set);
    assert_int_equal(plant_node_truth(f->plant, 2).enforced_w, 2000); /* its grid is 50 W */
    run(f->plant, 0.1);
    assert_true(plant_node_truth(f->plant, 2).capped_w >
                0.9 * before_w); /* nothing has happened yet */
    run(f->plant, 1.9);
    for (int i = 0; i < 200; i++) {
        run(f->plant, 0.05);
        assert_true(plant_node_truth(f->plant, 2).capped_w < 2010);
    }
    plant_cap(f->plant, 2, false, 0);
    run(f->plant, 3);
    assert_true(plant_node_truth(f->plant, 2).capped_w > 3000);
}

static void hardware_enforces_what_it_can(void **state)
{
    struct fixture *f = *state;

    plant_cap(f->plant, 0, true, 1);
    assert_int_equal(plant_node_truth(f->plant, 0).enforced_w, 1200);
    plant_cap(f->plant, 0, true, 999999);
    assert_int_equal(plant_node_truth(f->plant, 0).enforced_w, 5600);
    plant_cap(f->plant, SMALL_STORAGE, true, 100);
    assert_false(plant_node_truth(f->plant, SMALL_STORAGE).cap_set);
}

static void a_node_stays_below_cap_and_worst_remainder_once_settled(void **state)
{
    struct fixture *f = *state;

    for (uint32_t n = 0; n < SMALL_STORAGE; n++)
        plant_cap(f->plant, n, true, 1500);
    run(f->plant, 5);
    for (int i = 0; i < 1200; i++) {
        run(f->plant, 0.05);
        for (uint32_t n = 0; n < SMALL_NODES; n++) {
            struct node_truth node = plant_node_truth(f->plant, n);
            double most_w = (double)(node.cap_set ? node.enforced_w : f->site.nodes.uncapped_w[n]);

            assert_true(node.power_w <= most_w + (double)f->site.nodes.remainder_worst_w[n]);
        }
    }
}

static void a_frozen_meter_stands_still_and_comes_back(void **state)
{
    struct fixture *f = *state;
    double frozen_w = 0;
    double now_w = 0;

    run(f->plant, 8);
    assert_true(plant_branch_reading(f->plant, SMALL_GRID, QUANTITY_POWER, &frozen_w));
    assert_true(fabs(frozen_w - plant_branch(f->plant, SMALL_GRID)->terminal.power_w) <
                0.01 * frozen_w);
    plant_freeze_branch_meter(f->plant, SMALL_GRID, true);
    run(f->plant, 5);
    assert_true(plant_branch_reading(f->plant, SMALL_GRID, QUANTITY_POWER, &now_w));
    assert_true(now_w == frozen_w);
    plant_freeze_branch_meter(f->plant, SMALL_GRID, false);
    run(f->plant, 0.2);
    assert_true(plant_branch_reading(f->plant, SMALL_GRID, QUANTITY_POWER, &now_w));
    assert_true(now_w != frozen_w);
}

static void a_cloud_takes_its_time_and_its_share(void **state)
{
    struct fixture *f = *state;
    double sunny_w = 0;

    plant_day(f->plant, false);
    run(f->plant, 1);
    sunny_w = plant_source_w(f->plant, 0);
    assert_true(sunny_w > 5000);
    plant_cloud(f->plant, 0.4, 6);
    run(f->plant, 3);
    assert_true(fabs(plant_source_w(f->plant, 0) / sunny_w - 0.7) < 0.02);
    run(f->plant, 4);
    assert_true(fabs(plant_source_w(f->plant, 0) / sunny_w - 0.4) < 0.001);
}

static void work_is_what_was_delivered_of_what_was_wanted(void **state)
{
    struct fixture *f = *state;
    struct work_truth work[WORK_CLASSES_MAX];

    for (uint32_t n = 2; n < SMALL_PROCESSOR; n++)
        plant_cap(f->plant, n, true, 1200);
    run(f->plant, 20);
    assert_int_equal(plant_work(f->plant, work), 4);
    assert_true(work[0].delivered_wh > 0.95 * work[0].demanded_wh);
    assert_true(work[1].delivered_wh < 0.60 * work[1].demanded_wh);
    assert_int_equal(work[3].priority_class, 3);
    assert_int_equal(work[3].nodes, 2);
}

static void the_recorded_day_goes_round(void **state)
{
    (void)state;
    assert_true(day_irradiance(0) == 0 && day_irradiance(12) > 300);
    assert_true(day_carbon(11) < 200 && day_carbon(23.5) > 300);
    assert_true(fabs(day_carbon(24.0 - 1e-9) - day_carbon(0)) < 1e-3);
    assert_true(day_irradiance_most() < 1400);
}

#define ON_SITE(test) cmocka_unit_test_setup_teardown(test, build, drop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_SITE(the_same_seed_gives_the_same_plant),
        ON_SITE(every_watt_of_a_branch_comes_from_below_it),
        ON_SITE(a_node_follows_its_cap_after_dead_time_and_lag),
        ON_SITE(hardware_enforces_what_it_can),
        ON_SITE(a_node_stays_below_cap_and_worst_remainder_once_settled),
        ON_SITE(a_frozen_meter_stands_still_and_comes_back),
        ON_SITE(a_cloud_takes_its_time_and_its_share),
        ON_SITE(work_is_what_was_delivered_of_what_was_wanted),
        cmocka_unit_test(the_recorded_day_goes_round),
    };

    return cmocka_run_group_tests_name("plant", tests, NULL, NULL);
}
