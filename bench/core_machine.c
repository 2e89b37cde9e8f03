/* The machine: what it is called, and how fast one core gets at its memory. */
#include "bench/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STREAM_DOUBLES = 16 << 20, STREAM_PASSES = 8, LINE = 256 };

static double seconds_of(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double core_now_s(void) { return seconds_of(CLOCK_MONOTONIC); }
double core_spent_s(void) { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double core_quantile(double value[], size_t count, double share)
{
    size_t at = (size_t)((double)count * share);

    qsort(value, count, sizeof *value, by_value);
    return value[at < count ? at : count - 1];
}

/* The first line of a small file, without its end; empty when there is none. */
static void first_line(const char *path, char line[LINE])
{
    FILE *in = fopen(path, "re");

    line[0] = '\0';
    if (in == NULL)
        return;
    if (fgets(line, LINE, in) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    fclose(in);
}

static void model_name(char line[LINE])
{
    FILE *in = fopen("/proc/cpuinfo", "re");
    bool found = false;

    while (in != NULL && !found && fgets(line, LINE, in) != NULL)
        found = strncmp(line, "model name", 10) == 0;
    if (in != NULL)
        fclose(in);
    if (!found) {
        snprintf(line, LINE, "unknown processor");
        return;
    }
    line[strcspn(line, "\n")] = '\0';
    memmove(line, strchr(line, ':') + 2, strlen(strchr(line, ':') + 2) + 1);
}

static void describe_caches(char out[LINE])
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < 5; i++) {
        char path[128];
        char level[LINE];
        char type[LINE];
        char size[LINE];

        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/level", i);
        first_line(path, level);
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/type", i);
        first_line(path, type);
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", i);
        first_line(path, size);
        if (level[0] == '\0' || strcmp(type, "Instruction") == 0 || used > LINE - 32)
            continue;
        used += (size_t)snprintf(out + used, LINE - used, ", L%.4s %.12s", level, size);
    }
}

void core_describe_machine(const struct core_options *options)
{
    char model[LINE];
    char caches[LINE];

    model_name(model);
    describe_caches(caches);
    if (options->json)
        printf("{\"name\":\"machine\",\"value\":%ld,\"unit\":\"processors\",\"target\":null,"
               "\"ok\":true,\"model\":\"%.100s%.100s\",\"compiler\":\"%s\"}\n",
               sysconf(_SC_NPROCESSORS_ONLN), model, caches, __VERSION__);
    else
        printf("%s%s, %ld processors; compiler %s\n\n", model, caches,
               sysconf(_SC_NPROCESSORS_ONLN), __VERSION__);
}

double core_bandwidth(void)
{
    double *a = malloc(STREAM_DOUBLES * sizeof *a);
    double *b = malloc(STREAM_DOUBLES * sizeof *b);
    double *c = malloc(STREAM_DOUBLES * sizeof *c);
    volatile double sink = 0;
    double best_s = 1e9;

    if (a == NULL || b == NULL || c == NULL)
        exit(1);
    for (size_t i = 0; i < STREAM_DOUBLES; i++) {
        a[i] = 1;
        b[i] = 2;
        c[i] = 0;
    }
    for (int pass = 0; pass < STREAM_PASSES; pass++) {
        double start_s = core_spent_s();

        for (size_t i = 0; i < STREAM_DOUBLES; i++)
            c[i] = a[i] + 3 * b[i];
        sink = c[pass];
        if (core_spent_s() - start_s < best_s)
            best_s = core_spent_s() - start_s;
    }
    (void)sink;
    free(a);
    free(b);
    free(c);
    return 3.0 * STREAM_DOUBLES * sizeof(double) / best_s;
}
