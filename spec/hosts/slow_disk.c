/* For LD_PRELOAD: a disk that can be told what to do. While the file that a
   variable names is there,

     DISK_SHUT    nothing gets to the disk: fdatasync waits
     DISK_FULL    a file that is only added to takes half of a line, and then
                  no more
     DISK_BROKEN  fdatasync fails

   What has been flushed to the disk is written to the file that DISK_LOG
   names, a line each: "fdatasync PATH" or "fsync PATH". */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef ssize_t write_fn(int, const void *, size_t);
typedef int flush_fn(int);

static int is_set(const char *variable)
{
  const char *path = getenv(variable);
  return path && !access(path, F_OK);
}

static void note(const char *what, int fd)
{
  char link[64], path[512], line[600];
  const char *log = getenv("DISK_LOG");
  int to =
      log ? open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
  ssize_t n;
  if (to < 0)
    return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  n = readlink(link, path, sizeof path - 1);
  path[n > 0 ? n : 0] = '\0';
  n = snprintf(line, sizeof line, "%s %s\n", what, path);
  if (pwrite(to, line, (size_t)n, 0) < 0) /* at the end all the same */
    abort();
  close(to);
}

__attribute__((visibility("default"))) ssize_t write(int fd, const void *bytes,
                                                     size_t n)
{
  static int was_half; /* only the journal's thread comes this far */
  write_fn *real;
  void *found = dlsym(RTLD_NEXT, "write");
  memcpy(&real, &found, sizeof real);
  if (getenv("DISK_FULL") && fcntl(fd, F_GETFL) & O_APPEND
      && is_set("DISK_FULL")) {
    was_half = !was_half && n > 1;
    if (!was_half) {
      errno = ENOSPC;
      return -1;
    }
    n /= 2;
  }
  return real(fd, bytes, n);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
  const struct timespec moment = { 0, 2000000 };
  flush_fn *real;
  void *found = dlsym(RTLD_NEXT, "fdatasync");
  memcpy(&real, &found, sizeof real);
  while (is_set("DISK_SHUT"))
    nanosleep(&moment, NULL);
  if (is_set("DISK_BROKEN")) {
    errno = EIO;
    return -1;
  }
  note("fdatasync", fd);
  return real(fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
  flush_fn *real;
  void *found = dlsym(RTLD_NEXT, "fsync");
  memcpy(&real, &found, sizeof real);
  note("fsync", fd);
  return real(fd);
}
