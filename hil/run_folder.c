#include "hil/run_folder.h"

#include "config/quantity.h"
#include "platform/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20, FILES_MAX = 64 };

bool run_folder_make(const char *path, char *out, struct error *err)
{
    const char *base = getenv("TMPDIR");

    if (path != NULL) {
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return failure(err, ERR_IO, path, "a folder for the run", "%s", strerror(errno));
        if (realpath(path, out) ==
            NULL) /* RUN_PATH_BYTES is below PATH_MAX only for absurd paths */
            return failure(err, ERR_IO, path, "a folder for the run", "%s", strerror(errno));
        return true;
    }
    snprintf(out, RUN_PATH_BYTES, "%s/capstan-rig-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(out) == NULL)
        return failure(err, ERR_IO, out, "a folder for the run", "%s", strerror(errno));
    return true;
}

/* ---------------------------------------------------------------- copies */

static void folder_of(const char *path, char *out)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        snprintf(out, RUN_PATH_BYTES, ".");
    else
        snprintf(out, RUN_PATH_BYTES, "%.*s", (int)(slash - path), path);
}

static bool join(char *out, const char *folder, const char *name, struct error *err)
{
    if ((size_t)snprintf(out, RUN_PATH_BYTES, "%s/%s", folder, name) >= RUN_PATH_BYTES)
        return failure(err, ERR_RANGE, folder, "a shorter path", "%s", name);
    return true;
}

static bool copy_file(const char *from_folder, const char *to_folder, const char *name,
                      struct error *err)
{
    char from[RUN_PATH_BYTES];
    char to[RUN_PATH_BYTES];
    char *text = NULL;
    size_t length = 0;
    bool ok = join(from, from_folder, name, err) && join(to, to_folder, name, err) &&
              file_read(from, FILE_BYTES_MAX, &text, &length, err) &&
              file_write_atomic(to, text, length, err);

    free(text);
    return ok;
}

static bool ends_in_cfg(const char *name)
{
    size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, ".cfg") == 0;
}

bool run_folder_copy(const char *folder, const char *site_file, struct error *err)
{
    char from[RUN_PATH_BYTES];
    struct stat a;
    struct stat b;
    DIR *entries = NULL;
    int copied = 0;
    bool ok = true;

    folder_of(site_file, from);
    if (stat(from, &a) == 0 && stat(folder, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        return true;
    entries = opendir(from);
    if (entries == NULL)
        return failure(err, ERR_IO, from, "a folder with the site's files", "%s", strerror(errno));
    /* cppcheck-suppress readdirCalled ; the stream is ours alone */
    for (struct dirent *entry = readdir(entries); ok && entry != NULL; entry = readdir(entries)) {
        if (!ends_in_cfg(entry->d_name))
            continue;
        if (++copied > FILES_MAX)
            ok = failure(err, ERR_FULL, from, "no more than 64 files", "more");
        else
            ok = copy_file(from, folder, entry->d_name, err);
    }
    closedir(entries);
    return ok;
}

/* ---------------------------------------------------------------- changes */

/* text with the length bytes at `at` replaced; NULL without memory. */
static char *splice(const char *text, size_t at, size_t length, const char *with)
{
    size_t size = strlen(text) - length + strlen(with) + 1;
    char *out = malloc(size);

    if (out != NULL)
        snprintf(out, size, "%.*s%s%s", (int)at, text, with, text + at + length);
    return out;
}

/* Replaces every `place`; text is freed or returned. NULL without memory. */
static char *replace_all(char *text, const char *place, const char *with)
{
    size_t from = 0;

    while (text != NULL) {
        char *hit = strstr(text + from, place);
        char *next = NULL;

        if (hit == NULL)
            return text;
        from = (size_t)(hit - text) + strlen(with);
        next = splice(text, (size_t)(hit - text), strlen(place), with);
        free(text);
        text = next;
    }
    return NULL;
}

bool run_folder_connect(const char *folder, uint16_t modbus_port, const char *broker_url,
                        struct error *err)
{
    char path[RUN_PATH_BYTES];
    char modbus[32];
    char *text = NULL;
    size_t length = 0;
    bool ok = false;

    snprintf(modbus, sizeof modbus, "127.0.0.1:%u", modbus_port);
    if (!join(path, folder, "connections.cfg", err) ||
        !file_read(path, FILE_BYTES_MAX, &text, &length, err))
        return false;
    text = replace_all(text, RUN_MODBUS_PLACE, modbus);
    text = replace_all(text, RUN_BROKER_PLACE, broker_url);
    ok = text != NULL ? file_write_atomic(path, text, strlen(text), err)
                      : failure(err, ERR_FULL, path, "memory", "none left");
    free(text);
    return ok;
}

/* Finds the text of the limit: limit = "THIS" after kind = "import_limit". False when there is none. */
static bool find_limit(const char *text, size_t *at, size_t *length)
{
    static const char kind[] = "\"import_limit\"";
    static const char limit[] = "limit = \"";
    const char *hit = strstr(text, kind);
    const char *end = NULL;

    if (hit == NULL)
        return false;
    hit = strstr(hit + strlen(kind), limit);
    if (hit == NULL)
        return false;
    hit += strlen(limit);
    end = strchr(hit, '"');
    if (end == NULL)
        return false;
    *at = (size_t)(hit - text);
    *length = (size_t)(end - hit);
    return true;
}

bool policy_limit_read(const char *path, int64_t *limit_w, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    size_t at = 0;
    union amount amount = {0};
    bool ok = false;

    if (!file_read(path, FILE_BYTES_MAX, &text, &length, err))
        return false;
    if (!find_limit(text, &at, &length)) {
        ok = failure(err, ERR_MISSING, path,
                     "a policy of kind \"import_limit\" with limit = \"...\"", "none");
    } else {
        text[at + length] = '\0';
        ok = amount_parse(KIND_POWER, text + at, &amount, err);
    }
    free(text);
    if (ok)
        *limit_w = amount.whole;
    return ok;
}

bool policy_limit_write(const char *path, int64_t limit_w, struct error *err)
{
    char *text = NULL;
    char *changed = NULL;
    char limit[32];
    size_t length = 0;
    size_t at = 0;
    bool ok = false;

    if (!file_read(path, FILE_BYTES_MAX, &text, &length, err))
        return false;
    snprintf(limit, sizeof limit, "%lld W", (long long)limit_w);
    if (find_limit(text, &at, &length))
        changed = splice(text, at, length, limit);
    ok = changed != NULL
             ? file_write_atomic(path, changed, strlen(changed), err)
             : failure(err, ERR_MISSING, path,
                       "a policy of kind \"import_limit\" with limit = \"...\"", "none");
    free(changed);
    free(text);
    return ok;
}
