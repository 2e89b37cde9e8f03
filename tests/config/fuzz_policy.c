/* Any bytes as a policy file of a small site. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/load.h"
#include "tests/config/drivers.h"

static const char site_text[] =
    "site = { name = \"fuzz\"; time_zone = \"UTC\"; };\n"
    "branches = ( { name = \"site\"; rating = \"2 MW\"; meter = \"grid\"; } );\n"
    "brokers = ( { name = \"main\"; url = \"tcp://127.0.0.1:1883\"; } );\n"
    "sources = ( { name = \"pv\"; kind = \"pv\"; branch = \"site\"; meter = \"pv_meter\"; rated = "
    "\"500 kW\"; } );\n"
    "signals = ( { name = \"carbon\"; driver = \"mqtt\"; broker = \"main\"; topic = \"c\";\n"
    "    quantity = \"carbon_intensity\"; stale_after = \"5 min\"; },\n"
    "  { name = \"grid\"; driver = \"mqtt\"; broker = \"main\"; topic = \"g\"; quantity = "
    "\"power\";\n"
    "    stale_after = \"5 s\"; },\n"
    "  { name = \"pv_meter\"; driver = \"mqtt\"; broker = \"main\"; topic = \"p\"; quantity = "
    "\"power\";\n"
    "    stale_after = \"5 s\"; } );\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct site *site; /* the same for every input */
    const struct load_options options = {.drivers = test_drivers, .profile_folder = "/nowhere"};
    struct diagnostics found = {0};
    struct policy_set *policies = NULL;
    bool ok = site != NULL ||
              load_site_text("site.cfg", site_text, strlen(site_text), &options, &site, &found);

    assert(ok);
    ok = load_policies_text("fuzz.cfg", (const char *)data, size, site, &policies, &found);
    assert(ok == (found.errors == 0) && ok == (policies != NULL));
    policy_set_free(policies);
    diagnostics_free(&found);
    return 0;
}
