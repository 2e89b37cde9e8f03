/* tests/support/site_text.h - sites and policies from the text of their files, for tests of the core. */
#ifndef TESTS_SUPPORT_SITE_TEXT_H
#define TESTS_SUPPORT_SITE_TEXT_H

#include "config/load.h"

/* Loads a site whose devices name the drivers "feed" (signals, forecasts and sources of events) and "agent" (actuators), which take no
 * settings. A mistake in the text fails the test with its diagnostics. Free with site_free. */
struct site *site_from_text(const char *text);

/* The same for policies; free with policy_set_free. */
struct policy_set *policies_from_text(const char *text, const struct site *site);

#endif
