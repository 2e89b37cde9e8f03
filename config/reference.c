/* The reference manual: the same rows that check a file, as Markdown. */
#include "config/load.h"
#include "config/policy_schema.h"
#include "config/profile_schema.h"
#include "config/quantity.h"
#include "config/setting_text.h"
#include "config/site_schema.h"

#include <string.h>

/* ---------------------------------------------------------------- words that both manuals need */

static const char site_intro[] =
    "# The site file\n"
    "\n"
    "Made from the tables that check the file; `config/site.cfg` is an example with comments, and\n"
    "`capstan check site.cfg` finds mistakes. What must be written stands as *required*; the rest "
    "may be left\n"
    "out.\n"
    "\n";

static const char policy_intro[] =
    "# The policy file\n"
    "\n"
    "Made from the tables that check the file; `config/policies/example.cfg` is an example with "
    "comments, and\n"
    "`capstan check policy.cfg` finds mistakes. A running controller reads a changed file again, "
    "all or nothing.\n"
    "\n"
    "```\n"
    "policies = (\n"
    "  { name = \"contract\"; kind = \"import_limit\"; ... },\n"
    "  { name = \"low carbon\"; kind = \"carbon_response\"; ... } );\n"
    "```\n"
    "\n"
    "## How policies go together\n"
    "\n"
    "1. A policy can only tighten. The equipment's ratings in the site file always stand.\n"
    "2. Of all limits on a branch the least holds, whoever set it.\n"
    "3. Hard before soft: a breaker or a contract is kept down to the least caps, with an alarm "
    "and "
    "a shed list where\n"
    "   even these are too much. A goal lowers caps to their least and asks no more.\n"
    "4. A floor (`ramp_rate`) holds goals up, so that they fall no faster than it does; hard "
    "limits pass it.\n"
    "5. Goals are not weighed against one another: the least holds, and of equal ones the first in "
    "the file is named.\n"
    "6. What can't be known (a reading, a forecast, a source of events, the clock) never loosens "
    "anything.\n"
    "\n";

static const char writing[] =
    "## How values are written\n"
    "\n"
    "The format is libconfig's: `name = value;`, groups in `{ }`, lists in `( )`, text and "
    "everything with a unit\n"
    "in quotes, comments after `#` or `//`, or between `/*` and `*/`. `@include \"file\"` at the "
    "beginning of a\n"
    "line puts another file there; its path starts at the folder of the main file.\n"
    "\n"
    "| kind | written as | units |\n"
    "|---|---|---|\n";

static const char ranges[] = "\n"
                             "**Ranges.** A name may stand for many: `rack[01-20]` is rack01 to "
                             "rack20, `pdu_[a1,a2]` is two, and\n"
                             "`rack[01-20]-gpu[1-8]` is 160, the last number changing fastest. A "
                             "reference may be a range, too: what refers\n"
                             "is dealt out evenly and in order, so these 160 nodes with `branch = "
                             "\"rack[01-20]\"` are eight a rack. The\n"
                             "number of names must divide the number of things.\n";

static const enum setting_kind shown_kinds[] = {
    KIND_POWER,    KIND_CURRENT,     KIND_VOLTAGE,    KIND_RATING,    KIND_SHARE,
    KIND_DURATION, KIND_POWER_RATE,  KIND_SHARE_RATE, KIND_INTENSITY, KIND_ENERGY,
    KIND_MASS,     KIND_TIME_OF_DAY, KIND_WEEKDAYS,   KIND_MEASURE};

static void write_writing(FILE *out)
{
    char units[120];

    fputs(writing, out);
    for (size_t i = 0; i < COUNT(shown_kinds); i++)
        fprintf(out, "| %s | `\"%s\"` | %s |\n", kind_noun(shown_kinds[i]),
                kind_example(shown_kinds[i]), kind_units(shown_kinds[i], units, sizeof units));
    fputs("\nA power may also be a plain number in W, a share a number from 0 to 1, a carbon "
          "intensity a number\n"
          "in g/kWh. Powers are whole watts: half a watt is refused. Rates are rounded down.\n",
          out);
}

/* ---------------------------------------------------------------- tables */

/* In a table a bar would end the cell. */
static void write_cell(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void write_kind(FILE *out, const struct setting *row)
{
    char text[600];

    if (row->kind == KIND_CHOICE)
        write_cell(out, setting_choices(row, text, sizeof text));
    else if (row->kind == KIND_SIGNAL)
        fprintf(out, "the name of a value that gives %s",
                quantity_name((enum quantity)row->quantity));
    else if (row->kind == KIND_FORECAST)
        fprintf(out, "the name of a forecast of %s", quantity_name((enum quantity)row->quantity));
    else
        write_cell(out, setting_noun(row));
}

static void write_default(FILE *out, const struct setting *row)
{
    if (row->need == NEED_REQUIRED)
        fputs("*required*", out);
    else if (row->need == NEED_OPTIONAL)
        fputs("optional", out);
    else if (row->kind == KIND_GROUPS || row->kind == KIND_SOURCES)
        fputs("none", out);
    else
        fprintf(out, row->fallback[0] == '\0' ? "empty%s" : "`%s`", row->fallback);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tables are */
static void write_rows(FILE *out, const struct setting *rows)
{
    char range[120];

    fputs("\n| setting | value | range | default | meaning |\n|---|---|---|---|---|\n", out);
    for (const struct setting *row = rows; row->name != NULL; row++) {
        fprintf(out, "| `%s` | ", row->name);
        write_kind(out, row);
        fprintf(out, " | %s | ", setting_range(row, range, sizeof range));
        write_default(out, row);
        fputs(" | ", out);
        write_cell(out, row->help);
        fputs(" |\n", out);
    }
    for (const struct setting *row = rows; row->name != NULL; row++) {
        if (row->kind != KIND_GROUPS && row->kind != KIND_TABLE)
            continue;
        fprintf(out,
                row->kind == KIND_TABLE ? "\nEach entry of `%s` is a list of these, in order:\n"
                                        : "\nEach group of `%s`:\n",
                row->name);
        write_rows(out, row->group);
    }
}

/* ---------------------------------------------------------------- the manuals */

static void write_drivers(FILE *out, const struct driver_schema *drivers, enum role role)
{
    static const char *const nouns[ROLE_COUNT] = {
        "meter", "signal", "forecast", "source of events", "actuator", "scheduler"};

    for (const struct driver_schema *s = drivers; s != NULL && s->driver != NULL; s++) {
        if (s->role != role)
            continue;
        fprintf(out, "\n### A %s with `driver = \"%s\"`\n", nouns[role], s->driver);
        if (s->settings == NULL || s->settings->name == NULL)
            fputs("\nNo further settings.\n", out);
        else
            write_rows(out, s->settings);
    }
}

void write_site_reference(FILE *out, const struct driver_schema *drivers)
{
    fputs(site_intro, out);
    write_writing(out);
    fputs(ranges, out);
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const struct section *s = &site_sections[i];

        fprintf(out, "\n## `%s`\n\n%s %s%s.\n", s->name, s->help,
                s->list ? "A list of groups" : "One group", s->required ? ", required" : "");
        write_rows(out, s->rows);
        if (s->role != ROLE_COUNT)
            write_drivers(out, drivers, s->role);
    }
    fputs("\n## Device profiles\n\nA file `NAME.cfg` in the site's `devices/`, or among the "
          "shipped ones, with one"
          "\ngroup `profile = { ... };`. Import into the site is positive.\n",
          out);
    write_rows(out, profile_settings);
}

void write_policy_reference(FILE *out)
{
    fputs(policy_intro, out);
    write_writing(out);
    fputs("\n## Every policy\n", out);
    write_rows(out, policy_settings);
    fputs("\n## The kinds\n\n| kind | what it does |\n|---|---|\n", out);
    for (const struct policy_kind *const *k = policy_kinds; *k != NULL; k++) {
        fprintf(out, "| [`%s`](../policies/%s.md) | ", (*k)->name, (*k)->name);
        write_cell(out, (*k)->summary);
        fputs(" |\n", out);
    }
    fputs("\n`capstan reference policy KIND` prints one.\n", out);
}

void write_policy_page(FILE *out, const struct policy_kind *kind, const char *example)
{
    fprintf(out,
            "# `%s`\n\n%s\n\nMade from the table that checks the file; how values are written "
            "and how policies go together:\n[the policy file](../reference/policy-file.md).\n",
            kind->name, kind->summary);
    if (kind->manual != NULL)
        fprintf(out, "\n## What it does\n\n%s\n", kind->manual);
    fputs("\n## Settings\n", out);
    if (kind->always_on)
        fputs("\nAlways on; it does not stand in a policy file.\n", out);
    else
        write_rows(out, kind->settings);
    if (example != NULL)
        fprintf(out,
                "\n## An example\n\n`config/policies/%s.cfg`, for the site of "
                "`config/site.cfg`:\n\n```\n%s```\n",
                kind->name, example);
}
