#include "cli/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <locale.h>

/* A site, a feeder whose meter is stale, two racks; one rack is short. */
static const char status[] =
    "{\"site\":\"demo\",\"mode\":\"enforce\",\"time\":\"2026-11-25T10:00:00Z\",\"uptime_s\":3725.5,"
    "\"epoch\":8,"
    "\"ticks\":751,\"tick_age_s\":0.2,\"tick_period_s\":1,\"tick_p99_us\":412,"
    "\"policy\":{\"file\":\"p.cfg\",\"version\":\"00c0ffee00000000\",\"reloads_ok\":2,\"last_"
    "error\":null},"
    "\"branches\":["
    "{\"name\":\"site\",\"level\":\"site\",\"parent\":null,\"measured_w\":950000,\"load_w\":950000,"
    "\"quality\":\"good\",\"generation_w\":120000,\"limit_w\":1000000,\"limit_reason\":\"contract: "
    "1.00 MW\","
    "\"binding_reason\":\"contract: 1.00 "
    "MW\",\"budget_w\":700000,\"used_w\":690000,\"committed_w\":990000,"
    "\"uncontrolled_w\":100000,\"shortfall_w\":0,\"nodes\":160,\"capped\":40,\"held\":40,\"binds\":"
    "40},"
    "{\"name\":\"feeder_a\",\"level\":\"feeder\",\"parent\":\"site\",\"measured_w\":null,\"load_"
    "w\":800000,"
    "\"quality\":\"stale\",\"limit_w\":900000,\"limit_reason\":\"equipment: 900 "
    "kW\",\"soft_limit_w\":640000,"
    "\"soft_limit_reason\":\"low carbon: 70 %\",\"nodes\":160,\"capped\":40},"
    "{\"name\":\"rack01\",\"level\":\"rack\",\"parent\":\"feeder_a\",\"measured_w\":null,\"load_"
    "w\":51000,"
    "\"quality\":\"unmetered\",\"limit_w\":48000,\"shortfall_w\":3000,\"nodes\":80},"
    "{\"name\":\"rack02\",\"level\":\"rack\",\"parent\":\"feeder_a\",\"measured_w\":40000,\"load_"
    "w\":40000,"
    "\"quality\":\"good\",\"limit_w\":null,\"nodes\":80}],"
    "\"nodes\":{\"total\":160,\"fresh\":158,\"lost\":2,\"capped\":40,\"controllable\":150,"
    "\"offset\":0,\"list\":["
    "{\"name\":\"rack01-gpu1\",\"kind\":\"gpu8\",\"class\":1,\"branch\":\"rack01\",\"contact\":"
    "\"fresh\","
    "\"power_w\":3310,\"cap_w\":2400,\"wanted_w\":2400,\"cap_max_w\":5600,\"bound_by\":\"row\","
    "\"bound_row\":\"site\",\"why\":\"contract: 1.00 MW\"}]},"
    "\"sources\":[{\"name\":\"pv_roof\",\"kind\":\"pv\",\"power_w\":120000,\"rated_w\":500000}],"
    "\"points\":[{\"name\":\"carbon\",\"quantity\":\"carbon_intensity\",\"unit\":\"g/"
    "kWh\",\"value\":312.4,"
    "\"quality\":\"good\"},{\"name\":\"grid.power\",\"quantity\":\"power\",\"unit\":\"W\","
    "\"value\":null,"
    "\"quality\":\"stale\"}],"
    "\"alarms\":[{\"alarm\":\"reading_stale\",\"subject\":\"grid.power\",\"number\":4,\"for_s\":12."
    "3}],"
    "\"invariants\":{\"committed_exceeded\":0},\"devices\":[{\"name\":\"a\",\"state\":\"lost\"}]}";

static struct view view;
static struct frame frame;
static char *shown;

static const char *show(const char *json, int width, int height, const struct freshness *fresh)
{
    static const struct freshness good = {.url = "http://x"};
    json_t *root = json_loads(json, 0, NULL);
    struct picture *picture = picture_read(root);
    size_t length = 0;
    FILE *out = NULL;

    frame_resize(&frame, width, height);
    draw(&frame, picture, &view, fresh != NULL ? fresh : &good);
    picture_free(picture);
    json_decref(root);
    free(shown);
    out = open_memstream(&shown, &length);
    frame_write(&frame, out, false);
    fclose(out);
    return shown;
}

static int tear_down(void **state)
{
    (void)state;
    view_free(&view);
    frame_free(&frame);
    free(shown);
    shown = NULL;
    return 0;
}

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in\n%s", part, text);
}

static void the_tree_shows_load_limit_caps_and_why(void **state)
{
    const char *text = NULL;

    (void)state;
    view.plain = true;
    text = show(status, 120, 30, NULL);
    has(text, "capstan  demo  ENFORCE");
    has(text, "up 1:02:05");
    has(text, "158 heard, 2 silent, 40 capped");
    has(text, "pv_roof 120 kW of 500 kW");
    has(text, "carbon 312.4 g/kWh");
    has(text, "▾ site ");
    has(text, "950 kW   1.00 MW");
    has(text, "95 %");
    has(text, "40/160");
    has(text, "40 by contract: 1.00 MW");
    has(text, "short by 3.00 kW: shed");
    has(text, "1 alarm");
    has(text, "reading_stale");
}

static void what_is_no_fresh_measurement_is_marked(void **state)
{
    const char *text = NULL;

    (void)state;
    view.plain = true;
    text = show(status, 120, 30, NULL);
    has(text, "~800 kW");
    has(text, "~51.0 kW");
    has(text, "meter stale");
    has_not(text, "~950 kW");
    has_not(text, "~40.0 kW");
}

static void the_lower_of_hard_and_soft_limit_is_shown(void **state)
{
    (void)state;
    view.plain = true;
    has(show(status, 120, 30, NULL), "s 640 kW");
}

static void the_last_level_opens_with_a_key(void **state)
{
    json_t *root = json_loads(status, 0, NULL);
    struct picture *picture = picture_read(root);

    (void)state;
    has_not(show(status, 120, 30, NULL), "rack01");
    view_move(&view, picture, 1);
    view_toggle(&view, picture);
    has(show(status, 120, 30, NULL), "rack01");
    view_toggle(&view, picture);
    has_not(show(status, 120, 30, NULL), "rack01");
    picture_free(picture);
    json_decref(root);
}

static void the_selected_branch_is_explained(void **state)
{
    const char *text = show(status, 120, 30, NULL);

    (void)state;
    has(text, "hard limit 1.00 MW  contract: 1.00 MW");
    has(text, "120 kW of it made on site");
    has(text, "no soft limit");
    has(text, "committed 990 kW");
}

static void nodes_show_cap_and_what_bound_it(void **state)
{
    const char *text = NULL;

    (void)state;
    view.shows_nodes = true;
    text = show(status, 120, 30, NULL);
    has(text, "rack01-gpu1");
    has(text, "2.40 kW");
    has(text, "bound by row site");
    has(text, "1 of 160");
    has(text, "..."); /* the other 159 are not on this page */
}

static void an_old_picture_says_so(void **state)
{
    const struct freshness fresh = {.url = "http://x", .silent_s = 7, .error = "refused"};
    char late[sizeof status];
    char *age = NULL;

    (void)state;
    has(show(status, 120, 30, &fresh), "OLD PICTURE: no answer for 7 s from http://x: refused");
    strcpy(late, status);
    age = strstr(late, "\"tick_age_s\":0.2");
    memcpy(age, "\"tick_age_s\":9.9", strlen("\"tick_age_s\":0.2"));
    has(show(late, 120, 30, NULL), "NO TICK for 10 s");
    has_not(show(status, 120, 30, NULL), "NO TICK");
}

static void without_any_picture_there_is_still_a_page(void **state)
{
    const struct freshness fresh = {.url = "http://x", .error = "refused"};
    size_t length = 0;
    FILE *out = open_memstream(&shown, &length);

    (void)state;
    frame_resize(&frame, 80, 24);
    draw(&frame, NULL, &view, &fresh);
    frame_write(&frame, out, false);
    fclose(out);
    has(shown, "NO ANSWER from http://x: refused");
}

/* Whatever the size, nothing is written outside (the sanitizer looks) and the title stays. */
static void every_size_can_be_drawn(void **state)
{
    (void)state;
    for (int width = 1; width <= 200; width += 7)
        for (int height = 1; height <= 60; height += 5) {
            view.shows_nodes = !view.shows_nodes;
            show(status, width, height, NULL);
        }
    has(show(status, 80, 24, NULL), "950 kW   1.00 MW");
}

static void another_services_json_is_no_danger(void **state)
{
    static const char *const odd[] = {
        "{}",
        "{\"branches\":{},\"nodes\":[],\"points\":7,\"alarms\":null,\"devices\":\"x\",\"policy\":"
        "1}",
        "{\"branches\":[null,1,\"a\",{}]}",
        "{\"branches\":[{\"name\":\"a\",\"parent\":\"a\"},{\"name\":\"b\",\"parent\":\"nobody\"}]}",
        "{\"branches\":[{\"name\":\"a\"},{\"name\":\"b\",\"parent\":\"a\"},{\"name\":\"c\"},{"
        "\"name\":\"d\","
        "\"parent\":\"a\"}]}",
        "{\"branches\":[{\"name\":\"a\",\"parent\":null,\"load_w\":9223372036854775807,\"limit_w\":"
        "0}]}",
        "{\"branches\":[{\"name\":\"a\",\"load_w\":5,\"limit_w\":-5,\"budget_w\":-"
        "9223372036854775807}]}",
        "{\"nodes\":{\"total\":-5,\"list\":[{}],\"offset\":-1}}",
        "{\"nodes\":{\"total\":9223372036854775807,\"list\":[],\"offset\":9223372036854775807}}",
        "{\"uptime_s\":1e300,\"tick_age_s\":-1e300}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(odd); i++)
        for (int nodes = 0; nodes < 2; nodes++) {
            view.shows_nodes = nodes == 1;
            show(odd[i], 100, 30, NULL);
        }
}

static void powers_have_three_digits_that_matter(void **state)
{
    static const struct {
        int64_t power_w;
        const char *text;
    } cases[] = {{0, "0 W"},          {999, "999 W"},         {1000, "1.00 kW"},
                 {-40, "-40 W"},      {9994, "9.99 kW"},      {9995, "10.0 kW"},
                 {99949, "99.9 kW"},  {99950, "100 kW"},      {999499, "999 kW"},
                 {999500, "1.00 MW"}, {-2500000, "-2.50 MW"}, {2000000000, "2.00 GW"}};
    char text[POWER_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(power_text(cases[i].power_w, text), cases[i].text);
    power_text(INT64_MIN, text);
    power_text(INT64_MAX, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CLEAN(test) cmocka_unit_test_teardown(test, tear_down)
        CLEAN(the_tree_shows_load_limit_caps_and_why),
        CLEAN(what_is_no_fresh_measurement_is_marked),
        CLEAN(the_lower_of_hard_and_soft_limit_is_shown),
        CLEAN(the_last_level_opens_with_a_key),
        CLEAN(the_selected_branch_is_explained),
        CLEAN(nodes_show_cap_and_what_bound_it),
        CLEAN(an_old_picture_says_so),
        CLEAN(without_any_picture_there_is_still_a_page),
        CLEAN(every_size_can_be_drawn),
        CLEAN(another_services_json_is_no_danger),
        CLEAN(powers_have_three_digits_that_matter),
#undef CLEAN
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
