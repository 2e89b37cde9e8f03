/* The page of `capstan simulate`: the table, what was saved, and when power was taken. Pictures are gnuplot's, inline. */
#include "cli/simulate_output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 24 * 3600, WEEK_S = 7 * DAY_S, DAYS_SHOWN = 92 /* of longer traces the weeks */ };

/* ---- gnuplot ---- */

/* Copies all that comes from a pipe. */
static void copy_all(int from, FILE *to)
{
    char bytes[65536];
    ssize_t got = 0;

    while ((got = read(from, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0)
            fwrite(bytes, 1, (size_t)got, to);
    }
}

static bool start_gnuplot(int script, int picture, pid_t *child)
{
    char program[] = "gnuplot";
    char *const argv[] = {program, NULL};
    posix_spawn_file_actions_t actions;
    bool started = false;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, script, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, picture, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    started = posix_spawnp(child, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return started;
}

/* Runs a script, whose picture it prints, and puts that into the page; false when it can't. */
static bool draw(FILE *script, FILE *page)
{
    int ends[2];
    int status = 0;
    pid_t child = 0;
    bool started = false;

    if (fflush(script) != 0 || lseek(fileno(script), 0, SEEK_SET) != 0 ||
        pipe2(ends, O_CLOEXEC) != 0)
        return false;
    started = start_gnuplot(fileno(script), ends[1], &child);
    close(ends[1]);
    if (started)
        copy_all(ends[0], page);
    close(ends[0]);
    return started && waitpid(child, &status, 0) == child && status == 0;
}

/* ---- pictures ---- */

static void print_utc(FILE *out, int64_t utc_s)
{
    time_t t = (time_t)utc_s;
    struct tm parts;
    char text[32] = "";

    if (gmtime_r(&t, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M", &parts);
    fputs(text, out);
}

static double mean(const double value[], uint32_t from, uint32_t to)
{
    double sum = 0;

    for (uint32_t i = from; i < to; i++)
        sum += value[i];
    return to > from ? sum / (to - from) : 0;
}

/* Power without control and with Capstan, and carbon intensity, in means of `each` steps. */
static void plot_power(const struct simulated *s, FILE *script, uint32_t from, uint32_t to,
                       uint32_t each)
{
    const double *series[] = {s->result[WAY_AT_ONCE].power_w, s->result[WAY_PLANNED].power_w,
                              s->carbon->g_per_kwh};
    const double unit[] = {1000, 1000, 1};

    fputs("set terminal svg size 900,330 dynamic font 'sans,11'\n"
          "set xdata time\nset timefmt '%Y-%m-%dT%H:%M'\nset format x '%d %b'\n"
          "set ylabel 'kW'\nset y2label 'g/kWh'\nset y2tics\nset ytics nomirror\nset grid x\n"
          "set autoscale xfix\nset key above\nset yrange [0:*]\n"
          "plot '-' using 1:2 with steps lw 1.5 lc rgb '#b0b0b0' title 'no control', "
          "'-' using 1:2 with steps lw 1.5 lc rgb '#1f6fb4' title 'capstan', "
          "'-' using 1:2 axes x1y2 with lines lc rgb '#d9822b' title 'carbon intensity'\n",
          script);
    for (size_t k = 0; k < COUNT(series); k++) {
        for (uint32_t i = from; i < to; i += each) {
            print_utc(script, s->carbon->start_utc_s + (int64_t)i * s->carbon->step_s);
            fprintf(script, " %g\n", mean(series[k], i, i + each < to ? i + each : to) / unit[k]);
        }
        fputs("e\n", script);
    }
}

/* The week in which most power was moved. */
static uint32_t busiest_week(const struct simulated *s, uint32_t week)
{
    const double *once = s->result[WAY_AT_ONCE].power_w;
    const double *planned = s->result[WAY_PLANNED].power_w;
    uint32_t best = 0;
    double most = -1;

    for (uint32_t from = 0; from + week <= s->carbon->steps; from += week) {
        double moved = 0;

        for (uint32_t i = from; i < from + week; i++)
            moved += once[i] > planned[i] ? once[i] - planned[i] : 0;
        if (moved > most) {
            most = moved;
            best = from;
        }
    }
    return best;
}

static bool picture(const struct simulated *s, FILE *page, uint32_t from, uint32_t to,
                    uint32_t each)
{
    FILE *script = tmpfile();
    bool drawn = false;

    if (script == NULL)
        return false;
    plot_power(s, script, from, to, each);
    drawn = draw(script, page);
    fclose(script);
    return drawn;
}

static uint32_t at_least_one(int64_t steps) { return steps < 1 ? 1 : (uint32_t)steps; }

static bool pictures_of(const struct simulated *s, FILE *page)
{
    uint32_t steps = s->carbon->steps;
    uint32_t day = at_least_one(DAY_S / s->carbon->step_s);
    uint32_t week = at_least_one(WEEK_S / s->carbon->step_s);
    uint32_t days = steps / day;
    uint32_t from = busiest_week(s, week);
    bool drawn = false;

    fprintf(page, "<h2>%s</h2>\n", days > DAYS_SHOWN ? "Week by week" : "Day by day");
    drawn = picture(s, page, 0, steps, days > DAYS_SHOWN ? week : day);
    if (!drawn)
        return false;
    fputs("<h2>The week in which most was moved</h2>\n", page);
    return picture(s, page, from, from + week < steps ? from + week : steps, 1);
}

/* ---- the page ---- */

static void print_table(const struct simulated *s, FILE *page)
{
    fputs(
        "<table><tr><th></th><th>carbon, kg</th><th>saved, %</th><th>finished</th>"
        "<th>deadlines missed</th><th>mean wait, h</th><th>95 % wait, h</th><th>pauses</th></tr>\n",
        page);
    for (int way = 0; way < WAYS; way++) {
        const struct deferral_result *r = &s->result[way];

        fprintf(page,
                "<tr%s><td>%s</td><td>%.1f</td><td>%.2f</td><td>%u</td><td>%u</td><td>%.2f</td>"
                "<td>%.2f</td><td>%" PRIu64 "</td></tr>\n",
                way == WAY_PLANNED ? " class=\"us\"" : "", deferral_way_name[way],
                r->carbon_g / 1000, simulated_saved_pct(s, (enum deferral_way)way), r->finished,
                r->missed, r->wait_mean_h, r->wait_p95_h, r->pauses);
    }
    fputs("</table>\n", page);
}

static bool print_page(const struct simulated *s, FILE *page)
{
    bool drawn = false;

    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n"
          "<title>capstan simulate</title>\n<style>\n"
          "body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; "
          "}\n"
          "table { border-collapse: collapse; }\n"
          "th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #ddd; }\n"
          "td:first-child { text-align: left; }\n.us { font-weight: bold; }\n"
          "svg { width: 100%; height: auto; }\n</style></head><body>\n"
          "<h1>What deferring jobs saves</h1>\n",
          page);
    fprintf(page, "<p>%u jobs, %.1f days of carbon intensity in steps of %" PRId64 " min.</p>\n",
            s->jobs->count, (double)s->carbon->steps * (double)s->carbon->step_s / DAY_S,
            s->carbon->step_s / 60);
    print_table(s, page);
    if (!simulated_optimum_exact(s))
        fputs(
            "<p>Clairvoyant: the same planner, knowing all that comes; not an exact optimum.</p>\n",
            page);
    drawn = pictures_of(s, page);
    fputs("</body></html>\n", page);
    return drawn;
}

bool simulated_write_html(const struct simulated *s, const char *path, bool *pictures,
                          struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *page = open_memstream(&text, &length);
    bool written = false;

    if (page == NULL)
        return failure(err, ERR_FULL, path, "memory for the page", "none");
    *pictures = print_page(s, page);
    if (fclose(page) == 0)
        written = simulated_write(path, text, length, err);
    else
        failure(err, ERR_FULL, path, "memory for the page", "none");
    free(text);
    return written;
}
