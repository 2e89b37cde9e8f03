/* cli/frame.h - a page of characters with styles, drawn in memory: for a terminal, a script or a
 * test.
 *
 * What does not fit is cut; nothing is ever written outside. */
#ifndef CLI_FRAME_H
#define CLI_FRAME_H

#include "model/base.h"

#include <stdio.h>
#include <wchar.h>

/* Styles by meaning; the screen knows the colours. */
#define STYLES(X)                                          \
    X(STYLE_PLAIN)                                         \
    X(STYLE_DIM)                                           \
    X(STYLE_BOLD)                                          \
    X(STYLE_GOOD)                                          \
    X(STYLE_WARN)                                          \
    X(STYLE_BAD)                                           \
    X(STYLE_INFO)                                          \
    X(STYLE_BAR)                                           \
    X(STYLE_ALARM) /* white on red: can't be overlooked */ \
    X(STYLE_TITLE) /* head lines */

enum style {
#define STYLE_ENUM(id) id,
    STYLES(STYLE_ENUM)
#undef STYLE_ENUM
        STYLE_COUNT
};

struct cell {
    wchar_t glyph; /* 0: the right half of a wide one before it */
    enum style style;
    bool selected; /* shown in reverse */
};

struct frame {
    int width, height;
    struct cell *cell; /* [height * width] */
};

/* An empty frame of this size; sizes are at least 1 x 1. */
void frame_resize(struct frame *frame, int width, int height);
void frame_clear(struct frame *frame);
void frame_free(struct frame *frame);

/* Writes UTF-8 text from (x, y) on, at most `room` columns; returns the column after it. What is no
 * printable character (an escape, broken UTF-8) becomes '?'. */
int frame_text(struct frame *frame, int x, int y, int room, enum style style, const char *text);
int frame_print(struct frame *frame, int x, int y, int room, enum style style, const char *format,
                ...) PRINTF_LIKE(6, 7);
/* The same, ending at column x + room. */
void frame_right(struct frame *frame, int x, int y, int room, enum style style, const char *text);

/* A horizontal bar of `room` columns, filled to share (0 .. 1) in eighths of a column. */
void frame_bar(struct frame *frame, int x, int y, int room, double share, enum style style);

/* Gives a whole line a style, or marks it as selected. */
void frame_line_style(struct frame *frame, int y, enum style style);
void frame_select_line(struct frame *frame, int y);
/* Everything dim: the picture is old. */
void frame_fade(struct frame *frame, int from_y);

/* As text lines without trailing blanks; with ANSI colours if asked. */
void frame_write(const struct frame *frame, FILE *out, bool colours);

#endif
