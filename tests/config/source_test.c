#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/source.h"
#include "config/text.h"

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The text that libconfig would be given. */
static void expect_text(const char *written, const char *expected)
{
    struct source_text source;
    struct diagnostics found = {0};

    assert_true(source_from_text(&source, "x.cfg", "/nowhere", written, strlen(written), &found));
    assert_int_equal(found.count, 0);
    assert_string_equal(source.text, expected);
    source_free(&source);
    diagnostics_free(&found);
}

static void integers_keep_their_value(void **state)
{
    (void)state;
    expect_text("a = 2147483647;", "a = 2147483647;\n");
    expect_text("a = 2147483648;", "a = 2147483648L;\n");
    expect_text("a = -2147483649;", "a = -2147483649L;\n");
    expect_text("a = 5000000000L;", "a = 5000000000L;\n");
    expect_text("a = 5LL;", "a = 5;\n");
    expect_text("a = 99999999999999999999;", "a = 99999999999999999999.0;\n");
    expect_text("a = 0xFFFFFFFF;", "a = 0xFFFFFFFFL;\n");
    expect_text("a = 0x7fffffff;", "a = 0x7fffffff;\n");
    expect_text("a = 010;", "a = 010;\n");
    expect_text("a = 1.5e3;", "a = 1.5e3;\n");
    expect_text("a = [1, 5000000000];", "a = (1, 5000000000L);\n");
}

static void comments_go_and_lines_stay(void **state)
{
    (void)state;
    expect_text("# one\na = 1; // two\n/* three\nfour */ b = 2;", "\na = 1; \n\n  b = 2;\n");
    expect_text("a = \"# no comment // nor /* this\";", "a = \"# no comment // nor /* this\";\n");
}

static bool refuses(const char *written, uint32_t line)
{
    struct source_text source;
    struct diagnostics found = {0};
    bool text = source_from_text(&source, "x.cfg", "/nowhere", written, strlen(written), &found);
    bool told = found.errors > 0 && found.item[0].line == line;

    source_free(&source);
    diagnostics_free(&found);
    return !text && told;
}

static void what_can_not_be_read_on_is_told_with_its_line(void **state)
{
    char deep[200];

    (void)state;
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    memcpy(deep, "a = ", 4);
    assert_true(refuses("a = 1;\n/* never\nclosed", 2));
    assert_true(refuses("a = 1;\nb = \"open\n;", 2));
    assert_true(refuses("a = {\nb = 1;", 1));
    assert_true(refuses("a = 1; }", 1));
    assert_true(refuses("a = (1, 2];", 1));
    assert_true(refuses("a = 1;\n\n$", 3));
    assert_true(refuses("a = \"zero \\x00 byte\";", 1));
    assert_true(refuses("*a = 1;", 1));
    assert_true(refuses("a = 1; @include \"x\"", 1));
    assert_true(refuses("\n@include x", 2));
    assert_true(refuses("@include \"gone.cfg\"", 1));
    assert_true(refuses("a = (, 1);", 1));
    assert_true(refuses("a\nb = 1;", 1));
    assert_true(refuses("a = 1 2;", 1));
    assert_true(refuses("a = true \"x\";", 1));
    assert_true(refuses("a == 1;", 1));
    assert_true(refuses("a = ;", 1));
    assert_true(refuses("a = { b = }", 1));
    assert_true(refuses("a = 1;;", 1));
    assert_true(refuses("a = (1; 2);", 1));
    assert_true(refuses("= 1;", 1));
    assert_true(refuses("5;", 1));
    assert_true(refuses("true = 1;", 1));
    assert_true(refuses("a = [ { } ];", 1));
    assert_true(refuses("a =", 1));
    assert_true(refuses(deep, 1));
    assert_true(refuses("x\xFF", 1));
}

static void a_group_has_at_most_a_thousand_settings(void **state)
{
    static char text[20000];
    size_t used = 0;

    (void)state;
    for (int i = 0; i < 1001; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "s%d = 1;\n", i);
    assert_true(refuses(text, 1001));
}

static void includes_stand_in_their_place_and_keep_their_lines(void **state)
{
    struct source_text source;
    struct diagnostics found = {0};
    const char *file = NULL;
    uint32_t line = 0;
    unsigned at = 0;

    (void)state;
    mkdir("sub", 0755);
    write_file("sub/inner.cfg", "# first\nc = 3;\n@include \"sub/inmost.cfg\"\n");
    write_file("sub/inmost.cfg", "d = 4;");
    write_file("main.cfg", "a = 1;\n  @include \"sub/inner.cfg\" b = 2;\ne = 5;\n");
    assert_true(source_read(&source, "main.cfg", &found));
    for (const char *c = source.text; strncmp(c, "d = 4", 5) != 0; c++)
        at += *c == '\n' ? 1 : 0;
    source_place(&source, at + 1, &file, &line);
    assert_string_equal(file, "sub/inmost.cfg");
    assert_int_equal(line, 1);
    for (at = 0; strstr(source.text, "b = 2") != NULL && at < source.lines; at++) {
        source_place(&source, at + 1, &file, &line);
        if (strcmp(file, "main.cfg") == 0 && line == 3)
            break;
    }
    assert_true(at < source.lines);
    source_free(&source);
    diagnostics_free(&found);
}

static void the_version_changes_with_every_byte_of_every_file(void **state)
{
    struct source_text source;
    struct diagnostics found = {0};
    uint64_t before = 0;

    (void)state;
    write_file("v.cfg", "@include \"w.cfg\"\n");
    write_file("w.cfg", "a = 1;\n");
    assert_true(source_read(&source, "v.cfg", &found));
    before = source.version;
    source_free(&source);
    write_file("w.cfg", "a = 1; # why\n");
    assert_true(source_read(&source, "v.cfg", &found));
    assert_int_not_equal(source.version, before);
    source_free(&source);
    diagnostics_free(&found);
}

static void only_files_at_rest_are_read(void **state)
{
    struct file_bytes bytes;
    struct error err = {0};

    (void)state;
    assert_false(source_load(".", &bytes, &err));
    assert_int_equal(err.what, ERR_TYPE);
    assert_false(source_load("gone", &bytes, &err));
    assert_int_equal(err.what, ERR_MISSING);
    unlink("pipe");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_false(source_load("pipe", &bytes, &err));
    assert_int_equal(err.what, ERR_TYPE);
    write_file("large", "x");
    assert_int_equal(truncate("large", SOURCE_BYTES_MAX + 1), 0);
    assert_false(source_load("large", &bytes, &err));
    assert_int_equal(err.what, ERR_RANGE);
}

static void many_includes_end(void **state)
{
    struct source_text source;
    struct diagnostics found = {0};
    char name[20];
    char text[60];

    (void)state;
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "deep%d.cfg", i);
        snprintf(text, sizeof text, "@include \"deep%d.cfg\"\n", i + 1);
        write_file(name, text);
    }
    assert_false(source_read(&source, "deep0.cfg", &found));
    assert_non_null(strstr(found.item[0].expected, "8 levels"));
    source_free(&source);
    diagnostics_free(&found);
}

static void text_is_made_fit_for_a_terminal(void **state)
{
    char out[16];

    (void)state;
    assert_string_equal(utf8_shown("a\x1b[2Jb", 6, out, sizeof out), "a?[2Jb");
    assert_string_equal(utf8_shown("a\xC2\x9B"
                                   "b",
                                   4, out, sizeof out),
                        "a?b");
    assert_string_equal(utf8_shown("K\xC3\xBC"
                                   "hl\xFF",
                                   6, out, sizeof out),
                        "K\xC3\xBC"
                        "hl?");
    assert_string_equal(utf8_shown("123456789012345678", 18, out, sizeof out), "123456789012...");
    assert_int_equal(utf8_valid("\xED\xA0\x80", 3), 0); /* half of a surrogate pair */
    assert_int_equal(utf8_valid("\xC0\xAF", 2), 0);     /* overlong */
    assert_int_equal(utf8_valid("\xF0\x9F\x94\x8C", 4), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_keep_their_value),
        cmocka_unit_test(comments_go_and_lines_stay),
        cmocka_unit_test(what_can_not_be_read_on_is_told_with_its_line),
        cmocka_unit_test(a_group_has_at_most_a_thousand_settings),
        cmocka_unit_test(includes_stand_in_their_place_and_keep_their_lines),
        cmocka_unit_test(the_version_changes_with_every_byte_of_every_file),
        cmocka_unit_test(only_files_at_rest_are_read),
        cmocka_unit_test(many_includes_end),
        cmocka_unit_test(text_is_made_fit_for_a_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
