/* model/device.h - a device as the site file describes it, before any driver has opened it.
 *
 * Everything belongs to the site's arena and is read-only after loading. */
#ifndef MODEL_DEVICE_H
#define MODEL_DEVICE_H

#include "model/quantity.h"

struct setting; /* model/setting.h */

/* What a device is for; a driver declares which roles it can play. */
enum role {
    ROLE_METER,
    ROLE_SIGNAL,
    ROLE_FORECAST,
    ROLE_EVENTS,
    ROLE_ACTUATOR,
    ROLE_SCHEDULER,
    ROLE_COUNT
};

/* The part of a driver that a loader needs: which settings it accepts for a role. A driver's full table
 * (drivers/driver.h) holds one of these for each role, so that the loader knows no driver by name. */
struct driver_schema {
    const char *driver; /* as written in the site file */
    enum role role;
    const struct setting *settings; /* ends with a zeroed row */
    size_t settings_size;           /* bytes of the struct that the rows fill */
};

/* A point that the device gives: which quantity of the device goes to which point of the site. */
struct device_point {
    enum quantity quantity;
    uint32_t point; /* index in site.point */
};

struct device {
    const char *name;
    const char *driver;
    enum role role;
    const void *settings; /* the driver's own struct, filled by the loader */
    uint32_t points;      /* meters and signals only */
    const struct device_point *point;
    uint32_t
        feed; /* of ROLE_FORECAST, ROLE_EVENTS, ROLE_SCHEDULER: index in the site's list of them */
    int mode; /* enum mode; actuators and schedulers only */
    const char *file; /* where it stands, for messages */
    uint32_t line;
};

/* An MQTT broker. Secrets are in files, never in the site file. Absent texts are NULL. */
struct broker {
    const char *name;
    const char *url; /* tcp://host:port or ssl://host:port */
    const char *username, *password_file;
    const char *ca_file, *certificate_file, *key_file;
};

/* A device profile (config/devices/NAME.cfg): how a kind of device lays out its registers. */
enum register_type {
    REGISTER_U16,
    REGISTER_S16,
    REGISTER_U32,
    REGISTER_S32,
    REGISTER_U64,
    REGISTER_S64,
    REGISTER_F32,
    REGISTER_F64
};

enum word_order {
    WORDS_HIGH_FIRST,
    WORDS_LOW_FIRST
}; /* bytes inside a word are always big-endian */

struct profile_register {
    enum quantity quantity;
    uint8_t function_code; /* 3 holding, 4 input */
    uint16_t
        address; /* as sent on the wire, from 0; with SunSpec: offset from the model's ID register */
    enum register_type type;
    double
        scale; /* raw x scale is the value in the quantity's unit; negative turns a sign around */
    bool has_scale_register; /* SunSpec: value x 10^(signed 16-bit register at scale_address) */
    uint16_t scale_address;
    bool has_sentinel; /* raw bits that mean 'not available'; a NaN float always does */
    uint64_t sentinel;
};

struct device_profile {
    const char *name;                    /* file name without .cfg */
    const char *vendor, *model, *source; /* the document that the map was taken from */
    enum word_order words;
    uint16_t max_registers; /* of one read; 1 .. 125 */
    uint16_t max_gap;       /* unused registers that a read may span; 0: none */
    bool
        sunspec; /* registers lie in the SunSpec model `sunspec_model`, found by walking the chain */
    uint16_t sunspec_model;
    uint32_t registers;
    const struct profile_register *reg;
};

/* Registers that a type spans: 1, 2 or 4. */
uint16_t register_words(enum register_type type);

/* The profile's register for a quantity, or NULL. */
const struct profile_register *profile_find(const struct device_profile *profile,
                                            enum quantity quantity);

/* Decodes the bytes of one value (2 x register_words bytes as on the wire) with the given power-of-ten
 * exponent (0 unless the register has a scale register). False when it is the sentinel or not finite. */
bool register_decode(const struct device_profile *profile, const struct profile_register *reg,
                     const uint8_t *bytes, int exponent, double *value);

/* The inverse, for simulated devices; the value is rounded to what the type can hold and clamped to its range. */
void register_encode(const struct device_profile *profile, const struct profile_register *reg,
                     double value, int exponent, uint8_t *bytes);

#endif
