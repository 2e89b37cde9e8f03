#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hil/run_folder.h"
#include "platform/file.h"

static void put(const char *path, const char *text)
{
    struct error err;

    assert_true(file_write_atomic(path, text, strlen(text), &err));
}

static void assert_file_is(const char *path, const char *text)
{
    struct error err;
    char *got = NULL;
    size_t length = 0;

    assert_true(file_read(path, 1 << 20, &got, &length, &err));
    assert_string_equal(got, text);
    free(got);
}

static void configuration_is_copied_and_nothing_else(void **state)
{
    char folder[RUN_PATH_BYTES];
    struct error err;

    (void)state;
    assert_int_equal(mkdir("from", 0755), 0);
    put("from/site.cfg", "a");
    put("from/policy.cfg", "b");
    put("from/notes.txt", "c");
    assert_true(run_folder_make("to", folder, &err));
    assert_true(run_folder_copy(folder, "from/site.cfg", &err));
    assert_file_is("to/site.cfg", "a");
    assert_file_is("to/policy.cfg", "b");
    assert_int_equal(access("to/notes.txt", F_OK), -1);
    assert_true(run_folder_copy(folder, "to/site.cfg", &err)); /* onto itself: left alone */
    assert_file_is("to/site.cfg", "a");
    assert_false(run_folder_copy(folder, "nowhere/site.cfg", &err));
}

static void addresses_are_put_in_every_place(void **state)
{
    char folder[RUN_PATH_BYTES];
    struct error err;

    (void)state;
    assert_true(run_folder_make("connected", folder, &err));
    put("connected/connections.cfg",
        "a = \"127.0.0.1:5020\"; b = \"127.0.0.1:5020\"; c = \"tcp://127.0.0.1:1883\";");
    assert_true(run_folder_connect(folder, 20001, "tcp://127.0.0.1:20002", &err));
    assert_file_is(
        "connected/connections.cfg",
        "a = \"127.0.0.1:20001\"; b = \"127.0.0.1:20001\"; c = \"tcp://127.0.0.1:20002\";");
}

static void only_the_contract_s_limit_changes(void **state)
{
    struct error err;
    int64_t limit_w = 0;

    (void)state;
    put("policy.cfg",
        "x = { kind = \"other\"; limit = \"1 W\"; },\n"
        "y = { kind = \"import_limit\"; limit = \"1.3 MW\"; }, z = { limit = \"2 W\"; }\n");
    assert_true(policy_limit_read("policy.cfg", &limit_w, &err));
    assert_int_equal(limit_w, 1300000);
    assert_true(policy_limit_write("policy.cfg", 975000, &err));
    assert_file_is(
        "policy.cfg",
        "x = { kind = \"other\"; limit = \"1 W\"; },\n"
        "y = { kind = \"import_limit\"; limit = \"975000 W\"; }, z = { limit = \"2 W\"; }\n");
    assert_true(policy_limit_read("policy.cfg", &limit_w, &err));
    assert_int_equal(limit_w, 975000);
    put("none.cfg", "x = { kind = \"import_limit\"; }");
    assert_false(policy_limit_read("none.cfg", &limit_w, &err));
    assert_false(policy_limit_write("none.cfg", 1, &err));
    assert_file_is("none.cfg", "x = { kind = \"import_limit\"; }");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(configuration_is_copied_and_nothing_else),
        cmocka_unit_test(addresses_are_put_in_every_place),
        cmocka_unit_test(only_the_contract_s_limit_changes),
    };

    return cmocka_run_group_tests_name("run folder", tests, NULL, NULL);
}
