#include "model/error.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
#define ERROR_NAME(kind, name, text) name,
    ERROR_KINDS(ERROR_NAME)
#undef ERROR_NAME
};

static const char *const texts[] = {
#define ERROR_TEXT(kind, name, text) text,
    ERROR_KINDS(ERROR_TEXT)
#undef ERROR_TEXT
};

bool failure(struct error *err, enum error_kind what, const char *where, const char *expected,
             const char *got_format, ...)
{
    va_list args;

    if (err == NULL)
        return false;
    err->what = what;
    snprintf(err->where, sizeof err->where, "%s", where);
    snprintf(err->expected, sizeof err->expected, "%s", expected);
    va_start(args, got_format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start stands above; clang 14 misses it */
    vsnprintf(err->got, sizeof err->got, got_format, args);
    va_end(args);
    return false;
}

const char *error_name(enum error_kind what) { return what < ERROR_KIND_COUNT ? names[what] : "?"; }

const char *error_text(enum error_kind what) { return what < ERROR_KIND_COUNT ? texts[what] : "?"; }

const char *error_line(const struct error *err, char *out, size_t size)
{
    snprintf(out, size, "%s: %s; expected %s", err->where, err->got, err->expected);
    return out;
}
