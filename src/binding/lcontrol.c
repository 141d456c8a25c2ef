/* etoro.terminal's control: sockets in the file system, for a run and who asks
   it. Nothing waits; they belong to this user alone. */
#include "binding/lcontrol.h"

#include <errno.h>
#include <unistd.h>

#include "binding/lcompat.h"
#include "control/socket.h"
#include "core/bytes/reason.h"
#include "core/limits.h"

#define SOCKET_TYPE "etoro.terminal.Socket" /* metatable key and __name */

struct lsocket {
  int fd; /* owned; -1 before it is open and after close */
};

static int checkfd(lua_State *L)
{
  const struct lsocket *u = luaL_checkudata(L, 1, SOCKET_TYPE);
  luaL_argcheck(L, u->fd >= 0, 1, "the socket is closed");
  return u->fd;
}

/* What only needs time is told by its name. */
static int fail(lua_State *L)
{
  char reason[ETORO_REASON_MAX];
  int error = errno;
  int waits = error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
  int absent = error == ENOENT || error == ECONNREFUSED || error == ENOTDIR;
  lua_pushnil(L);
  lua_pushstring(L, etoro_reason(reason, error));
  lua_pushstring(L, waits ? "again" : absent ? "absent" : "failed");
  return 3;
}

/* Takes what `open` gives into a new userdata. */
static struct lsocket *push(lua_State *L)
{
  struct lsocket *u = lua_newuserdatauv(L, sizeof *u, 0);
  u->fd = -1; /* __gc may run from the next line on */
  luaL_setmetatable(L, SOCKET_TYPE);
  return u;
}

/* control.listen(path: string): Socket?, string?, "failed"|"absent"   in place of
   a socket there that nobody listens at any more */
static int control_listen(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct lsocket *u = push(L);
  u->fd = etoro_control_listen(path);
  return u->fd < 0 ? fail(L) : 1;
}

/* control.connect(path: string): Socket?, string?, "absent"|"again"|"failed"   to
   who listens there; absent: nobody */
static int control_connect(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct lsocket *u = push(L);
  u->fd = etoro_control_connect(path);
  return u->fd < 0 ? fail(L) : 1;
}

/* socket:accept(): Socket?, string?, "again"|"failed"   who has connected */
static int socket_accept(lua_State *L)
{
  int fd = checkfd(L);
  struct lsocket *u = push(L);
  u->fd = etoro_control_accept(fd);
  return u->fd < 0 ? fail(L) : 1;
}

/* socket:receive(): string?, string?, "again"|"failed"   what has come; "" at the
   end */
static int socket_receive(lua_State *L)
{
  char bytes[ETORO_CONTROL_PIECE];
  ssize_t n = etoro_control_receive(checkfd(L), bytes, sizeof bytes);
  if (n < 0)
    return fail(L);
  lua_pushlstring(L, bytes, (size_t)n);
  return 1;
}

/* socket:send(text: string, from: integer?): integer?, string?, "again"|"failed"
   how many bytes went, of those from that place on */
static int socket_send(lua_State *L)
{
  size_t size;
  int fd = checkfd(L);
  const char *text = luaL_checklstring(L, 2, &size);
  lua_Integer from = luaL_optinteger(L, 3, 1);
  ssize_t n;
  luaL_argcheck(L, from >= 1 && (lua_Unsigned)from <= size + 1, 3,
                "not within the text");
  n = etoro_control_send(fd, text + from - 1, size - (size_t)from + 1);
  if (n < 0)
    return fail(L);
  lua_pushinteger(L, (lua_Integer)n);
  return 1;
}

/* socket:fd(): integer   to wait for */
static int socket_fd(lua_State *L)
{
  lua_pushinteger(L, checkfd(L));
  return 1;
}

/* socket:close(), __gc, __close: any state, any number of times */
static int socket_close(lua_State *L)
{
  struct lsocket *u = luaL_checkudata(L, 1, SOCKET_TYPE);
  int fd = u->fd;
  u->fd = -1;
  if (fd >= 0)
    close(fd);
  return 0;
}

static const luaL_Reg methods[] = {
  { "accept", socket_accept }, { "close", socket_close },
  { "fd", socket_fd },         { "receive", socket_receive },
  { "send", socket_send },     { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__close", socket_close },
  { "__gc", socket_close },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "connect", control_connect },
  { "listen", control_listen },
  { NULL, NULL },
};

void letoro_push_control(lua_State *L)
{
  if (luaL_newmetatable(L, SOCKET_TYPE)) {
    luaL_setfuncs(L, metamethods, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, SOCKET_TYPE);
    lua_setfield(L, -2, "__metatable");
  }
  lua_pop(L, 1);
  luaL_newlib(L, functions);
}
