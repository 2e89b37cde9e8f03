/* What a node draws beside its capped part is learned upwards at once, downwards slowly, and not from transients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "controller/remainder.h"
#include "tests/support/site_text.h"

enum { WORST_W = 900, TOP_W = 2000 };

static const char text[] =
    "site = { name = \"t\"; time_zone = \"UTC\"; };\n"
    "control = { remainder_window = \"10 min\"; remainder_margin = \"10 %\"; };\n"
    "branches = ( { name = \"root\"; } );\n"
    "node_kinds = ( { name = \"k\"; cap_min = 100; cap_max = 2000; cap_step = 1; safe_cap = 100; "
    "uncapped = 2500;\n"
    "  remainder = 900; idle = 0; } );\n"
    "nodes = ( { name = \"n\"; kind = \"k\"; actuator = \"x\"; feeds = ( { branch = \"root\"; } ); "
    "} );\n"
    "actuators = ( { name = \"x\"; driver = \"agent\"; } );\n";

struct bench {
    struct site *site;
    struct remainder remainder;
    int64_t second;
};

static void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->site = site_from_text(text);
    b->second = 1;
}

static void hear(struct bench *b, int64_t cap_w, double capped_w, double power_w)
{
    struct node_report report = {.heard = true,
                                 .taken_ns = b->second++ * NS_PER_S,
                                 .cap_in_force = true,
                                 .enforced_cap_w = cap_w,
                                 .power_known = true,
                                 .power_w = power_w,
                                 .capped_power_known = true,
                                 .capped_power_w = capped_w};

    remainder_learn(&b->remainder, NULL, b->site, 0, &report);
}

static int64_t bound_w(const struct bench *b)
{
    return remainder_bound_w(&b->remainder, b->site, 0, true);
}

static void the_worst_case_holds_until_enough_is_seen(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 59; i++)
        hear(&b, TOP_W, TOP_W, TOP_W + 300);
    assert_int_equal(bound_w(&b), WORST_W);
    hear(&b, TOP_W, TOP_W, TOP_W + 300);
    assert_int_equal(bound_w(&b), 330);
    assert_int_equal(remainder_bound_w(&b.remainder, b.site, 0, false), WORST_W); /* not heard */
    site_free(b.site);
}

static void more_is_believed_at_once(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    hear(&b, TOP_W, TOP_W, TOP_W + 1200);
    assert_int_equal(bound_w(&b), 1320);
    site_free(b.site);
}

static void what_is_drawn_while_a_cap_comes_down_is_not_remainder(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    hear(&b, TOP_W, TOP_W, TOP_W + 300);
    hear(&b, 500, TOP_W, TOP_W + 300); /* the cap is in force, the draw has not followed yet */
    hear(&b, 500, 700, 1000);
    assert_int_equal(bound_w(&b), WORST_W);
    for (int i = 0; i < 5; i++)
        hear(&b, 500, TOP_W, TOP_W + 300); /* it never does: that counts */
    assert_true(bound_w(&b) >= TOP_W + 300 - 500);
    site_free(b.site);
}

static void silence_is_no_evidence(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b);
    for (int i = 0; i < 60; i++)
        hear(&b, TOP_W, TOP_W, TOP_W + 300);
    b.second += 4 * 3600;
    hear(&b, TOP_W, TOP_W, TOP_W + 20); /* fans are not up yet */
    assert_int_equal(bound_w(&b), 330);
    site_free(b.site);
}

/* Ten nodes of a kind, a report a second each: what took 60 s a node takes 20 s for all of them. */
static void nodes_of_a_kind_learn_together(void **state)
{
    struct bench b;
    struct remainder node[10];
    struct remainder_pool pool = {0};
    int learned_after = 0;

    (void)state;
    bench_open(&b);
    memset(node, 0, sizeof node);
    for (int second = 1; second < 60 && learned_after == 0; second++) {
        for (int n = 0; n < 10; n++) {
            /* One of them draws more than the others: all count at that. */
            struct node_report report = {.heard = true,
                                         .taken_ns = second * NS_PER_S,
                                         .cap_in_force = true,
                                         .enforced_cap_w = TOP_W,
                                         .power_known = true,
                                         .power_w = TOP_W + (n == 3 ? 400 : 300),
                                         .capped_power_known = true,
                                         .capped_power_w = TOP_W};

            remainder_learn(&node[n], &pool, b.site, 0, &report);
        }
        if (remainder_bound_w(&node[9], b.site, 0, true) < WORST_W)
            learned_after = second;
    }
    assert_in_range(learned_after, 19, 21);
    assert_int_equal(remainder_bound_w(&node[9], b.site, 0, true), 440);
    assert_int_equal(remainder_bound_w(&node[9], b.site, 0, false), WORST_W);
    site_free(b.site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_case_holds_until_enough_is_seen),
        cmocka_unit_test(more_is_believed_at_once),
        cmocka_unit_test(what_is_drawn_while_a_cap_comes_down_is_not_remainder),
        cmocka_unit_test(silence_is_no_evidence),
        cmocka_unit_test(nodes_of_a_kind_learn_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
