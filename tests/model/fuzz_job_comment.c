/* Whatever a user writes into a job's comment. What is taken keeps the promises of model/job.h, and our mark can be
 * put behind it and taken off again. */
#include "model/job.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool utc_of(void *context, const struct job_civil *civil, int64_t *utc_s)
{
    (void)context;
    *utc_s = civil->minute;
    return civil->hour != 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct job_zone zone = {NULL, utc_of};
    const struct job_mark mark = {.kind = MARK_DEFERRED,
                                  .until_utc_s = 1795600000,
                                  .begin_was_utc_s = 5,
                                  .why = "a | capstan: b"};
    char *comment = calloc(1, size + 1), *out = calloc(1, size + 600);
    struct job_options options;
    struct job_mark read;
    size_t rest = 0, rest_again = 0;

    memcpy(comment, data, size);
    if (job_options_parse(comment, &zone, &options, NULL)) {
        assert(options.flexible || !options.interruptible);
        assert(options.max_delay_s >= 0 && options.max_delay_s <= JOB_DELAY_MAX_S);
        assert(options.checkpoint_s >= 0 && options.checkpoint_s <= JOB_DELAY_MAX_S);
        assert(options.power_w >= 0 && options.power_w <= LIMIT_MAX_W);
    } else {
        assert(!options.flexible);
    }
    mark_parse(comment, &read, &rest);
    assert(rest <= strlen(comment));
    assert(mark_write(comment, &mark, out, size + 600));
    assert(strncmp(out, comment, rest) == 0);
    assert(mark_parse(out, &read, &rest_again) && rest_again == rest);
    assert(read.until_utc_s == mark.until_utc_s && read.begin_was_utc_s == 5);
    free(comment);
    free(out);
    return 0;
}
