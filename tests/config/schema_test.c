/* What no section of a site file has, but policies do: references to forecasts and to sources of events; and tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/schema.h"

struct pair {
    int64_t energy_wh;
    int choice;
};

struct filled {
    uint32_t forecast, events;
    struct group_list pairs;
};

static const char *const choices[] = {"first", "second", NULL};

#define AT(field) offsetof(struct pair, field)
static const struct setting pair_rows[] = {
    {.name = "energy",
     .kind = KIND_ENERGY,
     .need = NEED_REQUIRED,
     .min = 1,
     .max = 5000,
     .at = AT(energy_wh)},
    {.name = "choice",
     .kind = KIND_CHOICE,
     .need = NEED_REQUIRED,
     .choices = choices,
     .at = AT(choice)},
    {0},
};
#undef AT

#define AT(field) offsetof(struct filled, field)
static const struct setting rows[] = {
    {.name = "forecast",
     .kind = KIND_FORECAST,
     .need = NEED_REQUIRED,
     .quantity = QUANTITY_PRICE,
     .at = AT(forecast)},
    {.name = "events", .kind = KIND_EVENT_SOURCE, .need = NEED_REQUIRED, .at = AT(events)},
    {.name = "pairs",
     .kind = KIND_TABLE,
     .need = NEED_DEFAULT,
     .fallback = "",
     .max = 3,
     .at = AT(pairs),
     .group = pair_rows,
     .group_size = sizeof(struct pair)},
    {0},
};
#undef AT

static const struct forecast_source forecasts[] = {
    {"co2", QUANTITY_CARBON_INTENSITY, BASIS_AVERAGE}, {"price", QUANTITY_PRICE, BASIS_AVERAGE}};

struct loading {
    struct arena arena;
    struct diagnostics found;
    struct filled out;
};

/* The group `g` of the text, filled. */
static bool fill(struct loading *l, const char *text)
{
    struct reader reader;
    struct name_index forecast_names = {.arena = &l->arena};
    struct name_index event_names = {.arena = &l->arena};
    const struct references references = {
        .forecasts = &forecast_names, .event_sources = &event_names, .forecast = forecasts};
    const struct schema schema = {&reader, &l->arena, &references};
    const struct schema_part part = {rows, &l->out};
    bool ok = false;

    for (uint32_t i = 0; i < COUNT(forecasts); i++)
        (void)name_add(&forecast_names, forecasts[i].name, i, NULL);
    (void)name_add(&event_names, "dso", 0, NULL);
    (void)name_add(&event_names, "tso", 1, NULL);
    assert_true(reader_open_text(&reader, "t.cfg", text, strlen(text), &l->found));
    ok = schema_fill(&schema, config_setting_get_member(config_root_setting(&reader.config), "g"),
                     &part, 1);
    reader_close(&reader);
    return ok;
}

static void end(struct loading *l)
{
    arena_free(&l->arena);
    diagnostics_free(&l->found);
}

static void policies_name_forecasts_and_sources_of_events(void **state)
{
    struct loading l = {0};

    (void)state;
    assert_true(fill(&l, "g = { forecast = \"price\"; events = \"tso\"; };"));
    assert_int_equal(l.out.forecast, 1);
    assert_int_equal(l.out.events, 1);
    assert_int_equal(l.out.pairs.count, 0);
    end(&l);
}

static void one_that_is_unknown_or_foretells_something_else_is_told(void **state)
{
    static const char *const told[] = {
        "t.cfg:1: g.forecast: \"co2\" gives carbon_intensity; expected one that gives price",
        "t.cfg:1: g.events: \"tos\"; expected the name of a source of grid events; did you mean "
        "\"tso\"?"};
    struct loading l = {0};
    char line[1200];

    (void)state;
    assert_false(fill(&l, "g = { forecast = \"co2\"; events = \"tos\"; };"));
    assert_int_equal(l.found.count, COUNT(told));
    for (size_t i = 0; i < COUNT(told); i++)
        assert_string_equal(diagnostic_line(&l.found.item[i], line, sizeof line), told[i]);
    end(&l);
}

static void a_table_is_a_list_of_lists_of_any_kinds(void **state)
{
    struct loading l = {0};
    const struct pair *pair = NULL;

    (void)state;
    assert_true(fill(&l, "g = { forecast = \"price\"; events = \"dso\";\n"
                         "  pairs = ( ( \"2.5 kWh\", \"second\" ), [ \"7 Wh\", \"first\" ] ); };"));
    assert_int_equal(l.out.pairs.count, 2);
    pair = l.out.pairs.item;
    assert_true(pair[0].energy_wh == 2500 && pair[0].choice == 1);
    assert_true(pair[1].energy_wh == 7 && pair[1].choice == 0);
    end(&l);
}

static void each_value_of_a_table_is_judged_where_it_stands(void **state)
{
    static const char *const told[] = {
        "t.cfg:2: g.pairs[0][0]: \"6 kWh\"; expected 1 Wh .. 5 kWh, such as \"5 kWh\"",
        "t.cfg:3: g.pairs[1][1]: \"third\"; expected \"first\" or \"second\"",
        "t.cfg:4: g.pairs[2]: a list of 3; expected a list of 2 values: ( energy, choice )"};
    struct loading l = {0};
    char line[1200];

    (void)state;
    assert_false(fill(&l, "g = { forecast = \"price\"; events = \"dso\"; pairs = (\n"
                          "  ( \"6 kWh\", \"first\" ),\n"
                          "  ( \"1 kWh\", \"third\" ),\n"
                          "  ( \"1 kWh\", \"first\", \"first\" ) ); };"));
    assert_int_equal(l.found.count, COUNT(told));
    for (size_t i = 0; i < COUNT(told); i++)
        assert_string_equal(diagnostic_line(&l.found.item[i], line, sizeof line), told[i]);
    end(&l);
}

static void a_table_has_as_many_entries_as_it_may(void **state)
{
    struct loading l = {0};

    (void)state;
    assert_false(
        fill(&l, "g = { forecast = \"price\"; events = \"dso\"; pairs = ( (), (), (), () ); };"));
    assert_string_equal(l.found.item[0].expected, "0 .. 3 entries");
    end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_name_forecasts_and_sources_of_events),
        cmocka_unit_test(one_that_is_unknown_or_foretells_something_else_is_told),
        cmocka_unit_test(a_table_is_a_list_of_lists_of_any_kinds),
        cmocka_unit_test(each_value_of_a_table_is_judged_where_it_stands),
        cmocka_unit_test(a_table_has_as_many_entries_as_it_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
