/* platform/log.h - structured log lines on stderr: time, level, event, key=value pairs (logfmt).
 *
 *     2026-11-24T23:05:11.123Z notice meter.quality meter=grid now=stale age_ms=3204
 *
 * Log what changed, count the rest. Thread-safe. */
#ifndef PLATFORM_LOG_H
#define PLATFORM_LOG_H

#include "model/base.h"

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG
};

/* Lines above this level are dropped. Colours only if stderr is a terminal. */
void log_open(enum log_level most);
bool log_level_parse(const char *name, enum log_level *level);

/* `event` is a fixed dotted name; the rest is "key=%s other=%d" and its values. Values with spaces must be
 * written as key=\"%s\"; control characters in the finished line are replaced, the line is cut at 1,000 bytes. */
void log_event(enum log_level level, const char *event, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
