/* Registers to values and back. Known bytes are written out here; more of them lie in a collection beside the
 * source tree (evcc-io/evcc), which is read when it is there. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/device.h"

struct vector {
    enum register_type type;
    enum word_order words;
    uint8_t bytes[8];
    double value;
};

static struct profile_register plain(enum register_type type)
{
    return (struct profile_register){.type = type, .scale = 1};
}

static void values_come_from_their_bytes_and_go_back(void **state)
{
    static const struct vector vectors[] = {
        {REGISTER_U16, WORDS_HIGH_FIRST, {0x12, 0x34}, 4660},
        {REGISTER_U16, WORDS_LOW_FIRST, {0xff, 0xff}, 65535},
        {REGISTER_S16, WORDS_HIGH_FIRST, {0xff, 0xfe}, -2},
        {REGISTER_U32, WORDS_HIGH_FIRST, {0x12, 0x34, 0x56, 0x78}, 305419896},
        {REGISTER_U32, WORDS_LOW_FIRST, {0x56, 0x78, 0x12, 0x34}, 305419896},
        {REGISTER_S32, WORDS_HIGH_FIRST, {0xff, 0xff, 0xff, 0xfe}, -2},
        {REGISTER_S32, WORDS_LOW_FIRST, {0xff, 0xfe, 0xff, 0xff}, -2},
        {REGISTER_U64, WORDS_HIGH_FIRST, {0, 0, 0, 1, 0, 0, 0, 2}, 4294967298},
        {REGISTER_U64, WORDS_LOW_FIRST, {0, 2, 0, 0, 0, 1, 0, 0}, 4294967298},
        {REGISTER_S64, WORDS_HIGH_FIRST, {255, 255, 255, 255, 255, 255, 255, 254}, -2},
        {REGISTER_F32, WORDS_HIGH_FIRST, {0x43, 0x66, 0x80, 0x00}, 230.5},
        {REGISTER_F32, WORDS_LOW_FIRST, {0x80, 0x00, 0x43, 0x66}, 230.5},
        {REGISTER_F64, WORDS_HIGH_FIRST, {0x41, 0xb2, 0x34, 0x56, 0x78, 0, 0, 0}, 305419896},
        {REGISTER_F64, WORDS_LOW_FIRST, {0, 0, 0x78, 0, 0x34, 0x56, 0x41, 0xb2}, 305419896},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        const struct device_profile profile = {.words = vectors[i].words};
        const struct profile_register reg = plain(vectors[i].type);
        uint8_t bytes[8] = {0};
        double value = 0;

        assert_true(register_decode(&profile, &reg, vectors[i].bytes, 0, &value));
        if (value != vectors[i].value)
            fail_msg("vector %zu: %.17g", i, value);
        register_encode(&profile, &reg, vectors[i].value, 0, bytes);
        assert_memory_equal(bytes, vectors[i].bytes, 2U * register_words(reg.type));
    }
}

static void scale_and_exponent_multiply(void **state)
{
    static const uint8_t bytes[] = {0xff, 0x85}; /* -123 */
    const struct device_profile profile = {0};
    struct profile_register reg = plain(REGISTER_S16);
    uint8_t back[2];
    double value = 0;

    (void)state;
    reg.scale = -0.1; /* turns the sign */
    assert_true(register_decode(&profile, &reg, bytes, 2, &value));
    assert_float_equal(value, 1230, 1e-9);
    register_encode(&profile, &reg, 1230, 2, back);
    assert_memory_equal(back, bytes, sizeof back);
}

static void what_is_not_available_is_no_value(void **state)
{
    static const uint8_t sentinel[] = {0x80, 0x00};
    static const uint8_t nan_bytes[] = {0x7f, 0xc0, 0, 0}, infinity[] = {0xff, 0x80, 0, 0};
    static const uint8_t signalling[] = {0x7f, 0x80, 0, 1};
    const struct device_profile profile = {0};
    struct profile_register reg = plain(REGISTER_S16);
    const struct profile_register f32 = plain(REGISTER_F32);
    double value = 42;

    (void)state;
    assert_true(register_decode(&profile, &reg, sentinel, 0, &value)); /* -32768 may be meant */
    reg.has_sentinel = true;
    reg.sentinel = 0x8000;
    value = 42;
    assert_false(register_decode(&profile, &reg, sentinel, 0, &value));
    assert_false(register_decode(&profile, &f32, nan_bytes, 0, &value));
    assert_false(register_decode(&profile, &f32, infinity, 0, &value));
    assert_false(register_decode(&profile, &f32, signalling, 0, &value));
    assert_float_equal(value, 42, 0); /* written on success only */
}

static void what_does_not_fit_is_clamped(void **state)
{
    static const struct {
        enum register_type type;
        double value, clamped;
    } cases[] = {
        {REGISTER_U16, -1, 0},
        {REGISTER_U16, 70000, 65535},
        {REGISTER_S16, -40000, -32768},
        {REGISTER_S16, 32767.4, 32767},
        {REGISTER_U32, 1e12, UINT32_MAX},
        {REGISTER_S32, -1e12, INT32_MIN},
        {REGISTER_U64, -5, 0},
        {REGISTER_U16, (double)NAN, 0},
        {REGISTER_S64, (double)NAN, 0},
    };
    const struct device_profile profile = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct profile_register reg = plain(cases[i].type);
        uint8_t bytes[8];
        double value = 0;

        register_encode(&profile, &reg, cases[i].value, 0, bytes);
        assert_true(register_decode(&profile, &reg, bytes, 0, &value));
        if (value != cases[i].clamped)
            fail_msg("case %zu: %.17g", i, value);
    }
}

static void a_register_is_found_by_what_it_measures(void **state)
{
    static const struct profile_register reg[] = {{.quantity = QUANTITY_FREQUENCY},
                                                  {.quantity = QUANTITY_POWER}};
    const struct device_profile profile = {.registers = COUNT(reg), .reg = reg};

    (void)state;
    assert_ptr_equal(profile_find(&profile, QUANTITY_POWER), &reg[1]);
    assert_null(profile_find(&profile, QUANTITY_PRICE));
}

/* ---------------------------------------------------------------- the collection */

struct encoding {
    const char *name;
    enum register_type type;
    enum word_order words;
};

static const struct encoding encodings[] = {
    {"int16", REGISTER_S16, WORDS_HIGH_FIRST},
    {"uint16", REGISTER_U16, WORDS_HIGH_FIRST},
    {"int32", REGISTER_S32, WORDS_HIGH_FIRST},
    {"uint32", REGISTER_U32, WORDS_HIGH_FIRST},
    {"int32_wordswap", REGISTER_S32, WORDS_LOW_FIRST},
    {"uint32_wordswap", REGISTER_U32, WORDS_LOW_FIRST},
    {"float32", REGISTER_F32, WORDS_HIGH_FIRST},
    {"float32_wordswap", REGISTER_F32, WORDS_LOW_FIRST},
    {"float64", REGISTER_F64, WORDS_HIGH_FIRST},
};

static const struct encoding *encoding_find(const char *name)
{
    for (size_t i = 0; i < COUNT(encodings); i++)
        if (strcmp(encodings[i].name, name) == 0)
            return &encodings[i];
    return NULL;
}

static void expect_vector(const char *name, double expected, const char *hex)
{
    const struct encoding *encoding = encoding_find(name);
    uint8_t bytes[8] = {0};
    struct device_profile profile = {0};
    struct profile_register reg;
    double value = 0;

    if (encoding == NULL) {
        fail_msg("unknown encoding %s", name);
        return;
    }
    reg = plain(encoding->type);
    profile.words = encoding->words;
    assert_int_equal(strlen(hex), 4 * register_words(reg.type));
    for (size_t i = 0; i < strlen(hex) / 2; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};

        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    assert_true(register_decode(&profile, &reg, bytes, 0, &value));
    if (reg.type == REGISTER_F32) /* has 24 bits of the value */
        expected = (double)(float)expected;
    if (value != expected)
        fail_msg("%s %s: %.17g", name, hex, value);
}

static void the_collected_vectors_decode(void **state)
{
    char path[512], line[128];
    int vectors = 0;
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/../shared/data/devices/modbus/encoding_vectors_evcc.csv",
             getenv("CAPSTAN_SOURCE_DIR"));
    file = fopen(path, "r");
    if (file == NULL) {
        print_message("SKIP: the collected vectors are not there\n");
        skip();
    }
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file) != NULL) {
        char *rest = line;
        const char *encoding = strsep(&rest, ",");
        const char *value = strsep(&rest, ",");
        const char *hex = strsep(&rest, "\r\n");

        assert_non_null(hex);
        expect_vector(encoding, strtod(value, NULL), hex);
        vectors++;
    }
    fclose(file);
    assert_true(vectors >= 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_from_their_bytes_and_go_back),
        cmocka_unit_test(scale_and_exponent_multiply),
        cmocka_unit_test(what_is_not_available_is_no_value),
        cmocka_unit_test(what_does_not_fit_is_clamped),
        cmocka_unit_test(a_register_is_found_by_what_it_measures),
        cmocka_unit_test(the_collected_vectors_decode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
