#include "model/decision.h"

static const char *const bound_names[] = {
#define BOUND_NAME(id, name) name,
    BOUNDS(BOUND_NAME)
#undef BOUND_NAME
};

static const char *const command_names[] = {"lower", "raise", "fence", "renew"};

static const struct {
    const char *name;
    enum alarm_subject subject;
} alarms[] = {
#define ALARM_ROW(id, name, subject) {name, subject},
    ALARMS(ALARM_ROW)
#undef ALARM_ROW
};

const char *bound_name(enum bound_kind kind) { return bound_names[kind]; }

const char *command_name(enum command_kind kind) { return command_names[kind]; }

const char *alarm_name(enum alarm_kind kind) { return alarms[kind].name; }

enum alarm_subject alarm_subject(enum alarm_kind kind) { return alarms[kind].subject; }
