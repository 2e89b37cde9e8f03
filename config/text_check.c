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
#include "config/source.h"

#include "config/names.h"
#include "config/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64, PATH_BYTES = 1024 };

struct container {
    char opener;           /* '{', '(' or '['; the whole text counts as '{' */
    char name[NAME_BYTES]; /* empty for an element of a list */
    uint32_t element;      /* list or array: which one is being read */
    uint32_t serial;       /* tells apart what settings with one name belong to */
    uint32_t names;
    size_t line; /* of the text */
};

/* The last thing that was not blank. */
enum last { LAST_OPENER, LAST_NAME, LAST_EQUALS, LAST_VALUE, LAST_COMMA };

struct scan {
    struct source_text *out;
    struct diagnostics *found;
    const char *folder;
    struct arena arena;
    struct name_index names; /* "serial.name" -> line of the text */
    struct container stack[SOURCE_NESTING_MAX + 1];
    unsigned depth;
    uint32_t serial;
    char pending[NAME_BYTES]; /* the setting whose value comes next; empty if none */
    enum last last;
    size_t last_comma; /* where in the text */
    const struct file_bytes *chain[SOURCE_INCLUDE_DEPTH_MAX + 1];
    unsigned chain_length;
};

/* A file being read. */
struct input {
    const char *at, *end;
    uint32_t file, line;
    bool fresh_line; /* only blanks so far */
};

/* ---------------------------------------------------------------- saying what is wrong */

static void path_text(const struct scan *s, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (unsigned d = 0; d <= s->depth && used < size; d++) {
        const struct container *c = &s->stack[d];
        const char *name = d < s->depth ? s->stack[d + 1].name : s->pending;

        if (c->opener == '{' && name[0] != '\0')
            used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? "." : "", name);
        else if (c->opener != '{')
            used += (size_t)snprintf(out + used, size - used, "[%u]", c->element);
    }
}

static void mistake(const struct scan *s, uint32_t file, uint32_t line, enum error_kind kind,
                    const char *expected, const char *read)
{
    struct diagnostic d = {.severity = SEVERITY_ERROR, .kind = kind, .line = line};

    text_of(d.file, sizeof d.file, "%s", s->out->file[file]);
    path_text(s, d.path, sizeof d.path);
    text_of(d.expected, sizeof d.expected, "%s", expected);
    utf8_shown(read, strlen(read), d.read, sizeof d.read);
    diagnostics_add(s->found, &d);
}

/* The same, and nothing can be made of the rest. */
static bool stop(const struct scan *s, const struct input *in, enum error_kind kind,
                 const char *expected, const char *read)
{
    mistake(s, in->file, in->line, kind, expected, read);
    return false;
}

static bool add(const struct scan *s, const struct input *in, const char *bytes, size_t size)
{
    return source_add(s->out, bytes, size) ||
           stop(s, in, ERR_FULL, "at most 16 MiB with all that it includes", "a longer text");
}

static bool add_text(const struct scan *s, const struct input *in, const char *text)
{
    return add(s, in, text, strlen(text));
}

static bool end_line(const struct scan *s, struct input *in)
{
    in->line++;
    in->fresh_line = true;
    return source_newline(s->out, in->file, in->line) ||
           stop(s, in, ERR_FULL, "at most 16 MiB with all that it includes", "a longer text");
}

/* ---------------------------------------------------------------- where we are */

static struct container *inner(struct scan *s) { return &s->stack[s->depth]; }

static bool in_list(const struct scan *s) { return s->stack[s->depth].opener != '{'; }

/* A value where a setting's name should be: mostly a quote or a brace is missing further up. */
static bool stray_value(struct scan *s, const struct input *in)
{
    const struct container *c = inner(s);
    char expected[400];
    const char *file = NULL;
    uint32_t line = 0;

    if (s->last == LAST_VALUE)
        return stop(s, in, ERR_SYNTAX, "the next setting's name (is a quote missing before this?)",
                    "a second value");
    if (s->depth == 0)
        return stop(s, in, ERR_SYNTAX, "a setting, such as name = \"text\";",
                    "a value that has no name");
    source_place(s->out, (unsigned)c->line, &file, &line);
    text_of(expected, sizeof expected, "a setting, or \"}\" to close the \"{\" of %s:%u", file,
            line);
    return stop(s, in, ERR_SYNTAX, expected, "a value that has no name");
}

/* A value or an opener is about to come: in a group behind "name =", in a list behind a comma. A comma that is
 * missing is put in. */
static bool before_value(struct scan *s, const struct input *in)
{
    if (!in_list(s) && s->last != LAST_EQUALS)
        return stray_value(s, in);
    if (s->last == LAST_VALUE) {
        inner(s)->element++;
        mistake(s, in->file, in->line, ERR_SYNTAX, "a comma between the elements of a list",
                "no comma before this");
        return add_text(s, in, ",");
    }
    return true;
}

static void after_value(struct scan *s)
{
    s->pending[0] = '\0';
    s->last = LAST_VALUE;
}

static bool open_container(struct scan *s, struct input *in)
{
    struct container *c = NULL;

    if (!before_value(s, in))
        return false;
    if (inner(s)->opener == '[')
        return stop(s, in, ERR_SYNTAX,
                    "plain values between [ and ]; a list ( ... ) may hold others",
                    "a group or list");
    if (s->depth == SOURCE_NESTING_MAX)
        return stop(s, in, ERR_RANGE, "at most 16 levels of groups and lists", "deeper nesting");
    c = &s->stack[s->depth + 1];
    *c = (struct container){.opener = *in->at, .serial = ++s->serial, .line = s->out->lines};
    memcpy(c->name, s->pending, sizeof c->name);
    s->depth++;
    s->pending[0] = '\0';
    s->last = LAST_OPENER;
    /* libconfig wants an array's elements to be of one of its three types of numbers; a list may mix them. */
    return add_text(s, in, *in->at++ == '{' ? "{" : "(");
}

static char closer_of(char opener) { return opener == '{' ? '}' : opener == '(' ? ')' : ']'; }

static bool close_container(struct scan *s, struct input *in)
{
    char read[] = {'"', *in->at, '"', '\0'};
    char expected[400];
    const char *file = NULL;
    uint32_t line = 0;

    if (s->depth == 0)
        return stop(s, in, ERR_SYNTAX, "nothing open to be closed here", read);
    if (*in->at != closer_of(inner(s)->opener)) {
        source_place(s->out, (unsigned)inner(s)->line, &file, &line);
        text_of(expected, sizeof expected, "\"%c\" to close the \"%c\" of %s:%u",
                closer_of(inner(s)->opener), inner(s)->opener, file, line);
        s->pending[0] = '\0';
        return stop(s, in, ERR_SYNTAX, expected, read);
    }
    if (in_list(s) && s->last == LAST_COMMA) {
        mistake(s, in->file, in->line, ERR_SYNTAX, "an element after the last comma, or no comma",
                read);
        s->out->text[s->last_comma] = ' ';
    }
    if (s->pending[0] != '\0')
        return stop(s, in, ERR_SYNTAX, "a value", read);
    s->depth--;
    after_value(s);
    return add_text(s, in, *in->at++ == '}' ? "}" : ")");
}

static bool still_open(const struct scan *s, const struct input *in)
{
    const struct container *c = &s->stack[s->depth];
    char expected[32];
    const char *file = NULL;
    uint32_t line = 0;
    struct input at = *in;

    if (s->depth == 0)
        return s->pending[0] == '\0' ||
               stop(s, in, ERR_TRUNCATED, "a value", "the end of the file");
    source_place(s->out, (unsigned)c->line, &file, &line);
    for (at.file = 0; at.file < s->out->files && s->out->file[at.file] != file;)
        at.file++;
    at.line = line;
    text_of(expected, sizeof expected, "\"%c\" to close it", closer_of(c->opener));
    return stop(s, &at, ERR_SYNTAX, expected,
                c->opener == '{'   ? "\"{\" stays open"
                : c->opener == '(' ? "\"(\" stays open"
                                   : "\"[\" stays open");
}

/* ---------------------------------------------------------------- texts and comments */

static bool take_string(struct scan *s, struct input *in)
{
    const char *end = in->at + 1;

    while (end < in->end && *end != '"' && *end != '\n') {
        if (*end == '\\' && end + 1 < in->end && end[1] != '\n') {
            if (in->end - end >= 4 && (end[1] == 'x' || end[1] == 'X') && end[2] == '0' &&
                end[3] == '0')
                return stop(s, in, ERR_SYNTAX, "text without a zero byte", "\\x00");
            end++;
        }
        end++;
    }
    if (end == in->end || *end == '\n')
        return stop(s, in, ERR_TRUNCATED, "a second quote on the same line",
                    "text that is not closed");
    if (!before_value(s, in) || !add(s, in, in->at, (size_t)(end + 1 - in->at)))
        return false;
    in->at = end + 1;
    after_value(s);
    return true;
}

/* Comments are left out, but not their lines. */
static bool skip_block_comment(const struct scan *s, struct input *in)
{
    struct input start = *in;

    for (in->at += 2; in->at < in->end; in->at++) {
        if (*in->at == '*' && in->end - in->at > 1 && in->at[1] == '/') {
            in->at += 2;
            return add_text(s, in, " ");
        }
        if (*in->at == '\n' && !end_line(s, in))
            return false;
    }
    return stop(s, &start, ERR_TRUNCATED, "*/ before the end of the file",
                "a comment that is not closed");
}

/* ---------------------------------------------------------------- numbers */

/* The word that follows a number on its line, as in `2 MW`, unless it is the name of the next setting. */
static size_t unit_behind(const struct input *in, const char *at)
{
    const char *word = at;
    const char *end = NULL;
    const char *next = NULL;

    while (word < in->end && (*word == ' ' || *word == '\t'))
        word++;
    for (end = word;
         end < in->end && (isalpha((unsigned char)*end) || strchr("%/-_", *end) != NULL);)
        end++;
    for (next = end; next < in->end && (*next == ' ' || *next == '\t');)
        next++;
    if (end == word || *word == '-' || *word == '_' ||
        (*word == '/' && end - word > 1 && word[1] == '/') ||
        (next < in->end && (*next == '=' || *next == ':')))
        return 0;
    return (size_t)(end - at);
}

/* Quotes what should have been in quotes, says so, and goes on. */
static bool quote(struct scan *s, struct input *in, size_t length)
{
    char read[200];
    char expected[240];

    text_of(read, sizeof read, "%.*s", (int)(length < 100 ? length : 100), in->at);
    text_of(expected, sizeof expected, "quotes around it: \"%s\"", read);
    mistake(s, in->file, in->line, ERR_SYNTAX, expected, read);
    if (!add_text(s, in, "\"") || !add(s, in, in->at, length) || !add_text(s, in, "\""))
        return false;
    in->at += length;
    after_value(s);
    return true;
}

static size_t digits_at(const char *at, const char *end)
{
    size_t n = 0;

    while (at + n < end && isdigit((unsigned char)at[n]))
        n++;
    return n;
}

/* [+-] digits [. digits] [e [+-] digits] or hexadecimal digits; without an L that may follow. */
static size_t number_length(const struct input *in, bool *integer)
{
    const char *at = in->at;
    const char *exponent = NULL;

    *integer = true;
    if (*at == '+' || *at == '-')
        at++;
    if (in->end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X') &&
        isxdigit((unsigned char)at[2])) {
        for (at += 2; at < in->end && isxdigit((unsigned char)*at);)
            at++;
        return (size_t)(at - in->at);
    }
    at += digits_at(at, in->end);
    if (at < in->end && *at == '.') {
        *integer = false;
        at++;
        at += digits_at(at, in->end);
    }
    if (at < in->end && (*at == 'e' || *at == 'E')) {
        exponent = at + 1;
        if (exponent < in->end && (*exponent == '+' || *exponent == '-'))
            exponent++;
        if (digits_at(exponent, in->end) > 0) {
            *integer = false;
            at = exponent + digits_at(exponent, in->end);
        }
    }
    return (size_t)(at - in->at);
}

/* What libconfig needs behind an integer to read it as it stands. */
static const char *integer_suffix(const char *digits)
{
    bool hexadecimal = strpbrk(digits, "xX") != NULL;
    long long value = 0;

    errno = 0;
    value = strtoll(digits, NULL, hexadecimal ? 16 : 10);
    if (errno == ERANGE)
        return hexadecimal ? NULL : ".0"; /* a float as large as it looks */
    return value > INT32_MAX || value < INT32_MIN ? "L" : "";
}

static bool take_number(struct scan *s, struct input *in)
{
    bool integer = false;
    size_t length = number_length(in, &integer);
    size_t suffix_length = 0;
    size_t unit = 0;
    char digits[512];
    const char *suffix = "";

    while (integer && suffix_length < 2 && in->end - in->at > (ptrdiff_t)(length + suffix_length) &&
           in->at[length + suffix_length] == 'L')
        suffix_length++;
    unit = unit_behind(in, in->at + length + suffix_length);
    if (!before_value(s, in))
        return false;
    if (unit > 0)
        return quote(s, in, length + suffix_length + unit);
    if (length >= sizeof digits)
        return stop(s, in, ERR_RANGE, "at most 500 digits", "a longer number");
    memcpy(digits, in->at, length);
    digits[length] = '\0';
    if (integer)
        suffix = integer_suffix(digits);
    if (suffix == NULL) {
        mistake(s, in->file, in->line, ERR_RANGE, "at most 0x7FFFFFFFFFFFFFFF", digits);
        text_of(digits, sizeof digits, "0");
        suffix = "";
    }
    in->at += length + suffix_length;
    after_value(s);
    return add_text(s, in, digits) && add_text(s, in, suffix);
}

/* ---------------------------------------------------------------- names */

static bool name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

/* Remembers that the innermost group has this setting; a second one is reported and renamed. */
static bool declare(struct scan *s, struct input *in, const char *name)
{
    char key[NAME_BYTES + 16];
    char expected[400];
    uint32_t former = 0;
    const char *file = NULL;
    uint32_t line = 0;

    text_of(s->pending, sizeof s->pending, "%s", name);
    if (++inner(s)->names > SOURCE_NAMES_MAX)
        return stop(s, in, ERR_FULL, "at most 1,000 settings in a group", "more settings");
    text_of(key, sizeof key, "%u.%s", inner(s)->serial, name);
    if (name_add(&s->names, arena_text(&s->arena, key, strlen(key)), (uint32_t)s->out->lines,
                 &former))
        return true;
    source_place(s->out, former, &file, &line);
    text_of(expected, sizeof expected, "one, and there is one at %s:%u", file, line);
    mistake(s, in->file, in->line, ERR_DUPLICATE, expected, "stands a second time");
    text_of(key, sizeof key, "%c%u_", SOURCE_DUPLICATE, inner(s)->names);
    return add_text(s, in, key);
}

static bool is_truth(const char *word)
{
    return strcasecmp(word, "true") == 0 || strcasecmp(word, "false") == 0;
}

static bool take_name(struct scan *s, struct input *in)
{
    char name[NAME_BYTES];
    const char *end = in->at;
    const char *next = NULL;

    while (end < in->end && name_byte(*end))
        end++;
    if ((size_t)(end - in->at) >= sizeof name)
        return stop(s, in, ERR_RANGE, "names of at most 63 letters", "a longer name");
    text_of(name, sizeof name, "%.*s", (int)(end - in->at), in->at);
    for (next = end; next < in->end && isspace((unsigned char)*next);)
        next++;
    if (next < in->end && (*next == '=' || *next == ':') && !in_list(s) && s->pending[0] == '\0') {
        if (memchr(name, SOURCE_DUPLICATE, strlen(name)) != NULL || is_truth(name))
            return stop(s, in, ERR_SYNTAX, "names of letters, digits, _ and -", name);
        if (!declare(s, in, name) || !add_text(s, in, name))
            return false;
        in->at = end;
        s->last = LAST_NAME;
        return true;
    }
    if (!in_list(s) && s->pending[0] == '\0')
        return stop(s, in, ERR_SYNTAX, "\"=\" after a setting's name", name);
    if (!before_value(s, in))
        return false;
    if (!is_truth(name))
        return quote(s, in, strlen(name));
    if (!add_text(s, in, name))
        return false;
    in->at = end;
    after_value(s);
    return true;
}

/* ---------------------------------------------------------------- includes */

static bool scan_bytes(struct scan *s, uint32_t file, const struct file_bytes *bytes);

/* The path between the quotes, with the main file's folder before it. in->at is then behind the quote. */
static bool include_path(const struct scan *s, struct input *in, char *path, size_t size)
{
    const char *at = in->at + strlen("@include");
    const char *end = NULL;
    int length = 0;

    while (at < in->end && (*at == ' ' || *at == '\t'))
        at++;
    if (at == in->end || *at != '"' || at == in->at + strlen("@include"))
        return stop(s, in, ERR_SYNTAX, "a file's name in quotes: @include \"brokers.cfg\"",
                    "@include");
    for (end = ++at; end < in->end && *end != '"' && *end != '\n' && *end != '\\';)
        end++;
    if (end == in->end || *end != '"' || end == at)
        return stop(s, in, ERR_SYNTAX, "a file's name in quotes, without backslashes", "@include");
    length = snprintf(path, size, "%s%s%.*s", *at == '/' ? "" : s->folder,
                      *at == '/' || s->folder[0] == '\0' ? "" : "/", (int)(end - at), at);
    if (length < 0 || (size_t)length >= size)
        return stop(s, in, ERR_RANGE, "a path of at most 1,000 letters", "@include");
    in->at = end + 1;
    return true;
}

static bool chain_has(const struct scan *s, const struct file_bytes *bytes)
{
    for (unsigned i = 0; i < s->chain_length; i++) {
        if (s->chain[i]->device == bytes->device && s->chain[i]->inode == bytes->inode)
            return true;
    }
    return false;
}

static bool include_bytes(struct scan *s, const struct input *in, const char *path,
                          const struct file_bytes *bytes)
{
    char read[PATH_BYTES + 64];
    uint32_t file = NONE_INDEX;

    text_of(read, sizeof read, "@include \"%s\"", path);
    if (chain_has(s, bytes)) {
        return stop(s, in, ERR_CONFLICT, "no file that includes itself, directly or through others",
                    read);
    }
    if (s->chain_length > SOURCE_INCLUDE_DEPTH_MAX)
        return stop(s, in, ERR_RANGE, "at most 8 levels of includes", read);
    file = source_file(s->out, path);
    if (file == NONE_INDEX)
        return stop(s, in, ERR_FULL, "at most 64 files", read);
    return scan_bytes(s, file, bytes);
}

static bool take_include(struct scan *s, struct input *in)
{
    char path[PATH_BYTES];
    char read[PATH_BYTES + 64];
    struct file_bytes bytes = {0};
    struct error err = {0};
    bool ok = false;

    if (!in->fresh_line || in->end - in->at < 8 || strncmp(in->at, "@include", 8) != 0)
        return stop(s, in, ERR_SYNTAX, "@include at the beginning of a line", "\"@\"");
    in->fresh_line = false;
    if (!include_path(s, in, path, sizeof path))
        return false;
    if (!source_load(path, &bytes, &err)) {
        text_of(read, sizeof read, "@include \"%s\": %s", path, err.got);
        return stop(s, in, err.what, err.expected, read);
    }
    ok = include_bytes(s, in, path, &bytes) && source_newline(s->out, in->file, in->line);
    free(bytes.bytes);
    return ok;
}

/* ---------------------------------------------------------------- the pass */

/* Between elements of a list, or behind a setting, where it may be left out as well. */
static bool take_separator(struct scan *s, struct input *in)
{
    char read[] = {'"', *in->at, '"', '\0'};

    if (s->last != LAST_VALUE)
        return stop(s, in, ERR_SYNTAX, "a value before it", read);
    if (in_list(s) && *in->at == ';')
        return stop(s, in, ERR_SYNTAX, "\",\" between the elements of a list", read);
    if (in_list(s))
        inner(s)->element++;
    s->last = LAST_COMMA;
    s->last_comma = s->out->size;
    return add(s, in, in->at++, 1);
}

static bool take_equals(struct scan *s, struct input *in)
{
    char read[] = {'"', *in->at, '"', '\0'};

    if (s->last != LAST_NAME)
        return stop(s, in, ERR_SYNTAX, s->last == LAST_EQUALS ? "a value" : "a name before it",
                    read);
    s->last = LAST_EQUALS;
    return add(s, in, in->at++, 1);
}

static bool starts_number(const struct input *in)
{
    const char *at = in->at;

    if (*at == '+' || *at == '-')
        at++;
    return at < in->end && (isdigit((unsigned char)*at) ||
                            (*at == '.' && in->end - at > 1 && isdigit((unsigned char)at[1])));
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
        return skip_block_comment(s, in);
    if (c == '@')
        return take_include(s, in);
    in->fresh_line = false;
    if (c == '"')
        return take_string(s, in);
    if (starts_number(in))
        return take_number(s, in);
    if (isalpha((unsigned char)c) || c == SOURCE_DUPLICATE)
        return take_name(s, in);
    if (c == '{' || c == '(' || c == '[')
        return open_container(s, in);
    if (c == '}' || c == ')' || c == ']')
        return close_container(s, in);
    if (c == ',' || c == ';')
        return take_separator(s, in);
    if (c == '=' || c == ':')
        return take_equals(s, in);
    return stop(s, in, ERR_SYNTAX, "a setting, such as name = \"text\";", read);
}

static bool scan_tokens(struct scan *s, struct input *in)
{
    while (in->at < in->end) {
        bool ok = true;

        if (*in->at == '\n') {
            ok = end_line(s, in);
            in->at++;
        } else if (isspace((unsigned char)*in->at)) {
            ok = add_text(s, in, " ");
            in->at++;
        } else {
            ok = take_token(s, in);
        }
        if (!ok)
            return false;
    }
    return true;
}

/* UTF-8 without a mark at its beginning and without zero bytes. */
static bool check_encoding(const struct scan *s, struct input *in, const struct file_bytes *bytes)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t bad = 0;

    if (bytes->size >= 3 && memcmp(bytes->bytes, mark, 3) == 0)
        return stop(s, in, ERR_SYNTAX, "UTF-8 without a byte order mark", "a byte order mark");
    bad = utf8_valid(bytes->bytes, bytes->size);
    if (bad == bytes->size)
        return true;
    for (size_t i = 0; i < bad; i++)
        in->line += bytes->bytes[i] == '\n' ? 1 : 0;
    return stop(s, in, ERR_SYNTAX, "text in UTF-8",
                bytes->bytes[bad] == '\0' ? "a zero byte" : "a byte that is no UTF-8");
}

static void hash_bytes(struct source_text *out, const struct file_bytes *bytes)
{
    for (size_t i = 0; i < bytes->size; i++)
        out->version = (out->version ^ (unsigned char)bytes->bytes[i]) * UINT64_C(1099511628211);
}

static bool scan_bytes(struct scan *s, uint32_t file, const struct file_bytes *bytes)
{
    struct input in = {bytes->bytes, bytes->bytes + bytes->size, file, 1, true};
    bool ok = false;

    hash_bytes(s->out, bytes);
    if (!check_encoding(s, &in, bytes) || !source_newline(s->out, file, 1))
        return false;
    s->chain[s->chain_length++] = bytes;
    ok = scan_tokens(s, &in);
    s->chain_length--;
    return ok && (s->chain_length > 0 || (still_open(s, &in) && end_line(s, &in)));
}

static bool scan_main(struct source_text *out, const char *name, const char *folder,
                      const struct file_bytes *bytes, struct diagnostics *found)
{
    struct scan *s = calloc(1, sizeof *s);
    bool ok = false;

    if (s == NULL)
        return false;
    out->version = UINT64_C(14695981039346656037);
    s->out = out;
    s->found = found;
    s->folder = folder;
    s->names.arena = &s->arena;
    s->stack[0].opener = '{';
    ok = source_file(out, name) != NONE_INDEX && scan_bytes(s, 0, bytes);
    arena_free(&s->arena);
    free(s);
    return ok;
}

bool source_from_text(struct source_text *out, const char *name, const char *folder,
                      const char *text, size_t size, struct diagnostics *found)
{
    /* scan_bytes only reads; the cast serves a struct that otherwise owns its bytes. */
    struct file_bytes bytes = {(char *)(uintptr_t)text, size, UINT64_MAX, UINT64_MAX};

    *out = (struct source_text){0};
    return scan_main(out, name, folder, &bytes, found);
}

bool source_read(struct source_text *out, const char *path, struct diagnostics *found)
{
    struct file_bytes bytes = {0};
    struct error err = {0};
    const char *slash = strrchr(path, '/');
    char folder[PATH_BYTES] = "";
    bool ok = false;

    *out = (struct source_text){0};
    if (!source_load(path, &bytes, &err)) {
        struct diagnostic d = {.severity = SEVERITY_ERROR, .kind = err.what};

        text_of(d.file, sizeof d.file, "%s", path);
        text_of(d.expected, sizeof d.expected, "%s", err.expected);
        text_of(d.read, sizeof d.read, "%s", err.got);
        diagnostics_add(found, &d);
        return false;
    }
    if (slash != NULL)
        text_of(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    ok = scan_main(out, path, folder, &bytes, found);
    free(bytes.bytes);
    return ok;
}
