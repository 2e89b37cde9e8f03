/* simulation/scenario_file.h - a scenario file as libconfig sees it: for whoever changes one piece by piece. */
#ifndef SIMULATION_SCENARIO_FILE_H
#define SIMULATION_SCENARIO_FILE_H

#include "simulation/scenario.h"

#include <libconfig.h>
#include <stdio.h>

/* Like scenario_parse, of a text that was parsed already. On failure *out is to be freed all the same. */
MUST_USE bool scenario_from_config(const config_setting_t *root, const char *name,
                                   struct scenario *out, struct error *err);

/* The members of a group as a file, one setting a line down to the second level. */
void scenario_write_group(FILE *out, const config_setting_t *group);

#endif
