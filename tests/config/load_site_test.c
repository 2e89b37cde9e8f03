#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/load.h"
#include "tests/config/drivers.h"

static const struct load_options options = {.drivers = test_drivers, .profile_folder = "devices"};

struct loaded {
    struct site *site;
    struct diagnostics found;
};

static bool load_with(struct loaded *out, const char *text, const struct load_options *with)
{
    *out = (struct loaded){0};
    return load_site_text("test.cfg", text, strlen(text), with, &out->site, &out->found);
}

static bool load_text(struct loaded *out, const char *text)
{
    return load_with(out, text, &options);
}

static void unload(struct loaded *l)
{
    site_free(l->site);
    diagnostics_free(&l->found);
}

static void the_golden_site_is_loaded_whole(void **state)
{
    struct diagnostics found = {0};
    struct site *site = NULL;
    const struct supply_tree *tree = NULL;
    uint32_t gpu = 0;
    uint32_t carbon = 0;

    (void)state;
    assert_true(load_site("site-ok.cfg", &options, &site, &found));
    tree = &site->tree;
    assert_int_equal(tree->branches, 7);
    assert_string_equal(tree->name[0], "site");
    assert_int_equal(tree->parent[0], NONE_INDEX);
    assert_true(tree->rating[1].kind == RATING_A && tree->rating[1].value == 2500);
    assert_int_equal(tree->derating_bp[1], 8000);
    assert_int_equal(tree->loss_bp[1], 100);
    assert_true(tree->least_v[1] == 207);
    assert_int_equal(tree->feed[0], NONE_INDEX);
    assert_int_equal(tree->feed[site_branch(site, "rack03")], 1);
    assert_int_equal(tree->power_point[1], site_point(site, "feeder_a_meter.power"));
    assert_int_equal(tree->phase_voltage_point[2][1],
                     site_point(site, "feeder_b_meter.voltage_l2"));
    assert_int_equal(tree->power_point[3], NONE_INDEX);
    assert_int_equal(site->nodes.count, 40);
    gpu = site_node(site, "rack03-gpu2");
    assert_int_equal(site->nodes.hangs[gpu], 2);
    assert_int_equal(site->nodes.hang[gpu][0].share_bp, 5000);
    assert_int_equal(site->nodes.hang[gpu][1].share_bp, 5000);
    assert_string_equal(tree->name[site->nodes.hang[gpu][0].branch], "rack02");
    assert_string_equal(tree->name[site->nodes.hang[gpu][1].branch], "rack04");
    assert_int_equal(site->nodes.weight[gpu], 200);
    assert_int_equal(site->nodes.priority_class[gpu], 1);
    assert_true(site_enforces(site, gpu));
    assert_false(site->nodes.cappable[39]);
    assert_int_equal(site->nodes.cap_max_w[39], 700);
    assert_int_equal(site->nodes.hang[39][0].phases, 2);
    carbon = site_point(site, "carbon");
    assert_int_equal(site->point[carbon].stale_after_ns, 300 * NS_PER_S);
    assert_int_equal(site->point[site_point(site, "feeder_b_meter.power")].stale_after_ns,
                     1500 * NS_PER_MS); /* three intervals */
    assert_true(site->point[site_point(site, "grid_meter.power")].max == 3e6);
    assert_true(site->point[site_point(site, "grid_meter.voltage_l1")].max == 1e6);
    assert_int_equal(((const struct test_modbus *)site->meter[1].settings)->unit, 2);
    assert_int_equal(site->source[0].rated_w, 500000);
    site_free(site);
    diagnostics_free(&found);
}

static void control_has_a_default_for_everything(void **state)
{
    struct loaded l;
    const struct control_settings *c = NULL;

    (void)state;
    assert_true(load_text(
        &l, "site = { name = \"s\"; time_zone = \"UTC\"; }; branches = ( { name = \"b\"; } );"));
    c = &l.site->control;
    assert_int_equal(l.site->mode, MODE_OBSERVE);
    assert_int_equal(c->tick_period_ns, NS_PER_S);
    assert_int_equal(c->guard_bp, 100);
    assert_int_equal(c->uncontrolled_margin_bp, 11000);
    assert_int_equal(c->uncontrolled_hold_ns, 30 * NS_PER_S);
    assert_int_equal(c->report_stale_after_ns, 5 * NS_PER_S);
    assert_int_equal(c->takeover_ns, 3 * NS_PER_S);
    assert_int_equal(c->ack_timeout_ns, 2 * NS_PER_S);
    assert_int_equal(c->lease_ns, 30 * NS_PER_S);
    assert_int_equal(c->release_w_per_s, 20000);
    assert_int_equal(c->dead_band_w, 0);
    assert_int_equal(c->dead_band_ns, 0);
    assert_int_equal(c->guard_most_bp, 500);
    assert_int_equal(c->dead_time_ns, 5 * NS_PER_S);
    assert_int_equal(c->trip_alarm_ns, 60 * NS_PER_S);
    assert_int_equal(c->objective, OBJECTIVE_MAX_MIN);
    assert_int_equal(c->remainder_window_ns, 600 * NS_PER_S);
    assert_int_equal(c->remainder_margin_bp, 1000);
    assert_int_equal(c->failover, FAILOVER_OFF);
    assert_int_equal(c->failover_overload_bp, 10000);
    assert_int_equal(l.site->tree.feed[0], NONE_INDEX);
    unload(&l);
}

static void branches_are_sorted_breadth_first_whatever_their_order(void **state)
{
    static const char text[] = "site = { name = \"s\"; time_zone = \"UTC\"; };\n"
                               "branches = ( { name = \"r[1-4]\"; parent = \"p[1-2]\"; }, { name = "
                               "\"p[1-2]\"; parent = \"top\"; },\n"
                               "  { name = \"top\"; }, { name = \"x\"; parent = \"top\"; }, { name "
                               "= \"y\"; parent = \"x\"; } );\n";
    static const char *const order[] = {"top", "p1", "p2", "x", "r1", "r2", "r3", "r4", "y"};
    struct loaded l;

    (void)state;
    assert_true(load_text(&l, text));
    assert_int_equal(l.site->tree.branches, COUNT(order));
    for (uint32_t b = 0; b < COUNT(order); b++) {
        const struct supply_tree *t = &l.site->tree;

        assert_string_equal(t->name[b], order[b]);
        assert_true(b == 0 || t->parent[b] < b);
        for (uint32_t c = 0; c < t->children[b]; c++)
            assert_int_equal(t->parent[t->first_child[b] + c], b);
    }
    unload(&l);
}

static void gangs_share_a_number(void **state)
{
    static const char text[] =
        "site = { name = \"s\"; time_zone = \"UTC\"; }; branches = ( { name = \"b\"; } );\n"
        "node_kinds = ( { name = \"k\"; cappable = false; uncapped = 700; } );\n"
        "nodes = ( { name = \"n[1-4]\"; kind = \"k\"; gang = \"job[1-2]\"; feeds = ( { branch = "
        "\"b\"; } ); },\n"
        "  { name = \"m\"; kind = \"k\"; gang = \"job2\"; feeds = ( { branch = \"b\"; } ); },\n"
        "  { name = \"o\"; kind = \"k\"; feeds = ( { branch = \"b\"; } ); } );\n";
    struct loaded l;
    const uint32_t *gang = NULL;

    (void)state;
    assert_true(load_text(&l, text));
    gang = l.site->nodes.gang;
    assert_int_equal(gang[0], gang[1]);
    assert_int_equal(gang[2], gang[3]);
    assert_int_not_equal(gang[0], gang[2]);
    assert_int_equal(gang[4], gang[2]);
    assert_int_equal(gang[5], NONE_INDEX);
    unload(&l);
}

static void a_meter_without_a_profile_says_what_it_measures(void **state)
{
    static const char text[] = "site = { name = \"s\"; time_zone = \"UTC\"; }; branches = ( { name "
                               "= \"b\"; meter = \"m\"; } );\n"
                               "brokers = ( { name = \"main\"; url = \"tcp://h:1\"; } );\n"
                               "meters = ( { name = \"m\"; driver = \"push\"; broker = \"main\"; "
                               "topic = \"t\"; stale_after = \"5 s\"; %s } );\n";
    const struct load_options push = {.drivers = push_drivers};
    char whole[600];
    struct loaded l;

    (void)state;
    snprintf(whole, sizeof whole, text, "quantity = \"power\";");
    assert_true(load_with(&l, whole, &push));
    assert_int_equal(l.site->tree.power_point[0], site_point(l.site, "m.power"));
    unload(&l);
    snprintf(whole, sizeof whole, text, "");
    assert_false(load_with(&l, whole, &push));
    assert_string_equal(l.found.item[0].path, "meters[0].quantity");
    unload(&l);
}

static void nothing_is_given_when_anything_is_wrong(void **state)
{
    struct loaded l;

    (void)state;
    assert_false(load_text(&l, "site = { name = \"s\"; time_zone = \"UTC\"; };"));
    assert_null(l.site);
    assert_int_equal(l.found.errors, 1);
    unload(&l);
    assert_false(load_text(&l, ""));
    assert_null(l.site);
    unload(&l);
}

static void a_file_names_at_most_a_million_things(void **state)
{
    struct loaded l;

    (void)state;
    assert_false(
        load_text(&l, "site = { name = \"s\"; time_zone = \"UTC\"; };\n"
                      "branches = ( { name = \"a[1-600000]\"; }, { name = \"b[1-600000]\"; } );"));
    assert_non_null(strstr(l.found.item[0].expected, "1,000,000"));
    unload(&l);
}

static void diagnostics_are_bounded_but_counted(void **state)
{
    struct diagnostics found = {0};
    struct diagnostic item = {.severity = SEVERITY_ERROR};

    (void)state;
    for (uint32_t i = 0; i < 1500; i++) {
        item.line = 1500 - i;
        diagnostics_add(&found, &item);
    }
    assert_int_equal(found.count, 1000);
    assert_int_equal(found.errors, 1500);
    diagnostics_sort(&found);
    assert_int_equal(found.item[0].line, 501);
    diagnostics_free(&found);
}

/* ---------------------------------------------------------------- policies and profiles */

static void policies_follow_the_built_in_one(void **state)
{
    static const char text[] = "policies = ( { name = \"contract\"; kind = \"import_limit\"; "
                               "branch = \"site\"; limit = \"1.5 MW\"; } );\n";
    struct diagnostics found = {0};
    struct site *site = NULL;
    struct policy_set *set = NULL;
    struct policy_set *same = NULL;

    (void)state;
    assert_true(load_site("site-ok.cfg", &options, &site, &found));
    assert_true(load_policies_text("p.cfg", text, strlen(text), site, &set, &found));
    assert_int_equal(set->count, 2);
    assert_true(set->policy[0].kind->always_on);
    assert_string_equal(set->policy[1].name, "contract");
    assert_string_equal(set->policy[1].file, "p.cfg");
    assert_int_equal(set->policy[1].line, 1);
    assert_true(load_policies_text("q.cfg", text, strlen(text), site, &same, &found));
    assert_int_equal(set->version, same->version);
    policy_set_free(same);
    assert_true(load_policies_text("q.cfg", "policies = ( );", 15, site, &same, &found));
    assert_int_equal(same->count, 1);
    assert_int_not_equal(set->version, same->version);
    policy_set_free(same);
    policy_set_free(set);
    site_free(site);
    diagnostics_free(&found);
}

static void a_profile_is_read_whole(void **state)
{
    struct diagnostics found = {0};
    struct arena arena = {0};
    struct device_profile profile;
    const struct profile_register *reg = NULL;

    (void)state;
    assert_true(load_profile("devices/meter.cfg", &arena, &profile, &found));
    assert_string_equal(profile.name, "meter");
    assert_int_equal(profile.registers, 8);
    assert_int_equal(profile.words, WORDS_HIGH_FIRST);
    assert_int_equal(profile.max_registers, 125);
    assert_false(profile.sunspec);
    reg = profile_find(&profile, QUANTITY_POWER_FACTOR);
    assert_non_null(reg);
    assert_int_equal(reg->function_code, 4);
    assert_int_equal(reg->type, REGISTER_S16);
    assert_true(reg->scale == 0.001);
    assert_true(reg->has_sentinel && reg->sentinel == 0x8000);
    arena_free(&arena);
    diagnostics_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_golden_site_is_loaded_whole),
        cmocka_unit_test(control_has_a_default_for_everything),
        cmocka_unit_test(branches_are_sorted_breadth_first_whatever_their_order),
        cmocka_unit_test(gangs_share_a_number),
        cmocka_unit_test(a_meter_without_a_profile_says_what_it_measures),
        cmocka_unit_test(nothing_is_given_when_anything_is_wrong),
        cmocka_unit_test(a_file_names_at_most_a_million_things),
        cmocka_unit_test(diagnostics_are_bounded_but_counted),
        cmocka_unit_test(policies_follow_the_built_in_one),
        cmocka_unit_test(a_profile_is_read_whole),
    };
    const char *top = getenv("CAPSTAN_SOURCE_DIR");

    if (top == NULL || chdir(top) != 0 || chdir("tests/golden/check") != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
