/* A client that others wrote (libmodbus, in a thread of its own) reads the simulated devices back. */
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <modbus.h>
#include <cmocka.h>

#include "hil/face_modbus.h"

enum { UNIT_SDM630 = 11, UNIT_STRICT = 12, UNIT_SUNSPEC = 13, UNIT_SWAPPED = 14, UNIT_NOBODY = 99 };

static const double power_w = 123456.0;
static const double voltage_v = 230.5;

static const struct profile_register sdm630_registers[] = {
    {.quantity = QUANTITY_VOLTAGE_L1,
     .function_code = 4,
     .address = 0,
     .type = REGISTER_F32,
     .scale = 1},
    {.quantity = QUANTITY_POWER_L1,
     .function_code = 4,
     .address = 12,
     .type = REGISTER_F32,
     .scale = 1},
    {.quantity = QUANTITY_POWER,
     .function_code = 4,
     .address = 52,
     .type = REGISTER_F32,
     .scale = 1},
};
static const struct device_profile sdm630 = {.name = "sdm630",
                                             .words = WORDS_HIGH_FIRST,
                                             .max_registers = 80,
                                             .max_gap = 30,
                                             .registers = COUNT(sdm630_registers),
                                             .reg = sdm630_registers};

static const struct profile_register strict_registers[] = {
    {.quantity = QUANTITY_VOLTAGE_L1,
     .function_code = 3,
     .address = 1,
     .type = REGISTER_F32,
     .scale = 1},
    {.quantity = QUANTITY_POWER,
     .function_code = 3,
     .address = 65,
     .type = REGISTER_F32,
     .scale = 1},
    {.quantity = QUANTITY_ENERGY_IMPORT,
     .function_code = 3,
     .address = 67,
     .type = REGISTER_F64,
     .scale = 1},
};
static const struct device_profile strict = {.name = "strict",
                                             .words = WORDS_HIGH_FIRST,
                                             .max_registers = 125,
                                             .registers = COUNT(strict_registers),
                                             .reg = strict_registers};

static const struct profile_register swapped_registers[] = {
    {.quantity = QUANTITY_POWER,
     .function_code = 4,
     .address = 40,
     .type = REGISTER_S32,
     .scale = 0.1},
};
static const struct device_profile swapped = {.name = "swapped",
                                              .words = WORDS_LOW_FIRST,
                                              .max_registers = 11,
                                              .registers = COUNT(swapped_registers),
                                              .reg = swapped_registers};

static const struct profile_register sunspec_registers[] = {
    {.quantity = QUANTITY_POWER,
     .function_code = 3,
     .address = 14,
     .type = REGISTER_S16,
     .scale = 1,
     .has_scale_register = true,
     .scale_address = 15,
     .has_sentinel = true,
     .sentinel = 0x8000},
    {.quantity = QUANTITY_VOLTAGE_L1,
     .function_code = 3,
     .address = 10,
     .type = REGISTER_U16,
     .scale = 1,
     .has_scale_register = true,
     .scale_address = 13,
     .has_sentinel = true,
     .sentinel = 0xffff},
    {.quantity = QUANTITY_TEMPERATURE,
     .function_code = 3,
     .address = 33,
     .type = REGISTER_S16,
     .scale = 1,
     .has_scale_register = true,
     .scale_address = 37,
     .has_sentinel = true,
     .sentinel = 0x8000},
};
static const struct device_profile sunspec = {.name = "sunspec",
                                              .words = WORDS_HIGH_FIRST,
                                              .max_registers = 125,
                                              .sunspec = true,
                                              .sunspec_model = 103,
                                              .registers = COUNT(sunspec_registers),
                                              .reg = sunspec_registers};

static bool value_of(void *context, enum quantity quantity, double *value)
{
    (void)context;
    if (quantity == QUANTITY_POWER || quantity == QUANTITY_POWER_L1)
        *value = power_w;
    else if (quantity == QUANTITY_VOLTAGE_L1)
        *value = voltage_v;
    else if (quantity == QUANTITY_ENERGY_IMPORT)
        *value = 1e9;
    else
        return false;
    return true;
}

/* ---------------------------------------------------------------- the server, on its own thread */

struct server {
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t stop;
    struct arena arena;
    struct face_modbus *face;
    modbus_t *client;
};

static void on_stop(uv_async_t *async)
{
    struct server *s = async->data;

    face_modbus_close(s->face);
    uv_close((uv_handle_t *)async, NULL);
}

static void serve(void *context)
{
    struct server *s = context;

    uv_run(&s->loop, UV_RUN_DEFAULT);
}

static void add_unit(struct server *s, uint8_t unit, const struct device_profile *profile)
{
    static const struct register_source source = {.value = value_of, .rated_w = 500000};

    face_modbus_unit(s->face, unit, register_map_build(profile, &source, &s->arena));
}

static int start(void **state)
{
    struct server *s = test_calloc(1, sizeof *s);
    struct error err;

    uv_loop_init(&s->loop);
    uv_async_init(&s->loop, &s->stop, on_stop);
    s->stop.data = s;
    assert_true(face_modbus_open(&s->face, &s->loop, 0, &err));
    add_unit(s, UNIT_SDM630, &sdm630);
    add_unit(s, UNIT_STRICT, &strict);
    add_unit(s, UNIT_SUNSPEC, &sunspec);
    add_unit(s, UNIT_SWAPPED, &swapped);
    s->client = modbus_new_tcp("127.0.0.1", face_modbus_port(s->face));
    assert_int_equal(uv_thread_create(&s->thread, serve, s), 0);
    assert_int_equal(modbus_connect(s->client), 0);
    *state = s;
    return 0;
}

static int stop(void **state)
{
    struct server *s = *state;

    modbus_close(s->client);
    modbus_free(s->client);
    uv_async_send(&s->stop);
    uv_thread_join(&s->thread);
    assert_int_equal(uv_loop_close(&s->loop), 0); /* nothing was left open */
    arena_free(&s->arena);
    test_free(s);
    return 0;
}

/* libmodbus leaves the socket non-blocking. */
static ssize_t read_some(int fd, void *out, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&ready, 1, 5000), 1);
    return read(fd, out, size);
}

static int holding(struct server *s, int unit, int address, int count, uint16_t *out)
{
    modbus_set_slave(s->client, unit);
    return modbus_read_registers(s->client, address, count, out);
}

static int input(struct server *s, int unit, int address, int count, uint16_t *out)
{
    modbus_set_slave(s->client, unit);
    return modbus_read_input_registers(s->client, address, count, out);
}

/* ---------------------------------------------------------------- what is read back */

static void a_float_reads_as_the_libraries_read_it(void **state)
{
    struct server *s = *state;
    uint16_t raw[80];

    assert_int_equal(input(s, UNIT_SDM630, 0, 54, raw), 54);
    assert_true(fabs((double)modbus_get_float_abcd(raw) - voltage_v) < 1e-3);
    assert_true(fabs((double)modbus_get_float_abcd(raw + 52) - power_w) < 1e-1);
    assert_int_equal(raw[20], 0); /* between two values: this device shows nothing there */
}

static void words_can_come_low_first(void **state)
{
    struct server *s = *state;
    uint16_t raw[2];

    assert_int_equal(input(s, UNIT_SWAPPED, 40, 2, raw), 2);
    assert_int_equal((uint32_t)raw[1] << 16 | raw[0], 1234560);
}

static void the_sunspec_chain_can_be_walked(void **state)
{
    struct server *s = *state;
    uint16_t head[4];
    uint16_t body[52];
    int at = 40002;

    assert_int_equal(holding(s, UNIT_SUNSPEC, 40000, 4, head), 4);
    assert_int_equal(head[0], 0x5375);
    assert_int_equal(head[1], 0x6e53);
    assert_int_equal(head[2], 1);
    at += 2 + head[3];
    assert_int_equal(holding(s, UNIT_SUNSPEC, at, 52, body), 52);
    assert_int_equal(body[0], 103);
    assert_int_equal(body[1], 50);
    assert_true(fabs(body[14] * pow(10, (int16_t)body[15]) - power_w) < 51);
    assert_true(fabs(body[10] * pow(10, (int16_t)body[13]) - voltage_v) < 0.06);
    assert_int_equal(body[33], 0x8000); /* not implemented */
    assert_int_equal(body[16], 0xffff);
    at += 2 + body[1];
    assert_int_equal(holding(s, UNIT_SUNSPEC, at, 2, head), 2);
    assert_int_equal(head[0], 0xffff);
    assert_int_equal(holding(s, UNIT_SUNSPEC, at + 1, 2, head), -1);
    assert_int_equal(errno, EMBXILADD);
}

static void what_a_device_refuses_is_refused(void **state)
{
    struct server *s = *state;
    uint16_t raw[125];

    assert_int_equal(input(s, UNIT_SDM630, 0, 81, raw), -1); /* longer than it takes */
    assert_int_equal(errno, EMBXILVAL);
    assert_int_equal(input(s, UNIT_SDM630, 500, 2, raw), -1);
    assert_int_equal(errno, EMBXILADD);
    assert_int_equal(holding(s, UNIT_SDM630, 0, 2, raw), -1); /* values are input registers there */
    assert_int_equal(errno, EMBXILADD);
    assert_int_equal(holding(s, UNIT_STRICT, 65, 6, raw), 6);
    assert_int_equal(holding(s, UNIT_STRICT, 66, 1, raw), -1); /* half a value */
    assert_int_equal(errno, EMBXILADD);
    assert_int_equal(holding(s, UNIT_STRICT, 1, 66, raw), -1); /* a gap */
    assert_int_equal(errno, EMBXILADD);
    assert_int_equal(holding(s, UNIT_NOBODY, 0, 1, raw), -1);
    assert_int_equal(errno, EMBXGTAR);
    modbus_set_slave(s->client, UNIT_SDM630);
    assert_int_equal(modbus_write_register(s->client, 0, 1), -1);
    assert_int_equal(errno, EMBXILFUN);
}

static void frames_arrive_in_pieces_and_in_heaps(void **state)
{
    static const uint8_t request[] = {0, 1, 0, 0, 0, 6, UNIT_SDM630, 4, 0, 52, 0, 2};
    struct server *s = *state;
    int fd = modbus_get_socket(s->client);
    uint8_t heap[10 * sizeof request];
    uint8_t answers[11 * 13];
    size_t got = 0;

    for (size_t i = 0; i < sizeof request; i++)
        assert_int_equal(write(fd, request + i, 1), 1);
    for (size_t i = 0; i < 10; i++)
        memcpy(heap + i * sizeof request, request, sizeof request);
    assert_int_equal(write(fd, heap, sizeof heap), sizeof heap);
    while (got < sizeof answers) {
        ssize_t n = read_some(fd, answers + got, sizeof answers - got);

        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_memory_equal(answers, answers + 10 * 13, 13);
}

static void what_is_no_modbus_ends_the_connection(void **state)
{
    static const uint8_t nonsense[] = "GET / HTTP/1.1\r\n\r\n";
    struct server *s = *state;
    int fd = modbus_get_socket(s->client);
    uint8_t byte = 0;

    assert_int_equal(write(fd, nonsense, sizeof nonsense), sizeof nonsense);
    assert_true(read_some(fd, &byte, 1) <= 0);
}

/* Every request of one to eight bytes over a few interesting values gets an answer that fits. */
static void no_request_breaks_the_parser(void **state)
{
    static const uint8_t interesting[] = {0, 1, 3, 4, UNIT_SDM630, UNIT_SUNSPEC, 0x7f, 0x9c, 0xff};
    struct server *s = *state;
    uint64_t draw = 1;

    for (int round = 0; round < 20000; round++) {
        uint8_t request[8];
        uint8_t out[MODBUS_ANSWER_MAX];
        size_t length = 2;

        draw = draw * UINT64_C(6364136223846793005) + 1442695040888963407U;
        length += draw >> 61; /* 2 .. 9, of which 9 is none */
        if (length > sizeof request)
            continue;
        for (size_t i = 0; i < length; i++)
            request[i] = interesting[(draw >> (8 + 5 * i)) % sizeof interesting];
        assert_true(face_modbus_answer(s->face, request, length, out) <= sizeof out);
    }
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        SERVED(a_float_reads_as_the_libraries_read_it),
        SERVED(words_can_come_low_first),
        SERVED(the_sunspec_chain_can_be_walked),
        SERVED(what_a_device_refuses_is_refused),
        SERVED(frames_arrive_in_pieces_and_in_heaps),
        SERVED(what_is_no_modbus_ends_the_connection),
        SERVED(no_request_breaks_the_parser),
    };

    return cmocka_run_group_tests_name("modbus face", tests, NULL, NULL);
}
