/* How fast the hunter hunts on sites of 100 nodes: simulated hours for each minute of one core, by its own last line and
 * the kernel's count of what it used. If it finds something, shrinking that is in the count, too. */
#include "bench/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double children_s(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

void core_hunt(const struct core_options *options)
{
    static const char name[] = "hunt_hours_per_core_minute";
    static const char what[] = "hunt, 100 nodes, simulated hours a core-minute";
    char rig[CORE_LINE];
    char hours_text[32];
    char keep[CORE_LINE];
    char words[][16] = {"hunt", "--help", "--seed=1", "--jobs=1", "--nodes=100"};
    char *const ask[] = {rig, words[0], words[1], NULL};
    char *const hunt[] = {rig, words[0], words[2], words[3], words[4], hours_text, keep, NULL};
    char last[CORE_LINE];
    double before_s = 0;
    double hours = 0;

    snprintf(rig, sizeof rig, "%s/capstan-rig", options->folder);
    snprintf(keep, sizeof keep, "--keep=%s", options->folder);
    snprintf(hours_text, sizeof hours_text, "--hours=%g", options->hunt_hours);
    if (core_run(ask, last) != 0) {
        core_skip(options, name, what, "capstan-rig has no hunt here");
        return;
    }
    before_s = children_s();
    (void)core_run(hunt, last);
    hours = strncmp(last, "hunted ", 7) == 0 ? strtod(last + 7, NULL) : 0;
    if (hours <= 0) {
        core_skip(options, name, what, "its last line is not \"hunted H simulated hours\"");
        return;
    }
    core_print(options, &(struct core_row){name, what, hours * 60 / (children_s() - before_s), "h",
                                           AIM_AT_LEAST, 1000});
    core_say(options, "    %s", last);
}
