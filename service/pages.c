#include "service/pages.h"

#include "service/metrics.h"
#include "service/status.h"

const struct http_route service_pages[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics_write},
    {"/api/v1/status", "application/json", status_write},
    {"/", "text/plain; charset=utf-8", status_write_index},
    {0},
};
