#include "core/journal/journal_file.h"

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

#include "core/bytes/buf.h"
#include "core/bytes/digest.h"
#include "core/bytes/file.h"
#include "core/status.h"

static const char begin[] = "{\"kind\":\"journal\",\"version\":";
static const char middle[] = "1,\"salt\":\"";
static const char end[] = "\"}\n";

#define BEGIN_LEN (sizeof begin - 1)
#define MIDDLE_LEN (sizeof middle - 1)
#define SALT_AT (BEGIN_LEN + MIDDLE_LEN)
#define HEADER_LEN (SALT_AT + ETORO_JOURNAL_SALT_LEN + sizeof end - 1)

const char *etoro_journal_file_reason(char out[ETORO_REASON_MAX], int error)
{
  if (error != ETORO_JOURNAL_CHANGED)
    return etoro_reason(out, error);
  snprintf(out, ETORO_REASON_MAX, "%s",
           "the file was cut or written to by another program");
  return out;
}

/* The path as the user wrote it, cut: the words behind it must still be seen. */
static int say(char *why, const char *path, const char *problem)
{
  snprintf(why, ETORO_JOURNAL_WHY_MAX, "journal '%.*s': %s",
           ETORO_JOURNAL_PATH_SHOWN, path, problem);
  return ETORO_EIO;
}

static int say_error(char *why, const char *path, int error)
{
  char reason[ETORO_REASON_MAX];
  return say(why, path, etoro_journal_file_reason(reason, error));
}

/* Who holds the lock, as far as the system tells; 0 when it does not. For the
   message alone: two processes on one journal would each take the other's orders
   for their own, and a user has to find the second one. */
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

/* Before an order leaves, its intent has to survive a loss of power. */
int etoro_journal_file_flush(const struct etoro_journal_file *f)
{
  return etoro_file_flush(f->fd);
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

/* A first line of its own salt: whose an order is stands in the file as a
   fingerprint of the key, and the same key must look otherwise in each file. */
static int write_header(struct etoro_journal_file *f, const char *path,
                        etoro_random_fn *random, void *context, char *why)
{
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[ETORO_JOURNAL_SALT_LEN / 2];
  char line[HEADER_LEN + 1];
  size_t i, done;
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
  error = put(f->fd, line, HEADER_LEN, &done);
  if (!error)
    error = etoro_journal_file_flush(f);
  if (error)
    return say_error(why, path, error);
  etoro_file_flush_folder(f->path);
  return ETORO_OK;
}

/* 1 when n bytes are as much of a first line as a crash may leave. Only such a
   file is begun anew: all else may be somebody's book. */
static int is_half_header(const char *bytes, size_t n)
{
  return n < HEADER_LEN - 1 && !memchr(bytes, '\n', n)
         && !memcmp(bytes, begin, n < BEGIN_LEN ? n : BEGIN_LEN);
}

/* What is no journal of ours is never written to, not even its end: the path may
   be a slip. */
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
    return say_error(why, path, n < 0 ? errno : EIO);
  if (is_half_header(bytes, (size_t)n)) {
    if (n && ftruncate(f->fd, 0))
      return say_error(why, path, errno);
    return write_header(f, path, random, context, why);
  }
  rc = read_salt(f, path, bytes, (size_t)n, why);
  f->is_torn = last != '\n';
  return rc;
}

/* Remembers the end of the file, by which the next write knows that nobody else
   has written meanwhile. 0 or an errno. */
static int read_tail(struct etoro_journal_file *f)
{
  struct stat info;
  ssize_t n;
  if (fstat(f->fd, &info))
    return errno;
  f->size = info.st_size;
  f->tail_len =
      f->size < ETORO_JOURNAL_TAIL ? (size_t)f->size : ETORO_JOURNAL_TAIL;
  n = pread(f->fd, f->tail, f->tail_len, f->size - (off_t)f->tail_len);
  if (n < 0)
    return errno;
  return (size_t)n == f->tail_len ? 0 : EIO;
}

/* n bytes have been added to the file. */
static void add_tail(struct etoro_journal_file *f, const char *bytes, size_t n)
{
  size_t kept = 0;
  f->size += (off_t)n;
  if (n >= ETORO_JOURNAL_TAIL) {
    bytes += n - ETORO_JOURNAL_TAIL;
    n = ETORO_JOURNAL_TAIL;
  } else {
    kept = ETORO_JOURNAL_TAIL - n;
    if (kept > f->tail_len)
      kept = f->tail_len;
    memmove(f->tail, f->tail + f->tail_len - kept, kept);
  }
  memcpy(f->tail + kept, bytes, n);
  f->tail_len = kept + n;
}

static int has_bytes(const struct etoro_journal_file *f, off_t at,
                     const char *bytes, size_t n)
{
  char found[ETORO_JOURNAL_TAIL];
  return pread(f->fd, found, n, at) == (ssize_t)n && !memcmp(found, bytes, n);
}

/* Whether the file is as it was left: as long, with its salt at the beginning
   and what was written last at the end. */
static int is_as_left(const struct etoro_journal_file *f,
                      const struct stat *info)
{
  return info->st_size == f->size
         && has_bytes(f, SALT_AT, f->salt, ETORO_JOURNAL_SALT_LEN)
         && has_bytes(f, f->size - (off_t)f->tail_len, f->tail, f->tail_len);
}

/* The lock comes before the first read, and holds as long as the descriptor: what
   was read before it may be another's half line. It is the open file's, so that
   a fork shares it and an exit, even by a signal, gives it back. */
static int take(struct etoro_journal_file *f, const char *path,
                etoro_random_fn *random, void *context, char *why)
{
  struct stat info;
  int rc, error;
  if (fstat(f->fd, &info))
    return say_error(why, path, errno);
  if (!S_ISREG(info.st_mode))
    return say(why, path, "is not a regular file");
  if (flock(f->fd, LOCK_EX | LOCK_NB))
    return errno == EWOULDBLOCK ? say_in_use(why, path, &info)
                                : say_error(why, path, errno);
  if (fstat(f->fd, &info)) /* as its last holder left it */
    return say_error(why, path, errno);
  f->device = info.st_dev;
  f->inode = info.st_ino;
  f->path = realpath(path, NULL);
  if (!f->path)
    return say_error(why, path, errno);
  rc = read_header(f, path, info.st_size, random, context, why);
  error = rc ? 0 : read_tail(f);
  return error ? say_error(why, path, error) : rc;
}

int etoro_journal_file_open(struct etoro_journal_file *f, const char *path,
                            etoro_random_fn *random, void *context,
                            char why[ETORO_JOURNAL_WHY_MAX])
{
  int rc;
  memset(f, 0, sizeof *f);
  /* without waiting: the path may be a pipe's */
  f->fd = open(path,
               O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
               0600);
  if (f->fd < 0)
    return say_error(why, path, errno);
  rc = take(f, path, random, context, why);
  if (rc)
    etoro_journal_file_close(f);
  return rc;
}

/* One write for a line, at the end wherever that is. What went half is cut off
   again, since the next line would be glued to it; where even that fails the
   next one begins with a line end. A file that was removed or changed takes
   nothing, and so nothing is sent: its orders could not be found again. */
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
  if (!is_as_left(f, &info))
    return ETORO_JOURNAL_CHANGED;
  if (f->is_torn) {
    error = put(f->fd, "\n", 1, &done);
    if (error)
      return error;
    f->is_torn = 0;
    add_tail(f, "\n", 1);
  }
  error = put(f->fd, line, n, &done);
  if (error && done && !ftruncate(f->fd, f->size))
    return error;
  f->is_torn = error && done;
  add_tail(f, line, done);
  return error;
}

/* By what the name stands for, not by how it is written: links and dots lead to
   one file, and it is to be open once. */
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

int etoro_journal_file_who(const struct etoro_journal_file *f,
                           const struct etoro_secret *secret, char *out, int n)
{
  static const char digits[] = "0123456789abcdef";
  unsigned char digest[ETORO_SHA256_LEN];
  struct etoro_buf salted; /* it holds the key: a buffer wipes what it frees */
  size_t room = ETORO_JOURNAL_SALT_LEN + etoro_secret_len(secret);
  int i, rc;
  etoro_buf_init(&salted, room);
  rc = etoro_buf_add(&salted, f->salt, ETORO_JOURNAL_SALT_LEN);
  if (!rc)
    rc = etoro_buf_add(&salted, etoro_secret_data(secret),
                       etoro_secret_len(secret));
  if (!rc)
    etoro_sha256(digest, salted.data, salted.len);
  etoro_buf_free(&salted);
  if (rc)
    return rc;
  for (i = 0; i < n; i++)
    out[i] = digits[i % 2 ? digest[i / 2] & 15 : digest[i / 2] >> 4];
  out[n] = '\0';
  return ETORO_OK;
}
