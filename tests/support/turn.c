#include "tests/support/turn.h"

static void on_limit(uv_timer_t *timer) { *(bool *)timer->data = true; }

static void start_limit(uv_loop_t *loop, uv_timer_t *timer, int64_t limit_ms, bool *over)
{
    *over = false;
    uv_update_time(loop);
    uv_timer_init(loop, timer);
    timer->data = over;
    uv_timer_start(timer, on_limit, (uint64_t)limit_ms, 0);
}

static void on_closed(uv_handle_t *handle) { *(bool *)handle->data = true; }

static void end_limit(uv_loop_t *loop, uv_timer_t *timer)
{
    bool closed = false;

    /* cppcheck-suppress autoVariables; the handle is closed before this returns */
    timer->data = &closed;
    uv_close((uv_handle_t *)timer, on_closed);
    while (!closed) /* the next turn does it */
        uv_run(loop, UV_RUN_NOWAIT);
}

bool turn_until(uv_loop_t *loop, int64_t limit_ms, bool (*so)(void *context), void *context)
{
    uv_timer_t timer;
    bool over;
    bool is_so;

    start_limit(loop, &timer, limit_ms, &over);
    while (!(is_so = so(context)) && !over)
        uv_run(loop, UV_RUN_ONCE);
    end_limit(loop, &timer);
    return is_so;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

void turn_for(uv_loop_t *loop, int64_t time_ms)
{
    if (turn_until(loop, time_ms, never, NULL))
        return;
}

bool turn_to_end(uv_loop_t *loop, int64_t limit_ms)
{
    uv_timer_t timer;
    bool over;

    start_limit(loop, &timer, limit_ms, &over);
    uv_unref((uv_handle_t *)&timer);
    while (uv_loop_alive(loop) &&
           !over) /* the timer does not count as alive, yet it wakes the loop */
        uv_run(loop, UV_RUN_ONCE);
    uv_ref((uv_handle_t *)&timer);
    end_limit(loop, &timer);
    return uv_loop_close(loop) == 0;
}
