#include "core/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#endif

#include "core/status.h"

static const char begin[] = "{\"kind\":\"journal\",\"version\":";
static const char middle[] = "1,\"salt\":\"";
static const char end[] = "\"}\n";

#define BEGIN_LEN (sizeof begin - 1)
#define MIDDLE_LEN (sizeof middle - 1)
#define SALT_AT (BEGIN_LEN + MIDDLE_LEN)
#define HEADER_LEN (SALT_AT + ETORO_JOURNAL_SALT_LEN + sizeof end - 1)

static int say(char *why, const char *path, const char *problem)
{
  snprintf(why, ETORO_JOURNAL_WHY, "journal '%.300s': %s", path, problem);
  return ETORO_EIO;
}

/* Who holds the lock, as far as the system tells; 0 when it does not. */
static long holder_of(const struct stat *info)
{
  long found = 0;
#ifdef __linux__
  char line[256];
  FILE *locks = fopen("/proc/locks", "re");
  while (locks && !found && fgets(line, sizeof line, locks)) {
    long pid;
    unsigned device[2];
    unsigned long inode;
    int n = sscanf(line, "%*d: FLOCK ADVISORY WRITE %ld %x:%x:%lu", &pid,
                   &device[0], &device[1], &inode);
    if (n == 4 && device[0] == major(info->st_dev)
        && device[1] == minor(info->st_dev)
        && inode == (unsigned long)info->st_ino)
      found = pid;
  }
  if (locks)
    fclose(locks);
#else
  (void)info;
#endif
  return found > 0 ? found : 0;
}

static int say_in_use(char *why, const char *path, const struct stat *info)
{
  char problem[160];
  long pid = holder_of(info);
  if (pid && pid == (long)getpid())
    return say(why, path, "is in use in another place of this process");
  if (!pid)
    return say(why, path, "is in use by another process");
  snprintf(problem, sizeof problem,
           "is in use by another process (pid %ld); give each its own file",
           pid);
  return say(why, path, problem);
}

/* A file's name is on the disk only when its folder is. */
static void flush_folder(const char *path)
{
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strdup(path) : strdup(".");
  int fd;
  if (!folder)
    return;
  if (slash)
    folder[slash == path ? 1 : slash - path] = '\0';
  fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  if (fd < 0)
    return;
  fsync(fd); /* not every file system can, and those need not */
  close(fd);
}

int etoro_journal_file_flush(const struct etoro_journal_file *f)
{
#ifdef F_FULLFSYNC
  if (!fcntl(f->fd, F_FULLFSYNC))
    return 0;
#endif
#ifdef __APPLE__
  return fsync(f->fd) ? errno : 0;
#else
  return fdatasync(f->fd) ? errno : 0;
#endif
}

static int write_header(struct etoro_journal_file *f, const char *path,
                        etoro_random_fn *random, void *context, char *why)
{
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[ETORO_JOURNAL_SALT_LEN / 2];
  char line[HEADER_LEN + 1];
  size_t i;
  int error;
  if (random(context, bytes, sizeof bytes)) {
    say(why, path, "the system gave no random bytes");
    return ETORO_ERANDOM;
  }
  for (i = 0; i < sizeof bytes; i++) {
    f->salt[2 * i] = digits[bytes[i] >> 4];
    f->salt[2 * i + 1] = digits[bytes[i] & 15];
  }
  f->salt[ETORO_JOURNAL_SALT_LEN] = '\0';
  snprintf(line, sizeof line, "%s%s%s%s", begin, middle, f->salt, end);
  error = etoro_journal_file_write(f, line, HEADER_LEN);
  if (!error)
    error = etoro_journal_file_flush(f);
  if (error)
    return say(why, path, strerror(error));
  flush_folder(path);
  return ETORO_OK;
}

/* 1 when n bytes are as much of a first line as a crash may leave. */
static int is_half_header(const char *bytes, size_t n)
{
  return n < HEADER_LEN - 1 && !memchr(bytes, '\n', n)
         && !memcmp(bytes, begin, n < BEGIN_LEN ? n : BEGIN_LEN);
}

static int read_salt(struct etoro_journal_file *f, const char *path,
                     const char *bytes, size_t n, char *why)
{
  if (n < HEADER_LEN - 1 || memcmp(bytes, begin, BEGIN_LEN) != 0)
    return say(why, path, "is a file of something else; it was left alone");
  if (memcmp(bytes + BEGIN_LEN, middle, MIDDLE_LEN) != 0)
    return say(why, path, "was written by another version; it was left alone");
  memcpy(f->salt, bytes + SALT_AT, ETORO_JOURNAL_SALT_LEN);
  f->salt[ETORO_JOURNAL_SALT_LEN] = '\0';
  if (strspn(f->salt, "0123456789abcdef") != ETORO_JOURNAL_SALT_LEN
      || bytes[SALT_AT + ETORO_JOURNAL_SALT_LEN] != '"')
    return say(why, path, "has a broken first line; it was left alone");
  return ETORO_OK;
}

static int read_header(struct etoro_journal_file *f, const char *path,
                       off_t size, etoro_random_fn *random, void *context,
                       char *why)
{
  char bytes[HEADER_LEN];
  char last = '\n';
  ssize_t n = pread(f->fd, bytes, sizeof bytes, 0);
  int rc;
  if (n < 0 || (size > 0 && pread(f->fd, &last, 1, size - 1) != 1))
    return say(why, path, strerror(n < 0 ? errno : EIO));
  if (is_half_header(bytes, (size_t)n)) {
    if (n && ftruncate(f->fd, 0))
      return say(why, path, strerror(errno));
    return write_header(f, path, random, context, why);
  }
  rc = read_salt(f, path, bytes, (size_t)n, why);
  f->is_torn = last != '\n';
  return rc;
}

static int take(struct etoro_journal_file *f, const char *path,
                etoro_random_fn *random, void *context, char *why)
{
  struct stat info;
  if (fstat(f->fd, &info))
    return say(why, path, strerror(errno));
  if (!S_ISREG(info.st_mode))
    return say(why, path, "is not a regular file");
  if (flock(f->fd, LOCK_EX | LOCK_NB))
    return errno == EWOULDBLOCK ? say_in_use(why, path, &info)
                                : say(why, path, strerror(errno));
  if (fstat(f->fd, &info)) /* as its last holder left it */
    return say(why, path, strerror(errno));
  f->device = info.st_dev;
  f->inode = info.st_ino;
  f->path = realpath(path, NULL);
  if (!f->path)
    return say(why, path, strerror(errno));
  return read_header(f, path, info.st_size, random, context, why);
}

int etoro_journal_file_open(struct etoro_journal_file *f, const char *path,
                            etoro_random_fn *random, void *context,
                            char why[ETORO_JOURNAL_WHY])
{
  int rc;
  memset(f, 0, sizeof *f);
  /* without waiting: the path may be a pipe's */
  f->fd = open(path,
               O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
               0600);
  if (f->fd < 0)
    return say(why, path, strerror(errno));
  rc = take(f, path, random, context, why);
  if (rc)
    etoro_journal_file_close(f);
  return rc;
}

/* Writes all of n bytes; 0 or an errno, and how many went. */
static int put(int fd, const char *bytes, size_t n, size_t *done)
{
  *done = 0;
  while (*done < n) {
    ssize_t some = write(fd, bytes + *done, n - *done);
    if (some > 0)
      *done += (size_t)some;
    else if (some == 0)
      return ENOSPC;
    else if (errno != EINTR)
      return errno;
  }
  return 0;
}

int etoro_journal_file_write(struct etoro_journal_file *f, const char *line,
                             size_t n)
{
  struct stat info;
  size_t done;
  int error;
  if (fstat(f->fd, &info))
    return errno;
  if (!info.st_nlink)
    return ENOENT; /* removed: nobody would find what is written now */
  if (f->is_torn) {
    error = put(f->fd, "\n", 1, &done);
    if (error)
      return error;
    f->is_torn = 0;
    info.st_size++;
  }
  error = put(f->fd, line, n, &done);
  if (error && done && ftruncate(f->fd, info.st_size))
    f->is_torn = 1;
  return error;
}

int etoro_journal_file_is(const struct etoro_journal_file *f, const char *path)
{
  struct stat info;
  return f->fd >= 0 && !stat(path, &info) && info.st_dev == f->device
         && info.st_ino == f->inode;
}

int etoro_journal_file_is_there(const struct etoro_journal_file *f)
{
  return f->path && etoro_journal_file_is(f, f->path);
}

void etoro_journal_file_close(struct etoro_journal_file *f)
{
  free(f->path);
  f->path = NULL;
  if (f->fd >= 0)
    close(f->fd);
  f->fd = -1;
}
