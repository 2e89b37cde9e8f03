/* config/policy_schema.h - the rows that every policy has besides its kind's. */
#ifndef CONFIG_POLICY_SCHEMA_H
#define CONFIG_POLICY_SCHEMA_H

#include "model/setting.h"

extern const struct setting policy_settings[];

#endif
