/* A small HTTP server for the sandbox: etoro.httpd, over libmicrohttpd. It
   speaks plain HTTP to this machine only, hands each complete request to Lua
   and holds its connection until Lua answers, cuts or garbles it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include <lauxlib.h>
#include <lua.h>

#define SERVER_TYPE "etoro.httpd"  /* metatable key and __name */
#define MAX_BODY ((size_t)64 << 20)
#define CONNECTION_MEMORY ((size_t)64 << 10)  /* a request's head fits */
#define MAX_CONNECTIONS 4000u
#define SEND_MS 2000  /* how long send() waits for a peer that reads slowly */

#ifdef MSG_NOSIGNAL
#define SEND_FLAGS MSG_NOSIGNAL
#else
#define SEND_FLAGS 0
#endif

enum stage {
  RECEIVING,  /* head or body still coming in */
  READY,      /* complete, connection suspended, not taken by wait() */
  TAKEN,      /* Lua has its id and owes an answer */
  ANSWERED,   /* response set, connection resumed */
  DROPPED     /* connection resumed to be closed without an answer */
};

struct bytes {
  char *data;  /* owned; NULL while empty */
  size_t len;
  size_t cap;
};

struct request {
  struct request *prev, *next;  /* the server's list, oldest first */
  struct MHD_Connection *connection;
  struct MHD_Response *response;  /* owned reference; NULL before respond */
  struct bytes body;
  struct bytes head;  /* pairs of zero-terminated header name and value */
  char *target;       /* owned; path and query as sent */
  char *method;       /* owned */
  lua_Integer id;
  lua_Integer connection_number;
  unsigned int status;
  enum stage stage;
  int started;    /* the head was seen */
  int failed;     /* memory ran out while it came in */
  int too_large;  /* its body went over the ceiling; nothing of it is kept */
};

struct lserver {
  struct MHD_Daemon *daemon;  /* owned; NULL before listen and after close */
  struct request *first, *last;  /* every request that has not ended */
  struct MHD_Response *refusal;  /* owned; the 413 answer */
  size_t max_body;
  lua_Integer last_id;
  uintptr_t connections;  /* accepted so far; numbers them */
  int listener;  /* owned until the daemon has it, -1 otherwise */
  int pollfd;    /* the daemon's epoll descriptor */
  int port;
};

/* --- what libmicrohttpd calls; no Lua in here --- */

static int append(struct bytes *b, const void *src, size_t n)
{
  if (n > b->cap - b->len) {
    size_t cap = b->cap ? b->cap : 256;
    char *data;
    while (n > cap - b->len) {
      if (cap > SIZE_MAX / 2)
        return 0;
      cap *= 2;
    }
    data = realloc(b->data, cap);
    if (!data)
      return 0;
    b->data = data;
    b->cap = cap;
  }
  if (n)
    memcpy(b->data + b->len, src, n);
  b->len += n;
  return 1;
}

static void request_free(struct lserver *u, struct request *r)
{
  if (r->prev)
    r->prev->next = r->next;
  else
    u->first = r->next;
  if (r->next)
    r->next->prev = r->prev;
  else
    u->last = r->prev;
  if (r->response)
    MHD_destroy_response(r->response);
  free(r->body.data);
  free(r->head.data);
  free(r->target);
  free(r->method);
  free(r);
}

/* The first callback of a request: its value becomes the request's context,
   and on_completed gets it in any case. */
static void *on_target(void *cls, const char *target,
                       struct MHD_Connection *connection)
{
  struct lserver *u = cls;
  struct request *r = calloc(1, sizeof *r);
  if (!r)
    return NULL;
  r->target = strdup(target);
  r->failed = !r->target;
  r->connection = connection;
  r->prev = u->last;
  if (u->last)
    u->last->next = r;
  else
    u->first = r;
  u->last = r;
  return r;
}

static void on_completed(void *cls, struct MHD_Connection *connection,
                         void **context,
                         enum MHD_RequestTerminationCode code)
{
  struct request *r = *context;
  (void)connection;
  (void)code;
  *context = NULL;
  if (r)
    request_free(cls, r);
}

static void on_connection(void *cls, struct MHD_Connection *connection,
                          void **context,
                          enum MHD_ConnectionNotificationCode code)
{
  struct lserver *u = cls;
  const union MHD_ConnectionInfo *info;
  int on = 1;
  if (code != MHD_CONNECTION_NOTIFY_STARTED)
    return;
  *context = (void *)++u->connections;
  info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (info)
    (void)setsockopt(info->connect_fd, IPPROTO_TCP, TCP_NODELAY, &on,
                     sizeof on);
}

/* The path reaches Lua as it was sent. */
static size_t on_unescape(void *cls, struct MHD_Connection *connection,
                          char *text)
{
  (void)cls;
  (void)connection;
  return strlen(text);
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind,
                                 const char *name, size_t nlen,
                                 const char *value, size_t vlen)
{
  struct request *r = cls;
  size_t i, at = r->head.len;
  (void)kind;
  if (!append(&r->head, name, nlen) || !append(&r->head, "", 1) ||
      !append(&r->head, value ? value : "", value ? vlen : 0) ||
      !append(&r->head, "", 1)) {
    r->failed = 1;
    return MHD_NO;
  }
  for (i = 0; i < nlen; i++) {
    char c = r->head.data[at + i];
    if (c >= 'A' && c <= 'Z')
      r->head.data[at + i] = (char)(c - 'A' + 'a');
  }
  return MHD_YES;
}

static enum MHD_Result take_head(struct lserver *u, struct request *r,
                                 const char *method)
{
  const union MHD_ConnectionInfo *info;
  const char *length;
  r->started = 1;
  r->method = strdup(method);
  if (!r->method)
    return MHD_NO;
  info = MHD_get_connection_info(r->connection,
                                 MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  r->connection_number =
      info ? (lua_Integer)(uintptr_t)info->socket_context : 0;
  (void)MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND,
                                    on_header, r);
  if (r->failed)
    return MHD_NO;
  length = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND,
                                       "Content-Length");
  if (length && strtoull(length, NULL, 10) > u->max_body)
    return MHD_queue_response(r->connection, 413, u->refusal);
  return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
                                  const char *url, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
  struct lserver *u = cls;
  struct request *r = *context;
  (void)url;
  (void)version;
  if (!r || r->failed || r->stage == DROPPED)
    return MHD_NO;
  if (!r->started)
    return take_head(u, r, method);
  if (*upload_size) {
    if (!r->too_large && *upload_size > u->max_body - r->body.len) {
      r->too_large = 1;
      free(r->body.data);
      memset(&r->body, 0, sizeof r->body);
    }
    if (!r->too_large && !append(&r->body, upload, *upload_size))
      return MHD_NO;
    *upload_size = 0;
    return MHD_YES;
  }
  if (r->too_large)
    return MHD_queue_response(connection, 413, u->refusal);
  if (r->stage == ANSWERED)
    return MHD_queue_response(connection, r->status, r->response);
  if (r->stage == RECEIVING) {
    r->stage = READY;
    r->id = ++u->last_id;
    MHD_suspend_connection(connection);
  }
  return MHD_YES;
}

/* A body that stops after `keep` of its `size` announced bytes. */
struct cut_body {
  size_t keep;
  char data[];
};

static ssize_t on_cut_body(void *cls, uint64_t pos, char *out, size_t max)
{
  const struct cut_body *b = cls;
  size_t left = pos < b->keep ? b->keep - (size_t)pos : 0;
  if (!left)
    return MHD_CONTENT_READER_END_WITH_ERROR;
  if (left > max)
    left = max;
  memcpy(out, b->data + pos, left);
  return (ssize_t)left;
}

/* --- the server object --- */

static struct lserver *checkserver(lua_State *L)
{
  struct lserver *u = luaL_checkudata(L, 1, SERVER_TYPE);
  luaL_argcheck(L, u->daemon != NULL, 1, "server is closed");
  return u;
}

/* The request Lua was handed under the id at index 2, or NULL when it has
   been answered. */
static struct request *find(lua_State *L, struct lserver *u)
{
  lua_Integer id = luaL_checkinteger(L, 2);
  struct request *r = u->first;
  while (r && !(r->id == id && r->stage == TAKEN))
    r = r->next;
  return r;
}

static int pushgone(lua_State *L)
{
  lua_pushnil(L);
  lua_pushliteral(L, "no request waits under this id");
  return 2;
}

static int request_fd(struct request *r)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(
      r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

static double seconds(clockid_t which)
{
  struct timespec t;
  if (clock_gettime(which, &t))
    return 0;
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Opens a listening socket on a loopback address; -1 and errno otherwise.
   Numbers only: no name server is asked. */
static int open_listener(const char *host, int port, int *bound)
{
  struct sockaddr_in6 six;
  struct sockaddr_in four;
  struct sockaddr_storage real;
  struct sockaddr *addr = (struct sockaddr *)&four;
  socklen_t size = sizeof four;
  int fd, on = 1, saved;
  memset(&four, 0, sizeof four);
  memset(&six, 0, sizeof six);
  if (inet_pton(AF_INET, host, &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons((uint16_t)port);
  } else {
    (void)inet_pton(AF_INET6, host, &six.sin6_addr);
    six.sin6_family = AF_INET6;
    six.sin6_port = htons((uint16_t)port);
    addr = (struct sockaddr *)&six;
    size = sizeof six;
  }
  fd = socket(addr->sa_family, SOCK_STREAM, 0);
  if (fd < 0)
    return -1;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
      fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && bind(fd, addr, size) == 0 &&
      listen(fd, 511) == 0) {
    size = sizeof real;
    if (getsockname(fd, (struct sockaddr *)&real, &size) == 0) {
      *bound = ntohs(real.ss_family == AF_INET6
                         ? ((struct sockaddr_in6 *)&real)->sin6_port
                         : ((struct sockaddr_in *)&real)->sin_port);
      return fd;
    }
  }
  saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

static int is_loopback(const char *host)
{
  struct in_addr four;
  struct in6_addr six;
  if (inet_pton(AF_INET, host, &four) == 1)
    return (ntohl(four.s_addr) >> 24) == 127;
  return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static int start(struct lserver *u)
{
  const union MHD_DaemonInfo *info;
  static const char text[] = "request body too large\n";
  u->refusal = MHD_create_response_from_buffer(
      sizeof text - 1, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
  if (!u->refusal)
    return 0;
  u->daemon = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, u,
      MHD_OPTION_LISTEN_SOCKET, u->listener,
      MHD_OPTION_URI_LOG_CALLBACK, on_target, (void *)u,
      MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
      MHD_OPTION_NOTIFY_COMPLETED, on_completed, (void *)u,
      MHD_OPTION_NOTIFY_CONNECTION, on_connection, (void *)u,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
      MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
      MHD_OPTION_END);
  if (!u->daemon)
    return 0;
  u->listener = -1;
  info = MHD_get_daemon_info(u->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  u->pollfd = info ? info->epoll_fd : -1;
  return u->pollfd >= 0;
}

static void stop(struct lserver *u)
{
  struct MHD_Daemon *daemon = u->daemon;
  struct request *r;
  u->daemon = NULL;
  if (daemon) {
    /* a daemon must not be stopped over suspended connections */
    for (r = u->first; r; r = r->next)
      if (r->stage == READY || r->stage == TAKEN) {
        r->stage = DROPPED;
        MHD_resume_connection(r->connection);
      }
    MHD_stop_daemon(daemon);
  }
  if (u->refusal)
    MHD_destroy_response(u->refusal);
  u->refusal = NULL;
  if (u->listener >= 0)
    close(u->listener);
  u->listener = -1;
}

/* server:close(), __gc, __close: any state, any number of times */
static int server_close(lua_State *L)
{
  stop(luaL_checkudata(L, 1, SERVER_TYPE));
  return 0;
}

static lua_Integer optfield(lua_State *L, const char *name, lua_Integer min,
                            lua_Integer max, lua_Integer def)
{
  lua_Integer v = def;
  if (lua_getfield(L, 1, name) != LUA_TNIL) {
    int ok;
    v = lua_tointegerx(L, -1, &ok);
    if (!ok || v < min || v > max)
      luaL_error(L, "option '%s' is out of range", name);
  }
  lua_pop(L, 1);
  return v;
}

/* httpd.listen{ host=, port=, max_body= } -> server | fail, message */
static int httpd_listen(lua_State *L)
{
  struct lserver *u;
  const char *host;
  int port;
  size_t max_body;
  luaL_checktype(L, 1, LUA_TTABLE);
  port = (int)optfield(L, "port", 0, 65535, 0);
  max_body = (size_t)optfield(L, "max_body", 0, INT_MAX, MAX_BODY);
  lua_getfield(L, 1, "host");
  host = luaL_optstring(L, -1, "127.0.0.1");
  if (strcmp(host, "localhost") == 0)
    host = "127.0.0.1";
  if (!is_loopback(host)) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s is not an address of this machine's loopback",
                    host);
    return 2;
  }
  u = lua_newuserdatauv(L, sizeof *u, 0);
  memset(u, 0, sizeof *u);
  u->listener = u->pollfd = -1;
  luaL_setmetatable(L, SERVER_TYPE);
  u->max_body = max_body;
  errno = 0;
  u->listener = open_listener(host, port, &u->port);
  if (u->listener < 0 || !start(u)) {
    int code = errno;
    stop(u);
    lua_pushnil(L);
    lua_pushfstring(L, "cannot listen on %s port %d: %s", host, port,
                    code ? strerror(code) : "the server did not start");
    return 2;
  }
  return 1;
}

/* server:port() -> integer */
static int server_port(lua_State *L)
{
  lua_pushinteger(L, checkserver(L)->port);
  return 1;
}

/* server:fd() -> integer; readable when wait() has something to do */
static int server_fd(lua_State *L)
{
  lua_pushinteger(L, checkserver(L)->pollfd);
  return 1;
}

static void pushremote(lua_State *L, struct request *r)
{
  char text[INET6_ADDRSTRLEN] = "";
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(
      r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  const struct sockaddr *a = info ? info->client_addr : NULL;
  if (a && a->sa_family == AF_INET)
    (void)inet_ntop(AF_INET,
                    &((const struct sockaddr_in *)(const void *)a)->sin_addr,
                    text, sizeof text);
  else if (a && a->sa_family == AF_INET6)
    (void)inet_ntop(AF_INET6,
                    &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
                    text, sizeof text);
  lua_pushstring(L, text);
}

/* a name that comes twice gets its values joined by a comma */
static void pushheaders(lua_State *L, const struct bytes *head)
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
    if (lua_getfield(L, -1, name) == LUA_TNIL)
      lua_pushstring(L, value);
    else
      lua_pushfstring(L, "%s, %s", lua_tostring(L, -1), value);
    lua_setfield(L, -3, name);
    lua_pop(L, 1);
  }
}

/* it stays READY until all of it is on the stack: a memory error here loses
   no request */
static void pushrequest(lua_State *L, struct request *r)
{
  const char *query = strchr(r->target, '?');
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
  pushremote(L, r);
  lua_setfield(L, -2, "remote");
  r->stage = TAKEN;
  free(r->body.data);
  memset(&r->body, 0, sizeof r->body);
}

static struct request *next_ready(struct lserver *u)
{
  struct request *best = NULL, *r;
  for (r = u->first; r; r = r->next)
    if (r->stage == READY && (!best || r->id < best->id))
      best = r;
  return best;
}

/* Sleeps until the daemon has work, at most until `until`. 0 when a signal
   was caught. */
static int sleep_until(struct lserver *u, double until)
{
  struct pollfd p = {u->pollfd, POLLIN, 0};
  MHD_UNSIGNED_LONG_LONG due;
  double left = (until - seconds(CLOCK_MONOTONIC)) * 1000;
  int ms = left <= 0 ? 0 : left > 60000 ? 60000 : (int)left + 1;
  if (MHD_get_timeout(u->daemon, &due) == MHD_YES && due < (unsigned)ms)
    ms = (int)due;
  return !(poll(&p, 1, ms) < 0 && errno == EINTR);
}

/* server:wait(seconds) -> request | nil, "timeout" | "interrupted"
   request: { id, connection, method, path, query, headers, body, remote } */
static int server_wait(lua_State *L)
{
  struct lserver *u = checkserver(L);
  double limit = luaL_optnumber(L, 2, 0);
  double until = seconds(CLOCK_MONOTONIC) + (limit > 0 ? limit : 0);
  int awake = 1;
  luaL_checkstack(L, 8, NULL);
  for (;;) {
    struct request *r = next_ready(u);
    if (!r) {
      (void)MHD_run(u->daemon);
      r = next_ready(u);
    }
    if (r) {
      pushrequest(L, r);
      return 1;
    }
    if (!awake || seconds(CLOCK_MONOTONIC) >= until)
      break;
    awake = sleep_until(u, until);
  }
  lua_pushnil(L);
  lua_pushstring(L, awake ? "timeout" : "interrupted");
  return 2;
}

/* Raises unless the value at the top is a string or a list of strings, so
   that the second walk over it cannot raise. */
static void checkvalue(lua_State *L)
{
  lua_Integer i;
  if (lua_type(L, -1) == LUA_TSTRING)
    return;
  if (lua_type(L, -1) != LUA_TTABLE)
    luaL_error(L, "a header value must be a string or a list of strings");
  for (i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "a header value must be a string or a list of strings");
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static void checkheaders(lua_State *L, int index)
{
  luaL_checktype(L, index, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "a header name must be a string");
    checkvalue(L);
    lua_pop(L, 1);
  }
}

static int addheaders(lua_State *L, int index, struct MHD_Response *response)
{
  int ok = 1;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    const char *name = lua_tostring(L, -2);
    if (lua_type(L, -1) == LUA_TSTRING) {
      ok &= MHD_add_response_header(response, name, lua_tostring(L, -1)) ==
            MHD_YES;
    } else {
      lua_Integer i;
      for (i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
        ok &= MHD_add_response_header(response, name, lua_tostring(L, -1)) ==
              MHD_YES;
        lua_pop(L, 1);
      }
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  return ok;
}

static struct MHD_Response *make_response(const char *body, size_t len,
                                          lua_Integer keep)
{
  struct MHD_Response *response;
  struct cut_body *b;
  if (keep < 0)
    return MHD_create_response_from_buffer(len, (void *)(uintptr_t)body,
                                           MHD_RESPMEM_MUST_COPY);
  if ((size_t)keep > len)
    keep = (lua_Integer)len;
  b = malloc(sizeof *b + (size_t)keep);
  if (!b)
    return NULL;
  b->keep = (size_t)keep;
  if (keep)
    memcpy(b->data, body, (size_t)keep);
  response = MHD_create_response_from_callback(len, 16384, on_cut_body, b,
                                               free);
  if (!response)
    free(b);
  return response;
}

/* server:respond(id, status, headers, body [, keep]) -> true | fail, message
   With `keep` the connection dies after that many bytes of the body, though
   Content-Length announces all of them. */
static int server_respond(lua_State *L)
{
  struct lserver *u = checkserver(L);
  struct request *r = find(L, u);
  lua_Integer status = luaL_checkinteger(L, 3);
  size_t len;
  const char *body = luaL_optlstring(L, 5, "", &len);
  lua_Integer keep = luaL_optinteger(L, 6, -1);
  luaL_argcheck(L, status >= 200 && status <= 599, 3, "not a final status");
  luaL_checkstack(L, 6, NULL);
  checkheaders(L, 4);
  if (!r)
    return pushgone(L);
  if (r->response)  /* left by a call that raised */
    MHD_destroy_response(r->response);
  r->response = make_response(body, len, keep);
  if (!r->response)
    return luaL_error(L, "not enough memory");
  if (!addheaders(L, 4, r->response)) {
    lua_pushnil(L);
    lua_pushliteral(L, "a header was refused by the server library");
    return 2;
  }
  r->status = (unsigned int)status;
  r->stage = ANSWERED;
  MHD_resume_connection(r->connection);
  lua_pushboolean(L, 1);
  return 1;
}

/* server:send(id, bytes) -> count | fail, message
   Raw bytes onto the connection, past the server library; end with cut(). */
static int server_send(lua_State *L)
{
  struct lserver *u = checkserver(L);
  struct request *r = find(L, u);
  size_t len, done = 0;
  const char *data = luaL_checklstring(L, 3, &len);
  struct pollfd p = {-1, POLLOUT, 0};
  if (!r)
    return pushgone(L);
  p.fd = request_fd(r);
  while (done < len) {
    ssize_t n = send(p.fd, data + done, len - done, SEND_FLAGS);
    if (n > 0)
      done += (size_t)n;
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
      break;
    else if (poll(&p, 1, SEND_MS) <= 0)
      break;
  }
  lua_pushinteger(L, (lua_Integer)done);
  return 1;
}

/* server:cut(id [, reset]) -> true | fail, message
   The connection dies without another byte: closed, or reset (RST). */
static int server_cut(lua_State *L)
{
  struct lserver *u = checkserver(L);
  struct request *r = find(L, u);
  if (!r)
    return pushgone(L);
  if (lua_toboolean(L, 3)) {
    struct sockaddr none;
    memset(&none, 0, sizeof none);
    none.sa_family = AF_UNSPEC;  /* disconnects: the peer sees a reset */
    (void)connect(request_fd(r), &none, sizeof none);
  }
  r->stage = DROPPED;
  MHD_resume_connection(r->connection);
  lua_pushboolean(L, 1);
  return 1;
}

/* server:gone(id) -> boolean: whether the peer of a held request has left */
static int server_gone(lua_State *L)
{
  struct lserver *u = checkserver(L);
  struct request *r = find(L, u);
  char c;
  ssize_t n = 0;
  if (r)
    n = recv(request_fd(r), &c, 1, MSG_PEEK | MSG_DONTWAIT);
  lua_pushboolean(L, n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR));
  return 1;
}

static int server_tostring(lua_State *L)
{
  struct lserver *u = luaL_checkudata(L, 1, SERVER_TYPE);
  if (u->daemon)
    lua_pushfstring(L, SERVER_TYPE " (port %d)", u->port);
  else
    lua_pushliteral(L, SERVER_TYPE " (closed)");
  return 1;
}

/* httpd.monotonic() -> seconds, for measuring */
static int httpd_monotonic(lua_State *L)
{
  lua_pushnumber(L, seconds(CLOCK_MONOTONIC));
  return 1;
}

/* httpd.time() -> seconds since the epoch, with fraction */
static int httpd_time(lua_State *L)
{
  lua_pushnumber(L, seconds(CLOCK_REALTIME));
  return 1;
}

static const luaL_Reg functions[] = {
  {"listen", httpd_listen},
  {"monotonic", httpd_monotonic},
  {"time", httpd_time},
  {NULL, NULL}
};

static const luaL_Reg methods[] = {
  {"close", server_close},
  {"cut", server_cut},
  {"fd", server_fd},
  {"gone", server_gone},
  {"port", server_port},
  {"respond", server_respond},
  {"send", server_send},
  {"wait", server_wait},
  {NULL, NULL}
};

static const luaL_Reg metamethods[] = {
  {"__close", server_close},
  {"__gc", server_close},
  {"__tostring", server_tostring},
  {NULL, NULL}
};

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int luaopen_etoro_httpd(lua_State *L);

int luaopen_etoro_httpd(lua_State *L)
{
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
