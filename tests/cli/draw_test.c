#include "cli/draw.h"
#include "cli/draw_coming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <locale.h>

/* tests/cli/status.json: a site, a feeder whose meter is stale, two racks, one of them over its limit. */
static char *status;

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
    text = show(status, 150, 30, NULL);
    has(text, "capstan  demo  ENFORCE");
    has(text, "up 1:02:05");
    has(text, "150 heard, 2 silent, 40 capped");
    has(text, "pv_roof 120 kW of 500 kW");
    has(text, "carbon 312.4 g/kWh");
    has(text, "▾ site ");
    has(text, "950 kW       1.00 MW");
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

static void the_fullest_phase_stands_for_its_branch(void **state)
{
    (void)state;
    view.plain = true;
    has(show(status, 120, 30, NULL), "L2 16.0 kW");
    has(show(status, 120, 30, NULL), "112 %");
}

static void the_lower_of_hard_and_soft_limit_is_shown(void **state)
{
    (void)state;
    view.plain = true;
    has(show(status, 120, 30, NULL), "soft 640 kW");
}

static void what_fits_is_open_and_a_key_opens_the_rest(void **state)
{
    json_t *root = json_loads(status, 0, NULL);
    struct picture *picture = picture_read(root);

    (void)state;
    has(show(status, 120, 30, NULL), "rack01");
    has_not(show(status, 120, 13, NULL), "rack01"); /* no room for all */
    view_move(&view, picture, 1);
    view_toggle(&view, picture);
    has(show(status, 120, 30, NULL), "rack01");
    view_toggle(&view, picture);
    has_not(show(status, 120, 30, NULL), "rack01"); /* what the user closed stays closed */
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

/* Two breakers near tripping, an event in each phase, two forecasts of which one never came. */
static const char coming[] =
    "{\"branches\":[{\"name\":\"site\"},"
    "{\"name\":\"feeder_a\",\"parent\":\"site\",\"trip_margin_s\":75.2,"
    "\"tightest\":{\"load_w\":115,\"limit_w\":100}},"
    "{\"name\":\"feeder_b\",\"parent\":\"site\",\"trip_margin_s\":0},"
    "{\"name\":\"feeder_c\",\"parent\":\"site\",\"trip_margin_s\":null}],"
    "\"grid_events\":["
    "{\"id\":\"dr-17\",\"phase\":\"ramp\",\"target_w\":300000,\"limit_w\":420000,\"left_s\":272},"
    "{\"id\":\"dr-16\",\"phase\":\"active\",\"target_w\":250000,\"limit_w\":250000,\"left_s\":7500}"
    ","
    "{\"id\":\"\",\"phase\":\"recovery\",\"target_w\":250000,\"limit_w\":251000,\"left_s\":59.6,"
    "\"cancelled\":true},"
    "{\"id\":\"dr-18\",\"phase\":\"notified\",\"target_w\":0,\"limit_w\":null,\"left_s\":null}],"
    "\"forecasts\":["
    "{\"name\":\"co2\",\"unit\":\"g/kWh\",\"basis\":\"marginal\",\"age_s\":180,\"value\":312.25,"
    "\"next_value\":287,\"next_in_s\":1440,\"reaches_s\":32400},"
    "{\"name\":\"sun\",\"unit\":\"W\",\"basis\":\"average\",\"age_s\":null}]}";

static void what_is_coming_is_shown_the_most_urgent_first(void **state)
{
    const char *text = NULL;

    (void)state;
    text = show(coming, 130, 40, NULL);
    has(text, "TRIP     feeder_b may trip now: above its rating");
    has(text, "TRIP     feeder_a may trip in 1:15 min if the load stays");
    has_not(text, "feeder_c may trip");
    assert_true(strstr(text, "feeder_b may") < strstr(text, "feeder_a may trip in 1:15 min if"));
    has(text, "EVENT    dr-17 ramp: 300 kW in 4:32 min, import up to 420 kW now");
    has(text, "EVENT    dr-16 active: 250 kW for 2:05 h, import up to 250 kW now");
    has(text, "recovery, cancelled: over in 1:00 min, import up to 251 kW now");
    has(text, "EVENT    dr-18 notified: 0 W\n");
    has(text, "FORECAST co2 312.2, 287 in 24:00 min g/kWh marginal, for 9:00 h, 3:00 min old");
    has(text, "FORECAST sun none came yet");
}

/* 80 x 24: three lines of it, and the list keeps its place; lower still: none. */
static void a_low_terminal_shows_the_first_of_what_is_coming(void **state)
{
    const char *text = NULL;

    (void)state;
    text = show(coming, 80, 24, NULL);
    has(text, "TRIP     feeder_b");
    has(text, "TRIP     feeder_a");
    has(text, "and 6 more that is coming");
    has_not(text, "EVENT");
    has(text, "no alarms");
    has(text, "q quit");
    has(text, "feeder_c ");
    has_not(show(coming, 80, 15, NULL), "TRIP ");
    view.plain = true;
    has(show(coming, 80, 60, NULL), "FORECAST sun");
}

static void spans_are_short(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{-5, "0 s"},         {0.4, "0 s"},     {59.4, "59 s"},         {59.6, "1:00 min"},
                 {3599, "59:59 min"}, {3600, "1:00 h"}, {47 * 3600, "47:00 h"}, {48 * 3600, "2 d"},
                 {1e300, "1157 d"}};
    char text[SPAN_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(span_text(cases[i].seconds, text), cases[i].text);
}

static void an_old_picture_says_so(void **state)
{
    const struct freshness fresh = {.url = "http://x", .silent_s = 7, .error = "refused"};
    char *late = strdup(status);
    char *age = strstr(late, "\"tick_age_s\": 0.2");

    (void)state;
    has(show(status, 120, 30, &fresh), "OLD PICTURE: no answer for 7 s from http://x: refused");
    age[strlen("\"tick_age_s\": ")] = '9'; /* 0.2 s become 9.2 */
    has(show(late, 120, 30, NULL), "NO TICK for 9 s");
    has_not(show(status, 120, 30, NULL), "NO TICK");
    free(late);
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
            show(coming, width, height, NULL);
        }
    has(show(status, 80, 24, NULL), "950 kW       1.00 MW");
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
        "{\"grid_events\":{},\"forecasts\":7,\"branches\":[{\"trip_margin_s\":1e300}]}",
        "{\"grid_events\":[null,1,{\"left_s\":\"x\",\"id\":5}],\"forecasts\":[{},{\"age_s\":-1e300}"
        "]}",
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

static void read_status(void)
{
    char path[1024];
    size_t length = 0;
    FILE *in = NULL;
    int c = 0;
    FILE *out = open_memstream(&status, &length);

    snprintf(path, sizeof path, "%s/tests/cli/status.json", getenv("CAPSTAN_SOURCE_DIR"));
    in = fopen(path, "re");
    while (in != NULL && (c = fgetc(in)) != EOF)
        fputc(c, out);
    if (in != NULL)
        fclose(in);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CLEAN(test) cmocka_unit_test_teardown(test, tear_down)
        CLEAN(the_tree_shows_load_limit_caps_and_why),
        CLEAN(what_is_no_fresh_measurement_is_marked),
        CLEAN(the_fullest_phase_stands_for_its_branch),
        CLEAN(the_lower_of_hard_and_soft_limit_is_shown),
        CLEAN(what_fits_is_open_and_a_key_opens_the_rest),
        CLEAN(the_selected_branch_is_explained),
        CLEAN(nodes_show_cap_and_what_bound_it),
        CLEAN(what_is_coming_is_shown_the_most_urgent_first),
        CLEAN(a_low_terminal_shows_the_first_of_what_is_coming),
        CLEAN(spans_are_short),
        CLEAN(an_old_picture_says_so),
        CLEAN(without_any_picture_there_is_still_a_page),
        CLEAN(every_size_can_be_drawn),
        CLEAN(another_services_json_is_no_danger),
        CLEAN(powers_have_three_digits_that_matter),
#undef CLEAN
    };

    int failed = 0;

    setlocale(LC_CTYPE, "C.UTF-8");
    read_status();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(status);
    return failed;
}
