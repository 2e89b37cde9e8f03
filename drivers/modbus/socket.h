/* drivers/modbus/socket.h - the few socket calls of a connection; none of them blocks. */
#ifndef DRIVERS_MODBUS_SOCKET_H
#define DRIVERS_MODBUS_SOCKET_H

#include "model/error.h"

#include <sys/socket.h>
#include <sys/types.h>

/* Begins to connect; the descriptor, or -1 and *err. It is below FD_SETSIZE: libmodbus puts it in an fd_set,
 * and a larger one would overrun that. */
int socket_connect(const struct sockaddr_storage *peer, const char *where, struct error *err);

/* What became of the connecting: 0 or an errno. */
int socket_error(int fd);

/* False, with errno, unless all of it went out at once: a peer that has no room for 12 bytes does not read. */
bool socket_send(int fd, const void *bytes, size_t n);

/* Looks at what is there without taking it: bytes, 0 for closed, -1 with errno. */
ssize_t socket_peek(int fd, void *bytes, size_t room);

/* Readable means from now on: that many bytes, or the end. */
void socket_wake_at(int fd, size_t bytes);

#endif
