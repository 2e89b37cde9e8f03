/* Scenarios as text, runs that repeat, and what shrinking promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "simulation/generate.h"
#include "simulation/shrink.h"

enum { SHORT_S = 1200, SEEDS = 12 };

static const struct generate_options short_run = {.seconds = SHORT_S};

static struct outcome run_text(const char *text)
{
    struct scenario scenario;
    struct outcome outcome;
    struct error err = {0};

    if (!scenario_parse("test.cfg", text, &scenario, &err))
        fail_msg("%s: %s", err.where, err.got);
    if (!simulation_run(&scenario, &outcome, &err))
        fail_msg("%s: %s", err.where, err.got);
    scenario_free(&scenario);
    return outcome;
}

static char *random_text(uint64_t seed, const struct generate_options *options)
{
    struct scenario scenario;
    char *text = NULL;

    generate(seed, options, &scenario);
    text = scenario_text(&scenario, "a head\nof two lines");
    scenario_free(&scenario);
    assert_non_null(text);
    return text;
}

static void the_same_scenario_runs_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        char *text = random_text(seed, &short_run);
        char *other = random_text(seed + SEEDS, &short_run);
        uint64_t hash = run_text(text).hash;

        assert_true(hash == run_text(text).hash);
        assert_true(hash != run_text(other).hash);
        free(text);
        free(other);
    }
}

static void a_scenario_survives_its_file(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct scenario scenario;
        struct outcome direct;
        char *text = random_text(seed, &short_run);

        generate(seed, &short_run, &scenario);
        assert_true(simulation_run(&scenario, &direct, NULL));
        assert_true(direct.hash == run_text(text).hash);
        scenario_free(&scenario);
        free(text);
    }
}

static void bad_scenarios_are_refused_with_a_reason(void **state)
{
    static const char *const bad[] = {
        "seed = ;",
        "seed = 1;",
        "site = 5;",
        "site = { }; timeline = ( { at = 1; what = \"comet\"; } );",
        ("site = { }; timeline = ( { at = 9; what = \"broker_gone\"; }, { at = 1; "
         "what = \"broker_gone\"; } );"),
        "site = { }; seconds = -1;",
        "site = { }; meter_late_ticks = 9;",
        "site = { }; policies = ( 7 );",
        "site = { }; sabotage = \"everything\";",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct scenario scenario;
        struct error err = {0};

        if (scenario_parse("bad.cfg", bad[i], &scenario, &err))
            fail_msg("accepted: %s", bad[i]);
        assert_true(err.expected[0] != '\0');
    }
}

static void a_site_that_does_not_load_is_an_error(void **state)
{
    struct scenario scenario;
    struct outcome outcome;
    struct error err = {0};

    (void)state;
    assert_true(
        scenario_parse("x", "site = { }; policies = ( { policies = ( ); } );", &scenario, &err));
    assert_false(simulation_run(&scenario, &outcome, &err));
    assert_true(err.got[0] != '\0');
    scenario_free(&scenario);
}

static void what_is_shrunk_breaks_the_same_promise_and_is_no_larger(void **state)
{
    const struct generate_options options = {.seconds = SHORT_S, .sabotage = SABOTAGE_LAPSE_RAISES};
    int shrunk_ones = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS && shrunk_ones < 2; seed++) {
        char *text = random_text(seed, &options);
        struct outcome before = run_text(text);
        struct shrunk shrunk;
        struct outcome after;
        struct error err;

        if (before.violation.found) {
            assert_true(shrink(text, 300, &shrunk, &err));
            after = run_text(shrunk.text);
            assert_true(after.violation.found);
            assert_int_equal(after.violation.promise, before.violation.promise);
            assert_true(strlen(shrunk.text) < strlen(text));
            assert_true(shrunk.runs <= 300);
            free(shrunk.text);
            shrunk_ones++;
        }
        free(text);
    }
    assert_int_equal(shrunk_ones, 2);
}

static void what_breaks_nothing_is_not_shrunk(void **state)
{
    const struct generate_options options = {.seconds = 60};
    char *text = random_text(3, &options);
    struct shrunk shrunk;
    struct error err;

    (void)state;
    assert_false(shrink(text, 10, &shrunk, &err));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_scenario_runs_the_same),
        cmocka_unit_test(a_scenario_survives_its_file),
        cmocka_unit_test(bad_scenarios_are_refused_with_a_reason),
        cmocka_unit_test(a_site_that_does_not_load_is_an_error),
        cmocka_unit_test(what_is_shrunk_breaks_the_same_promise_and_is_no_larger),
        cmocka_unit_test(what_breaks_nothing_is_not_shrunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
