/* tests/agent/watcher.h - a stand-in for the controller: sends commands by hand, keeps each node's last report. */
#ifndef TESTS_AGENT_WATCHER_H
#define TESTS_AGENT_WATCHER_H

#include "drivers/agent/wire.h"
#include "platform/mqtt_session.h"

enum { WATCHED_MAX = 4096 };

struct watcher {
    uv_loop_t loop;
    struct broker broker;
    struct mqtt_session *session;
    bool connected, closed;
    uint64_t reports, malformed;
    struct wire_report
        last[WATCHED_MAX]; /* by the number in the name "n123"; incarnation 0: none yet */
    uint64_t count[WATCHED_MAX];
};

/* Connects to site "test"; fails the test when it can't. */
void watcher_open(struct watcher *w, const char *url);
void watcher_close(struct watcher *w);

void watcher_command(struct watcher *w, const char *node, const struct wire_command *command);
void watcher_presence(struct watcher *w, bool online);

#endif
