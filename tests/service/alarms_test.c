#include "service/alarms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct heard {
    int raised, cleared;
    struct active_alarm last_raised, last_cleared;
};

static void hear(void *context, const struct alarm_change *change)
{
    struct heard *heard = context;

    *(change->raised ? &heard->raised : &heard->cleared) += 1;
    *(change->raised ? &heard->last_raised : &heard->last_cleared) = change->what;
}

/* One tick with these alarms. */
static struct heard tick(struct alarms *alarms, int64_t now_ns, const struct alarm *list,
                         uint32_t count)
{
    struct alarm copy[16];
    struct decision decision = {
        .now_ns = now_ns, .alarm = copy, .alarms = count, .alarm_room = COUNT(copy)};
    struct heard heard = {0};

    if (count > 0)
        memcpy(copy, list, count * sizeof *list);
    alarms_update(alarms, &decision, now_ns / NS_PER_MS, hear, &heard);
    return heard;
}

static void an_alarm_is_said_once_when_it_comes_and_once_when_it_goes(void **state)
{
    static const struct alarm stale = {ALARM_READING_STALE, 3, 4.0};
    struct alarms alarms = {0};
    struct heard heard;

    (void)state;
    heard = tick(&alarms, 1 * NS_PER_S, &stale, 1);
    assert_int_equal(heard.raised, 1);
    assert_int_equal(heard.last_raised.alarm.subject, 3);
    for (int64_t s = 2; s < 10; s++) {
        heard = tick(&alarms, s * NS_PER_S, &stale, 1);
        assert_int_equal(heard.raised + heard.cleared, 0);
    }
    assert_int_equal(alarms_active(&alarms, ALARM_READING_STALE), 1);
    heard = tick(&alarms, 10 * NS_PER_S, NULL, 0);
    assert_int_equal(heard.raised, 0);
    assert_int_equal(heard.cleared, 1);
    assert_int_equal(heard.last_cleared.since_ns, 1 * NS_PER_S);
    assert_int_equal(alarms.count, 0);
    assert_int_equal(alarms.raised[ALARM_READING_STALE], 1);
    alarms_free(&alarms);
}

static void the_number_follows_and_the_beginning_stays(void **state)
{
    struct alarm over = {ALARM_ROW_OVER_LIMIT, 0, 1000};
    struct alarms alarms = {0};

    (void)state;
    tick(&alarms, 1 * NS_PER_S, &over, 1);
    over.number = 2500;
    tick(&alarms, 2 * NS_PER_S, &over, 1);
    assert_int_equal(alarms.active[0].since_ns, 1 * NS_PER_S);
    assert_true(alarms.active[0].alarm.number == 2500);
    alarms_free(&alarms);
}

static void order_and_repetition_in_the_decision_do_not_matter(void **state)
{
    static const struct alarm first[] = {{ALARM_NODE_LOST, 7, 0},
                                         {ALARM_READING_BAD, 1, 0},
                                         {ALARM_NODE_LOST, 2, 0},
                                         {ALARM_NODE_LOST, 7, 0}};
    static const struct alarm second[] = {
        {ALARM_NODE_LOST, 2, 0}, {ALARM_NODE_LOST, 9, 0}, {ALARM_READING_BAD, 1, 0}};
    struct alarms alarms = {0};
    struct heard heard;

    (void)state;
    heard = tick(&alarms, 1, first, COUNT(first));
    assert_int_equal(heard.raised, 3);
    heard = tick(&alarms, 2, second, COUNT(second));
    assert_int_equal(heard.raised, 1);
    assert_int_equal(heard.last_raised.alarm.subject, 9);
    assert_int_equal(heard.cleared, 1);
    assert_int_equal(heard.last_cleared.alarm.subject, 7);
    assert_int_equal(alarms.count, 3);
    alarms_free(&alarms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_is_said_once_when_it_comes_and_once_when_it_goes),
        cmocka_unit_test(the_number_follows_and_the_beginning_stays),
        cmocka_unit_test(order_and_repetition_in_the_decision_do_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
