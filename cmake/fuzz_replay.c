/* cmake/fuzz_replay.c - replays a fuzz target's corpus as an ordinary test.
 *
 * Stands in for libFuzzer's main outside the fuzz preset: gives each file named on the command line,
 * and each file in a folder named there, to the target once. A finding shows as in the fuzzer: the
 * target crashes, or a sanitizer stops it. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 24 }; /* a corpus file is small: 16 MiB says that something is wrong */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void give_up(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    exit(EXIT_FAILURE);
}

static void replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size > 0 ? size : 1); /* exactly as long, so that ASan sees an overrun */

    if (file == NULL || data == NULL)
        give_up(path, strerror(errno));
    if (fread(data, 1, size, file) != size)
        give_up(path, "is shorter than it was");
    fclose(file);
    fprintf(stderr, "%s: %zu bytes\n", path, size); /* the last one named is the one that failed */
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
}

/* Replays path, or the files in it; returns how many. Folders in a corpus folder are left alone. */
static size_t replay(const char *path, bool may_be_folder)
{
    struct stat about;
    size_t count = 0;
    DIR *folder = NULL;

    if (stat(path, &about) != 0)
        give_up(path, strerror(errno));
    if (S_ISREG(about.st_mode)) {
        if (about.st_size > INPUT_MAX)
            give_up(path, "is larger than 16 MiB");
        replay_file(path, (size_t)about.st_size);
        return 1;
    }
    folder = may_be_folder ? opendir(path) : NULL;
    if (folder == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char *inside = NULL;

        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&inside, "%s/%s", path, entry->d_name) < 0)
            give_up(path, "out of memory");
        count += replay(inside, false);
        free(inside);
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    size_t count = 0;

    for (int i = 1; i < argc; i++)
        count += replay(argv[i], true);
    printf("%zu inputs replayed\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE; /* an empty corpus tests nothing */
}
