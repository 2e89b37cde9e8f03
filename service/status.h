/* service/status.h - the site as the controller sees it, as JSON: GET /api/v1/status.
 *
 * A value that is not good is null, never an old number. ?nodes=1 adds the nodes, `limit` (1 ..
 * 1000, default 500) of them from `offset` on. The members are described in docs/operations.md. */
#ifndef SERVICE_STATUS_H
#define SERVICE_STATUS_H

#include "service/http.h"

/* `context` is a const struct service *. */
void status_write(void *context, const struct http_request *request, FILE *out);

/* The front page: a few lines that say what is served. */
void status_write_index(void *context, const struct http_request *request, FILE *out);

#endif
