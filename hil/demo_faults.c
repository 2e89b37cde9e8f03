#include "hil/faults.h"

#include "hil/demo.h"

#include <math.h>
#include <string.h>

/* Real seconds: however short the day, a cloud's edge takes its time. */
static const double cloud_edge_s = 6;
static const double cloud_clear = 0.45;

static const char cold_meter[] = "feeder_b";
static const char lost_rack[] = "rack07";

/* A failed start in the middle of a run ends the run: what follows would prove nothing. */
static void must(struct demo *demo, bool ok, const struct error *err)
{
    if (ok || demo->failed)
        return;
    demo->failed = true;
    demo->err = *err;
}

static void cloud_comes(struct demo *demo)
{
    plant_cloud(demo->rig.plant, cloud_clear, cloud_edge_s);
}

static void cloud_goes(struct demo *demo) { plant_cloud(demo->rig.plant, 1, cloud_edge_s); }

/* The service reads the file anew when it changes; the new limit is in force as soon as it is written. */
static void contract_drops(struct demo *demo)
{
    char path[RUN_PATH_BYTES];
    int64_t limit_w = demo->limits.contract_w * 3 / 4;
    struct error err;

    must(demo, policy_limit_write(rig_path(&demo->rig, "policy.cfg", path), limit_w, &err), &err);
    limits_contract(&demo->limits, limit_w, plant_now_ns(demo->rig.plant));
}

static void freeze(struct demo *demo, const char *branch, bool frozen)
{
    uint32_t b = site_branch(demo->rig.site, branch);

    if (b != NONE_INDEX)
        plant_freeze_branch_meter(demo->rig.plant, b, frozen);
}

static void meter_freezes(struct demo *demo) { freeze(demo, cold_meter, true); }
static void meter_thaws(struct demo *demo) { freeze(demo, cold_meter, false); }
static void grid_meter_freezes(struct demo *demo)
{
    freeze(demo, demo->rig.site->tree.name[0], true);
}
static void grid_meter_thaws(struct demo *demo)
{
    freeze(demo, demo->rig.site->tree.name[0], false);
}

/* The agent of the rack that dies, or the first if the site has no such rack. */
static uint32_t victim(const struct demo *demo)
{
    uint32_t branch = site_branch(demo->rig.site, lost_rack);

    for (uint32_t i = 0; i < demo->agents; i++) {
        if (demo->agent_branch[i] == branch)
            return i;
    }
    return 0;
}

static void agent_dies(struct demo *demo) { process_kill(&demo->agent[victim(demo)]); }

static void agent_returns(struct demo *demo)
{
    struct error err;

    must(demo, demo_start_agent(demo, victim(demo), &err), &err);
}

static void controller_dies(struct demo *demo)
{
    demo->service_expected = false;
    process_kill(&demo->service);
}

static void controller_returns(struct demo *demo)
{
    struct error err;

    must(demo, demo_start_service(demo, &err), &err);
}

static void feed_falls_silent(struct demo *demo) { face_mqtt_silence(demo->rig.mqtt, true); }
static void feed_speaks(struct demo *demo) { face_mqtt_silence(demo->rig.mqtt, false); }

/* clang-format off */
const struct fault faults[] = {
    {"cloud", FAULT_EVENT, 0.34, 0.10, 8, cloud_comes, cloud_goes, NULL, NULL,
     "a cloud takes half of the light"},
    {"limit-drop", FAULT_EVENT, 0.50, 0, 0, contract_drops, NULL, NULL, NULL,
     "the import limit drops by 25 %"},
    {"meter-freezes", FAULT_STANDARD, 0.15, 0.14, 6, meter_freezes, meter_thaws, "reading_bad", "feeder_b_meter",
     "the meter of feeder B shows the same values over and over"},
    {"agent-dies", FAULT_STANDARD, 0.72, 0.16, 5, agent_dies, agent_returns, "node_lost", "rack07",
     "kill -9 of one rack's agent, which is started again later"},
    {"grid-meter-freezes", FAULT_EXTRA, 0.15, 0.14, 6, grid_meter_freezes, grid_meter_thaws, "reading_bad", "grid_meter",
     "the meter that the contract is read from freezes"},
    {"controller-dies", FAULT_EXTRA, 0.30, 0.01, 0.2, controller_dies, controller_returns, NULL, NULL,
     "kill -9 of the controller, which is started again at once"},
    {"carbon-silent", FAULT_EXTRA, 0.10, 0.25, 12, feed_falls_silent, feed_speaks, "reading_stale", "carbon",
     "the carbon feed says nothing"},
    {0},
};
/* clang-format on */

bool faults_choose(struct demo *demo, const char *which)
{
    bool found = strcmp(which, "none") == 0 || strcmp(which, "all") == 0;

    for (size_t i = 0; faults[i].name != NULL; i++) {
        bool named = strcmp(which, faults[i].name) == 0;

        demo->fault[i].chosen = faults[i].sort == FAULT_EVENT || named ||
                                (faults[i].sort == FAULT_STANDARD && strcmp(which, "all") == 0);
        found = found || named;
    }
    return found;
}

void faults_step(struct demo *demo, double now_s)
{
    double seconds = demo->options.seconds;

    for (size_t i = 0; faults[i].name != NULL; i++) {
        const struct fault *fault = &faults[i];
        struct fault_state *state = &demo->fault[i];

        if (!state->chosen)
            continue;
        if (!state->begun && now_s >= fault->at * seconds) {
            state->begun = true;
            state->begun_s = now_s;
            fault->begin(demo);
        }
        if (state->begun && !state->ended && fault->lasts > 0 &&
            now_s >= state->begun_s + fmax(fault->lasts * seconds, fault->least_s)) {
            state->ended = true;
            state->ended_s = now_s;
            if (fault->end != NULL)
                fault->end(demo);
        }
    }
}

void faults_alarm(struct demo *demo, const char *alarm, const char *subject, double now_s)
{
    for (size_t i = 0; faults[i].name != NULL; i++) {
        const struct fault *fault = &faults[i];
        struct fault_state *state = &demo->fault[i];

        if (!state->begun || state->noticed || fault->alarm == NULL ||
            strcmp(alarm, fault->alarm) != 0)
            continue;
        if (fault->subject != NULL && strncmp(subject, fault->subject, strlen(fault->subject)) != 0)
            continue;
        state->noticed = true;
        state->noticed_s = now_s;
    }
}
