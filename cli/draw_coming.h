/* cli/draw_coming.h - what is coming, in a few lines: breakers that may trip, grid events, forecasts. */
#ifndef CLI_DRAW_COMING_H
#define CLI_DRAW_COMING_H

#include "cli/frame.h"
#include "cli/picture.h"

/* Lines that all of it needs; 0 when nothing is coming. */
size_t coming_count(const struct picture *picture);

/* The first `lines` of it from line y on, the most urgent first; the last line says how many more there are. */
void draw_coming(struct frame *frame, int y, const struct picture *picture, size_t lines);

enum { SPAN_TEXT = 16 };

/* "42 s", "4:32 min", "2:05 h", "3 d". Returns out. */
const char *span_text(double seconds, char out[SPAN_TEXT]);

#endif
