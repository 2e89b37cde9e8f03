/* What the grid says in a run, moment by moment, and files that say nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/diagnostics.h"
#include "hil/grid_play.h"

static const char text[] =
    "events = ( { id = \"a\"; told = \"2 s\"; start = \"10 s\"; end = \"30 s\"; limit = \"60 "
    "kW\";\n"
    "             cancelled = \"20 s\"; forgotten = \"40 s\"; },\n"
    "           { id = \"b\"; start = \"1 min\"; end = \"2 min\"; reduction = 5000; } );\n"
    "forecasts = ( { told = \"3 s\"; values = ( ( 320 ), ( 250.5 ) ); },\n"
    "              { told = \"9 s\"; start = \"1 min\"; step = \"2 min\"; values = ( ( 100 ) ); } "
    ");\n"
    "silences = ( { from = \"50 s\"; until = \"60 s\"; } );\n";

enum { BEGUN_S = 1000000 };

static struct grid_play *play_of(const char *from)
{
    struct diagnostics found = {0};
    struct grid_play *play = NULL;

    if (!grid_play_load_text("grid.cfg", from, strlen(from), &play, &found))
        fail_msg("%zu mistakes, the first: %s", found.errors, found.item[0].read);
    diagnostics_free(&found);
    return play;
}

static struct event_list told(const struct grid_play *play, double second)
{
    struct event_list list;

    grid_play_events(play, BEGUN_S, (int64_t)(second * 1e9), &list);
    assert_true(list.heard);
    return list;
}

static void an_event_is_told_then_cancelled_then_forgotten(void **state)
{
    struct grid_play *play = play_of(text);
    struct event_list list = told(play, 0);

    (void)state;
    assert_int_equal(list.count, 1);
    assert_string_equal(list.event[0].id, "b");
    assert_int_equal(list.event[0].target, EVENT_REDUCTION);
    assert_int_equal(list.event[0].target_w, 5000);
    assert_int_equal(told(play, 1.999).count, 1);
    list = told(play, 2);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.event[0].id, "a");
    assert_int_equal(list.event[0].target, EVENT_LIMIT);
    assert_int_equal(list.event[0].target_w, 60000);
    assert_int_equal(list.event[0].notified_utc_s, BEGUN_S + 2);
    assert_int_equal(list.event[0].start_utc_s, BEGUN_S + 10);
    assert_int_equal(list.event[0].end_utc_s, BEGUN_S + 30);
    assert_false(list.event[0].cancelled);
    assert_false(told(play, 19.9).event[0].cancelled);
    assert_true(told(play, 20).event[0].cancelled);
    assert_false(told(play, 20).event[1].cancelled);
    assert_int_equal(told(play, 39.9).count, 2);
    assert_int_equal(told(play, 40).count, 1);
    grid_play_free(play);
}

static void the_forecast_told_last_stands(void **state)
{
    struct grid_play *play = play_of(text);
    struct forecast f;

    (void)state;
    assert_false(grid_play_forecast(play, BEGUN_S, 2 * NS_PER_S, &f));
    assert_true(grid_play_forecast(play, BEGUN_S, 3 * NS_PER_S, &f));
    assert_int_equal(f.issued_utc_s, BEGUN_S + 3);
    assert_int_equal(f.start_utc_s, BEGUN_S);
    assert_int_equal(f.step_s, 60);
    assert_int_equal(f.count, 2);
    assert_true(f.value[0] == 320 && f.value[1] == 250.5);
    assert_true(grid_play_forecast(play, BEGUN_S, 100 * NS_PER_S, &f));
    assert_int_equal(f.start_utc_s, BEGUN_S + 60);
    assert_int_equal(f.step_s, 120);
    assert_int_equal(f.count, 1);
    grid_play_free(play);
}

static void a_silence_begins_and_ends(void **state)
{
    struct grid_play *play = play_of(text);

    (void)state;
    assert_false(grid_play_silent(play, 50 * NS_PER_S - 1));
    assert_true(grid_play_silent(play, 50 * NS_PER_S));
    assert_false(grid_play_silent(play, 60 * NS_PER_S));
    grid_play_free(play);
}

static void an_empty_file_asks_for_nothing(void **state)
{
    struct grid_play *play = play_of("");
    struct forecast f;

    (void)state;
    assert_int_equal(told(play, 0).count, 0);
    assert_false(grid_play_forecast(play, BEGUN_S, 0, &f));
    assert_false(grid_play_silent(play, 0));
    grid_play_free(play);
}

static void nonsense_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *path;
    } cases[] = {
        {"events = ( { id = \"a\"; start = \"1 s\"; end = \"2 s\"; } );", "events[0].limit"},
        {"events = ( { id = \"a\"; start = \"1 s\"; end = \"2 s\"; limit = 1; reduction = 1; } );",
         "events[0].reduction"},
        {"events = ( { id = \"a\"; start = \"2 s\"; end = \"2 s\"; limit = 1; } );",
         "events[0].end"},
        {"events = ( { id = \"a\"; start = \"1 s\"; end = \"2 s\"; limit = 1; },\n"
         "{ id = \"a\"; start = \"1 s\"; end = \"2 s\"; limit = 1; } );",
         "events[1].id"},
        {"events = ( { id = \"a\"; start = \"-1 s\"; end = \"2 s\"; limit = 1; } );",
         "events[0].start"},
        {"events = ( { id = \"a\"; strat = \"1 s\"; start = \"1 s\"; end = \"2 s\"; limit = 1; } "
         ");",
         "events[0].strat"},
        {"forecasts = ( { step = \"59 s\"; values = ( ( 1 ) ); } );", "forecasts[0].step"},
        {"forecasts = ( { values = ( ); } );", "forecasts[0].values"},
        {"event = ( );", "event"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct diagnostics found = {0};
        struct grid_play *play = NULL;

        if (grid_play_load_text("grid.cfg", cases[i].text, strlen(cases[i].text), &play, &found))
            fail_msg("taken: %s", cases[i].text);
        assert_null(play);
        assert_true(found.errors > 0);
        assert_string_equal(found.item[0].path, cases[i].path);
        diagnostics_free(&found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_told_then_cancelled_then_forgotten),
        cmocka_unit_test(the_forecast_told_last_stands),
        cmocka_unit_test(a_silence_begins_and_ends),
        cmocka_unit_test(an_empty_file_asks_for_nothing),
        cmocka_unit_test(nonsense_is_refused_with_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
