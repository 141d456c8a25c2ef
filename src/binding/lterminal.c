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
#include <sys/types.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "binding/lcompat.h"
#include "binding/lcontrol.h"
#include "core/limits.h"

/* A handler can reach nothing but statics; there is one process, and one
   command in it. */
static volatile sig_atomic_t caught, caught_count, caught_most = 1;
static int wake_read = -1, wake_write = -1;

static void on_signal(int number)
{
  int saved = errno;
  ssize_t n;
  caught = number;
  if (++caught_count >= caught_most) {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
  }
  n = write(wake_write, "", 1); /* a full pipe wakes just as well */
  (void)n;
  errno = saved;
}

/* terminal.processors(): integer   that this machine has */
static int processors(lua_State *L)
{
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  lua_pushinteger(L, count > 0 ? count : 1);
  return 1;
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

/* terminal.rows(fd: integer): integer? */
static int rows(lua_State *L)
{
  struct winsize size;
  if (ioctl((int)luaL_checkinteger(L, 1), TIOCGWINSZ, &size) || !size.ws_row)
    return 0;
  lua_pushinteger(L, size.ws_row);
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

/* terminal.catch(most: integer?): boolean   SIGINT and SIGTERM are noted from now
   on, so many of both, 1 where nothing is said; the next one ends the program at
   once. A reader that went away is an error of the write, not the end of the
   program */
static int catch_signals(lua_State *L)
{
  struct sigaction action;
  caught_most = (int)luaL_optinteger(L, 1, 1);
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
  sigaddset(&action.sa_mask, SIGINT); /* one counts after the other */
  sigaddset(&action.sa_mask, SIGTERM);
  action.sa_handler = on_signal;
  lua_pushboolean(L, !make_pipe() && !sigaction(SIGINT, &action, NULL)
                         && !sigaction(SIGTERM, &action, NULL));
  return 1;
}

/* terminal.signal(): "SIGINT"|"SIGTERM"|nil, integer?   the last that came, and
   how many have come */
static int signal_name(lua_State *L)
{
  if (!caught)
    return 0;
  lua_pushstring(L, caught == SIGTERM ? "SIGTERM" : "SIGINT");
  lua_pushinteger(L, caught_count);
  return 2;
}

/* terminal.wait(fd: integer, seconds: number?, other: integer?)   until fd, or
   the other one, can be read, the time is over, or a signal came */
static int wait_for(lua_State *L)
{
  struct pollfd fds[3];
  lua_Number seconds = luaL_optnumber(L, 2, -1);
  int ms = seconds < 0                        ? -1
           : seconds > ETORO_POLL_SECONDS_MAX ? ETORO_POLL_SECONDS_MAX * 1000
                                              : (int)(seconds * 1000 + 0.999);
  fds[0].fd = (int)luaL_checkinteger(L, 1);
  fds[1].fd = wake_read; /* one below 0 is passed over */
  fds[2].fd = (int)luaL_optinteger(L, 3, -1);
  fds[0].events = fds[1].events = fds[2].events = POLLIN;
  if (!caught)
    poll(fds, 3, ms);
  return 0;
}

/* terminal.read_some(fd: integer): string|nil, string?   what is there to be
   read now, "" where there is nothing; nil at the end, or where it fails */
static int read_some(lua_State *L)
{
  struct pollfd one = { (int)luaL_checkinteger(L, 1), POLLIN, 0 };
  char piece[ETORO_TERMINAL_PIECE];
  ssize_t n = 0;
  if (poll(&one, 1, 0) < 1)
    return lua_pushliteral(L, ""), 1;
  n = read(one.fd, piece, sizeof piece);
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return lua_pushliteral(L, ""), 1;
  if (n < 0)
    return luaL_fileresult(L, 0, NULL);
  if (!n)
    return 0;
  lua_pushlstring(L, piece, (size_t)n);
  return 1;
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

/* terminal.echo(fd: integer, is_on: boolean): boolean   whether the terminal shows
   what is typed, from now on */
static int set_echo(lua_State *L)
{
  int fd = (int)luaL_checkinteger(L, 1), is_on = lua_toboolean(L, 2);
  struct termios modes;
  int ok = !tcgetattr(fd, &modes);
  if (ok && is_on)
    modes.c_lflag |= ECHO;
  else if (ok)
    modes.c_lflag &= ~(tcflag_t)ECHO;
  lua_pushboolean(L, ok && !tcsetattr(fd, TCSAFLUSH, &modes));
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

extern char **environ;

/* What a hook has no use for. */
static int is_key(const char *entry)
{
  static const char *const names[] = { "ETORO_API_KEY=", "ETORO_USER_KEY=",
                                       "ETORO_ACCESS_TOKEN=" };
  size_t i;
  for (i = 0; i < sizeof names / sizeof *names; i++)
    if (!strncmp(entry, names[i], strlen(names[i])))
      return 1;
  return 0;
}

/* Leaves the environment without keys on the stack; Lua owns the list. */
static char **push_environment(lua_State *L)
{
  size_t count = 0, kept = 0, i;
  char **list;
  while (environ && environ[count])
    count++;
  list = lua_newuserdata(L, (count + 1) * sizeof *list);
  for (i = 0; i < count; i++)
    if (!is_key(environ[i]))
      list[kept++] = environ[i];
  list[kept] = NULL;
  return list;
}

/* The child's side: a process group of its own, signals as a shell expects them,
   and no descriptor of ours. Ends in the shell. */
static void become_hook(const char *command, int in, int out, int err,
                        char **env)
{
  long most = sysconf(_SC_OPEN_MAX);
  struct sigaction plain;
  int fd;
  memset(&plain, 0, sizeof plain);
  plain.sa_handler = SIG_DFL;
  sigaction(SIGPIPE, &plain, NULL);
  sigaction(SIGINT, &plain, NULL);
  sigaction(SIGTERM, &plain, NULL);
  setpgid(0, 0);
  if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
    _exit(127);
  if (most < 0 || most > ETORO_HOOK_FDS_MAX)
    most = ETORO_HOOK_FDS_MAX;
  for (fd = 3; fd < most; fd++)
    close(fd);
  execle("/bin/sh", "sh", "-c", command, (char *)NULL, env);
  _exit(127);
}

/* The text as a file without a name, at its beginning. A pipe could be full. */
static FILE *file_of(const char *text, size_t size)
{
  FILE *file = tmpfile();
  if (!file)
    return NULL;
  if (fwrite(text, 1, size, file) == size && !fflush(file)
      && lseek(fileno(file), 0, SEEK_SET) == 0)
    return file;
  fclose(file);
  return NULL;
}

/* terminal.start_hook(command: string, text: string, is_quiet: boolean?): integer?,
   string?, integer?   has a shell run the command, with the text as its stdin and
   without the API's keys; what it prints goes to stderr, where it is not to be
   quiet. Waits for nothing; gives its id */
static int start_hook(lua_State *L)
{
  size_t size;
  const char *command = luaL_checkstring(L, 1);
  const char *text = luaL_checklstring(L, 2, &size);
  int is_quiet = lua_toboolean(L, 3);
  char **env = push_environment(L);
  FILE *file = file_of(text, size);
  pid_t pid;
  if (!file)
    return luaL_fileresult(L, 0, NULL);
  fflush(stdout); /* nothing is printed twice */
  pid = fork();
  if (pid == 0) {
    int out = is_quiet ? open("/dev/null", O_WRONLY) : 2;
    become_hook(command, fileno(file), out, out, env);
  }
  if (pid > 0)
    setpgid(pid, pid); /* whoever is first */
  fclose(file);
  if (pid < 0)
    return luaL_fileresult(L, 0, NULL);
  lua_pushinteger(L, pid);
  return 1;
}

/* terminal.start_worker(command: string, text: string): integer?, integer|string,
   integer?   the same with what it prints on a pipe; gives its id and the
   descriptor to read it from, whose end nobody else has: with this process ends
   the pipe, and a worker that writes */
static int start_worker(lua_State *L)
{
  size_t size;
  const char *command = luaL_checkstring(L, 1);
  const char *text = luaL_checklstring(L, 2, &size);
  char **env = push_environment(L);
  FILE *file = file_of(text, size);
  int ends[2];
  pid_t pid;
  if (!file)
    return luaL_fileresult(L, 0, NULL);
  if (pipe(ends)) {
    int number = errno;
    fclose(file);
    errno = number;
    return luaL_fileresult(L, 0, NULL);
  }
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  fflush(stdout);
  pid = fork();
  if (pid == 0)
    become_hook(command, fileno(file), ends[1], 2, env);
  if (pid > 0)
    setpgid(pid, pid);
  fclose(file);
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return luaL_fileresult(L, 0, NULL);
  }
  lua_pushinteger(L, pid);
  lua_pushinteger(L, ends[0]);
  return 2;
}

/* terminal.close(fd: integer)   of a worker */
static int close_worker(lua_State *L)
{
  close((int)luaL_checkinteger(L, 1));
  return 0;
}

/* terminal.wait_any(fds: integer[], seconds: number)   until one of them can be
   read, the time is over, or a signal came */
static int wait_any(lua_State *L)
{
  struct pollfd fds[ETORO_WORKERS_MAX + 1];
  lua_Number seconds = luaL_checknumber(L, 2);
  lua_Integer count, i;
  luaL_checktype(L, 1, LUA_TTABLE);
  count = luaL_len(L, 1);
  luaL_argcheck(L, count <= ETORO_WORKERS_MAX, 1, "too many of them");
  for (i = 0; i < count; i++) {
    lua_rawgeti(L, 1, i + 1);
    fds[i].fd = (int)luaL_checkinteger(L, -1);
    fds[i].events = POLLIN;
    lua_pop(L, 1);
  }
  fds[count].fd = wake_read;
  fds[count].events = POLLIN;
  luaL_argcheck(L, seconds >= 0 && seconds <= ETORO_POLL_SECONDS_MAX, 2,
                "not that long");
  if (!caught)
    poll(fds, (nfds_t)(count + (wake_read >= 0)), (int)(seconds * 1000));
  return 0;
}

/* terminal.hook_ended(pid: integer): integer?   the code it ended with, 128 and
   the signal's number where one ended it; nil: it runs. Does not wait */
static int hook_ended(lua_State *L)
{
  int status;
  pid_t pid = (pid_t)luaL_checkinteger(L, 1);
  pid_t found = waitpid(pid, &status, WNOHANG);
  if (found == 0 || (found < 0 && errno == EINTR))
    return 0;
  if (found < 0)
    lua_pushinteger(L, 127);
  else if (WIFSIGNALED(status))
    lua_pushinteger(L, 128 + WTERMSIG(status));
  else
    lua_pushinteger(L, WEXITSTATUS(status));
  return 1;
}

/* terminal.kill_hook(pid: integer)   ends it, with all that it has started */
static int kill_hook(lua_State *L)
{
  pid_t pid = (pid_t)luaL_checkinteger(L, 1);
  luaL_argcheck(L, pid > 1, 1, "no process of ours");
  kill(-pid, SIGKILL);
  return 0;
}

static const luaL_Reg functions[] = {
  { "catch", catch_signals },
  { "close", close_worker },
  { "columns", columns },
  { "create_private", create_private },
  { "echo", set_echo },
  { "flush_output", flush_output },
  { "hook_ended", hook_ended },
  { "is_terminal", is_terminal },
  { "kill_hook", kill_hook },
  { "open_standard", open_standard },
  { "processors", processors },
  { "read_some", read_some },
  { "rows", rows },
  { "signal", signal_name },
  { "start_hook", start_hook },
  { "start_worker", start_worker },
  { "wait", wait_for },
  { "wait_any", wait_any },
  { NULL, NULL },
};

__attribute__((visibility("default"))) int
luaopen_etoro_terminal(lua_State *L);

int luaopen_etoro_terminal(lua_State *L)
{
  luaL_newlib(L, functions);
  lua_pushinteger(L, EPIPE);
  lua_setfield(L, -2, "EPIPE");
  letoro_push_control(L);
  lua_setfield(L, -2, "control");
  return 1;
}
