#include "drivers/modbus/connection_inside.h"

#include <netdb.h>
#include <string.h>

static void keep_peers(struct connection *c, const struct addrinfo *list)
{
    c->peers = 0;
    for (; list != NULL && c->peers < ADDRESSES_MOST; list = list->ai_next) {
        if (list->ai_addrlen > sizeof c->peer[0])
            continue;
        memcpy(&c->peer[c->peers++], list->ai_addr, list->ai_addrlen);
    }
}

static void on_resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *list)
{
    struct connection *c = resolve->data;

    c->resolving = false;
    if (c->closing) {
        uv_freeaddrinfo(list);
        connection_free_if_done(c);
        return;
    }
    if (c->state == LINK_RESOLVING && status == 0)
        keep_peers(c, list);
    uv_freeaddrinfo(list);
    if (status == 0 && c->peers > 0) {
        connection_happen(c, EV_RESOLVED);
    } else {
        (void)failure(&c->why, ERR_UNKNOWN, c->where, "an address for the name", "%s",
                      status == 0 ? "none" : uv_strerror(status));
        connection_happen(c, EV_LOST);
    }
}

void connection_resolve(struct connection *c)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int status;

    if (getaddrinfo(c->address.host, c->address.port, &hints, &list) == 0) {
        keep_peers(c, list);
        freeaddrinfo(list);
        connection_follow(c, EV_RESOLVED);
        return;
    }
    connection_wait(c, c->connect_timeout_ns);
    if (c->resolving) /* a look-up of before still hangs; its end serves this wait too */
        return;
    hints.ai_flags = AI_NUMERICSERV;
    c->peers = 0;
    c->resolve.data = c;
    status = uv_getaddrinfo(c->host.loop, &c->resolve, on_resolved, c->address.host,
                            c->address.port, &hints);
    c->resolving = status == 0;
    if (status != 0) {
        (void)failure(&c->why, ERR_UNKNOWN, c->where, "a name", "%s", uv_strerror(status));
        connection_follow(c, EV_LOST);
    }
}
