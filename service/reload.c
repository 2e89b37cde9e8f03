#include "service/reload.h"

#include "config/text.h"

#include "platform/clock.h"
#include "platform/log.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SETTLE_MS = 100, LOOK_MS = 2000, LINES_LOGGED = 50 };

/* ---- which files, and what they look like ---------------------------------------------------- */

static void folder_of(const char *path, char out[RELOAD_PATH_BYTES])
{
    char copy[RELOAD_PATH_BYTES];

    snprintf(copy, sizeof copy, "%s", path);
    snprintf(out, RELOAD_PATH_BYTES, "%s", dirname(copy));
}

static void add_file(struct reload *reload, const char *path)
{
    for (size_t f = 0; f < reload->files; f++)
        if (strcmp(reload->file[f], path) == 0)
            return;
    if (reload->files < RELOAD_FILES)
        snprintf(reload->file[reload->files++], RELOAD_PATH_BYTES, "%s", path);
}

/* libconfig's own rule: "@include" first on its line, a path in quotes; relative to the main
 * file. */
static void add_include(struct reload *reload, const char *folder, const char *line)
{
    char path[RELOAD_PATH_BYTES];
    const char *from = NULL, *to = NULL;

    line += strspn(line, " \t");
    if (strncmp(line, "@include", 8) != 0)
        return;
    from = strchr(line, '"');
    to = from != NULL ? strchr(from + 1, '"') : NULL;
    if (to == NULL)
        return;
    from++;
    if (snprintf(path, sizeof path, "%s%s%.*s", *from == '/' ? "" : folder, *from == '/' ? "" : "/",
                 (int)(to - from), from) < (int)sizeof path)
        add_file(reload, path);
}

/* The loader alone knows what a file means; here it is enough to know which files to watch, so an
 * @include in a comment is watched in vain and does no harm. */
static void find_files(struct reload *reload)
{
    char folder[RELOAD_PATH_BYTES], line[2048];

    folder_of(reload->path, folder);
    reload->files = 0;
    add_file(reload, reload->path);
    for (size_t f = 0; f < reload->files;
         f++) { /* grows while files are found; bounded by RELOAD_FILES */
        struct stat info;
        FILE *in = stat(reload->file[f], &info) == 0 && S_ISREG(info.st_mode)
                       ? fopen(reload->file[f], "re")
                       : NULL;

        while (in != NULL && fgets(line, sizeof line, in) != NULL)
            add_include(reload, folder, line);
        if (in != NULL)
            fclose(in);
    }
}

static uint64_t mix(uint64_t mark, uint64_t value)
{
    return (mark ^ value) * UINT64_C(0x100000001b3);
}

static uint64_t look_at_files(const struct reload *reload)
{
    uint64_t mark = UINT64_C(0xcbf29ce484222325);

    for (size_t f = 0; f < reload->files; f++) {
        struct stat info;

        if (stat(reload->file[f], &info) != 0)
            info = (struct stat){0}; /* gone is a look, too */
        mark = mix(mark, (uint64_t)info.st_ino);
        mark = mix(mark, (uint64_t)info.st_size);
        mark = mix(mark, (uint64_t)info.st_mtim.tv_sec);
        mark = mix(mark, (uint64_t)info.st_mtim.tv_nsec);
    }
    return mark;
}

/* ---- loading --------------------------------------------------------------------------------- */

static void log_diagnostics(struct reload *reload, const struct diagnostics *found)
{
    char line[1024];

    for (size_t d = 0; d < found->count; d++) {
        bool is_error = found->item[d].severity == SEVERITY_ERROR;

        diagnostic_line(&found->item[d], line, sizeof line);
        if (is_error && reload->last_error[0] == '\0')
            utf8_shown(line, strlen(line), reload->last_error, sizeof reload->last_error);
        if (d < LINES_LOGGED)
            log_event(is_error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
                      is_error ? "policy.mistake" : "policy.suspicious", "%s", line);
    }
}

void reload_now(struct reload *reload, const char *why)
{
    struct diagnostics found = {0};
    struct policy_set *former = reload->policies, *loaded = NULL;

    find_files(reload);
    reload->loaded_mark = look_at_files(reload);
    reload->last_error[0] = '\0';
    if (load_policies(reload->path, reload->site, &loaded, &found)) {
        log_diagnostics(reload, &found);
        reload->policies = loaded;
        reload->loaded_wall_ms = clock_wall_ms();
        reload->ok++;
        log_event(LOG_LEVEL_NOTICE, "policy.reloaded",
                  "why=\"%s\" policies=%u version=%016llx changed=%s", why, loaded->count,
                  (unsigned long long)loaded->version,
                  loaded->version == former->version ? "no" : "yes");
        reload->apply(reload->context, loaded);
        policy_set_free(former);
    } else {
        diagnostics_sort(&found);
        log_diagnostics(reload, &found);
        reload->failed++;
        log_event(LOG_LEVEL_ERROR, "policy.rejected",
                  "why=\"%s\" mistakes=%zu kept_version=%016llx", why, found.errors,
                  (unsigned long long)former->version);
    }
    diagnostics_free(&found);
}

/* ---- watching -------------------------------------------------------------------------------- */

static void on_settled(uv_timer_t *timer)
{
    struct reload *reload = timer->data;
    uint64_t mark = look_at_files(reload);

    if (mark == reload->loaded_mark)
        return;
    if (mark == reload->pending_mark) {
        reload_now(reload, "file changed");
        return;
    }
    reload->pending_mark = mark;
    uv_timer_start(&reload->settle, on_settled, SETTLE_MS, 0); /* still being written */
}

static void look(struct reload *reload)
{
    if (uv_is_active((uv_handle_t *)&reload->settle))
        return;
    reload->pending_mark = look_at_files(reload);
    if (reload->pending_mark != reload->loaded_mark)
        uv_timer_start(&reload->settle, on_settled, SETTLE_MS, 0);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    (void)status;
    look(event->data);
}

static void on_look(uv_timer_t *timer) { look(timer->data); }

void reload_init(struct reload *reload, uv_loop_t *loop, const struct site *site, const char *path,
                 struct policy_set *policies,
                 void (*apply)(void *context, const struct policy_set *policies), void *context)
{
    *reload = (struct reload){.site = site,
                              .policies = policies,
                              .loaded_wall_ms = clock_wall_ms(),
                              .apply = apply,
                              .context = context};
    snprintf(reload->path, sizeof reload->path, "%s", path);
    find_files(reload);
    reload->loaded_mark = look_at_files(reload);
    uv_timer_init(loop, &reload->settle);
    uv_timer_init(loop, &reload->look);
    reload->settle.data = reload;
    reload->look.data = reload;
}

/* Folders, not files: an editor that writes a new file and renames it leaves a watched file
 * behind. */
static void watch_folder(struct reload *reload, const char *folder)
{
    uv_fs_event_t *event = &reload->folder[reload->folders];

    for (size_t f = 0; f < reload->folders; f++)
        if (strcmp(reload->folder_path[f], folder) == 0)
            return;
    if (reload->folders == RELOAD_FOLDERS)
        return; /* the timer looks at it */
    snprintf(reload->folder_path[reload->folders++], RELOAD_PATH_BYTES, "%s", folder);
    uv_fs_event_init(reload->settle.loop, event);
    event->data = reload;
    if (uv_fs_event_start(event, on_event, folder, 0) != 0)
        log_event(LOG_LEVEL_WARNING, "policy.unwatched", "folder=\"%s\" looked_at_every_ms=%d",
                  folder, LOOK_MS);
}

void reload_start(struct reload *reload)
{
    char folder[RELOAD_PATH_BYTES];

    for (size_t f = 0; f < reload->files; f++) {
        folder_of(reload->file[f], folder);
        watch_folder(reload, folder);
    }
    uv_timer_start(&reload->look, on_look, LOOK_MS, LOOK_MS);
}

void reload_close(struct reload *reload)
{
    uv_close((uv_handle_t *)&reload->settle, NULL);
    uv_close((uv_handle_t *)&reload->look, NULL);
    for (size_t f = 0; f < reload->folders; f++)
        uv_close((uv_handle_t *)&reload->folder[f], NULL);
}

void reload_free(struct reload *reload)
{
    policy_set_free(reload->policies);
    reload->policies = NULL;
}
