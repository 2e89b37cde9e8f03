/* The test is the agent: it maps the file by its name and looks only at what registers_wire.h promises. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "drivers/agent/registers_wire.h"
#include "hil/face_registers.h"
#include "tests/plant/small_site.h"

struct fixture {
    struct site site;
    char names[SMALL_NODES][16];
    const char *name[SMALL_NODES];
    struct plant *plant;
    struct face_registers *face;
    size_t bytes;
    struct registers_header *header;
    struct node_registers *node;
};

static int build(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct plant_settings settings = plant_settings_default(1);
    struct error err;
    struct stat info;
    int fd = -1;

    small_site(&f->site);
    for (uint32_t n = 0; n < SMALL_NODES; n++) {
        snprintf(f->names[n], sizeof f->names[n], "node%u", n);
        f->name[n] = f->names[n];
    }
    f->site.nodes.name = f->name;
    f->plant = plant_create(&f->site, &settings);
    assert_true(face_registers_open(&f->face, "registers", &f->site, &err));
    fd = open("registers", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &info) == 0);
    f->bytes = (size_t)info.st_size;
    f->header = mmap(NULL, f->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(f->header, MAP_FAILED);
    close(fd);
    f->node = (struct node_registers *)(f->header + 1);
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;

    munmap(f->header, f->bytes);
    face_registers_close(f->face);
    plant_free(f->plant);
    arena_free(&f->site.arena);
    test_free(f);
    return 0;
}

static void turn(struct fixture *f, double seconds)
{
    for (int64_t i = 0; i < (int64_t)(seconds * 20); i++) {
        plant_step(f->plant, 50 * NS_PER_MS);
        face_registers_step(f->face, f->plant);
    }
}

static void the_file_is_as_the_wire_says(void **state)
{
    struct fixture *f = *state;

    assert_true(f->header->magic == REGISTERS_MAGIC);
    assert_int_equal(f->header->nodes, SMALL_NODES);
    assert_int_equal(f->bytes, sizeof *f->header + SMALL_NODES * sizeof *f->node);
    assert_string_equal(f->node[3].name, "node3");
    assert_int_equal(f->node[3].cap_max_w, 5600);
    assert_int_equal(f->node[SMALL_STORAGE].cap_max_w, 0); /* it can't be capped */
}

static void a_cap_goes_in_and_power_comes_out(void **state)
{
    struct fixture *f = *state;
    int64_t beat = f->header->owner_beat;

    plant_jobs(f->plant, 1);
    turn(f, 10);
    assert_true(f->header->owner_beat == beat + 200);
    assert_true(f->node[1].capped_mw > 3000000);
    assert_true(f->node[1].power_mw > f->node[1].capped_mw);
    f->node[1].cap_w = 2030;
    f->node[1].cap_set = 1;
    turn(f, 0.05);
    assert_int_equal(f->node[1].enforced_w, 2000);
    turn(f, 3);
    assert_true(f->node[1].capped_mw < 2020000);
    f->node[1].cap_set = 0;
    turn(f, 3);
    assert_true(f->node[1].capped_mw > 3000000);
}

static void nonsense_in_a_register_is_clamped(void **state)
{
    struct fixture *f = *state;

    f->node[0].cap_w = INT64_MIN;
    f->node[0].cap_set = 1;
    f->node[1].cap_w = INT64_MAX;
    f->node[1].cap_set = 1;
    f->node[2].cap_w = 2000;
    f->node[2].cap_set = 77;
    turn(f, 0.05);
    assert_int_equal(f->node[0].enforced_w, 1200);
    assert_int_equal(f->node[1].enforced_w, 5600);
    assert_false(plant_node_truth(f->plant, 2).cap_set);
}

#define MAPPED(test) cmocka_unit_test_setup_teardown(test, build, drop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        MAPPED(the_file_is_as_the_wire_says),
        MAPPED(a_cap_goes_in_and_power_comes_out),
        MAPPED(nonsense_in_a_register_is_clamped),
    };

    return cmocka_run_group_tests_name("registers face", tests, NULL, NULL);
}
