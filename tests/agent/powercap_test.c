/* The powercap backend on a copy of the tree that a machine with two packages has. */
#include "agent/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct backend_type *const type = &backend_powercap;
static const struct backend_options usual = {
    .node = "here", .powercap_root = "tree", .state_file = "original"};

/* --- the tree -------------------------------------------------------------------------------------------------- */

static void put(const char *zone, const char *file, const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "tree/%s", zone);
    assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
    snprintf(path, sizeof path, "tree/%s/%s", zone, file);
    f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s\n", text);
    fclose(f);
}

static long long get(const char *zone, const char *file)
{
    char path[256], text[64] = "";
    FILE *f;

    snprintf(path, sizeof path, "tree/%s/%s", zone, file);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    return strtoll(text, NULL, 10);
}

static void put_package(const char *zone, const char *name)
{
    put(zone, "name", name);
    put(zone, "enabled", "1");
    put(zone, "energy_uj", "1000000");
    put(zone, "max_energy_range_uj", "262143328850");
    put(zone, "constraint_0_name", "peak_power"); /* not where it is on most machines */
    put(zone, "constraint_0_power_limit_uw", "400000000");
    put(zone, "constraint_1_name", "long_term");
    put(zone, "constraint_1_power_limit_uw", "225000000");
    put(zone, "constraint_1_max_power_uw", "200000000");
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static int make_tree(void **state)
{
    (void)state;
    nftw("tree", remove_one, 16, FTW_DEPTH | FTW_PHYS);
    unlink("original");
    if (mkdir("tree", 0755) != 0)
        return -1;
    put_package("intel-rapl:0", "package-0");
    put_package("intel-rapl:1", "package-1");
    put("intel-rapl:0:0", "name", "dram");
    put("intel-rapl:0:0", "constraint_0_name", "long_term");
    put("intel-rapl:0:0", "constraint_0_power_limit_uw", "50000000");
    put_package("intel-rapl-mmio:0", "package-0");
    put("intel-rapl:2", "name", "psys");
    put("intel-rapl:2", "energy_uj", "5000000");
    put("intel-rapl:2", "max_energy_range_uj", "262143328850");
    return 0;
}

static struct backend *opened(const struct backend_options *options)
{
    struct backend *backend = NULL;
    struct error err = {0};

    if (!type->open(&backend, options, &err))
        fail_msg("%s: %s", err.where, err.got);
    return backend;
}

static struct cap_state state_of(struct backend *backend)
{
    struct cap_state state;
    struct error err;

    assert_true(type->read_back(backend, 0, &state, &err));
    return state;
}

/* --- tests ----------------------------------------------------------------------------------------------------- */

static void a_cap_is_split_over_the_packages_and_read_back(void **state)
{
    struct backend *b = opened(&usual);
    struct cap_range range;
    struct error err;

    (void)state;
    type->range(b, 0, &range);
    assert_int_equal(range.max_w, 400);
    assert_int_equal(range.min_w, 120); /* 30 % */
    assert_int_equal(state_of(b).enforced_w, 450);
    assert_true(type->apply(b, 0, 301, &err));
    assert_int_equal(get("intel-rapl:0", "constraint_1_power_limit_uw"), 150500000);
    assert_int_equal(get("intel-rapl:1", "constraint_1_power_limit_uw"), 150500000);
    assert_int_equal(state_of(b).enforced_w, 301);
    assert_true(state_of(b).settled && state_of(b).cap_in_force);
    /* Nothing else was touched. */
    assert_int_equal(get("intel-rapl:0:0", "constraint_0_power_limit_uw"), 50000000);
    assert_int_equal(get("intel-rapl-mmio:0", "constraint_1_power_limit_uw"), 225000000);
    assert_int_equal(get("intel-rapl:0", "constraint_0_power_limit_uw"), 400000000);
    type->close(b);
}

static void zero_and_less_than_the_floor_become_the_floor(void **state)
{
    struct backend *b = opened(&usual);
    struct error err;

    (void)state;
    assert_true(type->apply(b, 0, 0, &err));
    assert_int_equal(state_of(b).enforced_w, 120);
    type->close(b);
}

static void more_than_the_greatest_becomes_the_greatest(void **state)
{
    struct backend *b = opened(&usual);
    struct error err;

    (void)state;
    assert_true(type->apply(b, 0, 100000, &err));
    assert_int_equal(state_of(b).enforced_w, 400);
    type->close(b);
}

static void the_original_limits_come_back(void **state)
{
    struct backend *b = opened(&usual);
    struct error err;

    (void)state;
    put("intel-rapl:1", "enabled", "0");
    type->close(b);
    b = opened(&usual);
    assert_true(type->apply(b, 0, 200, &err));
    assert_int_equal(get("intel-rapl:1", "enabled"), 1); /* a limit that is off bounds nothing */
    assert_int_equal(access("original", F_OK), 0);
    assert_true(type->restore(b, 0, &err));
    assert_int_equal(get("intel-rapl:0", "constraint_1_power_limit_uw"), 225000000);
    assert_int_equal(get("intel-rapl:1", "constraint_1_power_limit_uw"), 225000000);
    assert_int_equal(get("intel-rapl:1", "enabled"), 0);
    assert_int_not_equal(access("original", F_OK), 0);
    type->close(b);
}

static void an_agent_after_one_that_was_killed_restores_what_that_one_found(void **state)
{
    struct backend *killed = opened(&usual);
    struct backend *b;
    struct error err;

    (void)state;
    assert_false(type->held(killed, 0));
    assert_true(type->apply(killed, 0, 200, &err));
    type->close(killed); /* without restore */
    b = opened(&usual);
    assert_true(type->held(b, 0)); /* so that this cap gets a lease */
    assert_true(type->apply(b, 0, 180, &err));
    assert_true(type->restore(b, 0, &err));
    assert_int_equal(get("intel-rapl:0", "constraint_1_power_limit_uw"), 225000000);
    type->close(b);
}

static void a_cap_that_a_killed_agent_left_is_not_the_range(void **state)
{
    struct cap_range before, after;
    struct backend *b;
    struct error err;

    (void)state;
    put("intel-rapl:0", "constraint_1_max_power_uw", "0"); /* the machine does not tell */
    assert_int_equal(unlink("tree/intel-rapl:1/constraint_1_max_power_uw"), 0);
    b = opened(&usual);
    type->range(b, 0, &before);
    assert_int_equal(before.max_w, 450);
    assert_int_equal(before.min_w, 135);
    assert_true(type->apply(b, 0, 200, &err));
    type->close(b); /* without restore */
    b = opened(&usual);
    type->range(b, 0, &after);
    assert_int_equal(after.max_w, before.max_w);
    assert_int_equal(after.min_w, before.min_w);
    assert_true(type->apply(b, 0, 300, &err));
    assert_int_equal(state_of(b).enforced_w, 300);
    type->close(b);
}

static void a_package_whose_greatest_power_nobody_knows_is_left_alone(void **state)
{
    struct backend *b;
    struct error err;

    (void)state;
    put("intel-rapl:0", "constraint_1_max_power_uw", "0");
    put("intel-rapl:0", "constraint_1_power_limit_uw", "0");
    b = opened(&usual);
    assert_true(type->apply(b, 0, 150, &err));
    assert_int_equal(get("intel-rapl:0", "constraint_1_power_limit_uw"), 0);
    assert_int_equal(get("intel-rapl:1", "constraint_1_power_limit_uw"), 150000000);
    type->close(b);
    unlink("original");
    put("intel-rapl:1", "constraint_1_max_power_uw", "0");
    put("intel-rapl:1", "constraint_1_power_limit_uw", "0");
    assert_false(type->open(&b, &usual, &err));
    assert_int_equal(err.what, ERR_MISSING);
}

static void nothing_is_touched_when_the_original_can_not_be_kept(void **state)
{
    const struct backend_options options = {
        .node = "here", .powercap_root = "tree", .state_file = "no/such/folder/original"};
    struct backend *b = opened(&options);
    struct error err;

    (void)state;
    assert_false(type->apply(b, 0, 200, &err));
    assert_int_equal(state_of(b).enforced_w, 450);
    type->close(b);
}

static void a_zone_that_ignores_writes_is_seen_by_reading_back(void **state)
{
    struct backend *b = opened(&usual);
    struct error err;

    (void)state;
    assert_true(type->apply(b, 0, 200, &err));
    put("intel-rapl:1", "constraint_1_power_limit_uw",
        "225000000"); /* as a locked one does silently */
    assert_int_equal(state_of(b).enforced_w, 325);
    type->close(b);
}

static void a_zone_that_refuses_writes_is_an_error_and_the_others_are_still_lowered(void **state)
{
    struct backend *b = opened(&usual);
    struct error err;

    (void)state;
    /* A folder instead of a file: refuses writes even of root. Reading it fails as well. */
    assert_int_equal(unlink("tree/intel-rapl:0/constraint_1_power_limit_uw"), 0);
    assert_int_equal(mkdir("tree/intel-rapl:0/constraint_1_power_limit_uw", 0755), 0);
    assert_false(type->apply(b, 0, 200, &err));
    assert_string_equal(err.where, "intel-rapl:0/constraint_1_power_limit_uw");
    assert_int_equal(get("intel-rapl:1", "constraint_1_power_limit_uw"), 100000000);
    type->close(b);
}

static void a_zone_that_is_off_is_no_cap(void **state)
{
    struct backend *b = opened(&usual);

    (void)state;
    put("intel-rapl:0", "enabled", "0");
    assert_false(state_of(b).cap_in_force);
    type->close(b);
}

static void power_comes_from_counters_that_wrap(void **state)
{
    struct backend *b = opened(&usual);
    struct node_power power;

    (void)state;
    put("intel-rapl:0", "energy_uj", "262143328000");
    type->power(b, 0, 10 * NS_PER_S, &power);
    assert_false(power.power_known || power.capped_power_known); /* one reading is no power */
    put("intel-rapl:0", "energy_uj",
        "199999150"); /* 200 J on: 850 to the wrap, the rest after it */
    put("intel-rapl:1", "energy_uj", "101000000"); /* 100 J */
    put("intel-rapl:2", "energy_uj", "905000000"); /* psys: 900 J */
    type->power(b, 0, 12 * NS_PER_S, &power);
    assert_true(power.capped_power_known && power.power_known);
    assert_true(power.capped_power_w > 149.9 && power.capped_power_w < 150.1);
    assert_true(power.power_w > 449.9 && power.power_w < 450.1);
    type->close(b);
}

static void a_machine_without_limits_is_refused(void **state)
{
    struct backend *b;
    struct error err;

    (void)state;
    assert_int_equal(unlink("tree/intel-rapl:0/constraint_1_name"), 0); /* AMD: energy only */
    assert_int_equal(unlink("tree/intel-rapl:1/constraint_1_name"), 0);
    assert_false(type->open(&b, &usual, &err));
    assert_int_equal(err.what, ERR_MISSING);
    assert_null(b);
}

int main(void)
{
#define WITH_TREE(test) cmocka_unit_test_setup(test, make_tree)
    const struct CMUnitTest tests[] = {
        WITH_TREE(a_cap_is_split_over_the_packages_and_read_back),
        WITH_TREE(zero_and_less_than_the_floor_become_the_floor),
        WITH_TREE(more_than_the_greatest_becomes_the_greatest),
        WITH_TREE(the_original_limits_come_back),
        WITH_TREE(an_agent_after_one_that_was_killed_restores_what_that_one_found),
        WITH_TREE(a_cap_that_a_killed_agent_left_is_not_the_range),
        WITH_TREE(a_package_whose_greatest_power_nobody_knows_is_left_alone),
        WITH_TREE(nothing_is_touched_when_the_original_can_not_be_kept),
        WITH_TREE(a_zone_that_ignores_writes_is_seen_by_reading_back),
        WITH_TREE(a_zone_that_refuses_writes_is_an_error_and_the_others_are_still_lowered),
        WITH_TREE(a_zone_that_is_off_is_no_cap),
        WITH_TREE(power_comes_from_counters_that_wrap),
        WITH_TREE(a_machine_without_limits_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
