#include "core/bytes/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/status.h"

static int opened(const char *path)
{
  int fd;
  do
    /* Non-blocking: between the look and this the path may have become a pipe,
       whose open waits for a writer. No terminal of it becomes the process's
       own. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  while (fd < 0 && errno == EINTR);
  return fd;
}

/* By what it is: a user who has named a folder is told so. */
static const char *fault_of(mode_t mode)
{
  if (S_ISREG(mode))
    return NULL;
  if (S_ISDIR(mode))
    return "it is a directory, not a file";
  if (S_ISFIFO(mode))
    return "it is a pipe, not a file";
  if (S_ISSOCK(mode))
    return "it is a socket, not a file";
  return "it is a device, not a file";
}

int etoro_file_open(int *fd, struct stat *info, const char *path,
                    const char **why)
{
  int saved;
  *why = NULL;
  /* before it is opened, too: to open a device may do something */
  if (stat(path, info))
    return ETORO_EIO;
  *why = fault_of(info->st_mode);
  if (*why)
    return ETORO_EINVAL;
  *fd = opened(path);
  if (*fd < 0)
    return ETORO_EIO;
  /* Once more by the descriptor: what counts is the file that was opened,
     whatever the path leads to by then. */
  if (fstat(*fd, info)) {
    saved = errno;
    close(*fd);
    errno = saved;
    return ETORO_EIO;
  }
  *why = fault_of(info->st_mode);
  if (!*why)
    return ETORO_OK;
  close(*fd);
  return ETORO_EINVAL;
}

static int append_to(int fd, const char **why)
{
  struct stat info;
  if (fstat(fd, &info))
    return ETORO_EIO;
  *why = fault_of(info.st_mode);
  if (*why)
    return ETORO_EINVAL;
  if (!flock(fd, LOCK_EX | LOCK_NB))
    return ETORO_OK;
  if (errno != EWOULDBLOCK)
    return ETORO_EIO;
  *why = "it is in use";
  return ETORO_EINVAL;
}

int etoro_file_append(int *fd, const char *path, const char **why)
{
  struct stat info;
  int rc, saved;
  *why = stat(path, &info) ? NULL : fault_of(info.st_mode);
  if (*why) /* to open a device may do something */
    return ETORO_EINVAL;
  do
    *fd = open(path,
               O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
               0600);
  while (*fd < 0 && errno == EINTR);
  if (*fd < 0)
    return ETORO_EIO;
  rc = append_to(*fd, why);
  if (rc) {
    saved = errno;
    close(*fd);
    errno = saved;
  }
  return rc;
}

/* What the system only promises to write does not survive a loss of power. macOS
   keeps its word for F_FULLFSYNC alone. The size is flushed as well, the time of
   the last change need not be. */
int etoro_file_flush(int fd)
{
#ifdef F_FULLFSYNC
  if (!fcntl(fd, F_FULLFSYNC))
    return 0;
#endif
#ifdef __APPLE__
  return fsync(fd) ? errno : 0;
#else
  return fdatasync(fd) ? errno : 0;
#endif
}

void etoro_file_flush_folder(const char *path)
{
  const char *slash = strrchr(path, '/');
  char *folder = strdup(path);
  int fd;
  if (!folder)
    return;
  folder[slash && slash > path ? slash - path : 1] = '\0';
  fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  if (fd < 0)
    return;
  fsync(fd); /* not every file system can, and those need not */
  close(fd);
}

static int write_all(int fd, const char *bytes, size_t n)
{
  while (n > 0) {
    ssize_t done = write(fd, bytes, n);
    if (done < 0 && errno != EINTR)
      return errno;
    if (done > 0) {
      bytes += done;
      n -= (size_t)done;
    }
  }
  return etoro_file_flush(fd);
}

static int write_new(const char *path, const char *bytes, size_t n)
{
  int fd, error;
  /* One that was left there has a mode of its own, or leads elsewhere. */
  if (unlink(path) && errno != ENOENT)
    return errno;
  do
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
  while (fd < 0 && errno == EINTR);
  if (fd < 0)
    return errno;
  error = fchmod(fd, 0600) ? errno : 0; /* whatever the umask */
  if (!error)
    error = write_all(fd, bytes, n);
  if (close(fd) && !error && errno != EINTR)
    error = errno;
  return error;
}

int etoro_file_replace(const char *path, const char *bytes, size_t n)
{
  size_t length = strlen(path);
  char *beside = malloc(length + sizeof ".new");
  int error;
  if (!beside)
    return ETORO_ENOMEM;
  memcpy(beside, path, length);
  memcpy(beside + length, ".new", sizeof ".new");
  error = write_new(beside, bytes, n);
  if (!error && rename(beside, path))
    error = errno;
  if (error)
    unlink(beside); /* part of a secret, maybe */
  free(beside);
  if (error) {
    errno = error;
    return ETORO_EIO;
  }
  etoro_file_flush_folder(path);
  return ETORO_OK;
}

/* One that is not there passes: whoever opens it says so in the system's
   words. */
int etoro_file_is_regular(const char *path)
{
  struct stat info;
  return stat(path, &info) || S_ISREG(info.st_mode);
}
