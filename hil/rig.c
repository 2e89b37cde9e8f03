#include "hil/rig.h"

#include "config/load.h"
#include "hil/broker.h"
#include "platform/clock.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { STEP_MS = 50, STEPS_AT_ONCE_MAX = 40 };

const char *rig_path(const struct rig *rig, const char *name, char *out)
{
    if ((size_t)snprintf(out, RUN_PATH_BYTES, "%s/%s", rig->folder, name) >= RUN_PATH_BYTES)
        out[0] = '\0'; /* nothing has this name; folders are far shorter */
    return out;
}

/* ---------------------------------------------------------------- time */

static void step_once(struct rig *rig)
{
    face_registers_step(rig->registers, rig->plant);
    plant_step(rig->plant, RIG_STEP_NS);
    rig_grid_step(rig);
    if (rig->options.stepped != NULL)
        rig->options.stepped(rig->options.context, RIG_STEP_NS);
}

/* Catches up with real time, but never for longer than a moment: what is behind then is dropped and counted. */
static void on_step(uv_timer_t *timer)
{
    struct rig *rig = timer->data;
    int64_t now_ns = clock_monotonic_ns();
    int steps = 0;

    while (rig->stepped_ns + RIG_STEP_NS <= now_ns && steps++ < STEPS_AT_ONCE_MAX) {
        rig->stepped_ns += RIG_STEP_NS;
        step_once(rig);
    }
    while (rig->stepped_ns + RIG_STEP_NS <= now_ns) {
        rig->stepped_ns += RIG_STEP_NS;
        rig->steps_dropped++;
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct rig *rig = handle->data;

    (void)number;
    if (rig->options.interrupted != NULL)
        rig->options.interrupted(rig->options.context);
    else
        rig_stop(rig);
}

static void start_loop(struct rig *rig)
{
    static const int numbers[] = {SIGINT, SIGTERM};

    uv_loop_init(&rig->loop);
    rig->loop_open = true;
    uv_timer_init(&rig->loop, &rig->step);
    rig->step.data = rig;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        uv_signal_init(&rig->loop, &rig->signal[i]);
        rig->signal[i].data = rig;
        uv_signal_start(&rig->signal[i], on_signal, numbers[i]);
    }
}

/* ---------------------------------------------------------------- start */

static bool start_broker(struct rig *rig, struct error *err)
{
    uint16_t port = 0;

    if (rig->options.broker_url != NULL) {
        snprintf(rig->broker_url, sizeof rig->broker_url, "%s", rig->options.broker_url);
        return true;
    }
    if (!run_broker_start(&rig->broker, rig->folder, &port, err))
        return false;
    snprintf(rig->broker_url, sizeof rig->broker_url, "tcp://127.0.0.1:%u", port);
    return true;
}

static bool open_plant(struct rig *rig, struct error *err)
{
    char path[RUN_PATH_BYTES];

    rig->plant = plant_create(rig->site, &rig->options.plant);
    plant_step(rig->plant, RIG_STEP_NS); /* so that the meters have something to show */
    return rig_add_units(rig, err) &&
           face_registers_open(&rig->registers, rig_path(rig, "registers", path), rig->site, err) &&
           face_mqtt_open(&rig->mqtt, &rig->loop, rig->broker_url, rig->plant, err);
}

bool rig_open(struct rig *rig, const struct rig_options *options, struct error *err)
{
    *rig = (struct rig){.options = *options};
    start_loop(rig);
    if (run_folder_make(options->run_folder, rig->folder, err) &&
        run_folder_copy(rig->folder, options->site_file, err) && start_broker(rig, err) &&
        face_modbus_open(&rig->modbus, &rig->loop, 0, err) &&
        run_folder_connect(rig->folder, face_modbus_port(rig->modbus), rig->broker_url, err) &&
        rig_load_site(rig, err) && open_plant(rig, err))
        return true;
    rig_close(rig);
    return false;
}

void rig_run(struct rig *rig)
{
    rig->stepped_ns = clock_monotonic_ns();
    uv_timer_start(&rig->step, on_step, STEP_MS, STEP_MS);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
}

void rig_stop(struct rig *rig)
{
    uv_timer_stop(&rig->step);
    uv_stop(&rig->loop);
}

/* ---------------------------------------------------------------- end */

static void close_loop(struct rig *rig)
{
    if (!rig->loop_open)
        return;
    uv_close((uv_handle_t *)&rig->step, NULL);
    for (size_t i = 0; i < COUNT(rig->signal); i++)
        uv_close((uv_handle_t *)&rig->signal[i], NULL);
    uv_run(&rig->loop, UV_RUN_DEFAULT); /* ends when the last handle has closed */
    uv_loop_close(&rig->loop);
    rig->loop_open = false;
}

void rig_close(struct rig *rig)
{
    enum { BROKER_LIMIT_MS = 3000 };

    face_mqtt_close(rig->mqtt);
    face_modbus_close(rig->modbus);
    close_loop(rig);
    face_registers_close(rig->registers);
    grid_play_free(rig->grid.play);
    plant_free(rig->plant);
    site_free(rig->site);
    arena_free(&rig->arena);
    processes_stop(&rig->broker, 1, BROKER_LIMIT_MS);
    *rig = (struct rig){0};
}
