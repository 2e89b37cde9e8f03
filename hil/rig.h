/* hil/rig.h - a simulated site on real protocols: the plant, its faces, the folder of a run, one loop.
 *
 *     plant --meters--> Modbus TCP     plant --carbon--> MQTT     agents <--caps, power--> mapped file
 *
 * The plant moves on in steps of RIG_STEP_NS of real time. Everything runs on the loop's thread. */
#ifndef HIL_RIG_H
#define HIL_RIG_H

#include "hil/face_modbus.h"
#include "hil/face_mqtt.h"
#include "hil/face_registers.h"
#include "hil/grid_play.h"
#include "hil/processes.h"
#include "hil/run_folder.h"
#include "plant/plant.h"

#include <sys/stat.h>
#include <uv.h>

#define RIG_STEP_NS (50 * NS_PER_MS)

struct rig_options {
    const char *site_file;  /* its folder is copied into the run folder */
    const char *run_folder; /* NULL: a new one below the temporary folder */
    const char *broker_url; /* NULL: a mosquitto of our own */
    struct plant_settings plant;
    /* After each step of the plant; NULL: nobody listens. */
    void (*stepped)(void *context, int64_t dt_ns);
    /* SIGINT or SIGTERM came. NULL: the loop is stopped. */
    void (*interrupted)(void *context);
    void *context;
};

/* The play of the run folder's grid.cfg. */
struct rig_grid {
    bool runs;
    struct grid_play *play; /* NULL: none was read yet */
    struct stat file;       /* which file it was read from */
    int64_t look_ns;        /* when to look for a new one */
    int64_t begun_ns, begun_utc_s, at_ns;
};

struct rig {
    struct rig_options options;
    uv_loop_t loop;
    bool loop_open;
    char folder[RUN_PATH_BYTES];
    char broker_url[128];
    struct process broker;
    struct site *site;
    struct plant *plant;
    struct arena arena;
    struct face_modbus *modbus;
    struct face_mqtt *mqtt;
    struct face_registers *registers;
    struct rig_grid grid;
    uv_timer_t step;
    uv_signal_t signal[2];
    int64_t stepped_ns;     /* monotonic: how far the plant is */
    uint64_t steps_dropped; /* real time that the plant could not keep up with */
};

/* Starts all of it; the plant begins to move when the loop runs. On failure nothing stays. The folder stays in
 * any case. */
MUST_USE bool rig_open(struct rig *rig, const struct rig_options *options, struct error *err);

/* Turns the loop until rig_stop. */
void rig_run(struct rig *rig);
void rig_stop(struct rig *rig);

/* Ends the broker, closes everything. Fine on a rig that is half open or zeroed. */
void rig_close(struct rig *rig);

/* A file in the run folder. Returns out[RUN_PATH_BYTES]. */
const char *rig_path(const struct rig *rig, const char *name, char *out);

/* hil/rig_grid.c: from now on the run folder's grid.cfg is played, as soon as it is there and whenever it is written
 * anew. A step of it. */
void rig_grid_start(struct rig *rig);
void rig_grid_step(struct rig *rig);

/* hil/rig_units.c: the units of the site's Modbus meters, as its file lays them out, over the plant. */
MUST_USE bool rig_add_units(struct rig *rig, struct error *err);

/* hil/rig_units.c: the site of the run folder; mistakes are printed on stderr, line by line. */
MUST_USE bool rig_load_site(struct rig *rig, struct error *err);

#endif
