/* How fast the hunter hunts: simulated hours for each minute of one core, by its own last line and the kernel's count
 * of what it used. */
#include "bench/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { LINE = 512 };

static double children_s(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

/* Runs a command line; its last line into `last`. Returns its exit status, -1 when it did not run. */
static int run(const char *command, char last[LINE])
{
    FILE *out = popen(command, "re");
    char line[LINE];
    int status = 0;

    last[0] = '\0';
    if (out == NULL)
        return -1;
    while (fgets(line, LINE, out) != NULL) {
        if (line[0] != '\n')
            snprintf(last, LINE, "%s", line);
    }
    last[strcspn(last, "\n")] = '\0';
    status = pclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void core_hunt(const struct core_options *options)
{
    static const char name[] = "hunt_hours_per_core_minute";
    static const char what[] = "hunt, simulated hours a core-minute";
    char command[1280];
    char last[LINE];
    char *after = NULL;
    double before_s = 0;
    double hours = 0;

    snprintf(command, sizeof command, "'%s/capstan-rig' hunt --help >/dev/null 2>&1",
             options->folder);
    if (run(command, last) != 0) {
        core_skip(options, name, what, "capstan-rig has no hunt here");
        return;
    }
    snprintf(command, sizeof command, "'%s/capstan-rig' hunt --hours %g --seed 1 --jobs 1",
             options->folder, options->hunt_hours);
    before_s = children_s();
    (void)run(command, last);
    hours = strncmp(last, "hunted ", 7) == 0 ? strtod(last + 7, &after) : 0;
    if (hours <= 0) {
        core_skip(options, name, what, "its last line is not \"hunted H simulated hours\"");
        return;
    }
    core_print(options, &(struct core_row){name, what, hours * 60 / (children_s() - before_s), "h",
                                           AIM_AT_LEAST, 1000});
    core_say(options, "    %s", last);
}
