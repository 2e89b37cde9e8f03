#include "service/ticker.h"

#include "platform/clock.h"

static uint64_t up_to_ms(int64_t ns)
{
    return ns <= 0 ? 0 : (uint64_t)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

void ticker_ticked(struct ticker *ticker)
{
    ticker->last_ns = clock_monotonic_ns();
    uv_timer_stop(&ticker->urgent); /* what was urgent is dealt with */
}

static void on_period(uv_timer_t *timer)
{
    struct ticker *ticker = timer->data;

    ticker->periodic_ticks++;
    ticker_ticked(ticker);
    ticker->tick(ticker->context);
}

static void on_urgent(uv_timer_t *timer)
{
    struct ticker *ticker = timer->data;

    ticker->urgent_ticks++;
    ticker_ticked(ticker);
    ticker->tick(ticker->context);
}

void ticker_init(struct ticker *ticker, uv_loop_t *loop, void (*tick)(void *context), void *context)
{
    *ticker = (struct ticker){.tick = tick, .context = context};
    uv_timer_init(loop, &ticker->periodic);
    uv_timer_init(loop, &ticker->urgent);
    ticker->periodic.data = ticker;
    ticker->urgent.data = ticker;
}

void ticker_start(struct ticker *ticker, int64_t period_ns, int64_t urgent_gap_ns)
{
    uint64_t period_ms = up_to_ms(period_ns) > 0 ? up_to_ms(period_ns) : 1;

    ticker->urgent_gap_ns = urgent_gap_ns;
    uv_timer_start(&ticker->periodic, on_period, period_ms, period_ms);
}

void ticker_urge(struct ticker *ticker)
{
    int64_t wait_ns = ticker->last_ns + ticker->urgent_gap_ns - clock_monotonic_ns();

    if (uv_is_closing((uv_handle_t *)&ticker->urgent) ||
        uv_is_active((uv_handle_t *)&ticker->urgent))
        return;
    uv_update_time(
        ticker->urgent.loop); /* timers count from the loop's time, which may be a turn old */
    uv_timer_start(&ticker->urgent, on_urgent, up_to_ms(wait_ns), 0);
}

void ticker_close(struct ticker *ticker)
{
    uv_close((uv_handle_t *)&ticker->periodic, NULL);
    uv_close((uv_handle_t *)&ticker->urgent, NULL);
}
