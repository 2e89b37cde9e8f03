/* config/setting_text.h - what a row of a schema says of itself: in messages, and in the manual. */
#ifndef CONFIG_SETTING_TEXT_H
#define CONFIG_SETTING_TEXT_H

#include "config/quantity.h"

/* The bounds of a row in its C type's unit: its own, else its kind's. */
double setting_min(const struct setting *row);
double setting_max(const struct setting *row);

/* The number that bounds apply to. */
double setting_value(const struct setting *row, const union amount *a);

/* All return out. */

/* "1 W .. 2 GW"; empty if anything will do that the kind can be. */
const char *setting_range(const struct setting *row, char *out, size_t size);
/* "a, b or c": all choices of a row. */
const char *setting_choices(const struct setting *row, char *out, size_t size);
size_t setting_choice_count(const struct setting *row);
/* A value that a person can copy: the default, else the kind's example if that is in range. */
const char *setting_example(const struct setting *row, char *out, size_t size);
/* What a value of this row is, for one that is missing or of the wrong type: "a power in W or kW, such as ...". */
const char *setting_expected(const struct setting *row, char *out, size_t size);
/* What a value of this row is called: "a name", "a power". */
const char *setting_noun(const struct setting *row);

#endif
