#include "config/setting_text.h"

#include "config/text.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES = 200, FEW_CHOICES = 8 };

const char *setting_noun(const struct setting *row)
{
    return row->kind == KIND_NAME && row->max == 1 ? "a name" : kind_noun(row->kind);
}

/* The bounds of a row: its own, else its kind's. */
double setting_min(const struct setting *row)
{
    return row->max == 0 && row->min == 0 ? kind_min(row->kind) : row->min;
}

double setting_max(const struct setting *row)
{
    return row->max == 0 ? kind_max(row->kind) : row->max;
}

const char *setting_range(const struct setting *row, char *out, size_t size)
{
    char low[64];
    char high[64];
    const char *what = "";

    out[0] = '\0';
    switch (row->kind) {
    case KIND_RATING:
        return text_of(out, size, "1 W .. 2 GW, or as many VA or A");
    case KIND_MEASURE:
        return text_of(out, size, "%s", row->max != 0 && row->min == 0 ? "0 or more" : "");
    case KIND_TEXT:
        what = " letters";
        break;
    case KIND_GROUPS:
        what = " groups";
        break;
    case KIND_TABLE:
        what = " entries";
        break;
    case KIND_SOURCES:
        what = " names";
        break;
    case KIND_POWER:
    case KIND_SHARE:
    case KIND_INTENSITY:
        break; /* the kind's own range is worth telling */
    default:
        if (row->max == 0 || !amount_kind(row->kind))
            return out;
    }
    if (row->max == 0 && what[0] != '\0')
        return out;
    return text_of(out, size, "%s .. %s%s",
                   amount_show(row->kind, setting_min(row), low, sizeof low),
                   amount_show(row->kind, setting_max(row), high, sizeof high), what);
}

size_t setting_choice_count(const struct setting *row)
{
    size_t count = 0;

    while (row->choices[count] != NULL)
        count++;
    return count;
}

/* At most `most` of the choices, and how many there are if that is more. */
static const char *choices_text(const struct setting *row, size_t most, char *out, size_t size)
{
    size_t used = 0;
    size_t count = setting_choice_count(row);

    out[0] = '\0';
    for (size_t i = 0; i < count && i < most && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s\"%s\"",
                                 i == 0           ? ""
                                 : i + 1 == count ? " or "
                                                  : ", ",
                                 row->choices[i]);
    if (count > most && used < size)
        snprintf(out + used, size - used, " or another of %zu", count);
    return out;
}

const char *setting_choices(const struct setting *row, char *out, size_t size)
{
    return choices_text(row, SIZE_MAX, out, size);
}

double setting_value(const struct setting *row, const union amount *a)
{
    switch (row->kind) {
    case KIND_RATING:
        return a->rating.value;
    case KIND_MEASURE:
        return a->measure.number;
    case KIND_NUMBER:
    case KIND_CURRENT:
    case KIND_VOLTAGE:
    case KIND_INTENSITY:
        return a->number;
    default:
        return (double)a->whole;
    }
}

/* A text for this row that a person can copy: its default, else the kind's example if that is in range. */
const char *setting_example(const struct setting *row, char *out, size_t size)
{
    union amount a = {0};
    bool number = row->kind == KIND_INTEGER || row->kind == KIND_NUMBER;
    const char *quote = number ? "" : "\"";
    char text[64];

    text_of(text, sizeof text, "%s", kind_example(row->kind));
    if (row->need == NEED_DEFAULT && row->fallback[0] != '\0' && row->fallback[0] != '0')
        text_of(text, sizeof text, "%s", row->fallback);
    else if (!amount_parse(row->kind, text, &a, NULL))
        text[0] = '\0';
    else if (!(setting_value(row, &a) >= setting_min(row) &&
               setting_value(row, &a) <= setting_max(row)))
        amount_show(row->kind, setting_max(row), text, sizeof text);
    return text_of(out, size, "%s%s%s", quote, text, quote);
}

/* What a value of this row is: for a setting that is missing or of the wrong type. */
const char *setting_expected(const struct setting *row, char *out, size_t size)
{
    char range[TEXT_BYTES];
    char example[100];
    char units[100];

    setting_range(row, range, sizeof range);
    if (row->kind == KIND_CHOICE)
        return choices_text(row, FEW_CHOICES, out, size);
    if (row->kind == KIND_TEXT && range[0] != '\0')
        return text_of(out, size, "text of %s", range);
    if ((row->kind == KIND_GROUPS || row->kind == KIND_TABLE) && range[0] != '\0')
        return text_of(out, size, "a list of %s", range);
    if (row->kind == KIND_SOURCES && range[0] != '\0')
        return text_of(out, size, "a list of %s of sources", range);
    if (!amount_kind(row->kind))
        return text_of(out, size, "%s", setting_noun(row));
    kind_units(row->kind, units, sizeof units);
    return text_of(out, size, "%s%s%s, such as %s", setting_noun(row),
                   units[0] != '\0' ? " in " : "", units,
                   setting_example(row, example, sizeof example));
}
