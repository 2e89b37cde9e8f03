/* What comes late never goes back in time; all else is in the next snapshot. */
#include "service/ingest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct site site;
    struct ingest in;
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.site = {.nodes.count = 3, .forecasts = 2, .event_sources = 2}};
    ingest_init(&f.in, &f.site, &f.arena);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(&((struct fixture *)*state)->arena);
    return 0;
}

static struct snapshot look(struct fixture *f)
{
    return ingest_snapshot(&f->in, 0, (struct local_time){0});
}

static struct forecast issued(int64_t issued_utc_s, double value)
{
    return (struct forecast){
        .issued_utc_s = issued_utc_s, .step_s = 3600, .count = 1, .value = {value}};
}

static void before_anything_comes_nothing_is_known(void **state)
{
    struct snapshot snapshot = look(*state);

    assert_false(snapshot.forecast[0].known || snapshot.forecast[1].known);
    assert_false(snapshot.events[0].heard || snapshot.events[1].heard);
}

static void an_older_issue_never_replaces_a_newer_one(void **state)
{
    struct fixture *f = *state;
    struct forecast newer = issued(2000, 20);
    struct forecast older = issued(1999, 10);
    struct forecast again = issued(2000, 21);

    assert_true(ingest_forecast(&f->in, 1, &newer));
    assert_true(look(f).forecast[1].known);
    assert_false(ingest_forecast(&f->in, 1, &older));
    assert_true(look(f).forecast[1].value[0] == 20);
    assert_true(ingest_forecast(&f->in, 1, &again)); /* put right */
    assert_true(look(f).forecast[1].value[0] == 21);
    assert_true(ingest_forecast(&f->in, 0, &older)); /* another's */
    assert_int_equal(f->in.forecasts, 3);
    assert_int_equal(f->in.forecasts_late, 1);
}

static void a_list_of_events_replaces_the_one_before_unless_it_is_older(void **state)
{
    struct fixture *f = *state;
    struct event_list one = {.heard_ns = 100, .count = 1, .event = {{.id = "a", .target_w = 5}}};
    struct event_list none = {.heard_ns = 200};
    bool changed = false;

    assert_true(ingest_events(&f->in, 1, &one, &changed) && changed);
    assert_true(look(f).events[1].heard);
    assert_true(ingest_events(&f->in, 1, &one, &changed) && !changed);
    one.heard_ns = 150;
    one.event[0].target_w = 6;
    assert_true(ingest_events(&f->in, 1, &one, &changed) && changed);
    assert_true(ingest_events(&f->in, 1, &none, &changed) && changed);
    assert_int_equal(look(f).events[1].count, 0);
    assert_false(ingest_events(&f->in, 1, &one, &changed));
    assert_int_equal(look(f).events[1].count, 0);
    assert_int_equal(look(f).events[1].heard_ns, 200);
    assert_false(look(f).events[0].heard);
    assert_int_equal(f->in.event_lists, 4);
    assert_int_equal(f->in.event_lists_late, 1);
}

static void the_first_list_is_news_even_when_it_asks_for_nothing(void **state)
{
    struct fixture *f = *state;
    struct event_list none = {.heard = true, .heard_ns = 1};
    bool changed = false;

    assert_true(ingest_events(&f->in, 0, &none, &changed) && changed);
    assert_true(ingest_events(&f->in, 0, &none, &changed) && !changed);
}

static void report(struct fixture *f, uint32_t node, int64_t taken_ns)
{
    const struct node_report said = {.heard = true, .taken_ns = taken_ns};

    (void)ingest_report(&f->in, node, &said);
}

static void a_snapshot_names_who_reported_since_the_one_before(void **state)
{
    struct fixture *f = *state;
    struct snapshot snapshot = look(f);

    assert_non_null(snapshot.changed);
    assert_int_equal(snapshot.changes, 0);
    report(f, 2, 10);
    report(f, 0, 11);
    report(f, 2, 12); /* once is enough */
    snapshot = look(f);
    assert_int_equal(snapshot.changes, 2);
    assert_int_equal(snapshot.changed[0], 2);
    assert_int_equal(snapshot.changed[1], 0);
    assert_int_equal(look(f).changes, 0);
    report(f, 0, 10); /* late, and ignored */
    assert_int_equal(look(f).changes, 0);
    report(f, 0, 13);
    snapshot = look(f);
    assert_int_equal(snapshot.changes, 1);
    assert_int_equal(snapshot.changed[0], 0);
    for (int64_t round = 0; round < 10;
         round++) /* the list has room for each node, not for each report */
        for (uint32_t n = 0; n < 3; n++)
            report(f, n, 20 + round);
    assert_int_equal(look(f).changes, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_anything_comes_nothing_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_older_issue_never_replaces_a_newer_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_list_of_events_replaces_the_one_before_unless_it_is_older,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_names_who_reported_since_the_one_before, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_first_list_is_news_even_when_it_asks_for_nothing,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
