#include "core/net/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/status.h"

extern char **environ;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int make_pipe(int ends[2])
{
  if (pipe(ends))
    return ETORO_EIO;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  return ETORO_OK;
}

static void close_both(const int ends[2])
{
  int saved = errno;
  close(ends[0]);
  close(ends[1]);
  errno = saved;
}

/* All of it, before anybody reads: as long as both ends are ours, nothing waits
   and no SIGPIPE comes. A key is far below what a pipe holds. */
static int fill(int ends[2], const struct etoro_secret *input)
{
  size_t n = input ? etoro_secret_len(input) : 0;
  ssize_t done;
  int rc = make_pipe(ends);
  if (rc)
    return rc;
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  do
    done = n ? write(ends[1], etoro_secret_data(input), n) : 0;
  while (done < 0 && errno == EINTR);
  if (done == (ssize_t)n)
    return ETORO_OK;
  close_both(ends);
  return ETORO_ETOOBIG;
}

/* The signals of a program that a shell starts. */
static int set_signals(posix_spawnattr_t *attributes)
{
  sigset_t none, pipes;
  sigemptyset(&none);
  sigemptyset(&pipes);
  sigaddset(&pipes, SIGPIPE);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setsigdefault(attributes, &pipes);
  return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK
                                                  | POSIX_SPAWN_SETSIGDEF);
}

static int start(pid_t *pid, char *const argv[], int in, int out)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error)
    return error;
  error = posix_spawnattr_init(&attributes);
  if (!error) {
    error = set_signals(&attributes);
    if (!error)
      error = posix_spawn_file_actions_adddup2(&actions, in, 0);
    if (!error)
      error = posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (!error)
      error = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null",
                                               O_WRONLY, 0);
    if (!error)
      error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/* What a child ends with for a program that is not there, where the system does not
   find out before there is one. */
enum {
  STATUS_ABSENT = 127
};

static const char late[] = "it took too long";

/* Reads to the end, at most max bytes; a signal's handler ends nothing. */
static int read_until(int fd, char *room, size_t max, size_t *len, double end,
                      const char **why)
{
  struct pollfd ready = { fd, POLLIN, 0 };
  ssize_t n = 1;
  *len = 0;
  while (n && *len < max) {
    double left = end - now();
    if (left <= 0) {
      *why = late;
      return ETORO_EINVAL;
    }
    if (poll(&ready, 1, left < 1 ? (int)(left * 1000) + 1 : 1000) <= 0)
      continue;
    n = read(fd, room + *len, max - *len);
    if (n < 0 && errno != EINTR)
      return ETORO_EIO;
    if (n > 0)
      *len += (size_t)n;
  }
  return n ? ETORO_ETOOBIG : ETORO_OK;
}

/* Whoever has closed its output is about to end, and is killed where not. */
static int end_of(pid_t pid, int is_killed, double end)
{
  static const struct timespec pause = { 0, 5000000 };
  int status = 0;
  pid_t found;
  for (;;) {
    if (is_killed || now() >= end)
      kill(pid, SIGKILL);
    found = waitpid(pid, &status, WNOHANG);
    if (found == pid || (found < 0 && errno != EINTR))
      break;
    nanosleep(&pause, NULL);
  }
  if (found != pid) /* a host that ignores SIGCHLD is told of no child's end */
    return ETORO_PROGRAM_UNTOLD;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int seal(struct etoro_secret **output, const char *room, size_t n)
{
  while (n && (room[n - 1] == '\n' || room[n - 1] == '\r'))
    n--;
  return n ? etoro_secret_new(output, room, n) : ETORO_OK;
}

static int hear(struct etoro_secret **output, int *status, pid_t pid, int fd,
                double end, const char **why)
{
  char *room = malloc(ETORO_KEY_FILE_MAX + 1);
  size_t n = 0;
  int saved;
  int rc = room ? read_until(fd, room, ETORO_KEY_FILE_MAX + 1, &n, end, why)
                : ETORO_ENOMEM;
  saved = errno;
  *status = end_of(pid, rc != ETORO_OK, end);
  if (!rc)
    rc = seal(output, room, n);
  etoro_wipe(room, ETORO_KEY_FILE_MAX + 1);
  free(room);
  errno = saved;
  return rc;
}

int etoro_program_run(struct etoro_secret **output, int *status,
                      char *const argv[], const struct etoro_secret *input,
                      double seconds, const char **why)
{
  int in[2], out[2], error;
  pid_t pid = 0;
  double end = now() + seconds;
  int rc = fill(in, input);
  *output = NULL;
  *why = NULL;
  if (rc)
    return rc;
  rc = make_pipe(out);
  if (rc) {
    close_both(in);
    return rc;
  }
  error = start(&pid, argv, in[0], out[1]);
  close_both(in);
  close(out[1]);
  rc = ETORO_EIO;
  if (!error) {
    rc = hear(output, status, pid, out[0], end, why);
    error = errno;
  }
  if (!rc && !*output && *status == STATUS_ABSENT) {
    rc = ETORO_EIO;
    error = ENOENT;
  }
  close(out[0]);
  errno = error;
  return rc;
}
