#include "config/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- reading */

/* libconfig says "syntax error" and a line; the line's text is what helps. */
static void syntax_error(const struct reader *reader)
{
    struct diagnostic d = {.severity = SEVERITY_ERROR, .kind = ERR_SYNTAX};
    const char *file = NULL;
    const char *at = reader->source.text;
    int line = config_error_line(&reader->config);

    source_place(&reader->source, line > 0 ? (unsigned)line : 0, &file, &d.line);
    snprintf(d.file, sizeof d.file, "%s", file);
    for (int i = 1; i < line && at != NULL; i++) {
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    while (at != NULL && *at == ' ')
        at++;
    if (at == NULL || *at == '\n' || *at == '\0')
        snprintf(d.read, sizeof d.read, "%s", config_error_text(&reader->config));
    else
        utf8_shown(at, strcspn(at, "\n"), d.read, 60);
    snprintf(d.expected, sizeof d.expected,
             strncmp(config_error_text(&reader->config), "mismatched", 10) == 0
                 ? "elements of one type between [ and ]; a list ( ... ) may mix them"
                 : "settings, such as name = \"text\";");
    diagnostics_add(reader->found, &d);
}

static bool parse(struct reader *reader)
{
    if (config_read_string(&reader->config, reader->source.text) == CONFIG_TRUE)
        return true;
    syntax_error(reader);
    return false;
}

bool reader_open(struct reader *reader, const char *path, struct diagnostics *found)
{
    *reader = (struct reader){.found = found, .errors_before = found->errors};
    config_init(&reader->config);
    return source_read(&reader->source, path, found) && parse(reader);
}

bool reader_open_text(struct reader *reader, const char *name, const char *text, size_t size,
                      struct diagnostics *found)
{
    *reader = (struct reader){.found = found, .errors_before = found->errors};
    config_init(&reader->config);
    return source_from_text(&reader->source, name, "/nowhere", text, size, found) && parse(reader);
}

void reader_close(struct reader *reader)
{
    config_destroy(&reader->config);
    source_free(&reader->source);
}

bool reader_clean(const struct reader *reader)
{
    return reader->found->errors == reader->errors_before;
}

/* ---------------------------------------------------------------- telling */

/* "branches[2].rating", from the root down. */
static size_t path_text(const config_setting_t *at, char *out, size_t size)
{
    const config_setting_t *up[SOURCE_NESTING_MAX * 2 + 2];
    size_t levels = 0;
    size_t used = 0;

    for (; at != NULL && !config_setting_is_root(at) && levels < COUNT(up); at = at->parent)
        up[levels++] = at;
    while (levels-- > 0 && used < size) {
        if (up[levels]->name != NULL)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used > 0 ? "." : "",
                                     up[levels]->name);
        else
            used +=
                (size_t)snprintf(out + used, size - used, "[%d]", config_setting_index(up[levels]));
    }
    return used;
}

void setting_place(const struct reader *reader, const config_setting_t *at, const char **file,
                   uint32_t *line)
{
    source_place(&reader->source, at == NULL ? 0 : config_setting_source_line(at), file, line);
}

static void copy(char *out, size_t size, const char *text)
{
    if (text != NULL)
        utf8_shown(text, strlen(text), out, size);
}

static void tell(const struct reader *reader, enum severity severity, const config_setting_t *at,
                 const struct mistake *m)
{
    struct diagnostic d = {.severity = severity, .kind = m->kind};
    const char *file = NULL;
    const config_setting_t *member = NULL;
    size_t used = path_text(at, d.path, sizeof d.path);

    if (m->member != NULL && at != NULL)
        member = config_setting_get_member(at, m->member);
    if (m->member != NULL && used < sizeof d.path)
        snprintf(d.path + used, sizeof d.path - used, "%s%s", used > 0 ? "." : "", m->member);
    setting_place(reader, member != NULL ? member : at, &file, &d.line);
    snprintf(d.file, sizeof d.file, "%s", file);
    if (m->read != NULL)
        copy(d.read, sizeof d.read, m->read);
    else if (member != NULL || at != NULL)
        setting_shown(member != NULL ? member : at, d.read, sizeof d.read);
    copy(d.expected, sizeof d.expected, m->expected);
    copy(d.suggestion, sizeof d.suggestion, m->suggestion);
    diagnostics_add(reader->found, &d);
}

bool mistake(const struct reader *reader, const config_setting_t *at, const struct mistake *m)
{
    tell(reader, SEVERITY_ERROR, at, m);
    return false;
}

bool suspicion(const struct reader *reader, const config_setting_t *at, const struct mistake *m)
{
    tell(reader, SEVERITY_WARNING, at, m);
    return false;
}

const char *setting_shown(const config_setting_t *setting, char *out, size_t size)
{
    char text[80];
    const char *string = NULL;

    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return text_of(out, size, "%lld", config_setting_get_int64(setting));
    case CONFIG_TYPE_FLOAT:
        if (!isfinite(config_setting_get_float(setting)))
            return text_of(out, size, "too large a number");
        return text_of(out, size, "%.10g", config_setting_get_float(setting));
    case CONFIG_TYPE_STRING:
        string = config_setting_get_string(setting);
        utf8_shown(string, strlen(string), text, sizeof text);
        return text_of(out, size, "\"%s\"", text);
    case CONFIG_TYPE_BOOL:
        return text_of(out, size, "%s", config_setting_get_bool(setting) ? "true" : "false");
    case CONFIG_TYPE_GROUP:
        return text_of(out, size, "a group { ... }");
    default:
        return text_of(out, size, "a list of %d", config_setting_length(setting));
    }
}
