#include "service/run.h"

#include "service/pages.h"

#include "service/service.h"

#include "platform/file.h"
#include "platform/log.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

enum { CLOSE_WITHIN_MS = 5000 };

static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

struct host {
    uv_loop_t loop;
    uv_signal_t signal[COUNT(signals)];
    struct service *service;
    bool closing_late;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct host *host = handle->data;

    if (number == SIGHUP) {
        reload_now(&host->service->reload, "SIGHUP");
        return;
    }
    log_event(LOG_LEVEL_NOTICE, "service.stopping", "signal=%s",
              number == SIGTERM ? "SIGTERM" : "SIGINT");
    uv_stop(&host->loop);
}

static bool load(const struct run_options *options, struct site **site,
                 struct policy_set **policies, struct diagnostics *found)
{
    struct driver_schema *schemas = devices_schemas(NULL);
    const struct load_options load_options = {.drivers = schemas};
    bool ok = load_site(options->site_path, &load_options, site, found);

    free(schemas);
    if (ok && !load_policies(options->policy_path, *site, policies, found)) {
        site_free(*site);
        ok = false;
    }
    diagnostics_sort(found);
    return ok;
}

static bool write_port(const struct run_options *options, const struct http *http,
                       struct error *err)
{
    char text[16];
    int length = snprintf(text, sizeof text, "%u\n", http_port(http));

    return options->http_port_file == NULL ||
           file_write_atomic(options->http_port_file, text, (size_t)length, err);
}

static void log_start(const struct service *s, const struct run_options *options,
                      const struct diagnostics *found)
{
    char line[1024];

    for (size_t d = 0; d < found->count; d++)
        log_event(LOG_LEVEL_WARNING, "config.suspicious", "%s",
                  diagnostic_line(&found->item[d], line, sizeof line));
    if (!http_loopback(s->http))
        log_event(LOG_LEVEL_WARNING, "http.open",
                  "address=\"%s\" why=\"whoever reaches this address can read the site's state\"",
                  options->http_address);
    log_event(LOG_LEVEL_NOTICE, "service.started",
              "site=%s mode=%s epoch=%" PRIu64
              " branches=%u nodes=%u points=%u devices=%u policies=%u "
              "http_port=%u",
              s->site->name, s->site->mode == MODE_ENFORCE ? "enforce" : "observe", s->state.epoch,
              s->site->tree.branches, s->site->nodes.count, s->site->points, s->devices.count,
              s->reload.policies->count, http_port(s->http));
}

static void log_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    log_event(LOG_LEVEL_ERROR, "service.handle_left", "type=%s closing=%d",
              uv_handle_type_name(uv_handle_get_type(handle)), uv_is_closing(handle));
}

static void on_late(uv_timer_t *timer)
{
    struct host *host = timer->data;

    host->closing_late = true;
    uv_stop(timer->loop);
}

/* Turns the loop until every handle is gone; a driver that does not let go is named and left. */
static bool drain(struct host *host)
{
    uv_timer_t late;

    uv_timer_init(&host->loop, &late);
    late.data = host;
    uv_timer_start(&late, on_late, CLOSE_WITHIN_MS, 0);
    uv_unref((uv_handle_t *)&late); /* it alone does not keep the loop turning */
    uv_run(&host->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&late, NULL);
    uv_run(&host->loop, UV_RUN_NOWAIT);
    if (uv_loop_close(&host->loop) == 0)
        return true;
    uv_walk(&host->loop, log_handle, NULL);
    return false;
}

static void start_signals(struct host *host)
{
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an error of write(), not our end */
    for (size_t i = 0; i < COUNT(signals); i++) {
        uv_signal_init(&host->loop, &host->signal[i]);
        host->signal[i].data = host;
        uv_signal_start(&host->signal[i], on_signal, signals[i]);
    }
}

static void stop_signals(struct host *host)
{
    for (size_t i = 0; i < COUNT(signals); i++)
        uv_close((uv_handle_t *)&host->signal[i], NULL);
}

enum run_end run(const struct run_options *options, struct diagnostics *found, struct error *err)
{
    const struct service_options service_options = {.site_path = options->site_path,
                                                    .policy_path = options->policy_path,
                                                    .http_address = options->http_address,
                                                    .pages = service_pages,
                                                    .state_folder = options->state_folder,
                                                    .ticks = options->ticks};
    struct host host = {0};
    struct site *site = NULL;
    struct policy_set *policies = NULL;
    bool ok = false;

    if (!load(options, &site, &policies, found))
        return RUN_REFUSED;
    if (options->observe)
        site->mode = MODE_OBSERVE; /* before anything looks at it */
    uv_loop_init(&host.loop);
    start_signals(&host);
    ok = service_open(&host.service, &host.loop, &service_options, site, policies, err) &&
         write_port(options, host.service->http, err);
    if (ok) {
        log_start(host.service, options, found);
        uv_run(&host.loop, UV_RUN_DEFAULT);
    }
    service_close(host.service);
    stop_signals(&host);
    if (drain(&host))
        service_free(host.service);
    else if (ok) /* what is left may still use the service's memory: the process ends anyway */
        ok = failure(err, ERR_TIMEOUT, "shutdown", "all devices closed in 5 s",
                     "handles left: see the log");
    if (ok)
        log_event(LOG_LEVEL_NOTICE, "service.stopped", "clean=yes");
    return ok ? RUN_STOPPED : RUN_FAILED;
}
