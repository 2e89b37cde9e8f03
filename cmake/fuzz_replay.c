/* cmake/fuzz_replay.c - replays a fuzz target's corpus as an ordinary test.
 *
 * Stands in for libFuzzer's main outside the fuzz preset: gives each file named on the command line,
 * and each file in a folder named there, to the target once. A finding shows as in the fuzzer: the
 * target crashes, or a sanitizer stops it. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 24 }; /* a corpus file is small: 16 MiB says that something is wrong */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void give_up(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    exit(EXIT_FAILURE);
}

static size_t replay_file(const char *path, off_t length)
{
    size_t size = (size_t)length;
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size > 0 ? size : 1); /* exactly as long, so that ASan sees an overrun */

    if (file == NULL || data == NULL)
        give_up(path, strerror(errno));
    if (length > INPUT_MAX)
        give_up(path, "is larger than 16 MiB");
    if (fread(data, 1, size, file) != size)
        give_up(path, "is shorter than it was");
    fclose(file);
    fprintf(stderr, "%s: %zu bytes\n", path, size); /* the last one named is the one that failed */
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

/* Replays the files in a folder, in order of name; folders in it are left alone. Returns how many. */
static size_t replay_folder(const char *path)
{
    struct dirent **entry = NULL;
    int entries = scandir(path, &entry, NULL, alphasort);
    size_t count = 0;

    if (entries < 0)
        give_up(path, strerror(errno));
    for (int i = 0; i < entries; i++) {
        struct stat about;
        char *inside = NULL;

        if (asprintf(&inside, "%s/%s", path, entry[i]->d_name) < 0)
            give_up(path, "out of memory");
        if (stat(inside, &about) == 0 && S_ISREG(about.st_mode))
            count += replay_file(inside, about.st_size);
        free(inside);
        free(entry[i]);
    }
    free(entry);
    return count;
}

static size_t replay(const char *path)
{
    struct stat about;

    if (stat(path, &about) != 0)
        give_up(path, strerror(errno));
    return S_ISDIR(about.st_mode) ? replay_folder(path) : replay_file(path, about.st_size);
}

int main(int argc, char **argv)
{
    size_t count = 0;

    for (int i = 1; i < argc; i++)
        count += replay(argv[i]);
    printf("%zu inputs replayed\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE; /* an empty corpus tests nothing */
}
