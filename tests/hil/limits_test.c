/* The judge is only as good as what it is shown: limits of every sort against a plant that breaks them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hil/limits.h"
#include "tests/plant/small_site.h"

struct fixture {
    struct site site;
    struct arena arena;
    struct plant *plant;
    struct limits limits;
};

static int build(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct plant_settings settings = plant_settings_default(5);

    small_site(&f->site);
    f->plant = plant_create(&f->site, &settings);
    plant_jobs(f->plant, 1);
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;

    plant_free(f->plant);
    arena_free(&f->arena);
    arena_free(&f->site.arena);
    test_free(f);
    return 0;
}

static void run(struct fixture *f, double seconds)
{
    for (int64_t i = 0; i < (int64_t)(seconds * 20); i++) {
        plant_step(f->plant, 50 * NS_PER_MS);
        limits_see(&f->limits, f->plant, plant_now_ns(f->plant));
    }
}

static const struct verdict *verdict(const struct fixture *f, const char *name)
{
    for (uint32_t i = 0; i < f->limits.judge.limits; i++) {
        if (strcmp(f->limits.judge.verdict[i].name, name) == 0)
            return &f->limits.judge.verdict[i];
    }
    fail_msg("no limit called %s", name);
    return NULL;
}

static void every_rated_branch_and_the_contract_are_watched(void **state)
{
    struct fixture *f = *state;

    limits_init(&f->limits, &f->site, 1000000, &f->arena);
    run(f, 1);
    assert_int_equal(f->limits.judge.limits,
                     1 + 3 + 3 + 1 + 1); /* grid, a, b by phase, rack a, contract */
    assert_true(verdict(f, "feeder_a L2")->seen);
    assert_true(verdict(f, "import")->limit_w == 1000000);
    /* 60 A x 80 % at about 230 V and 0.975 */
    assert_in_range((uint64_t)verdict(f, "feeder_a L1")->limit_w, 10300, 11100);
}

/* Without a controller the small site draws some 30 kW: planted limits below that must be reported. */
static void a_load_above_its_contract_is_reported(void **state)
{
    struct fixture *f = *state;

    limits_init(&f->limits, &f->site, 5000, &f->arena);
    run(f, 8);
    assert_int_equal(verdict(f, "import")->violations, 1);
    assert_true(verdict(f, "import")->worst_excess_w > 5000);
    assert_int_equal(judge_total(&f->limits.judge).violations,
                     1 + verdict(f, "rack_a")->violations + verdict(f, "feeder_a L1")->violations);
}

static void a_load_above_its_breaker_is_reported(void **state)
{
    struct fixture *f = *state;
    struct rating *rating = (struct rating *)&f->site.tree.rating[SMALL_FEEDER_B];

    rating->value = 10; /* A */
    limits_init(&f->limits, &f->site, 1000000, &f->arena);
    run(f, 10);
    assert_true(verdict(f, "feeder_b L1")->violations > 0);
    assert_true(verdict(f, "feeder_b L3")->violations > 0);
    assert_int_equal(verdict(f, "grid")->violations, 0);
}

static void only_a_lower_contract_has_grace(void **state)
{
    struct fixture *f = *state;

    limits_init(&f->limits, &f->site, 1000000, &f->arena);
    run(f, 8);
    limits_contract(&f->limits, 2000000, plant_now_ns(f->plant));
    assert_false(verdict(f, "import")->stepped);
    limits_contract(&f->limits, 5000, plant_now_ns(f->plant));
    assert_true(verdict(f, "import")->stepped);
    run(f, 1.9);
    assert_int_equal(verdict(f, "import")->violations, 0);
    run(f, 0.5);
    assert_int_equal(verdict(f, "import")->violations, 1);
}

#define ON_SITE(test) cmocka_unit_test_setup_teardown(test, build, drop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_SITE(every_rated_branch_and_the_contract_are_watched),
        ON_SITE(a_load_above_its_contract_is_reported),
        ON_SITE(a_load_above_its_breaker_is_reported),
        ON_SITE(only_a_lower_contract_has_grace),
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
