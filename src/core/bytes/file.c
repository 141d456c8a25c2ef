#include "core/bytes/file.h"

#include <errno.h>
#include <fcntl.h>
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

/* One that is not there passes: whoever opens it says so in the system's
   words. */
int etoro_file_is_regular(const char *path)
{
  struct stat info;
  return stat(path, &info) || S_ISREG(info.st_mode);
}
