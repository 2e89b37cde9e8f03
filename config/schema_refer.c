/* Values that are names: of branches, points, sources, forecasts, brokers, device profiles. */
#include "config/schema_value.h"

#include "config/quantity.h"
#include "config/schema.h"
#include "config/setting_text.h"

#include <string.h>

enum { TEXT_BYTES = 200 };

static bool refer(const struct schema *schema, enum setting_kind kind,
                  const struct name_index *index, const config_setting_t *member, uint32_t *value)
{
    const char *text = config_setting_get_string(member);
    const char *near = NULL;

    if (text != NULL && index != NULL) {
        *value = name_find(index, text);
        if (*value != NONE_INDEX)
            return true;
        near = name_nearest(index->name, index->count, text);
    }
    return mistake(schema->reader, member,
                   &(struct mistake){.kind = text == NULL ? ERR_TYPE : ERR_UNKNOWN,
                                     .expected = kind == KIND_SOURCES ? "the name of a source"
                                                                      : kind_noun(kind),
                                     .suggestion = near});
}

static const struct name_index *index_of(const struct schema *schema, enum setting_kind kind)
{
    const struct references *r = schema->references;

    if (r == NULL)
        return NULL;
    return kind == KIND_BRANCH         ? r->branches
           : kind == KIND_SIGNAL       ? r->points
           : kind == KIND_SOURCES      ? r->sources
           : kind == KIND_FORECAST     ? r->forecasts
           : kind == KIND_EVENT_SOURCE ? r->event_sources
                                       : r->brokers;
}

/* What is referred to gives one quantity; QUANTITY_COUNT: it gives none, and any will do. */
static enum quantity quantity_of(const struct schema *schema, enum setting_kind kind,
                                 uint32_t value)
{
    return kind == KIND_SIGNAL     ? schema->references->point[value].quantity
           : kind == KIND_FORECAST ? schema->references->forecast[value].quantity
                                   : QUANTITY_COUNT;
}

bool schema_fill_reference(const struct schema *schema, const struct setting *row,
                           const config_setting_t *member, void *field)
{
    uint32_t value = NONE_INDEX;
    char read[TEXT_BYTES];
    char expected[TEXT_BYTES];
    enum quantity wanted = (enum quantity)row->quantity;
    enum quantity given = QUANTITY_COUNT;

    if (!refer(schema, row->kind, index_of(schema, row->kind), member, &value))
        return false;
    given = quantity_of(schema, row->kind, value);
    if (given != QUANTITY_COUNT && given != wanted) {
        text_of(read, sizeof read, "\"%s\" gives %s", config_setting_get_string(member),
                quantity_name(given));
        text_of(expected, sizeof expected, "one that gives %s", quantity_name(wanted));
        return mistake(schema->reader, member,
                       &(struct mistake){.kind = ERR_TYPE, .read = read, .expected = expected});
    }
    memcpy(field, &value, sizeof value);
    return true;
}

bool schema_fill_profile(const struct schema *schema, const struct setting *row,
                         const config_setting_t *member, void *field)
{
    const char *text = config_setting_get_string(member);
    const struct references *r = schema->references;
    const struct device_profile *profile = NULL;

    if (text == NULL || r == NULL || r->profile == NULL)
        return schema_wrong_type(schema, row, member);
    profile = r->profile(r->context, text, member);
    *(const struct device_profile **)field = profile;
    return profile != NULL;
}

/* One name, or a list or array of them. */
bool schema_fill_sources(const struct schema *schema, const struct setting *row,
                         const config_setting_t *member, void *field)
{
    bool many = config_setting_is_list(member) || config_setting_is_array(member);
    uint32_t count = many ? (uint32_t)config_setting_length(member) : 1;
    uint32_t *index = arena_array(schema->arena, count, uint32_t);
    struct index_list list = {index, count};
    bool ok = true;

    if (!many && config_setting_type(member) != CONFIG_TYPE_STRING)
        return schema_wrong_type(schema, row, member);
    if (count < setting_min(row) || count > setting_max(row))
        return schema_out_of_range(schema, row, member);
    for (uint32_t i = 0; i < count; i++) {
        const config_setting_t *name = many ? config_setting_get_elem(member, i) : member;
        bool known = refer(schema, KIND_SOURCES, index_of(schema, KIND_SOURCES), name, &index[i]);

        for (uint32_t k = 0; known && k < i; k++) {
            if (index[k] == index[i])
                known = mistake(schema->reader, name,
                                &(struct mistake){.kind = ERR_DUPLICATE,

                                                  .expected = "each source once"});
        }
        ok = ok && known;
    }
    memcpy(field, &list, sizeof list);
    return ok;
}
