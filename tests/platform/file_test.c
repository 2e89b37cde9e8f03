#include "platform/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <glob.h>
#include <unistd.h>

static void what_was_written_is_read_back(void **state)
{
    struct error err;
    char *text = NULL;
    size_t length = 0;

    (void)state;
    assert_true(file_write_atomic("a.txt", "one\0two", 7, &err));
    assert_true(file_read("a.txt", 7, &text, &length, &err));
    assert_int_equal(length, 7);
    assert_memory_equal(text, "one\0two", 8); /* and a NUL after it */
    free(text);
}

static void a_rewrite_replaces_the_whole_and_leaves_no_other_file(void **state)
{
    struct error err;
    char *text = NULL;
    glob_t found;

    (void)state;
    assert_true(file_write_atomic("b.txt", "a long first version", 20, &err));
    assert_true(file_write_atomic("b.txt", "short", 5, &err));
    assert_true(file_read("b.txt", 100, &text, NULL, &err));
    assert_string_equal(text, "short");
    free(text);
    assert_int_equal(glob("b.txt*", 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    globfree(&found);
}

static void a_larger_file_is_refused(void **state)
{
    struct error err;
    char *text = NULL;

    (void)state;
    assert_true(file_write_atomic("c.txt", "12345", 5, &err));
    assert_false(file_read("c.txt", 4, &text, NULL, &err));
    assert_int_equal(err.what, ERR_RANGE);
    assert_string_equal(err.expected, "at most 4 bytes");
}

/* The kernel's files say that they are empty: their length is known only once they are read. */
static void a_file_is_read_whole_whatever_length_it_claims(void **state)
{
    struct error err;
    struct stat info;
    char *text = NULL;
    size_t length = 0;

    (void)state;
    assert_int_equal(stat("/proc/self/smaps", &info), 0);
    assert_int_equal(info.st_size, 0);
    assert_true(file_read("/proc/self/smaps", 1 << 24, &text, &length, &err));
    assert_true(length > 8192); /* more than the first room */
    assert_int_equal(strlen(text), length);
    assert_non_null(strstr(text, "VmFlags"));
    assert_int_equal(text[length - 1], '\n');
    free(text);
    assert_false(file_read("/proc/self/smaps", 8192, &text, NULL, &err));
    assert_int_equal(err.what, ERR_RANGE);
}

static void folders_pipes_and_missing_files_are_refused_by_name(void **state)
{
    struct error err;
    char *text = NULL;

    (void)state;
    assert_false(file_read(".", 100, &text, NULL, &err));
    assert_int_equal(err.what, ERR_TYPE);
    assert_string_equal(err.got, "a folder");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_false(file_read("pipe", 100, &text, NULL, &err)); /* does not wait for a writer */
    assert_int_equal(err.what, ERR_TYPE);
    assert_false(file_read("missing", 100, &text, NULL, &err));
    assert_int_equal(err.what, ERR_IO);
    assert_string_equal(err.where, "missing");
}

static void a_write_into_a_missing_folder_fails_and_says_where(void **state)
{
    struct error err;

    (void)state;
    assert_false(file_write_atomic("no/such/file", "x", 1, &err));
    assert_int_equal(err.what, ERR_IO);
    assert_string_equal(err.where, "no/such/file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(a_rewrite_replaces_the_whole_and_leaves_no_other_file),
        cmocka_unit_test(a_larger_file_is_refused),
        cmocka_unit_test(a_file_is_read_whole_whatever_length_it_claims),
        cmocka_unit_test(folders_pipes_and_missing_files_are_refused_by_name),
        cmocka_unit_test(a_write_into_a_missing_folder_fails_and_says_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
