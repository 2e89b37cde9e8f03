/* service/metrics.h - everything that is counted, as Prometheus reads it: GET /metrics. */
#ifndef SERVICE_METRICS_H
#define SERVICE_METRICS_H

#include "service/http.h"

/* `context` is a const struct service *. */
void metrics_write(void *context, const struct http_request *request, FILE *out);

#endif
