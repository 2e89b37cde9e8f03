/* Trace files are hostile until read: the first byte says which kind, the rest is the file. */
#include "cli/trace_csv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct error err = {0};

    if (size == 0)
        return 0;
    if (data[0] % 2 == 0) {
        struct job_trace jobs;

        if (trace_parse_jobs("jobs.csv", (const char *)data + 1, size - 1, &jobs, &arena, &err)) {
            for (uint32_t j = 0; j < jobs.count; j++) {
                if (jobs.job[j].run_s <= 0 || jobs.job[j].nodes == 0 ||
                    (j > 0 && jobs.job[j].submit_utc_s < jobs.job[j - 1].submit_utc_s))
                    abort();
            }
        }
    } else {
        struct carbon_trace carbon;

        if (trace_parse_carbon("carbon.csv", (const char *)data + 1, size - 1, &carbon, &arena,
                               &err) &&
            (carbon.step_s <= 0 || carbon.steps < 2))
            abort();
    }
    arena_free(&arena);
    return 0;
}
