/* etoro.terminal: what the etoro command needs of its terminal, and the two
   signals that end it. Loaded by the command alone: a module must not touch
   its host's signals. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "binding/lcompat.h"
#include "core/limits.h"

/* A handler can reach nothing but statics; there is one process, and one
   command in it. */
static volatile sig_atomic_t caught;
static int wake_read = -1, wake_write = -1;

static void on_signal(int number)
{
  int saved = errno;
  ssize_t n;
  caught = number;
  n = write(wake_write, "", 1); /* a full pipe wakes just as well */
  (void)n;
  errno = saved;
}

/* terminal.is_terminal(fd: integer): boolean */
static int is_terminal(lua_State *L)
{
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* terminal.columns(fd: integer): integer? */
static int columns(lua_State *L)
{
  struct winsize size;
  if (ioctl((int)luaL_checkinteger(L, 1), TIOCGWINSZ, &size) || !size.ws_col)
    return 0;
  lua_pushinteger(L, size.ws_col);
  return 1;
}

static int make_pipe(void)
{
  int ends[2], i;
  if (wake_read >= 0)
    return 0;
  if (pipe(ends))
    return -1;
  for (i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
  }
  wake_read = ends[0];
  wake_write = ends[1];
  return 0;
}

/* terminal.open_standard()   descriptors 0 to 2 are taken: else what is
   printed could end up in a file or connection that got their number. They
   cannot be written to, so that output which goes nowhere is not taken for
   written */
static int open_standard(lua_State *L)
{
  int fd;
  (void)L;
  do
    fd = open("/dev/null", O_RDONLY);
  while (fd >= 0 && fd <= 2);
  if (fd > 2)
    close(fd);
  return 0;
}

/* terminal.catch(): boolean   SIGINT and SIGTERM are noted from now on; a
   second one ends the program at once. A reader that went away is an error of
   the write, not the end of the program */
static int catch_signals(lua_State *L)
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
  action.sa_handler = on_signal;
  action.sa_flags = (int)SA_RESETHAND;
  lua_pushboolean(L, !make_pipe() && !sigaction(SIGINT, &action, NULL)
                         && !sigaction(SIGTERM, &action, NULL));
  return 1;
}

/* terminal.signal(): "SIGINT"|"SIGTERM"|nil   the one that came */
static int signal_name(lua_State *L)
{
  if (!caught)
    return 0;
  lua_pushstring(L, caught == SIGTERM ? "SIGTERM" : "SIGINT");
  return 1;
}

/* terminal.wait(fd: integer, seconds: number?)   until fd can be read, the
   time is over, or a signal came */
static int wait_for(lua_State *L)
{
  struct pollfd fds[2];
  lua_Number seconds = luaL_optnumber(L, 2, -1);
  int ms = seconds < 0                        ? -1
           : seconds > ETORO_POLL_SECONDS_MAX ? ETORO_POLL_SECONDS_MAX * 1000
                                              : (int)(seconds * 1000 + 0.999);
  fds[0].fd = (int)luaL_checkinteger(L, 1);
  fds[1].fd = wake_read;
  fds[0].events = fds[1].events = POLLIN;
  if (!caught)
    poll(fds, wake_read < 0 ? 1 : 2, ms);
  return 0;
}

/* terminal.flush_output(): true|nil, string?, integer?   all that was printed
   has reached its file, as far as a close of it tells; closed is a copy */
static int flush_output(lua_State *L)
{
  int fd;
  if (fflush(stdout))
    return luaL_fileresult(L, 0, NULL);
  fd = dup(STDOUT_FILENO);
  if (fd >= 0 && close(fd) && errno != EINTR)
    return luaL_fileresult(L, 0, NULL);
  lua_pushboolean(L, 1);
  return 1;
}

/* terminal.create_private(path: string): true?, string?   an empty new file
   that its owner alone may read; one that exists is left as it is */
static int create_private(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return luaL_fileresult(L, 0, path);
  close(fd);
  lua_pushboolean(L, 1);
  return 1;
}

static const luaL_Reg functions[] = {
  { "catch", catch_signals },
  { "columns", columns },
  { "create_private", create_private },
  { "flush_output", flush_output },
  { "is_terminal", is_terminal },
  { "open_standard", open_standard },
  { "signal", signal_name },
  { "wait", wait_for },
  { NULL, NULL },
};

__attribute__((visibility("default"))) int
luaopen_etoro_terminal(lua_State *L);

int luaopen_etoro_terminal(lua_State *L)
{
  luaL_newlib(L, functions);
  lua_pushinteger(L, EPIPE);
  lua_setfield(L, -2, "EPIPE");
  return 1;
}
