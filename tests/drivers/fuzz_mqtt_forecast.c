/* Whatever is published on a forecast's topic: a letter for the quantity ('A' is the first), then the payload. What is taken keeps the
 * promises of drivers/mqtt/forecast_payload.h. */
#include "drivers/mqtt/forecast_payload.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int64_t now_ms = INT64_C(1795561511000);
    const int64_t now_s = now_ms / 1000;
    struct forecast_rules rules = {.scale = 1, .least_horizon_s = 6 * 3600};
    static struct forecast f;
    double value = 0;

    if (size < 1)
        return 0;
    rules.quantity = (enum quantity)((data[0] >= 'A' ? data[0] - 'A' : 0) % QUANTITY_COUNT);
    if (!forecast_read(&rules, data + 1, size - 1, now_ms, "fuzz", &f, NULL))
        return 0;
    assert(f.known && f.count >= 1 && f.count <= FORECAST_STEPS_MAX);
    assert(f.issued_utc_s <= now_s + 300 && f.issued_utc_s >= now_s - INT64_C(367) * 86400);
    assert(f.step_s >= 60 && f.step_s <= 86400 && f.step_s * f.count >= rules.least_horizon_s);
    assert(f.start_utc_s + f.step_s * f.count <= f.issued_utc_s + INT64_C(62) * 86400);
    for (uint32_t i = 0; i < f.count; i++)
        assert(f.value[i] >= quantity_min(rules.quantity) &&
               f.value[i] <= quantity_max(rules.quantity));
    assert(forecast_at(&f, f.start_utc_s, &value) && value == f.value[0]);
    return 0;
}
