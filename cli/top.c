#include "cli/command.h"
#include "cli/draw.h"
#include "cli/fetch.h"
#include "cli/screen.h"

#include "platform/clock.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { OPT_URL = 'u', OPT_ONCE = '1', OPT_INTERVAL = 'i', OPT_NODES = 'n', OPT_WIDTH = 'w' };
enum { WIDTH_WITHOUT_TERMINAL = 120, WIDTH_LEAST = 40, WIDTH_MOST = 1000, NODES_ONCE = 1000 };

static const struct argp_option options[] = {
    {"url", OPT_URL, "URL", 0, "The controller's address (" DEFAULT_URL ")", 0},
    {"once", OPT_ONCE, NULL, 0, "Print one picture as text and end", 0},
    {"interval", OPT_INTERVAL, "SECONDS", 0, "Between pictures, 0.1 .. 60 (1)", 0},
    {"nodes", OPT_NODES, NULL, 0, "Begin with the nodes", 0},
    {"width", OPT_WIDTH, "COLUMNS", 0, "Of --once (the terminal's, else 120)", 0},
    {0},
};

struct arguments {
    const char *url;
    bool once, nodes;
    int64_t interval_ms;
    int width;
};

static double parse_number(const char *text, double least, double most, const char *name,
                           struct argp_state *state)
{
    char *end = NULL;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !(value >= least && value <= most))
        argp_error(state, "--%s: \"%s\"; expected %g .. %g", name, text, least, most);
    return value;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case OPT_URL:
        a->url = text;
        return 0;
    case OPT_ONCE:
        a->once = true;
        return 0;
    case OPT_NODES:
        a->nodes = true;
        return 0;
    case OPT_INTERVAL:
        a->interval_ms = (int64_t)(1000 * parse_number(text, 0.1, 60, "interval", state));
        return 0;
    case OPT_WIDTH:
        a->width = (int)parse_number(text, WIDTH_LEAST, WIDTH_MOST, "width", state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp top_argp = {
    options,
    parse,
    "",
    "Shows a running controller: the tree with load, limit, budget, who is capped "
    "and why.\v"
    "LOAD with ~ is an estimate at its worst: there is no fresh meter. LIMIT is "
    "that of the branch's fullest row: L1, L2 or L3 is a phase, soft is a goal.",
    NULL,
    NULL,
    NULL};

/* ---- one picture as text --------------------------------------------------------------------- */

static int once_width(const struct arguments *a)
{
    struct winsize size = {0};

    if (a->width > 0)
        return a->width;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col >= WIDTH_LEAST)
        return size.ws_col;
    return WIDTH_WITHOUT_TERMINAL;
}

static int show_once(const struct arguments *a)
{
    const struct freshness fresh = {.url = a->url};
    struct view view = {.plain = true, .shows_nodes = a->nodes};
    struct frame frame = {0};
    struct picture *picture = NULL;
    json_t *answer = NULL;
    struct error err;
    char line[600], path[64];

    snprintf(path, sizeof path, "/api/v1/status%s", a->nodes ? "?nodes=1&limit=1000" : "");
    if (!fetch_json(a->url, path, &answer, &err)) {
        fprintf(stderr, "capstan top: %s\n", error_line(&err, line, sizeof line));
        return EXIT_FAILED;
    }
    picture = picture_read(answer);
    json_decref(answer);
    frame_resize(&frame, once_width(a), draw_plain_height(picture, &view));
    draw(&frame, picture, &view, &fresh);
    frame_write(&frame, stdout, colours_wanted(stdout));
    frame_free(&frame);
    view_free(&view);
    picture_free(picture);
    return EXIT_OK;
}

/* ---- the loop -------------------------------------------------------------------------------- */

struct top {
    const struct arguments *arguments;
    struct fetcher *fetcher;
    struct picture *picture;
    struct view view;
    struct frame frame;
    bool failed;
    char error[600];
    int64_t heard_ns, due_ns; /* the last good answer; when to ask again */
};

static void ask(struct top *top)
{
    int lines =
        top->picture != NULL ? draw_list_lines(top->frame.height, top->picture, &top->view) : 100;
    char path[128] = "/api/v1/status";

    if (top->view.shows_nodes)
        snprintf(path, sizeof path, "/api/v1/status?nodes=1&offset=%" PRId64 "&limit=%d",
                 top->view.node_top, lines < 1000 ? lines : 1000);
    fetcher_begin(top->fetcher, top->arguments->url, path);
    top->due_ns = clock_monotonic_ns() + top->arguments->interval_ms * NS_PER_MS;
}

static void take(struct top *top, json_t *answer, const struct error *err)
{
    top->failed = answer == NULL;
    if (answer == NULL) {
        error_line(err, top->error, sizeof top->error);
        return;
    }
    picture_free(top->picture);
    top->picture = picture_read(answer);
    json_decref(answer);
    view_note(&top->view, top->picture);
    top->heard_ns = clock_monotonic_ns();
}

static void show(struct top *top)
{
    const struct freshness fresh = {.url = top->arguments->url,
                                    .silent_s = (double)(clock_monotonic_ns() - top->heard_ns) /
                                                (double)NS_PER_S,
                                    .error = top->failed ? top->error : NULL};

    draw(&top->frame, top->picture, &top->view, &fresh);
    screen_show(&top->frame);
}

static void resize(struct top *top)
{
    int width = 0, height = 0;

    screen_size(&width, &height);
    frame_resize(&top->frame, width, height);
}

/* False: the user wants to go. */
static bool handle(struct top *top, enum act act)
{
    const struct picture *p = top->picture;
    int64_t node_top = top->view.node_top;
    int64_t page = p != NULL ? draw_list_lines(top->frame.height, p, &top->view) : 1;
    int64_t move = act == ACT_UP          ? -1
                   : act == ACT_DOWN      ? 1
                   : act == ACT_PAGE_UP   ? -page
                   : act == ACT_PAGE_DOWN ? page
                   : act == ACT_FIRST     ? -LIMIT_MAX_W
                   : act == ACT_LAST      ? LIMIT_MAX_W
                                          : 0;

    if (act == ACT_RESIZE)
        resize(top);
    if (p != NULL && move != 0)
        view_move(&top->view, p, move);
    if (p != NULL && act == ACT_OPEN)
        view_toggle(&top->view, p);
    if (p != NULL && act == ACT_OTHER_VIEW)
        top->view.shows_nodes = !top->view.shows_nodes;
    show(top);
    if (top->view.node_top != node_top || act == ACT_OTHER_VIEW)
        ask(top); /* another page of nodes: now, not in a second */
    return act != ACT_QUIT;
}

static volatile sig_atomic_t told_to_stop;

static void on_stop(int number)
{
    (void)number;
    told_to_stop = 1;
}

static void loop(struct top *top)
{
    bool stays = true;

    while (stays && !told_to_stop) {
        int64_t wait_ms = (top->due_ns - clock_monotonic_ns()) / NS_PER_MS;
        json_t *answer = NULL;
        struct error err;
        enum act act = ACT_NOTHING;

        if (wait_ms <= 0 && !fetcher_busy(top->fetcher))
            ask(top);
        wait_ms = wait_ms < 10 ? 10 : wait_ms > 1000 ? 1000 : wait_ms;
        if (fetcher_turn(top->fetcher, STDIN_FILENO, (int)wait_ms, &answer, &err))
            take(top, answer, &err);
        show(top);
        while (stays && (act = screen_act()) != ACT_NOTHING)
            stays = handle(top, act);
    }
}

int cmd_top(int argc, char **argv)
{
    struct arguments a = {.url = DEFAULT_URL, .interval_ms = 1000};
    struct top top = {.arguments = &a, .heard_ns = clock_monotonic_ns()};

    argp_parse(&top_argp, argc, argv, 0, NULL, &a);
    if (a.once)
        return show_once(&a);
    top.view.shows_nodes = a.nodes;
    if (!isatty(STDIN_FILENO) || !screen_open(colours_wanted(stdout))) {
        fputs("capstan top: this is no terminal that can be drawn on; --once prints one picture\n",
              stderr);
        return EXIT_FAILED;
    }
    signal(SIGTERM, on_stop); /* leave the terminal as it was */
    signal(SIGINT, on_stop);
    signal(SIGHUP, on_stop);
    top.fetcher = fetcher_open();
    resize(&top);
    loop(&top);
    screen_close();
    fetcher_close(top.fetcher);
    picture_free(top.picture);
    view_free(&top.view);
    frame_free(&top.frame);
    return EXIT_OK;
}
