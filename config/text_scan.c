#include "config/text_scan.h"

#include "config/text.h"

#include <stdio.h>
#include <string.h>

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

void scan_mistake(const struct scan *s, uint32_t file, uint32_t line, enum error_kind kind,
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
bool scan_stop(const struct scan *s, const struct input *in, enum error_kind kind,
               const char *expected, const char *read)
{
    scan_mistake(s, in->file, in->line, kind, expected, read);
    return false;
}

bool scan_add(const struct scan *s, const struct input *in, const char *bytes, size_t size)
{
    return source_add(s->out, bytes, size) ||
           scan_stop(s, in, ERR_FULL, "at most 16 MiB with all that it includes", "a longer text");
}

bool scan_add_text(const struct scan *s, const struct input *in, const char *text)
{
    return scan_add(s, in, text, strlen(text));
}

bool scan_end_line(const struct scan *s, struct input *in)
{
    in->line++;
    in->fresh_line = true;
    return source_newline(s->out, in->file, in->line) ||
           scan_stop(s, in, ERR_FULL, "at most 16 MiB with all that it includes", "a longer text");
}

/* ---------------------------------------------------------------- where we are */

struct container *scan_inner(struct scan *s) { return &s->stack[s->depth]; }

bool scan_in_list(const struct scan *s) { return s->stack[s->depth].opener != '{'; }

/* A value where a setting's name should be: mostly a quote or a brace is missing further up. */
static bool stray_value(struct scan *s, const struct input *in)
{
    const struct container *c = scan_inner(s);
    char expected[400];
    const char *file = NULL;
    uint32_t line = 0;

    if (s->last == LAST_VALUE)
        return scan_stop(s, in, ERR_SYNTAX,
                         "the next setting's name (is a quote missing before this?)",
                         "a second value");
    if (s->depth == 0)
        return scan_stop(s, in, ERR_SYNTAX, "a setting, such as name = \"text\";",
                         "a value that has no name");
    source_place(s->out, (unsigned)c->line, &file, &line);
    text_of(expected, sizeof expected, "a setting, or \"}\" to close the \"{\" of %s:%u", file,
            line);
    return scan_stop(s, in, ERR_SYNTAX, expected, "a value that has no name");
}

/* A value or an opener is about to come: in a group behind "name =", in a list behind a comma. A comma that is
 * missing is put in. */
bool scan_before_value(struct scan *s, const struct input *in)
{
    if (!scan_in_list(s) && s->last != LAST_EQUALS)
        return stray_value(s, in);
    if (s->last == LAST_VALUE) {
        scan_inner(s)->element++;
        scan_mistake(s, in->file, in->line, ERR_SYNTAX, "a comma between the elements of a list",
                     "no comma before this");
        return scan_add_text(s, in, ",");
    }
    return true;
}

void scan_after_value(struct scan *s)
{
    s->pending[0] = '\0';
    s->last = LAST_VALUE;
}

bool scan_open(struct scan *s, struct input *in)
{
    struct container *c = NULL;

    if (!scan_before_value(s, in))
        return false;
    if (scan_inner(s)->opener == '[')
        return scan_stop(s, in, ERR_SYNTAX,
                         "plain values between [ and ]; a list ( ... ) may hold others",
                         "a group or list");
    if (s->depth == SOURCE_NESTING_MAX)
        return scan_stop(s, in, ERR_RANGE, "at most 16 levels of groups and lists",
                         "deeper nesting");
    c = &s->stack[s->depth + 1];
    *c = (struct container){.opener = *in->at, .serial = ++s->serial, .line = s->out->lines};
    memcpy(c->name, s->pending, sizeof c->name);
    s->depth++;
    s->pending[0] = '\0';
    s->last = LAST_OPENER;
    /* libconfig wants an array's elements to be of one of its three types of numbers; a list may mix them. */
    return scan_add_text(s, in, *in->at++ == '{' ? "{" : "(");
}

static char closer_of(char opener) { return opener == '{' ? '}' : opener == '(' ? ')' : ']'; }

bool scan_close(struct scan *s, struct input *in)
{
    char read[] = {'"', *in->at, '"', '\0'};
    char expected[400];
    const char *file = NULL;
    uint32_t line = 0;

    if (s->depth == 0)
        return scan_stop(s, in, ERR_SYNTAX, "nothing open to be closed here", read);
    if (*in->at != closer_of(scan_inner(s)->opener)) {
        source_place(s->out, (unsigned)scan_inner(s)->line, &file, &line);
        text_of(expected, sizeof expected, "\"%c\" to close the \"%c\" of %s:%u",
                closer_of(scan_inner(s)->opener), scan_inner(s)->opener, file, line);
        s->pending[0] = '\0';
        return scan_stop(s, in, ERR_SYNTAX, expected, read);
    }
    if (scan_in_list(s) && s->last == LAST_COMMA) {
        scan_mistake(s, in->file, in->line, ERR_SYNTAX,
                     "an element after the last comma, or no comma", read);
        s->out->text[s->last_comma] = ' ';
    }
    if (s->pending[0] != '\0')
        return scan_stop(s, in, ERR_SYNTAX, "a value", read);
    s->depth--;
    scan_after_value(s);
    return scan_add_text(s, in, *in->at++ == '}' ? "}" : ")");
}

bool scan_still_open(const struct scan *s, const struct input *in)
{
    const struct container *c = &s->stack[s->depth];
    char expected[32];
    const char *file = NULL;
    uint32_t line = 0;
    struct input at = *in;

    if (s->depth == 0)
        return s->pending[0] == '\0' ||
               scan_stop(s, in, ERR_TRUNCATED, "a value", "the end of the file");
    source_place(s->out, (unsigned)c->line, &file, &line);
    for (at.file = 0; at.file < s->out->files && s->out->file[at.file] != file;)
        at.file++;
    at.line = line;
    text_of(expected, sizeof expected, "\"%c\" to close it", closer_of(c->opener));
    return scan_stop(s, &at, ERR_SYNTAX, expected,
                     c->opener == '{'   ? "\"{\" stays open"
                     : c->opener == '(' ? "\"(\" stays open"
                                        : "\"[\" stays open");
}
