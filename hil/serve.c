#include "hil/serve.h"

#include "hil/exit_code.h"
#include "hil/rig.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>

/* Written last: who waits for it finds everything else in place. */
static bool write_ready(const struct rig *rig, struct error *err)
{
    char path[RUN_PATH_BYTES];
    char text[256];
    int length = snprintf(text, sizeof text, "modbus 127.0.0.1:%u\nbroker %s\n",
                          face_modbus_port(rig->modbus), rig->broker_url);

    return file_write_atomic(rig_path(rig, "ready", path), text, (size_t)length, err);
}

int serve_run(const struct serve_options *options)
{
    static struct rig rig;
    struct error err;
    char line[600];
    struct rig_options open = {
        .site_file = options->site_file,
        .run_folder = options->run_folder,
        .broker_url = options->broker_url,
        .plant = plant_settings_default(options->seed),
    };

    open.plant.start_hour = options->start_hour;
    open.plant.hours_per_s = 24 / options->day_seconds;
    if (!rig_open(&rig, &open, &err) || !write_ready(&rig, &err)) {
        fprintf(stderr, "capstan-rig: %s\n", error_line(&err, line, sizeof line));
        rig_close(&rig);
        return EXIT_NOT_RUN;
    }
    plant_jobs(rig.plant, 1);
    plant_day(rig.plant, true);
    rig_grid_start(&rig);
    printf("run folder: %s\nmodbus: 127.0.0.1:%u\nbroker: %s\nregisters: %s/registers\n",
           rig.folder, face_modbus_port(rig.modbus), rig.broker_url, rig.folder);
    fflush(stdout);
    rig_run(&rig);
    rig_close(&rig);
    return EXIT_KEPT;
}
