/* tests/support/turn.h - turn a libuv loop until something is so, but no longer than a limit. */
#ifndef TESTS_SUPPORT_TURN_H
#define TESTS_SUPPORT_TURN_H

#include "model/base.h"

#include <uv.h>

/* True as soon as so(context) holds, false after limit_ms. */
MUST_USE bool turn_until(uv_loop_t *loop, int64_t limit_ms, bool (*so)(void *context),
                         void *context);

/* Turns for this long whatever happens: only to show that something does not happen. */
void turn_for(uv_loop_t *loop, int64_t time_ms);

/* Turns until no handle is left and closes the loop; false when handles remain after limit_ms. */
MUST_USE bool turn_to_end(uv_loop_t *loop, int64_t limit_ms);

#endif
