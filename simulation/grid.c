/* What the world outside tells the site: demand-response events and forecasts. */
#include "simulation/world.h"

#include <inttypes.h>

/* An event is announced a little before it begins; one in four is called off half-way; one in four is no longer told
 * of then, which calls nothing off. */
enum { NOTICE_S = 20, FATES = 4, TOLD_EVERY_S = 10, FORECAST_EVERY_S = 900, FORECAST_HOURS = 24 };

void grid_announces(struct world *w, const struct event *e)
{
    struct event_list *told = &w->grid;
    struct grid_event *event = NULL;
    int64_t utc_s = world_utc_s(w);

    if (told->count == EVENTS_MAX) { /* the oldest is long over */
        for (uint32_t i = 1; i < told->count; i++)
            told->event[i - 1] = told->event[i];
        told->count--;
    }
    event = &told->event[told->count++];
    *event = (struct grid_event){.notified_utc_s = utc_s,
                                 .start_utc_s = utc_s + NOTICE_S,
                                 .end_utc_s = utc_s + NOTICE_S + e->lasts_s,
                                 .target = EVENT_LIMIT,
                                 .target_w = (int64_t)e->value};
    /* Two at once are two: an id that is told again would replace the first. */
    snprintf(event->id, sizeof event->id, "event-%" PRId64 "-%u", e->at_s, w->next_event);
}

/* The fate of an event hangs on its id alone. */
static uint32_t fate(const struct grid_event *event)
{
    return coarse_name_number(event->id) % FATES;
}

static void tell_events(struct world *w)
{
    int64_t utc_s = world_utc_s(w);

    for (uint32_t s = 0; s < w->site->event_sources; s++) {
        struct event_list *told = &w->feed.events[s];

        *told = (struct event_list){.heard = true, .heard_ns = w->now_ns};
        for (uint32_t i = 0; i < w->grid.count; i++) {
            struct grid_event event = w->grid.event[i];
            bool half_over = utc_s > (event.start_utc_s + event.end_utc_s) / 2;

            event.cancelled = half_over && fate(&event) == 1;
            if (!half_over || fate(&event) != 2)
                told->event[told->count++] = event;
        }
    }
}

static void tell_forecasts(struct world *w)
{
    int64_t utc_s = world_utc_s(w);

    for (uint32_t f = 0; f < w->site->forecasts; f++) {
        struct forecast *forecast = &w->feed.forecast[f];

        *forecast = (struct forecast){.known = true,
                                      .issued_utc_s = utc_s,
                                      .start_utc_s = utc_s - utc_s % 3600,
                                      .step_s = 3600,
                                      .count = FORECAST_HOURS};
        for (uint32_t i = 0; i < forecast->count; i++)
            forecast->value[i] = 150 + 30 * (double)((utc_s / 3600 + i) % 7);
    }
}

void grid_step(struct world *w)
{
    if (w->controller == NULL)
        return;
    if (w->now_ns >= w->grid_next_ns) {
        w->grid_next_ns = w->now_ns + TOLD_EVERY_S * NS_PER_S;
        tell_events(w);
    }
    if (w->now_ns >= w->forecast_next_ns) {
        w->forecast_next_ns = w->now_ns + FORECAST_EVERY_S * NS_PER_S;
        tell_forecasts(w);
    }
}

/* Settled: announced to this controller with these policies and a clock that is right, and well begun. */
static bool must_be_known(const struct world *w, const struct grid_event *event)
{
    int64_t announced_ns = w->now_ns - (world_utc_s(w) - event->notified_utc_s) * NS_PER_S;

    return w->started_ns < announced_ns && w->reloaded_ns < announced_ns &&
           w->clock_until_ns < announced_ns && w->clock_step_s == 0 && fate(event) != 1;
}

bool grid_asks(const struct world *w, int64_t *target_w)
{
    int64_t utc_s = world_utc_s(w);
    bool asks = false;

    for (uint32_t i = 0; i < w->grid.count; i++) {
        const struct grid_event *event = &w->grid.event[i];

        if (utc_s <= event->start_utc_s + 2 * w->tick_ns / NS_PER_S ||
            utc_s >= event->end_utc_s - 1 || !must_be_known(w, event))
            continue;
        *target_w = asks ? min_w(*target_w, event->target_w) : event->target_w;
        asks = true;
    }
    return asks;
}
