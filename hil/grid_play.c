#include "hil/grid_play.h"

#include "config/schema.h"
#include "hil/face_mqtt.h"

#include <stdlib.h>
#include <string.h>

enum { FORECASTS_MAX = 16, SILENCES_MAX = 16, STEP_LEAST_S = 60 };

/* ---- the file -------------------------------------------------------------------------------- */

struct told_event {
    const char *id;
    int64_t told_ns, start_ns, end_ns, cancelled_ns, forgotten_ns;
    int64_t limit_w, reduction_w;
    bool limit_given, reduction_given, cancelled_given, forgotten_given;
};

struct value {
    double value;
};

struct told_forecast {
    int64_t told_ns, start_ns, step_ns;
    struct group_list values;
};

struct silence {
    int64_t from_ns, until_ns;
};

struct entries {
    struct group_list events, forecasts, silences;
};

struct grid_play {
    struct arena arena;
    struct entries is;
};

#define MOMENT .kind = KIND_DURATION, .min = 0, .max = 86400e9
/* clang-format off */
#define AT(field) offsetof(struct told_event, field)
static const struct setting event_settings[] = {
    {.name = "id", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = EVENT_ID_BYTES - 1, .at = AT(id),
     .help = "what the event is called"},
    {.name = "told", MOMENT, .need = NEED_DEFAULT, .fallback = "0 s", .at = AT(told_ns), .help = "from when on it is told"},
    {.name = "start", MOMENT, .need = NEED_REQUIRED, .at = AT(start_ns), .help = "when it begins"},
    {.name = "end", MOMENT, .need = NEED_REQUIRED, .at = AT(end_ns), .help = "when it ends"},
    {.name = "limit", .kind = KIND_POWER, .need = NEED_OPTIONAL, .min = 0, .max = LIMIT_MAX_W, .at = AT(limit_w), .given_at = AT(limit_given),
     .help = "draw no more than this"},
    {.name = "reduction", .kind = KIND_POWER, .need = NEED_OPTIONAL, .min = 0, .max = LIMIT_MAX_W, .at = AT(reduction_w), .given_at = AT(reduction_given),
     .help = "draw this much less than the baseline"},
    {.name = "cancelled", MOMENT, .need = NEED_OPTIONAL, .at = AT(cancelled_ns), .given_at = AT(cancelled_given),
     .help = "from when on it is told as cancelled"},
    {.name = "forgotten", MOMENT, .need = NEED_OPTIONAL, .at = AT(forgotten_ns), .given_at = AT(forgotten_given),
     .help = "from when on it is told no longer"},
    {0},
};
#undef AT
static const struct setting value_settings[] = {
    {.name = "value", .kind = KIND_NUMBER, .need = NEED_REQUIRED, .min = 0, .max = 5000, .at = offsetof(struct value, value),
     .help = "g/kWh"},
    {0},
};
#define AT(field) offsetof(struct told_forecast, field)
static const struct setting forecast_settings[] = {
    {.name = "told", MOMENT, .need = NEED_DEFAULT, .fallback = "0 s", .at = AT(told_ns), .help = "when it is issued"},
    {.name = "start", MOMENT, .need = NEED_DEFAULT, .fallback = "0 s", .at = AT(start_ns), .help = "when its first value begins"},
    {.name = "step", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = STEP_LEAST_S * 1e9, .max = 86400e9, .fallback = "1 min", .at = AT(step_ns),
     .help = "how long each value is for"},
    {.name = "values", .kind = KIND_TABLE, .need = NEED_REQUIRED, .min = 1, .max = FORECAST_STEPS_MAX, .at = AT(values),
     .group = value_settings, .group_size = sizeof(struct value), .help = "carbon intensity, step by step"},
    {0},
};
#undef AT
#define AT(field) offsetof(struct silence, field)
static const struct setting silence_settings[] = {
    {.name = "from", MOMENT, .need = NEED_REQUIRED, .at = AT(from_ns), .help = "from when on nothing is told"},
    {.name = "until", MOMENT, .need = NEED_REQUIRED, .at = AT(until_ns), .help = "and until when"},
    {0},
};
#undef AT
#define AT(field) offsetof(struct entries, field)
static const struct setting entries_settings[] = {
    {.name = "events", .kind = KIND_GROUPS, .need = NEED_DEFAULT, .min = 0, .max = EVENTS_MAX, .fallback = "", .at = AT(events),
     .group = event_settings, .group_size = sizeof(struct told_event), .help = "what is asked for"},
    {.name = "forecasts", .kind = KIND_GROUPS, .need = NEED_DEFAULT, .min = 0, .max = FORECASTS_MAX, .fallback = "", .at = AT(forecasts),
     .group = forecast_settings, .group_size = sizeof(struct told_forecast), .help = "what is expected"},
    {.name = "silences", .kind = KIND_GROUPS, .need = NEED_DEFAULT, .min = 0, .max = SILENCES_MAX, .fallback = "", .at = AT(silences),
     .group = silence_settings, .group_size = sizeof(struct silence), .help = "when nothing at all is said"},
    {0},
};
#undef AT
/* clang-format on */

/* What the rows can't say, of event i. */
static void check_event(const struct reader *reader, const config_setting_t *at,
                        const struct told_event event[], uint32_t i)
{
    if (event[i].limit_given == event[i].reduction_given)
        mistake(reader, at,
                &(struct mistake){.kind = ERR_CONFLICT,
                                  .member = event[i].limit_given ? "reduction" : "limit",
                                  .read = event[i].limit_given ? "both" : "neither",
                                  .expected = "limit or reduction"});
    if (event[i].end_ns <= event[i].start_ns)
        mistake(reader, at,
                &(struct mistake){
                    .kind = ERR_RANGE, .member = "end", .expected = "a time after `start`"});
    for (uint32_t j = 0; j < i; j++)
        if (strcmp(event[i].id, event[j].id) == 0)
            mistake(reader, at,
                    &(struct mistake){.kind = ERR_DUPLICATE,
                                      .member = "id",
                                      .expected = "one event for each id"});
}

static bool read_entries(struct reader *reader, struct grid_play *play)
{
    const struct schema schema = {reader, &play->arena, NULL};
    const struct schema_part part = {entries_settings, &play->is};
    const config_setting_t *root = config_root_setting(&reader->config);
    const config_setting_t *events = config_setting_get_member(root, "events");

    if (schema_fill(&schema, root, &part, 1))
        for (uint32_t i = 0; i < play->is.events.count; i++)
            check_event(reader, config_setting_get_elem(events, i), play->is.events.item, i);
    return reader_clean(reader);
}

/* Gives up the reader. */
static bool finish(bool opened, struct reader *reader, struct grid_play **out)
{
    struct grid_play *play = calloc(1, sizeof *play);

    if (play == NULL)
        abort();
    if (!opened || !read_entries(reader, play)) {
        grid_play_free(play);
        play = NULL;
    }
    reader_close(reader);
    *out = play;
    return play != NULL;
}

bool grid_play_load(const char *path, struct grid_play **out, struct diagnostics *found)
{
    struct reader reader;
    bool opened = reader_open(&reader, path, found);

    return finish(opened, &reader, out);
}

bool grid_play_load_text(const char *name, const char *text, size_t size, struct grid_play **out,
                         struct diagnostics *found)
{
    struct reader reader;
    bool opened = reader_open_text(&reader, name, text, size, found);

    return finish(opened, &reader, out);
}

void grid_play_free(struct grid_play *play)
{
    if (play == NULL)
        return;
    arena_free(&play->arena);
    free(play);
}

/* ---- what is told ---------------------------------------------------------------------------- */

static int64_t utc_s(int64_t begun_utc_s, int64_t at_ns) { return begun_utc_s + at_ns / NS_PER_S; }

void grid_play_events(const struct grid_play *play, int64_t begun_utc_s, int64_t at_ns,
                      struct event_list *out)
{
    const struct told_event *event = play->is.events.item;

    *out = (struct event_list){.heard = true};
    for (uint32_t i = 0; i < play->is.events.count; i++) {
        const struct told_event *e = &event[i];
        struct grid_event *told = &out->event[out->count];

        if (at_ns < e->told_ns || (e->forgotten_given && at_ns >= e->forgotten_ns))
            continue;
        *told = (struct grid_event){.notified_utc_s = utc_s(begun_utc_s, e->told_ns),
                                    .start_utc_s = utc_s(begun_utc_s, e->start_ns),
                                    .end_utc_s = utc_s(begun_utc_s, e->end_ns),
                                    .target = e->limit_given ? EVENT_LIMIT : EVENT_REDUCTION,
                                    .target_w = e->limit_given ? e->limit_w : e->reduction_w,
                                    .cancelled = e->cancelled_given && at_ns >= e->cancelled_ns};
        memcpy(told->id, e->id, strnlen(e->id, sizeof told->id - 1));
        out->count++;
    }
}

/* The one told last. */
static const struct told_forecast *forecast_of(const struct grid_play *play, int64_t at_ns)
{
    const struct told_forecast *forecast = play->is.forecasts.item;
    const struct told_forecast *newest = NULL;

    for (uint32_t i = 0; i < play->is.forecasts.count; i++)
        if (at_ns >= forecast[i].told_ns &&
            (newest == NULL || forecast[i].told_ns >= newest->told_ns))
            newest = &forecast[i];
    return newest;
}

bool grid_play_forecast(const struct grid_play *play, int64_t begun_utc_s, int64_t at_ns,
                        struct forecast *out)
{
    const struct told_forecast *f = forecast_of(play, at_ns);
    const struct value *value = f == NULL ? NULL : f->values.item;

    *out = (struct forecast){0};
    if (f == NULL)
        return false;
    out->known = true;
    out->issued_utc_s = utc_s(begun_utc_s, f->told_ns);
    out->start_utc_s = utc_s(begun_utc_s, f->start_ns);
    out->step_s = f->step_ns / NS_PER_S;
    for (uint32_t i = 0; i < f->values.count && i < FORECAST_STEPS_MAX; i++)
        out->value[out->count++] = value[i].value;
    return true;
}

bool grid_play_silent(const struct grid_play *play, int64_t at_ns)
{
    const struct silence *silence = play->is.silences.item;

    for (uint32_t i = 0; i < play->is.silences.count; i++)
        if (at_ns >= silence[i].from_ns && at_ns < silence[i].until_ns)
            return true;
    return false;
}

/* ---- in a run -------------------------------------------------------------------------------- */

static bool same_events(const struct event_list *a, const struct event_list *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->event[i].id, b->event[i].id) != 0 ||
            a->event[i].cancelled != b->event[i].cancelled)
            return false;
    return true;
}

void grid_play_step(const struct grid_play *play, struct face_mqtt *face, int64_t begun_utc_s,
                    int64_t before_ns, int64_t at_ns)
{
    struct event_list was, is;
    struct forecast forecast;
    bool begins = before_ns < 0;

    if (begins || grid_play_silent(play, before_ns) != grid_play_silent(play, at_ns))
        face_mqtt_silence(face, grid_play_silent(play, at_ns));
    grid_play_events(play, begun_utc_s, before_ns, &was);
    grid_play_events(play, begun_utc_s, at_ns, &is);
    if (begins || !same_events(&was, &is))
        face_mqtt_set_events(face, &is);
    if (forecast_of(play, at_ns) != (begins ? NULL : forecast_of(play, before_ns)) &&
        grid_play_forecast(play, begun_utc_s, at_ns, &forecast))
        face_mqtt_set_forecast(face, &forecast);
}
