#include "agent/backend.h"
#include "tests/agent/registers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

static const struct backend_type *const type = &backend_model;

static struct backend *opened(const struct backend_options *options)
{
    struct backend *backend = NULL;
    struct error err;

    assert_true(type->open(&backend, options, &err));
    return backend;
}

static struct cap_state state_of(struct backend *backend, size_t node)
{
    struct cap_state state;
    struct error err;

    assert_true(type->read_back(backend, node, &state, &err));
    return state;
}

static void a_cap_is_settled_only_after_the_hardware_has_looked(void **state)
{
    const struct backend_options options = {.registers = "a.reg"};
    struct registers r;
    struct backend *b;
    struct error err;

    (void)state;
    assert_true(registers_make(&r, "a.reg", 3));
    b = opened(&options);
    assert_int_equal(type->nodes(b), 3);
    assert_false(state_of(b, 1).cap_in_force);
    assert_true(type->apply(b, 1, 1234, &err));
    assert_false(state_of(b, 1).settled);
    assert_false(state_of(b, 1).cap_in_force); /* 0 W is not what it enforces */
    registers_step(&r);
    registers_step(&r);
    assert_true(state_of(b, 1).settled);
    assert_int_equal(state_of(b, 1).enforced_w, 1200);
    assert_true(type->apply(b, 1, 2000, &err));
    assert_false(state_of(b, 1).settled);
    assert_int_equal(state_of(b, 1).enforced_w, 1200); /* still */
    assert_true(type->restore(b, 1, &err));
    assert_int_equal(r.node[1].cap_set, 0);
    type->close(b);
    registers_close(&r);
}

static void below_the_floor_it_gets_the_floor(void **state)
{
    const struct backend_options options = {.registers = "b.reg"};
    struct registers r;
    struct backend *b;
    struct error err;

    (void)state;
    assert_true(registers_make(&r, "b.reg", 1));
    b = opened(&options);
    assert_true(type->apply(b, 0, 0, &err));
    assert_int_equal(r.node[0].cap_w, 500);
    type->close(b);
    registers_close(&r);
}

static void patterns_pick_nodes(void **state)
{
    const char *const patterns[] = {"n00[12]", "n005"};
    const struct backend_options options = {
        .registers = "c.reg", .patterns = patterns, .pattern_count = 2};
    struct registers r;
    struct backend *b;

    (void)state;
    assert_true(registers_make(&r, "c.reg", 8));
    b = opened(&options);
    assert_int_equal(type->nodes(b), 3);
    assert_string_equal(type->node_name(b, 2), "n005");
    type->close(b);
    registers_close(&r);
}

static void power_is_unknown_once_the_owner_has_stopped(void **state)
{
    const struct backend_options options = {.registers = "d.reg"};
    struct registers r;
    struct node_power power;
    struct backend *b;

    (void)state;
    assert_true(registers_make(&r, "d.reg", 1));
    b = opened(&options);
    type->power(b, 0, NS_PER_S, &power);
    assert_true(power.power_known);
    assert_true(power.power_w == 1000 && power.capped_power_w == 800);
    type->power(b, 0, 5 * NS_PER_S, &power);
    assert_false(power.power_known);
    registers_step(&r);
    type->power(b, 0, 6 * NS_PER_S, &power);
    assert_true(power.power_known);
    type->close(b);
    registers_close(&r);
}

static void damaged_files_are_refused(void **state)
{
    static const struct {
        const char *name;
        size_t length;
        uint64_t magic, nodes;
    } files[] = {
        {"empty", 0, 0, 0},
        {"short", 8, REGISTERS_MAGIC, 0},
        {"magic", sizeof(struct registers_header) + sizeof(struct node_registers), 1, 1},
        {"none", sizeof(struct registers_header), REGISTERS_MAGIC, 0},
        {"few bytes", sizeof(struct registers_header) + 100, REGISTERS_MAGIC, 1},
        {"overflow", sizeof(struct registers_header) + 100, REGISTERS_MAGIC, UINT64_MAX / 128 + 2},
        {"no name", sizeof(struct registers_header) + sizeof(struct node_registers),
         REGISTERS_MAGIC, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        const struct backend_options options = {.registers = files[i].name};
        struct registers_header header = {.magic = files[i].magic, .nodes = files[i].nodes};
        char bytes[4096] = {0};
        struct backend *b;
        struct error err;
        int fd = open(files[i].name, O_RDWR | O_CREAT | O_TRUNC, 0600);

        memcpy(bytes, &header, sizeof header);
        assert_int_equal(write(fd, bytes, files[i].length), files[i].length);
        close(fd);
        assert_false(type->open(&b, &options, &err));
        assert_string_equal(err.where, files[i].name);
        assert_null(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cap_is_settled_only_after_the_hardware_has_looked),
        cmocka_unit_test(below_the_floor_it_gets_the_floor),
        cmocka_unit_test(patterns_pick_nodes),
        cmocka_unit_test(power_is_unknown_once_the_owner_has_stopped),
        cmocka_unit_test(damaged_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
