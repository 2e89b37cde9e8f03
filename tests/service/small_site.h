/* tests/service/small_site.h - a site that fits on a page: two racks with two nodes each. */
#ifndef TESTS_SERVICE_SMALL_SITE_H
#define TESTS_SERVICE_SMALL_SITE_H

/* MODE is "observe" or "enforce". */
#define SMALL_SITE(MODE)                                                                         \
    "site = { name = \"small\"; time_zone = \"UTC\"; mode = \"" MODE "\"; };\n"                  \
    "control = { tick = \"100 ms\"; report_stale_after = \"2 s\"; lease = \"10 s\"; };\n"        \
    "branches = ( { name = \"site\"; level = \"site\"; rating = \"20 kW\"; derating = \"100 "    \
    "%\";\n"                                                                                     \
    "               meter = \"load\"; },\n"                                                      \
    "             { name = \"rack[1-2]\"; level = \"rack\"; parent = \"site\"; rating = \"9 "    \
    "kW\";\n"                                                                                    \
    "               derating = \"100 %\"; } );\n"                                                \
    "node_kinds = ( { name = \"gpu\"; cap_min = \"500 W\"; cap_max = \"4 kW\"; cap_step = \"1 "  \
    "W\";\n"                                                                                     \
    "                 safe_cap = \"600 W\"; uncapped = \"4500 W\"; remainder = \"300 W\";\n"     \
    "                 idle = \"200 W\"; } );\n"                                                  \
    "nodes = ( { name = \"rack[1-2]-n[1-2]\"; kind = \"gpu\"; actuator = \"agents\";\n"          \
    "            feeds = ( { branch = \"rack[1-2]\"; } ); } );\n"                                \
    "signals = ( { name = \"load\"; driver = \"feed\"; quantity = \"power\"; stale_after = \"1 " \
    "s\"; },\n"                                                                                  \
    "            { name = \"carbon\"; driver = \"feed\"; quantity = \"carbon_intensity\";\n"     \
    "              stale_after = \"1 s\"; } );\n"                                                \
    "actuators = ( { name = \"agents\"; driver = \"agent\"; mode = \"enforce\"; } );\n"

#define POLICY_10_KW                                                                    \
    "policies = ( { name = \"contract\"; kind = \"import_limit\"; branch = \"site\";\n" \
    "               limit = \"10 kW\"; } );\n"

#endif
