/* config/schema_value.h - what the files of the schema loader share: values that are names, and two complaints. */
#ifndef CONFIG_SCHEMA_VALUE_H
#define CONFIG_SCHEMA_VALUE_H

#include "model/setting.h"

#include <libconfig.h>

struct schema;

/* Each reads `member` as the row says into the field of its C type; false after reporting. */
bool schema_fill_reference(const struct schema *schema, const struct setting *row,
                           const config_setting_t *member, void *field);
bool schema_fill_sources(const struct schema *schema, const struct setting *row,
                         const config_setting_t *member, void *field);
bool schema_fill_profile(const struct schema *schema, const struct setting *row,
                         const config_setting_t *member, void *field);

/* Report the member, with what the row expects; always false. */
bool schema_wrong_type(const struct schema *schema, const struct setting *row,
                       const config_setting_t *member);
bool schema_out_of_range(const struct schema *schema, const struct setting *row,
                         const config_setting_t *member);

#endif
