/* etoro.httpd: the sandbox's HTTP server in Lua. A module of its own, so that
   etoro.core never links a server library. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <lua.h>

#include "binding/lcompat.h"
#include "core/bytes/reason.h"
#include "httpd/server.h"
#include "core/limits.h"
#include "core/names.h"
#include "core/status.h"

#define SERVER_TYPE "etoro.httpd"  /* metatable key and __name */
#define MESSAGE_TYPE "etoro.httpd.message"

struct lserver {
  struct etoro_httpd *core;  /* owned; NULL before listen and after close */
};

static struct etoro_httpd *checkserver(lua_State *L)
{
  struct lserver *u = luaL_checkudata(L, 1, SERVER_TYPE);
  luaL_argcheck(L, u->core != NULL, 1, "server is closed");
  return u->core;
}

static struct etoro_httpd_request *checkrequest(lua_State *L,
                                                struct etoro_httpd *h)
{
  return etoro_httpd_find(h, luaL_checkinteger(L, 2));
}

static int pushgone(lua_State *L)
{
  lua_pushnil(L);
  lua_pushliteral(L, "no request waits under this id");
  return 2;
}

static lua_Integer optfield(lua_State *L, const char *name, lua_Integer max,
                            lua_Integer def)
{
  lua_Integer v = def;
  lua_getfield(L, 1, name);
  if (!lua_isnil(L, -1)) {
    int ok;
    v = lua_tointegerx(L, -1, &ok);
    if (!ok || v < 0 || v > max)
      luaL_error(L, "option '%s' must be an integer from 0 to %I", name,
                 (LUAI_UACINT)max);
  }
  lua_pop(L, 1);
  return v;
}

/* httpd.listen{ host=, port=, max_body= } -> server | fail, message */
static int httpd_listen(lua_State *L)
{
  struct lserver *u;
  const char *host;
  lua_Integer port, max_body;
  char reason[ETORO_REASON_MAX];
  int rc;
  luaL_checktype(L, 1, LUA_TTABLE);
  port = optfield(L, "port", 65535, 0);
  max_body = optfield(L, "max_body", INT_MAX, ETORO_HTTPD_BODY_MAX);
  lua_getfield(L, 1, "host");
  host = luaL_optstring(L, -1, "127.0.0.1");
  if (strcmp(host, "localhost") == 0)
    host = "127.0.0.1";
  if (!etoro_httpd_is_loopback(host)) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s is not an address of this machine's loopback",
                    host);
    return 2;
  }
  u = lua_newuserdatauv(L, sizeof *u, 0);
  u->core = NULL;  /* __gc may run from the next line on */
  luaL_setmetatable(L, SERVER_TYPE);
  rc = etoro_httpd_open(&u->core, host, (int)port, (size_t)max_body);
  if (!rc)
    return 1;
  lua_pushnil(L);
  lua_pushfstring(L, "cannot listen on %s port %d: %s", host, (int)port,
                  etoro_reason(reason, rc));
  return 2;
}

/* server:close(), __gc, __close: any state, any number of times */
static int server_close(lua_State *L)
{
  struct lserver *u = luaL_checkudata(L, 1, SERVER_TYPE);
  struct etoro_httpd *core = u->core;
  u->core = NULL;
  etoro_httpd_close(core);
  return 0;
}

/* server:port() -> integer */
static int server_port(lua_State *L)
{
  lua_pushinteger(L, etoro_httpd_port(checkserver(L)));
  return 1;
}

/* server:fd() -> integer, readable when wait() has something to do; nil on
   systems without epoll */
static int server_fd(lua_State *L)
{
  int fd = etoro_httpd_fd(checkserver(L));
  if (fd >= 0)
    lua_pushinteger(L, fd);
  else
    lua_pushnil(L);
  return 1;
}

/* a name that comes twice gets its values joined by a comma */
static void pushheaders(lua_State *L, const struct etoro_buf *head)
{
  const char *p = head->data;
  const char *end = p ? p + head->len : p;
  lua_newtable(L);
  while (p < end) {
    const char *name = p;
    const char *value = name + strlen(name) + 1;
    if (value >= end)  /* only a stray zero byte in a value gets here */
      break;
    p = value + strlen(value) + 1;
    lua_getfield(L, -1, name);
    if (lua_isnil(L, -1))
      lua_pushstring(L, value);
    else
      lua_pushfstring(L, "%s, %s", lua_tostring(L, -1), value);
    lua_setfield(L, -3, name);
    lua_pop(L, 1);
  }
}

static void pushrequest(lua_State *L, const struct etoro_httpd_request *r)
{
  const char *query = strchr(r->target, '?');
  char remote[INET6_ADDRSTRLEN];
  lua_createtable(L, 0, 8);
  lua_pushinteger(L, r->id);
  lua_setfield(L, -2, "id");
  lua_pushinteger(L, r->connection_number);
  lua_setfield(L, -2, "connection");
  lua_pushstring(L, r->method);
  lua_setfield(L, -2, "method");
  lua_pushlstring(L, r->target,
                  query ? (size_t)(query - r->target) : strlen(r->target));
  lua_setfield(L, -2, "path");
  lua_pushstring(L, query ? query + 1 : "");
  lua_setfield(L, -2, "query");
  pushheaders(L, &r->head);
  lua_setfield(L, -2, "headers");
  lua_pushlstring(L, r->body.data ? r->body.data : "", r->body.len);
  lua_setfield(L, -2, "body");
  etoro_httpd_remote(r, remote);
  lua_pushstring(L, remote);
  lua_setfield(L, -2, "remote");
}

/* The oldest message of a WebSocket, or that it has ended: then it is gone. */
static void pushnews(lua_State *L, struct etoro_httpd *h,
                     struct etoro_httpd_socket *s)
{
  static const char *const kinds[] = { ETORO_WS_KINDS(ETORO_TEXT) };
  struct etoro_ws_message **held = lua_newuserdatauv(L, sizeof *held, 0);
  struct etoro_ws_message *m;
  *held = NULL;
  luaL_setmetatable(L, MESSAGE_TYPE);
  lua_createtable(L, 0, 4);
  lua_pushinteger(L, s->id);
  lua_setfield(L, -2, "socket");
  m = *held = etoro_frames_take(s->frames);
  lua_pushstring(L, m ? kinds[m->kind] : "closed");
  lua_setfield(L, -2, "kind");
  if (m) {
    lua_pushlstring(L, m->data, m->len);
    lua_setfield(L, -2, "data");
    lua_pushinteger(L, m->code);
    lua_setfield(L, -2, "code");
  } else
    etoro_httpd_socket_free(etoro_httpd_sockets_of(h), s);
  *held = NULL;
  free(m);
}

static int message_gc(lua_State *L)
{
  struct etoro_ws_message **held = lua_touserdata(L, 1);
  free(*held);
  *held = NULL;
  return 0;
}

/* server:wait(seconds) -> request | message | nil, "timeout" | "interrupted"
   request: { id, connection, method, path, query, headers, body, remote }
   message: { socket, kind = "text" | "binary" | "pong" | "close" | "closed",
   data, code }: of a request's WebSocket, under its id; behind "closed", which
   comes also without a "close", it is gone */
static int server_wait(lua_State *L)
{
  struct etoro_httpd *h = checkserver(L);
  double seconds = luaL_optnumber(L, 2, 0);
  struct etoro_httpd_news news;
  enum etoro_httpd_event event;
  luaL_checkstack(L, 8, NULL);
  event = etoro_httpd_wait(h, seconds, &news);
  if (event == ETORO_HTTPD_REQUEST) {
    pushrequest(L, news.request); /* a memory error in here loses no request */
    news.request->stage = ETORO_HTTPD_TAKEN;
    etoro_buf_free(&news.request->body);
    return 1;
  }
  if (event == ETORO_HTTPD_SOCKET) {
    pushnews(L, h, news.socket);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, event == ETORO_HTTPD_TIMEOUT ? "timeout" : "interrupted");
  return 2;
}

/* The headers table is walked twice: first with r NULL, when a wrong value
   raises, and 0 says that a header has too many; then nothing can raise, for
   only strings are met, and 0 says that a header was refused. */
static int addvalue(lua_State *L, const char *name,
                    struct etoro_httpd_request *r)
{
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "a header value must be a string or a list of strings");
  return !r || etoro_httpd_header(r, name, lua_tostring(L, -1));
}

static int addlist(lua_State *L, const char *name,
                   struct etoro_httpd_request *r)
{
  int i, ok = 1;
  for (i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
    ok &= i <= ETORO_HTTPD_HEADER_VALUES_MAX && addvalue(L, name, r);
    lua_pop(L, 1);
    if (!ok)
      return 0;
  }
  lua_pop(L, 1);
  return ok;
}

static int addheaders(lua_State *L, int index, struct etoro_httpd_request *r)
{
  int ok = 1;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    const char *name;
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "a header name must be a string");
    name = lua_tostring(L, -2);
    if (lua_istable(L, -1))
      ok &= addlist(L, name, r);
    else
      ok &= addvalue(L, name, r);
    lua_pop(L, 1);
  }
  return ok;
}

/* server:respond(id, status, headers, body [, keep]) -> true | fail, message
   With `keep` the connection dies after that many bytes of the body, though
   Content-Length announces all of them. */
static int server_respond(lua_State *L)
{
  struct etoro_httpd_request *r = checkrequest(L, checkserver(L));
  lua_Integer status = luaL_checkinteger(L, 3);
  size_t len;
  const char *body = luaL_optlstring(L, 5, "", &len);
  lua_Integer keep = luaL_optinteger(L, 6, -1);
  int has_room;
  luaL_argcheck(L, status >= 200 && status <= 599, 3, "not a final status");
  luaL_checktype(L, 4, LUA_TTABLE);
  luaL_checkstack(L, 6, NULL);
  has_room = addheaders(L, 4, NULL);
  if (!r)
    return pushgone(L);
  if (!has_room) {
    lua_pushnil(L);
    lua_pushfstring(L, "a header has more than %d values",
                    ETORO_HTTPD_HEADER_VALUES_MAX);
    return 2;
  }
  if (!etoro_httpd_prepare(r, body, len, keep))
    return luaL_error(L, "not enough memory");
  if (!addheaders(L, 4, r)) {
    lua_pushnil(L);
    lua_pushliteral(L, "a header was refused by the server library");
    return 2;
  }
  etoro_httpd_answer(r, (unsigned int)status);
  lua_pushboolean(L, 1);
  return 1;
}

/* server:send(id, bytes) -> count | fail, message
   Raw bytes onto the connection, past the server library; end with cut(). */
static int server_send(lua_State *L)
{
  struct etoro_httpd_request *r = checkrequest(L, checkserver(L));
  size_t len;
  const char *data = luaL_checklstring(L, 3, &len);
  if (!r)
    return pushgone(L);
  lua_pushinteger(L, (lua_Integer)etoro_httpd_send(r, data, len));
  return 1;
}

/* server:cut(id [, reset]) -> true | fail, message
   The connection dies without another byte: closed, or reset (RST). */
static int server_cut(lua_State *L)
{
  struct etoro_httpd_request *r = checkrequest(L, checkserver(L));
  if (!r)
    return pushgone(L);
  etoro_httpd_cut(r, lua_toboolean(L, 3));
  lua_pushboolean(L, 1);
  return 1;
}

/* server:upgrade(id) -> true | fail, message
   Answers with a WebSocket, whose messages wait() gives from then on. */
static int server_upgrade(lua_State *L)
{
  struct etoro_httpd *h = checkserver(L);
  struct etoro_httpd_request *r = checkrequest(L, h);
  const char *why;
  if (!r)
    return pushgone(L);
  why = etoro_httpd_upgrade(etoro_httpd_sockets_of(h), r);
  if (!why) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

static struct etoro_httpd_socket *checksocket(lua_State *L)
{
  return etoro_httpd_socket_find(etoro_httpd_sockets_of(checkserver(L)),
                                 luaL_checkinteger(L, 2));
}

/* server:say(socket, data, "text" | "binary" | "ping" | "raw") -> true | fail,
   message: one frame, or bytes that are none, sent while wait() runs */
static int server_say(lua_State *L)
{
  enum {
    RAW = ETORO_WS_PING + 1
  };
  static const char *const kinds[] = { "text", "binary", "ping", "raw", NULL };
  struct etoro_httpd_socket *s = checksocket(L);
  size_t len;
  const char *data = luaL_checklstring(L, 3, &len);
  int kind = luaL_checkoption(L, 4, "text", kinds);
  int rc =
      !s ? ETORO_ECLOSED
      : kind == RAW
          ? etoro_frames_raw(s->frames, data, len)
          : etoro_frames_send(s->frames, (enum etoro_ws_kind)kind, data, len);
  if (!rc) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, rc == ETORO_ECLOSED   ? "closed"
                    : rc == ETORO_ETOOBIG ? "too much waits to be sent"
                                          : "not acceptable");
  return 2;
}

/* server:mute(socket, on): answers no ping of it, or does so again */
static int server_mute(lua_State *L)
{
  struct etoro_httpd_socket *s = checksocket(L);
  if (s)
    etoro_frames_mute(s->frames, lua_toboolean(L, 3));
  return 0;
}

/* server:shut(socket, code | nil, reason): says good-bye; without a code cuts
   the connection. "closed" follows. */
static int server_shut(lua_State *L)
{
  struct etoro_httpd_socket *s = checksocket(L);
  lua_Integer code = luaL_optinteger(L, 3, -1);
  const char *reason = luaL_optstring(L, 4, "");
  luaL_argcheck(L, code >= -1 && code <= 4999, 3, "not a code");
  luaL_argcheck(L, strlen(reason) <= ETORO_WS_CONTROL_LEN - 2, 4,
                "too long a reason");
  if (s && code < 0)
    etoro_httpd_socket_cut(etoro_httpd_sockets_of(checkserver(L)), s);
  else if (s)
    etoro_frames_close(s->frames, (unsigned)code, reason);
  return 0;
}

/* server:gone(id) -> boolean: whether nobody waits for this answer */
static int server_gone(lua_State *L)
{
  struct etoro_httpd_request *r = checkrequest(L, checkserver(L));
  lua_pushboolean(L, !r || etoro_httpd_is_gone(r));
  return 1;
}

static int server_tostring(lua_State *L)
{
  struct lserver *u = luaL_checkudata(L, 1, SERVER_TYPE);
  if (u->core)
    lua_pushfstring(L, SERVER_TYPE " (port %d)", etoro_httpd_port(u->core));
  else
    lua_pushliteral(L, SERVER_TYPE " (closed)");
  return 1;
}

static int pushclock(lua_State *L, clockid_t which)
{
  struct timespec t = { 0, 0 };
  (void)clock_gettime(which, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
  return 1;
}

/* httpd.monotonic() -> seconds, for measuring */
static int httpd_monotonic(lua_State *L)
{
  return pushclock(L, CLOCK_MONOTONIC);
}

/* httpd.time() -> seconds since the epoch, with their fraction */
static int httpd_time(lua_State *L)
{
  return pushclock(L, CLOCK_REALTIME);
}

static const luaL_Reg functions[] = {
  { "listen", httpd_listen },
  { "monotonic", httpd_monotonic },
  { "time", httpd_time },
  { NULL, NULL },
};

static const luaL_Reg methods[] = {
  { "close", server_close },
  { "cut", server_cut },
  { "fd", server_fd },
  { "gone", server_gone },
  { "mute", server_mute },
  { "port", server_port },
  { "respond", server_respond },
  { "say", server_say },
  { "send", server_send },
  { "shut", server_shut },
  { "upgrade", server_upgrade },
  { "wait", server_wait },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__close", server_close },
  { "__gc", server_close },
  { "__tostring", server_tostring },
  { NULL, NULL },
};

__attribute__((visibility("default"))) int luaopen_etoro_httpd(lua_State *L);

int luaopen_etoro_httpd(lua_State *L)
{
  luaL_newmetatable(L, MESSAGE_TYPE);
  lua_pushcfunction(L, message_gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_newmetatable(L, SERVER_TYPE);
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, SERVER_TYPE);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  return 1;
}
