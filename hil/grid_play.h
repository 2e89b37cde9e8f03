/* hil/grid_play.h - what the grid says in a run, and when: forecasts and events from a file, told by the MQTT face.
 *
 *     events = ( { id = "dr-1"; told = "5 s"; start = "20 s"; end = "40 s"; limit = "60 kW"; cancelled = "30 s"; } );
 *     forecasts = ( { told = "0 s"; step = "1 min"; values = ( ( 320 ), ( 250 ) ); } );
 *     silences = ( { from = "50 s"; until = "60 s"; } );
 *
 * All times count from the beginning of the play. An event is in the list from `told` on, until it is `forgotten`: then it
 * is no longer told, which is not the same as `cancelled`. */
#ifndef HIL_GRID_PLAY_H
#define HIL_GRID_PLAY_H

#include "model/error.h"
#include "model/forecast.h"
#include "model/grid_event.h"

struct diagnostics;
struct face_mqtt;
struct grid_play;

/* On success *out is the caller's until grid_play_free; else nothing is, and every mistake is in *found. */
MUST_USE bool grid_play_load(const char *path, struct grid_play **out, struct diagnostics *found);
MUST_USE bool grid_play_load_text(const char *name, const char *text, size_t size,
                                  struct grid_play **out, struct diagnostics *found);
void grid_play_free(struct grid_play *play); /* NULL is fine */

/* What is told `at_ns` after a beginning at begun_utc_s: the events; the forecast, false when there is none yet; whether
 * nothing at all is said. */
void grid_play_events(const struct grid_play *play, int64_t begun_utc_s, int64_t at_ns,
                      struct event_list *out);
bool grid_play_forecast(const struct grid_play *play, int64_t begun_utc_s, int64_t at_ns,
                        struct forecast *out);
bool grid_play_silent(const struct grid_play *play, int64_t at_ns);

/* Has the face say what changed between two moments; the beginning is before_ns < 0. */
void grid_play_step(const struct grid_play *play, struct face_mqtt *face, int64_t begun_utc_s,
                    int64_t before_ns, int64_t at_ns);

#endif
