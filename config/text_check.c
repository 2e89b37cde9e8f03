/* What a person wrote, made safe for libconfig 1.5: a pass over the tokens that puts includes in place, takes
 * comments out, and reports or mends what libconfig would get wrong.
 *
 *     written                 libconfig 1.5 alone         here
 *     5000000000              705032704                   5000000000 (gets the L that libconfig wants)
 *     0xFFFFFFFF              -1                          4294967295
 *     99999999999999999999    garbage                     1e20, too large for any setting
 *     rating = 2 MW;          "syntax error"              told to use quotes; the rest is checked
 *     two settings, one name  stops there                 told where the first is; the rest is checked
 *     no end of a comment     accepted                    told where it begins
 *     @include of a folder    ends the program            told so
 *
 * What this lets through, libconfig reads without complaint; it leaks memory when it complains. */
#include "config/text.h"
#include "config/text_scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- includes */

/* The path between the quotes, with the main file's folder before it. in->at is then behind the quote. */
static bool include_path(const struct scan *s, struct input *in, char *path, size_t size)
{
    const char *at = in->at + strlen("@include");
    const char *end = NULL;
    int length = 0;

    while (at < in->end && (*at == ' ' || *at == '\t'))
        at++;
    if (at == in->end || *at != '"' || at == in->at + strlen("@include"))
        return scan_stop(s, in, ERR_SYNTAX, "a file's name in quotes: @include \"brokers.cfg\"",
                         "@include");
    for (end = ++at; end < in->end && *end != '"' && *end != '\n' && *end != '\\';)
        end++;
    if (end == in->end || *end != '"' || end == at)
        return scan_stop(s, in, ERR_SYNTAX, "a file's name in quotes, without backslashes",
                         "@include");
    length = snprintf(path, size, "%s%s%.*s", *at == '/' ? "" : s->folder,
                      *at == '/' || s->folder[0] == '\0' ? "" : "/", (int)(end - at), at);
    if (length < 0 || (size_t)length >= size)
        return scan_stop(s, in, ERR_RANGE, "a path of at most 1,000 letters", "@include");
    in->at = end + 1;
    return true;
}

static bool is_open(const struct scan *s, const struct file_bytes *bytes)
{
    for (unsigned i = 0; i < s->opened; i++) {
        if (s->open[i].device == bytes->device && s->open[i].inode == bytes->inode)
            return true;
    }
    return false;
}

/* UTF-8 without a mark at its beginning and without zero bytes. */
static bool check_encoding(const struct scan *s, struct input *in)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t size = (size_t)(in->end - in->at);
    size_t bad = utf8_valid(in->at, size);

    if (size >= 3 && memcmp(in->at, mark, 3) == 0)
        return scan_stop(s, in, ERR_SYNTAX, "UTF-8 without a byte order mark", "a byte order mark");
    if (bad == size)
        return true;
    for (size_t i = 0; i < bad; i++)
        in->line += in->at[i] == '\n' ? 1 : 0;
    return scan_stop(s, in, ERR_SYNTAX, "text in UTF-8",
                     in->at[bad] == '\0' ? "a zero byte" : "a byte that is no UTF-8");
}

/* What comes next comes from this text, until it ends. */
static bool push(struct scan *s, uint32_t file, const char *bytes, size_t size)
{
    struct input *in = &s->open[s->opened++];

    *in = (struct input){
        .at = bytes, .end = bytes + size, .file = file, .line = 1, .fresh_line = true};
    for (size_t i = 0; i < size; i++)
        s->out->version = (s->out->version ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
    return check_encoding(s, in) && source_newline(s->out, file, 1);
}

/* The same for a file's bytes, which then belong to the scan. */
static bool push_file(struct scan *s, uint32_t file, const struct file_bytes *bytes)
{
    struct input *in = &s->open[s->opened];
    bool ok = push(s, file, bytes->bytes, bytes->size);

    in->owned = bytes->bytes;
    in->device = bytes->device;
    in->inode = bytes->inode;
    return ok;
}

static void pop(struct scan *s)
{
    free(s->open[--s->opened].owned);
    s->open[s->opened] = (struct input){0};
}

static bool include_file(struct scan *s, const struct input *in, const char *path,
                         struct file_bytes *bytes)
{
    char read[PATH_BYTES + 64];
    uint32_t file = NONE_INDEX;
    bool ok = false;

    text_of(read, sizeof read, "@include \"%s\"", path);
    if (is_open(s, bytes))
        return scan_stop(s, in, ERR_CONFLICT,
                         "no file that includes itself, directly or through others", read);
    if (s->opened > SOURCE_INCLUDE_DEPTH_MAX)
        return scan_stop(s, in, ERR_RANGE, "at most 8 levels of includes", read);
    if (++s->included > SOURCE_INCLUDES_MAX)
        return scan_stop(s, in, ERR_FULL, "at most 1,000 includes", read);
    file = source_file(s->out, path);
    if (file == NONE_INDEX)
        return scan_stop(s, in, ERR_FULL, "at most 64 files", read);
    ok = push_file(s, file, bytes);
    bytes->bytes = NULL; /* the scan's now */
    return ok;
}

static bool take_include(struct scan *s, struct input *in)
{
    char path[PATH_BYTES];
    char read[PATH_BYTES + 64];
    struct file_bytes bytes = {0};
    struct error err = {0};
    bool ok = false;

    if (!in->fresh_line || in->end - in->at < 8 || strncmp(in->at, "@include", 8) != 0)
        return scan_stop(s, in, ERR_SYNTAX, "@include at the beginning of a line", "\"@\"");
    in->fresh_line = false;
    if (!include_path(s, in, path, sizeof path))
        return false;
    if (!source_load(path, &bytes, &err)) {
        text_of(read, sizeof read, "@include \"%s\": %s", path, err.got);
        return scan_stop(s, in, err.what, err.expected, read);
    }
    ok = include_file(s, in, path, &bytes);
    free(bytes.bytes);
    return ok;
}

/* ---------------------------------------------------------------- the pass */

/* Between elements of a list, or behind a setting, where it may be left out as well. */
static bool take_separator(struct scan *s, struct input *in)
{
    char read[] = {'"', *in->at, '"', '\0'};

    if (s->last != LAST_VALUE)
        return scan_stop(s, in, ERR_SYNTAX, "a value before it", read);
    if (scan_in_list(s) && *in->at == ';')
        return scan_stop(s, in, ERR_SYNTAX, "\",\" between the elements of a list", read);
    if (scan_in_list(s))
        scan_inner(s)->element++;
    s->last = LAST_COMMA;
    s->last_comma = s->out->size;
    return scan_add(s, in, in->at++, 1);
}

static bool take_equals(struct scan *s, struct input *in)
{
    char read[] = {'"', *in->at, '"', '\0'};

    if (s->last != LAST_NAME)
        return scan_stop(s, in, ERR_SYNTAX, s->last == LAST_EQUALS ? "a value" : "a name before it",
                         read);
    s->last = LAST_EQUALS;
    return scan_add(s, in, in->at++, 1);
}

static bool take_token(struct scan *s, struct input *in)
{
    char c = *in->at;
    char next = in->end - in->at > 1 ? in->at[1] : '\0';
    char read[] = {'"', c, '"', '\0'};

    if (c == '#' || (c == '/' && next == '/')) {
        while (in->at < in->end && *in->at != '\n')
            in->at++;
        return true;
    }
    if (c == '/' && next == '*')
        return scan_block_comment(s, in);
    if (c == '@')
        return take_include(s, in);
    in->fresh_line = false;
    if (c == '"')
        return scan_string(s, in);
    if (scan_starts_number(in))
        return scan_number(s, in);
    if (isalpha((unsigned char)c) || c == SOURCE_DUPLICATE)
        return scan_name(s, in);
    if (c == '{' || c == '(' || c == '[')
        return scan_open(s, in);
    if (c == '}' || c == ')' || c == ']')
        return scan_close(s, in);
    if (c == ',' || c == ';')
        return take_separator(s, in);
    if (c == '=' || c == ':')
        return take_equals(s, in);
    return scan_stop(s, in, ERR_SYNTAX, "a setting, such as name = \"text\";", read);
}

static bool take_next(struct scan *s, struct input *in)
{
    if (*in->at == '\n') {
        in->at++;
        return scan_end_line(s, in);
    }
    if (isspace((unsigned char)*in->at)) {
        in->at++;
        return scan_add_text(s, in, " ");
    }
    return take_token(s, in);
}

/* Until all that was opened has ended; an include opens another input on top. */
static bool scan_inputs(struct scan *s)
{
    for (;;) {
        struct input *in = &s->open[s->opened - 1];

        if (in->at < in->end) {
            if (!take_next(s, in))
                return false;
            continue;
        }
        if (s->opened == 1)
            return scan_still_open(s, in) && scan_end_line(s, in);
        pop(s);
        in = &s->open[s->opened - 1];
        if (!source_newline(s->out, in->file, in->line))
            return false;
    }
}

static struct scan *scan_create(struct source_text *out, const char *folder,
                                struct diagnostics *found)
{
    struct scan *s = calloc(1, sizeof *s);

    *out = (struct source_text){.version = UINT64_C(14695981039346656037)};
    if (s == NULL)
        return NULL;
    s->out = out;
    s->found = found;
    s->folder = folder;
    s->names.arena = &s->arena;
    s->stack[0].opener = '{';
    return s;
}

static void scan_free(struct scan *s)
{
    while (s->opened > 0)
        pop(s);
    arena_free(&s->arena);
    free(s);
}

/* A file that can't be read at all has no line. */
static bool no_file(struct diagnostics *found, const char *path, const struct error *err)
{
    struct diagnostic d = {.severity = SEVERITY_ERROR, .kind = err->what};

    text_of(d.file, sizeof d.file, "%s", path);
    text_of(d.expected, sizeof d.expected, "%s", err->expected);
    text_of(d.read, sizeof d.read, "%s", err->got);
    diagnostics_add(found, &d);
    return false;
}

bool source_from_text(struct source_text *out, const char *name, const char *folder,
                      const char *text, size_t size, struct diagnostics *found)
{
    struct scan *s = scan_create(out, folder, found);
    bool ok = false;

    if (s == NULL)
        return false;
    ok = source_file(out, name) != NONE_INDEX && push(s, 0, text, size) && scan_inputs(s);
    scan_free(s);
    return ok;
}

bool source_read(struct source_text *out, const char *path, struct diagnostics *found)
{
    struct file_bytes bytes = {0};
    struct error err = {0};
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    char folder[PATH_BYTES] = "";
    struct scan *s = scan_create(out, folder, found);
    bool ok = false;

    if (s == NULL)
        return false;
    text_of(folder, sizeof folder, "%.*s", (int)length, path);
    if (strlen(path) >= sizeof folder)
        (void)failure(&err, ERR_RANGE, "", "a path of at most 1,000 letters", "a longer path");
    else if (source_load(path, &bytes, &err))
        ok = source_file(out, path) != NONE_INDEX && push_file(s, 0, &bytes) && scan_inputs(s);
    if (err.got[0] != '\0')
        ok = no_file(found, path, &err);
    scan_free(s);
    return ok;
}
