/* A program that embeds Lua, for what the lua command cannot show: states
   that close while the program lives on, several at once, fork.

     embed [-n times] [-j threads] [-l seconds] code [argument ...]

   The Lua code runs in a new state of its own -n times over in each of -j
   threads; a state is closed after each run. -l keeps the program alive
   after the last one. It is a failure when a signal's handler or a thread's
   mask is another one in the end. The code finds a table `host`:

     host.fork() -> pid, 0 in the child; a child ends when its code does
     host.wait(pid) -> exit code | nil, signal
     host.poll(descriptor, seconds) -> whether it is readable
     host.state() -> a further state in this thread
     state:run(code, ...) -> its result as a string; nil, message; the
       arguments are strings
     state:close() */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define STATE_TYPE "embed.state"
#define THREADS_MAX 16
#define SIGNALS 32

struct plan {
  int times;
  char **code; /* and its arguments, NULL at the end */
  int failed;
};

static int host_fork(lua_State *L)
{
  fflush(NULL);
  lua_pushinteger(L, (lua_Integer)fork());
  return 1;
}

static int host_wait(lua_State *L)
{
  int status;
  pid_t pid = (pid_t)luaL_checkinteger(L, 1);
  if (waitpid(pid, &status, 0) != pid)
    return luaL_error(L, "no such child");
  if (WIFEXITED(status)) {
    lua_pushinteger(L, WEXITSTATUS(status));
    return 1;
  }
  lua_pushnil(L);
  lua_pushinteger(L, WTERMSIG(status));
  return 2;
}

static int host_poll(lua_State *L)
{
  struct pollfd one = { (int)luaL_checkinteger(L, 1), POLLIN, 0 };
  int n = poll(&one, 1, (int)(luaL_checknumber(L, 2) * 1000));
  if (n < 0)
    return luaL_error(L, "poll failed");
  lua_pushboolean(L, n == 1);
  return 1;
}

static int state_run(lua_State *L)
{
  lua_State *const *u = luaL_checkudata(L, 1, STATE_TYPE);
  lua_State *other = *u;
  int top = lua_gettop(L);
  int i, rc;
  luaL_argcheck(L, other != NULL, 1, "the state is closed");
  rc = luaL_loadstring(other, luaL_checkstring(L, 2));
  for (i = 3; i <= top && !rc; i++)
    lua_pushstring(other, luaL_checkstring(L, i));
  if (!rc)
    rc = lua_pcall(other, top - 2, 1, 0);
  if (rc)
    lua_pushnil(L);
  lua_pushstring(L, luaL_tolstring(other, -1, NULL));
  lua_settop(other, 0);
  return rc ? 2 : 1;
}

static int state_close(lua_State *L)
{
  lua_State **u = luaL_checkudata(L, 1, STATE_TYPE);
  lua_State *other = *u;
  *u = NULL;
  if (other)
    lua_close(other);
  return 0;
}

static int host_state(lua_State *L)
{
  lua_State **u = lua_newuserdatauv(L, sizeof *u, 0);
  *u = NULL;
  luaL_setmetatable(L, STATE_TYPE);
  *u = luaL_newstate();
  if (!*u)
    return luaL_error(L, "not enough memory");
  luaL_openlibs(*u);
  return 1;
}

static const luaL_Reg functions[] = { { "fork", host_fork },
                                      { "poll", host_poll },
                                      { "state", host_state },
                                      { "wait", host_wait },
                                      { NULL, NULL } };

static const luaL_Reg methods[] = { { "close", state_close },
                                    { "run", state_run },
                                    { NULL, NULL } };

static void open_host(lua_State *L)
{
  luaL_newmetatable(L, STATE_TYPE);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, state_close);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  lua_setglobal(L, "host");
}

static int run_once(const struct plan *plan, pid_t self)
{
  int n, rc;
  lua_State *L = luaL_newstate();
  if (!L)
    return 1;
  luaL_openlibs(L);
  open_host(L);
  rc = luaL_loadstring(L, plan->code[0]);
  for (n = 1; !rc && plan->code[n]; n++)
    lua_pushstring(L, plan->code[n]);
  if (!rc)
    rc = lua_pcall(L, n - 1, 0, 0);
  if (rc)
    fprintf(stderr, "embed: %s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  if (getpid() != self)
    _exit(rc != 0); /* what the parent opened is not the child's to free */
  return rc != 0;
}

/* 1 when the calling thread blocks other signals than it did. */
static int mask_differs(const sigset_t *before)
{
  sigset_t now;
  int i;
  pthread_sigmask(SIG_SETMASK, NULL, &now);
  for (i = 1; i < SIGNALS; i++)
    if (sigismember(&now, i) != sigismember(before, i)) {
      fprintf(stderr, "embed: the mask of signal %d has changed\n", i);
      return 1;
    }
  return 0;
}

static int handlers_differ(const struct sigaction *before)
{
  struct sigaction now;
  int i;
  for (i = 1; i < SIGNALS; i++)
    if (!sigaction(i, NULL, &now)
        && (now.sa_handler != before[i].sa_handler
            || now.sa_flags != before[i].sa_flags)) {
      fprintf(stderr, "embed: signal %d has another handler\n", i);
      return 1;
    }
  return 0;
}

static void *run_all(void *context)
{
  struct plan *plan = context;
  pid_t self = getpid();
  sigset_t mask;
  int i;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  for (i = 0; i < plan->times && !plan->failed; i++)
    plan->failed = run_once(plan, self);
  plan->failed = plan->failed || mask_differs(&mask);
  return NULL;
}

static int run_threads(const struct plan *plan, int n)
{
  pthread_t threads[THREADS_MAX];
  struct plan plans[THREADS_MAX];
  int failed = 0;
  int started, i;
  for (started = 0; started < n; started++) {
    plans[started] = *plan;
    if (pthread_create(&threads[started], NULL, run_all, &plans[started]))
      break;
  }
  for (i = 0; i < started; i++) {
    pthread_join(threads[i], NULL);
    failed = failed || plans[i].failed;
  }
  return failed || started < n;
}

int main(int argc, char **argv)
{
  struct plan plan = { 1, NULL, 0 };
  struct timespec linger = { 0, 0 };
  struct sigaction before[SIGNALS];
  int threads = 0;
  int option;
  int i;
  /* the plus leaves what stands behind the code alone */
  while ((option = getopt(argc, argv, "+n:j:l:")) != -1) {
    if (option == 'n')
      plan.times = (int)strtol(optarg, NULL, 10);
    else if (option == 'j')
      threads = (int)strtol(optarg, NULL, 10);
    else if (option == 'l')
      linger.tv_sec = strtol(optarg, NULL, 10);
    else
      return 2;
  }
  if (optind >= argc || threads > THREADS_MAX)
    return 2;
  plan.code = argv + optind;
  memset(before, 0, sizeof before);
  for (i = 1; i < SIGNALS; i++)
    sigaction(i, NULL, &before[i]);
  if (threads)
    plan.failed = run_threads(&plan, threads);
  else
    run_all(&plan);
  plan.failed = plan.failed || handlers_differ(before);
  if (linger.tv_sec) {
    fprintf(stderr, "embed: closed\n");
    while (nanosleep(&linger, &linger))
      ;
    fprintf(stderr, "embed: still here\n");
  }
  return plan.failed;
}
