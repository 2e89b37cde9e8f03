/* drivers/modbus/connection.h - one TCP connection to a host, shared by all devices behind it.
 *
 * Gateways serve few connections and one request at a time, so there is one connection for each host:port and
 * strictly one request out. Devices queue: each stands in the queue at most once, so it is as long as there are
 * devices. When a device's turn comes it is asked what to read; then it gets one answer, or one `lost`.
 *
 * Nothing here blocks, waits longer than it says, or believes a length. Loop thread only; devices of one loop
 * share connections. A user must not leave from inside one of its callbacks. */
#ifndef DRIVERS_MODBUS_CONNECTION_H
#define DRIVERS_MODBUS_CONNECTION_H

#include "drivers/modbus/address.h"
#include "drivers/modbus/connection_user.h"

/* Joins the connection to this address, or makes it; connects to nothing yet. */
MUST_USE bool connection_join(struct connection_user *user, const struct driver_host *host,
                              const struct address *address, int64_t connect_timeout_ns,
                              struct error *err);

/* Connects, unless that has begun; an open connection tells the user so at once. */
void connection_start(struct connection_user *user);

/* Queues the user. Ignored while it is queued already, or while the connection is not up. */
void connection_ask(struct connection_user *user);
bool connection_up(const struct connection_user *user);

/* The last user's leave closes it. Fine on a user that never joined. */
void connection_leave(struct connection_user *user);

#endif
