/* config/quantity.h - quantities as people write them: "1.2 MW", "400 A", "15 min", "80 %", "mon-fri".
 *
 * One table holds each kind's noun, example, units and own bounds; the schema's checks, the messages and
 * the manual all come from it. Values are exact: digits are never passed through a double on the way to
 * whole watts or nanoseconds. What is finer than the base unit (half a watt) is refused, except for rates,
 * which round down: slower is safer. The locale plays no part. */
#ifndef CONFIG_QUANTITY_H
#define CONFIG_QUANTITY_H

#include "model/error.h"
#include "model/setting.h"
#include "model/supply_tree.h"

union amount {
    int64_t
        whole; /* POWER, ENERGY, SHARE, DURATION, POWER_RATE, SHARE_RATE, TIME_OF_DAY, WEEKDAYS */
    double number; /* CURRENT, VOLTAGE, INTENSITY */
    struct rating rating;
    struct measure measure;
};

/* True for the kinds that amount_parse knows. */
bool amount_kind(enum setting_kind kind);

/* Reads the whole text. err->expected names units and gives an example; err->where stays empty. */
MUST_USE bool amount_parse(enum setting_kind kind, const char *text, union amount *out,
                           struct error *err);

/* The same for a number without a unit, which only some kinds take: W, share of 1, g/kWh. */
MUST_USE bool amount_from_number(enum setting_kind kind, double number, union amount *out,
                                 struct error *err);

/* The same text with the unit that was probably meant: "5 kW" for "5 KW". False when none is near. */
bool amount_suggest(enum setting_kind kind, const char *text, char *out, size_t size);

/* What a kind is, for messages and the manual: "a power", "750 kW", "W, kW, MW, GW" (empty if it has none). */
const char *kind_noun(enum setting_kind kind);
const char *kind_example(enum setting_kind kind);
const char *kind_units(enum setting_kind kind, char *out, size_t size);

/* The widest range of a kind, in the C type's unit. */
double kind_min(enum setting_kind kind);
double kind_max(enum setting_kind kind);

/* A value of a kind as a person would write it: "750 kW". Returns out. */
const char *amount_show(enum setting_kind kind, double value, char *out, size_t size);

/* A number with a unit prefix for a measured quantity's unit: measure_value("2 MW" with unit "W") is 2e6.
 * False when the measure was written with a unit that is not `unit`. */
MUST_USE bool measure_value(const struct measure *measure, const char *unit, double *value);

#endif
