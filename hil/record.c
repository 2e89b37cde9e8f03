#include "hil/record.h"

#include "hil/processes.h"
#include "hil/run_folder.h"
#include "platform/file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS_PER_S = 10, SPARE_ROWS = 100, PLOT_LIMIT_MS = 20000 };

void record_init(struct record *record, const struct site *site, double seconds,
                 struct arena *arena)
{
    uint32_t room = (uint32_t)ceil(seconds * ROWS_PER_S) + SPARE_ROWS;

    *record = (struct record){
        .room = room,
        .row = arena_array(arena, room, struct sample_row),
        .feeds = site->tree.feeds,
    };
    for (uint32_t f = 0; f < record->feeds; f++)
        record->feed_name[f] = site->tree.feed_name[f];
}

void record_add(struct record *record, const struct sample_row *row)
{
    if (record->rows == record->room) {
        record->dropped++;
        return;
    }
    record->row[record->rows++] = *row;
}

/* ---------------------------------------------------------------- the table */

static void write_row(const struct record *record, const struct sample_row *row, FILE *out)
{
    fprintf(out, "%.2f,%.4f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.1f,%u", row->t_s, row->hour,
            row->load_w, row->import_w, row->limit_w, row->pv_w, row->wanted_w, row->caps_w,
            row->carbon, row->capped);
    for (uint32_t f = 0; f < record->feeds; f++)
        fprintf(out, ",%.0f,%.0f", row->feed_w[f], row->feed_limit_w[f]);
    fputc('\n', out);
}

bool record_write_csv(const struct record *record, const char *path, struct error *err)
{
    FILE *out = fopen(path, "we");

    if (out == NULL)
        return failure(err, ERR_IO, path, "a file to write to", "%s", strerror(errno));
    fprintf(out, "t_s,hour,load_w,import_w,limit_w,pv_w,wanted_w,caps_w,carbon_g_per_kwh,capped");
    for (uint32_t f = 0; f < record->feeds; f++)
        fprintf(out, ",feed_%s_w,feed_%s_limit_w", record->feed_name[f], record->feed_name[f]);
    fputc('\n', out);
    for (uint32_t i = 0; i < record->rows; i++)
        write_row(record, &record->row[i], out);
    if (fclose(out) != 0)
        return failure(err, ERR_IO, path, "room on the disk", "%s", strerror(errno));
    return true;
}

/* ---------------------------------------------------------------- the picture */

static const char head[] = "set datafile separator ','\n"
                           "set terminal pngcairo size 1400,1100 font 'sans,11'\n"
                           "set output 'run.png'\n"
                           "set multiplot layout 3,1 margins 0.06,0.84,0.05,0.96 spacing 0.09\n"
                           "set key outside right top\n"
                           "set grid back lc rgb '#dddddd'\n"
                           "set style fill transparent solid 0.15 noborder\n"
                           "set xlabel 'seconds'\n";

static const char site_panel[] =
    "set title 'Site, kW (plant truth)'\n"
    "set yrange [0:*]\n"
    "plot 'run.csv' using 1:($6/1e3) every ::1 with filledcurves y1=0 lc rgb '#f0b000' "
    "title 'PV', \\\n"
    " '' using 1:($7/1e3) every ::1 with lines lc rgb '#bbbbbb' title 'load if uncapped', \\\n"
    " '' using 1:($3/1e3) every ::1 with lines lc rgb '#3060c0' title 'load', \\\n"
    " '' using 1:($4/1e3) every ::1 with lines lw 2 lc rgb '#108040' title 'import', \\\n"
    " '' using 1:($5/1e3) every ::1 with steps lw 2 lc rgb '#d02020' title 'import limit'\n";

static const char carbon_panel[] =
    "set title 'Grid carbon, g/kWh (left), and nodes held below what they want (right)'\n"
    "set yrange [0:*]\n"
    "set y2range [0:*]\n"
    "set ytics nomirror\n"
    "set y2tics\n"
    "plot 'run.csv' using 1:9 every ::1 with lines lw 2 lc rgb '#606060' title 'carbon', \\\n"
    " '' using 1:10 every ::1 axes x1y2 with lines lc rgb '#a040a0' title 'nodes held'\n";

static void write_marks(const struct record_mark mark[], size_t marks, FILE *out)
{
    for (size_t i = 0; i < marks; i++) {
        fprintf(out,
                "set object %zu rect from first %.2f, graph 0 to first %.2f, graph 1 "
                "fc rgb '#4080ff' fs transparent solid 0.07 noborder behind\n",
                i + 1, mark[i].from_s, mark[i].to_s);
        fprintf(out,
                "set label %zu '%s' at first %.2f, graph %.2f font 'sans,9' tc rgb '#606080'\n",
                i + 1, mark[i].name, mark[i].from_s, 0.96 - 0.05 * (double)(i % 2));
    }
}

static void write_feeds(const struct record *record, FILE *out)
{
    static const char *const colour[] = {"#3060c0", "#c06020", "#108040", "#a040a0"};

    if (record->feeds == 0)
        return;
    fprintf(out, "set title 'Feeds, kW; dotted: what the breaker may carry'\nplot ");
    for (uint32_t f = 0; f < record->feeds; f++) {
        const char *c = colour[f % COUNT(colour)];
        uint32_t column = 11 + 2 * f;

        fprintf(out,
                "%s'run.csv' using 1:($%u/1e3) every ::1 with lines lc rgb '%s' title 'feed %s', "
                "'' using 1:($%u/1e3) every ::1 with lines dt 3 lc rgb '%s' notitle",
                f > 0 ? ", " : "", column, c, record->feed_name[f], column + 1, c);
    }
    fputc('\n', out);
}

static bool write_script(const struct record *record, const char *path,
                         const struct record_mark mark[], size_t marks, struct error *err)
{
    FILE *out = fopen(path, "we");

    if (out == NULL)
        return failure(err, ERR_IO, path, "a file to write to", "%s", strerror(errno));
    fputs(head, out);
    fprintf(out, "set xrange [0:%.2f]\n", record->rows > 0 ? record->row[record->rows - 1].t_s : 1);
    write_marks(mark, marks, out);
    fputs(site_panel, out);
    fputs("unset label\n", out); /* once is enough; the shades stay */
    write_feeds(record, out);
    fputs(carbon_panel, out);
    if (fclose(out) != 0)
        return failure(err, ERR_IO, path, "room on the disk", "%s", strerror(errno));
    return true;
}

/* gnuplot runs in the folder, so that no path needs quoting in its language. */
static bool run_gnuplot(const char *folder, struct error *err)
{
    char log[RUN_PATH_BYTES];
    char end[64];
    const char *argv[] = {"gnuplot", "run.gp", NULL};
    char *before = getcwd(NULL, 0);
    struct process gnuplot = {0};
    bool ok = false;

    snprintf(log, sizeof log, "%s/gnuplot.log", folder);
    if (before == NULL || chdir(folder) != 0) {
        free(before);
        return failure(err, ERR_IO, folder, "a folder to plot in", "%s", strerror(errno));
    }
    ok = process_start(&gnuplot, "gnuplot", argv, log, PROCESS_DETACHED, err);
    if (chdir(before) != 0)
        ok = failure(err, ERR_IO, before, "the folder that we came from", "%s", strerror(errno));
    free(before);
    if (!ok)
        return false;
    if (!process_end(&gnuplot, PLOT_LIMIT_MS))
        return failure(err, ERR_TIMEOUT, "gnuplot", "a picture within 20 s", "none");
    if (gnuplot.status != 0)
        return failure(err, ERR_IO, "gnuplot", "a picture", "%s; see %s",
                       process_end_text(&gnuplot, end, sizeof end), log);
    return true;
}

bool record_plot(const struct record *record, const char *folder, const struct record_mark mark[],
                 size_t marks, char *out, size_t size, struct error *err)
{
    char script[RUN_PATH_BYTES];

    snprintf(script, sizeof script, "%s/run.gp", folder);
    if (!write_script(record, script, mark, marks, err) || !run_gnuplot(folder, err))
        return false;
    snprintf(out, size, "%s/run.png", folder);
    return true;
}
