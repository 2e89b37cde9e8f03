/* Any bytes as a site file: every mistake is told or the site is whole, and nothing leaks. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "config/load.h"
#include "tests/config/drivers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct load_options options = {.drivers = test_drivers, .profile_folder = "/nowhere"};
    struct diagnostics found = {0};
    struct site *site = NULL;
    bool ok = load_site_text("fuzz.cfg", (const char *)data, size, &options, &site, &found);

    assert(ok == (found.errors == 0) && ok == (site != NULL));
    site_free(site);
    diagnostics_free(&found);
    return 0;
}
