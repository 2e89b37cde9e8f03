/* service/reload.h - the policies in force, and the files that they come from.
 *
 * A change of the policy file or of a file that it includes, or SIGHUP, loads the whole file anew:
 * a good one takes over at once, a bad one is reported line by line and changes nothing. A file
 * that is still being written is waited for (100 ms without a change). */
#ifndef SERVICE_RELOAD_H
#define SERVICE_RELOAD_H

#include "config/load.h"

#include <uv.h>

enum { RELOAD_FILES = 32, RELOAD_FOLDERS = 8, RELOAD_PATH_BYTES = 1024 };

struct reload {
    const struct site *site;
    char path[RELOAD_PATH_BYTES];
    struct policy_set *policies; /* in force; never NULL */
    int64_t loaded_wall_ms;
    uint64_t ok, failed;
    char last_error[700]; /* the first line of the last failure; empty after a good load */

    /* Takes the new set into use before it returns; the old one is then freed. */
    void (*apply)(void *context, const struct policy_set *policies);
    void *context;

    char file[RELOAD_FILES][RELOAD_PATH_BYTES]; /* the policy file and what it includes */
    size_t files;
    uint64_t loaded_mark,
        pending_mark; /* what the files looked like: when loaded, when last looked at */
    uv_fs_event_t folder[RELOAD_FOLDERS];
    char folder_path[RELOAD_FOLDERS][RELOAD_PATH_BYTES];
    size_t folders;
    uv_timer_t settle, look; /* after an event; and now and then, for file systems without events */
};

/* Takes over `policies`, which was loaded from `path`; reload_close frees them. */
void reload_init(struct reload *reload, uv_loop_t *loop, const struct site *site, const char *path,
                 struct policy_set *policies,
                 void (*apply)(void *context, const struct policy_set *policies), void *context);
void reload_start(struct reload *reload);

/* Loads now, whatever the files' times say: SIGHUP. */
void reload_now(struct reload *reload, const char *why);

/* Closes the handles; they are gone when the loop has turned. */
void reload_close(struct reload *reload);
/* Frees the policies, once nobody uses them. */
void reload_free(struct reload *reload);

#endif
