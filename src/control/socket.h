/* Sockets in the file system, by which a run is spoken to by its owner. Nothing
   here waits. */
#ifndef ETORO_CONTROL_SOCKET_H
#define ETORO_CONTROL_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

/* Listens at a path, where its owner alone may connect; in place of a socket
   that lies there, never of another file. Gives a descriptor, or -1 and errno. */
int etoro_control_listen(const char *path);

/* Connects to one. A descriptor, or -1 and errno: ENOENT and ECONNREFUSED where
   nobody listens. */
int etoro_control_connect(const char *path);

/* Who has connected: a descriptor, or -1 and errno; EAGAIN: nobody. */
int etoro_control_accept(int fd);

/* Bytes that have come: their number, 0 at the end, -1 and errno; EAGAIN: none
   yet. */
ssize_t etoro_control_receive(int fd, char *bytes, size_t size);

/* Sends what goes now: the number of bytes, or -1 and errno. No SIGPIPE. */
ssize_t etoro_control_send(int fd, const char *bytes, size_t size);

#endif
