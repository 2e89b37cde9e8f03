#include "hil/broker.h"

#include "platform/clock.h"
#include "platform/file.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 10, READY_LIMIT_MS = 5000, PATH_BYTES = 1024 };

static void pause_20_ms(void)
{
    struct timespec wait = {0, 20 * 1000000};

    nanosleep(&wait, NULL);
}

/* Debian puts it where only root's PATH looks. */
static const char *mosquitto(void)
{
    static const char sbin[] = "/usr/sbin/mosquitto";

    return access(sbin, X_OK) == 0 ? sbin : "mosquitto";
}

/* "user root" or it drops to user mosquitto, who can't write into the folder; it is ignored for other users. */
static bool write_configuration(const char *path, uint16_t port, struct error *err)
{
    char text[256];
    int length = snprintf(text, sizeof text,
                          "user root\n"
                          "persistence false\n"
                          "set_tcp_nodelay true\n"
                          "max_queued_messages 100000\n"
                          "listener %u 127.0.0.1\n"
                          "allow_anonymous true\n",
                          port);

    return file_write_atomic(path, text, (size_t)length, err);
}

/* True when it answers; false when it ended (the port was taken) or time is up. */
static bool wait_until_ready(struct process *process, uint16_t port)
{
    int64_t until_ns = clock_monotonic_ns() + READY_LIMIT_MS * NS_PER_MS;

    while (process_alive(process) && clock_monotonic_ns() < until_ns) {
        if (port_answers(port))
            return process_alive(process); /* else somebody else answered */
        pause_20_ms();
    }
    return false;
}

bool run_broker_start(struct process *process, const char *folder, uint16_t *port,
                      struct error *err)
{
    char configuration[PATH_BYTES];
    char log[PATH_BYTES];
    const char *argv[] = {mosquitto(), "-c", configuration, NULL};

    snprintf(configuration, sizeof configuration, "%s/mosquitto.conf", folder);
    snprintf(log, sizeof log, "%s/mosquitto.log", folder);
    for (int i = 0; i < TRIES; i++) {
        *port = port_free();
        if (*port == 0)
            break;
        if (!write_configuration(configuration, *port, err) ||
            !process_start(process, "mosquitto", argv, log, PROCESS_DETACHED, err))
            return false;
        if (wait_until_ready(process, *port))
            return true;
        process_kill(process);
    }
    return failure(err, ERR_TIMEOUT, "mosquitto", "a broker that accepts connections",
                   "none after %d tries; see %s", TRIES, log);
}
