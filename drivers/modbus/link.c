#include "drivers/modbus/link.h"

/* clang-format off */
static const struct link_step steps[LINK_COUNT][EV_COUNT] = {
    [LINK_DOWN]       = {[EV_WANTED]    = {LINK_RESOLVING, DO_RESOLVE}},
    [LINK_RESOLVING]  = {[EV_RESOLVED]  = {LINK_CONNECTING, DO_CONNECT},
                         [EV_EXPIRED]   = {LINK_BACKOFF, DO_BACK_OFF},
                         [EV_LOST]      = {LINK_BACKOFF, DO_BACK_OFF}},
    [LINK_CONNECTING] = {[EV_CONNECTED] = {LINK_IDLE, DO_SERVE},
                         [EV_NEXT]      = {LINK_CONNECTING, DO_CONNECT},
                         [EV_EXPIRED]   = {LINK_BACKOFF, DO_BACK_OFF},
                         [EV_LOST]      = {LINK_BACKOFF, DO_BACK_OFF}},
    [LINK_IDLE]       = {[EV_ASKED]     = {LINK_WAITING, DO_SEND},
                         [EV_LOST]      = {LINK_BACKOFF, DO_BACK_OFF}},
    [LINK_WAITING]    = {[EV_ANSWERED]  = {LINK_IDLE, DO_DELIVER},
                         [EV_EXPIRED]   = {LINK_IDLE, DO_EXPIRE},
                         [EV_LOST]      = {LINK_BACKOFF, DO_BACK_OFF}},
    [LINK_BACKOFF]    = {[EV_EXPIRED]   = {LINK_RESOLVING, DO_RESOLVE}},
};
/* clang-format on */

struct link_step link_step(enum link_state state, enum link_event event)
{
    return steps[state][event];
}

const char *link_state_name(enum link_state state)
{
    static const char *const names[LINK_COUNT] = {
        [LINK_DOWN] = "down", [LINK_RESOLVING] = "resolving", [LINK_CONNECTING] = "connecting",
        [LINK_IDLE] = "idle", [LINK_WAITING] = "waiting",     [LINK_BACKOFF] = "back-off",
    };

    return state < LINK_COUNT ? names[state] : "?";
}
