#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hil/judge.h"

enum { LIMIT = 1000 };

static const int64_t step_ns = 50 * NS_PER_MS;

static struct arena arena;

static void judge_of_one(struct judge *judge)
{
    judge_init(judge, 4, &arena);
    judge_add(judge, "import");
}

/* Sees `load` from `from` until `to` seconds. */
static void hold(struct judge *judge, double from, double to, double load)
{
    for (int64_t t = (int64_t)(from * 1e9); t < (int64_t)(to * 1e9); t += step_ns)
        judge_see(judge, 0, t, load, LIMIT);
}

static void a_load_at_its_limit_is_no_excess(void **state)
{
    struct judge judge;

    (void)state;
    judge_of_one(&judge);
    hold(&judge, 0, 10, LIMIT);
    assert_int_equal(judge_total(&judge).violations, 0);
    assert_true(judge_total(&judge).worst_excess_w == 0);
    assert_true(judge_total(&judge).least_headroom_w == 0);
}

static void one_step_above_is_a_violation(void **state)
{
    struct judge judge;

    (void)state;
    judge_of_one(&judge);
    hold(&judge, 0, 5, 900);
    hold(&judge, 5, 5.05, 1001);
    hold(&judge, 5.05, 6, 900);
    assert_int_equal(judge_total(&judge).violations, 1);
    assert_true(judge_total(&judge).worst_excess_w == 1);
    assert_int_equal(judge_total(&judge).worst_excess_ns, step_ns);
}

static void a_stretch_counts_once_and_lasts_until_it_is_below(void **state)
{
    struct judge judge;

    (void)state;
    judge_of_one(&judge);
    hold(&judge, 0, 1, 900);
    hold(&judge, 1, 4, 1200);
    hold(&judge, 4, 5, 900);
    hold(&judge, 5, 6, 1100);
    hold(&judge, 6, 7, 900);
    assert_int_equal(judge_total(&judge).violations, 2);
    assert_true(judge_total(&judge).worst_excess_w == 200);
    assert_int_equal(judge_total(&judge).worst_excess_ns, 3 * NS_PER_S);
}

static void excess_right_after_a_step_is_forgiven_and_timed(void **state)
{
    struct judge judge;

    (void)state;
    judge_of_one(&judge);
    hold(&judge, 0, 10, 900);
    judge_step(&judge, 0, 10 * NS_PER_S);
    hold(&judge, 10, 11.5, 1300);
    hold(&judge, 11.5, 20, 990);
    assert_int_equal(judge_total(&judge).violations, 0);
    assert_int_equal(judge_total(&judge).comply_ns, 1500 * NS_PER_MS);
    assert_int_equal(judge_total(&judge).worst_excess_ns, 1500 * NS_PER_MS);
    assert_true(judge_total(&judge).worst_excess_w == 300);
}

static void a_slow_answer_to_a_step_is_a_violation(void **state)
{
    struct judge judge;

    (void)state;
    judge_of_one(&judge);
    judge_step(&judge, 0, 10 * NS_PER_S);
    hold(&judge, 10, 12.2, 1300);
    hold(&judge, 12.2, 20, 990);
    assert_int_equal(judge_total(&judge).violations, 1);
    assert_int_equal(judge_total(&judge).comply_ns, 2200 * NS_PER_MS);
}

static void excess_long_after_a_step_is_not_its_fault(void **state)
{
    struct judge judge;

    (void)state;
    judge_of_one(&judge);
    judge_step(&judge, 0, 0);
    hold(&judge, 0, 1, 1300);
    hold(&judge, 1, 30, 990);
    hold(&judge, 30, 31, 1010);
    hold(&judge, 31, 32, 990);
    assert_int_equal(judge_total(&judge).violations, 1);
    assert_int_equal(judge_total(&judge).comply_ns, NS_PER_S);
}

static void a_stretch_that_outlasts_the_run_is_counted(void **state)
{
    struct judge judge;

    (void)state;
    judge_of_one(&judge);
    hold(&judge, 0, 3, 1300);
    assert_int_equal(judge_total(&judge).violations, 1);
    assert_true(judge_total(&judge).worst_excess_ns >= 2900 * NS_PER_MS);
}

static void every_limit_is_judged_by_itself(void **state)
{
    struct judge judge;
    uint32_t other = 0;

    (void)state;
    judge_of_one(&judge);
    other = judge_add(&judge, "feeder");
    judge_step(&judge, 0, 0); /* the other one has no step to hide behind */
    judge_see(&judge, 0, 0, 1500, LIMIT);
    judge_see(&judge, other, 0, 70, 60);
    assert_int_equal(judge.verdict[0].violations, 0);
    assert_int_equal(judge.verdict[other].violations, 1);
    assert_int_equal(judge_total(&judge).violations, 1);
}

static int give_back(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load_at_its_limit_is_no_excess),
        cmocka_unit_test(one_step_above_is_a_violation),
        cmocka_unit_test(a_stretch_counts_once_and_lasts_until_it_is_below),
        cmocka_unit_test(excess_right_after_a_step_is_forgiven_and_timed),
        cmocka_unit_test(a_slow_answer_to_a_step_is_a_violation),
        cmocka_unit_test(excess_long_after_a_step_is_not_its_fault),
        cmocka_unit_test(a_stretch_that_outlasts_the_run_is_counted),
        cmocka_unit_test(every_limit_is_judged_by_itself),
    };

    return cmocka_run_group_tests_name("judge", tests, NULL, give_back);
}
