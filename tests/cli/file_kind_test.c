#include "cli/file_kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum file_kind kind(const char *text) { return file_kind_of(text, strlen(text)); }

static void policies_at_the_top_make_a_policy_file(void **state)
{
    (void)state;
    assert_int_equal(kind("policies = ();"), FILE_POLICY);
    assert_int_equal(
        kind("# a comment\n// another\n/* policies */ policies : ( { name = \"a\"; } );"),
        FILE_POLICY);
    assert_int_equal(kind("@include \"x.cfg\"\nversion = 1;\npolicies=("), FILE_POLICY);
}

static void the_word_elsewhere_does_not(void **state)
{
    static const char *const sites[] = {
        "",
        "# policies = ();\n",
        "// policies = ();",
        "/* policies = ();",
        "site = { name = \"policies = ();\"; };",
        "site = { policies = (); };",
        "list = ( { policies = 1; } );",
        "policies_old = ();",
        "my_policies = ();",
        "site = \"a \\\" policies\"; ",
        "site = \"policies",
        "site = { name = \"x\"; ",
        "\xff\xfe\x01",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(sites); i++)
        assert_int_equal(kind(sites[i]), FILE_SITE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_at_the_top_make_a_policy_file),
        cmocka_unit_test(the_word_elsewhere_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
