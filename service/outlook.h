/* service/outlook.h - what is known of the hours to come, for the status: forecasts, and events that a grid announced. */
#ifndef SERVICE_OUTLOOK_H
#define SERVICE_OUTLOOK_H

#include "service/service.h"

#include <jansson.h>

/* New arrays, one object each forecast, each source of events, and each event that a policy holds. */
json_t *outlook_forecasts(const struct service *service);
json_t *outlook_event_sources(const struct service *service, int64_t now_ns);
json_t *outlook_held_events(const struct service *service);

#endif
