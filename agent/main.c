#include "agent/agent.h"
#include "agent/options.h"
#include "platform/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* What a signal needs to know. */
struct release {
    struct agent *agent;
    bool restored;
    uv_signal_t term, interrupt;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct release *release = handle->data;

    log_event(LOG_LEVEL_NOTICE, "signal", "number=%d", number);
    agent_release(release->agent, &release->restored);
    uv_close((uv_handle_t *)&release->term, NULL);
    uv_close((uv_handle_t *)&release->interrupt, NULL);
}

static void watch_signals(uv_loop_t *loop, struct release *release)
{
    uv_signal_init(loop, &release->term);
    uv_signal_init(loop, &release->interrupt);
    release->term.data = release->interrupt.data = release;
    uv_signal_start(&release->term, on_signal, SIGTERM);
    uv_signal_start(&release->interrupt, on_signal, SIGINT);
}

int main(int argc, char **argv)
{
    static struct agent_command_line line;
    struct release release = {0};
    struct error err = {0};
    char text[600];
    uv_loop_t *loop = uv_default_loop();

    agent_options_parse(&line, argc, argv);
    log_open(line.log_level);
    signal(SIGPIPE, SIG_IGN);
    if (!agent_open(&release.agent, loop, &line.agent, &err)) {
        log_event(LOG_LEVEL_ERROR, "start.failed", "reason=\"%s\"",
                  error_line(&err, text, sizeof text));
        uv_run(loop, UV_RUN_DEFAULT); /* lets go of what was open */
        uv_loop_close(loop);
        return EXIT_FAILURE;
    }
    log_event(LOG_LEVEL_NOTICE, "started", "site=%s backend=%s nodes=%zu", line.agent.site,
              line.agent.type->name, agent_nodes(release.agent));
    watch_signals(loop, &release);
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    return release.restored ? EXIT_SUCCESS : EXIT_FAILURE;
}
