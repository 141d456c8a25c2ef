/* A program with a loop of its own that has Lua and the module in it: asks for
   a price, and goes on with its own work until the answer is there.

     cc -o embed examples/embed.c $(pkg-config --cflags --libs lua5.4)
     ./embed AAPL

   Takes ETORO_API_KEY and ETORO_USER_KEY. */
#include <poll.h>
#include <stdio.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* Gives two functions: what to poll, and for how many milliseconds at most; and
   the step to make then, which tells whether all is over. */
static const char SCRIPT[] =
    "local etoro = require 'etoro'\n"
    "local client, symbol = assert(etoro.client()), ...\n"
    "local task = etoro.spawn(function()\n"
    "  local rate, err = client.market:rate(symbol)\n"
    "  print(rate and symbol .. ' costs ' .. rate.ask or tostring(err))\n"
    "end)\n"
    "local loop = etoro.loop()\n"
    "return function()\n"
    "  local wait = math.min(loop:timeout() or 1, 0.1)\n"
    "  return loop:pollfd(), math.ceil(wait * 1000)\n"
    "end, function()\n"
    "  loop:step()\n"
    "  return task.status == 'done'\n"
    "end\n";

/* One turn of the program. 1: all is over; 0: it is not; -1: an error, whose
   message is on the stack. */
static int turn(lua_State *L)
{
  struct pollfd one = { -1, POLLIN, 0 };
  int is_over;
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 0, 2, 0))
    return -1;
  one.fd = (int)lua_tointeger(L, -2);
  if (poll(&one, 1, (int)lua_tointeger(L, -1)) == 0)
    puts("meanwhile"); /* the program's own work */
  lua_pushvalue(L, 2);
  if (lua_pcall(L, 0, 1, 0))
    return -1;
  is_over = lua_toboolean(L, -1);
  lua_settop(L, 2);
  return is_over;
}

int main(int argc, char **argv)
{
  int is_over = -1;
  lua_State *L = luaL_newstate();
  if (!L)
    return 1;
  luaL_openlibs(L);
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (!luaL_loadstring(L, SCRIPT)) {
    lua_pushstring(L, argc > 1 ? argv[1] : "AAPL");
    if (!lua_pcall(L, 1, 2, 0))
      while (!(is_over = turn(L)))
        ;
  }
  if (is_over < 0)
    fprintf(stderr, "embed: %s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return is_over < 0;
}
