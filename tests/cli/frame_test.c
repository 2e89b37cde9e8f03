#include "cli/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <locale.h>

static char *shown;

/* The frame as text, valid until the next call. */
static const char *text_of(const struct frame *frame, bool colours)
{
    size_t length = 0;
    FILE *out = NULL;

    free(shown);
    out = open_memstream(&shown, &length);
    frame_write(frame, out, colours);
    fclose(out);
    return shown;
}

static void text_is_cut_with_a_mark_and_never_leaves_the_frame(void **state)
{
    struct frame frame = {0};

    (void)state;
    frame_resize(&frame, 10, 2);
    assert_int_equal(frame_text(&frame, 0, 0, 5, STYLE_PLAIN, "abcdefgh"), 5);
    assert_int_equal(frame_text(&frame, 7, 1, 100, STYLE_PLAIN, "abcdefgh"), 10);
    frame_text(&frame, 0, 2, 10, STYLE_PLAIN, "below");
    frame_text(&frame, -3, 0, 10, STYLE_PLAIN, "");
    frame_text(&frame, 0, -1, 10, STYLE_PLAIN, "above");
    assert_string_equal(text_of(&frame, false), "abcd…\n       abc\n");
    frame_free(&frame);
}

static void what_could_command_the_terminal_is_made_harmless(void **state)
{
    struct frame frame = {0};

    (void)state;
    frame_resize(&frame, 20, 1);
    frame_text(&frame, 0, 0, 20, STYLE_PLAIN, "a\033[2Jb\x07\xff\n\xc3");
    assert_string_equal(text_of(&frame, false), "a?[2Jb????\n");
    frame_free(&frame);
}

static void wide_characters_take_two_columns(void **state)
{
    struct frame frame = {0};

    (void)state;
    frame_resize(&frame, 6, 1);
    assert_int_equal(frame_text(&frame, 0, 0, 6, STYLE_PLAIN, "日本x"), 5);
    frame_right(&frame, 0, 0, 6, STYLE_PLAIN, "é");
    assert_string_equal(text_of(&frame, false), "日本xé\n");
    frame_free(&frame);
}

static void bars_are_filled_in_eighths_and_clipped(void **state)
{
    static const struct {
        double share;
        const char *bar;
    } cases[] = {{0, "····\n"}, {0.5, "██··\n"}, {0.53125, "██▏·\n"},          {1, "████\n"},
                 {7, "████\n"}, {-1, "····\n"},  {__builtin_nan(""), "····\n"}};
    struct frame frame = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        frame_resize(&frame, 4, 1);
        frame_bar(&frame, 0, 0, 4, cases[i].share, STYLE_GOOD);
        assert_string_equal(text_of(&frame, false), cases[i].bar);
    }
    frame_free(&frame);
}

static void colours_come_only_when_asked_and_end_with_the_line(void **state)
{
    struct frame frame = {0};

    (void)state;
    frame_resize(&frame, 8, 1);
    frame_text(&frame, 0, 0, 8, STYLE_BAD, "bad");
    assert_string_equal(text_of(&frame, false), "bad\n");
    assert_string_equal(text_of(&frame, true), "\033[0m\033[1;31mbad\033[0m\n");
    frame_free(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cut_with_a_mark_and_never_leaves_the_frame),
        cmocka_unit_test(what_could_command_the_terminal_is_made_harmless),
        cmocka_unit_test(wide_characters_take_two_columns),
        cmocka_unit_test(bars_are_filled_in_eighths_and_clipped),
        cmocka_unit_test(colours_come_only_when_asked_and_end_with_the_line),
    };
    int failed = 0;

    setlocale(LC_CTYPE, "C.UTF-8");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(shown);
    return failed;
}
