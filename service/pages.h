/* service/pages.h - what a running service answers over HTTP. */
#ifndef SERVICE_PAGES_H
#define SERVICE_PAGES_H

#include "service/http.h"

/* /metrics, /api/v1/status and an index of them; the context of each is a struct service. */
extern const struct http_route service_pages[];

#endif
