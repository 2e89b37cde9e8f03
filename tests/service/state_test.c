#include "service/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/file.h"
#include "tests/service/small_site.h"
#include "tests/support/site_text.h"

#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each test has a folder of its own, named after nothing but a count. */
struct fixture {
    struct site *site;
    struct arena arena;
    struct state state;
    char folder[32];
};

static const int64_t wall_ms = INT64_C(1800000000123);

static int set_up(void **state)
{
    static int count;
    struct fixture *f = calloc(1, sizeof *f);

    f->site = site_from_text(SMALL_SITE("observe"));
    snprintf(f->folder, sizeof f->folder, "deep/state-%d", ++count);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    state_close(&f->state);
    arena_free(&f->arena);
    site_free(f->site);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    struct error err;

    state_close(&f->state);
    if (!state_open(&f->state, f->folder, f->site, wall_ms, &f->arena, &err))
        fail_msg("%s: %s", err.where, err.got);
}

static void write_file(struct fixture *f, const char *text)
{
    char path[64];
    struct error err;

    snprintf(path, sizeof path, "%s/state.json", f->folder);
    assert_true(file_write_atomic(path, text, strlen(text), &err));
}

/* What a run that begins now finds on disk, without changing it. */
static bool on_disk(const struct fixture *f, const char *wanted)
{
    char path[64], *text = NULL;
    struct error err;
    bool found = false;

    snprintf(path, sizeof path, "%s/state.json", f->folder);
    assert_true(file_read(path, 1 << 20, &text, NULL, &err));
    found = strstr(text, wanted) != NULL;
    free(text);
    return found;
}

static void the_first_epoch_is_the_clocks_seconds(void **state)
{
    struct fixture *f = *state;

    reopen(f);
    assert_int_equal(f->state.origin, STATE_MISSING);
    assert_int_equal(f->state.epoch, 1800000000);
    for (uint32_t n = 0; n < f->site->nodes.count; n++)
        assert_true(f->state.remainder_w[n] < 0);
}

static void the_epoch_rises_with_each_start_and_is_on_disk_before_open_returns(void **state)
{
    struct fixture *f = *state;

    for (int start = 0; start < 5; start++) {
        char wanted[64];

        reopen(f);
        assert_int_equal(f->state.epoch, 1800000000 + start);
        snprintf(wanted, sizeof wanted, "\"epoch\": %d", 1800000000 + start);
        assert_true(on_disk(f, wanted));
    }
    assert_int_equal(f->state.origin, STATE_STORED);
}

static void what_was_learned_comes_back_by_name(void **state)
{
    struct fixture *f = *state;
    struct error err;

    reopen(f);
    f->state.remainder_w[0] = 123;
    f->state.remainder_w[2] = 0;
    assert_true(state_save(&f->state, f->site, f->state.remainder_w, &err));
    reopen(f);
    assert_int_equal(f->state.remainder_w[0], 123);
    assert_true(f->state.remainder_w[1] < 0);
    assert_int_equal(f->state.remainder_w[2], 0);
}

static void damaged_files_are_set_aside_and_the_epoch_still_rises(void **state)
{
    static const char *const damaged[] = {
        "",
        "{",
        "[1,2,3]",
        "{\"version\":1,\"epoch\":\"5\"}",
        "{\"version\":1,\"epoch\":-1}",
        "{\"version\":1,\"epoch\":9223372036854775807}",
        "{\"version\":1,\"epoch\":99999999999999999999}",
        "{\"version\":1,\"epoch\":9007199253740993}", /* 2^53 - 10^6 + 1 */
        "{\"version\":2,\"epoch\":5}",
        "{\"epoch\":5}",
        "{\"version\":1,\"epoch\":5,\"epoch\":6}",
        "{\"version\":1,\"epoch\":5,\"remainder_w\":[]}",
        "{\"version\":1,\"epoch\":5,\"policies\":[]}",
        "{\"version\":1,\"epoch\":5,\"remainder_w\":{\"rack1-n1\":-1}}",
        "{\"version\":1,\"epoch\":5,\"remainder_w\":{\"rack1-n1\":2000000001}}",
        "{\"version\":1,\"epoch\":5,\"remainder_w\":{\"rack1-n1\":1.5}}",
        "\xff\xfe",
    };
    struct fixture *f = *state;

    reopen(f);
    for (size_t i = 0; i < COUNT(damaged); i++) {
        struct stat info;

        write_file(f, damaged[i]);
        reopen(f);
        assert_int_equal(f->state.origin, STATE_DAMAGED);
        assert_int_equal(f->state.epoch, 1800000000);
        assert_int_equal(stat(f->state.aside, &info), 0);
        assert_int_equal(info.st_size, strlen(damaged[i]));
        assert_true(f->state.damage.where[0] != '\0');
        for (uint32_t n = 0; n < f->site->nodes.count; n++)
            assert_true(f->state.remainder_w[n] < 0);
    }
}

static void a_folder_in_the_files_place_is_set_aside_too(void **state)
{
    struct fixture *f = *state;
    char path[64];

    reopen(f);
    snprintf(path, sizeof path, "%s/state.json", f->folder);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    reopen(f);
    assert_int_equal(f->state.origin, STATE_DAMAGED);
    assert_true(on_disk(f, "\"epoch\""));
}

static void the_most_that_is_read_leaves_room_on_the_wire(void **state)
{
    struct fixture *f = *state;

    reopen(f);
    write_file(f, "{\"version\":1,\"epoch\":9007199253740992}");
    reopen(f);
    assert_int_equal(f->state.origin, STATE_STORED);
    assert_int_equal(f->state.epoch, (INT64_C(1) << 53) - 1000000 + 1);
}

static void the_next_start_is_above_another_controllers_epoch(void **state)
{
    const uint64_t most = (UINT64_C(1) << 53) - 2000000;
    struct fixture *f = *state;
    struct error err;

    reopen(f);
    assert_true(state_outrank(&f->state, 3)); /* lower than ours: of no weight */
    assert_true(state_save(&f->state, f->site, f->state.remainder_w, &err));
    reopen(f);
    assert_int_equal(f->state.epoch, 1800000001);
    assert_false(state_outrank(&f->state, most + 1));
    assert_true(state_outrank(&f->state, most));
    assert_true(state_outrank(&f->state, most - 1));
    assert_true(state_save(&f->state, f->site, f->state.remainder_w, &err));
    assert_int_equal(f->state.epoch, 1800000001);
    for (uint64_t start = 1; start <= 3; start++) {
        reopen(f);
        assert_int_equal(f->state.epoch, most + start);
    }
}

static void unknown_nodes_are_forgotten(void **state)
{
    struct fixture *f = *state;

    reopen(f);
    write_file(f, "{\"version\":1,\"epoch\":41,\"remainder_w\":{\"gone\":5,\"rack2-n2\":77}}");
    reopen(f);
    assert_int_equal(f->state.epoch, 42);
    assert_int_equal(f->state.remainder_w[3], 77);
    assert_false(on_disk(f, "gone"));
}

static void a_second_controller_is_refused(void **state)
{
    struct fixture *f = *state;
    struct state second;
    struct error err;

    reopen(f);
    assert_false(state_open(&second, f->folder, f->site, wall_ms, &f->arena, &err));
    assert_int_equal(err.what, ERR_CONFLICT);
    state_close(&second);
    assert_int_equal(f->state.epoch, 1800000000);
}

static void without_a_folder_there_is_no_start(void **state)
{
    struct fixture *f = *state;
    struct state none;
    struct error err;

    assert_true(file_write_atomic("a-file", "x", 1, &err));
    assert_false(state_open(&none, "a-file/below", f->site, wall_ms, &f->arena, &err));
    state_close(&none);
    assert_false(state_open(&none, "", f->site, wall_ms, &f->arena, &err));
    state_close(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_SITE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_SITE(the_first_epoch_is_the_clocks_seconds),
        WITH_SITE(the_epoch_rises_with_each_start_and_is_on_disk_before_open_returns),
        WITH_SITE(what_was_learned_comes_back_by_name),
        WITH_SITE(damaged_files_are_set_aside_and_the_epoch_still_rises),
        WITH_SITE(a_folder_in_the_files_place_is_set_aside_too),
        WITH_SITE(the_most_that_is_read_leaves_room_on_the_wire),
        WITH_SITE(the_next_start_is_above_another_controllers_epoch),
        WITH_SITE(unknown_nodes_are_forgotten),
        WITH_SITE(a_second_controller_is_refused),
        WITH_SITE(without_a_folder_there_is_no_start),
#undef WITH_SITE
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
