#include "hil/demo.h"

#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 1100, PROGRAMS_LIMIT_MS = 5000 };

/* ---------------------------------------------------------------- agents, one a rack */

/* A rack's agent has the nodes whose first supply hangs there and that have an actuator. */
static bool on_rack(const struct site *site, uint32_t node, uint32_t branch)
{
    return site->nodes.hang[node][0].branch == branch && site->nodes.actuator[node] != NONE_INDEX;
}

bool demo_start_agent(struct demo *demo, uint32_t index, struct error *err)
{
    static const char *const before[] = {"--backend", "model", "--site"};
    const struct site *site = demo->rig.site;
    const char *argv[ARGUMENTS_MAX];
    char program[RUN_PATH_BYTES];
    char registers[RUN_PATH_BYTES];
    char name[JUDGE_NAME_BYTES];
    char log_name[JUDGE_NAME_BYTES + 8];
    char log[RUN_PATH_BYTES];
    uint32_t branch = demo->agent_branch[index];
    size_t count = 0;

    argv[count++] = program_path("capstan-agent", program, sizeof program);
    for (size_t i = 0; i < COUNT(before); i++)
        argv[count++] = before[i];
    argv[count++] = site->name;
    argv[count++] = "--broker";
    argv[count++] = demo->rig.broker_url;
    argv[count++] = "--registers";
    argv[count++] = rig_path(&demo->rig, "registers", registers);
    for (uint32_t n = 0; n < site->nodes.count; n++) {
        if (!on_rack(site, n, branch))
            continue;
        if (count + 3 > ARGUMENTS_MAX)
            return failure(err, ERR_FULL, site->tree.name[branch],
                           "no more than 500 nodes an agent", "more");
        argv[count++] = "--node";
        argv[count++] = site->nodes.name[n];
    }
    argv[count] = NULL;
    snprintf(name, sizeof name, "agent-%s", site->tree.name[branch]);
    snprintf(log_name, sizeof log_name, "%s.log", name);
    return process_start(&demo->agent[index], name, argv, rig_path(&demo->rig, log_name, log),
                         PROCESS_DETACHED, err);
}

bool demo_start_agents(struct demo *demo, struct error *err)
{
    const struct site *site = demo->rig.site;

    for (uint32_t b = 0; b < site->tree.branches; b++) {
        bool any = false;

        for (uint32_t n = 0; n < site->nodes.count && !any; n++)
            any = on_rack(site, n, b);
        if (!any)
            continue;
        if (demo->agents == DEMO_AGENTS_MAX)
            return failure(err, ERR_FULL, site->name, "nodes on no more than 64 branches", "more");
        demo->agent_branch[demo->agents] = b;
        if (!demo_start_agent(demo, demo->agents++, err))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- the service and its screen */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool demo_start_service(struct demo *demo, struct error *err)
{
    char program[RUN_PATH_BYTES];
    char site[RUN_PATH_BYTES];
    char policy[RUN_PATH_BYTES];
    char port[RUN_PATH_BYTES];
    char state[RUN_PATH_BYTES];
    char log[RUN_PATH_BYTES];
    const char *argv[] = {program_path("capstan", program, sizeof program),
                          "run",
                          rig_path(&demo->rig, base_name(demo->options.site_file), site),
                          rig_path(&demo->rig, "policy.cfg", policy),
                          "--http",
                          "127.0.0.1:0",
                          "--http-port-file",
                          rig_path(&demo->rig, "http.port", port),
                          "--state-folder",
                          rig_path(&demo->rig, "state", state),
                          demo->options.observe ? "--mode" : NULL,
                          "observe",
                          NULL};

    demo->http_port = 0;
    unlink(port); /* of a service that was here before */
    return process_start(&demo->service, "capstan run", argv,
                         rig_path(&demo->rig, "service.log", log), PROCESS_DETACHED, err);
}

bool demo_service_port(struct demo *demo)
{
    enum { PORT_TEXT_MAX = 16 };
    char path[RUN_PATH_BYTES];
    char *text = NULL;
    size_t length = 0;
    long port = 0;

    if (!file_read(rig_path(&demo->rig, "http.port", path), PORT_TEXT_MAX, &text, &length, NULL))
        return false;
    port = strtol(text, NULL, 10);
    free(text);
    if (port < 1 || port > UINT16_MAX)
        return false;
    demo->http_port = (uint16_t)port;
    return true;
}

void demo_start_top(struct demo *demo)
{
    char program[RUN_PATH_BYTES];
    char url[64];
    const char *argv[] = {program_path("capstan", program, sizeof program), "top", "--url", url,
                          NULL};

    if (demo->options.no_top || demo->out != stdout || !isatty(STDOUT_FILENO) ||
        !isatty(STDIN_FILENO))
        return;
    snprintf(url, sizeof url, "http://127.0.0.1:%u", demo->http_port);
    /* Without a screen there are still progress lines. */
    if (!process_start(&demo->top, "capstan top", argv, NULL, PROCESS_FOREGROUND, NULL))
        demo->top = (struct process){0};
}

void demo_stop_programs(struct demo *demo)
{
    processes_stop(&demo->top, 1, PROGRAMS_LIMIT_MS); /* first: it gives the screen back */
    processes_stop(&demo->service, 1, PROGRAMS_LIMIT_MS);
    processes_stop(demo->agent, demo->agents, PROGRAMS_LIMIT_MS);
}
