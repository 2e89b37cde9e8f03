/* hil/record.h - the run in figures, ten times a second: a table on disk and a picture of it. */
#ifndef HIL_RECORD_H
#define HIL_RECORD_H

#include "model/error.h"
#include "model/site.h"

struct sample_row {
    double t_s, hour;
    double load_w, import_w, limit_w, pv_w;
    double wanted_w; /* what would be drawn if nothing were capped */
    double caps_w;   /* sum of the caps in force */
    double carbon;
    uint32_t capped; /* nodes that draw less than they want */
    double feed_w[FEEDS_MAX], feed_limit_w[FEEDS_MAX];
};

struct record {
    uint32_t rows, room; /* rows beyond the room are dropped and counted */
    uint64_t dropped;
    struct sample_row *row;
    uint32_t feeds;
    const char *feed_name[FEEDS_MAX];
};

/* Marks on the time axis. */
struct record_mark {
    const char *name;
    double from_s, to_s;
};

void record_init(struct record *record, const struct site *site, double seconds,
                 struct arena *arena);
void record_add(struct record *record, const struct sample_row *row);

MUST_USE bool record_write_csv(const struct record *record, const char *path, struct error *err);

/* Draws folder/run.csv with gnuplot to folder/run.png (its path goes to out[size]). False with a reason when there
 * is no gnuplot or it fails: then the table is all there is. */
MUST_USE bool record_plot(const struct record *record, const char *folder,
                          const struct record_mark mark[], size_t marks, char *out, size_t size,
                          struct error *err);

#endif
