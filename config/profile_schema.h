/* config/profile_schema.h - the rows of a device profile, for the manual. */
#ifndef CONFIG_PROFILE_SCHEMA_H
#define CONFIG_PROFILE_SCHEMA_H

#include "model/setting.h"

extern const struct setting profile_settings[];

#endif
