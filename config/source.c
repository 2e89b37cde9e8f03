#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Doubles *array until `wanted` items of `size` bytes fit. */
static bool make_room(void **array, size_t *room, size_t wanted, size_t size)
{
    size_t larger = *room == 0 ? 4096 : *room;
    void *grown = NULL;

    if (wanted <= *room)
        return true;
    while (larger < wanted)
        larger *= 2;
    grown = realloc(*array, larger * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *room = larger;
    return true;
}

bool source_add(struct source_text *source, const char *bytes, size_t size)
{
    void *text = source->text;

    /* The text is at most what was read and a few bytes a setting for repairs. */
    if (size > 2 * (size_t)SOURCE_BYTES_MAX - source->size ||
        !make_room(&text, &source->room, source->size + size + 1, 1))
        return false;
    source->text = text;
    memcpy(source->text + source->size, bytes, size);
    source->size += size;
    source->text[source->size] = '\0';
    return true;
}

bool source_newline(struct source_text *source, uint32_t file, uint32_t line)
{
    void *lines = source->line;

    if (source->lines > 0 && !source_add(source, "\n", 1))
        return false;
    if (!make_room(&lines, &source->line_room, source->lines + 1, sizeof *source->line))
        return false;
    source->line = lines;
    source->line[source->lines++] = (struct source_line){file, line};
    return true;
}

uint32_t source_file(struct source_text *source, const char *name)
{
    char *copy = NULL;

    for (uint32_t i = 0; i < source->files; i++) {
        if (strcmp(source->file[i], name) == 0)
            return i;
    }
    copy = source->files < SOURCE_FILES_MAX ? strdup(name) : NULL;
    if (copy == NULL)
        return NONE_INDEX;
    source->file[source->files] = copy;
    return source->files++;
}

void source_place(const struct source_text *source, unsigned line, const char **file,
                  uint32_t *line_in_file)
{
    *file = source->files > 0 ? source->file[0] : "";
    *line_in_file = 0;
    if (line < 1 || source->lines == 0)
        return;
    if (line > source->lines)
        line = (unsigned)source->lines;
    *file = source->file[source->line[line - 1].file];
    *line_in_file = source->line[line - 1].line;
}

void source_free(struct source_text *source)
{
    for (uint32_t i = 0; i < source->files; i++)
        free(source->file[i]);
    free(source->line);
    free(source->text);
    *source = (struct source_text){0};
}

/* ---------------------------------------------------------------- files */

static bool read_all(int file, char *bytes, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t n = read(file, bytes + *got, size - *got);

        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            *got += (size_t)n;
    }
    return true;
}

static bool load_open(int file, struct file_bytes *out, struct error *err)
{
    struct stat about;
    char *bytes = NULL;

    if (fstat(file, &about) != 0)
        return failure(err, ERR_IO, "", "a file that can be read", "%s", strerror(errno));
    if (S_ISDIR(about.st_mode))
        return failure(err, ERR_TYPE, "", "a file", "a folder");
    if (!S_ISREG(about.st_mode))
        return failure(err, ERR_TYPE, "", "a file", "something that is not a plain file");
    if (about.st_size > SOURCE_BYTES_MAX)
        return failure(err, ERR_RANGE, "", "at most 16 MiB", "%lld bytes",
                       (long long)about.st_size);
    /* One more than it says, to notice a file that is growing right now. */
    bytes = malloc((size_t)about.st_size + 1);
    if (bytes == NULL)
        return failure(err, ERR_FULL, "", "memory for it", "%lld bytes", (long long)about.st_size);
    if (!read_all(file, bytes, (size_t)about.st_size + 1, &out->size)) {
        free(bytes);
        return failure(err, ERR_IO, "", "a file that can be read", "%s", strerror(errno));
    }
    if (out->size > (size_t)about.st_size) {
        free(bytes);
        return failure(err, ERR_IO, "", "a file at rest", "a file that grows while it is read");
    }
    out->bytes = bytes;
    out->device = about.st_dev;
    out->inode = about.st_ino;
    return true;
}

bool source_load(const char *path, struct file_bytes *out, struct error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    bool ok = false;

    *out = (struct file_bytes){0};
    if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
        return failure(err, ERR_MISSING, "", "a file", "no such file");
    if (file < 0)
        return failure(err, ERR_IO, "", "a file that can be read", "%s", strerror(errno));
    ok = load_open(file, out, err);
    close(file);
    return ok;
}
