/* Every row of every table is one that the loader can keep its promise for. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "config/policy_schema.h"
#include "config/profile_schema.h"
#include "config/quantity.h"
#include "config/setting_text.h"
#include "config/site_schema.h"
#include "drivers/driver.h"
#include "policies/policy.h"

/* Where absence shows in the value itself: a pointer that is NULL. */
static bool absence_shows(const struct setting *row)
{
    return row->kind == KIND_TEXT || row->kind == KIND_NAME || row->kind == KIND_PROFILE ||
           row->kind == KIND_GROUPS || row->kind == KIND_TABLE || row->kind == KIND_SOURCES;
}

static bool is_choice(const struct setting *row, const char *text)
{
    for (size_t i = 0; row->choices != NULL && row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], text) == 0)
            return true;
    }
    return false;
}

static void check_default(const char *table, const struct setting *row)
{
    union amount a = {0};

    assert_non_null(row->fallback);
    if (row->kind == KIND_CHOICE && !is_choice(row, row->fallback))
        fail_msg("%s.%s: \"%s\" is no choice", table, row->name, row->fallback);
    if (!amount_kind(row->kind))
        return;
    if (!amount_parse(row->kind, row->fallback, &a, NULL))
        fail_msg("%s.%s: its default \"%s\" can't be read", table, row->name, row->fallback);
    if (setting_value(row, &a) < setting_min(row) || setting_value(row, &a) > setting_max(row))
        fail_msg("%s.%s: its default \"%s\" is out of range", table, row->name, row->fallback);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables are */
static void check_rows(const char *table, const struct setting *rows)
{
    for (const struct setting *row = rows; row != NULL && row->name != NULL; row++) {
        if (row->help == NULL || strlen(row->help) < 5)
            fail_msg("%s.%s: has no help", table, row->name);
        if (row->kind == KIND_CHOICE && row->choices == NULL)
            fail_msg("%s.%s: has no choices", table, row->name);
        if (row->need == NEED_DEFAULT)
            check_default(table, row);
        if (row->need == NEED_OPTIONAL && row->given_at == 0 && !absence_shows(row))
            fail_msg("%s.%s: nobody could tell whether it was given", table, row->name);
        if (row->kind == KIND_GROUPS || row->kind == KIND_TABLE) {
            assert_true(row->group != NULL && row->group_size > 0);
            check_rows(row->name, row->group);
        }
        for (const struct setting *other = rows; other < row; other++)
            assert_string_not_equal(other->name, row->name);
    }
}

static void rows_of_files_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < SECTION_COUNT; i++)
        check_rows(site_sections[i].name, site_sections[i].rows);
    check_rows("policy", policy_settings);
    check_rows("profile", profile_settings);
}

static void rows_of_policies_are_sound_and_have_names_of_their_own(void **state)
{
    (void)state;
    for (const struct policy_kind *const *k = policy_kinds; *k != NULL; k++) {
        check_rows((*k)->name, (*k)->settings);
        for (const struct setting *row = (*k)->settings; row != NULL && row->name != NULL; row++) {
            for (const struct setting *common = policy_settings; common->name != NULL; common++)
                assert_string_not_equal(row->name, common->name);
        }
    }
}

static const struct setting *common_rows(enum role role)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (site_sections[i].role == role)
            return site_sections[i].rows;
    }
    return NULL;
}

static void rows_of_drivers_are_sound_and_have_names_of_their_own(void **state)
{
    (void)state;
    for (const struct driver_schema *s = driver_schemas(); s->driver != NULL; s++) {
        check_rows(s->driver, s->settings);
        for (const struct setting *row = s->settings; row != NULL && row->name != NULL; row++) {
            for (const struct setting *common = common_rows(s->role); common->name != NULL;
                 common++)
                assert_string_not_equal(row->name, common->name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_files_are_sound),
        cmocka_unit_test(rows_of_policies_are_sound_and_have_names_of_their_own),
        cmocka_unit_test(rows_of_drivers_are_sound_and_have_names_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
