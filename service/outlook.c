#include "service/outlook.h"

#include "service/json_words.h"

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
