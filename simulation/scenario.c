#include "simulation/scenario.h"

#include <string.h>

static const struct {
    const char *name;
    enum event_about about;
} kinds[] = {
#define EVENT_ROW(id, name, about, value) {name, about},
    EVENTS(EVENT_ROW)
#undef EVENT_ROW
};

static const char *const sabotages[] = {
#define SABOTAGE_NAME(id, name) name,
    SABOTAGES(SABOTAGE_NAME)
#undef SABOTAGE_NAME
};

const char *event_name(enum event_kind kind) { return kinds[kind].name; }

enum event_about event_about(enum event_kind kind) { return kinds[kind].about; }

bool event_find(const char *name, enum event_kind *kind)
{
    for (size_t k = 0; k < COUNT(kinds); k++) {
        if (strcmp(kinds[k].name, name) == 0) {
            *kind = (enum event_kind)k;
            return true;
        }
    }
    return false;
}

const char *sabotage_name(enum sabotage sabotage) { return sabotages[sabotage]; }

bool sabotage_find(const char *name, enum sabotage *sabotage)
{
    for (size_t s = 0; s < COUNT(sabotages); s++) {
        if (strcmp(sabotages[s], name) == 0) {
            *sabotage = (enum sabotage)s;
            return true;
        }
    }
    return false;
}

void scenario_free(struct scenario *scenario) { arena_free(&scenario->arena); }
