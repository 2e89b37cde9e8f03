/* Whatever is published on a signal's topic, and whatever pointer a user writes: "FORMAT STAMP TEXT POINTER" as
 * three digits and a line, then the payload. What is taken is finite, and its age is not negative. */
#include "drivers/mqtt/payload.h"
#include "drivers/mqtt/pointer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_ms = INT64_C(1795561511000);
    char pointer[300];
    struct payload_value value;
    struct payload_rules rules = {.pointer = pointer, .scale = 2.5, .offset = -1};
    const uint8_t *line;
    size_t length;

    if (size < 4)
        return 0;
    line = memchr(data + 3, '\n', size - 3);
    length = line != NULL ? (size_t)(line - (data + 3)) : 0;
    if (line == NULL || length >= sizeof pointer || memchr(data + 3, '\0', length) != NULL)
        return 0;
    memcpy(pointer, data + 3, length);
    pointer[length] = '\0';
    if (!pointer_valid(pointer)) /* refused at open */
        return 0;
    rules.format = data[0] % 2 == 0 ? PAYLOAD_JSON : PAYLOAD_NUMBER;
    rules.stamp_format = (enum stamp_format)(data[1] % 3);
    rules.stamp_pointer = data[1] % 4 == 3 ? NULL : "/t";
    rules.numbers_in_text = data[2] % 2 == 1;
    if (!payload_read(&rules, line + 1, size - 4 - length, "fuzz", &value, NULL))
        return 0;
    assert(isfinite(value.value));
    assert(!value.has_stamp || value.stamp_ms >= 0);
    assert(payload_taken_ns(&value, true, 0, now_ms, NS_PER_S) <= 0);
    assert(payload_taken_ns(&value, false, 0, now_ms, NS_PER_S) <= 0);
    return 0;
}
