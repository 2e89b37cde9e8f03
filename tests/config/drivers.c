#include "tests/config/drivers.h"

/* clang-format off */
#define AT(field) offsetof(struct test_modbus, field)
static const struct setting modbus_settings[] = {
    {.name = "address", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 255, .at = AT(address),
     .help = "host:port"},
    {.name = "unit", .kind = KIND_INTEGER, .need = NEED_DEFAULT, .min = 0, .max = 255, .fallback = "1", .at = AT(unit),
     .help = "unit id"},
    {.name = "profile", .kind = KIND_PROFILE, .need = NEED_REQUIRED, .at = AT(profile),
     .help = "how its registers lie"},
    {.name = "interval", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 5e7, .max = 3600e9, .fallback = "1 s", .at = AT(interval_ns),
     .help = "how often it is read"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct test_mqtt, field)
static const struct setting mqtt_settings[] = {
    {.name = "broker", .kind = KIND_BROKER, .need = NEED_REQUIRED, .at = AT(broker), .help = "where to subscribe"},
    {.name = "topic", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 255, .at = AT(topic), .help = "what to subscribe to"},
    {.name = "pointer", .kind = KIND_TEXT, .need = NEED_DEFAULT, .max = 255, .fallback = "", .at = AT(pointer), .help = "JSON Pointer to the value"},
    {.name = "scale", .kind = KIND_NUMBER, .need = NEED_DEFAULT, .min = -1e9, .max = 1e9, .fallback = "1", .at = AT(scale), .help = "the value times this"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct test_feed, field)
static const struct setting forecast_settings[] = {
    {.name = "broker", .kind = KIND_BROKER, .need = NEED_REQUIRED, .at = AT(broker), .help = "where to subscribe"},
    {.name = "topic", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 255, .at = AT(topic), .help = "what to subscribe to"},
    {.name = "scale", .kind = KIND_NUMBER, .need = NEED_DEFAULT, .min = -1e9, .max = 1e9, .fallback = "1", .at = AT(scale), .help = "each value times this"},
    {.name = "least_horizon", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 60e9, .max = 86400e9, .fallback = "6 h", .at = AT(least_horizon_ns), .help = "how far it reaches"},
    {.name = "accept_retained", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "true", .at = AT(accept_retained), .help = "whether kept ones are taken"},
    {0},
};
static const struct setting event_settings[] = {
    {.name = "broker", .kind = KIND_BROKER, .need = NEED_REQUIRED, .at = AT(broker), .help = "where to subscribe"},
    {.name = "topic", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 255, .at = AT(topic), .help = "what to subscribe to"},
    {.name = "accept_retained", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "true", .at = AT(accept_retained), .help = "whether kept ones are taken"},
    {0},
};
#undef AT

static const struct setting agent_settings[] = {
    {.name = "broker", .kind = KIND_BROKER, .need = NEED_REQUIRED, .at = offsetof(struct test_agent, broker), .help = "where the agents are"},
    {0},
};

const struct driver_schema test_drivers[] = {
    {"modbus", ROLE_METER, modbus_settings, sizeof(struct test_modbus)},
    {"mqtt", ROLE_SIGNAL, mqtt_settings, sizeof(struct test_mqtt)},
    {"mqtt", ROLE_FORECAST, forecast_settings, sizeof(struct test_feed)},
    {"mqtt", ROLE_EVENTS, event_settings, sizeof(struct test_feed)},
    {"agent", ROLE_ACTUATOR, agent_settings, sizeof(struct test_agent)},
    {0},
};

const struct driver_schema push_drivers[] = {
    {"push", ROLE_METER, mqtt_settings, sizeof(struct test_mqtt)},
    {0},
};
/* clang-format on */
