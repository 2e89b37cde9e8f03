#include "config/site_schema.h"

/* clang-format off */

static const char *const modes[] = {"observe", "enforce", NULL};
static const char *const failover_rules[] = {"off", "check", NULL};
static const char *const bases[] = {"average", "marginal", NULL};
static const char *const objectives[] = {"max-min", "throughput", NULL};
static const char *const source_kinds[] = {"pv", "wind", "battery", NULL};
static const char *const phase_sets[] = {"L1L2L3", "L1", "L2", "L3", "L1L2", "L2L3", "L1L3", NULL};
const uint8_t hang_phases[] = {7, 1, 2, 4, 3, 6, 5};

static const char *const quantity_names[] = {
#define NAME(id, name, unit, min, max) name,
    QUANTITIES(NAME)
#undef NAME
    NULL};

_Static_assert(sizeof(enum failover_rule) == sizeof(int), "a choice is stored as int");
_Static_assert(MODE_OBSERVE == 0 && MODE_ENFORCE == 1, "the order of modes[]");
_Static_assert(sizeof(enum objective) == sizeof(int), "a choice is stored as int");
_Static_assert(OBJECTIVE_MAX_MIN == 0 && OBJECTIVE_THROUGHPUT == 1, "the order of objectives[]");
_Static_assert(BASIS_AVERAGE == 0 && BASIS_MARGINAL == 1, "the order of bases[]");
_Static_assert(FAILOVER_OFF == 0 && FAILOVER_CHECK == 1, "the order of failover_rules[]");
_Static_assert(SOURCE_PV == 0 && SOURCE_WIND == 1 && SOURCE_BATTERY == 2, "the order of source_kinds[]");

#define AT(field) offsetof(struct site_entry, field)
static const struct setting site_settings[] = {
    {.name = "name", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(name),
     .help = "short name of the site, used in topics and metrics"},
    {.name = "time_zone", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 63, .at = AT(time_zone),
     .help = "IANA name, such as Europe/Berlin, of the clock that schedules in policies mean"},
    {.name = "mode", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "observe", .choices = modes, .at = AT(mode),
     .help = "whether caps may be sent at all; each actuator must be set to enforce too"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct control_settings, field)
static const struct setting control_settings_rows[] = {
    {.name = "tick", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 1e8, .max = 60e9, .fallback = "1 s", .at = AT(tick_period_ns),
     .help = "how often a decision is made"},
    {.name = "guard", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = 5000, .fallback = "1 %", .at = AT(guard_bp),
     .help = "kept free below each hard limit, for meter error and swing"},
    {.name = "guard_most", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = 5000, .fallback = "5 %", .at = AT(guard_most_bp),
     .help = "a meter's measured noise and a load's measured swing widen the guard, but not beyond this"},
    {.name = "dead_time", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 0, .max = 60e9, .fallback = "5 s", .at = AT(dead_time_ns),
     .help = "how long a cap takes to have its effect, until that was measured; also how late a meter may show it"},
    {.name = "trip_alarm", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 0, .max = 86400e9, .fallback = "1 min", .at = AT(trip_alarm_ns),
     .help = "alarm when a breaker may trip sooner than this, by its curve, if the load stays"},
    {.name = "uncontrolled_margin", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 10000, .max = 100000, .fallback = "110 %", .at = AT(uncontrolled_margin_bp),
     .help = "how much of its last uncontrolled load a branch counts at while its meter is silent"},
    {.name = "uncontrolled_hold", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 0, .max = 3600e9, .fallback = "30 s", .at = AT(uncontrolled_hold_ns),
     .help = "uncontrolled load counts at its most over this time: fast up, slow down"},
    {.name = "report_stale_after", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 1e9, .max = 3600e9, .fallback = "5 s", .at = AT(report_stale_after_ns),
     .help = "a node that is silent for longer is unreachable and counts at the most it may draw"},
    {.name = "takeover", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 0, .max = 600e9, .fallback = "3 s", .at = AT(takeover_ns),
     .help = "after a start, how long nodes may take to report before they count as lost"},
    {.name = "ack_timeout", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 1e8, .max = 600e9, .fallback = "2 s", .at = AT(ack_timeout_ns),
     .help = "a command that is not acknowledged for this long is sent again"},
    {.name = "lease", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 1e9, .max = 86400e9, .fallback = "30 s", .at = AT(lease_ns),
     .help = "how long an agent holds a cap without hearing of it again; renewed at a third of it"},
    {.name = "release_rate", .kind = KIND_POWER_RATE, .need = NEED_DEFAULT, .min = 1, .max = LIMIT_MAX_W, .fallback = "20 kW/s", .at = AT(release_w_per_s),
     .help = "all caps together rise no faster than this"},
    {.name = "dead_band", .kind = KIND_POWER, .need = NEED_DEFAULT, .min = 0, .max = LIMIT_MAX_W, .fallback = "0 W", .at = AT(dead_band_w),
     .help = "smaller changes of a cap are left alone unless a limit needs them"},
    {.name = "dead_band_time", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 0, .max = 86400e9, .fallback = "0 s", .at = AT(dead_band_ns),
     .help = "a cap changes no more often than this unless a limit needs it"},
    {.name = "objective", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "max-min", .choices = objectives, .at = AT(objective),
     .help = "within a class: lift the slowest nodes first, or do the most work in all"},
    {.name = "remainder_window", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 1e9, .max = 86400e9, .fallback = "10 min", .at = AT(remainder_window_ns),
     .help = "a node's learned remainder is its most over this time"},
    {.name = "remainder_margin", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = 10000, .fallback = "10 %", .at = AT(remainder_margin_bp),
     .help = "added to a learned remainder"},
    {.name = "failover", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "off", .choices = failover_rules, .at = AT(failover),
     .help = "check: each feed must also be able to carry all when another feed is lost"},
    {.name = "failover_overload", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 10000, .max = 20000, .fallback = "100 %", .at = AT(failover_overload_bp),
     .help = "share of its full rating that a feed may carry while another is lost"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct broker, field)
static const struct setting broker_settings[] = {
    {.name = "name", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(name),
     .help = "what devices call it by"},
    {.name = "url", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 255, .at = AT(url),
     .help = "tcp://host:port, or ssl://host:port for TLS"},
    {.name = "username", .kind = KIND_TEXT, .need = NEED_OPTIONAL, .min = 1, .max = 255, .at = AT(username),
     .help = "name to log in with"},
    {.name = "password_file", .kind = KIND_TEXT, .need = NEED_OPTIONAL, .min = 1, .max = 1000, .at = AT(password_file),
     .help = "file whose first line is the password; passwords do not stand in the site file"},
    {.name = "ca_file", .kind = KIND_TEXT, .need = NEED_OPTIONAL, .min = 1, .max = 1000, .at = AT(ca_file),
     .help = "certificates of the authorities that the broker's must be signed by (PEM)"},
    {.name = "certificate_file", .kind = KIND_TEXT, .need = NEED_OPTIONAL, .min = 1, .max = 1000, .at = AT(certificate_file),
     .help = "our own certificate (PEM)"},
    {.name = "key_file", .kind = KIND_TEXT, .need = NEED_OPTIONAL, .min = 1, .max = 1000, .at = AT(key_file),
     .help = "the key of our certificate (PEM)"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct feed_entry, field)
static const struct setting feed_settings[] = {
    {.name = "name", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(name),
     .help = "A, B: what people call the feed"},
    {.name = "branch", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(branch),
     .help = "the feed's topmost branch; all below belongs to it"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct breaker_point, field)
static const struct setting breaker_points[] = {
    {.name = "load", .kind = KIND_SHARE, .need = NEED_REQUIRED, .min = 10001, .max = 1e6, .at = AT(load_bp),
     .help = "of the full rating, rising strictly; up to the first one it is borne for ever"},
    {.name = "hold", .kind = KIND_DURATION, .need = NEED_REQUIRED, .min = 1e6, .max = 10 * 86400e9, .at = AT(hold_ns),
     .help = "how long it is certainly borne from cold, falling strictly: the lower edge of the curve"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct breaker_entry, field)
static const struct setting breaker_settings[] = {
    {.name = "name", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(name),
     .help = "what branches call it by"},
    {.name = "reset", .kind = KIND_DURATION, .need = NEED_REQUIRED, .min = 1e6, .max = 10 * 86400e9, .at = AT(reset_ns),
     .help = "how long it takes from the brink of tripping back to cold"},
    {.name = "points", .kind = KIND_TABLE, .need = NEED_REQUIRED, .min = 1, .max = TRIP_POINTS_MAX, .at = AT(points),
     .group = breaker_points, .group_size = sizeof(struct breaker_point),
     .help = "its inverse-time curve; between two entries it is interpolated in logarithms"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct branch_entry, field)
static const struct setting branch_settings[] = {
    {.name = "name", .kind = KIND_NAME, .need = NEED_REQUIRED, .at = AT(name),
     .help = "the branch's name, or a range for several that are alike"},
    {.name = "parent", .kind = KIND_NAME, .need = NEED_OPTIONAL, .at = AT(parent),
     .help = "the branch that feeds it; the one branch without a parent is the site"},
    {.name = "level", .kind = KIND_TEXT, .need = NEED_DEFAULT, .fallback = "branch", .min = 1, .max = 31, .at = AT(level),
     .help = "what it is: site, feeder, pdu, rack; a label for people"},
    {.name = "rating", .kind = KIND_RATING, .need = NEED_OPTIONAL, .min = 1, .max = 2e9, .at = AT(rating), .given_at = AT(rated),
     .help = "what its breaker or transformer is made for, in W, VA, or A for each phase; without one it is only a place"},
    {.name = "derating", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 100, .max = 10000, .fallback = "80 %", .at = AT(derating_bp),
     .help = "share of the rating that it may carry continuously"},
    {.name = "losses", .kind = KIND_SHARE, .need = NEED_DEFAULT, .min = 0, .max = 5000, .fallback = "0 %", .at = AT(loss_bp),
     .help = "what its transformer, UPS and cables add to what is drawn below"},
    {.name = "voltage", .kind = KIND_VOLTAGE, .need = NEED_DEFAULT, .min = 1, .max = 1e6, .fallback = "230 V", .at = AT(nominal_v),
     .help = "nominal, from line to neutral"},
    {.name = "least_voltage", .kind = KIND_VOLTAGE, .need = NEED_OPTIONAL, .min = 1, .max = 1e6, .at = AT(least_v), .given_at = AT(least_v_given),
     .help = "worst case when the voltage is not measured; 90 % of the nominal unless given"},
    {.name = "least_power_factor", .kind = KIND_NUMBER, .need = NEED_DEFAULT, .min = 0.1, .max = 1, .fallback = "0.9", .at = AT(least_power_factor),
     .help = "worst case when the power factor is not measured"},
    {.name = "unmetered", .kind = KIND_POWER, .need = NEED_OPTIONAL, .min = 0, .max = LIMIT_MAX_W, .at = AT(unmetered_w), .given_at = AT(unmetered_given),
     .help = "the most that anything but nodes draws here, counted while no meter shows it; 0 W unless given"},
    {.name = "meter", .kind = KIND_NAME, .need = NEED_OPTIONAL, .at = AT(meter),
     .help = "the meter, or signal of quantity power, that measures the branch"},
    {.name = "breaker", .kind = KIND_NAME, .need = NEED_OPTIONAL, .at = AT(breaker),
     .help = "one of breakers: how long its overload is borne; needs a rating"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct curve_point, field)
static const struct setting curve_points[] = {
    {.name = "cap", .kind = KIND_POWER, .need = NEED_REQUIRED, .min = 1, .max = LIMIT_MAX_W, .at = AT(cap_w),
     .help = "rising strictly, from `cap_min` or less to `cap_max` or more"},
    {.name = "throughput", .kind = KIND_NUMBER, .need = NEED_REQUIRED, .min = 0, .max = 1e15, .at = AT(throughput),
     .help = "in any unit; only its ratio to that at `cap_max` counts"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct kind_entry, field)
static const struct setting kind_settings[] = {
    {.name = "name", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(name),
     .help = "what nodes call it by"},
    {.name = "cappable", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "true", .at = AT(cappable),
     .help = "false: no cap can be set, and the node counts at `uncapped`"},
    {.name = "cap_min", .kind = KIND_POWER, .need = NEED_OPTIONAL, .min = 1, .max = LIMIT_MAX_W, .at = AT(cap_min_w), .given_at = AT(cap_min_given),
     .help = "least cap that can be set; required if cappable"},
    {.name = "cap_max", .kind = KIND_POWER, .need = NEED_OPTIONAL, .min = 1, .max = LIMIT_MAX_W, .at = AT(cap_max_w), .given_at = AT(cap_max_given),
     .help = "greatest cap that can be set; required if cappable"},
    {.name = "cap_step", .kind = KIND_POWER, .need = NEED_DEFAULT, .min = 1, .max = LIMIT_MAX_W, .fallback = "1 W", .at = AT(cap_step_w),
     .help = "caps are `cap_min` and whole steps above it, and `cap_max`"},
    {.name = "safe_cap", .kind = KIND_POWER, .need = NEED_OPTIONAL, .min = 1, .max = LIMIT_MAX_W, .at = AT(safe_cap_w), .given_at = AT(safe_cap_given),
     .help = "what its agent falls to when it hears nothing any more; required if cappable"},
    {.name = "uncapped", .kind = KIND_POWER, .need = NEED_REQUIRED, .min = 1, .max = LIMIT_MAX_W, .at = AT(uncapped_w),
     .help = "the most that the capped part draws while no cap is in force; of an uncappable node, the whole node"},
    {.name = "remainder", .kind = KIND_POWER, .need = NEED_OPTIONAL, .min = 0, .max = LIMIT_MAX_W, .at = AT(remainder_w), .given_at = AT(remainder_given),
     .help = "the most that the node draws beyond its cap: fans, memory, losses; required if cappable"},
    {.name = "idle", .kind = KIND_POWER, .need = NEED_DEFAULT, .min = 0, .max = LIMIT_MAX_W, .fallback = "0 W", .at = AT(idle_w),
     .help = "the whole node when it does nothing"},
    {.name = "priority_class", .kind = KIND_INTEGER, .need = NEED_DEFAULT, .min = 0, .max = 255, .fallback = "1", .at = AT(priority_class),
     .help = "a class is served before all with higher numbers"},
    {.name = "weight", .kind = KIND_INTEGER, .need = NEED_DEFAULT, .min = 1, .max = 1000, .fallback = "100", .at = AT(weight),
     .help = "its part among nodes of the same class"},
    {.name = "curve", .kind = KIND_TABLE, .need = NEED_OPTIONAL, .min = 2, .max = CURVE_POINTS_MAX, .at = AT(curve),
     .group = curve_points, .group_size = sizeof(struct curve_point),
     .help = "how much work it does at a cap, as it was measured; in proportion to the cap unless given"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct hang_entry, field)
static const struct setting hang_settings[] = {
    {.name = "branch", .kind = KIND_NAME, .need = NEED_REQUIRED, .at = AT(branch),
     .help = "the branch that the power supply hangs from; a range is dealt out evenly, in order"},
    {.name = "share", .kind = KIND_SHARE, .need = NEED_OPTIONAL, .min = 0, .max = SHARE_WHOLE_BP, .at = AT(share_bp), .given_at = AT(share_given),
     .help = "its part of the node's draw; all shares add up to 100 %; an even part unless given"},
    {.name = "phases", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "L1L2L3", .choices = phase_sets, .at = AT(phases),
     .help = "the phases that it loads, evenly"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct node_entry, field)
static const struct setting node_settings[] = {
    {.name = "name", .kind = KIND_NAME, .need = NEED_REQUIRED, .at = AT(name),
     .help = "the node's name, or a range for many"},
    {.name = "kind", .kind = KIND_NAME, .need = NEED_REQUIRED, .at = AT(kind),
     .help = "one of node_kinds"},
    {.name = "feeds", .kind = KIND_GROUPS, .need = NEED_REQUIRED, .min = 1, .max = HANGS_MAX, .at = AT(hangs),
     .group = hang_settings, .group_size = sizeof(struct hang_entry),
     .help = "its power supplies: where each hangs and how much it carries"},
    {.name = "actuator", .kind = KIND_NAME, .need = NEED_OPTIONAL, .at = AT(actuator),
     .help = "the actuator that sets its caps"},
    {.name = "gang", .kind = KIND_NAME, .need = NEED_OPTIONAL, .at = AT(gang),
     .help = "nodes that run one synchronous job share a gang's name, and are levelled together"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct source_entry, field)
static const struct setting source_settings[] = {
    {.name = "name", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(name),
     .help = "what policies call it by"},
    {.name = "kind", .kind = KIND_CHOICE, .need = NEED_REQUIRED, .choices = source_kinds, .at = AT(kind),
     .help = "what makes the power"},
    {.name = "branch", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(branch),
     .help = "where it feeds in, behind that branch's meter"},
    {.name = "meter", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(meter),
     .help = "the meter, or signal of quantity power, of its production"},
    {.name = "meter_counts_import", .kind = KIND_BOOL, .need = NEED_DEFAULT, .fallback = "false", .at = AT(meter_counts_import),
     .help = "true: the meter shows production as negative import"},
    {.name = "rated", .kind = KIND_POWER, .need = NEED_REQUIRED, .min = 1, .max = LIMIT_MAX_W, .at = AT(rated_w),
     .help = "the most that it produces"},
    {.name = "charge", .kind = KIND_NAME, .need = NEED_OPTIONAL, .max = 1, .at = AT(charge),
     .help = "of a battery: the signal or meter's value, of quantity state_of_charge, that tells how full it is"},
    {.name = "capacity", .kind = KIND_ENERGY, .need = NEED_OPTIONAL, .min = 1, .max = 1e12, .at = AT(capacity_wh), .given_at = AT(capacity_given),
     .help = "of a battery: what it holds when it is full; goes with `charge`"},
    {.name = "reserve", .kind = KIND_SHARE, .need = NEED_OPTIONAL, .min = 0, .max = SHARE_WHOLE_BP, .at = AT(reserve_bp), .given_at = AT(reserve_given),
     .help = "of a battery: share of the capacity that is kept for riding through, never planned on; 20 % unless given"},
    {0},
};
#undef AT

#define AT(field) offsetof(struct device_entry, field)
#define DEVICE_NAME                                                                                             \
    {.name = "name", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(name),                                  \
     .help = "what the rest of the file calls it by"},                                                          \
    {.name = "driver", .kind = KIND_NAME, .need = NEED_REQUIRED, .max = 1, .at = AT(driver),                              \
     .help = "what talks to it; each driver adds settings of its own"}
#define DEVICE_POINTS                                                                                           \
    {.name = "stale_after", .kind = KIND_DURATION, .need = NEED_OPTIONAL, .min = 1e8, .max = 86400e9 * 7,       \
     .at = AT(stale_after_ns), .given_at = AT(stale_given),                                                     \
     .help = "a value older than this is not used as if it were fresh; three intervals unless given"},          \
    {.name = "frozen_after", .kind = KIND_DURATION, .need = NEED_OPTIONAL, .min = 1e9, .max = 86400e9 * 7,      \
     .at = AT(frozen_after_ns), .given_at = AT(frozen_given),                                                   \
     .help = "a value that stays exactly the same for this long is not believed; of a meter, its powers"},      \
    {.name = "plausible_min", .kind = KIND_MEASURE, .need = NEED_OPTIONAL, .at = AT(plausible_min),             \
     .given_at = AT(min_given), .help = "lower values are not believed; of a meter, its powers"},               \
    {.name = "plausible_max", .kind = KIND_MEASURE, .need = NEED_OPTIONAL, .at = AT(plausible_max),             \
     .given_at = AT(max_given), .help = "higher values are not believed; of a meter, its powers"},              \
    {.name = "jump_per_second", .kind = KIND_MEASURE, .need = NEED_OPTIONAL, .min = 0, .max = 1e18,             \
     .at = AT(jump_per_s), .given_at = AT(jump_given),                                                          \
     .help = "a value that changes faster is not believed; of a meter, its powers"}

static const struct setting meter_settings[] = {
    DEVICE_NAME,
    {.name = "quantity", .kind = KIND_CHOICE, .need = NEED_OPTIONAL, .choices = quantity_names, .at = AT(quantity), .given_at = AT(quantity_given),
     .help = "what it measures, if its driver has no profile that says so"},
    DEVICE_POINTS,
    {0},
};

static const struct setting signal_settings[] = {
    DEVICE_NAME,
    {.name = "quantity", .kind = KIND_CHOICE, .need = NEED_REQUIRED, .choices = quantity_names, .at = AT(quantity), .given_at = AT(quantity_given),
     .help = "what it tells"},
    DEVICE_POINTS,
    {0},
};

static const struct setting forecast_settings[] = {
    DEVICE_NAME,
    {.name = "quantity", .kind = KIND_CHOICE, .need = NEED_REQUIRED, .choices = quantity_names, .at = AT(quantity), .given_at = AT(quantity_given),
     .help = "what it foretells"},
    {.name = "basis", .kind = KIND_CHOICE, .need = NEED_OPTIONAL, .choices = bases, .at = AT(basis), .given_at = AT(basis_given),
     .help = "of all generation, or of the next plant to move; never mixed, so required of a carbon_intensity"},
    {0},
};

static const struct setting event_settings[] = {
    DEVICE_NAME,
    {.name = "stale_after", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 1e9, .max = 86400e9 * 7, .fallback = "5 min",
     .at = AT(stale_after_ns),
     .help = "a source that is silent for longer knows nothing of new events"},
    {0},
};

static const struct setting actuator_settings[] = {
    DEVICE_NAME,
    {.name = "mode", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "observe", .choices = modes, .at = AT(mode),
     .help = "whether caps leave through it; the site must be set to enforce too"},
    {0},
};

static const struct setting scheduler_settings[] = {
    DEVICE_NAME,
    {.name = "mode", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "observe", .choices = modes, .at = AT(mode),
     .help = "whether jobs are deferred through it; the site must be set to enforce too"},
    {0},
};
#undef AT

const struct section site_sections[SECTION_COUNT] = {
    [SECTION_SITE] = {"site", false, true, site_settings, sizeof(struct site_entry), ROLE_COUNT,
                      "The site as a whole."},
    [SECTION_CONTROL] = {"control", false, false, control_settings_rows, sizeof(struct control_settings), ROLE_COUNT,
                         "How the controller behaves. Every setting has a default that suits most sites."},
    [SECTION_BROKERS] = {"brokers", true, false, broker_settings, sizeof(struct broker), ROLE_COUNT,
                         "MQTT brokers that signals, meters and actuators use."},
    [SECTION_FEEDS] = {"feeds", true, false, feed_settings, sizeof(struct feed_entry), ROLE_COUNT,
                       "Independent supplies (A and B) that can be lost one at a time; at most 8."},
    [SECTION_BREAKERS] = {"breakers", true, false, breaker_settings, sizeof(struct breaker_entry), ROLE_COUNT,
                          "Kinds of breakers, fuses and UPSs: how long each bears how much."},
    [SECTION_BRANCHES] = {"branches", true, true, branch_settings, sizeof(struct branch_entry), ROLE_COUNT,
                          "The supply tree: site, feeders, PDUs, racks, in any order and depth."},
    [SECTION_NODE_KINDS] = {"node_kinds", true, false, kind_settings, sizeof(struct kind_entry), ROLE_COUNT,
                            "Kinds of nodes: what their caps can be and what they draw."},
    [SECTION_NODES] = {"nodes", true, false, node_settings, sizeof(struct node_entry), ROLE_COUNT,
                       "The nodes, where they hang, and what sets their caps."},
    [SECTION_SOURCES] = {"sources", true, false, source_settings, sizeof(struct source_entry), ROLE_COUNT,
                         "On-site generation behind a branch's meter."},
    [SECTION_METERS] = {"meters", true, false, meter_settings, sizeof(struct device_entry), ROLE_METER,
                        "Devices that give several values. A value is called `meter.quantity`, such as `grid_meter.power`."},
    [SECTION_SIGNALS] = {"signals", true, false, signal_settings, sizeof(struct device_entry), ROLE_SIGNAL,
                         "Feeds of one value each: carbon intensity, price, weather. The value is called like the signal."},
    [SECTION_FORECASTS] = {"forecasts", true, false, forecast_settings, sizeof(struct device_entry), ROLE_FORECAST,
                           "What is expected over the hours to come: carbon intensity, price, weather. At most 64."},
    [SECTION_EVENT_SOURCES] = {"event_sources", true, false, event_settings, sizeof(struct device_entry), ROLE_EVENTS,
                               "Who announces demand-response events. At most 64."},
    [SECTION_ACTUATORS] = {"actuators", true, false, actuator_settings, sizeof(struct device_entry), ROLE_ACTUATOR,
                           "What sets the nodes' caps."},
    [SECTION_SCHEDULERS] = {"schedulers", true, false, scheduler_settings, sizeof(struct device_entry), ROLE_SCHEDULER,
                            "What runs jobs on the nodes. It must call a node by the name that it has here. At most 8. "
                            "No driver for it is built in yet."},
};
/* clang-format on */
