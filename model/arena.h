/* model/arena.h - memory is taken once, at start-up, and given back all at once.
 *
 * An arena hands out zeroed, aligned pieces of a chain of large blocks. The tick allocates nothing: what it
 * needs was taken here before it began. Not thread-safe: one arena belongs to one thread. */
#ifndef MODEL_ARENA_H
#define MODEL_ARENA_H

#include "model/base.h"

struct arena_block;

struct arena {
    struct arena_block *newest;
    size_t taken_bytes;
};

/* count x size zeroed bytes, aligned for any type; valid until arena_free. count 0 gives a valid pointer.
 * Start-up memory that can't be had ends the program with a message: there is nothing to control yet. */
void *arena_take(struct arena *arena, size_t count, size_t size);

/* A copy of text[0..length) with a NUL. */
char *arena_text(struct arena *arena, const char *text, size_t length);

#define arena_array(arena, count, type) ((type *)arena_take((arena), (count), sizeof(type)))

/* Gives everything back; the arena is empty and can be used again. Fine on a zeroed arena. */
void arena_free(struct arena *arena);

#endif
