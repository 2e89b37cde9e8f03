#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/names.h"
#include "config/range.h"

/* The names between blanks, as many as are expected. */
static void expect_names(const char *pattern, const char *expected)
{
    struct arena arena = {0};
    struct range range = {0};
    struct error err = {0};
    char names[2000] = "";
    size_t used = 0;

    if (!range_expand(pattern, &arena, &range, &err))
        fail_msg("%s was refused: %s", pattern, err.got);
    for (uint32_t i = 0; i < range.count; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? " " : "",
                                 range.name[i]);
    assert_string_equal(names, expected);
    arena_free(&arena);
}

static void a_range_stands_for_its_names_in_order(void **state)
{
    (void)state;
    expect_names("site", "site");
    expect_names("rack[1-3]", "rack1 rack2 rack3");
    expect_names("rack[08-11]", "rack08 rack09 rack10 rack11");
    expect_names("rack[8-11]", "rack8 rack9 rack10 rack11");
    expect_names("rack[0-1]", "rack0 rack1");
    expect_names("[1,3,5-7]", "1 3 5 6 7");
    expect_names("pdu_[a1,a2]", "pdu_a1 pdu_a2");
    expect_names("r[1-2]-n[1-3]", "r1-n1 r1-n2 r1-n3 r2-n1 r2-n2 r2-n3");
    expect_names("feeder_[a,b]_meter", "feeder_a_meter feeder_b_meter");
}

static void what_is_not_a_range_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "rack[1-3",
        "rack1-3]",
        "rack[]",
        "rack[1,]",
        "rack[,1]",
        "rack[3-1]",
        "ra ck",
        "rack/1",
        "rack[1-]",
        "rack[-1]",
        "rack[a-]",
        "rack[[1-2]]",
        "rack[1-2-3]",
        "r\303\244ck",
        "rack+",
        "rack#",
        "[1-1000001]",
        "[1-9999999999]",
        "[1-1000][1-1001]",
        "[1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1]",
        "a23456789012345678901234567890123456789012345678901234567890123[1-9]"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error err = {0};
        uint32_t count = 0;

        if (range_count(bad[i], &count, &err))
            fail_msg("\"%s\" was accepted", bad[i]);
        assert_true(err.expected[0] != '\0');
    }
}

static void a_million_names_are_counted_and_no_more(void **state)
{
    struct error err = {0};
    uint32_t count = 0;

    (void)state;
    assert_true(range_count("n[0001-1000]-[1-1000]", &count, &err));
    assert_int_equal(count, 1000000);
}

static void names_are_found_after_many_were_added(void **state)
{
    struct arena arena = {0};
    struct name_index index = {.arena = &arena};
    struct range range = {0};
    uint32_t former = 0;

    (void)state;
    assert_true(range_expand("node[1-20000]", &arena, &range, NULL));
    for (uint32_t i = 0; i < range.count; i++)
        assert_true(name_add(&index, range.name[i], i, NULL));
    for (uint32_t i = 0; i < range.count; i++)
        assert_int_equal(name_find(&index, range.name[i]), i);
    assert_false(name_add(&index, "node7", 99, &former));
    assert_int_equal(former, 6);
    assert_int_equal(name_find(&index, "node0"), NONE_INDEX);
    arena_free(&arena);
}

static void the_nearest_name_is_the_one_that_was_meant(void **state)
{
    static const char *const names[] = {"name", "parent", "rating", "derating", "meter"};

    (void)state;
    assert_string_equal(name_nearest(names, COUNT(names), "nmae"), "name");
    assert_string_equal(name_nearest(names, COUNT(names), "Rating"), "rating");
    assert_string_equal(name_nearest(names, COUNT(names), "metre"), "meter");
    assert_null(name_nearest(names, COUNT(names), "colour"));
    assert_int_equal(edit_distance("rating", "ratign", 3), 1);
    assert_int_equal(edit_distance("abc", "xyz", 2), 3);
    assert_int_equal(edit_distance("", "ab", 3), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_stands_for_its_names_in_order),
        cmocka_unit_test(what_is_not_a_range_is_refused),
        cmocka_unit_test(a_million_names_are_counted_and_no_more),
        cmocka_unit_test(names_are_found_after_many_were_added),
        cmocka_unit_test(the_nearest_name_is_the_one_that_was_meant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
