#include "model/quantity.h"

#include <string.h>

static const struct {
    const char *name, *unit;
    double min, max;
} quantities[] = {
#define QUANTITY_ROW(id, name, unit, min, max) {name, unit, min, max},
    QUANTITIES(QUANTITY_ROW)
#undef QUANTITY_ROW
};

const char *quantity_name(enum quantity quantity) { return quantities[quantity].name; }

const char *quantity_unit(enum quantity quantity) { return quantities[quantity].unit; }

double quantity_min(enum quantity quantity) { return quantities[quantity].min; }

double quantity_max(enum quantity quantity) { return quantities[quantity].max; }

bool quantity_find(const char *name, enum quantity *quantity)
{
    for (size_t i = 0; i < COUNT(quantities); i++) {
        if (strcmp(quantities[i].name, name) == 0) {
            *quantity = (enum quantity)i;
            return true;
        }
    }
    return false;
}
