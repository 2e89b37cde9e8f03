#include "hil/demo.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

static double kw(double w) { return w / 1e3; }
static double ms(int64_t ns) { return (double)ns / 1e6; }

/* ---------------------------------------------------------------- while it runs */

void report_start(const struct demo *demo)
{
    fprintf(demo->out, "under control; %.0f s of the day from %02d:%02d, seed %" PRIu64 "%s\n",
            demo->options.seconds, (int)plant_hour(demo->rig.plant),
            (int)(fmod(plant_hour(demo->rig.plant), 1) * 60), demo->options.seed,
            demo->options.observe ? ", observing only: nothing will be capped" : "");
    fflush(demo->out);
}

static uint32_t nodes_held(const struct demo *demo)
{
    uint32_t held = 0;

    for (uint32_t n = 0; n < demo->rig.site->nodes.count; n++) {
        struct node_truth node = plant_node_truth(demo->rig.plant, n);

        held += node.cap_set && node.demand_w > (double)node.enforced_w;
    }
    return held;
}

static bool going_on(const struct fault_state *state, const struct fault *fault)
{
    return state->begun && !state->ended && fault->lasts > 0;
}

void report_progress(const struct demo *demo)
{
    const struct plant *plant = demo->rig.plant;
    const struct branch_truth *grid = plant_branch(plant, 0);

    fprintf(demo->out,
            "%4.0f s  %02d:%02d  load %6.1f kW  import %6.1f of %6.1f kW  PV %5.1f kW  "
            "carbon %3.0f g/kWh  held %3u",
            demo_now_s(demo), (int)plant_hour(plant), (int)(fmod(plant_hour(plant), 1) * 60),
            kw(grid->load_w), kw(grid->terminal.power_w), kw((double)demo->limits.contract_w),
            kw(grid->generation_w), plant_carbon(plant), nodes_held(demo));
    for (size_t i = 0; faults[i].name != NULL; i++) {
        if (going_on(&demo->fault[i], &faults[i]))
            fprintf(demo->out, "  [%s]", faults[i].name);
    }
    fputc('\n', demo->out);
    fflush(demo->out);
}

/* ---------------------------------------------------------------- for people */

static void limit_line(FILE *out, const struct verdict *v)
{
    fprintf(out, "  %-14s %9.1f kW  worst excess %8.0f W %6.0f ms   least headroom %7.1f kW   %s\n",
            v->name, kw(v->limit_w), v->worst_excess_w, ms(v->worst_excess_ns),
            kw(v->least_headroom_w), v->violations > 0 ? "BROKEN" : "kept");
}

/* Of a branch's phases, and of branches that are alike, the tightest speaks for all. */
static void limit_table(const struct demo *demo)
{
    const struct limits *limits = &demo->limits;
    const struct supply_tree *tree = &demo->rig.site->tree;

    limit_line(demo->out, &limits->judge.verdict[limits->contract]);
    for (uint32_t i = 0; i < limits->watches; i++) {
        const char *level = tree->level[limits->watch[i].branch];
        const struct verdict *tightest = &limits->judge.verdict[i];
        bool first = true;

        for (uint32_t k = 0; k < limits->watches; k++) {
            const struct verdict *other = &limits->judge.verdict[k];

            if (strcmp(level, tree->level[limits->watch[k].branch]) != 0)
                continue;
            first = first && k >= i;
            if (other->worst_violation_w > tightest->worst_violation_w ||
                (other->worst_violation_w == tightest->worst_violation_w &&
                 other->least_headroom_w < tightest->least_headroom_w))
                tightest = other;
        }
        if (first)
            limit_line(demo->out, tightest);
    }
}

static void work_table(const struct demo *demo)
{
    struct work_truth work[WORK_CLASSES_MAX];
    uint32_t classes = plant_work(demo->rig.plant, work);

    for (uint32_t i = 0; i < classes; i++)
        fprintf(demo->out, "  class %u: %u nodes, %5.1f %% of the work that was there\n",
                work[i].priority_class, work[i].nodes,
                work[i].demanded_wh > 0 ? 100 * work[i].delivered_wh / work[i].demanded_wh : 100);
}

static void fault_line(const struct demo *demo, size_t i)
{
    const struct fault_state *state = &demo->fault[i];

    fprintf(demo->out, "  %-20s from %5.1f s", faults[i].name, state->begun_s);
    if (state->ended)
        fprintf(demo->out, " to %5.1f s", state->ended_s);
    else
        fprintf(demo->out, " %10s", "");
    if (faults[i].alarm == NULL)
        fputc('\n', demo->out);
    else if (state->noticed)
        fprintf(demo->out, "  seen as %s after %.1f s\n", faults[i].alarm,
                state->noticed_s - state->begun_s);
    else
        fprintf(demo->out, "  NOT SEEN (expected the alarm %s)\n", faults[i].alarm);
}

static double share_pct(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

void report_summary(const struct demo *demo)
{
    const struct status_figures *figures = status_figures(demo->status);
    const struct verdict *contract = &demo->limits.judge.verdict[demo->limits.contract];
    struct verdict total = judge_total(&demo->limits.judge);

    fprintf(demo->out, "\nLimits, against the plant's truth\n");
    limit_table(demo);
    if (contract->waiting)
        fprintf(demo->out, "  import never came back below its lowered limit\n");
    else if (contract->stepped)
        fprintf(demo->out, "  import back below its lowered limit after %.0f ms\n",
                ms(contract->comply_ns));
    fprintf(demo->out, "Work done\n");
    work_table(demo);
    fprintf(demo->out,
            "Energy\n  %.1f kWh used, %.1f kWh from the grid, %.1f kWh from PV (%.1f %% of it used "
            "on site, %.1f %% of all use)\n",
            kw(demo->load_wh), kw(demo->import_wh), kw(demo->pv_wh),
            share_pct(demo->pv_used_wh, demo->pv_wh), share_pct(demo->pv_used_wh, demo->load_wh));
    fprintf(demo->out, "What happened\n");
    for (size_t i = 0; faults[i].name != NULL; i++) {
        if (demo->fault[i].begun)
            fault_line(demo, i);
    }
    fprintf(demo->out,
            "Controller\n  %" PRId64 " ticks, 99 %% within %" PRId64
            " us; its own invariant counters: %" PRId64 "\n",
            figures->ticks, figures->tick_p99_us, figures->invariants_broken);
    for (uint32_t i = 0; i < demo->alarms; i++)
        fprintf(demo->out, "  alarm %s stood in %" PRIu64 " answers of its status\n",
                demo->alarm[i].alarm, demo->alarm[i].answers);
    if (demo->rig.steps_dropped > 0)
        fprintf(demo->out, "  this machine was too slow for %" PRIu64 " steps of the plant\n",
                demo->rig.steps_dropped);
    fprintf(demo->out, "Plot: %s\nVerdict: %s (%" PRIu64 " violations)\n", demo->plot,
            total.violations > 0 ? "a limit was BROKEN" : "every limit was kept", total.violations);
}

/* ---------------------------------------------------------------- for programs */

static json_t *limits_json(const struct demo *demo)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < demo->limits.judge.limits; i++) {
        const struct verdict *v = &demo->limits.judge.verdict[i];

        json_array_append_new(
            list, json_pack("{s:s, s:f, s:f, s:f, s:f, s:I}", "name", v->name, "limit_w",
                            v->limit_w, "worst_excess_w", v->worst_excess_w, "worst_excess_ms",
                            ms(v->worst_excess_ns), "least_headroom_w", v->least_headroom_w,
                            "violations", (json_int_t)v->violations));
    }
    return list;
}

static json_t *work_json(const struct demo *demo)
{
    struct work_truth work[WORK_CLASSES_MAX];
    uint32_t classes = plant_work(demo->rig.plant, work);
    json_t *out = json_object();
    char name[8];

    for (uint32_t i = 0; i < classes; i++) {
        snprintf(name, sizeof name, "%u", work[i].priority_class);
        json_object_set_new(out, name,
                            json_pack("{s:i, s:f, s:f}", "nodes", (int)work[i].nodes, "demanded_wh",
                                      work[i].demanded_wh, "delivered_wh", work[i].delivered_wh));
    }
    return out;
}

static json_t *faults_json(const struct demo *demo)
{
    json_t *list = json_array();

    for (size_t i = 0; faults[i].name != NULL; i++) {
        const struct fault_state *f = &demo->fault[i];
        bool expected = faults[i].alarm != NULL;

        if (!f->begun)
            continue;
        json_array_append_new(
            list, json_pack("{s:s, s:f, s:o, s:s?, s:o, s:o}", "name", faults[i].name, "from_s",
                            f->begun_s, "to_s", f->ended ? json_real(f->ended_s) : json_null(),
                            "alarm", faults[i].alarm, "seen",
                            expected ? json_boolean(f->noticed) : json_null(), "seen_after_s",
                            f->noticed ? json_real(f->noticed_s - f->begun_s) : json_null()));
    }
    return list;
}

static json_t *summary_json(const struct demo *demo)
{
    const struct status_figures *figures = status_figures(demo->status);
    const struct verdict *contract = &demo->limits.judge.verdict[demo->limits.contract];
    struct verdict total = judge_total(&demo->limits.judge);
    json_t *out = json_object();

    json_object_set_new(out, "limit_w", json_integer(demo->limits.contract_w));
    json_object_set_new(out, "worst_excess_w",
                        json_integer((json_int_t)ceil(total.worst_excess_w)));
    json_object_set_new(out, "worst_excess_ms", json_integer(total.worst_excess_ns / NS_PER_MS));
    json_object_set_new(out, "comply_ms", json_integer(contract->comply_ns / NS_PER_MS));
    json_object_set_new(out, "violations", json_integer((json_int_t)total.violations));
    json_object_set_new(out, "ticks", json_integer(figures->ticks));
    json_object_set_new(out, "tick_p99_us", json_integer(figures->tick_p99_us));
    json_object_set_new(out, "worst_violation_w", json_real(total.worst_violation_w));
    json_object_set_new(out, "limits", limits_json(demo));
    json_object_set_new(out, "work_by_class", work_json(demo));
    json_object_set_new(out, "renewable_share_used",
                        json_real(share_pct(demo->pv_used_wh, demo->pv_wh) / 100));
    json_object_set_new(out, "renewable_share_of_use",
                        json_real(share_pct(demo->pv_used_wh, demo->load_wh) / 100));
    json_object_set_new(out, "faults", faults_json(demo));
    json_object_set_new(out, "invariants_broken", json_integer(figures->invariants_broken));
    json_object_set_new(out, "mode", json_string(demo->options.observe ? "observe" : "enforce"));
    json_object_set_new(out, "seed", json_integer((json_int_t)demo->options.seed));
    json_object_set_new(out, "seconds", json_real(demo->options.seconds));
    json_object_set_new(out, "steps_dropped", json_integer((json_int_t)demo->rig.steps_dropped));
    json_object_set_new(out, "plot", json_string(demo->plot));
    json_object_set_new(out, "run_folder", json_string(demo->rig.folder));
    return out;
}

bool report_json(const struct demo *demo, struct error *err)
{
    json_t *summary = summary_json(demo);
    bool to_stdout = strcmp(demo->options.json, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(demo->options.json, "we");
    bool ok = out != NULL &&
              json_dumpf(summary, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0 &&
              fputc('\n', out) != EOF;

    if (out != NULL)
        ok = (to_stdout ? fflush(out) : fclose(out)) == 0 && ok;
    json_decref(summary);
    return ok ? true
              : failure(err, ERR_IO, demo->options.json, "a file for the summary", "%s",
                        strerror(errno));
}
