/* Device profiles: files of config/devices/, one a kind of device, that say what its registers hold. */
#include "config/load.h"
#include "config/profile_schema.h"
#include "config/schema.h"
#include "config/site_load.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LISTED_MAX = 200 };

/* ---------------------------------------------------------------- the schema */

struct register_entry {
    int quantity;
    int64_t function, address;
    int type;
    double scale;
    int64_t scale_address;
    bool scale_given;
    const char *sentinel; /* NULL when not given */
};

struct profile_entry {
    const char *vendor, *model, *source;
    int words;
    int64_t max_registers, max_gap, sunspec_model;
    bool sunspec_given;
    struct group_list registers;
};

/* clang-format off */
static const char *const word_orders[] = {"high_first", "low_first", NULL};
static const char *const register_types[] = {"u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", NULL};
static const char *const quantity_names[] = {
#define NAME(id, name, unit, min, max) name,
    QUANTITIES(NAME)
#undef NAME
    NULL};

_Static_assert(REGISTER_U16 == 0 && REGISTER_F64 == 7, "the order of register_types[]");
_Static_assert(WORDS_HIGH_FIRST == 0 && WORDS_LOW_FIRST == 1, "the order of word_orders[]");

#define AT(field) offsetof(struct register_entry, field)
static const struct setting register_settings[] = {
    {.name = "quantity", .kind = KIND_CHOICE, .need = NEED_REQUIRED, .choices = quantity_names, .at = AT(quantity),
     .help = "what the register holds"},
    {.name = "function", .kind = KIND_INTEGER, .need = NEED_DEFAULT, .min = 3, .max = 4, .fallback = "3", .at = AT(function),
     .help = "3: holding registers, 4: input registers"},
    {.name = "address", .kind = KIND_INTEGER, .need = NEED_REQUIRED, .min = 0, .max = 65535, .at = AT(address),
     .help = "as sent on the wire, from 0; with sunspec_model, from the model's ID register"},
    {.name = "type", .kind = KIND_CHOICE, .need = NEED_REQUIRED, .choices = register_types, .at = AT(type),
     .help = "unsigned, signed or float, and its bits"},
    {.name = "scale", .kind = KIND_NUMBER, .need = NEED_DEFAULT, .min = -1e9, .max = 1e9, .fallback = "1", .at = AT(scale),
     .help = "raw value times this is in the quantity's unit; negative turns the sign around"},
    {.name = "scale_register", .kind = KIND_INTEGER, .need = NEED_OPTIONAL, .min = 0, .max = 65535, .at = AT(scale_address), .given_at = AT(scale_given),
     .help = "address of a signed register whose power of ten multiplies the value (SunSpec)"},
    {.name = "sentinel", .kind = KIND_TEXT, .need = NEED_OPTIONAL, .min = 3, .max = 18, .at = AT(sentinel),
     .help = "raw bits that mean `not available`, in hexadecimal: \"0x8000\""},
    {0},
};
#undef AT

#define AT(field) offsetof(struct profile_entry, field)
const struct setting profile_settings[] = {
    {.name = "vendor", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 63, .at = AT(vendor),
     .help = "who makes the device"},
    {.name = "model", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 127, .at = AT(model),
     .help = "its name or series"},
    {.name = "source", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 500, .at = AT(source),
     .help = "the document that the map was taken from"},
    {.name = "words", .kind = KIND_CHOICE, .need = NEED_DEFAULT, .fallback = "high_first", .choices = word_orders, .at = AT(words),
     .help = "order of the registers of a value that spans several"},
    {.name = "max_registers", .kind = KIND_INTEGER, .need = NEED_DEFAULT, .min = 4, .max = 125, .fallback = "125", .at = AT(max_registers),
     .help = "most registers of one read"},
    {.name = "max_gap", .kind = KIND_INTEGER, .need = NEED_DEFAULT, .min = 0, .max = 124, .fallback = "0", .at = AT(max_gap),
     .help = "most unused registers that a read may span"},
    {.name = "sunspec_model", .kind = KIND_INTEGER, .need = NEED_OPTIONAL, .min = 1, .max = 65534, .at = AT(sunspec_model), .given_at = AT(sunspec_given),
     .help = "SunSpec model, found by walking the chain, in which the registers lie"},
    {.name = "registers", .kind = KIND_GROUPS, .need = NEED_REQUIRED, .min = 1, .max = 200, .at = AT(registers),
     .group = register_settings, .group_size = sizeof(struct register_entry), .help = "one group for each value"},
    {0},
};
#undef AT
/* clang-format on */

/* ---------------------------------------------------------------- registers */

static bool parse_sentinel(const char *text, enum register_type type, uint64_t *bits)
{
    unsigned digits = register_words(type) * 4U;
    char *end = NULL;

    if (strncmp(text, "0x", 2) != 0 || strlen(text) > 2 + digits ||
        !isxdigit((unsigned char)text[2]))
        return false;
    *bits = strtoull(text, &end, 16);
    return *end == '\0';
}

static void take_register(const struct reader *reader, const config_setting_t *at,
                          const struct register_entry *e, struct profile_register *out)
{
    char expected[100];

    *out = (struct profile_register){
        .quantity = (enum quantity)e->quantity,
        .function_code = (uint8_t)e->function,
        .address = (uint16_t)e->address,
        .type = (enum register_type)e->type,
        .scale = e->scale,
        .has_scale_register = e->scale_given,
        .scale_address = (uint16_t)e->scale_address,
        .has_sentinel = e->sentinel != NULL,
    };
    if (e->sentinel != NULL && !parse_sentinel(e->sentinel, out->type, &out->sentinel))
        mistake(reader, at,
                &(struct mistake){.kind = ERR_SYNTAX,
                                  .member = "sentinel",

                                  .expected = text_of(expected, sizeof expected,
                                                      "0x and at most %d hexadecimal digits",
                                                      register_words(out->type) * 4)});
    if (e->address + register_words(out->type) > 65536)
        mistake(reader, at,
                &(struct mistake){.kind = ERR_RANGE,
                                  .member = "address",
                                  .read = "a value that runs past register 65535",
                                  .expected = "an address that leaves room for the type"});
    if (e->scale == 0)
        mistake(reader, at,
                &(struct mistake){.kind = ERR_RANGE,
                                  .member = "scale",

                                  .expected = "a number other than 0"});
}

static const struct profile_register *take_registers(const struct schema *schema,
                                                     const config_setting_t *list,
                                                     const struct group_list *entries)
{
    const struct register_entry *entry = entries->item;
    struct profile_register *reg =
        arena_array(schema->arena, entries->count, struct profile_register);
    bool seen[QUANTITY_COUNT] = {false};

    for (uint32_t i = 0; i < entries->count; i++) {
        const config_setting_t *at = config_setting_get_elem(list, i);

        take_register(schema->reader, at, &entry[i], &reg[i]);
        if (seen[reg[i].quantity])
            mistake(schema->reader, at,
                    &(struct mistake){.kind = ERR_DUPLICATE,
                                      .member = "quantity",

                                      .expected = "one register for each quantity"});
        seen[reg[i].quantity] = true;
    }
    return reg;
}

/* ---------------------------------------------------------------- a profile */

static const char *profile_name(const char *path, struct arena *arena)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strstr(name, ".cfg");

    return arena_text(arena, name, dot != NULL ? (size_t)(dot - name) : strlen(name));
}

static void build_profile(const struct schema *schema, const char *name,
                          const config_setting_t *group, struct device_profile *out)
{
    struct profile_entry e = {0};
    const struct schema_part part = {profile_settings, &e};

    if (!schema_fill(schema, group, &part, 1))
        return;
    *out = (struct device_profile){
        .name = profile_name(name, schema->arena),
        .vendor = e.vendor,
        .model = e.model,
        .source = e.source,
        .words = (enum word_order)e.words,
        .max_registers = (uint16_t)e.max_registers,
        .max_gap = (uint16_t)e.max_gap,
        .sunspec = e.sunspec_given,
        .sunspec_model = (uint16_t)e.sunspec_model,
        .registers = e.registers.count,
        .reg = take_registers(schema, config_setting_get_member(group, "registers"), &e.registers),
    };
}

static bool finish_profile(struct reader *reader, const char *name, struct arena *arena,
                           struct device_profile *out)
{
    static const char *const sections[] = {"profile"};
    const struct schema schema = {reader, arena, NULL};
    const config_setting_t *root = config_root_setting(&reader->config);
    const config_setting_t *group = config_setting_get_member(root, "profile");

    *out = (struct device_profile){0};
    schema_names(&schema, root, sections, COUNT(sections));
    if (group == NULL)
        mistake(reader, root,
                &(struct mistake){.kind = ERR_MISSING,
                                  .member = "profile",
                                  .read = "is missing",
                                  .expected = "a group { ... }"});
    else
        build_profile(&schema, name, group, out);
    return reader_clean(reader);
}

bool load_profile(const char *path, struct arena *arena, struct device_profile *out,
                  struct diagnostics *found)
{
    struct reader reader;
    bool ok = reader_open(&reader, path, found) && finish_profile(&reader, path, arena, out);

    reader_close(&reader);
    return ok;
}

bool load_profile_text(const char *name, const char *text, size_t size, struct arena *arena,
                       struct device_profile *out, struct diagnostics *found)
{
    struct reader reader;
    bool ok = reader_open_text(&reader, name, text, size, found) &&
              finish_profile(&reader, name, arena, out);

    reader_close(&reader);
    return ok;
}

/* ---------------------------------------------------------------- finding one by name */

const char *config_profile_folder(void)
{
    const char *folder = getenv("CAPSTAN_DEVICES");

    if (folder != NULL && folder[0] != '\0')
        return folder;
    return access(CAPSTAN_DEVICES_INSTALLED, R_OK) == 0 ? CAPSTAN_DEVICES_INSTALLED
                                                        : CAPSTAN_DEVICES_SOURCE;
}

static bool name_is_plain(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && strchr("-_.", *at) == NULL)
            return false;
    }
    return name[0] != '\0' && name[0] != '.' && strlen(name) < 64;
}

static const char *shipped_folder(const struct site_load *load)
{
    return load->options->profile_folder != NULL ? load->options->profile_folder
                                                 : config_profile_folder();
}

/* The site's own devices/ first, then the shipped ones. */
static bool profile_path(const struct site_load *load, const char *name, char *path, size_t size)
{
    text_of(path, size, "%sdevices/%s.cfg", load->folder, name);
    if (access(path, F_OK) == 0)
        return true;
    text_of(path, size, "%s/%s.cfg", shipped_folder(load), name);
    return access(path, F_OK) == 0;
}

static int is_profile(const struct dirent *entry)
{
    const char *dot = strstr(entry->d_name, ".cfg");

    return dot != NULL && dot != entry->d_name && dot[4] == '\0' ? 1 : 0;
}

/* The names of a folder's profiles in order, in the scratch arena; *count rises to LISTED_MAX at most. */
static void list_profiles(struct site_load *load, const char *path, const char **listed,
                          size_t *count)
{
    struct dirent **entry = NULL;
    int entries = scandir(path, &entry, is_profile, alphasort);

    for (int i = 0; i < entries; i++) {
        const char *name = entry[i]->d_name;

        if (*count < LISTED_MAX)
            listed[(*count)++] =
                arena_text(&load->scratch, name, (size_t)(strstr(name, ".cfg") - name));
        free(entry[i]);
    }
    free(entry);
}

/* The profile whose name is nearest. */
static const char *nearest_profile(struct site_load *load, const char *name)
{
    const char *listed[LISTED_MAX];
    char path[PATH_MAX];
    size_t count = 0;

    list_profiles(load, text_of(path, sizeof path, "%sdevices", load->folder), listed, &count);
    list_profiles(load, shipped_folder(load), listed, &count);
    return name_nearest(listed, count, name);
}

static const struct device_profile *load_named(struct site_load *load, const char *name,
                                               const config_setting_t *at)
{
    struct device_profile *profile = arena_array(load->schema.arena, 1, struct device_profile);
    char path[PATH_MAX];

    if (name_is_plain(name) && profile_path(load, name, path, sizeof path))
        return load_profile(path, load->schema.arena, profile, load->reader.found) ? profile : NULL;
    mistake(&load->reader, at,
            &(struct mistake){
                .kind = ERR_UNKNOWN,
                .expected =
                    "the name of a file in the site's devices/ or the shipped ones, without .cfg",
                .suggestion = nearest_profile(load, name)});
    return NULL;
}

const struct device_profile *find_profile(void *context, const char *name,
                                          const config_setting_t *at)
{
    struct site_load *load = context;
    uint32_t known = name_find(&load->profiles, name);

    if (known != NONE_INDEX)
        return load->profile[known];
    if (load->profile_count == PROFILES_MAX) {
        mistake(&load->reader, at,
                &(struct mistake){.kind = ERR_FULL, .expected = "at most 256 profiles"});
        return NULL;
    }
    load->profile[load->profile_count] = load_named(load, name, at);
    (void)name_add(&load->profiles, arena_text(&load->scratch, name, strlen(name)),
                   load->profile_count, NULL);
    return load->profile[load->profile_count++];
}
