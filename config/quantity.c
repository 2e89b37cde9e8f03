#include "config/quantity.h"

#include "config/names.h"
#include "config/text.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A unit is worth factor / divisor of the kind's base unit. */
struct unit {
    const char *name;
    int64_t factor, divisor;
    bool shown; /* worth showing a value in */
    int rating; /* KIND_RATING: enum rating_kind */
};

/* Ascending, so that amount_show finds the largest that fits. */
/* clang-format off */
static const struct unit power_units[] = {
    {"W", 1, 1, true, 0}, {"kW", 1000, 1, true, 0}, {"MW", 1000000, 1, true, 0}, {"GW", 1000000000, 1, true, 0}, {0}};
static const struct unit energy_units[] = {
    {"Wh", 1, 1, true, 0}, {"kWh", 1000, 1, true, 0}, {"MWh", 1000000, 1, true, 0}, {"GWh", 1000000000, 1, true, 0}, {0}};
static const struct unit mass_units[] = {
    {"g", 1, 1, true, 0}, {"kg", 1000, 1, true, 0}, {"t", 1000000, 1, true, 0}, {0}};
static const struct unit current_units[] = {{"A", 1, 1, true, 0}, {"kA", 1000, 1, true, 0}, {0}};
static const struct unit voltage_units[] = {{"V", 1, 1, true, 0}, {"kV", 1000, 1, true, 0}, {0}};
static const struct unit rating_units[] = {
    {"W", 1, 1, true, RATING_W}, {"kW", 1000, 1, true, RATING_W}, {"MW", 1000000, 1, true, RATING_W},
    {"GW", 1000000000, 1, true, RATING_W},
    {"VA", 1, 1, true, RATING_VA}, {"kVA", 1000, 1, true, RATING_VA}, {"MVA", 1000000, 1, true, RATING_VA},
    {"A", 1, 1, true, RATING_A}, {"kA", 1000, 1, true, RATING_A}, {0}};
static const struct unit share_units[] = {{"%", 100, 1, true, 0}, {0}};
static const struct unit duration_units[] = {
    {"ns", 1, 1, true, 0}, {"us", 1000, 1, true, 0}, {"ms", NS_PER_MS, 1, true, 0}, {"s", NS_PER_S, 1, true, 0},
    {"min", 60 * NS_PER_S, 1, true, 0}, {"h", 3600 * NS_PER_S, 1, true, 0}, {"d", 86400 * NS_PER_S, 1, true, 0}, {0}};
static const struct unit power_rate_units[] = {
    {"W/s", 1, 1, true, 0}, {"kW/s", 1000, 1, true, 0}, {"MW/s", 1000000, 1, true, 0}, {"W/min", 1, 60, false, 0},
    {"kW/min", 1000, 60, false, 0}, {"MW/min", 1000000, 60, false, 0}, {"kW/h", 1000, 3600, false, 0},
    {"MW/h", 1000000, 3600, false, 0}, {0}};
static const struct unit share_rate_units[] = {
    {"%/min", 100, 1, true, 0}, {"%/s", 6000, 1, false, 0}, {"%/h", 100, 60, false, 0}, {0}};
static const struct unit intensity_units[] = {
    {"g/kWh", 1, 1, true, 0}, {"kg/MWh", 1, 1, false, 0}, {"kg/kWh", 1000, 1, false, 0}, {0}};
/* A number without a unit. */
static const struct unit no_unit = {"", 1, 1, true, 0};
/* clang-format on */

enum finer { FINER_KEPT, FINER_REFUSED, FINER_CUT };

struct kind {
    const char *noun, *example;
    double min, max;
    const struct unit *units;
    enum finer finer; /* what becomes of digits below the base unit; KEPT: the value is a double */
    const char *plain_unit; /* unit of a number without one; NULL: a number must have one */
};

#define DURATION_MAX_NS (3660.0 * 86400.0 * 1e9)
#define ENERGY_MAX_WH 1e12
#define MASS_MAX_G 1e12

/* clang-format off */
static const struct kind kinds[] = {
    [KIND_TEXT]        = {"text in quotes", "some text", 0, 1000, NULL, FINER_KEPT, NULL},
    [KIND_BOOL]        = {"true or false", "true", 0, 1, NULL, FINER_KEPT, NULL},
    [KIND_INTEGER]     = {"a whole number", "5", -9.2e18, 9.2e18, NULL, FINER_KEPT, NULL},
    [KIND_NUMBER]      = {"a number", "0.95", -1e18, 1e18, NULL, FINER_KEPT, NULL},
    [KIND_POWER]       = {"a power", "750 kW", 0, LIMIT_MAX_W, power_units, FINER_REFUSED, "W"},
    [KIND_CURRENT]     = {"a current", "400 A", 0, 1e6, current_units, FINER_KEPT, NULL},
    [KIND_VOLTAGE]     = {"a voltage", "230 V", 0, 1e6, voltage_units, FINER_KEPT, NULL},
    [KIND_RATING]      = {"a rating", "400 A", 1, 2e9, rating_units, FINER_KEPT, NULL},
    [KIND_SHARE]       = {"a share", "80 %", 0, SHARE_WHOLE_BP, share_units, FINER_REFUSED, ""},
    [KIND_DURATION]    = {"a time", "15 min", 0, DURATION_MAX_NS, duration_units, FINER_REFUSED, NULL},
    [KIND_POWER_RATE]  = {"a rate", "50 kW/s", 0, LIMIT_MAX_W, power_rate_units, FINER_CUT, NULL},
    [KIND_SHARE_RATE]  = {"a rate", "10 %/min", 0, 6e7, share_rate_units, FINER_CUT, NULL},
    [KIND_INTENSITY]   = {"a carbon intensity", "250 g/kWh", 0, 1e6, intensity_units, FINER_KEPT, "g/kWh"},
    [KIND_TIME_OF_DAY] = {"a time of day", "07:30", 0, 1440, NULL, FINER_REFUSED, NULL},
    [KIND_WEEKDAYS]    = {"weekdays", "mon-fri", 1, 127, NULL, FINER_REFUSED, NULL},
    [KIND_CHOICE]      = {"one of", "", 0, 0, NULL, FINER_KEPT, NULL},
    [KIND_BRANCH]      = {"the name of a branch", "site", 0, 0, NULL, FINER_KEPT, NULL},
    [KIND_SIGNAL]      = {"the name of a signal or a meter's value", "carbon", 0, 0, NULL, FINER_KEPT, NULL},
    [KIND_SOURCES]     = {"a list of names of sources", "pv_roof", 0, 1000, NULL, FINER_KEPT, NULL},
    [KIND_FORECAST]    = {"the name of a forecast", "carbon_forecast", 0, 0, NULL, FINER_KEPT, NULL},
    [KIND_EVENT_SOURCE] = {"the name of a source of grid events", "grid_events", 0, 0, NULL, FINER_KEPT, NULL},
    [KIND_BROKER]      = {"the name of a broker", "main", 0, 0, NULL, FINER_KEPT, NULL},
    [KIND_PROFILE]     = {"the name of a device profile", "eastron-sdm630", 0, 0, NULL, FINER_KEPT, NULL},
    [KIND_GROUPS]      = {"a list of groups", "", 0, 1000000, NULL, FINER_KEPT, NULL},
    [KIND_TABLE]       = {"a list of lists", "", 0, 1000, NULL, FINER_KEPT, NULL},
    [KIND_ENERGY]      = {"an energy", "2 MWh", 0, ENERGY_MAX_WH, energy_units, FINER_REFUSED, NULL},
    [KIND_MASS]        = {"a mass", "250 kg", 0, MASS_MAX_G, mass_units, FINER_REFUSED, NULL},
    [KIND_NAME]        = {"a name or a range of names", "rack[01-20]", 0, 0, NULL, FINER_KEPT, NULL},
    [KIND_MEASURE]     = {"a number in the value's own unit", "2 MW", -1e18, 1e18, NULL, FINER_KEPT, ""},
};
/* clang-format on */

const char *kind_noun(enum setting_kind kind) { return kinds[kind].noun; }

const char *kind_example(enum setting_kind kind) { return kinds[kind].example; }

double kind_min(enum setting_kind kind) { return kinds[kind].min; }

double kind_max(enum setting_kind kind) { return kinds[kind].max; }

const char *kind_units(enum setting_kind kind, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (const struct unit *u = kinds[kind].units; u != NULL && u->name != NULL && used < size;
         u++) {
        const char *link = u == kinds[kind].units ? "" : u[1].name == NULL ? " or " : ", ";

        used += (size_t)snprintf(out + used, size - used, "%s%s", link, u->name);
    }
    return out;
}

bool amount_kind(enum setting_kind kind)
{
    return kinds[kind].units != NULL || kind == KIND_TIME_OF_DAY || kind == KIND_WEEKDAYS ||
           kind == KIND_MEASURE || kind == KIND_INTEGER || kind == KIND_NUMBER;
}

/* ---------------------------------------------------------------- digits */

enum { DIGITS_MAX = 18 }; /* what int64_t surely holds */

/* mantissa / 10^decimals */
struct decimal {
    int64_t mantissa;
    int decimals;
};

static bool take_digit(struct decimal *d, char digit)
{
    return !__builtin_mul_overflow(d->mantissa, 10, &d->mantissa) &&
           !__builtin_add_overflow(d->mantissa, digit - '0', &d->mantissa);
}

/* [+-] digits [. digits], the longest such prefix of *text, which then points behind it. */
static bool take_decimal(const char **text, struct decimal *out)
{
    struct decimal d = {0, 0};
    const char *at = *text;
    bool minus = *at == '-';
    bool holds = true;

    if (*at == '-' || *at == '+')
        at++;
    if (!isdigit((unsigned char)*at))
        return false;
    for (; isdigit((unsigned char)*at); at++)
        holds = holds && take_digit(&d, *at);
    if (*at == '.' && isdigit((unsigned char)at[1])) {
        size_t digits = strspn(at + 1, "0123456789");
        const char *end = at + 1 + digits;

        while (digits > 0 && at[digits] == '0')
            digits--; /* zeros at the end say nothing */
        holds = holds && digits <= DIGITS_MAX;
        for (size_t i = 1; holds && i <= digits; i++, d.decimals++)
            holds = take_digit(&d, at[i]);
        at = end;
    }
    if (minus)
        d.mantissa = -d.mantissa;
    *text = at;
    *out = d;
    return holds;
}

/* d x unit in whole base units. False when it does not fit; *finer when digits below the base were cut. */
static bool decimal_scale(struct decimal d, const struct unit *unit, int64_t *whole, bool *finer)
{
    int64_t factor = unit->factor;
    int64_t divisor = unit->divisor;
    int64_t product = 0;

    for (; d.decimals > 0 && factor % 10 == 0; d.decimals--)
        factor /= 10;
    for (; d.decimals > 0; d.decimals--) {
        if (__builtin_mul_overflow(divisor, 10, &divisor))
            return false;
    }
    if (__builtin_mul_overflow(d.mantissa, factor, &product))
        return false;
    *whole = product / divisor;
    *finer = product % divisor != 0;
    if (*finer && product < 0)
        (*whole)--; /* down, not towards zero */
    return true;
}

/* Up to 15 digits this is the nearest double: both operands are exact. */
static double decimal_number(struct decimal d, const struct unit *unit)
{
    double divisor = (double)unit->divisor;

    for (int i = 0; i < d.decimals; i++)
        divisor *= 10;
    return (double)d.mantissa * (double)unit->factor / divisor;
}

/* ---------------------------------------------------------------- times of day, weekdays */

static bool two_digits(const char *text, int least, int64_t *value)
{
    size_t digits = strspn(text, "0123456789");

    if (digits < (size_t)least || digits > 2)
        return false;
    *value = digits == 1 ? text[0] - '0' : (text[0] - '0') * 10 + text[1] - '0';
    return true;
}

static bool time_of_day_parse(const char *text, int64_t *minutes)
{
    const char *colon = strchr(text, ':');
    int64_t hour = 0;
    int64_t minute = 0;

    if (colon == NULL || !two_digits(text, 1, &hour) ||
        text + strspn(text, "0123456789") != colon || !two_digits(colon + 1, 2, &minute) ||
        colon[3] != '\0')
        return false;
    if (minute > 59 || hour > 24 || (hour == 24 && minute > 0))
        return false;
    *minutes = hour * 60 + minute;
    return true;
}

static const char *const weekday_names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                            "friday", "saturday", "sunday"};

/* "mon" or "monday", whatever the case; moves *text behind it. */
static bool take_weekday(const char **text, int *day)
{
    size_t length = 0;

    while (isalpha((unsigned char)(*text)[length]))
        length++;
    for (int d = 0; d < (int)COUNT(weekday_names); d++) {
        if ((length == 3 || length == strlen(weekday_names[d])) &&
            strncasecmp(*text, weekday_names[d], length) == 0) {
            *text += length;
            *day = d;
            return true;
        }
    }
    return false;
}

static const char *skip_blanks(const char *text) { return text + strspn(text, " \t"); }

/* Days and ranges between commas; a range may run over the week's end: "sat-mon". */
static bool weekdays_parse(const char *text, int64_t *mask)
{
    int64_t days = 0;

    if (strcasecmp(text, "all") == 0) {
        *mask = 127;
        return true;
    }
    for (;;) { /* bounded: each turn eats a day or fails */
        int first = 0;
        int last = 0;

        text = skip_blanks(text);
        if (!take_weekday(&text, &first))
            return false;
        last = first;
        text = skip_blanks(text);
        if (*text == '-') {
            text = skip_blanks(text + 1);
            if (!take_weekday(&text, &last))
                return false;
            text = skip_blanks(text);
        }
        for (int d = first;; d = (d + 1) % 7) {
            days |= INT64_C(1) << d;
            if (d == last)
                break;
        }
        if (*text == '\0') {
            *mask = days;
            return true;
        }
        if (*text++ != ',')
            return false;
    }
}

/* ---------------------------------------------------------------- errors */

static bool refuse(enum setting_kind kind, enum error_kind what, const char *text,
                   struct error *err)
{
    char units[100];
    char expected[192];

    kind_units(kind, units, sizeof units);
    snprintf(expected, sizeof expected, "%s%s%s, such as \"%s\"", kinds[kind].noun,
             units[0] != '\0' ? " in " : "", units, kinds[kind].example);
    return failure(err, what, "", expected, "%s", text);
}

static bool refuse_finer(enum setting_kind kind, const char *text, struct error *err)
{
    static const char *const finest[] = {[KIND_INTEGER] = "a whole number",
                                         [KIND_POWER] = "whole watts",
                                         [KIND_ENERGY] = "whole watt-hours",
                                         [KIND_MASS] = "whole grams",
                                         [KIND_SHARE] = "at most two decimals of a percent",
                                         [KIND_DURATION] = "whole nanoseconds"};

    return failure(err, ERR_TYPE, "", finest[kind], "%s", text);
}

/* ---------------------------------------------------------------- the kinds */

static const struct unit *unit_find(enum setting_kind kind, const char *name)
{
    for (const struct unit *u = kinds[kind].units; u->name != NULL; u++) {
        if (strcmp(u->name, name) == 0)
            return u;
    }
    return NULL;
}

static bool scaled(enum setting_kind kind, struct decimal d, const struct unit *unit,
                   const char *text, union amount *out, struct error *err)
{
    bool finer = false;
    int64_t whole = 0;

    if (kind == KIND_RATING) {
        out->rating = (struct rating){(enum rating_kind)unit->rating, decimal_number(d, unit)};
        return true;
    }
    if (kinds[kind].finer == FINER_KEPT) {
        out->number = decimal_number(d, unit);
        return true;
    }
    if (!decimal_scale(d, unit, &whole, &finer))
        return refuse(kind, ERR_RANGE, text, err);
    if (finer && kinds[kind].finer == FINER_REFUSED)
        return refuse_finer(kind, text, err);
    out->whole = whole;
    return true;
}

/* Any prefix and unit: whether it suits shows when the point's quantity is known. */
static bool measure_parse(const char *text, union amount *out, struct error *err)
{
    const char *at = text;
    struct decimal d = {0, 0};
    struct measure measure = {0};
    size_t length = 0;

    if (!take_decimal(&at, &d))
        return refuse(KIND_MEASURE, ERR_SYNTAX, text, err);
    at = skip_blanks(at);
    length = strlen(at);
    if (length >= sizeof measure.unit)
        return refuse(KIND_MEASURE, ERR_UNIT, text, err);
    measure.number = decimal_number(d, &no_unit);
    memcpy(measure.unit, at, length);
    out->measure = measure;
    return true;
}

bool measure_value(const struct measure *measure, const char *unit, double *value)
{
    static const struct {
        char letter;
        double factor;
    } prefixes[] = {{'k', 1e3}, {'M', 1e6}, {'G', 1e9}};

    if (measure->unit[0] == '\0' || strcmp(measure->unit, unit) == 0) {
        *value = measure->number;
        return true;
    }
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        if (measure->unit[0] == prefixes[i].letter && unit[0] != '\0' &&
            strcmp(measure->unit + 1, unit) == 0) {
            *value = measure->number * prefixes[i].factor;
            return true;
        }
    }
    return false;
}

/* Defaults in the schema are text, numbers too; a file's numbers come from libconfig. */
static bool plain_number(enum setting_kind kind, struct decimal d, const char *rest,
                         const char *text, union amount *out, struct error *err)
{
    if (*rest != '\0' || (kind == KIND_INTEGER && d.decimals > 0))
        return refuse(kind, ERR_SYNTAX, text, err);
    if (kind == KIND_INTEGER)
        out->whole = d.mantissa;
    else
        out->number = decimal_number(d, &no_unit);
    return true;
}

bool amount_parse(enum setting_kind kind, const char *text, union amount *out, struct error *err)
{
    const char *at = text;
    const struct unit *unit = NULL;
    struct decimal d = {0, 0};

    if (kind == KIND_TIME_OF_DAY)
        return time_of_day_parse(text, &out->whole) || refuse(kind, ERR_SYNTAX, text, err);
    if (kind == KIND_WEEKDAYS)
        return weekdays_parse(text, &out->whole) || refuse(kind, ERR_SYNTAX, text, err);
    if (kind == KIND_MEASURE)
        return measure_parse(text, out, err);
    if (!take_decimal(&at, &d))
        return refuse(kind, ERR_SYNTAX, text, err);
    at = skip_blanks(at);
    if (kind == KIND_INTEGER || kind == KIND_NUMBER)
        return plain_number(kind, d, at, text, out, err);
    if (*at == '\0' && kinds[kind].plain_unit != NULL && kind != KIND_SHARE)
        unit = unit_find(kind, kinds[kind].plain_unit);
    else
        unit = unit_find(kind, at);
    if (unit == NULL)
        return refuse(kind, ERR_UNIT, text, err);
    return scaled(kind, d, unit, text, out, err);
}

/* A number as libconfig gives it to the whole base unit; the factor makes 0.8 a share of 8,000. */
static bool whole_from_number(enum setting_kind kind, double number, double factor,
                              union amount *out, struct error *err)
{
    double scaled_up = number * factor;
    double whole = round(scaled_up);
    char text[32];

    snprintf(text, sizeof text, "%.17g", number);
    if (!(fabs(scaled_up) < 9e18))
        return refuse(kind, ERR_RANGE, text, err);
    if (fabs(scaled_up - whole) > 1e-9 * factor)
        return refuse_finer(kind, text, err);
    out->whole = (int64_t)whole;
    return true;
}

bool amount_from_number(enum setting_kind kind, double number, union amount *out, struct error *err)
{
    char text[32];

    switch (kind) {
    case KIND_POWER:
        return whole_from_number(kind, number, 1, out, err);
    case KIND_SHARE:
        return whole_from_number(kind, number, SHARE_WHOLE_BP, out, err);
    case KIND_INTEGER:
        return whole_from_number(kind, number, 1, out, err);
    case KIND_NUMBER:
    case KIND_INTENSITY:
        out->number = number;
        return isfinite(number) || refuse(kind, ERR_RANGE, "too large a number", err);
    case KIND_MEASURE:
        out->measure = (struct measure){.number = number};
        return isfinite(number) || refuse(kind, ERR_RANGE, "too large a number", err);
    default:
        snprintf(text, sizeof text, "%.10g", number);
        return refuse(kind, ERR_UNIT, text, err);
    }
}

/* The unit that was probably meant: another case ("KW"), the only one that begins so ("g"), the longest that
 * it begins with ("minutes"), or one letter off. None when there are two ways to read it. */
static const struct unit *unit_near(enum setting_kind kind, const char *written)
{
    const struct unit *begins = NULL;
    const struct unit *prefix = NULL;
    const struct unit *near = NULL;
    size_t length = strlen(written);
    unsigned beginning = 0;

    for (const struct unit *u = kinds[kind].units; u != NULL && u->name != NULL; u++) {
        size_t unit_length = strlen(u->name);

        if (strcasecmp(u->name, written) == 0)
            return u;
        if (strncmp(u->name, written, length) == 0) {
            begins = u;
            beginning++;
        }
        if (strncmp(u->name, written, unit_length) == 0 &&
            (prefix == NULL || unit_length > strlen(prefix->name)))
            prefix = u;
        if (unit_length > 1 && edit_distance(u->name, written, 1) == 1)
            near = u;
    }
    if (beginning > 0)
        return beginning == 1 ? begins : NULL;
    return prefix != NULL ? prefix : near;
}

bool amount_suggest(enum setting_kind kind, const char *text, char *out, size_t size)
{
    const char *at = text;
    const struct unit *near = NULL;
    struct decimal d = {0, 0};
    int digits = 0;

    if (!take_decimal(&at, &d))
        return false;
    digits = (int)(at - text);
    at = skip_blanks(at);
    near = *at == '\0' ? NULL : unit_near(kind, at);
    if (near == NULL)
        return false;
    text_of(out, size, "%.*s %s", digits, text, near->name);
    return true;
}

/* ---------------------------------------------------------------- showing */

static const char *number_show(double value, const char *unit, char *out, size_t size)
{
    bool whole = fabs(value) < 1e17 && value == floor(value);

    snprintf(out, size, whole ? "%.0f%s%s" : "%.15g%s%s", value, unit[0] != '\0' ? " " : "", unit);
    return out;
}

static const char *weekdays_show(int64_t mask, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (int d = 0; d < (int)COUNT(weekday_names) && used < size; d++) {
        if ((mask >> d & 1) != 0)
            used += (size_t)snprintf(out + used, size - used, "%s%.3s", used > 0 ? "," : "",
                                     weekday_names[d]);
    }
    return out;
}

const char *amount_show(enum setting_kind kind, double value, char *out, size_t size)
{
    const struct unit *units = kinds[kind].units;
    const struct unit *best = units;

    if (kind == KIND_WEEKDAYS)
        return weekdays_show((int64_t)value, out, size);
    if (kind == KIND_TIME_OF_DAY) {
        snprintf(out, size, "%02d:%02d", (int)value / 60, (int)value % 60);
        return out;
    }
    if (units == NULL || kind == KIND_RATING) /* a rating's bounds hold for W, VA and A alike */
        return number_show(value, "", out, size);
    assert(best->name != NULL); /* every list of units has one */
    if (kind == KIND_DURATION && value == 0)
        return number_show(0, "s", out, size);
    for (const struct unit *u = units; u->name != NULL; u++) {
        if (u->shown && u->factor > best->factor && fabs(value) >= (double)u->factor &&
            fmod(value, (double)u->factor) == 0)
            best = u;
    }
    return number_show(value / (double)best->factor, best->name, out, size);
}
