/* Engines, and the clients that submit calls to them. */
#include "binding/lcore.h"

#include <string.h>

#include "core/engine.h"
#include "core/status.h"

#define ENGINE_TYPE "etoro.core.Engine"
#define CLIENT_TYPE "etoro.core.Client"
#define ENGINE_SLOT 1

#define HEADERS_MAX 32  /* further header lines of one request */
#define FINALS_MAX 8
#define WIRE_MAX (1024u * 1024u * 1024u)

struct lclient {
  struct etoro_client *core;    /* one holder; NULL before new */
  struct letoro_engine *engine; /* kept alive by the user value */
};

/* The address is the registry key of the engine that the state shares. */
static const char shared_key = 0;

static struct letoro_engine *toengine(lua_State *L)
{
  return luaL_checkudata(L, 1, ENGINE_TYPE);
}

static struct etoro_engine *checkengine(lua_State *L)
{
  struct letoro_engine *u = toengine(L);
  luaL_argcheck(L, u->core != NULL, 1, "the engine is closed");
  return u->core;
}

static int fieldflag(lua_State *L, int index, const char *name)
{
  int flag;
  lua_getfield(L, index, name);
  flag = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}

static double fieldnumber(lua_State *L, int index, const char *name,
                          double otherwise)
{
  double v;
  lua_getfield(L, index, name);
  v = luaL_optnumber(L, -1, otherwise);
  lua_pop(L, 1);
  return v;
}

/* A string of a table's field; the table keeps it alive. NULL for nil. */
static const char *fieldtext(lua_State *L, int index, const char *name,
                             size_t *n)
{
  const char *text = NULL;
  size_t len = 0;
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1)) {
    luaL_checktype(L, -1, LUA_TSTRING);
    text = lua_tolstring(L, -1, &len);
    if (!n && strlen(text) != len)
      luaL_error(L, "%s holds a zero byte", name);
  }
  lua_pop(L, 1);
  if (n)
    *n = len;
  return text;
}

static int new_engine(lua_State *L, const struct etoro_engine_options *options)
{
  struct letoro_engine *u = lua_newuserdatauv(L, sizeof *u, 0);
  int rc;
  u->core = NULL; /* __gc may run from the next line on */
  luaL_setmetatable(L, ENGINE_TYPE);
  rc = etoro_engine_open(&u->core, options);
  return rc ? letoro_fail(L, rc, NULL) : 1;
}

/* core.engine() -> the engine that this state shares, made when there is none
   or when a fork has left the old one to the parent
   core.engine{ now = seconds since 1970 } -> an engine with a manual wire and
   a clock that only advance moves */
static int core_engine(lua_State *L)
{
  struct etoro_engine_options options;
  const struct letoro_engine *u;
  int n;
  memset(&options, 0, sizeof options);
  if (!lua_isnoneornil(L, 1)) {
    luaL_checktype(L, 1, LUA_TTABLE);
    options.is_manual = 1;
    options.now = fieldnumber(L, 1, "now", 0);
    return new_engine(L, &options);
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &shared_key);
  u = luaL_testudata(L, -1, ENGINE_TYPE);
  if (u && u->core && !etoro_engine_is_foreign(u->core))
    return 1;
  n = new_engine(L, &options);
  if (n == 1) {
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shared_key);
  }
  return n;
}

/* A secret option: a sealed secret or a string. What a string makes is held
   by a userdata on the stack until the call returns. */
static struct etoro_secret *fieldsecret(lua_State *L, int index,
                                        const char *name)
{
  struct etoro_secret *s;
  size_t n;
  const char *text;
  lua_getfield(L, index, name);
  if (lua_isnil(L, -1))
    return NULL;
  s = letoro_to_secret(L, -1);
  if (s)
    return s;
  text = luaL_checklstring(L, -1, &n);
  letoro_push_secret(L, NULL);
  if (etoro_secret_new((struct etoro_secret **)lua_touserdata(L, -1), text,
                       n))
    luaL_error(L, "not enough memory");
  return letoro_to_secret(L, -1);
}

static void readoptions(lua_State *L, int index,
                        struct etoro_client_options *o)
{
  memset(o, 0, sizeof *o);
  o->base_url = fieldtext(L, index, "base_url", NULL);
  luaL_argcheck(L, o->base_url != NULL, index, "base_url is missing");
  o->api_key = fieldsecret(L, index, "api_key");
  o->user_key = fieldsecret(L, index, "user_key");
  o->bearer = fieldsecret(L, index, "bearer");
  o->is_renewable = fieldflag(L, index, "renewable");
  o->ca_file = fieldtext(L, index, "ca_file", NULL);
  o->proxy = fieldtext(L, index, "proxy", NULL);
  o->user_agent = fieldtext(L, index, "user_agent", NULL);
  if (!o->user_agent)
    o->user_agent = "lua-etoro";
  o->connect_timeout = fieldnumber(L, index, "connect_timeout", 10);
  o->max_connections = (long)fieldnumber(L, index, "max_connections", 8);
  o->max_body = (size_t)fieldnumber(L, index, "max_body", 64.0 * 1048576.0);
  o->wants_events = fieldflag(L, index, "events");
}

/* engine:client(options) -> client | nil, message, "invalid" */
static int engine_client(lua_State *L)
{
  struct etoro_engine *e = checkengine(L);
  struct etoro_client_options options;
  struct lclient *u;
  const char *why;
  int rc;
  luaL_checktype(L, 2, LUA_TTABLE);
  readoptions(L, 2, &options); /* may raise */
  u = lua_newuserdatauv(L, sizeof *u, 1);
  u->core = NULL;
  u->engine = lua_touserdata(L, 1);
  luaL_setmetatable(L, CLIENT_TYPE);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, ENGINE_SLOT);
  rc = etoro_client_new(&u->core, &options, etoro_engine_now(e), &why);
  if (rc)
    return letoro_fail(L, rc, why);
  etoro_engine_admit(e, u->core);
  return 1;
}

/* The strings of a list field; the list keeps them alive. */
static size_t fieldlist(lua_State *L, int index, const char *name,
                        const char **out, size_t most)
{
  size_t i, n = 0;
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1)) {
    luaL_checktype(L, -1, LUA_TTABLE);
    n = (size_t)lua_rawlen(L, -1);
    if (n > most)
      luaL_error(L, "too many %s", name);
    for (i = 0; i < n; i++) {
      size_t len;
      lua_rawgeti(L, -1, (lua_Integer)i + 1);
      luaL_checktype(L, -1, LUA_TSTRING);
      out[i] = lua_tolstring(L, -1, &len);
      if (strlen(out[i]) != len)
        luaL_error(L, "%s holds a zero byte", name);
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  return n;
}

static enum etoro_class fieldclass(lua_State *L, int index)
{
  static const char *const names[] = { "safe", "keyed", "close", "never",
                                       NULL };
  int klass;
  lua_getfield(L, index, "class");
  klass = luaL_checkoption(L, -1, "never", names);
  lua_pop(L, 1);
  return (enum etoro_class)klass;
}

static void readrequest(lua_State *L, int index, struct etoro_request *r,
                        const char **headers, const char **finals)
{
  memset(r, 0, sizeof *r);
  r->method = fieldtext(L, index, "method", NULL);
  r->target = fieldtext(L, index, "target", NULL);
  luaL_argcheck(L, r->method && r->target, index, "method or target missing");
  r->body = fieldtext(L, index, "body", &r->body_len);
  r->content_type = fieldtext(L, index, "content_type", NULL);
  r->request_id = fieldtext(L, index, "request_id", NULL);
  r->nheaders = fieldlist(L, index, "headers", headers, HEADERS_MAX);
  r->headers = headers;
  r->nfinals = fieldlist(L, index, "finals", finals, FINALS_MAX);
  r->finals = finals;
  r->klass = fieldclass(L, index);
  r->timeout = fieldnumber(L, index, "timeout", 30);
  r->deadline = fieldnumber(L, index, "deadline", 300);
  r->max_retries = (int)fieldnumber(L, index, "max_retries", 4);
}

/* engine:submit(client, request) -> job | nil, message, "invalid" | "closed"
   request: method, target, body, content_type, headers, finals, request_id,
   class, timeout, deadline, max_retries */
static int engine_submit(lua_State *L)
{
  const char *headers[HEADERS_MAX];
  const char *finals[FINALS_MAX];
  struct etoro_engine *e = checkengine(L);
  const struct lclient *c = luaL_checkudata(L, 2, CLIENT_TYPE);
  struct etoro_request request;
  struct letoro_job *u;
  const char *why;
  int rc;
  luaL_argcheck(L, c->core && c->engine->core == e, 2,
                "a client of another engine");
  luaL_checktype(L, 3, LUA_TTABLE);
  readrequest(L, 3, &request, headers, finals); /* may raise */
  u = letoro_new_job(L, 1);
  u->is_submitter = 1;
  rc = etoro_engine_submit(e, c->core, &request, &u->core, &why);
  return rc ? letoro_fail(L, rc, why) : 1;
}

/* engine:step(wait) -> jobs that became done | nil, message, "closed" */
static int engine_step(lua_State *L)
{
  struct etoro_engine *e = checkengine(L);
  size_t finished;
  int rc = etoro_engine_step(e, luaL_optnumber(L, 2, 0), &finished);
  if (rc)
    return letoro_fail(L, rc, NULL);
  lua_pushinteger(L, (lua_Integer)finished);
  return 1;
}

/* engine:timeout() -> seconds until a timer is due | nil */
static int engine_timeout(lua_State *L)
{
  double seconds = etoro_engine_timeout(checkengine(L));
  if (seconds < 0)
    lua_pushnil(L);
  else
    lua_pushnumber(L, seconds);
  return 1;
}

/* engine:now() -> seconds on its clock */
static int engine_now(lua_State *L)
{
  lua_pushnumber(L, etoro_engine_now(checkengine(L)));
  return 1;
}

/* engine:unix() -> seconds since 1970 on its clock */
static int engine_unix(lua_State *L)
{
  lua_pushnumber(L, etoro_engine_unix(checkengine(L)));
  return 1;
}

static void settext(lua_State *L, const char *name, const char *text)
{
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

static void setnumber(lua_State *L, const char *name, double v)
{
  lua_pushnumber(L, v);
  lua_setfield(L, -2, name);
}

static void setinteger(lua_State *L, const char *name, lua_Integer v)
{
  lua_pushinteger(L, v);
  lua_setfield(L, -2, name);
}

static void push_timing(lua_State *L, const struct etoro_job *j)
{
  lua_createtable(L, 0, 5);
  setnumber(L, "name", j->timing.name);
  setnumber(L, "connect", j->timing.connect);
  setnumber(L, "tls", j->timing.tls);
  setnumber(L, "first_byte", j->timing.first_byte);
  setnumber(L, "total", j->timing.total);
  lua_setfield(L, -2, "timing");
}

static void push_event(lua_State *L, const struct etoro_event *event)
{
  const struct etoro_job *j = event->job;
  lua_createtable(L, 0, 14);
  settext(L, "kind", etoro_event_name(event->kind));
  settext(L, "method", j->method);
  settext(L, "path", j->target);
  settext(L, "request_id", j->request_id);
  setnumber(L, "at", event->at);
  setnumber(L, "elapsed", event->elapsed);
  setinteger(L, "attempt", event->attempt);
  if (event->kind == ETORO_EVENT_RETRIED || event->kind == ETORO_EVENT_WAITED)
    setnumber(L, "wait", event->wait);
  if (event->kind == ETORO_EVENT_RETRIED || event->kind == ETORO_EVENT_DONE) {
    if (event->status)
      setinteger(L, "status", event->status);
    if (event->code)
      settext(L, "code", etoro_code_name(event->code));
  }
  if (event->kind == ETORO_EVENT_DONE) {
    setinteger(L, "bytes_up", (lua_Integer)j->body_len);
    setinteger(L, "bytes_down", (lua_Integer)j->reply.len);
    if (j->http_version)
      setnumber(L, "http_version", j->http_version / 10.0);
    push_timing(L, j);
  }
}

/* engine:event() -> event | nil: the oldest that nobody has read, with the
   client it belongs to as a second value's address */
static int engine_event(lua_State *L)
{
  struct etoro_engine *e = checkengine(L);
  struct letoro_job *u = letoro_new_job(L, 1); /* owns what comes next */
  struct etoro_event event;
  if (!etoro_engine_event(e, &event))
    return 0;
  u->core = event.job;
  push_event(L, &event);
  lua_pushlightuserdata(L, event.job->client);
  return 2;
}

/* engine:close(); its jobs end with the code "closed" */
static int engine_close(lua_State *L)
{
  struct letoro_engine *u = toengine(L);
  struct etoro_engine *e = u->core;
  u->core = NULL;
  etoro_engine_free(e);
  return 0;
}

static void push_credential(lua_State *L, const char *name,
                            struct etoro_secret *s)
{
  if (!s)
    return;
  letoro_push_secret(L, NULL);
  *(struct etoro_secret **)lua_touserdata(L, -1) = etoro_secret_keep(s);
  lua_setfield(L, -2, name);
}

/* engine:take() -> job, request | nil: the manual wire's next request, its
   credentials sealed under their header's names */
static int engine_take(lua_State *L)
{
  struct etoro_engine *e = checkengine(L);
  struct letoro_job *u = letoro_new_job(L, 1);
  struct etoro_job *j = etoro_engine_take(e);
  size_t i;
  if (!j)
    return 0;
  u->core = etoro_job_keep(j);
  lua_createtable(L, 0, 6);
  settext(L, "method", j->method);
  settext(L, "target", j->url + strlen(j->client->base.origin));
  if (j->body) {
    lua_pushlstring(L, j->body, j->body_len);
    lua_setfield(L, -2, "body");
  }
  lua_createtable(L, (int)j->nlines, 0);
  for (i = 0; i < j->nlines; i++) {
    lua_pushstring(L, j->lines[i].data);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_setfield(L, -2, "lines");
  lua_createtable(L, 0, 2);
  push_credential(L, "x-api-key", etoro_credentials_api_key(j->credentials));
  push_credential(L, "x-user-key",
                  etoro_credentials_user_key(j->credentials));
  push_credential(L, "authorization",
                  etoro_credentials_bearer(j->credentials));
  lua_setfield(L, -2, "credentials");
  return 2;
}

static struct etoro_job *takenjob(lua_State *L, struct etoro_engine *e)
{
  const struct letoro_job *u = luaL_checkudata(L, 2, LETORO_JOB_TYPE);
  luaL_argcheck(L, u->core && u->engine->core == e, 2,
                "a job of another engine");
  return u->core;
}

/* engine:answer(job, status, header_block, body) -> true | nil, message */
static int engine_answer(lua_State *L)
{
  struct etoro_engine *e = checkengine(L);
  struct etoro_job *j = takenjob(L, e);
  int status = (int)luaL_checkinteger(L, 3);
  struct etoro_buf headers;
  struct etoro_buf body;
  const char *h = luaL_checklstring(L, 4, &headers.len);
  const char *b = luaL_checklstring(L, 5, &body.len);
  int rc;
  memcpy(&headers.data, &h, sizeof h); /* read only; Lua owns the bytes */
  memcpy(&body.data, &b, sizeof b);
  rc = etoro_engine_answer(e, j, status, &headers, &body);
  if (rc)
    return letoro_fail(L, rc, "the job is not under way");
  lua_pushboolean(L, 1);
  return 1;
}

/* engine:fail(job, "lost" | "timeout" | "refused" | "truncated", sent) */
static int engine_fail(lua_State *L)
{
  static const char *const names[] = { "lost", "timeout", "refused",
                                       "truncated", NULL };
  static const enum etoro_code codes[] = {
    ETORO_CODE_LOST, ETORO_CODE_TIMEOUT, ETORO_CODE_REFUSED,
    ETORO_CODE_TRUNCATED
  };
  struct etoro_engine *e = checkengine(L);
  struct etoro_job *j = takenjob(L, e);
  int code = luaL_checkoption(L, 3, "lost", names);
  int rc = etoro_engine_fail(e, j, codes[code], lua_toboolean(L, 4));
  if (rc)
    return letoro_fail(L, rc, "the job is not under way");
  lua_pushboolean(L, 1);
  return 1;
}

/* engine:advance(seconds): moves a manual clock on */
static int engine_advance(lua_State *L)
{
  etoro_engine_advance(checkengine(L), luaL_checknumber(L, 2));
  return 0;
}

static struct lclient *checkclient(lua_State *L)
{
  struct lclient *u = luaL_checkudata(L, 1, CLIENT_TYPE);
  luaL_argcheck(L, u->core != NULL, 1, "the client is closed");
  return u;
}

/* client:wants_token() -> boolean: a call waits for a bearer token */
static int client_wants_token(lua_State *L)
{
  const struct lclient *u = checkclient(L);
  lua_pushboolean(L, u->engine->core
                       && etoro_engine_wants_token(u->engine->core, u->core));
  return 1;
}

/* client:set_token(token, lifetime | nil) -> true | nil, message; lifetime in
   seconds */
static int client_set_token(lua_State *L)
{
  const struct lclient *u = checkclient(L);
  struct etoro_secret *s = letoro_to_secret(L, 2);
  double lifetime = luaL_optnumber(L, 3, 0);
  double at = 0;
  int rc;
  if (!s) {
    size_t n;
    const char *text = luaL_checklstring(L, 2, &n);
    letoro_push_secret(L, NULL);
    rc = etoro_secret_new((struct etoro_secret **)lua_touserdata(L, -1),
                          text, n);
    if (rc)
      return letoro_fail(L, rc, NULL);
    s = letoro_to_secret(L, -1);
  }
  if (lifetime > 0 && u->engine->core)
    at = etoro_engine_now(u->engine->core) + lifetime;
  rc = etoro_client_renew(u->core, s, at);
  if (rc)
    return letoro_fail(L, rc, "the token is empty or holds a line break or "
                              "another control character");
  lua_pushboolean(L, 1);
  return 1;
}

/* client:address() -> light userdata: what its events name it by */
static int client_address(lua_State *L)
{
  lua_pushlightuserdata(L, checkclient(L)->core);
  return 1;
}

/* client:close(); its calls end with the code "closed" */
static int client_close(lua_State *L)
{
  const struct lclient *u = luaL_checkudata(L, 1, CLIENT_TYPE);
  if (u->core && u->engine->core)
    etoro_engine_dismiss(u->engine->core, u->core);
  return 0;
}

static int client_gc(lua_State *L)
{
  struct lclient *u = luaL_checkudata(L, 1, CLIENT_TYPE);
  struct etoro_client *c = u->core;
  u->core = NULL;
  etoro_client_free(c);
  return 0;
}

static const luaL_Reg functions[] = { { "engine", core_engine },
                                      { NULL, NULL } };

static const luaL_Reg engine_methods[] = {
  { "advance", engine_advance },
  { "answer", engine_answer },
  { "client", engine_client },
  { "close", engine_close },
  { "event", engine_event },
  { "fail", engine_fail },
  { "now", engine_now },
  { "step", engine_step },
  { "submit", engine_submit },
  { "take", engine_take },
  { "timeout", engine_timeout },
  { "unix", engine_unix },
  { NULL, NULL }
};

static const luaL_Reg engine_metamethods[] = { { "__gc", engine_close },
                                               { NULL, NULL } };

static const luaL_Reg client_methods[] = {
  { "address", client_address },
  { "close", client_close },
  { "set_token", client_set_token },
  { "wants_token", client_wants_token },
  { NULL, NULL }
};

static const luaL_Reg client_metamethods[] = { { "__gc", client_gc },
                                               { NULL, NULL } };

void letoro_open_engine(lua_State *L)
{
  letoro_type(L, ENGINE_TYPE, engine_methods, engine_metamethods);
  letoro_type(L, CLIENT_TYPE, client_methods, client_metamethods);
  luaL_setfuncs(L, functions, 0);
}
