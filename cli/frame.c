#include "cli/frame.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 1024, EIGHTHS = 8 };

static const char *const ansi[STYLE_COUNT] = {
    [STYLE_PLAIN] = "",        [STYLE_DIM] = "\033[2m",   [STYLE_BOLD] = "\033[1m",
    [STYLE_GOOD] = "\033[32m", [STYLE_WARN] = "\033[33m", [STYLE_BAD] = "\033[1;31m",
    [STYLE_INFO] = "\033[36m", [STYLE_BAR] = "\033[32m",  [STYLE_ALARM] = "\033[1;37;41m",
    [STYLE_TITLE] = "\033[7m",
};

void frame_resize(struct frame *frame, int width, int height)
{
    frame->width = width > 0 ? width : 1;
    frame->height = height > 0 ? height : 1;
    free(frame->cell);
    frame->cell = calloc((size_t)frame->width * (size_t)frame->height, sizeof *frame->cell);
    if (frame->cell == NULL)
        abort();
    frame_clear(frame);
}

void frame_clear(struct frame *frame)
{
    for (int i = 0; i < frame->width * frame->height; i++)
        frame->cell[i] = (struct cell){.glyph = L' '};
}

void frame_free(struct frame *frame)
{
    free(frame->cell);
    *frame = (struct frame){0};
}

static struct cell *at(struct frame *frame, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < frame->width && y < frame->height;

    return inside ? &frame->cell[y * frame->width + x] : NULL;
}

/* Returns how many columns it took: 0 when there is no room left. */
static int put(struct frame *frame, int x, int y, int room, enum style style, wchar_t glyph)
{
    int columns = wcwidth(glyph);
    struct cell *cell = at(frame, x, y);

    if (columns < 1) {
        glyph = L'?';
        columns = 1;
    }
    if (cell == NULL || columns > room || at(frame, x + columns - 1, y) == NULL)
        return 0;
    *cell = (struct cell){.glyph = glyph, .style = style};
    if (columns == 2)
        cell[1] = (struct cell){.glyph = 0, .style = style};
    return columns;
}

/* One character of `text`; a broken one is a '?' of one byte. */
static size_t next_glyph(const char *text, size_t left, mbstate_t *state, wchar_t *glyph)
{
    size_t bytes = mbrtowc(glyph, text, left, state);

    if (bytes == (size_t)-1 || bytes == (size_t)-2 || bytes == 0) {
        *glyph = L'?';
        memset(state, 0, sizeof *state);
        return 1;
    }
    return bytes;
}

static int columns_of(const char *text)
{
    size_t left = strlen(text);
    mbstate_t state = {0};
    int columns = 0;

    while (left > 0) {
        wchar_t glyph = 0;
        size_t bytes = next_glyph(text, left, &state, &glyph);
        int width = wcwidth(glyph);

        columns += width < 1 ? 1 : width;
        text += bytes;
        left -= bytes;
    }
    return columns;
}

int frame_text(struct frame *frame, int x, int y, int room, enum style style, const char *text)
{
    size_t left = strlen(text);
    mbstate_t state = {0};

    while (left > 0 && room > 0) {
        wchar_t glyph = 0;
        size_t bytes = next_glyph(text, left, &state, &glyph);
        int columns = 0;

        text += bytes;
        left -= bytes;
        /* The last column of what is too long says so. */
        if (room == 1 && left > 0)
            glyph = L'…';
        columns = put(frame, x, y, room, style, glyph);
        if (columns == 0)
            break;
        x += columns;
        room -= columns;
    }
    return x;
}

int frame_print(struct frame *frame, int x, int y, int room, enum style style, const char *format,
                ...)
{
    char text[TEXT_MOST];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return frame_text(frame, x, y, room, style, text);
}

void frame_right(struct frame *frame, int x, int y, int room, enum style style, const char *text)
{
    int columns = columns_of(text);

    if (columns < room) {
        x += room - columns;
        room = columns;
    }
    frame_text(frame, x, y, room, style, text);
}

void frame_bar(struct frame *frame, int x, int y, int room, double share, enum style style)
{
    static const wchar_t parts[EIGHTHS + 1] = L" ▏▎▍▌▋▊▉█";
    double clipped = share > 0 ? (share < 1 ? share : 1) : 0; /* NaN is 0 */
    int eighths = (int)(clipped * room * EIGHTHS + 0.5);

    for (int column = 0; column < room; column++) {
        int part = eighths > EIGHTHS ? EIGHTHS : eighths;

        if (part > 0)
            put(frame, x + column, y, 1, style, parts[part]);
        else
            put(frame, x + column, y, 1, STYLE_DIM, L'·');
        eighths -= part;
    }
}

void frame_line_style(struct frame *frame, int y, enum style style)
{
    for (int x = 0; x < frame->width; x++)
        if (at(frame, x, y) != NULL)
            at(frame, x, y)->style = style;
}

void frame_select_line(struct frame *frame, int y)
{
    for (int x = 0; x < frame->width; x++)
        if (at(frame, x, y) != NULL)
            at(frame, x, y)->selected = true;
}

void frame_fade(struct frame *frame, int from_y)
{
    for (int y = from_y; y < frame->height; y++)
        frame_line_style(frame, y, STYLE_DIM);
}

static int last_column(const struct cell *line, int width)
{
    int last = width;

    while (last > 0 && line[last - 1].glyph == L' ')
        last--;
    return last;
}

void frame_write(const struct frame *frame, FILE *out, bool colours)
{
    for (int y = 0; y < frame->height; y++) {
        const struct cell *line = &frame->cell[y * frame->width];
        int last = last_column(line, frame->width);
        enum style style = STYLE_PLAIN;

        for (int x = 0; x < last; x++) {
            char bytes[MB_LEN_MAX + 1] = "";
            mbstate_t state = {0};
            size_t length = 0;

            if (colours && line[x].style != style)
                fprintf(out, "\033[0m%s", ansi[line[x].style]);
            style = line[x].style;
            if (line[x].glyph == 0)
                continue;
            length = wcrtomb(bytes, line[x].glyph, &state);
            fwrite(length == (size_t)-1 ? "?" : bytes, 1, length == (size_t)-1 ? 1 : length, out);
        }
        fprintf(out, "%s\n", colours && style != STYLE_PLAIN ? "\033[0m" : "");
    }
}
