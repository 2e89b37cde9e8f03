#include "service/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS_MOST = 32, SECONDS_IDLE = 15, REQUEST_BYTES = 16384, HANDLES = 2 };

struct http_request {
    struct MHD_Connection *connection;
};

struct http {
    struct MHD_Daemon *daemon;
    uv_poll_t poll;   /* on the daemon's epoll descriptor */
    uv_timer_t timer; /* the daemon's own time-outs */
    const struct http_route *routes;
    void *context;
    uint16_t port;
    bool loopback;
    uint64_t requests;
    int open_handles;
};

/* ---- answers --------------------------------------------------------------------------------- */

int64_t http_number(const struct http_request *request, const char *name, int64_t least,
                    int64_t most, int64_t fallback)
{
    const char *text = request == NULL ? NULL
                                       : MHD_lookup_connection_value(request->connection,
                                                                     MHD_GET_ARGUMENT_KIND, name);
    char *end = NULL;
    long long value = 0;

    if (text == NULL || *text == '\0')
        return fallback;
    value = strtoll(text, &end, 10);
    return *end == '\0' && value >= least && value <= most ? value : fallback;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              char *text, size_t length, enum MHD_ResponseMemoryMode memory)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(length, text, memory);
    enum MHD_Result result = MHD_NO;

    if (response == NULL) {
        if (memory == MHD_RESPMEM_MUST_FREE)
            free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_fixed(struct MHD_Connection *connection, unsigned status,
                                    const char *text)
{
    char *bytes = strdup(text);

    return bytes == NULL ? MHD_NO
                         : answer(connection, status, "text/plain; charset=utf-8", bytes,
                                  strlen(bytes), MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result answer_route(struct http *http, struct MHD_Connection *connection,
                                    const struct http_route *route)
{
    const struct http_request request = {.connection = connection};
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    bool failed = out == NULL;

    if (out != NULL) {
        route->write(http->context, &request, out);
        failed = ferror(out) != 0;
        failed = fclose(out) != 0 || failed;
    }
    if (failed) {
        free(text);
        return answer_fixed(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
    }
    return answer(connection, MHD_HTTP_OK, route->type, text, length, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **seen)
{
    struct http *http = context;

    (void)version;
    (void)upload;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return *upload_size > 0
                   ? MHD_NO
                   : answer_fixed(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "read only\n");
    if (*seen ==
        NULL) { /* the library calls first with the headers, then again when all has come */
        *seen = http;
        return MHD_YES;
    }
    http->requests++;
    for (const struct http_route *route = http->routes; route->path != NULL; route++)
        if (strcmp(url, route->path) == 0)
            return answer_route(http, connection, route);
    return answer_fixed(connection, MHD_HTTP_NOT_FOUND, "no such page\n");
}

/* ---- on the loop ----------------------------------------------------------------------------- */

static void turn(struct http *http);

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    turn(poll->data);
}

static void on_timer(uv_timer_t *timer) { turn(timer->data); }

static void turn(struct http *http)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;

    MHD_run(http->daemon);
    if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES)
        uv_timer_start(&http->timer, on_timer, wait_ms > 0 ? wait_ms : 1, 0);
    else
        uv_timer_stop(&http->timer);
}

/* ---- opening --------------------------------------------------------------------------------- */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool address_parse(const char *text, union address *out, bool *loopback, struct error *err)
{
    static const char *const expected = "ADDRESS:PORT, such as 127.0.0.1:9464 or [::1]:9464";
    const char *colon = strrchr(text, ':');
    char host[64];
    char *end = NULL;
    long port =
        colon != NULL && colon[1] >= '0' && colon[1] <= '9' ? strtol(colon + 1, &end, 10) : -1;
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;

    if (port < 0 || port > UINT16_MAX || *end != '\0' || length == 0 || length >= sizeof host)
        return failure(err, ERR_SYNTAX, "http address", expected, "%s", text);
    memcpy(host, text, length);
    host[length] = '\0';
    if (strcmp(host, "localhost") == 0)
        strcpy(host, "127.0.0.1");
    memset(out, 0, sizeof *out);
    if (host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        *loopback = strcmp(host + 1, "::1") == 0;
        if (uv_ip6_addr(host + 1, (int)port, &out->v6) == 0)
            return true;
    } else if (uv_ip4_addr(host, (int)port, &out->v4) == 0) {
        *loopback = (ntohl(out->v4.sin_addr.s_addr) >> 24) == 127;
        return true;
    }
    return failure(err, ERR_SYNTAX, "http address", expected, "%s", text);
}

static bool daemon_start(struct http *http, const union address *address, const char *text,
                         struct error *err)
{
    unsigned flags = MHD_USE_EPOLL | MHD_NO_FLAG;
    const union MHD_DaemonInfo *info = NULL;

    if (address->any.sa_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    http->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, http, MHD_OPTION_SOCK_ADDR,
                         &address->any, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SECONDS_IDLE,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES, MHD_OPTION_END);
    if (http->daemon == NULL)
        return failure(err, ERR_IO, "http address", "an address of this machine with a free port",
                       "%s", text);
    info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    http->port = info != NULL ? info->port : 0;
    return true;
}

bool http_open(struct http **out, uv_loop_t *loop, const char *address,
               const struct http_route *routes, void *context, struct error *err)
{
    struct http *http = calloc(1, sizeof *http);
    const union MHD_DaemonInfo *info = NULL;
    union address parsed = {0};

    *out = NULL;
    if (http == NULL)
        abort();
    http->routes = routes;
    http->context = context;
    if (!address_parse(address, &parsed, &http->loopback, err) ||
        !daemon_start(http, &parsed, address, err)) {
        free(http);
        return false;
    }
    info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    assert(info != NULL && info->epoll_fd >= 0);
    uv_timer_init(loop, &http->timer);
    uv_poll_init(loop, &http->poll, info->epoll_fd);
    http->open_handles = HANDLES;
    http->timer.data = http;
    http->poll.data = http;
    uv_poll_start(&http->poll, UV_READABLE, on_ready);
    *out = http;
    return true;
}

uint16_t http_port(const struct http *http) { return http->port; }

bool http_loopback(const struct http *http) { return http->loopback; }

uint64_t http_requests(const struct http *http) { return http->requests; }

/* The daemon closes its epoll descriptor, so libuv must have let go of it before. */
static void on_closed(uv_handle_t *handle)
{
    struct http *http = handle->data;

    if (--http->open_handles > 0)
        return;
    MHD_stop_daemon(http->daemon);
    free(http);
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    uv_close((uv_handle_t *)&http->poll, on_closed);
    uv_close((uv_handle_t *)&http->timer, on_closed);
}
