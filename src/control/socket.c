#include "control/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/limits.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* An address, with the folder that it goes through where a path is too long for
   one: the system's name of an open folder is short. */
struct place {
  struct sockaddr_un address;
  int folder; /* owned; -1 without */
};

static int open_folder(struct place *p, const char *path, size_t len)
{
  char folder[ETORO_CONTROL_PATH_MAX];
  if (len >= sizeof folder) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(folder, path, len);
  folder[len] = 0;
  p->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return p->folder < 0 ? -1 : 0;
}

/* To be left by leave(), whatever it gives. */
static int find(struct place *p, const char *path)
{
  const char *slash = strrchr(path, '/');
  int n;
  memset(p, 0, sizeof *p);
  p->address.sun_family = AF_UNIX;
  p->folder = -1;
  if (strlen(path) < sizeof p->address.sun_path) {
    strcpy(p->address.sun_path, path);
    return 0;
  }
  if (open_folder(p, slash ? path : ".",
                  slash ? (size_t)(slash - path) + 1 : 1))
    return -1;
  n = snprintf(p->address.sun_path, sizeof p->address.sun_path,
               "/proc/self/fd/%d/%s", p->folder, slash ? slash + 1 : path);
  if (n > 0 && (size_t)n < sizeof p->address.sun_path)
    return 0;
  errno = ENAMETOOLONG;
  return -1;
}

static void leave(struct place *p)
{
  int saved = errno;
  if (p->folder >= 0)
    close(p->folder);
  errno = saved;
}

static int give_up(int fd)
{
  int saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

static int prepare(int fd)
{
  if (fd < 0)
    return -1;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
    return give_up(fd);
  return fd;
}

/* What a run that was killed has left is taken away. */
static int make_room(const char *path)
{
  struct stat found;
  if (lstat(path, &found))
    return errno == ENOENT ? 0 : -1;
  if (S_ISSOCK(found.st_mode))
    return unlink(path);
  errno = EEXIST;
  return -1;
}

/* Nobody can connect before it listens, and then its owner alone. */
static int begin(int fd, const struct place *p)
{
  const struct sockaddr *address = (const struct sockaddr *)&p->address;
  return bind(fd, address, sizeof p->address)
         || chmod(p->address.sun_path, 0600)
         || listen(fd, ETORO_CONTROL_WAITING);
}

int etoro_control_listen(const char *path)
{
  struct place p;
  int fd = -1;
  if (!find(&p, path) && !make_room(p.address.sun_path))
    fd = prepare(socket(AF_UNIX, SOCK_STREAM, 0));
  if (fd >= 0 && begin(fd, &p))
    fd = give_up(fd);
  leave(&p);
  return fd;
}

int etoro_control_connect(const char *path)
{
  struct place p;
  int fd = -1;
  if (!find(&p, path))
    fd = prepare(socket(AF_UNIX, SOCK_STREAM, 0));
  if (fd >= 0
      && connect(fd, (const struct sockaddr *)&p.address, sizeof p.address))
    fd = give_up(fd);
  leave(&p);
  return fd;
}

int etoro_control_accept(int fd)
{
  return prepare(accept(fd, NULL, NULL));
}

ssize_t etoro_control_receive(int fd, char *bytes, size_t size)
{
  return recv(fd, bytes, size, 0);
}

ssize_t etoro_control_send(int fd, const char *bytes, size_t size)
{
  return send(fd, bytes, size, MSG_NOSIGNAL);
}
