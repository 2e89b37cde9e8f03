/* platform/file.h - files that are whole or not there: atomic writes, bounded reads. */
#ifndef PLATFORM_FILE_H
#define PLATFORM_FILE_H

#include "model/error.h"

/* Writes text to `path` through a temporary file beside it, fsync, rename, fsync of the folder: a reader, and
 * whoever comes after a power cut, sees the old or the new content, never a part. */
MUST_USE bool file_write_atomic(const char *path, const char *text, size_t length,
                                struct error *err);

/* Reads a regular file of at most max_bytes; *text is NUL-terminated and the caller's to free. A folder, a
 * device or a larger file is an error that says so. */
MUST_USE bool file_read(const char *path, size_t max_bytes, char **text, size_t *length,
                        struct error *err);

#endif
