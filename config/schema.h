/* config/schema.h - the one loader: rows of `struct setting` and a group of a file fill a struct.
 *
 * Every mistake is reported, not only the first: names that no row knows (with the nearest that one does),
 * wrong types, wrong units, values out of range, what is required and missing. What is wrong or missing leaves
 * its field zeroed. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/names.h"
#include "config/report.h"
#include "model/device.h"
#include "model/setting.h"
#include "model/site.h"

/* What names in a file may refer to. An index that is NULL: nothing can be referred to yet. */
struct references {
    const struct name_index *branches, *points, *sources, *brokers, *forecasts, *event_sources;
    const struct point *point;              /* for the quantities of points */
    const struct forecast_source *forecast; /* for those of forecasts */
    /* Finds a device profile by name; NULL after reporting at the setting `at`. */
    const struct device_profile *(*profile)(void *context, const char *name,
                                            const config_setting_t *at);
    void *context;
};

struct schema {
    const struct reader *reader;
    struct arena *arena; /* for texts, lists, items */
    const struct references *references;
};

/* Rows and the struct that they fill. A group may be described by several: what all devices have, and what one
 * driver adds. */
struct schema_part {
    const struct setting *rows; /* NULL: none */
    void *out;
};

/* True when the group had no mistake. */
bool schema_fill(const struct schema *schema, const config_setting_t *group,
                 const struct schema_part *part, size_t parts);

/* Reports the settings of a group whose names are not among these. True when there are none. */
bool schema_names(const struct schema *schema, const config_setting_t *group,
                  const char *const *name, size_t count);

/* Gives every default to an `out`, as for an empty group; nothing may be required. */
void schema_defaults(const struct schema *schema, const struct setting *rows, void *out);

#endif
