/* service/http.h - a small HTTP server on the host's loop, for reading only: GET and HEAD, no
 * threads.
 *
 * libmicrohttpd does the protocol; its epoll descriptor is polled by libuv. Bounded: connections,
 * time of each, size of a request. Answers are made while the request waits, so they must be
 * quick. */
#ifndef SERVICE_HTTP_H
#define SERVICE_HTTP_H

#include "model/error.h"

#include <stdio.h>
#include <uv.h>

struct http;
struct http_request;

/* One path that is answered; a row with path NULL ends the table. */
struct http_route {
    const char *path;
    const char *type; /* Content-Type */
    void (*write)(void *context, const struct http_request *request, FILE *out);
};

/* "127.0.0.1:9464", "[::1]:0", "localhost:9464"; port 0 takes any free one. */
MUST_USE bool http_open(struct http **out, uv_loop_t *loop, const char *address,
                        const struct http_route *routes, void *context, struct error *err);

uint16_t http_port(const struct http *http);
/* Whoever is on this machine only, or whoever reaches it. */
bool http_loopback(const struct http *http);
uint64_t http_requests(const struct http *http);

/* ?name=value as a whole number in least .. most; `fallback` when absent or anything else. A NULL
 * request asks for nothing. */
int64_t http_number(const struct http_request *request, const char *name, int64_t least,
                    int64_t most, int64_t fallback);

/* Answers nothing more; the handles are gone, and http freed, when the loop has turned. NULL is
 * fine. */
void http_close(struct http *http);

#endif
