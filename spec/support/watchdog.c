/* spec.support.watchdog: no spec hangs the run. When a place that was told
   lasts longer than its seconds, an error is raised there, the way Ctrl-C
   raises one; if nothing new is told for as long again (GRACE seconds at most), the
   process says so and ends, and its children with it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "binding/lcompat.h"

enum {
  GRACE = 30
};

/* A handler can reach nothing but statics. */
static lua_State *main_state;
static volatile sig_atomic_t is_raised;
static int limit;
static char place[512];

static void raise_error(lua_State *L, lua_Debug *ar)
{
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  luaL_error(L, "no end within %d s", limit);
}

static void say(const char *text)
{
  ssize_t n = write(2, text, strlen(text));
  (void)n;
}

/* lua_sethook is the one function of Lua's that a handler may call. */
static void on_alarm(int number)
{
  (void)number;
  say(is_raised ? "\nspec: still no end, the run is given up: "
                : "\nspec: no end: ");
  say(place);
  say("\n");
  if (is_raised)
    _exit(3);
  is_raised = 1;
  alarm((unsigned)(limit < GRACE ? limit : GRACE));
  lua_sethook(main_state, raise_error,
              LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/* watchdog.tell(place: string, seconds: integer)   something new has begun */
static int tell(lua_State *L)
{
  const char *text = luaL_checkstring(L, 1);
  limit = (int)luaL_checkinteger(L, 2);
  alarm(0);
  snprintf(place, sizeof place, "%s", text);
  is_raised = 0;
  alarm((unsigned)limit);
  return 0;
}

__attribute__((visibility("default"))) int
luaopen_spec_support_watchdog(lua_State *L);

int luaopen_spec_support_watchdog(lua_State *L)
{
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_alarm; /* without SA_RESTART: what blocks returns */
  sigemptyset(&action.sa_mask);
  sigaction(SIGALRM, &action, NULL);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  main_state = lua_tothread(L, -1);
  lua_pushcfunction(L, tell);
  return 1;
}
