#include "hil/hunt.h"

#include "hil/exit_code.h"
#include "platform/file.h"
#include "simulation/shrink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SHRINK_RUNS_MAX = 3000,
    SHRUNK_MAX = 5,       /* finds of different promises that are shrunk */
    CAMPAIGN_LEAST = 100, /* shorter ones needn't reach everything */
    SCENARIO_BYTES_MAX = 16 * 1024 * 1024
};

static void last_line(uint64_t seconds, uint64_t scenarios, uint64_t ticks, uint64_t violations,
                      uint64_t seed)
{
    printf("hunted %.1f simulated hours, %" PRIu64 " scenarios, %" PRIu64 " ticks, %" PRIu64
           " violations (seed %" PRIu64 ")\n",
           (double)seconds / 3600, scenarios, ticks, violations, seed);
}

/* ---- one scenario from a file ---- */

static int replay(const struct hunt_options *o)
{
    char *text = NULL;
    size_t length = 0;
    struct scenario scenario = {0};
    struct outcome outcome = {0};
    struct error err = {0};
    char line[600];
    bool ran = false;

    ran = file_read(o->scenario, SCENARIO_BYTES_MAX, &text, &length, &err) &&
          scenario_parse(o->scenario, text, &scenario, &err);
    if (ran && o->sabotage != SABOTAGE_NONE)
        scenario.sabotage = o->sabotage;
    ran = ran && simulation_run(&scenario, &outcome, &err);
    if (!ran)
        fprintf(stderr, "capstan-rig: %s\n", error_line(&err, line, sizeof line));
    else if (outcome.violation.found)
        printf("%s: %s at %" PRId64 " s: %s\n", o->scenario,
               promise_name(outcome.violation.promise), outcome.violation.at_s,
               outcome.violation.text);
    if (ran)
        last_line((uint64_t)outcome.seconds, 1, outcome.ticks, outcome.violation.found,
                  scenario.seed);
    scenario_free(&scenario);
    free(text);
    if (!ran)
        return EXIT_NOT_RUN;
    return outcome.violation.found ? EXIT_LIMIT_BROKEN : EXIT_KEPT;
}

/* ---- what was found, small ---- */

static bool write_scenario(const struct hunt_options *o, const struct hunt_find *find,
                           const struct shrunk *shrunk, char *path, size_t size)
{
    const struct violation *v = &shrunk->outcome.violation;
    struct error err = {0};
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    char line[600];
    bool written = false;

    snprintf(path, size, "%s/hunt-%s-%" PRIu64 "-%" PRIu64 ".cfg", o->keep,
             promise_name(v->promise), o->seed, find->number);
    if (out == NULL)
        return false;
    fprintf(out,
            "# %s at %" PRId64 " s: %s\n# Found as scenario %" PRIu64 " of --seed %" PRIu64
            ": %s. Shrunk in %u runs.\n%s",
            promise_name(v->promise), v->at_s, v->text, find->number, o->seed, find->violation.text,
            shrunk->runs, shrunk->text);
    fclose(out);
    written = (mkdir(o->keep, 0777) == 0 || errno == EEXIST) &&
              file_write_atomic(path, text, bytes, &err);
    if (!written)
        fprintf(stderr, "capstan-rig: %s\n", error_line(&err, line, sizeof line));
    free(text);
    return written;
}

static void shrink_find(const struct hunt_options *o, const struct hunt_find *find)
{
    struct scenario scenario;
    struct shrunk shrunk = {0};
    struct error err = {0};
    char path[600];
    char line[600];
    char *text = NULL;

    hunt_scenario(o, find->number, &scenario);
    text = scenario_text(&scenario, NULL);
    scenario_free(&scenario);
    if (text != NULL && shrink(text, SHRINK_RUNS_MAX, &shrunk, &err)) {
        printf("  shrunk to %" PRId64 " s: %s\n", shrunk.outcome.seconds,
               shrunk.outcome.violation.text);
        if (write_scenario(o, find, &shrunk, path, sizeof path))
            printf("  reproduce: capstan-rig hunt --scenario %s\n", path);
    } else {
        printf("  not shrunk: %s\n", error_line(&err, line, sizeof line));
    }
    free(shrunk.text);
    free(text);
}

/* The first find of each promise is shrunk; the rest are named. */
static void tell_finds(const struct hunt_options *o, const struct hunt_total *total)
{
    uint32_t told = 0; /* bit p: promise p */
    int shrunk = 0;

    _Static_assert(PROMISE_COUNT <= 32, "bits of told");
    for (uint32_t i = 0; i < total->finds; i++) {
        const struct hunt_find *find = &total->find[i];
        uint32_t bit = UINT32_C(1) << find->violation.promise;

        printf("scenario %" PRIu64 ": %s at %" PRId64 " s: %s\n", find->number,
               promise_name(find->violation.promise), find->violation.at_s, find->violation.text);
        if ((told & bit) != 0 || shrunk == SHRUNK_MAX || total->interrupted ||
            find->violation.promise == PROMISE_REPEATABLE)
            continue;
        told |= bit;
        shrunk++;
        shrink_find(o, find);
    }
}

/* ---- the summary ---- */

static void tell_unreached(const struct hunt_total *total)
{
    if (total->scenarios < CAMPAIGN_LEAST)
        return;
    for (uint32_t k = 0; k < EVENT_COUNT; k++) {
        if ((total->events >> k & 1) == 0)
            printf("never reached: event %s\n", event_name((enum event_kind)k));
    }
    for (uint32_t s = 0; s < SIGHT_COUNT; s++) {
        if ((total->sights >> s & 1) == 0)
            printf("never seen: %s\n", sight_text((enum sight)s));
    }
}

int hunt_run(const struct hunt_options *o)
{
    struct hunt_total *total = NULL;
    int code = EXIT_KEPT;

    if (o->scenario != NULL)
        return replay(o);
    total = calloc(1, sizeof *total);
    if (total == NULL)
        return EXIT_NOT_RUN;
    printf("hunting with seed %" PRIu64 " in %u jobs\n", o->seed, o->jobs);
    hunt_jobs(o, total);
    tell_finds(o, total);
    tell_unreached(total);
    if (total->core_seconds > 0)
        printf("%.0f simulated hours per core-minute, %.1f us a tick\n",
               (double)total->seconds / 3600 / total->core_seconds * 60,
               total->core_seconds / (double)(total->ticks > 0 ? total->ticks : 1) * 1e6);
    if (total->failed)
        printf("failed: %s\n", total->why);
    last_line(total->seconds, total->scenarios, total->ticks, total->violations, o->seed);
    if (total->violations > 0)
        code = EXIT_LIMIT_BROKEN;
    else if (total->failed)
        code = EXIT_NOT_RUN;
    else if (total->interrupted)
        code = EXIT_INTERRUPTED;
    free(total);
    return code;
}
