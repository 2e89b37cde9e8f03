/* model/quantity.h - what can be measured, in which unit, and what is believable.
 *
 * One list makes the enum, the name that files and profiles use, the unit and the widest plausible range. */
#ifndef MODEL_QUANTITY_H
#define MODEL_QUANTITY_H

#include "model/base.h"

/* Import (into the site) is positive everywhere; a driver turns its device's sign around. */
#define QUANTITIES(X)                                                  \
    X(QUANTITY_POWER, "power", "W", -2e9, 2e9)                         \
    X(QUANTITY_POWER_L1, "power_l1", "W", -2e9, 2e9)                   \
    X(QUANTITY_POWER_L2, "power_l2", "W", -2e9, 2e9)                   \
    X(QUANTITY_POWER_L3, "power_l3", "W", -2e9, 2e9)                   \
    X(QUANTITY_VOLTAGE_L1, "voltage_l1", "V", 0, 1e6)                  \
    X(QUANTITY_VOLTAGE_L2, "voltage_l2", "V", 0, 1e6)                  \
    X(QUANTITY_VOLTAGE_L3, "voltage_l3", "V", 0, 1e6)                  \
    X(QUANTITY_CURRENT_L1, "current_l1", "A", -1e6, 1e6)               \
    X(QUANTITY_CURRENT_L2, "current_l2", "A", -1e6, 1e6)               \
    X(QUANTITY_CURRENT_L3, "current_l3", "A", -1e6, 1e6)               \
    X(QUANTITY_REACTIVE_POWER, "reactive_power", "var", -2e9, 2e9)     \
    X(QUANTITY_APPARENT_POWER, "apparent_power", "VA", 0, 2e9)         \
    X(QUANTITY_POWER_FACTOR, "power_factor", "", -1, 1)                \
    X(QUANTITY_FREQUENCY, "frequency", "Hz", 0, 100)                   \
    X(QUANTITY_ENERGY_IMPORT, "energy_import", "Wh", 0, 1e18)          \
    X(QUANTITY_ENERGY_EXPORT, "energy_export", "Wh", 0, 1e18)          \
    X(QUANTITY_CARBON_INTENSITY, "carbon_intensity", "g/kWh", 0, 2000) \
    X(QUANTITY_PRICE, "price", "EUR/MWh", -10000, 100000)              \
    X(QUANTITY_STATE_OF_CHARGE, "state_of_charge", "%", 0, 100)        \
    X(QUANTITY_IRRADIANCE, "irradiance", "W/m2", -20, 2000)            \
    X(QUANTITY_POWER_MAX, "power_max", "W", -2e9, 2e9)                 \
    X(QUANTITY_TEMPERATURE, "temperature", "C", -100, 200)

enum quantity {
#define QUANTITY_ENUM(id, name, unit, min, max) id,
    QUANTITIES(QUANTITY_ENUM)
#undef QUANTITY_ENUM
        QUANTITY_COUNT
};

const char *quantity_name(enum quantity quantity); /* "power_l1" */
const char *quantity_unit(enum quantity quantity); /* "W" */
double quantity_min(enum quantity quantity);
double quantity_max(enum quantity quantity);

/* Finds a quantity by its name; false when there is none. */
bool quantity_find(const char *name, enum quantity *quantity);

#endif
