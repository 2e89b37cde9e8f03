/* cli/screen.h - a frame on the terminal, and what keys ask for. ncurses is behind this and nowhere
 * else. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "cli/frame.h"

enum act {
    ACT_NOTHING,
    ACT_QUIT,
    ACT_UP,
    ACT_DOWN,
    ACT_PAGE_UP,
    ACT_PAGE_DOWN,
    ACT_FIRST,
    ACT_LAST,
    ACT_OPEN,
    ACT_OTHER_VIEW,
    ACT_RESIZE /* the terminal has another size now */
};

/* False when the terminal can't do it (TERM unknown). */
MUST_USE bool screen_open(bool colours);
void screen_close(void);
void screen_size(int *width, int *height);
void screen_show(const struct frame *frame);
/* What the next key asks for; does not wait. */
enum act screen_act(void);

#endif
