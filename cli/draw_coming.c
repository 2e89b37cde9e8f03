#include "cli/draw_coming.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { LABEL = 9 };

const char *span_text(double seconds, char out[SPAN_TEXT])
{
    int s = (int)lround(fmin(fmax(seconds, 0), 1e8)); /* three years are far enough */

    if (s < 60)
        snprintf(out, SPAN_TEXT, "%d s", s);
    else if (s < 3600)
        snprintf(out, SPAN_TEXT, "%d:%02d min", s / 60, s % 60);
    else if (s < 48 * 3600)
        snprintf(out, SPAN_TEXT, "%d:%02d h", s / 3600, s / 60 % 60);
    else
        snprintf(out, SPAN_TEXT, "%d d", s / 86400);
    return out;
}

/* ---- a breaker that may trip ----------------------------------------------------------------- */

static size_t trips(const struct picture *p)
{
    size_t count = 0;

    for (size_t b = 0; b < p->branches; b++)
        count += p->branch[b].may_trip;
    return count;
}

/* The one with the least margin of those that come after `last` in that order; NULL: none is left. */
static const struct picture_branch *next_trip(const struct picture *p,
                                              const struct picture_branch *last)
{
    const struct picture_branch *next = NULL;

    for (const struct picture_branch *b = p->branch; b < p->branch + p->branches; b++) {
        bool after = last == NULL || b->trip_margin_s > last->trip_margin_s ||
                     (b->trip_margin_s == last->trip_margin_s && b > last);

        if (b->may_trip && after && (next == NULL || b->trip_margin_s < next->trip_margin_s))
            next = b;
    }
    return next;
}

static void draw_trip(struct frame *f, int y, const struct picture_branch *b)
{
    char span[SPAN_TEXT];
    int x = 1 + LABEL;

    frame_text(f, 1, y, LABEL, STYLE_BAD, "TRIP");
    x = frame_print(f, x, y, f->width - 1 - x, STYLE_BOLD, "%s", b->name);
    if (b->trip_margin_s > 0)
        frame_print(f, x, y, f->width - 1 - x, STYLE_BAD, " may trip in %s if the load stays",
                    span_text(b->trip_margin_s, span));
    else
        frame_text(f, x, y, f->width - 1 - x, STYLE_BAD, " may trip now: above its rating");
}

/* As many as fit, the least margin first. Returns how many were drawn. */
static size_t draw_trips(struct frame *f, int y, const struct picture *p, size_t room)
{
    size_t count = 0;

    for (const struct picture_branch *b = next_trip(p, NULL); b != NULL && count < room;
         b = next_trip(p, b))
        draw_trip(f, y + (int)count++, b);
    return count;
}

/* ---- a grid event ---------------------------------------------------------------------------- */

static enum style phase_style(const struct picture_event *e)
{
    if (strcmp(e->phase, "notified") == 0 || strcmp(e->phase, "recovery") == 0)
        return STYLE_INFO;
    return STYLE_WARN;
}

static void draw_event(struct frame *f, int y, const struct picture_event *e)
{
    bool recovers = strcmp(e->phase, "recovery") == 0, active = strcmp(e->phase, "active") == 0;
    char power[POWER_TEXT], span[SPAN_TEXT];
    int x = 1 + LABEL;

    frame_text(f, 1, y, LABEL, phase_style(e), "EVENT");
    x = frame_print(f, x, y, f->width - 1 - x, STYLE_BOLD, "%s ",
                    e->id[0] != '\0' ? e->id : "(not told again)");
    x = frame_print(f, x, y, f->width - 1 - x, phase_style(e), "%s%s", e->phase,
                    e->cancelled ? ", cancelled" : "");
    if (!recovers)
        x = frame_print(f, x, y, f->width - 1 - x, STYLE_PLAIN, ": %s",
                        power_text(e->target_w, power));
    if (e->timed)
        x = frame_print(f, x, y, f->width - 1 - x, STYLE_PLAIN, "%s %s",
                        recovers ? ": over in"
                        : active ? " for"
                                 : " in",
                        span_text(e->left_s, span));
    if (e->limited)
        frame_print(f, x, y, f->width - 1 - x, STYLE_DIM, ", import up to %s now",
                    power_text(e->limit_w, power));
}

/* ---- a forecast ------------------------------------------------------------------------------ */

static void draw_forecast(struct frame *f, int y, const struct picture_forecast *c)
{
    char span[SPAN_TEXT];
    int x = 1 + LABEL;

    frame_text(f, 1, y, LABEL, STYLE_DIM, "FORECAST");
    x = frame_print(f, x, y, f->width - 1 - x, STYLE_BOLD, "%s", c->name);
    if (!c->known) {
        frame_text(f, x, y, f->width - 1 - x, STYLE_WARN, " none came yet");
        return;
    }
    if (c->valued)
        x = frame_print(f, x, y, f->width - 1 - x, STYLE_PLAIN, " %.4g", c->value);
    else
        x = frame_text(f, x, y, f->width - 1 - x, STYLE_WARN, " nothing for now");
    if (c->next_valued)
        x = frame_print(f, x, y, f->width - 1 - x, STYLE_PLAIN, ", %.4g in %s", c->next_value,
                        span_text(c->next_in_s, span));
    x = frame_print(f, x, y, f->width - 1 - x, STYLE_PLAIN, " %s %s", c->unit, c->basis);
    x = frame_print(f, x, y, f->width - 1 - x, c->reaches_s > 0 ? STYLE_PLAIN : STYLE_WARN,
                    ", for %s", span_text(c->reaches_s, span));
    frame_print(f, x, y, f->width - 1 - x, STYLE_DIM, ", %s old", span_text(c->age_s, span));
}

/* ---- all of it ------------------------------------------------------------------------------- */

size_t coming_count(const struct picture *p) { return trips(p) + p->events + p->forecasts; }

void draw_coming(struct frame *f, int y, const struct picture *p, size_t lines)
{
    size_t total = coming_count(p), room = total > lines && lines > 0 ? lines - 1 : lines;
    size_t done = draw_trips(f, y, p, room);

    for (size_t e = 0; e < p->events && done < room; e++)
        draw_event(f, y + (int)done++, &p->event[e]);
    for (size_t c = 0; c < p->forecasts && done < room; c++)
        draw_forecast(f, y + (int)done++, &p->forecast[c]);
    if (done < total && lines > 0)
        frame_print(f, 1, y + (int)done, f->width - 2, STYLE_DIM, "and %zu more that is coming",
                    total - done);
}
