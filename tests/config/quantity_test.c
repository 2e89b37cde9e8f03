#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "config/quantity.h"

struct good {
    enum setting_kind kind;
    const char *text;
    int64_t whole;
};

/* clang-format off */
static const struct good goods[] = {
    {KIND_POWER, "1.2 MW", 1200000}, {KIND_POWER, "750 kW", 750000}, {KIND_POWER, "750kW", 750000},
    {KIND_POWER, "2 GW", 2000000000}, {KIND_POWER, "500", 500}, {KIND_POWER, "0.5 kW", 500},
    {KIND_POWER, "-50 kW", -50000}, {KIND_POWER, "+1 W", 1}, {KIND_POWER, "1.000000000000000000 W", 1},
    {KIND_ENERGY, "2 MWh", 2000000}, {KIND_ENERGY, "0.5 kWh", 500}, {KIND_ENERGY, "1 GWh", 1000000000},
    {KIND_POWER, "0.000000001 GW", 1}, {KIND_POWER, "1.000 W", 1},
    {KIND_SHARE, "80 %", 8000}, {KIND_SHARE, "0.01 %", 1}, {KIND_SHARE, "33.33%", 3333},
    {KIND_DURATION, "15 min", 900 * NS_PER_S}, {KIND_DURATION, "500 ms", 500 * NS_PER_MS},
    {KIND_DURATION, "1.5 h", 5400 * NS_PER_S}, {KIND_DURATION, "2 d", 172800 * NS_PER_S},
    {KIND_DURATION, "1 ns", 1}, {KIND_DURATION, "0.3333333333 h", 1199999999880},
    {KIND_POWER_RATE, "50 kW/s", 50000}, {KIND_POWER_RATE, "3 MW/min", 50000},
    {KIND_POWER_RATE, "100 kW/min", 1666}, {KIND_POWER_RATE, "-1 kW/min", -17}, /* rounded down */
    {KIND_SHARE_RATE, "10 %/min", 1000}, {KIND_SHARE_RATE, "1 %/s", 6000}, {KIND_SHARE_RATE, "100 %/h", 166},
    {KIND_TIME_OF_DAY, "07:30", 450}, {KIND_TIME_OF_DAY, "7:30", 450}, {KIND_TIME_OF_DAY, "24:00", 1440},
    {KIND_TIME_OF_DAY, "00:00", 0},
    {KIND_WEEKDAYS, "mon-fri", 31}, {KIND_WEEKDAYS, "sat,sun", 96}, {KIND_WEEKDAYS, "all", 127},
    {KIND_WEEKDAYS, "sat-mon", 97}, {KIND_WEEKDAYS, "Monday, wed - thu", 13}, {KIND_WEEKDAYS, "sun-sat", 127},
    {KIND_MASS, "250 kg", 250000}, {KIND_MASS, "1.2 t", 1200000}, {KIND_MASS, "7 g", 7},
    {KIND_INTEGER, "-7", -7},
};

struct bad {
    enum setting_kind kind;
    const char *text;
    enum error_kind what;
};

static const struct bad bads[] = {
    {KIND_POWER, "", ERR_SYNTAX}, {KIND_POWER, "kW", ERR_SYNTAX}, {KIND_POWER, ".5 kW", ERR_SYNTAX},
    {KIND_POWER, "nan", ERR_SYNTAX}, {KIND_POWER, "inf W", ERR_SYNTAX}, {KIND_POWER, "- 5 W", ERR_SYNTAX},
    {KIND_POWER, "5 KW", ERR_UNIT}, {KIND_POWER, "5 A", ERR_UNIT}, {KIND_POWER, "5 kW x", ERR_UNIT},
    {KIND_POWER, "1,2 MW", ERR_UNIT}, {KIND_POWER, "1e6 W", ERR_UNIT}, {KIND_POWER, "0x10 W", ERR_UNIT},
    {KIND_POWER, "5. W", ERR_UNIT}, {KIND_POWER, "1.2.3 W", ERR_UNIT}, {KIND_POWER, "5 kW ", ERR_UNIT},
    {KIND_ENERGY, "2 MW", ERR_UNIT}, {KIND_ENERGY, "2000", ERR_UNIT}, {KIND_ENERGY, "0.5 Wh", ERR_TYPE},
    {KIND_POWER, "0.5 W", ERR_TYPE}, {KIND_POWER, "1.0005 kW", ERR_TYPE},
    {KIND_POWER, "99999999999 GW", ERR_RANGE}, {KIND_POWER, "99999999999999999999 W", ERR_SYNTAX},
    {KIND_SHARE, "80", ERR_UNIT}, {KIND_SHARE, "0.005 %", ERR_TYPE}, {KIND_SHARE, "80 %%", ERR_UNIT},
    {KIND_DURATION, "15", ERR_UNIT}, {KIND_DURATION, "0.5 ns", ERR_TYPE}, {KIND_DURATION, "1000000 d", ERR_RANGE},
    {KIND_CURRENT, "400", ERR_UNIT}, {KIND_VOLTAGE, "230 v", ERR_UNIT}, {KIND_RATING, "400 VAr", ERR_UNIT},
    {KIND_TIME_OF_DAY, "7", ERR_SYNTAX}, {KIND_TIME_OF_DAY, "24:01", ERR_SYNTAX}, {KIND_TIME_OF_DAY, "7:5", ERR_SYNTAX},
    {KIND_TIME_OF_DAY, "007:30", ERR_SYNTAX}, {KIND_TIME_OF_DAY, "12:60", ERR_SYNTAX}, {KIND_TIME_OF_DAY, "12:00 pm", ERR_SYNTAX},
    {KIND_WEEKDAYS, "", ERR_SYNTAX}, {KIND_WEEKDAYS, "mon-", ERR_SYNTAX}, {KIND_WEEKDAYS, "mon,,tue", ERR_SYNTAX},
    {KIND_WEEKDAYS, "mon tue", ERR_SYNTAX}, {KIND_WEEKDAYS, "mo", ERR_SYNTAX}, {KIND_WEEKDAYS, "mon,", ERR_SYNTAX},
    {KIND_MASS, "250", ERR_UNIT}, {KIND_MASS, "0.5 g", ERR_TYPE}, {KIND_MASS, "5 kW", ERR_UNIT},
    {KIND_INTENSITY, "250 g", ERR_UNIT}, {KIND_INTEGER, "1.5", ERR_SYNTAX}, {KIND_NUMBER, "1 x", ERR_SYNTAX},
};
/* clang-format on */

static void what_people_write_is_read_exactly(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(goods); i++) {
        union amount a = {0};
        struct error err = {0};

        if (!amount_parse(goods[i].kind, goods[i].text, &a, &err))
            fail_msg("\"%s\" was refused; expected %s", goods[i].text, err.expected);
        if (a.whole != goods[i].whole)
            fail_msg("\"%s\" was read as %lld", goods[i].text, (long long)a.whole);
    }
}

static void what_is_not_a_quantity_is_refused_with_an_example(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bads); i++) {
        union amount a = {0};
        struct error err = {0};

        if (amount_parse(bads[i].kind, bads[i].text, &a, &err))
            fail_msg("\"%s\" was accepted", bads[i].text);
        if (err.what != bads[i].what)
            fail_msg("\"%s\" was refused as %s", bads[i].text, error_name(err.what));
        assert_true(strlen(err.expected) > 0);
        if (err.what == ERR_UNIT)
            assert_non_null(strstr(err.expected, kind_example(bads[i].kind)));
    }
}

static void ratings_tell_watts_amperes_and_volt_amperes_apart(void **state)
{
    union amount a = {0};

    (void)state;
    assert_true(amount_parse(KIND_RATING, "1.2 MW", &a, NULL));
    assert_int_equal(a.rating.kind, RATING_W);
    assert_true(a.rating.value == 1.2e6);
    assert_true(amount_parse(KIND_RATING, "400 A", &a, NULL));
    assert_int_equal(a.rating.kind, RATING_A);
    assert_true(a.rating.value == 400);
    assert_true(amount_parse(KIND_RATING, "500 kVA", &a, NULL));
    assert_int_equal(a.rating.kind, RATING_VA);
    assert_true(a.rating.value == 5e5);
}

static void doubles_are_the_nearest_ones(void **state)
{
    union amount a = {0};

    (void)state;
    assert_true(amount_parse(KIND_VOLTAGE, "230.4 V", &a, NULL));
    assert_true(a.number == 230.4);
    assert_true(amount_parse(KIND_VOLTAGE, "11.5 kV", &a, NULL));
    assert_true(a.number == 11500);
    assert_true(amount_parse(KIND_INTENSITY, "0.25 kg/kWh", &a, NULL));
    assert_true(a.number == 250);
    assert_true(amount_parse(KIND_NUMBER, "0.95", &a, NULL));
    assert_true(a.number == 0.95);
}

static void plain_numbers_mean_the_base_unit_where_one_is_obvious(void **state)
{
    union amount a = {0};
    struct error err = {0};

    (void)state;
    assert_true(amount_from_number(KIND_POWER, 500, &a, &err));
    assert_int_equal(a.whole, 500);
    assert_true(amount_from_number(KIND_SHARE, 0.8, &a, &err));
    assert_int_equal(a.whole, 8000);
    assert_true(amount_from_number(KIND_SHARE, 0.3333, &a, &err));
    assert_int_equal(a.whole, 3333);
    assert_true(amount_from_number(KIND_INTENSITY, 250, &a, &err));
    assert_true(a.number == 250);
    assert_false(amount_from_number(KIND_POWER, 0.5, &a, &err));
    assert_false(amount_from_number(KIND_POWER, 1e300, &a, &err));
    assert_false(amount_from_number(KIND_POWER, (double)NAN, &a, &err));
    assert_false(amount_from_number(KIND_SHARE, 0.33333, &a, &err));
    assert_false(amount_from_number(KIND_INTENSITY, (double)INFINITY, &a, &err));
    assert_false(amount_from_number(KIND_CURRENT, 400, &a, &err));
    assert_int_equal(err.what, ERR_UNIT);
}

static void a_shown_value_reads_back_the_same(void **state)
{
    static const enum setting_kind kinds[] = {KIND_POWER, KIND_SHARE, KIND_DURATION,
                                              KIND_POWER_RATE, KIND_SHARE_RATE};
    uint64_t random = 1;

    (void)state;
    for (int round = 0; round < 5000; round++) {
        int64_t value = 0;

        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        value = (int64_t)(random >> 33);
        for (size_t k = 0; k < COUNT(kinds); k++) {
            int64_t whole = round % 3 == 0 ? value / 1000 * 1000 : value;
            union amount a = {0};
            char text[64];

            amount_show(kinds[k], (double)whole, text, sizeof text);
            if (!amount_parse(kinds[k], text, &a, NULL) || a.whole != whole)
                fail_msg("%lld was shown as \"%s\", read as %lld", (long long)whole, text,
                         (long long)a.whole);
        }
    }
}

static void values_are_shown_as_people_write_them(void **state)
{
    char text[64];

    (void)state;
    assert_string_equal(amount_show(KIND_POWER, 750000, text, sizeof text), "750 kW");
    assert_string_equal(amount_show(KIND_POWER, 0, text, sizeof text), "0 W");
    assert_string_equal(amount_show(KIND_DURATION, 0, text, sizeof text), "0 s");
    assert_string_equal(amount_show(KIND_DURATION, 90e9, text, sizeof text), "90 s");
    assert_string_equal(amount_show(KIND_SHARE, 8000, text, sizeof text), "80 %");
    assert_string_equal(amount_show(KIND_TIME_OF_DAY, 450, text, sizeof text), "07:30");
    assert_string_equal(amount_show(KIND_WEEKDAYS, 96, text, sizeof text), "sat,sun");
    assert_string_equal(amount_show(KIND_INTENSITY, 2000, text, sizeof text), "2000 g/kWh");
}

static void a_measure_fits_its_unit_or_is_refused(void **state)
{
    union amount a = {0};
    double value = 0;

    (void)state;
    assert_true(amount_parse(KIND_MEASURE, "2.5 MW", &a, NULL));
    assert_true(measure_value(&a.measure, "W", &value));
    assert_true(value == 2.5e6);
    assert_false(measure_value(&a.measure, "VA", &value));
    assert_true(amount_parse(KIND_MEASURE, "-40 C", &a, NULL));
    assert_true(measure_value(&a.measure, "C", &value));
    assert_true(value == -40);
    assert_true(amount_from_number(KIND_MEASURE, 0.9, &a, NULL));
    assert_true(measure_value(&a.measure, "", &value));
    assert_true(value == 0.9);
    assert_true(amount_parse(KIND_MEASURE, "5 k", &a, NULL));
    assert_false(measure_value(&a.measure, "", &value));
    assert_false(amount_parse(KIND_MEASURE, "5 a-unit-that-is-too-long", &a, NULL));
}

static void a_unit_is_suggested_only_when_there_is_one_way_to_read_it(void **state)
{
    char text[64] = "";

    (void)state;
    assert_true(amount_suggest(KIND_POWER, "5 KW", text, sizeof text));
    assert_string_equal(text, "5 kW");
    assert_true(amount_suggest(KIND_DURATION, "5 minutes", text, sizeof text));
    assert_string_equal(text, "5 min");
    assert_true(amount_suggest(KIND_INTENSITY, "300 g", text, sizeof text));
    assert_string_equal(text, "300 g/kWh");
    assert_false(amount_suggest(KIND_POWER, "4 A", text, sizeof text));
    assert_false(amount_suggest(KIND_POWER_RATE, "20 kW", text, sizeof text));
    assert_false(amount_suggest(KIND_SHARE, "60", text, sizeof text));
}

static void the_locale_plays_no_part(void **state)
{
    union amount a = {0};

    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        skip();
    assert_true(amount_parse(KIND_POWER, "1.5 kW", &a, NULL));
    assert_int_equal(a.whole, 1500);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_write_is_read_exactly),
        cmocka_unit_test(what_is_not_a_quantity_is_refused_with_an_example),
        cmocka_unit_test(ratings_tell_watts_amperes_and_volt_amperes_apart),
        cmocka_unit_test(doubles_are_the_nearest_ones),
        cmocka_unit_test(plain_numbers_mean_the_base_unit_where_one_is_obvious),
        cmocka_unit_test(a_shown_value_reads_back_the_same),
        cmocka_unit_test(values_are_shown_as_people_write_them),
        cmocka_unit_test(a_measure_fits_its_unit_or_is_refused),
        cmocka_unit_test(a_unit_is_suggested_only_when_there_is_one_way_to_read_it),
        cmocka_unit_test(the_locale_plays_no_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
