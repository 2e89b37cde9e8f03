#include "cli/draw.h"

#include <stdlib.h>

static void start_over(struct view *view, const struct picture *picture)
{
    view->branches = picture->branches;
    view->selected = 0;
    view->top = 0;
    view->touched = false;
    free(view->open);
    free(view->visible);
    view->open = calloc(view->branches + 1, sizeof *view->open);
    view->visible = calloc(view->branches + 1, sizeof *view->visible);
    if (view->open == NULL || view->visible == NULL)
        abort();
}

/* Open down to the last level but one: the racks under a PDU are a key away. */
static void open_what_fits(struct view *view, const struct picture *picture, size_t lines)
{
    bool all = view->plain || picture->branches <= lines;

    for (size_t b = 0; b < picture->branches; b++)
        view->open[b] = all || picture->branch[b].parent == NONE_INDEX;
    for (size_t b = 0; b < picture->branches; b++)
        if (picture->branch[b].children > 0 && picture->branch[b].parent != NONE_INDEX)
            view->open[picture->branch[b].parent] = true;
}

/* Depth first, by climbing: after a branch come its children if it is open, else its next
 * sibling, else that of the nearest ancestor that has one. Bounded: each branch comes once. */
void view_update(struct view *view, const struct picture *picture, size_t lines)
{
    uint32_t b = 0;

    if (view->branches != picture->branches || view->open == NULL)
        start_over(view, picture);
    if (!view->touched)
        open_what_fits(view, picture, lines);
    view->visible_count = 0;
    while (picture->branches > 0 && view->visible_count < picture->branches) {
        const struct picture_branch *branch = &picture->branch[b];

        view->visible[view->visible_count++] = b;
        if (branch->children > 0 && view->open[b]) {
            b = branch->first_child;
            continue;
        }
        while (b != NONE_INDEX && (b + 1 >= picture->branches ||
                                   picture->branch[b + 1].parent != picture->branch[b].parent))
            b = picture->branch[b].parent;
        if (b == NONE_INDEX)
            break;
        b++;
    }
    view_move(view, picture, 0);
}

void view_toggle(struct view *view, const struct picture *picture)
{
    if (!view->shows_nodes && view->selected < view->visible_count) {
        uint32_t b = view->visible[view->selected];

        view->touched = true;
        view->open[b] = picture->branch[b].children > 0 && !view->open[b];
        view_update(view, picture, 0);
    }
}

void view_move(struct view *view, const struct picture *picture, int64_t lines)
{
    int64_t count = view->shows_nodes ? picture->nodes_total : (int64_t)view->visible_count;
    int64_t to = (view->shows_nodes ? view->node_selected : (int64_t)view->selected) + lines;

    to = to >= count ? count - 1 : to;
    to = to < 0 ? 0 : to;
    if (view->shows_nodes)
        view->node_selected = to;
    else
        view->selected = (size_t)to;
}

void view_note(struct view *view, const struct picture *picture)
{
    const struct picture_branch *site = picture->branches > 0 ? &picture->branch[0] : NULL;

    if (site == NULL || !site->tight || site->tight_limit_w <= 0)
        return;
    view->history[view->history_at] = (double)site->tight_load_w / (double)site->tight_limit_w;
    view->history_at = (view->history_at + 1) % HISTORY;
    view->history_count += view->history_count < HISTORY;
}

void view_free(struct view *view)
{
    free(view->open);
    free(view->visible);
    *view = (struct view){0};
}
