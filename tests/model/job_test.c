/* What a job's owner allowed, the mark that we leave, and who may be touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/job.h"

#include <stdio.h>
#include <string.h>

#define NINE_UTC_S INT64_C(1795683600) /* 2026-11-26T09:00:00Z */

/* An hour east of Greenwich; two o'clock does not exist. */
static bool utc_of(void *context, const struct job_civil *c, int64_t *utc_s)
{
    (void)context;
    if (c->year != 2026 || c->month != 11 || c->day != 26 || c->hour == 2)
        return false;
    *utc_s = NINE_UTC_S + (c->hour - 10) * 3600 + c->minute * 60 + c->second;
    return true;
}

static const struct job_zone zone = {NULL, utc_of};

static struct job_options good(const char *comment)
{
    struct job_options options;
    struct error err;
    char line[600];

    if (!job_options_parse(comment, &zone, &options, &err))
        fail_msg("\"%s\": %s", comment, error_line(&err, line, sizeof line));
    return options;
}

static void every_option_is_read(void **state)
{
    struct job_options o = good("capstan:flex,deadline=2026-11-26T09:00,interruptible,max_delay=6h,"
                                "checkpoint=5min,power=3kW");

    (void)state;
    assert_true(o.flexible && o.has_deadline && o.interruptible && o.has_max_delay);
    assert_int_equal(o.deadline_utc_s, NINE_UTC_S - 3600);
    assert_int_equal(o.max_delay_s, 6 * 3600);
    assert_int_equal(o.checkpoint_s, 300);
    assert_int_equal(o.power_w, 3000);
}

static void a_deadline_may_say_its_zone_and_its_seconds(void **state)
{
    (void)state;
    assert_int_equal(good("capstan:flex,deadline=2026-11-26T09:00Z").deadline_utc_s, NINE_UTC_S);
    assert_int_equal(good("capstan:flex,deadline=2026-11-26T09:00:30Z").deadline_utc_s,
                     NINE_UTC_S + 30);
    assert_int_equal(good("capstan:flex,deadline=2026-11-26T09:00+02:00").deadline_utc_s,
                     NINE_UTC_S - 7200);
    assert_int_equal(good("capstan:flex,deadline=2026-11-26T09:00:30").deadline_utc_s,
                     NINE_UTC_S - 3600 + 30);
}

static void the_word_stands_among_others(void **state)
{
    (void)state;
    assert_true(good("project 7; capstan:flex; paper").flexible);
    assert_true(good("capstan:flex").flexible);
    assert_false(good("").flexible);
    assert_false(good("see capstan documentation").flexible);
    assert_false(good("xcapstan:flex").flexible);
    assert_false(good("a | capstan: deferred: capstan:flex").flexible); /* in our own mark */
}

static void a_mistake_refuses_the_whole_word(void **state)
{
    static const struct {
        const char *comment, *got;
        enum error_kind what;
    } bad[] = {
        {"capstan:", "", ERR_UNKNOWN},
        {"capstan:flex,", "", ERR_UNKNOWN},
        {"capstan:Flex", "Flex", ERR_UNKNOWN},
        {"capstan:flexible", "flexible", ERR_UNKNOWN},
        {"capstan:flex=yes", "flex=yes", ERR_SYNTAX},
        {"capstan:interruptible", "interruptible", ERR_MISSING},
        {"capstan:flex,flex", "flex", ERR_DUPLICATE},
        {"capstan:flex capstan:flex", "a second one", ERR_DUPLICATE},
        {"capstan:flex,max_delay", "max_delay", ERR_SYNTAX},
        {"capstan:flex,max_delay=", "max_delay=", ERR_SYNTAX},
        {"capstan:flex,max_delay=6", "max_delay=6", ERR_SYNTAX},
        {"capstan:flex,max_delay=-6h", "max_delay=-6h", ERR_SYNTAX},
        {"capstan:flex,max_delay=0h", "max_delay=0h", ERR_SYNTAX},
        {"capstan:flex,max_delay=6.5h", "max_delay=6.5h", ERR_SYNTAX},
        {"capstan:flex,max_delay=9999999999h", "max_delay=9999999999h", ERR_SYNTAX},
        {"capstan:flex,max_delay=367d", "max_delay=367d", ERR_SYNTAX},
        {"capstan:flex,power=3KW", "power=3KW", ERR_SYNTAX},
        {"capstan:flex,deadline=tomorrow", "deadline=tomorrow", ERR_SYNTAX},
        {"capstan:flex,deadline=2026-02-30T09:00", "deadline=2026-02-30T09:00", ERR_SYNTAX},
        {"capstan:flex,deadline=2026-11-26T02:30", "deadline=2026-11-26T02:30", ERR_SYNTAX},
        {"capstan:flex,deadline=2026-11-26T24:00", "deadline=2026-11-26T24:00", ERR_SYNTAX},
        {"capstan:flex,deadline=2026-11-26T09:00X", "deadline=2026-11-26T09:00X", ERR_SYNTAX},
        {"capstan:flex,deadline=2026-11-26 09:00", "deadline=2026-11-26", ERR_SYNTAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct job_options options = {.flexible = true};
        struct error err = {.what = ERROR_KIND_COUNT};

        if (job_options_parse(bad[i].comment, &zone, &options, &err))
            fail_msg("\"%s\" was taken", bad[i].comment);
        assert_false(options.flexible);
        assert_int_equal(err.what, bad[i].what);
        assert_string_equal(err.got, bad[i].got);
        assert_non_null(strstr(err.where, "comment, byte "));
        assert_true(err.expected[0] != '\0');
    }
}

static void an_option_is_no_longer_than_it_may_be(void **state)
{
    struct job_options options;
    char long_one[400];

    (void)state;
    snprintf(long_one, sizeof long_one, "capstan:flex,%0300d", 7);
    assert_false(job_options_parse(long_one, &zone, &options, NULL));
}

static void a_mark_comes_back_as_it_was_written(void **state)
{
    const struct job_mark mark = {.kind = MARK_DEFERRED,
                                  .until_utc_s = NINE_UTC_S,
                                  .begin_was_utc_s = NINE_UTC_S - 86400,
                                  .why = "cheaper at night"};
    struct job_mark read;
    char text[400], again[400];
    size_t rest = 0;

    (void)state;
    assert_true(mark_write("ask Anna", &mark, text, sizeof text));
    assert_string_equal(text, "ask Anna | capstan: deferred until 2026-11-26T09:00:00Z (begin was "
                              "2026-11-25T09:00:00Z): cheaper at night");
    assert_true(mark_parse(text, &read, &rest));
    assert_int_equal(rest, strlen("ask Anna"));
    assert_int_equal(read.kind, mark.kind);
    assert_int_equal(read.until_utc_s, mark.until_utc_s);
    assert_int_equal(read.begin_was_utc_s, mark.begin_was_utc_s);
    assert_string_equal(read.why, mark.why);
    /* Once more takes the place of the first; none at all leaves what was there. */
    assert_true(mark_write(text, &mark, again, sizeof again));
    assert_string_equal(again, text);
    assert_true(mark_write(text, NULL, again, sizeof again));
    assert_string_equal(again, "ask Anna");
    assert_false(mark_write("ask Anna", &mark, again, 20));
    assert_string_equal(again, "");
}

static void a_reason_cannot_break_out_of_its_mark(void **state)
{
    const struct job_mark mark = {.kind = MARK_HELD, .why = "a\nb\xc3\xa4 | capstan: suspended: x"};
    struct job_mark read;
    char text[400];
    size_t rest = 0;

    (void)state;
    assert_true(mark_write("", &mark, text, sizeof text));
    assert_string_equal(text, "capstan: held: a b?? / capstan: suspended: x");
    assert_true(mark_parse(text, &read, &rest));
    assert_int_equal(read.kind, MARK_HELD);
}

static struct job job_of(int64_t submit_utc_s, int64_t limit_s)
{
    return (struct job){.who = {.id = 7, .submit_utc_s = submit_utc_s, .user = "a", .name = "n"},
                        .state = JOB_PENDING,
                        .time_limit_s = limit_s,
                        .options = {.flexible = true}};
}

static void a_job_starts_before_its_latest_safe_start(void **state)
{
    struct job job = job_of(1000, 600);

    (void)state;
    assert_int_equal(job_latest_start(&job, 60, 3600), 4600);
    job.options.has_max_delay = true;
    job.options.max_delay_s = 100;
    assert_int_equal(job_latest_start(&job, 60, 3600), 1100);
    job.options.has_max_delay = false;
    job.options.has_deadline = true;
    job.options.deadline_utc_s = 3000;
    assert_int_equal(job_latest_start(&job, 60, 3600), 3000 - 600 - 60);
    job.deadline_utc_s = 2500; /* the scheduler's own, which kills */
    assert_int_equal(job_latest_start(&job, 60, 3600), 2500 - 600 - 60);
    job.time_limit_s = 0;
    assert_true(job_latest_start(&job, 60, 3600) == INT64_MIN);
}

static void what_a_person_held_and_who_did_not_opt_in_stay_alone(void **state)
{
    struct job job = job_of(1000, 600);

    (void)state;
    assert_true(job_may_be_touched(&job));
    job.options.flexible = false;
    assert_false(job_may_be_touched(&job));
    job.options.flexible = true;
    job.hold = JOB_HELD_BY_OWNER;
    assert_true(job_held_by_person(&job));
    assert_false(job_may_be_touched(&job));
    job.mark.kind = MARK_HELD;
    assert_true(job_may_be_touched(&job));
    job.hold = JOB_HELD_BY_ADMIN; /* never ours, whatever the mark says */
    assert_false(job_may_be_touched(&job));
    job.hold = JOB_NOT_HELD;
    job.state = JOB_ENDING;
    assert_false(job_may_be_touched(&job));
}

static void an_id_alone_is_not_a_job(void **state)
{
    struct job_identity a = job_of(1000, 600).who, b = a;

    (void)state;
    assert_true(job_same(&a, &b));
    b.submit_utc_s++;
    assert_false(job_same(&a, &b));
    b = a;
    b.user = "b";
    assert_false(job_same(&a, &b));
    b = a;
    b.name = "m";
    assert_false(job_same(&a, &b));
    b = a;
    b.array_task = 3;
    assert_false(job_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_read),
        cmocka_unit_test(a_deadline_may_say_its_zone_and_its_seconds),
        cmocka_unit_test(the_word_stands_among_others),
        cmocka_unit_test(a_mistake_refuses_the_whole_word),
        cmocka_unit_test(an_option_is_no_longer_than_it_may_be),
        cmocka_unit_test(a_mark_comes_back_as_it_was_written),
        cmocka_unit_test(a_reason_cannot_break_out_of_its_mark),
        cmocka_unit_test(a_job_starts_before_its_latest_safe_start),
        cmocka_unit_test(what_a_person_held_and_who_did_not_opt_in_stay_alone),
        cmocka_unit_test(an_id_alone_is_not_a_job),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
