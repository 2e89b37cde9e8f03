#include "drivers/agent/agent.h"
#include "drivers/driver.h"
#include "drivers/modbus/modbus.h"
#include "drivers/mqtt/mqtt.h"

#include <string.h>

/* Every driver; adding one is one line here. */
const struct driver *const driver_catalog[] = {
    &driver_agent,
    &driver_mqtt,
    &driver_modbus,
    NULL,
};

const struct driver *driver_find(const char *name)
{
    for (size_t i = 0; driver_catalog[i] != NULL; i++)
        if (strcmp(driver_catalog[i]->name, name) == 0)
            return driver_catalog[i];
    return NULL;
}

/* The loader wants one list; each driver brings its own. Filled once: the rows are constant, so that filling
 * it twice gives the same. */
const struct driver_schema *driver_schemas(void)
{
    enum { SCHEMAS_MAX = 64 };
    static struct driver_schema all[SCHEMAS_MAX + 1];
    size_t count = 0;

    for (size_t i = 0; driver_catalog[i] != NULL; i++)
        for (const struct driver_schema *s = driver_catalog[i]->schemas; s->driver != NULL; s++)
            if (count < SCHEMAS_MAX)
                all[count++] = *s;
    return all;
}
