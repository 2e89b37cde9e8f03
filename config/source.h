/* config/source.h - the text of a file and of all that it includes, and where each line of it stands.
 *
 * libconfig 1.5 is given this text, never a file: it would cut large integers silently, accept a comment
 * that is not closed, stop at the first duplicate, and end the program when a folder is included. Reading
 * checks all that (config/text_check.c) and puts includes in place, so libconfig never opens anything.
 * Include paths start at the main file's folder, wherever the including file is. */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include "config/diagnostics.h"

enum {
    SOURCE_BYTES_MAX = 16 * 1024 * 1024, /* with everything included */
    SOURCE_FILES_MAX = 64,
    SOURCE_INCLUDE_DEPTH_MAX = 8,
    SOURCE_INCLUDES_MAX = 1000,
    SOURCE_NESTING_MAX = 16, /* groups in groups */
    SOURCE_NAMES_MAX = 1000  /* settings in one group */
};

struct source_line {
    uint32_t file, line;
};

struct source_text {
    char *text; /* NUL-terminated; without comments */
    size_t size, room;
    struct source_line *line; /* [lines]: where each line of the text stands in its file */
    size_t lines, line_room;
    char *file[SOURCE_FILES_MAX]; /* as a message names them; [0] is the main file */
    uint32_t files;
    uint64_t version; /* FNV-1a of all bytes read, includes too */
};

/* A setting that stands twice is renamed to start with this, so that the rest can still be read; it was
 * reported. No name that a person writes may have it. */
#define SOURCE_DUPLICATE '*'

/* Reads a file with its includes. False when there is no text to go on with; true with errors in *found when
 * the rest can be checked all the same. source_free in both cases. */
MUST_USE bool source_read(struct source_text *out, const char *path, struct diagnostics *found);

/* The same for text in memory; includes are looked for in `folder`. */
MUST_USE bool source_from_text(struct source_text *out, const char *name, const char *folder,
                               const char *text, size_t size, struct diagnostics *found);

/* Where line number `line` (from 1) of the text stands. */
void source_place(const struct source_text *source, unsigned line, const char **file,
                  uint32_t *line_in_file);

void source_free(struct source_text *source); /* zeroed is fine */

/* ---- for config/text_check.c ---- */

/* Appends, with no newline in it. False when the text grows too large. */
MUST_USE bool source_add(struct source_text *source, const char *bytes, size_t size);

/* Ends the line; what follows stands at line `line` of file `file`. */
MUST_USE bool source_newline(struct source_text *source, uint32_t file, uint32_t line);

/* Puts a file's name in the list; NONE_INDEX when it is full. */
uint32_t source_file(struct source_text *source, const char *name);

/* A whole regular file into memory, and its identity; *bytes is the caller's. */
struct file_bytes {
    char *bytes;
    size_t size;
    uint64_t device, inode;
};
MUST_USE bool source_load(const char *path, struct file_bytes *out, struct error *err);

#endif
