/* Any bytes as a device profile; one that is accepted can decode. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t bytes[8] = {0x43, 0x66, 0x80};
    struct diagnostics found = {0};
    struct arena arena = {0};
    struct device_profile profile;
    bool ok = load_profile_text("fuzz.cfg", (const char *)data, size, &arena, &profile, &found);

    assert(ok == (found.errors == 0));
    for (uint32_t i = 0; ok && i < profile.registers; i++) {
        double value = 0;

        (void)register_decode(&profile, &profile.reg[i], bytes, 0, &value);
        assert(profile.reg[i].address + register_words(profile.reg[i].type) <= 65536);
    }
    arena_free(&arena);
    diagnostics_free(&found);
    return 0;
}
