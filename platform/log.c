#include "platform/log.h"
#include "platform/clock.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* One line is one write(2) of at most this many bytes, so that lines of several threads never mix. */
enum { LINE_BYTES = 1000 };

static const struct {
    const char *name;
    const char *colour;
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", "\033[31m"},   [LOG_LEVEL_WARNING] = {"warning", "\033[33m"},
    [LOG_LEVEL_NOTICE] = {"notice", "\033[36m"}, [LOG_LEVEL_INFO] = {"info", ""},
    [LOG_LEVEL_DEBUG] = {"debug", "\033[2m"},
};

static atomic_int most_shown = LOG_LEVEL_NOTICE;
static atomic_bool coloured;

void log_open(enum log_level most)
{
    atomic_store(&most_shown, (int)most);
    atomic_store(&coloured, isatty(STDERR_FILENO) != 0);
}

bool log_level_parse(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < COUNT(levels); i++) {
        if (strcmp(levels[i].name, name) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* snprintf's result as what really stands in the buffer. */
static size_t written(int result, size_t room)
{
    if (result < 0 || room == 0)
        return 0;
    return (size_t)result < room ? (size_t)result : room - 1;
}

static size_t put_time(char *out, size_t room)
{
    int64_t wall_ms = clock_wall_ms();
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    return written(snprintf(out, room, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900,
                            utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                            (int)(wall_ms % 1000)),
                   room);
}

/* A name that came from a device must not be able to write a line of its own, or to move the cursor. */
static void replace_control_characters(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    char line[LINE_BYTES];
    bool colour = atomic_load(&coloured) && levels[level].colour[0] != '\0';
    const size_t room = sizeof line - 8; /* keeps the end of the colour and the newline */
    size_t at, start;
    va_list args;

    if ((int)level > atomic_load(&most_shown))
        return;
    at = put_time(line, room);
    at += written(snprintf(line + at, room - at, " %s%s%s ", colour ? levels[level].colour : "",
                           levels[level].name, colour ? "\033[0m" : ""),
                  room - at);
    start = at;
    at += written(snprintf(line + at, room - at, "%s ", event), room - at);
    va_start(args, format);
    at += written(vsnprintf(line + at, room - at, format, args), room - at);
    va_end(args);
    replace_control_characters(line + start, at - start);
    if (line[at - 1] == ' ')
        at--;
    line[at++] = '\n';
    if (write(STDERR_FILENO, line, at) < 0)
        return; /* nowhere left to say so */
}
