/* Jobs: one call each, from submit to its outcome. */
#include "binding/ljob.h"
#include "binding/lreply.h"

#include <string.h>

#include "core/bytes/ascii.h"
#include "core/engine/engine.h"
#include "core/net/headers.h"
#include "core/status.h"

#define ENGINE_SLOT 1

struct letoro_job *letoro_bare_job(lua_State *L, int engine)
{
  struct letoro_engine *owner = lua_touserdata(L, engine);
  struct letoro_job *u = lua_newuserdatauv(L, sizeof *u, 1);
  u->core = NULL; /* __gc may run from the next line on */
  u->engine = owner;
  u->is_submitter = 0;
  u->is_reading = 0;
  lua_pushvalue(L, engine);
  lua_setiuservalue(L, -2, ENGINE_SLOT);
  return u;
}

struct letoro_job *letoro_new_job(lua_State *L, int engine)
{
  struct letoro_job *u = letoro_bare_job(L, engine);
  luaL_setmetatable(L, LETORO_JOB_TYPE);
  return u;
}

static struct etoro_job *checkjob(lua_State *L)
{
  struct letoro_job *u = letoro_self(L, LETORO_JOB_TYPE);
  luaL_argcheck(L, u->core != NULL, 1, "the job is gone");
  return u->core;
}

struct etoro_job *letoro_check_job(lua_State *L, int index)
{
  struct letoro_job *u = luaL_checkudata(L, index, LETORO_JOB_TYPE);
  luaL_argcheck(L, u->core != NULL, index, "the job is gone");
  return u->core;
}

/* job:done() -> boolean */
static int job_done(lua_State *L)
{
  lua_pushboolean(L, checkjob(L)->state == ETORO_STATE_DONE);
  return 1;
}

/* job:state() -> "budget" | "credential" | "journal" | "flight" | "backoff" |
   "done" */
static int job_state(lua_State *L)
{
  lua_pushstring(L, etoro_state_name(checkjob(L)->state));
  return 1;
}

/* job:cancel(); a job that is done stays as it is */
static int job_cancel(lua_State *L)
{
  const struct letoro_job *u = letoro_self(L, LETORO_JOB_TYPE);
  if (u->core && u->engine->core)
    etoro_engine_cancel(u->engine->core, u->core, ETORO_CODE_CANCELLED);
  return 0;
}

/* job:request_id() -> string */
static int job_request_id(lua_State *L)
{
  lua_pushstring(L, checkjob(L)->request_id);
  return 1;
}

/* A watched job's outcome is being read, or never will be. */
static void settle(lua_State *L)
{
  const struct letoro_job *u = lua_touserdata(L, 1);
  if (u->engine->core)
    etoro_engine_settle(u->engine->core, u->core);
}

/* job:watch(id): its end keeps the engine's descriptor readable until its
   outcome is read; engine:next_done() gives an id other than 0 once */
static int job_watch(lua_State *L)
{
  const struct letoro_job *u = letoro_self(L, LETORO_JOB_TYPE);
  lua_Integer id = luaL_checkinteger(L, 2);
  if (u->core && u->engine->core)
    etoro_engine_watch(u->engine->core, u->core, id);
  return 0;
}

/* job:started() -> seconds on the engine's clock */
static int job_started(lua_State *L)
{
  lua_pushnumber(L, checkjob(L)->started_at);
  return 1;
}

/* job:outcome(wants_id) -> status, code | nil, attempts, elapsed, uncertain,
   sent, ran_before, detail, request_id if it is wanted; uncertain: it may have
   been carried out; ran_before: an attempt before the last may have been */
static int job_outcome(lua_State *L)
{
  struct etoro_job *j = checkjob(L);
  int wants_id = lua_toboolean(L, 2);
  luaL_argcheck(L, j->state == ETORO_STATE_DONE, 1, "the job is not done");
  settle(L);
  lua_pushinteger(L, j->status);
  if (j->code)
    lua_pushstring(L, etoro_code_name(j->code));
  else
    lua_pushnil(L);
  lua_pushinteger(L, j->attempts);
  lua_pushnumber(L, j->ended_at - j->started_at);
  lua_pushboolean(L, j->is_uncertain);
  lua_pushboolean(L, j->is_sent);
  lua_pushboolean(L, j->may_have_run);
  etoro_job_mask(j, j->detail, strlen(j->detail));
  lua_pushstring(L, j->detail);
  if (!wants_id)
    return 8;
  lua_pushlstring(L, j->request_id, ETORO_UUID_LEN);
  return 9;
}

/* job:was_sent() -> boolean: a byte of some attempt left, or may have */
static int job_was_sent(lua_State *L)
{
  lua_pushboolean(L, checkjob(L)->was_sent);
  return 1;
}

/* job:header(name) -> string | nil: the last field of that name */
static int job_header(lua_State *L)
{
  struct etoro_job *j = checkjob(L);
  const char *value;
  size_t n;
  etoro_job_mask_headers(j);
  if (j->headers.len
      && etoro_headers_find(j->headers.data, j->headers.len,
                            luaL_checkstring(L, 2), &value, &n))
    lua_pushlstring(L, value, n);
  else
    lua_pushnil(L);
  return 1;
}

static void push_lower(lua_State *L, const char *name, size_t n)
{
  luaL_Buffer b;
  size_t i;
  char *out = luaL_buffinitsize(L, &b, n);
  for (i = 0; i < n; i++)
    out[i] = etoro_lower(name[i]);
  luaL_pushresultsize(&b, n);
}

/* job:headers() -> table: names in lower case, repeated fields joined */
static int job_headers(lua_State *L)
{
  struct etoro_job *j = checkjob(L);
  struct etoro_header field;
  size_t at = 0;
  etoro_job_mask_headers(j);
  lua_newtable(L);
  if (!j->headers.len)
    return 1;
  while (etoro_headers_next(j->headers.data, j->headers.len, &at, &field)) {
    push_lower(L, field.name, field.name_len);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TSTRING) {
      lua_pushliteral(L, ", ");
      lua_pushlstring(L, field.value, field.value_len);
      lua_concat(L, 3);
    } else {
      lua_pop(L, 1);
      lua_pushlstring(L, field.value, field.value_len);
    }
    lua_rawset(L, -3);
  }
  return 1;
}

/* The job of a method that reads the reply; NULL while another one of it does,
   from which the collector came here. */
static struct etoro_job *begin_reading(lua_State *L)
{
  struct letoro_job *u = letoro_self(L, LETORO_JOB_TYPE);
  luaL_argcheck(L, u->core != NULL, 1, "the job is gone");
  if (u->is_reading)
    return NULL;
  u->is_reading = 1; /* for good, when it raises */
  return u->core;
}

static void end_reading(lua_State *L)
{
  struct letoro_job *u = lua_touserdata(L, 1);
  u->is_reading = 0;
}

/* job:decode(keep_null, keeps) -> value | nil, message: the reply as JSON; nil
   for an empty one and for null. Hands the bytes over, unless they are no
   JSON or keeps says that body is to follow. */
static int job_decode(lua_State *L)
{
  struct etoro_job *j = begin_reading(L);
  int n;
  if (!j)
    return 0;
  lua_settop(L, 3);
  n = letoro_decode_reply(L, j, lua_toboolean(L, 2));
  if (n == 1 && !lua_toboolean(L, 3))
    etoro_job_drop_reply(j);
  end_reading(L);
  return n;
}

/* job:body(most) -> text: the reply, or its first bytes, as it may be shown,
   its secrets hidden. Hands the bytes over: a second call gives an empty
   text. */
static int job_body(lua_State *L)
{
  struct etoro_job *j = begin_reading(L);
  lua_Integer most = luaL_optinteger(L, 2, LUA_MAXINTEGER);
  if (!j || !j->reply.len) {
    lua_pushliteral(L, "");
  } else {
    letoro_push_shown(L, j, (size_t)(most < 0 ? 0 : most));
    etoro_job_drop_reply(j);
  }
  if (j)
    end_reading(L);
  return 1;
}

static int job_gc(lua_State *L)
{
  struct letoro_job *u = letoro_self(L, LETORO_JOB_TYPE);
  struct etoro_job *j = u->core;
  u->core = NULL;
  if (j && u->is_submitter && u->engine->core) {
    etoro_engine_cancel(u->engine->core, j, ETORO_CODE_CANCELLED);
    etoro_engine_settle(u->engine->core, j);
  }
  etoro_job_free(j);
  return 0;
}

static const luaL_Reg methods[] = {
  { "body", job_body },
  { "cancel", job_cancel },
  { "decode", job_decode },
  { "done", job_done },
  { "header", job_header },
  { "headers", job_headers },
  { "outcome", job_outcome },
  { "request_id", job_request_id },
  { "started", job_started },
  { "state", job_state },
  { "was_sent", job_was_sent },
  { "watch", job_watch },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = { { "__gc", job_gc }, { NULL, NULL } };

void letoro_open_job(lua_State *L)
{
  letoro_type(L, LETORO_JOB_TYPE, methods, metamethods);
}
