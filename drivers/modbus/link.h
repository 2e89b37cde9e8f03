/* drivers/modbus/link.h - the life of one connection, as a table. Pure.
 *
 *     DOWN ─▶ RESOLVING ─▶ CONNECTING ─▶ IDLE ◀──▶ WAITING
 *                 ▲            │   lost, broken, silent │
 *                 └──────── BACKOFF ◀───────────────────┘
 */
#ifndef DRIVERS_MODBUS_LINK_H
#define DRIVERS_MODBUS_LINK_H

enum link_state {
    LINK_DOWN,      /* nobody wants it yet */
    LINK_RESOLVING, /* a name to addresses */
    LINK_CONNECTING,
    LINK_IDLE,    /* connected, nothing asked */
    LINK_WAITING, /* one request is out, never more */
    LINK_BACKOFF,
    LINK_COUNT
};

enum link_event {
    EV_WANTED, /* the first device starts */
    EV_RESOLVED,
    EV_CONNECTED,
    EV_NEXT,  /* this address failed, the name has another */
    EV_ASKED, /* a device has a request */
    EV_ANSWERED,
    EV_EXPIRED, /* the state's time is up */
    EV_LOST,    /* socket, stream or name: beyond repair */
    EV_COUNT
};

enum link_act {
    DO_NOTHING, /* ignored, counted */
    DO_RESOLVE,
    DO_CONNECT,
    DO_SERVE, /* tell the devices that they can ask */
    DO_SEND,
    DO_DELIVER, /* the answer to who asked */
    DO_EXPIRE,  /* no answer to who asked */
    DO_BACK_OFF /* close, tell the devices, wait */
};

struct link_step {
    enum link_state next;
    enum link_act act;
};

struct link_step link_step(enum link_state state, enum link_event event);

const char *link_state_name(enum link_state state);

#endif
