/* What policies remember goes through the state file and comes back, whatever the file says. */
#include "service/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/reading.h"
#include "service/state.h"
#include "tests/service/small_site.h"
#include "tests/support/site_text.h"

#include <jansson.h>
#include <stdlib.h>

static const char policy_text[] =
    "policies = ( { name = \"peak\"; kind = \"demand_charge\"; branch = \"site\"; target = \"10 "
    "kW\"; },\n"
    "  { name = \"gently\"; kind = \"ramp_rate\"; branch = \"site\"; up = \"6 kW/min\"; } );";

struct fixture {
    struct site *site;
    struct policy_set *policies;
    struct reading *reading;
    struct node_report *report;
    struct snapshot snapshot;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->site = site_from_text(SMALL_SITE("observe"));
    f->policies = policies_from_text(policy_text, f->site);
    f->reading = calloc(f->site->points, sizeof *f->reading);
    f->report = calloc(f->site->nodes.count, sizeof *f->report);
    f->snapshot = (struct snapshot){.now_ns = NS_PER_S,
                                    .local = {true, 1704067200, 0, 0}, /* Monday, 2024-01-01 */
                                    .reading = f->reading,
                                    .report = f->report};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    free(f->report);
    free(f->reading);
    policy_set_free(f->policies);
    site_free(f->site);
    free(f);
    return 0;
}

static struct controller *start(const struct fixture *f)
{
    return controller_create(f->site, f->policies, &(struct controller_options){.epoch = 1});
}

/* Load of 6 kW for so many seconds. */
static void live(struct fixture *f, struct controller *c, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        f->snapshot.now_ns += NS_PER_S;
        f->snapshot.local.utc_s++;
        f->snapshot.local.minute_of_day = (int)(f->snapshot.local.utc_s % 86400 / 60);
        f->reading[f->site->tree.power_point[0]] =
            (struct reading){6000, f->snapshot.now_ns, QUALITY_GOOD, FLAW_NONE};
        controller_tick(c, &f->snapshot);
    }
}

static double used_wh(const struct fixture *f, const struct controller *c)
{
    struct policy_figure figure[POLICY_FIGURES_MAX];
    const struct policy *policy = &f->policies->policy[1];

    if (policy->kind->figures(policy->settings, controller_policy_state(c, 1), figure) == 0)
        return -1.0;
    assert_string_equal(figure[0].name, "window_energy_wh");
    return figure[0].value;
}

static void what_a_policy_remembers_comes_back_through_the_file(void **state)
{
    struct fixture *f = *state;
    struct controller *c = start(f);
    struct state file;
    struct arena arena = {0};
    struct error err;
    double before_wh = 0;

    live(f, c, 1200);
    before_wh = used_wh(f, c);
    assert_true(state_open(&file, "memory", f->site, 1704068400000, &arena, &err));
    state_keep(&file, memory_take(c, f->policies));
    assert_true(state_save(&file, f->site, file.remainder_w, &err));
    state_close(&file);
    controller_free(c);

    assert_true(state_open(&file, "memory", f->site, 1704068400000, &arena, &err));
    assert_int_equal(file.origin, STATE_STORED);
    c = start(f);
    memory_give(file.memory, c, f->policies);
    live(f, c, 1);
    /* One second more, at the most that the nodes may draw. */
    assert_true(used_wh(f, c) >= before_wh);
    assert_true(used_wh(f, c) < before_wh + 20);
    state_close(&file);
    controller_free(c);
    arena_free(&arena);
}

static void whatever_the_file_says_is_no_harm(void **state)
{
    /* A name that is longer than a note's may be, and numbers that are none. */
    static const char odd_notes[] =
        "{\"peak\": {\"kind\": \"demand_charge\", \"version\": 1, \"notes\": {\"peak_w0\": \"5\", "
        "\"month0\": 1e300, \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\": 1}}}";
    static const char *const odd[] = {
        "null",
        "[]",
        "5",
        "{\"peak\": 5}",
        "{\"peak\": {\"kind\": 5, \"version\": 1, \"notes\": {}}}",
        "{\"peak\": {\"kind\": \"ramp_rate\", \"version\": 1, \"notes\": {}}}",
        "{\"peak\": {\"kind\": \"demand_charge\", \"version\": 2, \"notes\": {}}}",
        "{\"peak\": {\"kind\": \"demand_charge\", \"version\": 1, \"notes\": [1, 2]}}",
        odd_notes,
        "{\"gently\": {\"kind\": \"ramp_rate\", \"version\": 0, \"notes\": {\"up\": 1e9}}}"};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(odd); i++) {
        json_t *memory = json_loads(odd[i], JSON_DECODE_ANY, NULL);
        struct controller *c = start(f);

        assert_non_null(memory);
        memory_give(memory, c, f->policies);
        live(f, c, 2);
        assert_true(used_wh(f, c) >= 0);
        controller_free(c);
        json_decref(memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_policy_remembers_comes_back_through_the_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(whatever_the_file_says_is_no_harm, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
