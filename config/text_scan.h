/* config/text_scan.h - the state of one pass over a file's text; shared by config/text_*.c alone.
 *
 * All that return bool return false after telling why nothing can be made of the rest. */
#ifndef CONFIG_TEXT_SCAN_H
#define CONFIG_TEXT_SCAN_H

#include "config/names.h"
#include "config/source.h"

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

/* A file being read. */
struct input {
    const char *at, *end;
    uint32_t file, line;
    bool fresh_line; /* only blanks so far */
    char *owned;     /* the bytes, if they are the scan's; NULL: someone else's */
    uint64_t device, inode;
};

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
    size_t last_comma;                               /* where in the text */
    struct input open[SOURCE_INCLUDE_DEPTH_MAX + 2]; /* the main file, and what it is including */
    unsigned opened;
    unsigned included; /* in all */
};

/* Reports a mistake at a line of a file, with the path of the setting being read, and goes on. */
void scan_mistake(const struct scan *s, uint32_t file, uint32_t line, enum error_kind kind,
                  const char *expected, const char *read);
/* The same where the input stands, and returns false. */
bool scan_stop(const struct scan *s, const struct input *in, enum error_kind kind,
               const char *expected, const char *read);

/* What goes to libconfig. */
bool scan_add(const struct scan *s, const struct input *in, const char *bytes, size_t size);
bool scan_add_text(const struct scan *s, const struct input *in, const char *text);
bool scan_end_line(const struct scan *s, struct input *in);

/* Where we are. */
struct container *scan_inner(struct scan *s);
bool scan_in_list(const struct scan *s);
/* To be called before and after each value. */
bool scan_before_value(struct scan *s, const struct input *in);
void scan_after_value(struct scan *s);
bool scan_open(struct scan *s, struct input *in);
bool scan_close(struct scan *s, struct input *in);
bool scan_still_open(const struct scan *s, const struct input *in);

/* Tokens: each reads one at in->at and moves behind it. */
bool scan_string(struct scan *s, struct input *in);
bool scan_block_comment(const struct scan *s, struct input *in);
bool scan_starts_number(const struct input *in);
bool scan_number(struct scan *s, struct input *in);
bool scan_name(struct scan *s, struct input *in);

#endif
