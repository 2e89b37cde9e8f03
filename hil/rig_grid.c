/* The grid.cfg of the run folder is played as soon as it is there, and from its beginning whenever it is written anew. A
 * file with mistakes is told, and changes nothing. */
#include "hil/rig.h"

#include "config/diagnostics.h"
#include "platform/clock.h"

#include <stdio.h>
#include <sys/stat.h>

static const int64_t look_every_ns = 500 * NS_PER_MS;

void rig_grid_start(struct rig *rig) { rig->grid.runs = true; }

static bool load(const char *path, struct grid_play **play)
{
    struct diagnostics found = {0};
    bool ok = grid_play_load(path, play, &found);
    char line[1024];

    for (size_t i = 0; i < found.count; i++)
        fprintf(stderr, "%s\n", diagnostic_line(&found.item[i], line, sizeof line));
    diagnostics_free(&found);
    return ok;
}

static bool written_anew(struct rig_grid *grid, const char *path)
{
    struct stat now;

    if (stat(path, &now) != 0 ||
        (now.st_ino == grid->file.st_ino && now.st_size == grid->file.st_size &&
         now.st_mtim.tv_sec == grid->file.st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == grid->file.st_mtim.tv_nsec))
        return false;
    grid->file = now;
    return true;
}

static void look(struct rig *rig)
{
    struct rig_grid *grid = &rig->grid;
    struct grid_play *play = NULL;
    char path[RUN_PATH_BYTES];

    rig_path(rig, "grid.cfg", path);
    if (!written_anew(grid, path) || !load(path, &play))
        return;
    grid_play_free(grid->play);
    grid->play = play;
    grid->begun_ns = rig->stepped_ns;
    grid->begun_utc_s = clock_wall_ms() / 1000;
    grid->at_ns = -1;
}

void rig_grid_step(struct rig *rig)
{
    struct rig_grid *grid = &rig->grid;
    int64_t at_ns = 0;

    if (!grid->runs)
        return;
    if (rig->stepped_ns >= grid->look_ns) {
        grid->look_ns = rig->stepped_ns + look_every_ns;
        look(rig);
    }
    if (grid->play == NULL)
        return;
    at_ns = rig->stepped_ns - grid->begun_ns;
    grid_play_step(grid->play, rig->mqtt, grid->begun_utc_s, grid->at_ns, at_ns);
    grid->at_ns = at_ns;
}
