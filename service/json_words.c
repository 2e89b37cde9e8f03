#include "service/json_words.h"

#include "service/reload.h"

#include "config/text.h"

#include <math.h>
#include <string.h>
#include <time.h>

json_t *json_number_or_null(bool known, int64_t value)
{
    return known ? json_integer(value) : json_null();
}

json_t *json_seconds(int64_t ns) { return json_real(round((double)ns / 1e6) / 1e3); }

json_t *json_stamp(int64_t wall_ms)
{
    time_t whole_s = (time_t)(wall_ms / 1000);
    struct tm parts;
    char text[32] = "";

    if (gmtime_r(&whole_s, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_string(text);
}

json_t *json_shown(const char *text)
{
    char line[RELOAD_PATH_BYTES];

    return json_string(utf8_shown(text, strlen(text), line, sizeof line));
}
