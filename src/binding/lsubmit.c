/* Requests: from a Lua table to the core, for every call there is. */
#include "binding/lclient.h"
#include "binding/lfields.h"
#include "binding/lform.h"
#include "binding/ljob.h"
#include "binding/ljournal.h"
#include "binding/lsubmit.h"

#include <string.h>

#include "core/engine/engine.h"
#include "core/limits.h"
#include "core/names.h"
#include "core/status.h"

#define REQUEST 3       /* where the table is, or the operation */
#define OPERATION_TYPE "etoro.core.Operation"

/* What all requests of one operation have in common. Its strings are kept by
   the list that is its user value. */
struct operation {
  const char *method;
  const char *pool;
  enum etoro_class klass;
  int is_write;
  size_t nfinals;
  const char *finals[ETORO_FINALS_MAX];
};

/* Arguments of submit behind an operation. */
enum argument {
  ARG_TARGET = REQUEST + 1,
  ARG_BODY,
  ARG_CONTENT_TYPE,
  ARG_HEADERS,
  ARG_REQUEST_ID,
  ARG_PRIORITY,
  ARG_TIMEOUT,
  ARG_DEADLINE,
  ARG_MAX_RETRIES,
  ARG_URGENT,
  ARG_INTENT,
  ARG_POOL
};

/* Upvalues of submit: what would else be looked up by name, at three times
   the cost. */
enum {
  ENGINE_METATABLE = 1, /* for letoro_self */
  CLIENT_METATABLE,
  JOB_METATABLE,
  OPERATION_METATABLE,
  FIRST_NAME
};

/* The fields of a request. */
#define FIELDS(X) \
  X(METHOD, "method") \
  X(TARGET, "target") \
  X(BODY, "body") \
  X(CONTENT_TYPE, "content_type") \
  X(REQUEST_ID, "request_id") \
  X(HEADERS, "headers") \
  X(FINALS, "finals") \
  X(CLASS, "class") \
  X(PRIORITY, "priority") \
  X(WRITES, "writes") \
  X(POOL, "pool") \
  X(TIMEOUT, "timeout") \
  X(DEADLINE, "deadline") \
  X(MAX_RETRIES, "max_retries") \
  X(URGENT, "urgent") \
  X(FORM, "form") \
  X(INTENT, "intent")

#define FIELD_NAME(name, text) name,
enum field {
  FIELDS(FIELD_NAME) FIELD_COUNT
};

static const char *const names[] = { FIELDS(ETORO_TEXT) };

/* Pushes a field, which stays on the stack until the call returns. */
static int push(lua_State *L, enum field f)
{
  lua_pushvalue(L, lua_upvalueindex(FIRST_NAME + (int)f));
  return lua_rawget(L, REQUEST);
}

/* A string; the table keeps it alive. NULL for nil. */
static const char *take_text(lua_State *L, enum field f, size_t *n)
{
  const char *text;
  size_t len;
  int type = push(L, f);
  if (type == LUA_TNIL)
    return NULL;
  if (type != LUA_TSTRING)
    luaL_error(L, "%s must be a string", names[f]);
  text = lua_tolstring(L, -1, &len);
  if (n)
    *n = len;
  else if (strlen(text) != len)
    luaL_error(L, "%s holds a zero byte", names[f]);
  return text;
}

static double take_number(lua_State *L, enum field f, double otherwise)
{
  double v;
  int is_number;
  if (push(L, f) == LUA_TNIL)
    return otherwise;
  v = lua_tonumberx(L, -1, &is_number);
  if (!is_number)
    luaL_error(L, "%s must be a number", names[f]);
  return v;
}

static int take_flag(lua_State *L, enum field f)
{
  push(L, f);
  return lua_toboolean(L, -1);
}

static int take_choice(lua_State *L, enum field f, const char *otherwise,
                       const char *const choices[])
{
  push(L, f);
  return luaL_checkoption(L, -1, otherwise, choices);
}

/* The strings of a list; the list keeps them alive. */
static size_t take_list(lua_State *L, enum field f, const char **out,
                        size_t most)
{
  if (push(L, f) == LUA_TNIL)
    return 0;
  return letoro_field_list(L, REQUEST, names[f], out, most);
}

static const char *const classes[] = { ETORO_CLASSES(ETORO_TEXT) NULL };
static const char *const priorities[] = { ETORO_PRIORITY_LIST(ETORO_TEXT)
                                              NULL };

static void read_request(lua_State *L, struct etoro_request *r,
                         const char **headers, const char **finals)
{
  memset(r, 0, sizeof *r);
  r->method = take_text(L, METHOD, NULL);
  r->target = take_text(L, TARGET, NULL);
  luaL_argcheck(L, r->method && r->target, REQUEST,
                "method or target missing");
  r->body = take_text(L, BODY, &r->body_len);
  r->content_type = take_text(L, CONTENT_TYPE, NULL);
  r->request_id = take_text(L, REQUEST_ID, NULL);
  r->nheaders = take_list(L, HEADERS, headers, ETORO_HEADER_LINES_MAX);
  r->headers = headers;
  r->nfinals = take_list(L, FINALS, finals, ETORO_FINALS_MAX);
  r->finals = finals;
  r->klass = (enum etoro_class)take_choice(L, CLASS, "never", classes);
  r->priority =
      (enum etoro_priority)take_choice(L, PRIORITY, "read", priorities);
  r->is_write = take_flag(L, WRITES);
  r->pool = take_text(L, POOL, NULL);
  r->timeout = take_number(L, TIMEOUT, ETORO_DEFAULT_TIMEOUT);
  r->deadline = take_number(L, DEADLINE, ETORO_DEFAULT_DEADLINE);
  r->max_retries = (int)take_number(L, MAX_RETRIES, ETORO_DEFAULT_MAX_RETRIES);
  r->is_urgent = take_flag(L, URGENT);
  if (push(L, FORM) != LUA_TNIL)
    letoro_field_form(L, REQUEST, r);
  if (push(L, INTENT) != LUA_TNIL)
    letoro_field_journal(L, REQUEST, r);
}

/* core.operation(method, class, writes, pool | nil, finals | nil) -> operation:
   what its requests have in common, for engine:submit */
static int core_operation(lua_State *L)
{
  struct operation *op;
  luaL_checkstring(L, 1);
  luaL_checkoption(L, 2, NULL, classes);
  luaL_optstring(L, 4, NULL);
  lua_settop(L, 5);
  op = lua_newuserdatauv(L, sizeof *op, 1);
  memset(op, 0, sizeof *op);
  lua_createtable(L, 2 + ETORO_FINALS_MAX, 0);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  lua_pushvalue(L, 4);
  lua_rawseti(L, -2, 2);
  if (!lua_isnil(L, 5)) {
    size_t i, n = (size_t)lua_rawlen(L, 5);
    luaL_argcheck(L, n <= ETORO_FINALS_MAX, 5, "too many finals");
    for (i = 0; i < n; i++) {
      lua_rawgeti(L, 5, (lua_Integer)i + 1);
      op->finals[i] = luaL_checkstring(L, -1);
      lua_rawseti(L, -2, (lua_Integer)i + 3);
    }
    op->nfinals = n;
  }
  lua_setiuservalue(L, -2, 1);
  op->method = lua_tostring(L, 1);
  op->klass = (enum etoro_class)luaL_checkoption(L, 2, NULL, classes);
  op->is_write = lua_toboolean(L, 3);
  op->pool = lua_tostring(L, 4);
  luaL_setmetatable(L, OPERATION_TYPE);
  return 1;
}

static const char *text_at(lua_State *L, int index)
{
  size_t n;
  const char *text;
  if (lua_isnil(L, index))
    return NULL;
  text = luaL_checklstring(L, index, &n);
  luaL_argcheck(L, strlen(text) == n, index, "holds a zero byte");
  return text;
}

/* A number, or nil for a default. */
static double number_at(lua_State *L, int index, double otherwise)
{
  return lua_isnil(L, index) ? otherwise : luaL_checknumber(L, index);
}

/* Fills in a request of an operation; its strings are arguments. */
static void read_arguments(lua_State *L, struct etoro_request *r,
                           const char **headers)
{
  const struct operation *op = lua_touserdata(L, REQUEST);
  memset(r, 0, sizeof *r);
  r->method = op->method;
  r->klass = op->klass;
  r->is_write = op->is_write;
  r->finals = op->finals;
  r->nfinals = op->nfinals;
  r->target = text_at(L, ARG_TARGET);
  luaL_argcheck(L, r->target != NULL, ARG_TARGET, "target missing");
  if (!lua_isnil(L, ARG_BODY))
    r->body = luaL_checklstring(L, ARG_BODY, &r->body_len);
  r->content_type = text_at(L, ARG_CONTENT_TYPE);
  if (!lua_isnil(L, ARG_HEADERS))
    r->nheaders = letoro_strings(L, ARG_HEADERS, "headers", headers,
                                 ETORO_HEADER_LINES_MAX);
  r->headers = headers;
  r->request_id = text_at(L, ARG_REQUEST_ID);
  r->priority = ETORO_PRIORITY_READ;
  if (!lua_isnil(L, ARG_PRIORITY))
    r->priority = (enum etoro_priority)luaL_checkoption(L, ARG_PRIORITY, NULL,
                                                        priorities);
  r->timeout = number_at(L, ARG_TIMEOUT, ETORO_DEFAULT_TIMEOUT);
  r->deadline = number_at(L, ARG_DEADLINE, ETORO_DEFAULT_DEADLINE);
  r->max_retries =
      (int)number_at(L, ARG_MAX_RETRIES, ETORO_DEFAULT_MAX_RETRIES);
  r->is_urgent = lua_toboolean(L, ARG_URGENT);
  if (!lua_isnil(L, ARG_INTENT)) {
    luaL_checktype(L, ARG_INTENT, LUA_TTABLE);
    letoro_field_journal(L, ARG_INTENT, r);
  }
  r->pool = lua_isnil(L, ARG_POOL) ? op->pool : text_at(L, ARG_POOL);
}

static int is_operation(lua_State *L)
{
  int is_one = 0;
  if (lua_type(L, REQUEST) == LUA_TUSERDATA && lua_getmetatable(L, REQUEST)) {
    is_one = lua_topointer(L, -1)
             == lua_topointer(L, lua_upvalueindex(OPERATION_METATABLE));
    lua_pop(L, 1);
  }
  return is_one;
}

/* The client at index 2; raises for what is none of that engine. */
static struct etoro_client *check_client(lua_State *L,
                                         const struct etoro_engine *e)
{
  const struct letoro_client *c = NULL;
  if (lua_getmetatable(L, 2)) {
    if (lua_topointer(L, -1)
        == lua_topointer(L, lua_upvalueindex(CLIENT_METATABLE)))
      c = lua_touserdata(L, 2);
    lua_pop(L, 1);
  }
  if (!c)
    c = luaL_checkudata(L, 2, LETORO_CLIENT_TYPE);
  luaL_argcheck(L, c->core && c->engine->core == e, 2,
                "a client of another engine");
  return c->core;
}

/* engine:submit(client, request) -> job | nil, message, "invalid" | "closed"
   engine:submit(client, operation, target, body, content_type, headers,
   request_id, priority, timeout, deadline, max_retries, urgent, intent, pool)
   does the same at a third of the cost; intent: a table with intent and journal.
   request: method, target, body or form, content_type, headers, finals,
   request_id, class, priority, writes, pool, timeout, deadline, max_retries,
   urgent, journal, intent: a line for it, on disk before anything is sent */
static int engine_submit(lua_State *L)
{
  const char *headers[ETORO_HEADER_LINES_MAX];
  const char *finals[ETORO_FINALS_MAX];
  struct etoro_engine *e = letoro_check_engine(L)->core;
  struct etoro_client *c = check_client(L, e);
  struct etoro_request request;
  struct letoro_job *u;
  const char *why;
  int rc;
  luaL_checkstack(L, FIELD_COUNT + LUA_MINSTACK, NULL);
  if (is_operation(L)) {
    lua_settop(L, ARG_POOL);
    read_arguments(L, &request, headers); /* may raise */
  } else {
    luaL_checktype(L, REQUEST, LUA_TTABLE);
    lua_settop(L, REQUEST);
    read_request(L, &request, headers, finals); /* may raise */
  }
  u = letoro_bare_job(L, 1);
  lua_pushvalue(L, lua_upvalueindex(JOB_METATABLE));
  lua_setmetatable(L, -2);
  u->is_submitter = 1;
  rc = etoro_engine_submit(e, c, &request, &u->core, &why);
  return rc ? letoro_fail(L, rc, why) : 1;
}

void letoro_open_submit(lua_State *L)
{
  static const luaL_Reg none[] = { { NULL, NULL } };
  int f;
  letoro_type(L, OPERATION_TYPE, none, none);
  lua_pushcfunction(L, core_operation);
  lua_setfield(L, -2, "operation");
  luaL_getmetatable(L, LETORO_ENGINE_TYPE);
  lua_getfield(L, -1, "__index");
  luaL_getmetatable(L, LETORO_ENGINE_TYPE);
  luaL_getmetatable(L, LETORO_CLIENT_TYPE);
  luaL_getmetatable(L, LETORO_JOB_TYPE);
  luaL_getmetatable(L, OPERATION_TYPE);
  for (f = 0; f < FIELD_COUNT; f++)
    lua_pushstring(L, names[f]);
  lua_pushcclosure(L, engine_submit, FIRST_NAME - 1 + FIELD_COUNT);
  lua_setfield(L, -2, "submit");
  lua_pop(L, 2);
}
