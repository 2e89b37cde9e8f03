/* The file is small JSON,
 * {"version":1,"site":"demo","epoch":8,"remainder_w":{"rack01-gpu1":412},"policies":{...}}: a node
 * that the site no longer has is forgotten, one that it has and the file lacks is unknown. */
#include "service/state.h"

#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_VERSION = 1, STATE_MAX_BYTES = 64 << 20, PATH_BYTES = 600 };

/* The wire carries epochs up to 2^53. What is read leaves room for this many starts; what is taken
 * over from another controller leaves it twice, so that the starts after it can be read, too. */
#define STARTS_LEFT INT64_C(1000000)
#define EPOCH_MOST ((INT64_C(1) << 53) - STARTS_LEFT)
#define EPOCH_MOST_SEEN (EPOCH_MOST - STARTS_LEFT)

static void state_path(const struct state *state, const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s/%s", state->folder, name);
}

/* ---- the folder ------------------------------------------------------------------------------ */

static bool make_folders(const char *folder, struct error *err)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s", folder);
    for (char *at = path + 1;; at++) {
        char cut = *at;

        if (cut != '/' && cut != '\0')
            continue;
        *at = '\0';
        if (mkdir(path, 0750) != 0 && errno != EEXIST)
            return failure(err, ERR_IO, path, "a folder for the controller's state", "%s",
                           strerror(errno));
        *at = cut;
        if (cut == '\0')
            return true;
    }
}

/* The kernel gives the lock back when the process ends, however it ends. */
static bool lock_folder(struct state *state, struct error *err)
{
    char path[PATH_BYTES];

    state_path(state, "lock", path, sizeof path);
    state->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (state->lock < 0)
        return failure(err, ERR_IO, path, "a lock file", "%s", strerror(errno));
    if (flock(state->lock, LOCK_EX | LOCK_NB) != 0)
        return failure(err, ERR_CONFLICT, path, "one controller to a state folder",
                       "another one that is running");
    return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_remainders(const json_t *map, const struct site *site, int64_t remainder_w[],
                            const char *path, struct error *err)
{
    for (uint32_t n = 0; n < site->nodes.count; n++) {
        const json_t *value = json_object_get(map, site->nodes.name[n]);

        if (value == NULL)
            continue;
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            json_integer_value(value) > LIMIT_MAX_W)
            return failure(err, ERR_RANGE, path, "whole watts, 0 .. 2 GW", "remainder_w.%s",
                           site->nodes.name[n]);
        remainder_w[n] = json_integer_value(value);
    }
    return true;
}

static bool read_document(json_t *root, const struct site *site, const char *path,
                          uint64_t *stored_epoch, struct state *state, struct error *err)
{
    const json_t *version = json_object_get(root, "version");
    const json_t *epoch = json_object_get(root, "epoch");
    const json_t *map = json_object_get(root, "remainder_w");
    json_t *policies = json_object_get(root, "policies");

    if (!json_is_integer(version) || json_integer_value(version) != STATE_VERSION)
        return failure(err, ERR_PROTOCOL, path, "version 1", "another or none");
    if (!json_is_integer(epoch) || json_integer_value(epoch) < 0 ||
        json_integer_value(epoch) > EPOCH_MOST)
        return failure(err, ERR_RANGE, path, "an epoch of 0 .. 2^53 - 10^6", "another or none");
    if (map != NULL && !json_is_object(map))
        return failure(err, ERR_TYPE, path, "remainder_w as an object", "something else");
    if (policies != NULL && !json_is_object(policies))
        return failure(err, ERR_TYPE, path, "policies as an object", "something else");
    if (!read_remainders(map, site, state->remainder_w, path, err))
        return false;
    state_keep(state, json_incref(policies)); /* which takes NULL, too */
    *stored_epoch = (uint64_t)json_integer_value(epoch);
    return true;
}

static bool read_file(const char *path, const struct site *site, uint64_t *stored_epoch,
                      struct state *state, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    json_error_t at;
    json_t *root = NULL;
    bool ok = false;

    if (!file_read(path, STATE_MAX_BYTES, &text, &length, err))
        return false;
    root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &at);
    free(text);
    if (root == NULL)
        return failure(err, ERR_SYNTAX, path, "JSON", "line %d: %s", at.line, at.text);
    ok = read_document(root, site, path, stored_epoch, state, err);
    json_decref(root);
    return ok;
}

static void forget_remainders(struct state *state, const struct site *site)
{
    for (uint32_t n = 0; n < site->nodes.count; n++)
        state->remainder_w[n] = -1;
}

/* Gives the epoch to go on with. A damaged file stays for whoever wants to know what happened to
 * it. */
static void load(struct state *state, const struct site *site, int64_t wall_ms)
{
    char path[PATH_BYTES];
    uint64_t stored = 0;

    state_path(state, "state.json", path, sizeof path);
    forget_remainders(state, site);
    if (access(path, F_OK) != 0) {
        state->origin = STATE_MISSING;
    } else if (read_file(path, site, &stored, state, &state->damage)) {
        state->origin = STATE_STORED;
        state->epoch = stored + 1;
        return;
    } else {
        state->origin = STATE_DAMAGED;
        forget_remainders(state, site);
        snprintf(state->aside, sizeof state->aside, "%.550s/state.json.damaged-%lld", state->folder,
                 (long long)(wall_ms / 1000));
        if (rename(path, state->aside) != 0)
            state->aside[0] = '\0'; /* it is overwritten then; the error says what it was */
    }
    state->epoch = wall_ms >= 1000 ? (uint64_t)(wall_ms / 1000) : 1;
}

/* ---- the public verbs ------------------------------------------------------------------------ */

bool state_open(struct state *state, const char *folder, const struct site *site, int64_t wall_ms,
                struct arena *arena, struct error *err)
{
    *state = (struct state){.lock = -1};
    if (folder[0] == '\0' || strlen(folder) >= sizeof state->folder)
        return failure(err, ERR_RANGE, "state folder", "a path of 1 .. 511 bytes", "%zu bytes",
                       strlen(folder));
    snprintf(state->folder, sizeof state->folder, "%s", folder);
    state->remainder_w = arena_array(arena, site->nodes.count, int64_t);
    if (!make_folders(folder, err) || !lock_folder(state, err))
        return false;
    load(state, site, wall_ms);
    return state_save(state, site, state->remainder_w, err);
}

bool state_outrank(struct state *state, uint64_t seen_epoch)
{
    if (seen_epoch > (uint64_t)EPOCH_MOST_SEEN)
        return false;
    if (seen_epoch > state->outrank)
        state->outrank = seen_epoch;
    return true;
}

void state_keep(struct state *state, json_t *memory)
{
    json_decref(state->memory);
    state->memory = memory;
}

bool state_save(struct state *state, const struct site *site, const int64_t remainder_w[],
                struct error *err)
{
    uint64_t epoch = state->outrank > state->epoch ? state->outrank : state->epoch;
    char path[PATH_BYTES];
    json_t *map = json_object();
    json_t *root = json_pack("{s:i, s:s, s:I, s:O}", "version", STATE_VERSION, "site", site->name,
                             "epoch", (json_int_t)epoch, "remainder_w", map);
    char *text = NULL;
    bool ok = false;

    for (uint32_t n = 0; n < site->nodes.count; n++)
        if (remainder_w[n] >= 0)
            json_object_set_new(map, site->nodes.name[n], json_integer(remainder_w[n]));
    if (state->memory != NULL)
        json_object_set(root, "policies", state->memory);
    text = json_dumps(root, JSON_INDENT(1));
    json_decref(map);
    json_decref(root);
    state_path(state, "state.json", path, sizeof path);
    if (text == NULL)
        ok = failure(err, ERR_SYNTAX, path, "names in UTF-8", "one that is not");
    else
        ok = file_write_atomic(path, text, strlen(text), err);
    free(text);
    *(ok ? &state->saves : &state->saves_failed) += 1;
    return ok;
}

void state_close(struct state *state)
{
    if (state->lock >= 0)
        close(state->lock);
    state->lock = -1;
    state_keep(state, NULL);
}
