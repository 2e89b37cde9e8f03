/* service/json_words.h - the small words of a status: numbers that may be unknown, times, texts. */
#ifndef SERVICE_JSON_WORDS_H
#define SERVICE_JSON_WORDS_H

#include "model/base.h"

#include <jansson.h>

/* All give a new value. */
json_t *json_number_or_null(bool known, int64_t value);
json_t *json_seconds(int64_t ns);    /* to the millisecond */
json_t *json_stamp(int64_t wall_ms); /* "2026-11-24T23:05:11Z" */

/* Texts that were put together here or come from outside, and may be cut inside a character: jansson
 * makes nothing of broken UTF-8, and a member made of nothing is missing. */
json_t *json_shown(const char *text);

#endif
