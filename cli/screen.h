/* cli/screen.h - a frame on the terminal, and keys from it. ncurses is behind this and nowhere
 * else. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "cli/frame.h"

enum key {
    KEY_NOTHING,
    KEY_QUIT,
    KEY_GO_UP,
    KEY_GO_DOWN,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_FIRST,
    KEY_LAST,
    KEY_OPEN,
    KEY_OTHER_VIEW,
    KEY_SIZE /* the terminal has another size now */
};

/* False when the terminal can't do it (TERM unknown). */
MUST_USE bool screen_open(bool colours);
void screen_close(void);
void screen_size(int *width, int *height);
void screen_show(const struct frame *frame);
/* Does not wait. */
enum key screen_key(void);

#endif
