/* The shipped register maps against collected ones (volkszaehler/mbmd), value by value. The collection lies
 * beside the source tree, and is not part of it: without it, this test skips. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/drivers/modbus_bench.h"

enum { SKIPPED = 77, COLUMNS = 9, LINE_BYTES = 600 };

struct pair {
    const char *theirs, *ours;
};

static const struct pair devices[] = {
    {"sdm", "eastron-sdm630"},
    {"pac2200", "siemens-pac3200"},
    {"abb", "abb-b23"},
    {"janitza", "janitza-umg96rm"},
};

static const struct pair quantities[] = {
    {"VoltageL1", "voltage_l1"},
    {"VoltageL2", "voltage_l2"},
    {"VoltageL3", "voltage_l3"},
    {"CurrentL1", "current_l1"},
    {"CurrentL2", "current_l2"},
    {"CurrentL3", "current_l3"},
    {"PowerL1", "power_l1"},
    {"PowerL2", "power_l2"},
    {"PowerL3", "power_l3"},
    {"Power", "power"},
    {"ApparentPower", "apparent_power"},
    {"ReactivePower", "reactive_power"},
    {"Cosphi", "power_factor"},
    {"Frequency", "frequency"},
    {"Import", "energy_import"},
    {"Export", "energy_export"},
};

static const char *ours(const struct pair pairs[], size_t count, const char *theirs)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(pairs[i].theirs, theirs) == 0)
            return pairs[i].ours;
    return NULL;
}

static FILE *collection(void)
{
    char path[512];

    snprintf(path, sizeof path, "%s/../shared/data/devices/modbus/register_maps_mbmd.csv",
             getenv("CAPSTAN_SOURCE_DIR"));
    return fopen(path, "r");
}

/* meter, description, quantity, pdu_address, function_code, ... */
static bool cut_line(char *line, char *column[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        column[i] = strsep(&line, ",");
        if (column[i] == NULL)
            return i > 4;
    }
    return true;
}

/* The collection knows better than its own source here: PAC values lie at odd offsets only. */
static bool is_known_to_be_wrong(const char *meter, const char *quantity)
{
    return strcmp(meter, "pac2200") == 0 && strcmp(quantity, "Frequency") == 0;
}

static bool compare(char *column[COLUMNS])
{
    const char *device = ours(devices, COUNT(devices), column[0]);
    const char *name = ours(quantities, COUNT(quantities), column[2]);
    const struct device_profile *profile;
    const struct profile_register *reg;
    static struct bench bench;
    enum quantity quantity;
    bool compared;

    if (device == NULL || name == NULL || is_known_to_be_wrong(column[0], column[2]))
        return false;
    assert_true(quantity_find(name, &quantity));
    bench_open(&bench);
    profile = bench_profile(&bench, device);
    reg = profile_find(profile, quantity);
    compared = reg != NULL;
    if (compared && reg->address != strtoul(column[3], NULL, 10))
        fail_msg("%s: %s is at %u, theirs at %s", device, name, reg->address, column[3]);
    if (compared && strcmp(column[0], "pac2200") != 0 && /* answers both */
        reg->function_code != strtoul(column[4], NULL, 10))
        fail_msg("%s: %s has function %u, theirs %s", device, name, reg->function_code, column[4]);
    bench_close(&bench);
    return compared;
}

static void the_maps_agree_with_the_collected_ones(void **state)
{
    FILE *file = collection();
    char line[LINE_BYTES];
    int compared = 0;

    (void)state;
    while (fgets(line, sizeof line, file) != NULL) {
        char *column[COLUMNS] = {NULL};

        if (cut_line(line, column))
            compared += compare(column);
    }
    fclose(file);
    print_message("%d registers compared\n", compared);
    assert_true(compared >= 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_maps_agree_with_the_collected_ones)};
    FILE *file = collection();

    if (file == NULL) {
        printf("SKIP: the collected register maps are not there\n");
        return SKIPPED;
    }
    fclose(file);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
