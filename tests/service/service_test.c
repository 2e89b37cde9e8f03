/* The whole service on drivers in memory: what reaches a driver, and what must not. */
#include "service/pages.h"
#include "service/service.h"
#include "service/status.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/file.h"
#include "tests/service/fake_drivers.h"
#include "tests/service/small_site.h"
#include "tests/support/site_text.h"
#include "tests/support/turn.h"

enum { LIMIT_MS = 10000, NODES = 4 };

struct fixture {
    uv_loop_t loop;
    struct service *service;
    uint64_t wanted_ticks;
};

static struct fixture fixture;

static int set_up(void **state)
{
    fixture = (struct fixture){0};
    fake = (struct fake_log){0};
    uv_loop_init(&fixture.loop);
    *state = &fixture;
    return 0;
}

static bool open_service(struct fixture *f, const char *site_text, struct error *err)
{
    const struct service_options options = {.site_path = "site.cfg",
                                            .policy_path = "policy.cfg",
                                            .http_address = "127.0.0.1:0",
                                            .pages = service_pages,
                                            .state_folder = "state",
                                            .drivers = fake_drivers};
    struct site *site = site_from_text(site_text);
    struct policy_set *policies = policies_from_text(POLICY_10_KW, site);

    site->control.tick_period_ns =
        10 * NS_PER_MS; /* faster than a file may say: tests don't wait */
    return service_open(&f->service, &f->loop, &options, site, policies, err);
}

static void must_open(struct fixture *f, const char *site_text)
{
    struct error err;

    if (!open_service(f, site_text, &err))
        fail_msg("%s: %s", err.where, err.got);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    bool ended = false;

    if (f->service != NULL)
        service_close(f->service);
    ended = turn_to_end(&f->loop, LIMIT_MS);
    service_free(f->service);
    return ended ? 0 : -1;
}

/* Nodes that report at each turn, as real ones do each second, and draw what their cap lets them; a meter
 * that shows their sum and 500 W of something else. */
static bool ticked(void *context)
{
    const struct fixture *f = context;
    double load_w = 500;

    for (uint32_t n = 0; n < NODES; n++) {
        const struct node_report *now = &f->service->ingest.report[n];
        struct command_id applied = now->heard ? now->applied : (struct command_id){0, 0};
        int64_t cap_w = now->heard ? now->enforced_cap_w : 4000;
        double power_w = fmin(2500, (double)cap_w);

        fake_report(n, applied, cap_w, power_w);
        load_w += power_w;
    }
    fake_sample("load", load_w);
    return f->service->ticks >= f->wanted_ticks;
}

static void turn_ticks(struct fixture *f, uint64_t ticks)
{
    f->wanted_ticks = f->service->ticks + ticks;
    assert_true(turn_until(&f->loop, LIMIT_MS, ticked, f));
}

static uint64_t sum(const uint64_t count[COMMAND_KINDS])
{
    uint64_t total = 0;

    for (int k = 0; k < COMMAND_KINDS; k++)
        total += count[k];
    return total;
}

static void an_observed_site_is_decided_on_and_never_written_to(void **state)
{
    struct fixture *f = *state;

    must_open(f, SMALL_SITE("observe"));
    turn_ticks(f, 40);
    assert_false(fake.host->may_write);
    assert_true(sum(f->service->actuate.withheld) > 0); /* it would have acted */
    assert_int_equal(sum(f->service->actuate.sent), 0);
    assert_int_equal(f->service->devices.writes, 0);
    assert_int_equal(f->service->devices.refused, 0);
    assert_int_equal(fake.commands, 0);
}

static void the_boundary_holds_even_if_the_core_were_wrong(void **state)
{
    struct fixture *f = *state;
    const struct command wrong = {
        .node = 0, .kind = COMMAND_LOWER, .cap_w = 500, .may_be_sent = true};

    must_open(f, SMALL_SITE("observe"));
    assert_false(devices_command(&f->service->devices, 0, &wrong));
    assert_int_equal(fake.commands, 0);
    assert_int_equal(f->service->devices.refused, 1);
    assert_int_equal(f->service->devices.writes, 0);
}

static void what_may_not_be_sent_is_not_sent_in_enforce_mode_either(void **state)
{
    struct fixture *f = *state;
    const struct command withheld = {
        .node = 0, .kind = COMMAND_LOWER, .cap_w = 500, .may_be_sent = false};

    must_open(f, SMALL_SITE("enforce"));
    fake.commands = 0;
    assert_false(devices_command(&f->service->devices, 0, &withheld));
    assert_int_equal(fake.commands, 0);
}

static void an_enforced_site_is_brought_under_its_limit(void **state)
{
    struct fixture *f = *state;
    int64_t caps_w = 0;

    fake.answers = true;
    must_open(f, SMALL_SITE("enforce"));
    turn_ticks(f, 40);
    assert_true(fake.host->may_write);
    assert_int_equal(fake.host->epoch, f->service->state.epoch);
    assert_true(fake.commands > 0);
    assert_int_equal(f->service->devices.writes, fake.commands);
    for (uint32_t n = 0; n < NODES; n++)
        caps_w += f->service->ingest.report[n].enforced_cap_w;
    assert_true(caps_w <= 10000);
    assert_true(f->service->decision->row[0].committed_w <= 10000);
    assert_int_equal(f->service->decision->counters.committed_exceeded, 0);
}

static void every_command_carries_the_epoch_that_is_on_disk(void **state)
{
    struct fixture *f = *state;
    char wanted[64], *text = NULL;
    struct error err;

    fake.answers = true;
    must_open(f, SMALL_SITE("enforce"));
    turn_ticks(f, 40);
    assert_true(file_read("state/state.json", 1 << 20, &text, NULL, &err));
    snprintf(wanted, sizeof wanted, "\"epoch\": %lu", (unsigned long)fake.command[0].id.epoch);
    assert_non_null(strstr(text, wanted));
    free(text);
    for (uint64_t c = 0; c < fake.commands && c < FAKE_COMMANDS_KEPT; c++)
        assert_int_equal(fake.command[c].id.epoch, fake.command[0].id.epoch);
}

static void a_restart_raises_the_epoch(void **state)
{
    struct fixture *f = *state;
    uint64_t epoch = 0;

    must_open(f, SMALL_SITE("enforce"));
    epoch = f->service->state.epoch;
    assert_int_equal(tear_down(state), 0);
    set_up(state);
    must_open(f, SMALL_SITE("enforce"));
    assert_int_equal(f->service->state.epoch, epoch + 1);
}

static void another_controller_is_outranked_by_the_next_start_only(void **state)
{
    struct fixture *f = *state;
    struct command_id foreign = {0, 1};
    uint64_t epoch = 0;

    must_open(f, SMALL_SITE("enforce"));
    turn_ticks(f, 3);
    epoch = f->service->state.epoch;
    foreign.epoch = epoch + 40;
    fake_report(1, foreign, 1000, 900);
    service_tick(f->service);
    assert_true(f->service->deposed);
    assert_int_equal(f->service->state.epoch, epoch);
    assert_false(f->service->unsaved);
    assert_int_equal(tear_down(state), 0);
    set_up(state);
    must_open(f, SMALL_SITE("enforce"));
    assert_int_equal(f->service->state.epoch, foreign.epoch + 1);
}

static void a_disk_that_fails_and_recovers_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct command_id foreign = {0, 1};

    must_open(f, SMALL_SITE("enforce"));
    foreign.epoch = f->service->state.epoch + 1;
    assert_int_equal(rename("state", "state-elsewhere"), 0);
    fake_report(1, foreign, 1000, 900);
    service_tick(f->service); /* deposed: saves */
    assert_true(f->service->unsaved);
    assert_int_equal(rename("state-elsewhere", "state"), 0);
    service_close(f->service); /* saves, too */
    assert_false(f->service->unsaved);
    assert_int_equal(f->service->state.saves_failed, 1);
}

/* The page as JSON would be read: broken UTF-8 in a text must not cost the member that it is in. */
static void broken_text_costs_no_member_of_the_status(void **state)
{
    struct fixture *f = *state;
    struct reload *reload = NULL;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    must_open(f, SMALL_SITE("observe"));
    reload = &f->service->reload;
    memset(reload->last_error, 'x', sizeof reload->last_error);
    snprintf(reload->last_error + sizeof reload->last_error - 4, 4, "\u00fc\xc3");
    snprintf(reload->path, sizeof reload->path, "b\xfcro/policy.cfg");
    status_write(f->service, NULL, out);
    fclose(out);
    assert_non_null(strstr(text, "\"policy\":{\"file\":\"b?ro/policy.cfg\""));
    assert_non_null(strstr(text, "xx\u00fc?\""));
    free(text);
}

static void a_device_that_does_not_open_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct error err;

    fake.refuse = "agents";
    assert_false(open_service(f, SMALL_SITE("enforce"), &err));
    assert_string_equal(err.where, "agents");
    service_close(f->service);
    assert_int_equal(fake.opened, 2);
    assert_int_equal(fake.closed, 2);
    assert_int_equal(fake.started, 0);
}

static void a_port_that_is_taken_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct service_options options = {.site_path = "site.cfg",
                                      .policy_path = "policy.cfg",
                                      .state_folder = "state-2",
                                      .drivers = fake_drivers};
    struct service *second = NULL;
    struct site *site = NULL;
    struct error err;
    char address[32];

    must_open(f, SMALL_SITE("observe"));
    snprintf(address, sizeof address, "127.0.0.1:%u", http_port(f->service->http));
    options.http_address = address;
    site = site_from_text(SMALL_SITE("observe"));
    assert_false(service_open(&second, &f->loop, &options, site,
                              policies_from_text(POLICY_10_KW, site), &err));
    assert_int_equal(err.what, ERR_IO);
    service_close(second);
    service_free(second); /* it never got as far as to have a handle */
}

static void stopping_takes_leave_once_and_closes_everything(void **state)
{
    struct fixture *f = *state;

    must_open(f, SMALL_SITE("enforce"));
    assert_int_equal(fake.started, 3);
    service_close(f->service);
    assert_true(turn_to_end(&f->loop, LIMIT_MS));
    service_free(f->service);
    f->service = NULL;
    assert_int_equal(fake.goodbyes, 1);
    assert_int_equal(fake.closed, fake.opened);
    uv_loop_init(&f->loop); /* for tear_down */
}

static void a_rising_load_near_the_limit_ticks_at_once(void **state)
{
    struct fixture *f = *state;
    uint64_t urgent_before = 0;

    must_open(f, SMALL_SITE("observe"));
    f->service->ticker.urgent_gap_ns = 0;
    turn_ticks(f, 2);
    urgent_before = f->service->ticker.urgent_ticks;
    fake_sample("load", 11000);
    turn_ticks(f, 2);
    assert_true(f->service->ticker.urgent_ticks > urgent_before);
}

static void a_new_policy_is_in_the_next_decision(void **state)
{
    static const char tighter[] = "policies = ( { name = \"contract\"; kind = \"import_limit\"; "
                                  "branch = \"site\"; limit = \"6 kW\"; } );\n";
    struct fixture *f = *state;
    struct error err;
    uint64_t ticks = 0;

    must_open(f, SMALL_SITE("observe"));
    turn_ticks(f, 2);
    assert_int_equal(f->service->decision->row[0].limit_w, 10000);
    assert_true(file_write_atomic("policy.cfg", tighter, sizeof tighter - 1, &err));
    ticks = f->service->ticks;
    reload_now(&f->service->reload, "test");
    assert_int_equal(f->service->ticks, ticks + 1);
    assert_int_equal(f->service->decision->row[0].limit_w, 6000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
        WITH_LOOP(an_observed_site_is_decided_on_and_never_written_to),
        WITH_LOOP(the_boundary_holds_even_if_the_core_were_wrong),
        WITH_LOOP(what_may_not_be_sent_is_not_sent_in_enforce_mode_either),
        WITH_LOOP(an_enforced_site_is_brought_under_its_limit),
        WITH_LOOP(every_command_carries_the_epoch_that_is_on_disk),
        WITH_LOOP(a_restart_raises_the_epoch),
        WITH_LOOP(another_controller_is_outranked_by_the_next_start_only),
        WITH_LOOP(a_disk_that_fails_and_recovers_is_noticed),
        WITH_LOOP(broken_text_costs_no_member_of_the_status),
        WITH_LOOP(a_device_that_does_not_open_leaves_nothing_behind),
        WITH_LOOP(a_port_that_is_taken_is_an_error),
        WITH_LOOP(stopping_takes_leave_once_and_closes_everything),
        WITH_LOOP(a_rising_load_near_the_limit_ticks_at_once),
        WITH_LOOP(a_new_policy_is_in_the_next_decision),
#undef WITH_LOOP
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
