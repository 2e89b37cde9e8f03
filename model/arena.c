#include "model/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 256 * 1024 };

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    _Alignas(max_align_t) unsigned char bytes[];
};

static _Noreturn void out_of_memory(size_t count, size_t size)
{
    fprintf(stderr, "capstan: out of memory at start-up (%zu x %zu bytes)\n", count, size);
    abort();
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct arena_block *block = arena->newest;
    size_t bytes = 0;
    void *piece = NULL;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        out_of_memory(count, size);
    bytes = (bytes + align - 1) / align * align;
    if (block == NULL || block->size - block->used < bytes) {
        size_t room = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;

        block = calloc(1, sizeof *block + room);
        if (block == NULL)
            out_of_memory(count, size);
        block->older = arena->newest;
        block->size = room;
        arena->newest = block;
    }
    piece = block->bytes + block->used;
    block->used += bytes;
    arena->taken_bytes += bytes;
    return piece;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1, 1);

    memcpy(copy, text, length);
    return copy;
}

void arena_free(struct arena *arena)
{
    struct arena_block *block = arena->newest;

    while (block != NULL) {
        struct arena_block *older = block->older;

        free(block);
        block = older;
    }
    arena->newest = NULL;
    arena->taken_bytes = 0;
}
