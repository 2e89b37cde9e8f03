/* controller/trip_watch.h - how near each breaker is to tripping: its thermal share, kept from reading to reading.
 *
 * A row is watched when its branch has a rating and the row is the one in which that rating is judged (a phase for
 * amperes, else the total). The load of a step is the greater of its two ends; a row whose meter is silent is taken
 * at what is estimated. Nothing is known of a breaker's past at start-up: it counts as half used, which at most halves a
 * margin that is stated too short, and fades with the breaker's own reset time.
 *
 * With a curve (model/trip.h) a short excess is judged as the equipment judges it. Without one an excess is never
 * excused: the margin is 0 as soon as a meter shows more than the full rating. Pure. */
#ifndef CONTROLLER_TRIP_WATCH_H
#define CONTROLLER_TRIP_WATCH_H

#include "model/decision.h"

struct trip_watch {
    const struct site *site;
    const struct row_table *rows;
    double *used;     /* [rows] share of the breaker's time that was used up, 0 .. 1 */
    double *load_bp;  /* [rows] of the full rating, at the last tick */
    double *margin_s; /* [rows] until it may trip if the load stays; infinite when it may stay */
    bool *curved;     /* [rows] a curve is known, and judged in this row */
    bool started;
    int64_t last_ns;
};

void trip_watch_create(struct trip_watch *watch, const struct site *site,
                       const struct row_table *rows, struct arena *arena);

/* After the limits of the tick: the built-in equipment limits say what each rating is worth in watts now. */
void trip_watch_run(struct trip_watch *watch, const struct estimate *estimate,
                    const struct limit_list *limits, int64_t now_ns);

/* True when the equipment bears what the row carries now for at least so long, by a curve that is known. */
bool trip_watch_bears(const struct trip_watch *watch, uint32_t row, double seconds);

#endif
