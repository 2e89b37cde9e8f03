#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) { /* bounded: each turn writes something or fails */
        ssize_t n = write(fd, text, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

/* The rename itself must survive a power cut. */
static bool sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    bool ok;
    int fd;

    snprintf(copy, sizeof copy, "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

bool file_write_atomic(const char *path, const char *text, size_t length, struct error *err)
{
    char temporary[PATH_MAX];
    int fd;
    bool ok;

    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return failure(err, ERR_RANGE, path, "a shorter path", "%zu bytes", strlen(path));
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return failure(err, ERR_IO, path, "a folder that can be written", "%s", strerror(errno));
    ok = fchmod(fd, 0644) == 0 && write_all(fd, text, length) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && rename(temporary, path) == 0;
    if (!ok) {
        failure(err, ERR_IO, path, "a file that can be written", "%s", strerror(errno));
        unlink(temporary);
        return false;
    }
    if (!sync_folder_of(path))
        return failure(err, ERR_IO, path, "a folder that can be synced", "%s", strerror(errno));
    return true;
}

enum { ROOM_LEAST = 4096 }; /* what /proc and the like call empty is not */

/* Reads to the end, or to max_bytes + 1: a file may grow after fstat, so what was read counts. The bytes are the
 * caller's, with room for a NUL; NULL: errno says why. */
static char *read_all(int fd, size_t size, size_t max_bytes, size_t *length)
{
    size_t room = 0;
    char *bytes = NULL;

    *length = 0;
    for (;;) { /* bounded: each turn reads something, ends or fails */
        ssize_t n = 0;

        if (*length == room) {
            char *grown = NULL;

            room = room > 0 ? 2 * room : (size < ROOM_LEAST ? ROOM_LEAST : size) + 1;
            room = room > max_bytes + 1 ? max_bytes + 1 : room;
            grown = realloc(bytes, room + 1);
            if (grown == NULL)
                break;
            bytes = grown;
        }
        n = read(fd, bytes + *length, room - *length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        *length += (size_t)n;
        if (n == 0 || *length > max_bytes)
            return bytes;
    }
    free(bytes); /* which leaves errno alone */
    return NULL;
}

static bool read_open(int fd, const char *path, size_t max_bytes, char **text, size_t *length,
                      struct error *err)
{
    struct stat info;
    char *bytes;

    if (fstat(fd, &info) != 0)
        return failure(err, ERR_IO, path, "a file that can be read", "%s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return failure(err, ERR_TYPE, path, "a regular file", "%s",
                       S_ISDIR(info.st_mode) ? "a folder" : "a device, pipe or socket");
    bytes = read_all(fd, info.st_size < 0 ? 0 : (size_t)info.st_size, max_bytes, length);
    if (bytes == NULL && errno == ENOMEM)
        return failure(err, ERR_FULL, path, "memory to read it", "none");
    if (bytes == NULL)
        return failure(err, ERR_IO, path, "a file that can be read", "%s", strerror(errno));
    if (*length > max_bytes) {
        char expected[64];

        free(bytes);
        snprintf(expected, sizeof expected, "at most %zu bytes", max_bytes);
        return failure(err, ERR_RANGE, path, expected, "more");
    }
    bytes[*length] = '\0';
    *text = bytes;
    return true;
}

bool file_read(const char *path, size_t max_bytes, char **text, size_t *length, struct error *err)
{
    /* O_NONBLOCK: opening a pipe must not wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t read_bytes = 0;
    bool ok;

    if (fd < 0)
        return failure(err, ERR_IO, path, "a file that can be read", "%s", strerror(errno));
    ok = read_open(fd, path, max_bytes, text, &read_bytes, err);
    close(fd);
    if (ok && length != NULL)
        *length = read_bytes;
    return ok;
}
