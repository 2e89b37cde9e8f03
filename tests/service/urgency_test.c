#include "service/urgency.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/service/small_site.h"
#include "tests/support/site_text.h"

/* The small site with a limit of 10 kW on its load; 2 kW are made on site. */
struct fixture {
    struct site *site;
    struct arena arena;
    struct row_table rows;
    struct urgency urgency;
    struct row_decision row[3];
    struct row_estimate row_estimate[3];
    int64_t generation_w[3];
    struct decision decision;
    struct estimate estimate;
    uint32_t load, carbon;
};

static struct fixture fixture;

static int set_up(void **state)
{
    struct fixture *f = &fixture;

    *f = (struct fixture){.site = site_from_text(SMALL_SITE("observe"))};
    rows_build(&f->rows, f->site, &f->arena);
    urgency_init(&f->urgency, f->site, &f->rows, &f->arena);
    for (size_t r = 0; r < COUNT(f->row); r++)
        f->row[r] = (struct row_decision){.hard = NONE_INDEX, .limit_w = LIMIT_MAX_W};
    f->row[0] = (struct row_decision){.hard = 0, .limit_w = 10000};
    f->generation_w[0] = 2000;
    f->decision = (struct decision){.row = f->row};
    f->estimate = (struct estimate){.row = f->row_estimate, .generation_w = f->generation_w};
    f->load = site_point(f->site, "load");
    f->carbon = site_point(f->site, "carbon");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&fixture.arena);
    site_free(fixture.site);
    return 0;
}

static struct reading good(double value)
{
    return (struct reading){value, 0, QUALITY_GOOD, FLAW_NONE};
}

static bool urgent(uint32_t point, struct reading before, struct reading now)
{
    return urgency_of(&fixture.urgency, point, &before, &now, &fixture.rows, &fixture.estimate,
                      &fixture.decision);
}

static void a_load_that_rises_to_two_percent_of_its_limit_is_urgent(void **state)
{
    struct fixture *f = *state;

    assert_false(urgent(f->load, good(7000), good(7799)));
    assert_true(urgent(f->load, good(7000), good(7800))); /* + 2 kW made on site: 9.8 of 10 kW */
    assert_true(urgent(f->load, good(7800), good(50000)));
}

static void a_load_that_falls_or_stays_is_not(void **state)
{
    struct fixture *f = *state;

    assert_false(urgent(f->load, good(9000), good(8500)));
    assert_false(urgent(f->load, good(9000), good(9000)));
}

static void the_first_word_of_a_meter_is_urgent_if_it_is_high(void **state)
{
    struct fixture *f = *state;
    static const struct reading missing = {.quality = QUALITY_MISSING};

    assert_true(urgent(f->load, missing, good(9000)));
    assert_false(urgent(f->load, missing, good(100)));
}

static void a_reading_that_is_not_good_is_never_urgent(void **state)
{
    struct fixture *f = *state;
    struct reading bad = {.value = 99999, .quality = QUALITY_BAD};

    assert_false(urgent(f->load, good(1), bad));
    assert_false(urgent(f->carbon, good(1), bad));
}

static void without_a_limit_nothing_is_urgent(void **state)
{
    struct fixture *f = *state;

    f->row[0].hard = NONE_INDEX;
    assert_false(urgent(f->load, good(1), good(1e6)));
}

static void a_signal_is_urgent_when_it_changes(void **state)
{
    struct fixture *f = *state;
    static const struct reading stale = {.value = 300, .quality = QUALITY_STALE};

    assert_true(urgent(f->carbon, good(300), good(301)));
    assert_true(urgent(f->carbon, good(300), good(299)));
    assert_true(urgent(f->carbon, stale, good(300)));
    assert_false(urgent(f->carbon, good(300), good(300)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_SITE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_SITE(a_load_that_rises_to_two_percent_of_its_limit_is_urgent),
        WITH_SITE(a_load_that_falls_or_stays_is_not),
        WITH_SITE(the_first_word_of_a_meter_is_urgent_if_it_is_high),
        WITH_SITE(a_reading_that_is_not_good_is_never_urgent),
        WITH_SITE(without_a_limit_nothing_is_urgent),
        WITH_SITE(a_signal_is_urgent_when_it_changes),
#undef WITH_SITE
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
