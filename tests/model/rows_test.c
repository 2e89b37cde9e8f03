/* The constraint rows: which exist, and how much of a node each carries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/rows.h"
#include "tests/support/site_text.h"

static const char text[] =
    "site = { name = \"t\"; time_zone = \"UTC\"; };\n"
    "control = { failover = \"check\"; };\n"
    "feeds = ( { name = \"A\"; branch = \"a\"; }, { name = \"B\"; branch = \"b\"; } );\n"
    "branches = ( { name = \"root\"; losses = \"1 %\"; },\n"
    "  { name = \"a\"; parent = \"root\"; rating = \"100 kW\"; losses = \"2 %\"; },\n"
    "  { name = \"b\"; parent = \"root\"; rating = \"200 A\"; } );\n"
    "node_kinds = ( { name = \"k\"; cap_min = 100; cap_max = 500; cap_step = 1; safe_cap = 100; "
    "uncapped = 500;\n"
    "  remainder = 0; idle = 0; } );\n"
    "nodes = ( { name = \"dual\"; kind = \"k\"; actuator = \"x\"; feeds = ( { branch = \"a\"; "
    "share = \"30 %\"; },\n"
    "    { branch = \"b\"; share = \"70 %\"; phases = \"L1L2\"; } ); },\n"
    "  { name = \"single\"; kind = \"k\"; actuator = \"x\"; feeds = ( { branch = \"b\"; phases = "
    "\"L3\"; } ); } );\n"
    "actuators = ( { name = \"x\"; driver = \"agent\"; } );\n";

/* The coefficient of a node in the row of that name, 0 if it has none; fails if there is no such row. */
static uint32_t coefficient(const struct site *site, const struct row_table *rows, const char *node,
                            const char *row)
{
    uint32_t n = site_node(site, node);
    uint32_t found = NONE_INDEX;
    char name[96];

    for (uint32_t r = 0; r < rows->count; r++) {
        if (strcmp(row_name(rows, site, r, name, sizeof name), row) == 0)
            found = r;
    }
    assert_true(found != NONE_INDEX);
    for (uint32_t i = rows->first[n]; i < rows->first[n + 1]; i++) {
        if (rows->share[i].row == found)
            return rows->share[i].coefficient_bp;
    }
    return 0;
}

static void a_row_carries_share_phase_and_losses(void **state)
{
    static const struct {
        const char *node, *row;
        uint32_t bp;
    } cases[] = {
        {"dual", "a", 3060},           /* 30 % and 2 % losses */
        {"dual", "b", 7000},           /* 70 % */
        {"dual", "root", 3091 + 7070}, /* both, and 1 % more, each rounded up */
        {"dual", "b L1", 3500},        /* half of 70 % */
        {"dual", "b L3", 0},           /* not on that phase */
        {"single", "b L3", 10000},     /* all of it */
        {"dual", "a with feed B lost", 10200},
        {"dual", "b L2 with feed A lost", 5000},
        {"single", "a with feed B lost", 0}, /* it is dark then */
    };
    struct site *site = site_from_text(text);
    struct arena arena = {0};
    struct row_table rows;

    (void)state;
    rows_build(&rows, site, &arena);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(coefficient(site, &rows, cases[i].node, cases[i].row), cases[i].bp);
    /* 3 totals, 3 phases of b, a without B, 3 phases of b without A */
    assert_int_equal(rows.count, 10);
    arena_free(&arena);
    site_free(site);
}

static void both_views_of_the_matrix_agree(void **state)
{
    struct site *site = site_from_text(text);
    struct arena arena = {0};
    struct row_table rows;
    uint64_t by_node = 0;
    uint64_t by_row = 0;

    (void)state;
    rows_build(&rows, site, &arena);
    for (uint32_t n = 0; n < site->nodes.count; n++) {
        for (uint32_t i = rows.first[n]; i < rows.first[n + 1]; i++)
            by_node += (uint64_t)(n + 1) * (rows.share[i].row + 1) * rows.share[i].coefficient_bp;
    }
    for (uint32_t r = 0; r < rows.count; r++) {
        for (uint32_t i = rows.row_first[r]; i < rows.row_first[r + 1]; i++)
            by_row +=
                (uint64_t)(rows.row_node[i].row + 1) * (r + 1) * rows.row_node[i].coefficient_bp;
    }
    assert_true(by_node == by_row && by_node > 0);
    arena_free(&arena);
    site_free(site);
}

static void loads_round_up(void **state)
{
    (void)state;
    assert_int_equal(share_up_w(3333, 100), 34);
    assert_int_equal(share_up_w(SHARE_WHOLE_BP, 100), 100);
    assert_int_equal(share_up_w(1, 0), 0);
    assert_int_equal(share_margin_w(1000, 1000), 1100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_carries_share_phase_and_losses),
        cmocka_unit_test(both_views_of_the_matrix_agree),
        cmocka_unit_test(loads_round_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
