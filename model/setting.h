/* model/setting.h - a schema is a table: check, error message and manual come from one row.
 *
 * A policy kind or a driver describes what it accepts in rows of `struct setting`; the loader fills the
 * described struct from the user's file and reports every mistake. Rows end with one whose name is NULL. */
#ifndef MODEL_SETTING_H
#define MODEL_SETTING_H

#include "model/base.h"

/* kind: what a person may write -> the C type at `at` */
enum setting_kind {
    KIND_TEXT,         /* "text" -> const char *; min and max bound its length */
    KIND_BOOL,         /* true -> bool */
    KIND_INTEGER,      /* 5 -> int64_t */
    KIND_NUMBER,       /* 0.95 or 5 -> double */
    KIND_POWER,        /* "1.2 MW", "750 kW", 500 (W) -> int64_t W */
    KIND_CURRENT,      /* "400 A" -> double A */
    KIND_VOLTAGE,      /* "230 V", "11 kV" -> double V */
    KIND_RATING,       /* "1.2 MW", "400 A", "500 kVA" -> struct rating (model/supply_tree.h) */
    KIND_SHARE,        /* "80 %" or 0.8 -> int64_t parts per 10,000 */
    KIND_DURATION,     /* "15 min", "500 ms", "1 h", "2 d" -> int64_t ns */
    KIND_POWER_RATE,   /* "50 kW/s", "3 MW/min" -> int64_t W per s */
    KIND_SHARE_RATE,   /* "10 %/min" -> int64_t parts per 10,000 per minute */
    KIND_INTENSITY,    /* "250 g/kWh" or 250 -> double g CO2e per kWh */
    KIND_TIME_OF_DAY,  /* "07:30", "24:00" -> int64_t minutes from midnight, 0 .. 1440 */
    KIND_WEEKDAYS,     /* "mon-fri", "sat,sun", "all" -> int64_t mask, bit 0 is Monday */
    KIND_CHOICE,       /* one of `choices` -> int, its index */
    KIND_BRANCH,       /* name of a branch -> uint32_t */
    KIND_SIGNAL,       /* name of a point -> uint32_t; `quantity` bounds which */
    KIND_SOURCES,      /* list of names of on-site sources -> struct index_list */
    KIND_FORECAST,     /* name of a forecast -> uint32_t; `quantity` bounds which */
    KIND_EVENT_SOURCE, /* name of a source of grid events -> uint32_t */
    KIND_BROKER,       /* name of a broker -> uint32_t */
    KIND_PROFILE,      /* name of a device profile -> const struct device_profile * */
    KIND_GROUPS,       /* list of groups, each as `group` says -> struct group_list */
    KIND_TABLE,        /* list of lists, each with a value for every row of `group`, in order:
                          ( ( "113 %", "1 h" ), ... ) -> struct group_list */
    KIND_ENERGY,       /* "2 MWh" -> int64_t Wh */
    KIND_MASS,         /* "250 kg", "1.2 t" -> int64_t g */
    KIND_NAME,   /* a name, or unless max is 1 a range "rack[01-20]" as it stands -> const char * */
    KIND_MEASURE /* "2 MW" or 2e6, in the unit of a quantity known later -> struct measure */
};

enum setting_need { NEED_REQUIRED, NEED_DEFAULT, NEED_OPTIONAL };

struct index_list {
    const uint32_t *index;
    uint32_t count;
};

/* A number in the unit that was written with it; an empty unit is the quantity's own. */
struct measure {
    double number;
    char unit[12];
};

struct group_list {
    const void *item; /* [count] of the group's struct */
    uint32_t count;
};

struct setting {
    const char *name;
    enum setting_kind kind;
    enum setting_need need;
    double min,
        max; /* in the C type's unit, both allowed; for KIND_GROUPS, KIND_TABLE: how many. max 0: kind's own bound */
    const char
        *fallback; /* NEED_DEFAULT: the default as a person would write it; "" for no groups */
    size_t at;     /* offset of the value in the struct */
    size_t
        given_at; /* NEED_OPTIONAL: offset of a bool that says whether it was given; 0: nobody asks */
    const char *help;            /* one sentence, for messages and the manual */
    const char *const *choices;  /* KIND_CHOICE: NULL-terminated */
    int quantity;                /* KIND_SIGNAL, KIND_FORECAST: enum quantity that it must have */
    const struct setting *group; /* KIND_GROUPS, KIND_TABLE: rows of one item */
    size_t group_size;           /* the same: bytes of one item */
};

#endif
