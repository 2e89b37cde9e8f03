#include "hil/demo.h"

#include "hil/exit_code.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { START_LIMIT_S = 40, PROGRAMS_LIMIT_MS = 5000 };

static const int64_t record_every_ns = 100 * NS_PER_MS;

double demo_now_s(const struct demo *demo)
{
    return demo->phase == DEMO_STARTING
               ? 0
               : (double)(plant_now_ns(demo->rig.plant) - demo->phase_ns) / 1e9;
}

/* ---------------------------------------------------------------- phases */

static void enter(struct demo *demo, enum demo_phase phase)
{
    demo->phase = phase;
    demo->phase_ns = plant_now_ns(demo->rig.plant);
}

static void fail(struct demo *demo, const struct error *err)
{
    demo->failed = true;
    demo->err = *err;
    rig_stop(&demo->rig);
}

/* In observe mode nothing will ever be capped: then an answer of the service is enough. */
static bool under_control(const struct demo *demo)
{
    const struct node_table *nodes = &demo->rig.site->nodes;

    if (status_figures(demo->status)->answers == 0)
        return false;
    for (uint32_t n = 0; n < nodes->count && !demo->options.observe; n++) {
        if (nodes->cappable[n] && !plant_node_truth(demo->rig.plant, n).cap_set)
            return false;
    }
    return true;
}

static void begin_day(struct demo *demo)
{
    enter(demo, DEMO_RUNNING);
    plant_jobs(demo->rig.plant, 1);
    plant_day(demo->rig.plant, true);
    rig_grid_start(&demo->rig);
    report_start(demo);
    demo_start_top(demo);
}

static void step_starting(struct demo *demo)
{
    struct error err;

    if (demo->http_port == 0 && demo_service_port(demo))
        status_ask_at(demo->status, demo->http_port);
    if (under_control(demo)) {
        begin_day(demo);
        return;
    }
    if (plant_now_ns(demo->rig.plant) - demo->phase_ns > START_LIMIT_S * NS_PER_S) {
        failure(&err, ERR_TIMEOUT, "start", "every node under control within 40 s",
                "not yet; see service.log and agent-*.log in %s", demo->rig.folder);
        fail(demo, &err);
    }
}

static void record_now(struct demo *demo)
{
    const struct plant *plant = demo->rig.plant;
    const struct site *site = demo->rig.site;
    const struct branch_truth *grid = plant_branch(plant, 0);
    struct sample_row row = {
        .t_s = demo_now_s(demo),
        .hour = plant_hour(plant),
        .load_w = grid->load_w,
        .import_w = grid->terminal.power_w,
        .limit_w = (double)demo->limits.contract_w,
        .pv_w = grid->generation_w,
        .wanted_w = grid->load_w,
        .carbon = plant_carbon(plant),
    };

    for (uint32_t n = 0; n < site->nodes.count; n++) {
        struct node_truth node = plant_node_truth(plant, n);

        row.wanted_w += fmax(0, node.demand_w - node.capped_w);
        row.caps_w += node.cap_set ? (double)node.enforced_w : 0;
        row.capped += node.cap_set && node.demand_w > (double)node.enforced_w;
    }
    for (uint32_t f = 0; f < site->tree.feeds; f++) {
        uint32_t b = site->tree.feed_branch[f];

        row.feed_w[f] = plant_branch(plant, b)->load_w;
        row.feed_limit_w[f] = limits_branch_w(&demo->limits, plant, b);
    }
    record_add(&demo->record, &row);
}

static void count_energy(struct demo *demo, int64_t dt_ns)
{
    const struct branch_truth *grid = plant_branch(demo->rig.plant, 0);
    double hours = (double)dt_ns / 3.6e12;

    demo->load_wh += grid->load_w * hours;
    demo->pv_wh += grid->generation_w * hours;
    demo->pv_used_wh += fmin(grid->generation_w, grid->load_w) * hours;
    demo->import_wh += fmax(0, grid->terminal.power_w) * hours;
}

static void step_running(struct demo *demo, int64_t dt_ns)
{
    int64_t now_ns = plant_now_ns(demo->rig.plant);
    double every_s = demo->options.seconds >= 60 ? 5 : 2;

    limits_see(&demo->limits, demo->rig.plant, now_ns);
    count_energy(demo, dt_ns);
    if (now_ns - demo->recorded_ns >= record_every_ns) {
        demo->recorded_ns = now_ns;
        record_now(demo);
    }
    if (demo_now_s(demo) >= demo->options.seconds) {
        demo->phase = DEMO_ENDED;
        rig_stop(&demo->rig);
        return;
    }
    faults_step(demo, demo_now_s(demo));
    if (!demo->service_expected && demo->service.pid != 0 && demo_service_port(demo)) {
        demo->service_expected = true; /* it is back, at another port */
        status_ask_at(demo->status, demo->http_port);
    }
    if (demo->top.pid == 0 && (double)(now_ns - demo->printed_ns) >= every_s * 1e9) {
        demo->printed_ns = now_ns;
        report_progress(demo);
    }
}

/* A program that ends although nobody told it to makes the run worthless. */
static void watch_programs(struct demo *demo)
{
    char end[64];
    struct error err;

    if (demo->top.pid != 0)
        process_alive(&demo->top); /* somebody may have quit it: progress lines take over */
    if (demo->failed)
        rig_stop(&demo->rig);
    if (demo->failed || demo->service.pid == 0 || process_alive(&demo->service))
        return;
    failure(&err, ERR_IO, "capstan run", "a service that runs until the end",
            "%s; see %s/service.log", process_end_text(&demo->service, end, sizeof end),
            demo->rig.folder);
    fail(demo, &err);
}

static void on_stepped(void *context, int64_t dt_ns)
{
    struct demo *demo = context;

    switch (demo->phase) {
    case DEMO_STARTING:
        step_starting(demo);
        break;
    case DEMO_RUNNING:
        step_running(demo, dt_ns);
        break;
    case DEMO_ENDED:
        return;
    }
    watch_programs(demo);
}

static void on_interrupted(void *context)
{
    struct demo *demo = context;

    demo->interrupted = true;
    rig_stop(&demo->rig);
}

static void on_alarm(void *context, const char *alarm, const char *subject)
{
    struct demo *demo = context;

    if (demo->phase != DEMO_RUNNING)
        return;
    faults_alarm(demo, alarm, subject, demo_now_s(demo));
    for (uint32_t i = 0; i < demo->alarms; i++) {
        if (strcmp(demo->alarm[i].alarm, alarm) == 0) {
            demo->alarm[i].answers++;
            return;
        }
    }
    if (demo->alarms < DEMO_ALARMS_MAX) {
        snprintf(demo->alarm[demo->alarms].alarm, sizeof demo->alarm[0].alarm, "%s", alarm);
        demo->alarm[demo->alarms++].answers = 1;
    }
}

/* ---------------------------------------------------------------- the run */

/* A whole day in two minutes. A shorter run sees a part of the day around noon at the same pace, since nodes and
 * caps are no faster then; a longer one sees the day more slowly. */
static struct plant_settings day_of(const struct demo_options *options)
{
    struct plant_settings plant = plant_settings_default(options->seed);
    double whole_s = 24 / plant.hours_per_s;

    if (options->seconds >= whole_s)
        plant.hours_per_s = 24 / options->seconds;
    else
        plant.start_hour = 12 - plant.hours_per_s * options->seconds / 2;
    return plant;
}

static bool open_demo(struct demo *demo, struct error *err)
{
    char path[RUN_PATH_BYTES];
    int64_t contract_w = 0;
    struct rig_options rig = {
        .site_file = demo->options.site_file,
        .run_folder = demo->options.run_folder,
        .plant = day_of(&demo->options),
        .stepped = on_stepped,
        .interrupted = on_interrupted,
        .context = demo,
    };
    struct status_events events = {.context = demo, .alarm = on_alarm};

    if (!rig_open(&demo->rig, &rig, err) ||
        !policy_limit_read(rig_path(&demo->rig, "policy.cfg", path), &contract_w, err))
        return false;
    limits_init(&demo->limits, demo->rig.site, contract_w, &demo->arena);
    record_init(&demo->record, demo->rig.site, demo->options.seconds, &demo->arena);
    demo->status = status_open(&demo->rig.loop, &events);
    enter(demo, DEMO_STARTING);
    demo->service_expected = true;
    fprintf(demo->out,
            "run folder: %s\nstarting 1 broker, %u nodes and their agents, 1 controller ...\n",
            demo->rig.folder, demo->rig.site->nodes.count);
    fflush(demo->out);
    return demo_start_agents(demo, err) && demo_start_service(demo, err);
}

static void plot(struct demo *demo)
{
    struct record_mark mark[FAULTS_MAX];
    size_t marks = 0;
    char path[RUN_PATH_BYTES];
    char line[600];
    struct error err;

    for (size_t i = 0; faults[i].name != NULL; i++) {
        const struct fault_state *f = &demo->fault[i];

        if (f->begun)
            mark[marks++] = (struct record_mark){faults[i].name, f->begun_s,
                                                 f->ended              ? f->ended_s
                                                 : faults[i].lasts > 0 ? demo->options.seconds
                                                                       : f->begun_s + 0.3};
    }
    if (!record_write_csv(&demo->record, rig_path(&demo->rig, "run.csv", path), &err)) {
        fprintf(demo->out, "no table of the run: %s\n", error_line(&err, line, sizeof line));
        return;
    }
    if (!record_plot(&demo->record, demo->rig.folder, mark, marks, demo->plot, sizeof demo->plot,
                     &err)) {
        fprintf(demo->out, "no plot: %s\nthe figures are in %s\n",
                error_line(&err, line, sizeof line), path);
        snprintf(demo->plot, sizeof demo->plot, "%s", path);
    }
}

static int verdict(struct demo *demo)
{
    char line[600];
    struct error err;
    struct verdict total = judge_total(&demo->limits.judge);

    plot(demo);
    report_summary(demo);
    if (demo->options.json != NULL && !report_json(demo, &err)) {
        fprintf(stderr, "capstan-rig: %s\n", error_line(&err, line, sizeof line));
        return EXIT_NOT_RUN;
    }
    return total.violations > 0 ? EXIT_LIMIT_BROKEN : EXIT_KEPT;
}

static int finish(struct demo *demo)
{
    char line[600];
    int code = EXIT_NOT_RUN;

    demo_stop_programs(demo);
    if (demo->failed) {
        fprintf(stderr, "capstan-rig: %s\n", error_line(&demo->err, line, sizeof line));
    } else if (demo->interrupted) {
        fprintf(demo->out, "interrupted\n");
        code = EXIT_INTERRUPTED;
    } else {
        code = verdict(demo);
    }
    status_close(demo->status);
    rig_close(&demo->rig);
    arena_free(&demo->arena);
    return code;
}

int demo_run(const struct demo_options *options)
{
    static struct demo demo; /* large, and there is one */
    struct error err;

    demo = (struct demo){.options = *options, .out = stdout};
    if (options->json != NULL && strcmp(options->json, "-") == 0)
        demo.out = stderr;
    if (!faults_choose(&demo, options->fault)) {
        fprintf(stderr, "capstan-rig: --fault: no fault \"%s\"; expected none, all, or one of:\n",
                options->fault);
        for (size_t i = 0; faults[i].name != NULL; i++)
            if (faults[i].sort != FAULT_EVENT)
                fprintf(stderr, "  %-20s %s\n", faults[i].name, faults[i].help);
        return EXIT_USAGE;
    }
    if (open_demo(&demo, &err)) {
        rig_run(&demo.rig);
    } else {
        demo.failed = true;
        demo.err = err;
    }
    return finish(&demo);
}
