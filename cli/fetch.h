/* cli/fetch.h - JSON from a running controller over HTTP; bounded in size and time. */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include "model/error.h"

#include <jansson.h>

struct fetcher;

struct fetcher *fetcher_open(void);
void fetcher_close(struct fetcher *fetcher);

/* Begins GET base + path; what was under way is given up. */
void fetcher_begin(struct fetcher *fetcher, const char *base_url, const char *path);
bool fetcher_busy(const struct fetcher *fetcher);

/* Works on it until it is done, input waits on `input_fd` (-1: none) or wait_ms are over. True
 * when it has just ended: then *answer is the caller's to json_decref, or NULL and *err says
 * why. */
MUST_USE bool fetcher_turn(struct fetcher *fetcher, int input_fd, int wait_ms, json_t **answer,
                           struct error *err);

/* The same in one call. */
MUST_USE bool fetch_json(const char *base_url, const char *path, json_t **answer,
                         struct error *err);

#endif
