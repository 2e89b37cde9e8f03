#include "service/ticker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "platform/clock.h"
#include "tests/support/turn.h"

enum { TICKS_KEPT = 64 };

struct fixture {
    uv_loop_t loop;
    uv_timer_t beat; /* turns the loop, so that the condition is looked at */
    struct ticker ticker;
    int ticks, wanted;
    int64_t at_ns[TICKS_KEPT];
};

static void on_tick(void *context)
{
    struct fixture *f = context;

    if (f->ticks < TICKS_KEPT)
        f->at_ns[f->ticks] = clock_monotonic_ns();
    f->ticks++;
}

static bool enough(void *context)
{
    const struct fixture *f = context;

    return f->ticks >= f->wanted;
}

static struct fixture fixture;

static void on_beat(uv_timer_t *timer) { (void)timer; }

static int set_up(void **state)
{
    fixture = (struct fixture){0};
    uv_loop_init(&fixture.loop);
    uv_timer_init(&fixture.loop, &fixture.beat);
    uv_timer_start(&fixture.beat, on_beat, 1, 1);
    ticker_init(&fixture.ticker, &fixture.loop, on_tick, &fixture);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ticker_close(&fixture.ticker);
    uv_close((uv_handle_t *)&fixture.beat, NULL);
    return turn_to_end(&fixture.loop, 5000) ? 0 : -1;
}

static void it_ticks_every_period(void **state)
{
    struct fixture *f = *state;

    f->wanted = 5;
    ticker_start(&f->ticker, 20 * NS_PER_MS, 100 * NS_PER_MS);
    assert_true(turn_until(&f->loop, 5000, enough, f));
    assert_int_equal(f->ticker.periodic_ticks, f->ticks);
    assert_int_equal(f->ticker.urgent_ticks, 0);
    assert_true(f->at_ns[4] - f->at_ns[0] >= 4 * 18 * NS_PER_MS);
}

static void what_is_urgent_does_not_wait_for_the_period(void **state)
{
    struct fixture *f = *state;
    int64_t asked_ns = clock_monotonic_ns();

    f->wanted = 1;
    ticker_start(&f->ticker, 60 * NS_PER_S, 50 * NS_PER_MS);
    ticker_urge(&f->ticker);
    assert_true(turn_until(&f->loop, 5000, enough, f));
    assert_true(f->at_ns[0] - asked_ns < 5 * NS_PER_S);
    assert_int_equal(f->ticker.urgent_ticks, 1);
}

/* Urged without end: every turn of the loop asks again. */
static bool urge_more(void *context)
{
    struct fixture *f = context;

    ticker_urge(&f->ticker);
    return enough(f);
}

static void urgent_ticks_keep_their_distance(void **state)
{
    struct fixture *f = *state;

    f->wanted = 4;
    ticker_start(&f->ticker, 60 * NS_PER_S, 50 * NS_PER_MS);
    assert_true(turn_until(&f->loop, 5000, urge_more, f));
    for (int i = 1; i < f->wanted; i++)
        assert_true(f->at_ns[i] - f->at_ns[i - 1] >= 49 * NS_PER_MS);
}

static void a_tick_by_other_hands_answers_what_was_urgent(void **state)
{
    struct fixture *f = *state;

    ticker_start(&f->ticker, 60 * NS_PER_S, 10 * NS_PER_MS);
    ticker_ticked(&f->ticker);
    ticker_urge(&f->ticker);
    ticker_ticked(&f->ticker);
    turn_for(&f->loop, 100);
    assert_int_equal(f->ticks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_LOOP(it_ticks_every_period),
        WITH_LOOP(what_is_urgent_does_not_wait_for_the_period),
        WITH_LOOP(urgent_ticks_keep_their_distance),
        WITH_LOOP(a_tick_by_other_hands_answers_what_was_urgent),
#undef WITH_LOOP
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
