#include "cli/draw.h"

#include "cli/draw_coming.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    HEAD_LINES = 5, /* title, two of figures, banner, column heads */
    DETAIL_LINES = 4,
    ALARMS_SHORT = 2, /* alarms shown on a low terminal, and on a high one */
    ALARMS_TALL = 6,
    COMING_SHORT = 3, /* lines of what is coming */
    COMING_TALL = 8,
    TALL = 32,
    MANY = 1000000
};

/* A tick that is this many periods late means that the service hangs. */
#define LATE_PERIODS 4.0

/* ---- columns --------------------------------------------------------------------------------- */

/* Where each column of the tree begins; a width of 0 is not shown. */
struct columns {
    int name, measured, limit, bar, percent, budget, committed, capped, why;
};

static struct columns tree_columns(int width)
{
    struct columns c = {.name = width < 100 ? 18 : 22,
                        .measured = 10,
                        .limit = 14,
                        .bar = 10,
                        .percent = 7,
                        .budget = width >= 72 ? 10 : 0,
                        .committed = width >= 110 ? 11 : 0,
                        .capped = 10};
    int left = 0;

    left = width -
           (c.name + c.measured + c.limit + c.bar + c.percent + c.budget + c.committed + c.capped);
    if (left >= 60) {
        c.bar += 16;
        c.why = left - 16;
    } else if (left >= 20) {
        c.why = left;
    } else if (left > 0) {
        c.bar += left;
    }
    return c;
}

/* ---- the head -------------------------------------------------------------------------------- */

static void draw_title(struct frame *f, const struct picture *p)
{
    long up = (long)p->uptime_s;
    int x = 0;

    x = frame_print(f, 1, 0, f->width - 1, STYLE_TITLE, "capstan  %s  %s", p->site,
                    p->enforces ? "ENFORCE" : "OBSERVE, nothing is written");
    if (p->taking_over)
        x = frame_text(f, x, 0, f->width - x, STYLE_TITLE, ", taking over");
    frame_print(f, x + 2, 0, f->width - x - 2, STYLE_TITLE,
                "up %ld:%02ld:%02ld  tick %" PRId64 "  p99 %.1f ms  epoch %" PRId64, up / 3600,
                up / 60 % 60, up % 60, p->ticks, (double)p->tick_p99_us / 1e3, p->epoch);
    if (f->width >= 110)
        frame_right(f, f->width - 22, 0, 21, STYLE_TITLE, p->time);
    frame_line_style(f, 0, STYLE_TITLE);
}

static void draw_figures(struct frame *f, const struct picture *p)
{
    int x = 1, room = f->width;
    int64_t silent = p->nodes_lost + p->nodes_never;

    x = frame_print(f, x, 1, room, STYLE_PLAIN, "nodes %" PRId64 " heard", p->nodes_fresh);
    if (silent > 0)
        x = frame_print(f, x, 1, room, STYLE_WARN, ", %" PRId64 " silent", silent);
    x = frame_print(f, x, 1, room, p->nodes_capped > 0 ? STYLE_INFO : STYLE_PLAIN,
                    ", %" PRId64 " capped", p->nodes_capped);
    if (!p->enforces)
        x = frame_print(f, x, 1, room, STYLE_INFO, ", %" PRId64 " would be", p->nodes_held);
    x = frame_print(f, x, 1, room, STYLE_PLAIN, "   readings %" PRId64 " good", p->points_good);
    if (p->points_other > 0)
        x = frame_print(f, x, 1, room, STYLE_WARN, ", %" PRId64 " not", p->points_other);
    x = frame_print(f, x, 1, room, STYLE_PLAIN, "   devices %" PRId64, p->devices);
    if (p->devices_lost > 0)
        x = frame_print(f, x, 1, room, STYLE_WARN, ", %" PRId64 " lost", p->devices_lost);
    if (p->policy_error[0] != '\0')
        frame_text(f, x + 3, 1, room - x - 3, STYLE_BAD, "policy file REJECTED, the old one holds");
    else
        frame_print(f, x + 3, 1, room - x - 3, STYLE_PLAIN, "policy %.8s", p->policy_version);
}

static int draw_signals(struct frame *f, const struct picture *p)
{
    char power[POWER_TEXT], rated[POWER_TEXT];
    int x = 1;

    for (size_t i = 0; i < p->signals && x < f->width; i++) {
        const struct picture_signal *s = &p->signal[i];
        int room = f->width - x;

        if (!s->known)
            x = frame_print(f, x, 2, room, STYLE_WARN, "%s %s", s->name,
                            s->quality[0] != '\0' ? s->quality : "unknown");
        else if (s->is_power)
            x = frame_print(f, x, 2, room, STYLE_PLAIN, "%s %s of %s", s->name,
                            power_text((int64_t)s->value, power), power_text(s->rated_w, rated));
        else
            x = frame_print(f, x, 2, room, STYLE_PLAIN, "%s %.4g %s", s->name, s->value, s->unit);
        x += 3;
    }
    return x;
}

/* The site's load against its limit over the last minutes, in eighths of a line; the newest at
 * the right. */
static void draw_history(struct frame *f, const struct view *view, int from)
{
    static const char *const eighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    int room = f->width - from - 2, length = (int)view->history_count;

    length = length < room ? length : room;
    if (view->plain || length < 2)
        return;
    for (int i = 0; i < length; i++) {
        double share = view->history[(view->history_at + HISTORY - 1 - (size_t)i) % HISTORY];
        int level = share > 0 ? (int)(share * 8 + 0.5) : 0;

        frame_text(f, f->width - 2 - i, 2, 1, share > 1 ? STYLE_BAD : STYLE_INFO,
                   eighths[level > 8 ? 8 : level]);
    }
}

/* One line for what must not be overlooked; the worst wins. False: nothing to say. */
static bool draw_banner(struct frame *f, const struct picture *p, const struct freshness *fresh)
{
    bool old = fresh->error != NULL || fresh->silent_s > 10;
    bool late = p != NULL && p->tick_period_s > 0 &&
                p->tick_age_s > LATE_PERIODS * p->tick_period_s && p->tick_age_s > 2;

    if (p == NULL)
        frame_print(f, 1, 3, f->width - 2, STYLE_ALARM, "NO ANSWER from %s: %s", fresh->url,
                    fresh->error != NULL ? fresh->error : "waiting");
    else if (old)
        frame_print(f, 1, 3, f->width - 2, STYLE_ALARM,
                    "OLD PICTURE: no answer for %.0f s from %s: %s", fresh->silent_s, fresh->url,
                    fresh->error != NULL ? fresh->error : "waiting");
    else if (late)
        frame_print(f, 1, 3, f->width - 2, STYLE_ALARM, "NO TICK for %.0f s: the controller hangs",
                    p->tick_age_s);
    else if (p->deposed)
        frame_text(f, 1, 3, f->width - 2, STYLE_ALARM,
                   "DEPOSED: another controller commands this site");
    else if (p->invariants > 0)
        frame_print(f, 1, 3, f->width - 2, STYLE_ALARM,
                    "INVARIANT BROKEN %" PRId64 " times: a fault in this program; see the log",
                    p->invariants);
    else
        return false;
    frame_line_style(f, 3, STYLE_ALARM);
    return p != NULL && (old || late);
}

/* ---- the tree -------------------------------------------------------------------------------- */

static void draw_tree_head(struct frame *f, const struct columns *c, int y)
{
    int x = 1 + c->name;

    frame_text(f, 1, y, c->name, STYLE_DIM, "BRANCH");
    frame_right(f, x, y, c->measured - 1, STYLE_DIM, "LOAD");
    x += c->measured;
    frame_right(f, x, y, c->limit - 1, STYLE_DIM, "LIMIT");
    x += c->limit + c->bar;
    frame_right(f, x, y, c->percent - 1, STYLE_DIM, "USED");
    x += c->percent;
    frame_right(f, x, y, c->budget - 1, STYLE_DIM, "BUDGET");
    x += c->budget;
    frame_right(f, x, y, c->committed - 1, STYLE_DIM, "COMMITTED");
    x += c->committed;
    frame_right(f, x, y, c->capped - 2, STYLE_DIM, "CAPPED");
    x += c->capped;
    frame_text(f, x, y, c->why, STYLE_DIM, "WHY");
}

static enum style load_style(const struct picture_branch *b)
{
    double share = (double)b->tight_load_w / (double)(b->tight_limit_w > 0 ? b->tight_limit_w : 1);

    if (share > 1 && !b->tight_soft)
        return STYLE_BAD;
    return share >= 0.98 ? STYLE_WARN : STYLE_GOOD;
}

/* The limit of the fullest row: "1.18 MW", "s 1.18 MW" for a soft one, "L2 153 kW" for one of a
 * phase. */
static void draw_limit(struct frame *f, const struct columns *c, int x, int y,
                       const struct picture_branch *b)
{
    char power[POWER_TEXT], text[POWER_TEXT + 16];
    bool phase = strcmp(b->tight_channel, "total") != 0;

    if (!b->tight) {
        frame_right(f, x, y, c->limit - 1, STYLE_DIM, "-");
        return;
    }
    snprintf(text, sizeof text, "%s%s%s%s", b->tight_soft ? "soft " : "",
             phase ? b->tight_channel : "", phase ? " " : "", power_text(b->tight_limit_w, power));
    frame_right(f, x, y, c->limit - 1, b->tight_soft ? STYLE_INFO : STYLE_PLAIN, text);
}

static void draw_load(struct frame *f, const struct columns *c, int x, int y,
                      const struct picture_branch *b)
{
    char power[POWER_TEXT], text[POWER_TEXT + 2];
    bool unmetered = strcmp(b->quality, "unmetered") == 0;
    double share = b->tight_limit_w > 0 ? (double)b->tight_load_w / (double)b->tight_limit_w : 1;

    snprintf(text, sizeof text, "%s%s", b->measured ? "" : "~", power_text(b->load_w, power));
    frame_right(f, x, y, c->measured - 1,
                b->measured ? STYLE_PLAIN
                : unmetered ? STYLE_DIM
                            : STYLE_WARN,
                text);
    x += c->measured;
    draw_limit(f, c, x, y, b);
    if (!b->tight)
        return;
    x += c->limit;
    frame_bar(f, x, y, c->bar, share, load_style(b));
    x += c->bar;
    snprintf(text, sizeof text, "%.0f %%", fmin(100 * share, 9999));
    frame_right(f, x, y, c->percent - 1, load_style(b), text);
}

static void draw_branch(struct frame *f, const struct columns *c, int y,
                        const struct picture_branch *b, bool open)
{
    int indent = (int)b->depth * 2 < c->name - 8 ? (int)b->depth * 2 : c->name - 8;
    int x = 1 + c->name;
    char power[POWER_TEXT], counts[32], span[SPAN_TEXT];

    frame_text(f, 1 + indent, y, 2, STYLE_DIM, b->children == 0 ? " " : open ? "▾" : "▸");
    frame_text(f, 3 + indent, y, c->name - indent - 3, b->depth == 0 ? STYLE_BOLD : STYLE_PLAIN,
               b->name);
    draw_load(f, c, x, y, b);
    x += c->measured + c->limit + c->bar + c->percent;
    if (b->budgeted)
        frame_right(f, x, y, c->budget - 1, b->shortfall_w > 0 ? STYLE_BAD : STYLE_PLAIN,
                    power_text(b->budget_w, power));
    x += c->budget;
    frame_right(f, x, y, c->committed - 1,
                b->limited && b->committed_w > b->limit_w ? STYLE_WARN : STYLE_PLAIN,
                power_text(b->committed_w, power));
    x += c->committed;
    snprintf(counts, sizeof counts, "%" PRId64 "/%" PRId64, b->capped, b->nodes);
    frame_right(f, x, y, c->capped - 2, b->capped > 0 ? STYLE_INFO : STYLE_DIM, counts);
    x += c->capped;
    if (b->shortfall_w > 0)
        frame_print(f, x, y, c->why, STYLE_BAD, "short by %s: shed load",
                    power_text(b->shortfall_w, power));
    else if (b->may_trip)
        frame_print(f, x, y, c->why, STYLE_BAD, "may trip in %s",
                    span_text(b->trip_margin_s, span));
    else if (b->binds > 0)
        frame_print(f, x, y, c->why, STYLE_PLAIN, "%" PRId64 " by %s", b->binds, b->binding_reason);
    else if (!b->measured && strcmp(b->quality, "unmetered") != 0)
        frame_print(f, x, y, c->why, STYLE_WARN, "meter %s", b->quality);
}

static void draw_tree(struct frame *f, const struct picture *p, struct view *view, int lines)
{
    struct columns c = tree_columns(f->width - 1);
    size_t room = (size_t)lines;

    draw_tree_head(f, &c, HEAD_LINES - 1);
    if (view->selected < view->top)
        view->top = view->selected;
    if (view->selected >= view->top + room)
        view->top = view->selected - room + 1;
    if (view->visible_count <= room)
        view->top = 0;
    for (size_t i = view->top; i < view->visible_count && i < view->top + room; i++) {
        int y = HEAD_LINES + (int)(i - view->top);
        uint32_t b = view->visible[i];

        draw_branch(f, &c, y, &p->branch[b], view->open[b]);
        if (i == view->selected && !view->plain)
            frame_select_line(f, y);
    }
}

static void draw_branch_detail(struct frame *f, int y, const struct picture_branch *b)
{
    char a[POWER_TEXT], c[POWER_TEXT], d[POWER_TEXT], e[POWER_TEXT];
    int x = frame_print(f, 1, y, f->width - 2, STYLE_BOLD, "%s", b->name);

    x = frame_print(f, x, y, f->width - 1 - x, STYLE_DIM, " (%s)", b->level);
    x = frame_print(f, x, y, f->width - 1 - x, STYLE_PLAIN, "  load %s %s",
                    power_text(b->load_w, a), b->measured ? "measured" : "at worst, by estimate");
    if (!b->measured)
        x = frame_print(f, x, y, f->width - 1 - x, STYLE_WARN, " (%s%s)",
                        strcmp(b->quality, "unmetered") == 0 ? "" : "meter ", b->quality);
    if (b->generation_w > 0)
        frame_print(f, x, y, f->width - 1 - x, STYLE_GOOD, ", %s of it made on site",
                    power_text(b->generation_w, a));
    if (b->limited)
        frame_print(f, 1, y + 1, f->width - 2, STYLE_PLAIN, "hard limit %s  %s",
                    power_text(b->limit_w, a), b->limit_reason);
    else
        frame_text(f, 1, y + 1, f->width - 2, STYLE_DIM, "no hard limit on the whole");
    if (b->tight && strcmp(b->tight_channel, "total") != 0)
        frame_print(f, 1, y + 2, f->width - 2, b->tight_soft ? STYLE_INFO : STYLE_PLAIN,
                    "tightest %s: %s of %s  %s", b->tight_row, power_text(b->tight_load_w, a),
                    power_text(b->tight_limit_w, c), b->tight_reason);
    else if (b->soft)
        frame_print(f, 1, y + 2, f->width - 2, STYLE_INFO, "soft limit %s  %s",
                    power_text(b->soft_limit_w, a), b->soft_reason);
    else
        frame_print(f, 1, y + 2, f->width - 2, STYLE_DIM, "no soft limit");
    x = frame_print(f, 1, y + 3, f->width - 2, STYLE_PLAIN,
                    "budget %s, used %s; committed %s; uncontrolled %s",
                    b->budgeted ? power_text(b->budget_w, a) : "-", power_text(b->used_w, c),
                    power_text(b->committed_w, d), power_text(b->uncontrolled_w, e));
    if (b->binds > 0)
        frame_print(f, x, y + 3, f->width - 1 - x, STYLE_INFO, "; %" PRId64 " nodes held by %s",
                    b->binds, b->binding_row);
}

/* ---- the nodes ------------------------------------------------------------------------------- */

enum {
    NODE_NAME = 20,
    NODE_KIND = 9,
    NODE_CLASS = 4,
    NODE_POWER = 9,
    NODE_CONTACT = 8,
    NODE_BOUND = 13
};

static void draw_nodes_head(struct frame *f, int y)
{
    int x = 1;

    frame_text(f, x, y, NODE_NAME, STYLE_DIM, "NODE");
    x += NODE_NAME;
    frame_text(f, x, y, NODE_KIND, STYLE_DIM, "KIND");
    x += NODE_KIND;
    frame_text(f, x, y, NODE_CLASS, STYLE_DIM, "CL");
    x += NODE_CLASS;
    frame_right(f, x, y, NODE_POWER - 1, STYLE_DIM, "POWER");
    x += NODE_POWER;
    frame_right(f, x, y, NODE_POWER - 1, STYLE_DIM, "CAP");
    x += NODE_POWER;
    frame_right(f, x, y, NODE_POWER - 1, STYLE_DIM, "WANTED");
    x += NODE_POWER + 1;
    frame_text(f, x, y, NODE_CONTACT, STYLE_DIM, "HEARD");
    x += NODE_CONTACT;
    frame_text(f, x, y, f->width - x, STYLE_DIM, "BOUND BY");
}

static void draw_node(struct frame *f, int y, const struct picture_node *n)
{
    bool fresh = strcmp(n->contact, "fresh") == 0, passive = strcmp(n->contact, "passive") == 0;
    bool below = n->capped && n->cap_w < n->cap_max_w;
    char power[POWER_TEXT];
    int x = 1;

    frame_text(f, x, y, NODE_NAME - 1, STYLE_PLAIN, n->name);
    x += NODE_NAME;
    frame_text(f, x, y, NODE_KIND - 1, STYLE_PLAIN, n->kind);
    x += NODE_KIND;
    frame_print(f, x, y, NODE_CLASS - 1, STYLE_PLAIN, "%" PRId64, n->priority_class);
    x += NODE_CLASS;
    frame_right(f, x, y, NODE_POWER - 1, STYLE_PLAIN,
                n->power_known ? power_text(n->power_w, power) : "-");
    x += NODE_POWER;
    frame_right(f, x, y, NODE_POWER - 1, below ? STYLE_INFO : STYLE_PLAIN,
                n->capped ? power_text(n->cap_w, power)
                : passive ? "-"
                          : "none");
    x += NODE_POWER;
    frame_right(f, x, y, NODE_POWER - 1, n->wanted_w != n->cap_w ? STYLE_WARN : STYLE_PLAIN,
                power_text(n->wanted_w, power));
    x += NODE_POWER + 1;
    frame_text(f, x, y, NODE_CONTACT - 1,
               fresh     ? STYLE_GOOD
               : passive ? STYLE_DIM
                         : STYLE_WARN,
               fresh ? "yes" : n->contact);
    x += NODE_CONTACT;
    x = frame_text(f, x, y, f->width - x, STYLE_PLAIN,
                   n->bound_row[0] != '\0' ? n->bound_row : n->bound_by);
    if (n->why[0] != '\0')
        frame_print(f, x, y, f->width - x, STYLE_DIM, "  %s", n->why);
}

static void draw_nodes(struct frame *f, const struct picture *p, struct view *view, int lines)
{
    draw_nodes_head(f, HEAD_LINES - 1);
    if (view->node_selected < view->node_top)
        view->node_top = view->node_selected;
    if (view->node_selected >= view->node_top + lines)
        view->node_top = view->node_selected - lines + 1;
    for (int line = 0; line < lines && view->node_top + line < p->nodes_total; line++) {
        int64_t at = view->node_top + line - p->node_offset;
        int y = HEAD_LINES + line;

        if (at >= 0 && at < (int64_t)p->nodes)
            draw_node(f, y, &p->node[at]);
        else
            frame_text(f, 1, y, f->width - 2, STYLE_DIM, "..."); /* asked for, on its way */
        if (view->node_top + line == view->node_selected && !view->plain)
            frame_select_line(f, y);
    }
}

static void draw_node_detail(struct frame *f, int y, const struct picture *p,
                             const struct view *view)
{
    int64_t at = view->node_selected - p->node_offset;
    const struct picture_node *n = at >= 0 && at < (int64_t)p->nodes ? &p->node[at] : NULL;
    char a[POWER_TEXT], b[POWER_TEXT];

    if (n == NULL)
        return;
    frame_print(f, 1, y, f->width - 2, STYLE_BOLD, "%s", n->name);
    frame_print(f, 1, y + 1, f->width - 2, STYLE_PLAIN,
                "%s in %s, class %" PRId64 "; cap %s, greatest %s", n->kind, n->branch,
                n->priority_class, n->capped ? power_text(n->cap_w, a) : "none",
                power_text(n->cap_max_w, b));
    frame_print(f, 1, y + 2, f->width - 2, STYLE_PLAIN, "bound by %s%s%s", n->bound_by,
                n->bound_row[0] != '\0' ? " " : "", n->bound_row);
    frame_text(f, 1, y + 3, f->width - 2, STYLE_PLAIN, n->why);
    frame_print(f, f->width - 24, y, 23, STYLE_DIM, "%" PRId64 " of %" PRId64,
                view->node_selected + 1, p->nodes_total);
}

/* ---- the foot -------------------------------------------------------------------------------- */

static size_t alarm_lines(int height, const struct picture *p, const struct view *view)
{
    size_t most = view->plain ? MANY : height >= TALL ? ALARMS_TALL : ALARMS_SHORT;

    return p->alarms < most ? p->alarms : most;
}

/* On a very low terminal the list comes first. */
static size_t coming_lines(int height, const struct picture *p, const struct view *view)
{
    size_t most = view->plain ? MANY : height >= TALL ? COMING_TALL : COMING_SHORT;
    size_t count = coming_count(p);

    if (!view->plain && height < 3 * HEAD_LINES + DETAIL_LINES)
        return 0;
    return count < most ? count : most;
}

static void draw_alarms(struct frame *f, int y, const struct picture *p, size_t lines)
{
    if (p->alarms == 0) {
        frame_text(f, 1, y, f->width - 2, STYLE_GOOD, "no alarms");
        return;
    }
    frame_print(f, 1, y, f->width - 2, STYLE_BAD, "%zu alarm%s%s", p->alarms,
                p->alarms == 1 ? "" : "s", p->alarms > lines ? ", the first:" : "");
    for (size_t a = 0; a < lines; a++)
        frame_print(f, 3, y + 1 + (int)a, f->width - 4, STYLE_WARN, "%-18s %-28s for %.0f s",
                    p->alarm[a].kind, p->alarm[a].subject, p->alarm[a].for_s);
}

static void draw_keys(struct frame *f, const struct view *view)
{
    frame_print(f, 1, f->height - 1, f->width - 2, STYLE_DIM,
                "q quit   ↑ ↓ PgUp PgDn move   %s   n %s",
                view->shows_nodes ? "Home End" : "Enter open/close",
                view->shows_nodes ? "the tree" : "the nodes");
}

int draw_list_lines(int height, const struct picture *picture, const struct view *view)
{
    int foot = 1 + (int)alarm_lines(height, picture, view) +
               (int)coming_lines(height, picture, view) + (view->plain ? 1 : DETAIL_LINES + 2);
    int lines = height - HEAD_LINES - foot;

    return lines > 1 ? lines : 1;
}

int draw_plain_height(const struct picture *picture, struct view *view)
{
    int list = 0;

    view_update(view, picture, 0);
    list = view->shows_nodes ? (int)picture->nodes : (int)view->visible_count;
    return HEAD_LINES + list + 2 + (int)alarm_lines(0, picture, view) +
           (int)coming_lines(0, picture, view);
}

void draw(struct frame *f, const struct picture *p, struct view *view,
          const struct freshness *fresh)
{
    int lines = 0, y = 0;
    bool old = false;

    frame_clear(f);
    if (p == NULL) {
        frame_text(f, 1, 0, f->width - 1, STYLE_TITLE, "capstan");
        frame_line_style(f, 0, STYLE_TITLE);
        draw_banner(f, p, fresh);
        draw_keys(f, view);
        return;
    }
    lines = draw_list_lines(f->height, p, view);
    view_update(view, p, (size_t)lines);
    draw_title(f, p);
    draw_figures(f, p);
    draw_history(f, view, draw_signals(f, p));
    if (view->shows_nodes)
        draw_nodes(f, p, view, lines);
    else
        draw_tree(f, p, view, lines);
    y = HEAD_LINES + lines + 1;
    if (!view->plain && view->shows_nodes)
        draw_node_detail(f, y, p, view);
    else if (!view->plain && view->visible_count > 0)
        draw_branch_detail(f, y, &p->branch[view->visible[view->selected]]);
    y += view->plain ? 0 : DETAIL_LINES;
    draw_coming(f, y, p, coming_lines(f->height, p, view));
    y += (int)coming_lines(f->height, p, view);
    draw_alarms(f, y, p, alarm_lines(f->height, p, view));
    old = draw_banner(f, p, fresh);
    if (old)
        frame_fade(f, HEAD_LINES - 1);
    if (!view->plain)
        draw_keys(f, view);
}
