/* config/report.h - mistakes found in a parsed file, told with file, line and path. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include "config/source.h"
#include "config/text.h"

#include <libconfig.h>

/* A file that is being read, and where its mistakes go. */
struct reader {
    struct source_text source;
    config_t config;
    struct diagnostics *found;
    size_t errors_before; /* in *found when reading began */
};

/* Reads and parses. False when there is nothing to go on with; reader_close in both cases. */
MUST_USE bool reader_open(struct reader *reader, const char *path, struct diagnostics *found);
MUST_USE bool reader_open_text(struct reader *reader, const char *name, const char *text,
                               size_t size, struct diagnostics *found);
void reader_close(struct reader *reader);

/* True while nothing but warnings has been found since reader_open. */
bool reader_clean(const struct reader *reader);

/* What is wrong with a setting. Without `read` its value is shown; other texts that are NULL say nothing. */
struct mistake {
    enum error_kind kind;
    const char
        *member; /* of the group `at`: one that is missing, or a setting in it; NULL: `at` itself */
    const char *read, *expected, *suggestion;
};

/* Both return false, so that a mistake is one line. `at` may be NULL: the file as a whole. */
bool mistake(const struct reader *reader, const config_setting_t *at, const struct mistake *m);
bool suspicion(const struct reader *reader, const config_setting_t *at, const struct mistake *m);

/* The setting's value as a person wrote it, near enough: "\"2 MW\"", "5", "a group". Returns out. */
const char *setting_shown(const config_setting_t *setting, char *out, size_t size);

/* A setting's place, for what is reported later. *file lives as long as the reader. */
void setting_place(const struct reader *reader, const config_setting_t *at, const char **file,
                   uint32_t *line);

#endif
