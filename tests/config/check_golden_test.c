/* Every broken file of tests/golden/check gives exactly the lines of the .txt beside it.
 *
 * A policy file says in its first line which site it is for: "# site: site-ok.cfg". After a message was changed
 * on purpose, CAPSTAN_GOLDEN_WRITE=1 writes the .txt files anew: read the difference before you commit it. */
#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/load.h"
#include "tests/config/drivers.h"

enum { TEXT_MAX = 64 * 1024 };

static const struct load_options options = {.drivers = test_drivers, .profile_folder = "devices"};

static bool site_of_policy(const char *path, char *site, size_t size)
{
    FILE *file = fopen(path, "r");
    char line[200] = "";
    bool found =
        file != NULL && fgets(line, sizeof line, file) != NULL && strncmp(line, "# site: ", 8) == 0;

    if (file != NULL)
        fclose(file);
    line[strcspn(line, "\n")] = '\0';
    if (found)
        snprintf(site, size, "%s", line + 8);
    return found;
}

/* Whether the file is good, as the loader says. */
static bool load(const char *path, struct diagnostics *found)
{
    char site_path[200];
    struct site *site = NULL;
    struct policy_set *policies = NULL;
    bool ok = false;

    if (!site_of_policy(path, site_path, sizeof site_path)) {
        ok = load_site(path, &options, &site, found);
        site_free(site);
        return ok;
    }
    if (!load_site(site_path, &options, &site, found))
        fail_msg("%s: the site of this policy is broken", site_path);
    ok = load_policies(path, site, &policies, found);
    policy_set_free(policies);
    site_free(site);
    return ok;
}

static void lines_of(const struct diagnostics *found, char *out, size_t size)
{
    size_t used = 0;
    char line[1200];

    out[0] = '\0';
    for (size_t i = 0; i < found->count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s\n",
                                 diagnostic_line(&found->item[i], line, sizeof line));
}

static void golden_path(const char *path, char *out, size_t size)
{
    snprintf(out, size, "%.*s.txt", (int)(strlen(path) - 4), path);
}

static void read_golden(const char *path, char *out, size_t size)
{
    char golden[300];
    FILE *file = NULL;

    golden_path(path, golden, sizeof golden);
    file = fopen(golden, "r");
    out[0] = '\0';
    if (file != NULL) {
        out[fread(out, 1, size - 1, file)] = '\0';
        fclose(file);
    }
}

static void write_golden(const char *path, const char *lines)
{
    char golden[300];
    FILE *file = NULL;

    golden_path(path, golden, sizeof golden);
    file = fopen(golden, "w");
    assert_non_null(file);
    fputs(lines, file);
    fclose(file);
}

static bool matches_golden(const char *path)
{
    static char lines[TEXT_MAX];
    static char golden[TEXT_MAX];
    struct diagnostics found = {0};
    bool good = load(path, &found);
    bool has_errors = found.errors > 0;

    lines_of(&found, lines, sizeof lines);
    diagnostics_free(&found);
    if (good == has_errors)
        fail_msg("%s: loaded %s, but %s", path, good ? "well" : "badly",
                 has_errors ? "has mistakes" : "nothing says why");
    if (getenv("CAPSTAN_GOLDEN_WRITE") != NULL)
        write_golden(path, lines);
    read_golden(path, golden, sizeof golden);
    if (strcmp(lines, golden) == 0 && golden[0] != '\0')
        return true;
    print_error("%s: expected\n%sgot\n%s", path, golden, lines);
    return false;
}

static int is_golden(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t length = strlen(name);

    return isdigit((unsigned char)name[0]) && length > 4 && strcmp(name + length - 4, ".cfg") == 0;
}

static void every_mistake_is_told_with_file_line_and_expectation(void **state)
{
    struct dirent **entry = NULL;
    int count = scandir(".", &entry, is_golden, alphasort);
    size_t wrong = 0;

    (void)state;
    assert_true(count >= 30);
    for (int i = 0; i < count; i++) {
        wrong += matches_golden(entry[i]->d_name) ? 0 : 1;
        free(entry[i]);
    }
    free(entry);
    assert_int_equal(wrong, 0);
}

static void the_site_of_the_policies_has_no_mistake(void **state)
{
    struct diagnostics found = {0};

    (void)state;
    assert_true(load("site-ok.cfg", &found));
    assert_int_equal(found.count, 0);
    diagnostics_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_told_with_file_line_and_expectation),
        cmocka_unit_test(the_site_of_the_policies_has_no_mistake),
    };
    const char *top = getenv("CAPSTAN_SOURCE_DIR");

    if (top == NULL || chdir(top) != 0 || chdir("tests/golden/check") != 0)
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
