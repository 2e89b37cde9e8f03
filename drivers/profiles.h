/* drivers/profiles.h - each driver's profile: which settings a site file may give a device of its.
 *
 * For whoever reads site files and opens no device: the checker, the manual, the rig. Needs no event loop. */
#ifndef DRIVERS_PROFILES_H
#define DRIVERS_PROFILES_H

#include "model/device.h"

/* The schemas of all drivers, for the site loader: a zeroed row ends it. */
const struct driver_schema *driver_schemas(void);

#endif
