/* What a row must carry of the load that no cap moves when the other feed is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "controller/controller.h"
#include "tests/support/site_text.h"

static const char text[] =
    "site = { name = \"t\"; time_zone = \"UTC\"; mode = \"enforce\"; };\n"
    "control = { failover = \"check\"; };\n"
    "feeds = ( { name = \"A\"; branch = \"a\"; }, { name = \"B\"; branch = \"b\"; } );\n"
    "branches = ( { name = \"root\"; rating = \"100 kW\"; derating = \"100 %\"; meter = "
    "\"m_root\"; },\n"
    "  { name = \"a\"; parent = \"root\"; rating = \"60 kW\"; derating = \"100 %\"; meter = "
    "\"m_a\"; },\n"
    "  { name = \"b\"; parent = \"root\"; rating = \"60 kW\"; derating = \"100 %\"; meter = "
    "\"m_b\"; } );\n"
    "signals = (\n"
    "  { name = \"m_root\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"5 s\"; },\n"
    "  { name = \"m_a\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"5 s\"; },\n"
    "  { name = \"m_b\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"5 s\"; } );\n"
    "node_kinds = ( { name = \"k\"; cap_min = 300; cap_max = 3000; cap_step = 10; safe_cap = 300;\n"
    "  uncapped = 3000; remainder = 300; idle = 200; } );\n"
    "nodes = ( { name = \"n1\"; kind = \"k\"; actuator = \"x\";\n"
    "  feeds = ( { branch = \"a\"; share = \"50 %\"; }, { branch = \"b\"; share = \"50 %\"; } ); } "
    ");\n"
    "actuators = ( { name = \"x\"; driver = \"agent\"; mode = \"enforce\"; } );\n";

enum { ROOT, A, B, METERS };

static const struct row_estimate *lost_row(const struct controller *c, uint32_t branch)
{
    const struct row_table *rows = controller_rows(c);

    for (uint32_t r = 0; r < rows->count; r++)
        if (rows->row[r].branch == branch && rows->row[r].lost_feed != NONE_INDEX &&
            rows->row[r].channel == CHANNEL_TOTAL)
            return &controller_estimate(c)->row[r];
    fail_msg("no row of branch %u with a feed lost", branch);
    return NULL;
}

/* A minute with this load on each feed besides the node, which draws 2 kW in all. */
static void load_feeds(struct controller *c, double a_w, double b_w)
{
    struct reading reading[METERS];
    struct node_report report = {.heard = true,
                                 .incarnation = 1,
                                 .cap_in_force = true,
                                 .enforced_cap_w = 1800,
                                 .power_known = true,
                                 .power_w = 2000,
                                 .capped_power_known = true,
                                 .capped_power_w = 1800};
    struct snapshot snapshot = {.local = {true, 0, 0, 0}, .reading = reading, .report = &report};

    for (int s = 1; s <= 60; s++) {
        snapshot.now_ns = report.taken_ns = s * NS_PER_S;
        reading[ROOT] = (struct reading){a_w + b_w + 2000, s * NS_PER_S, QUALITY_GOOD, FLAW_NONE};
        reading[A] = (struct reading){a_w + 1000, s * NS_PER_S, QUALITY_GOOD, FLAW_NONE};
        reading[B] = (struct reading){b_w + 1000, s * NS_PER_S, QUALITY_GOOD, FLAW_NONE};
        controller_tick(c, &snapshot);
    }
}

/* What comes over is the mirror image of this side's own load, but no more than the lost feed carries. */
static void all_of_what_may_come_over_does(void **state)
{
    static const struct {
        double a_w, b_w;
        int64_t a_alone_w, b_alone_w;
    } cases[] = {{10000, 10000, 20000, 20000}, {10000, 4000, 14000, 8000}, {0, 9000, 0, 9000}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct controller_options options = {.epoch = 1};
        struct site *site = site_from_text(text);
        struct policy_set *policies = policies_from_text("policies = ( );", site);
        struct controller *c = controller_create(site, policies, &options);
        double margin = 1 + (double)site->control.uncontrolled_margin_bp / SHARE_WHOLE_BP;

        load_feeds(c, cases[i].a_w, cases[i].b_w);
        assert_true(lost_row(c, A)->uncontrolled_w >= cases[i].a_alone_w);
        assert_true(lost_row(c, B)->uncontrolled_w >= cases[i].b_alone_w);
        assert_true((double)lost_row(c, A)->uncontrolled_w <=
                    (double)cases[i].a_alone_w * margin + 500);
        assert_true((double)lost_row(c, B)->uncontrolled_w <=
                    (double)cases[i].b_alone_w * margin + 500);
        controller_free(c);
        policy_set_free(policies);
        site_free(site);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_what_may_come_over_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
