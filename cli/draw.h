/* cli/draw.h - `capstan top` as a frame: head, tree or nodes, the selected one's why, alarms,
 * keys.
 *
 * Pure: a picture and what the user looks at go in, a frame comes out; the tests look at it as
 * text. */
#ifndef CLI_DRAW_H
#define CLI_DRAW_H

#include "cli/frame.h"
#include "cli/picture.h"

enum { HISTORY = 240 };

/* What the user looks at. Zeroed: the tree, from its top. */
struct view {
    bool shows_nodes, plain; /* plain: for a script, without selection and keys, everything open */
    bool touched;      /* the user has opened or closed something; before, what fits is open */
    bool *open;        /* [branches]: its children are shown */
    size_t branches;   /* as many as `open` is for */
    uint32_t *visible; /* [branches]: which are shown, in order */
    size_t visible_count;
    size_t selected, top; /* in visible[] */
    int64_t node_selected, node_top;
    double history
        [HISTORY]; /* the site's load as a share of its limit, a ring; newest before history_at */
    size_t history_count, history_at;
};

/* How well the picture is: age and why there is no newer one. */
struct freshness {
    const char *url;
    double silent_s;   /* since the last good answer */
    const char *error; /* of the last try; NULL if it was good */
};

/* `picture` may be NULL: nothing was heard yet. */
void draw(struct frame *frame, const struct picture *picture, struct view *view,
          const struct freshness *fresh);

/* Lines of the list that a frame of this height shows; a page. */
int draw_list_lines(int height, const struct picture *picture, const struct view *view);
/* Lines that a plain frame needs for everything. */
int draw_plain_height(const struct picture *picture, struct view *view);

/* Opens or closes the selected branch. */
void view_toggle(struct view *view, const struct picture *picture);
/* Moves the selection by so many lines, within what there is. */
void view_move(struct view *view, const struct picture *picture, int64_t lines);
/* Brings visible[] up to date. Until the user opens or closes something, everything is open if
 * it fits in `lines`, else all but the last level. */
void view_update(struct view *view, const struct picture *picture, size_t lines);
/* Notes the site's load of a new picture. */
void view_note(struct view *view, const struct picture *picture);
void view_free(struct view *view);

#endif
