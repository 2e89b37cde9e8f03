#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hil/demo.h"

static struct demo demo;

static bool chosen(const char *name)
{
    for (size_t i = 0; faults[i].name != NULL; i++) {
        if (strcmp(faults[i].name, name) == 0)
            return demo.fault[i].chosen;
    }
    fail_msg("no fault called %s", name);
    return false;
}

static void every_row_makes_sense(void **state)
{
    size_t rows = 0;

    (void)state;
    for (; faults[rows].name != NULL; rows++) {
        const struct fault *f = &faults[rows];

        assert_true(f->at >= 0 && f->lasts >= 0 && f->at + f->lasts < 1);
        assert_non_null(f->begin);
        assert_true(f->lasts == 0 || f->end != NULL);
        assert_true(f->alarm != NULL || f->subject == NULL);
        for (size_t k = 0; k < rows; k++)
            assert_string_not_equal(f->name, faults[k].name);
    }
    assert_true(rows <= FAULTS_MAX);
}

static void none_leaves_the_day_as_it_is(void **state)
{
    (void)state;
    demo = (struct demo){0};
    assert_true(faults_choose(&demo, "none"));
    assert_true(chosen("cloud") && chosen("limit-drop"));
    assert_false(chosen("agent-dies") || chosen("meter-freezes") || chosen("controller-dies"));
}

static void all_are_the_standard_ones(void **state)
{
    (void)state;
    demo = (struct demo){0};
    assert_true(faults_choose(&demo, "all"));
    assert_true(chosen("agent-dies") && chosen("meter-freezes") && chosen("cloud"));
    assert_false(chosen("controller-dies"));
}

static void one_by_its_name_and_no_other(void **state)
{
    (void)state;
    demo = (struct demo){0};
    assert_true(faults_choose(&demo, "controller-dies"));
    assert_true(chosen("controller-dies") && chosen("limit-drop"));
    assert_false(chosen("agent-dies") || chosen("meter-freezes"));
    assert_false(faults_choose(&demo, "nonsense"));
}

static void an_alarm_is_the_right_one_only_after_the_fault(void **state)
{
    size_t frozen = 0;

    (void)state;
    demo = (struct demo){0};
    while (strcmp(faults[frozen].name, "meter-freezes") != 0)
        frozen++;
    faults_alarm(&demo, "reading_bad", "feeder_b_meter.power", 1);
    assert_false(demo.fault[frozen].noticed);
    demo.fault[frozen].begun = true;
    faults_alarm(&demo, "reading_bad", "pdu_a1_meter.power", 2);
    faults_alarm(&demo, "node_lost", "feeder_b_meter.power", 3);
    assert_false(demo.fault[frozen].noticed);
    faults_alarm(&demo, "reading_bad", "feeder_b_meter.power", 4);
    faults_alarm(&demo, "reading_bad", "feeder_b_meter.power", 5);
    assert_true(demo.fault[frozen].noticed);
    assert_true(demo.fault[frozen].noticed_s == 4);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_makes_sense),
        cmocka_unit_test(none_leaves_the_day_as_it_is),
        cmocka_unit_test(all_are_the_standard_ones),
        cmocka_unit_test(one_by_its_name_and_no_other),
        cmocka_unit_test(an_alarm_is_the_right_one_only_after_the_fault),
    };

    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
