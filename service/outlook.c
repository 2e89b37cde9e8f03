#include "service/outlook.h"

#include "service/json_words.h"

#include "platform/clock.h"

/* What it says of now and of the step after: null where it does not reach, or nobody knows the time. */
static void set_values(json_t *out, const struct forecast *f, bool clock_known, int64_t utc_s)
{
    bool timed = f->known && clock_known;
    int64_t end_s = f->start_utc_s + (int64_t)f->count * f->step_s;
    int64_t next_s = utc_s;
    double value = 0;

    if (timed)
        next_s = utc_s < f->start_utc_s
                     ? f->start_utc_s
                     : f->start_utc_s + ((utc_s - f->start_utc_s) / f->step_s + 1) * f->step_s;
    json_object_set_new(out, "age_s", json_number_or_null(timed, utc_s - f->issued_utc_s));
    json_object_set_new(out, "value",
                        timed && forecast_at(f, utc_s, &value) ? json_real(value) : json_null());
    json_object_set_new(out, "next_value",
                        timed && forecast_at(f, next_s, &value) ? json_real(value) : json_null());
    json_object_set_new(out, "next_in_s", json_number_or_null(timed, next_s - utc_s));
    json_object_set_new(out, "reaches_s", json_number_or_null(timed, max_w(end_s - utc_s, 0)));
}

json_t *outlook_forecasts(const struct service *s)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < s->site->forecasts; i++) {
        const struct forecast_source *source = &s->site->forecast[i];
        const struct forecast *f = &s->ingest.forecast[i];
        json_t *one = json_object();

        json_object_set_new(one, "name", json_string(source->name));
        json_object_set_new(one, "quantity", json_string(quantity_name(source->quantity)));
        json_object_set_new(one, "unit", json_string(quantity_unit(source->quantity)));
        json_object_set_new(one, "basis",
                            json_string(source->basis == BASIS_AVERAGE ? "average" : "marginal"));
        json_object_set_new(one, "issued",
                            f->known ? json_stamp(f->issued_utc_s * 1000) : json_null());
        json_object_set_new(one, "start",
                            f->known ? json_stamp(f->start_utc_s * 1000) : json_null());
        json_object_set_new(one, "step_s", json_number_or_null(f->known, f->step_s));
        json_object_set_new(one, "values", json_integer(f->count));
        set_values(one, f, s->local.known, clock_wall_ms() / 1000);
        json_array_append_new(out, one);
    }
    return out;
}

static json_t *event_json(const struct grid_event *e)
{
    json_t *out = json_object();

    json_object_set_new(out, "id", json_shown(e->id));
    json_object_set_new(out, "notified", json_stamp(e->notified_utc_s * 1000));
    json_object_set_new(out, "start", json_stamp(e->start_utc_s * 1000));
    json_object_set_new(out, "end", json_stamp(e->end_utc_s * 1000));
    json_object_set_new(out, e->target == EVENT_LIMIT ? "limit_w" : "reduction_w",
                        json_integer(e->target_w));
    json_object_set_new(out, "cancelled", json_boolean(e->cancelled));
    return out;
}

json_t *outlook_event_sources(const struct service *s, int64_t now_ns)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < s->site->event_sources; i++) {
        const struct event_list *list = &s->ingest.events[i];
        json_t *one = json_object();
        json_t *events = json_array();

        for (uint32_t e = 0; e < list->count; e++)
            json_array_append_new(events, event_json(&list->event[e]));
        json_object_set_new(one, "name", json_string(s->site->event_source[i].name));
        json_object_set_new(one, "fresh", json_boolean(service_event_source_fresh(s, i, now_ns)));
        json_object_set_new(one, "age_s",
                            list->heard ? json_seconds(now_ns - list->heard_ns) : json_null());
        json_object_set_new(one, "events", events);
        json_array_append_new(out, one);
    }
    return out;
}

/* An event that is held although nobody tells it any more is here too; one that no policy follows is not. */
json_t *outlook_held_events(const struct service *s)
{
    const struct policy_set *set = s->reload.policies;
    struct policy_event event[POLICY_EVENTS_MAX];
    json_t *out = json_array();

    for (uint32_t p = 0; p < set->count; p++) {
        const struct policy *policy = &set->policy[p];
        uint32_t count = 0;

        if (policy->kind->events != NULL)
            count = policy->kind->events(policy->settings,
                                         controller_policy_state(s->controller, p), event);
        for (uint32_t e = 0; e < count; e++) {
            json_t *one = json_object();
            bool limited = event[e].limit_w < (double)LIMIT_MAX_W;

            json_object_set_new(one, "policy", json_string(policy->name));
            json_object_set_new(one, "id", json_shown(event[e].id));
            json_object_set_new(one, "phase", json_string(event[e].phase));
            json_object_set_new(one, "cancelled", json_boolean(event[e].cancelled));
            json_object_set_new(one, "target_w", json_integer((json_int_t)event[e].target_w));
            json_object_set_new(one, "limit_w",
                                json_number_or_null(limited, (int64_t)event[e].limit_w));
            json_object_set_new(one, "left_s",
                                event[e].left_s >= 0 ? json_real(event[e].left_s) : json_null());
            json_array_append_new(out, one);
        }
    }
    return out;
}
