/* capstan allocate from the inside: worked examples with stated answers, and problems that are refused with the place
 * and what was expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/problem_json.h"

#define N(name, more) "{\"name\":\"" name "\",\"min_w\":100,\"max_w\":500," more "}"
#define ON(row) "\"rows\":{\"root\":10000,\"" row "\":10000}"
#define HALF(a, b) "\"rows\":{\"" a "\":5000,\"" b "\":5000}"
#define ROW(name, watts) "{\"name\":\"" name "\",\"limit_w\":" watts "}"
#define WIDE(name, rows) "{\"name\":\"" name "\",\"min_w\":50,\"max_w\":500," rows "}"
#define FEED(name) WIDE(name, "\"rows\":{\"a\":5000,\"b\":5000}")
#define ALL(rows, nodes) "{\"rows\":[" rows "],\"nodes\":[" nodes "]}"

/* Caps and shed in order of the nodes. Sources of the numbers: worked by hand; 3 is an instance on which the least of
 * two separate solves, one a feed, would be 150, 150, 250, 400. */
static const struct {
    const char *what, *problem;
    enum objective objective;
    int64_t cap_w[4];
    const char *shed;
} examples[] = {
    {"one tree",
     ALL(ROW("root", "1060") "," ROW("R1", "400") "," ROW("R2", "900"),
         N("a", ON("R1")) "," N("b", ON("R1")) "," N("c", ON("R2")) "," N(
             "d", "\"weight\":2," ON("R2"))),
     OBJECTIVE_MAX_MIN,
     {200, 200, 220, 440},
     ""},
    {"curves, level for level",
     ALL(ROW("root", "400"),
         N("e", "\"rows\":{\"root\":10000}") "," N(
             "f", "\"rows\":{\"root\":10000},\"curve\":[[100,0.3],[200,0.7],[500,1]]")),
     OBJECTIVE_MAX_MIN,
     {250, 150},
     ""},
    {"curves, the most work",
     ALL(ROW("root", "400"),
         N("e", "\"rows\":{\"root\":10000}") "," N(
             "f", "\"rows\":{\"root\":10000},\"curve\":[[100,0.3],[200,0.7],[500,1]]")),
     OBJECTIVE_THROUGHPUT,
     {200, 200},
     ""},
    {"two feeds",
     ALL(ROW("A1", "150") "," ROW("A2", "400") "," ROW("B1", "250") "," ROW("B2", "500"),
         WIDE("1", HALF("A1", "B1")) "," WIDE("2", HALF("A1", "B2")) "," WIDE(
             "3", HALF("A2", "B1")) "," WIDE("4", HALF("A2", "B2"))),
     OBJECTIVE_MAX_MIN,
     {150, 150, 350, 450},
     ""},
    {"rounding, steps of 1 W",
     ALL(ROW("r", "100"), "{\"name\":\"a\",\"min_w\":0,\"max_w\":100,\"rows\":{\"r\":10000}},"
                          "{\"name\":\"b\",\"min_w\":0,\"max_w\":100,\"rows\":{\"r\":10000}},"
                          "{\"name\":\"c\",\"min_w\":0,\"max_w\":100,\"rows\":{\"r\":10000}}"),
     OBJECTIVE_MAX_MIN,
     {34, 33, 33},
     ""},
    {"rounding, steps of 5 W",
     ALL(ROW("r", "100"),
         "{\"name\":\"a\",\"min_w\":0,\"max_w\":100,\"step_w\":5,\"rows\":{\"r\":10000}},"
         "{\"name\":\"b\",\"min_w\":0,\"max_w\":100,\"step_w\":5,\"rows\":{\"r\":10000}},"
         "{\"name\":\"c\",\"min_w\":0,\"max_w\":100,\"step_w\":5,\"rows\":{\"r\":10000}}"),
     OBJECTIVE_MAX_MIN,
     {35, 35, 30},
     ""},
    {"least caps that don't fit: the rack first, whose shed relieves the root",
     ALL(ROW("R1", "150") "," ROW("R2", "250") "," ROW("root", "380"),
         N("a", ON("R1")) "," N("b", ON("R1")) "," N("c", ON("R2")) "," N("d", ON("R2"))),
     OBJECTIVE_MAX_MIN,
     {100, 100, 100, 100},
     "a"},
    {"either feed must carry all",
     ALL(ROW("a", "500") "," ROW("b", "500") "," ROW("a alone", "500") "," ROW("b alone", "500"),
         "{\"name\":\"1\",\"min_w\":50,\"max_w\":500,\"rows\":{\"a\":5000,\"b\":5000,\"a "
         "alone\":10000,\"b alone\":10000}},"
         "{\"name\":\"2\",\"min_w\":50,\"max_w\":500,\"rows\":{\"a\":5000,\"b\":5000,\"a "
         "alone\":10000,\"b alone\":10000}}"),
     OBJECTIVE_MAX_MIN,
     {250, 250},
     ""},
    {"a list of caps, and a dip that nobody pays for",
     ALL(ROW("r", "470"), "{\"name\":\"a\",\"settable_w\":[100,200,300,400],\"rows\":{\"r\":10000},"
                          "\"curve\":[[100,1],[200,3],[300,2],[400,4]]},"
                          "{\"name\":\"b\",\"settable_w\":[100,150],\"rows\":{\"r\":10000}}"),
     OBJECTIVE_MAX_MIN,
     {200, 150},
     ""},
    {"a gang goes no faster than its slowest",
     ALL(ROW("slow", "120") "," ROW("fast", "1000"),
         N("a", "\"gang\":\"g\",\"rows\":{\"slow\":10000}") "," N(
             "b", "\"gang\":\"g\",\"rows\":{\"fast\":10000}") "," N("c",
                                                                    "\"rows\":{\"fast\":10000}")),
     OBJECTIVE_MAX_MIN,
     {120, 120, 500},
     ""},
};

static json_t *json_of(const char *text)
{
    json_error_t wrong;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &wrong);

    if (json == NULL)
        fail_msg("the test's own JSON: %s", wrong.text);
    return json;
}

static void worked_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        struct stated_problem stated;
        struct stated_answer answer = {0};
        struct error err;
        char line[512];
        char shed[64] = "";
        size_t used = 0;
        json_t *json = json_of(examples[i].problem);

        if (!problem_from_json(&stated, json, &err) ||
            !problem_solve(&stated, examples[i].objective, &answer, &err))
            fail_msg("%s: %s", examples[i].what, error_line(&err, line, sizeof line));
        for (uint32_t n = 0; answer.node != NULL && n < stated.problem.nodes; n++) {
            if (answer.node[n].cap_w != examples[i].cap_w[n])
                fail_msg("%s: node %s: %lld W, expected %lld", examples[i].what,
                         stated.node_name[n], (long long)answer.node[n].cap_w,
                         (long long)examples[i].cap_w[n]);
        }
        for (uint32_t k = 0; k < answer.sheds; k++)
            used += (size_t)snprintf(shed + used, sizeof shed - used, "%s",
                                     stated.node_name[answer.shed[k]]);
        assert_string_equal(shed, examples[i].shed);
        stated_problem_free(&stated);
        json_decref(json);
    }
}

#define ONE(node) "{\"rows\":[{\"name\":\"r\",\"limit_w\":9}],\"nodes\":[" node "]}"
#define LONG "fifty bytes of a name that goes on and on and on, "
#define RANGE "\"min_w\":1,\"max_w\":9,"

static const struct {
    const char *problem, *where, *expected;
} refused[] = {
    {"[]", "the problem", "an object"},
    {"{}", "rows", "a list"},
    {"{\"rows\":[],\"nodes\":[]}", "rows", "a list of 1"},
    {"{\"rows\":[{\"name\":\"r\",\"limit_w\":\"9\"}]}", "rows[0].limit_w", "a whole number"},
    {"{\"rows\":[{\"name\":\"r\",\"limit_w\":0.5}]}", "rows[0].limit_w", "a whole number"},
    {"{\"rows\":[{\"name\":\"r\",\"limit_w\":1e300}]}", "rows[0].limit_w", "a whole number"},
    {"{\"rows\":[{\"name\":\"r\",\"limit_w\":1},{\"name\":\"r\",\"limit_w\":1}]}", "rows[1].name",
     "a name of its own"},
    {"{\"rows\":[{\"name\":\"r\",\"limit\":1}]}", "rows[0].limit", "one of name, limit_w"},
    {ONE("7"), "nodes[0]", "an object"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{\"q\":1}}"), "nodes[0].rows.q", "the name of a row"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{\"r\":-1}}"), "nodes[0].rows.r", "0 .. 100000"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":[]}"), "nodes[0].rows", "an object"},
    {ONE("{\"name\":\"\"," RANGE "\"rows\":{}}"), "nodes[0].name", "a name"},
    {ONE("{\"name\":\"n\",\"min_w\":9,\"max_w\":1,\"rows\":{}}"), "nodes[0].min_w", "0 .. 1"},
    {ONE("{\"name\":\"n\",\"max_w\":1,\"rows\":{}}"), "nodes[0].min_w", "a whole number"},
    {ONE("{\"name\":\"n\"," RANGE "\"step_w\":0,\"rows\":{}}"), "nodes[0].step_w", "1 .."},
    {ONE("{\"name\":\"n\"," RANGE "\"step_w\":1,\"settable_w\":[1,9],\"rows\":{}}"),
     "nodes[0].step_w", "step_w or settable_w"},
    {ONE("{\"name\":\"n\",\"settable_w\":[0],\"rows\":{}}"), "nodes[0].settable_w", "above 0 W"},
    {ONE("{\"name\":\"n\",\"settable_w\":[5,5],\"rows\":{}}"), "nodes[0].settable_w[1]", "6 .."},
    {ONE("{\"name\":\"n\",\"settable_w\":[5,8],\"max_w\":9,\"rows\":{}}"), "nodes[0].max_w",
     "8 .. 8"},
    {ONE("{\"name\":\"n\"," RANGE "\"weight\":0,\"rows\":{}}"), "nodes[0].weight", "1 .. 1000"},
    {ONE("{\"name\":\"n\"," RANGE "\"class\":256,\"rows\":{}}"), "nodes[0].class", "0 .. 255"},
    {ONE("{\"name\":\"n\"," RANGE "\"gang\":1,\"rows\":{}}"), "nodes[0].gang", "a name"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{},\"curve\":[[1,1]]}"), "nodes[0].curve",
     "a list of 2"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{},\"curve\":[[1,1],[9]]}"), "nodes[0].curve[1]",
     "[cap_w, throughput]"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{},\"curve\":[[1,1],[9,-2]]}"), "nodes[0].curve[1][1]",
     "0 .. 1e15"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{},\"curve\":[[1,1],[1,2]]}"), "nodes[0].curve[1][0]",
     "2 .."},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{},\"curve\":[[2,1],[9,2]]}"), "nodes[0].curve",
     "a curve from min_w to max_w"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{},\"curve\":[[1,1],[9,0]]}"), "nodes[0].curve",
     "at max_w more than 0"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{},\"curve\":[[1,1],[9,1e300]]}"),
     "nodes[0].curve[1][1]", "0 .. 1e15"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{},\"curve\":[[1,0],[9,1e-320]]}"), "nodes[0].curve",
     "at least 1e-15"},
    {ONE("{\"name\":\"red \\u001b[31m\"," RANGE "\"rows\":{}}"), "nodes[0].name", "printable"},
    {ONE("{\"name\":\"\\u009b31m\"," RANGE "\"rows\":{}}"), "nodes[0].name", "printable"},
    {ONE("{\"name\":\"" LONG LONG LONG "\"," RANGE "\"rows\":{}}"), "nodes[0].name", "128 bytes"},
    {ONE("{\"name\":\"n\"," RANGE "\"rows\":{}},{\"name\":\"n\"," RANGE "\"rows\":{}}"),
     "nodes[1].name", "a name of its own"},
};

static void bad_problems_are_refused_with_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct stated_problem stated;
        struct error err = {0};
        json_t *json = json_of(refused[i].problem);

        if (problem_from_json(&stated, json, &err))
            fail_msg("taken: %s", refused[i].problem);
        if (strcmp(err.where, refused[i].where) != 0 ||
            strstr(err.expected, refused[i].expected) == NULL)
            fail_msg("%s\n  where \"%s\" expected \"%s\" got \"%s\"", refused[i].problem, err.where,
                     err.expected, err.got);
        stated_problem_free(&stated);
        json_decref(json);
    }
}

static void throughput_is_refused_where_it_is_no_longer_exact(void **state)
{
    static const struct {
        const char *problem, *got;
    } cases[] = {
        {ALL(ROW("A1", "150") "," ROW("A2", "400") "," ROW("B1", "250") "," ROW("B2", "500"),
             WIDE("1", HALF("A1", "B1")) "," WIDE("2", HALF("A1", "B2")) "," WIDE(
                 "3", HALF("A2", "B1")) "," WIDE("4", HALF("A2", "B2"))),
         "cross at node"},
        {ALL(ROW("r", "600"), N("1", "\"rows\":{\"r\":5000}") "," N("2", "\"rows\":{\"r\":10000}")),
         "another share"},
        {ALL(ROW("r", "600"), N("1", "\"gang\":\"g\",\"rows\":{\"r\":10000}")), "is in a gang"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct stated_problem stated;
        struct stated_answer answer;
        struct error err = {0};
        json_t *json = json_of(cases[i].problem);

        assert_true(problem_from_json(&stated, json, &err));
        assert_false(problem_solve(&stated, OBJECTIVE_THROUGHPUT, &answer, &err));
        assert_non_null(strstr(err.got, cases[i].got));
        assert_true(problem_solve(&stated, OBJECTIVE_MAX_MIN, &answer, &err));
        stated_problem_free(&stated);
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_examples),
        cmocka_unit_test(bad_problems_are_refused_with_the_place),
        cmocka_unit_test(throughput_is_refused_where_it_is_no_longer_exact),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
