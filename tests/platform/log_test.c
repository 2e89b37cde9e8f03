#include "platform/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

/* What log_event writes to stderr, caught in a file. */
static char caught[8192];

#define CATCH(call)                  \
    do {                             \
        int keep = begin_catching(); \
        call;                        \
        end_catching(keep);          \
    } while (0)

static int begin_catching(void)
{
    int keep = dup(STDERR_FILENO);
    int file = open("caught", O_RDWR | O_CREAT | O_TRUNC, 0600);

    dup2(file, STDERR_FILENO);
    close(file);
    return keep;
}

static void end_catching(int keep)
{
    ssize_t length = pread(STDERR_FILENO, caught, sizeof caught - 1, 0);

    caught[length > 0 ? length : 0] = '\0';
    dup2(keep, STDERR_FILENO);
    close(keep);
}

static void a_line_has_time_level_event_and_pairs(void **state)
{
    (void)state;
    log_open(LOG_LEVEL_NOTICE);
    CATCH(log_event(LOG_LEVEL_NOTICE, "meter.quality", "meter=%s age_ms=%d", "grid", 3204));
    assert_int_equal(fnmatch("20[0-9][0-9]-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]."
                             "[0-9][0-9][0-9]Z notice meter.quality meter=grid age_ms=3204\n",
                             caught, 0),
                     0);
}

static void lines_above_the_level_are_dropped(void **state)
{
    enum log_level level = LOG_LEVEL_ERROR;

    (void)state;
    assert_true(log_level_parse("warning", &level));
    assert_false(log_level_parse("loud", &level));
    log_open(level);
    CATCH(log_event(LOG_LEVEL_NOTICE, "x", "y=%d", 1));
    assert_string_equal(caught, "");
}

static void a_device_can_not_write_a_line_of_its_own(void **state)
{
    (void)state;
    log_open(LOG_LEVEL_NOTICE);
    CATCH(log_event(LOG_LEVEL_ERROR, "x", "name=\"%s\"", "a\n2026 error forged\033[2J"));
    assert_non_null(strstr(caught, "name=\"a?2026 error forged?[2J\"\n"));
    assert_ptr_equal(strchr(caught, '\n'), caught + strlen(caught) - 1);
}

static void a_long_line_is_cut_at_1000_bytes(void **state)
{
    char long_text[5000];

    (void)state;
    memset(long_text, 'a', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    log_open(LOG_LEVEL_NOTICE);
    CATCH(log_event(LOG_LEVEL_ERROR, "x", "text=%s", long_text));
    assert_true(strlen(caught) <= 1000);
    assert_true(strlen(caught) > 900);
    assert_int_equal(caught[strlen(caught) - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_event_and_pairs),
        cmocka_unit_test(lines_above_the_level_are_dropped),
        cmocka_unit_test(a_device_can_not_write_a_line_of_its_own),
        cmocka_unit_test(a_long_line_is_cut_at_1000_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
