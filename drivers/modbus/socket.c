#include "drivers/modbus/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

/* Bytes that nobody acknowledges for this long end the connection: the peer is gone without a word. */
enum { UNACKNOWLEDGED_MS = 5000 };

int socket_connect(const struct sockaddr_storage *peer, const char *where, struct error *err)
{
    const int on = 1, limit_ms = UNACKNOWLEDGED_MS;
    socklen_t length = peer->ss_family == AF_INET6 ? (socklen_t)sizeof(struct sockaddr_in6)
                                                   : (socklen_t)sizeof(struct sockaddr_in);
    int fd = socket(peer->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        (void)failure(err, ERR_IO, where, "a socket", "%s", strerror(errno));
        return -1;
    }
    if (fd >= FD_SETSIZE) {
        (void)failure(err, ERR_FULL, where, "a descriptor below 1024", "%d", fd);
        close(fd);
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
    if (connect(fd, (const struct sockaddr *)peer, length) != 0 && errno != EINPROGRESS) {
        (void)failure(err, ERR_IO, where, "a connection", "%s", strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

int socket_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

bool socket_send(int fd, const void *bytes, size_t n)
{
    ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent >= 0 && (size_t)sent < n)
        errno = ENOBUFS;
    return sent >= 0 && (size_t)sent == n;
}

ssize_t socket_peek(int fd, void *bytes, size_t room)
{
    return recv(fd, bytes, room, MSG_PEEK | MSG_DONTWAIT);
}

void socket_wake_at(int fd, size_t bytes)
{
    int least = (int)bytes;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least);
}
