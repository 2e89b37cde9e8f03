#include "service/reload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/text.h"
#include "platform/file.h"
#include "tests/service/small_site.h"
#include "tests/support/site_text.h"
#include "tests/support/turn.h"

struct fixture {
    uv_loop_t loop;
    struct site *site;
    struct reload reload;
    int applied;
    uint64_t wanted_ok, wanted_failed;
};

static struct fixture fixture;

static void on_apply(void *context, const struct policy_set *policies)
{
    struct fixture *f = context;

    assert_non_null(policies);
    f->applied++;
}

static bool counted(void *context)
{
    const struct fixture *f = context;

    return f->reload.ok >= f->wanted_ok && f->reload.failed >= f->wanted_failed;
}

static void put(const char *path, const char *text)
{
    struct error err;

    assert_true(file_write_atomic(path, text, strlen(text), &err));
}

static void wait_for(struct fixture *f, uint64_t ok, uint64_t failed)
{
    f->wanted_ok = ok;
    f->wanted_failed = failed;
    if (!turn_until(&f->loop, 10000, counted, f))
        fail_msg("ok %lu, failed %lu", (unsigned long)f->reload.ok,
                 (unsigned long)f->reload.failed);
}

static int set_up(void **state)
{
    struct fixture *f = &fixture;

    *f = (struct fixture){0};
    uv_loop_init(&f->loop);
    f->site = site_from_text(SMALL_SITE("observe"));
    put("included.cfg", "\n");
    reload_init(&f->reload, &f->loop, f->site, "policy.cfg",
                policies_from_text("@include \"included.cfg\"\n" POLICY_10_KW, f->site), on_apply,
                f);
    reload_start(&f->reload);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    bool ended = false;

    reload_close(&f->reload);
    ended = turn_to_end(&f->loop, 5000);
    reload_free(&f->reload);
    site_free(f->site);
    return ended ? 0 : -1;
}

#define POLICY(WATTS)                                                                          \
    "policies = ( { name = \"contract\"; kind = \"import_limit\"; branch = \"site\"; limit = " \
    "\"" WATTS "\"; } );\n"

static void a_good_file_takes_over_a_bad_one_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const struct policy_set *first = f->reload.policies, *second = NULL;
    uint64_t version = first->version;

    put("policy.cfg", POLICY("8 kW"));
    wait_for(f, 1, 0);
    second = f->reload.policies;
    assert_int_not_equal(second->version, version);
    assert_int_equal(f->applied, 1);

    put("policy.cfg", POLICY("8 bananas"));
    wait_for(f, 1, 1);
    assert_ptr_equal(f->reload.policies, second);
    assert_int_equal(f->applied, 1);
    assert_non_null(strstr(f->reload.last_error, "policy.cfg:1"));
    assert_non_null(strstr(f->reload.last_error, "bananas"));

    put("policy.cfg", POLICY("9 kW"));
    wait_for(f, 2, 1);
    assert_int_equal(f->applied, 2);
    assert_string_equal(f->reload.last_error, "");
}

static void a_changed_include_is_a_change(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(f->reload.files, 2);
    put("included.cfg", "# another look\n");
    wait_for(f, 1, 0);
    assert_int_equal(f->applied, 1);
}

static void files_beside_are_no_change(void **state)
{
    struct fixture *f = *state;

    put("beside.cfg", "policies = nonsense");
    turn_for(&f->loop, 400);
    assert_int_equal(f->reload.ok + f->reload.failed, 0);
}

static void a_missing_file_is_a_mistake_and_its_return_a_reload(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(remove("policy.cfg"), 0);
    wait_for(f, 0, 1);
    put("policy.cfg", POLICY("7 kW"));
    wait_for(f, 1, 1);
    assert_int_equal(f->applied, 1);
}

/* A file name longer than a message has room for: the cut falls between the two bytes of an umlaut in one of
 * the two tries. */
static void a_mistake_in_umlauts_is_said_in_whole_characters(void **state)
{
    struct fixture *f = *state;

    for (size_t shift = 0; shift < 2; shift++) {
        char *path = f->reload.path;
        size_t used = shift;

        memset(path, 'x', shift);
        for (; used < 600; used += 2)
            memcpy(path + used, "\xc3\xbc", 2);
        path[used] = '\0';
        reload_now(&f->reload, "test");
        assert_int_equal(f->reload.failed, shift + 1);
        assert_true(strlen(f->reload.last_error) > 200);
        assert_int_equal(utf8_valid(f->reload.last_error, strlen(f->reload.last_error)),
                         strlen(f->reload.last_error));
    }
}

static void a_hangup_loads_even_what_looks_the_same(void **state)
{
    struct fixture *f = *state;

    reload_now(&f->reload, "SIGHUP");
    assert_int_equal(f->reload.ok, 1);
    assert_int_equal(f->applied, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_LOOP(a_good_file_takes_over_a_bad_one_changes_nothing),
        WITH_LOOP(a_changed_include_is_a_change),
        WITH_LOOP(files_beside_are_no_change),
        WITH_LOOP(a_missing_file_is_a_mistake_and_its_return_a_reload),
        WITH_LOOP(a_mistake_in_umlauts_is_said_in_whole_characters),
        WITH_LOOP(a_hangup_loads_even_what_looks_the_same),
#undef WITH_LOOP
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
