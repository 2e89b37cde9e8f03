#include "cli/screen.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The system's header, with the name that gives wide characters. */
#define NCURSES_WIDECHAR 1
#include <curses.h>

enum { PAIR_GOOD = 1, PAIR_WARN, PAIR_BAD, PAIR_INFO, PAIR_ALARM };

static attr_t attributes[STYLE_COUNT];
static short pairs[STYLE_COUNT];

static void set_styles(bool colours)
{
    memset(pairs, 0, sizeof pairs);
    attributes[STYLE_PLAIN] = A_NORMAL;
    attributes[STYLE_DIM] = A_DIM;
    attributes[STYLE_BOLD] = A_BOLD;
    attributes[STYLE_GOOD] = A_NORMAL;
    attributes[STYLE_WARN] = colours ? A_NORMAL : A_BOLD;
    attributes[STYLE_BAD] = A_BOLD;
    attributes[STYLE_INFO] = A_NORMAL;
    attributes[STYLE_BAR] = A_NORMAL;
    attributes[STYLE_ALARM] = colours ? A_BOLD : A_BOLD | A_REVERSE;
    attributes[STYLE_TITLE] = A_REVERSE;
    if (!colours)
        return;
    start_color();
    use_default_colors();
    init_pair(PAIR_GOOD, COLOR_GREEN, -1);
    init_pair(PAIR_WARN, COLOR_YELLOW, -1);
    init_pair(PAIR_BAD, COLOR_RED, -1);
    init_pair(PAIR_INFO, COLOR_CYAN, -1);
    init_pair(PAIR_ALARM, COLOR_WHITE, COLOR_RED);
    pairs[STYLE_GOOD] = pairs[STYLE_BAR] = PAIR_GOOD;
    pairs[STYLE_WARN] = PAIR_WARN;
    pairs[STYLE_BAD] = PAIR_BAD;
    pairs[STYLE_INFO] = PAIR_INFO;
    pairs[STYLE_ALARM] = PAIR_ALARM;
}

/* newterm and not initscr: that one ends the program when it does not know the terminal. */
bool screen_open(bool colours)
{
    SCREEN *screen = newterm(NULL, stdout, stdin);

    if (screen == NULL)
        return false;
    set_term(screen);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    set_styles(colours && has_colors());
    return true;
}

void screen_close(void) { endwin(); }

void screen_size(int *width, int *height) { getmaxyx(stdscr, *height, *width); }

void screen_show(const struct frame *frame)
{
    for (int y = 0; y < frame->height; y++)
        for (int x = 0; x < frame->width; x++) {
            const struct cell *cell = &frame->cell[y * frame->width + x];
            wchar_t text[2] = {cell->glyph, 0};
            cchar_t glyph;

            if (cell->glyph == 0)
                continue; /* the right half of the one before */
            setcchar(&glyph, text, attributes[cell->style] | (cell->selected ? A_REVERSE : 0),
                     pairs[cell->style], NULL);
            mvadd_wch(y, x, &glyph);
        }
    refresh();
}

enum act screen_act(void)
{
    static const struct {
        int code;
        enum act act;
    } known[] = {
        {'q', ACT_QUIT},
        {'Q', ACT_QUIT},
        {27, ACT_QUIT},
        {KEY_UP, ACT_UP},
        {'k', ACT_UP},
        {KEY_DOWN, ACT_DOWN},
        {'j', ACT_DOWN},
        {KEY_PPAGE, ACT_PAGE_UP},
        {KEY_NPAGE, ACT_PAGE_DOWN},
        {' ', ACT_PAGE_DOWN},
        {KEY_HOME, ACT_FIRST},
        {'g', ACT_FIRST},
        {KEY_END, ACT_LAST},
        {'G', ACT_LAST},
        {'\r', ACT_OPEN},
        {'\n', ACT_OPEN},
        {KEY_ENTER, ACT_OPEN},
        {'n', ACT_OTHER_VIEW},
        {KEY_RESIZE, ACT_RESIZE},
    };
    int code = getch();

    for (size_t i = 0; i < COUNT(known); i++)
        if (known[i].code == code)
            return known[i].act;
    return ACT_NOTHING;
}
