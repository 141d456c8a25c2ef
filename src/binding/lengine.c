/* Engines: what all calls of a Lua state go through. */
#include "binding/lengine.h"
#include "binding/lclient.h"
#include "binding/lfields.h"
#include "binding/ljob.h"
#include "binding/ljournal.h"
#include "binding/lsecret.h"
#include "binding/lstream.h"
#include "binding/lsubmit.h"

#include <errno.h>
#include <string.h>

#include "core/engine/engine.h"
#include "core/bytes/reason.h"
#include "core/status.h"

/* The address is the registry key of the engine that the state shares. */
static const char shared_key = 0;

static struct letoro_engine *toengine(lua_State *L)
{
  return letoro_self(L, LETORO_ENGINE_TYPE);
}

static struct etoro_engine *checkengine(lua_State *L)
{
  return letoro_check_engine(L)->core;
}

static int new_engine(lua_State *L, const struct etoro_engine_options *options)
{
  struct letoro_engine *u = lua_newuserdatauv(L, sizeof *u, 0);
  int rc;
  u->core = NULL; /* __gc may run from the next line on */
  luaL_setmetatable(L, LETORO_ENGINE_TYPE);
  rc = etoro_engine_open(&u->core, options);
  return rc ? letoro_fail(L, rc, NULL) : 1;
}

/* core.engine() -> the engine that this state shares, made when there is none
   or when a fork has left the old one to the parent
   core.engine{ now = seconds since 1970, seed = integer | nil } -> an engine
   with a manual wire and a clock that only advance moves; with a seed, the same
   ids and pauses every time */
static int core_engine(lua_State *L)
{
  struct etoro_engine_options options;
  const struct letoro_engine *u;
  uint64_t seed;
  int n;
  memset(&options, 0, sizeof options);
  if (!lua_isnoneornil(L, 1)) {
    luaL_checktype(L, 1, LUA_TTABLE);
    options.is_manual = 1;
    options.now = letoro_field_number(L, 1, "now", 0);
    if (lua_getfield(L, 1, "seed") != LUA_TNIL) {
      seed = (uint64_t)luaL_checkinteger(L, -1);
      options.seed = &seed;
    }
    return new_engine(L, &options);
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &shared_key);
  u = luaL_testudata(L, -1, LETORO_ENGINE_TYPE);
  if (u && u->core && !etoro_engine_is_foreign(u->core))
    return 1;
  n = new_engine(L, &options);
  if (n == 1) {
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &shared_key);
  }
  return n;
}

/* engine:step(wait) -> jobs that became done, has_news | nil, message,
   "closed"; has_news: event or next_done would tell something */
static int engine_step(lua_State *L)
{
  struct etoro_engine *e = checkengine(L);
  size_t finished;
  int rc = etoro_engine_step(e, luaL_optnumber(L, 2, 0), &finished);
  if (rc)
    return letoro_fail(L, rc, NULL);
  lua_pushinteger(L, (lua_Integer)finished);
  lua_pushboolean(L, etoro_engine_has_news(e));
  return 2;
}

/* engine:run(job, seconds) -> has_news, is_done | nil, message, "closed": steps
   until the job is done, something is to be told, or so much time has passed. A
   signal handler of Lua's has its turn between two calls. */
static int engine_run(lua_State *L)
{
  struct etoro_engine *e = checkengine(L);
  const struct etoro_job *j = letoro_check_job(L, 2);
  double seconds = luaL_checknumber(L, 3);
  double ends = etoro_engine_now(e) + seconds;
  while (seconds > 0 && j->state != ETORO_STATE_DONE) {
    size_t finished;
    int rc = etoro_engine_step(e, seconds, &finished);
    if (rc)
      return letoro_fail(L, rc, NULL);
    if (etoro_engine_has_news(e))
      break;
    seconds = ends - etoro_engine_now(e);
  }
  lua_pushboolean(L, etoro_engine_has_news(e));
  lua_pushboolean(L, j->state == ETORO_STATE_DONE);
  return 2;
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

/* engine:pollfd() -> descriptor | nil, message, kind: what a host waits for */
static int engine_pollfd(lua_State *L)
{
  char reason[ETORO_REASON_MAX];
  int fd;
  int rc = etoro_engine_poller(checkengine(L), &fd);
  int error = errno;
  if (rc == ETORO_EIO)
    return letoro_fail(L, rc, etoro_reason(reason, error));
  if (rc)
    return letoro_fail(L, rc, NULL);
  lua_pushinteger(L, fd);
  return 1;
}

/* engine:alarm(seconds | nil): a timer of the caller's own */
static int engine_alarm(lua_State *L)
{
  etoro_engine_alarm(checkengine(L), luaL_optnumber(L, 2, -1));
  return 0;
}

/* engine:next_done() -> id | nil: a watched job that is done, told once */
static int engine_next_done(lua_State *L)
{
  int64_t id = etoro_engine_next_done(checkengine(L));
  if (id)
    lua_pushinteger(L, id);
  else
    lua_pushnil(L);
  return 1;
}

/* engine:untaken() -> watched jobs that are done and unread */
static int engine_untaken(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)etoro_engine_untaken(checkengine(L)));
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

static void push_timing(lua_State *L, const struct etoro_job *j)
{
  lua_createtable(L, 0, 5);
  letoro_set_number(L, "name", j->timing.name);
  letoro_set_number(L, "connect", j->timing.connect);
  letoro_set_number(L, "tls", j->timing.tls);
  letoro_set_number(L, "first_byte", j->timing.first_byte);
  letoro_set_number(L, "total", j->timing.total);
  lua_setfield(L, -2, "timing");
}

/* What a request's path shows of its keys is masked. */
static void set_path(lua_State *L, const struct etoro_job *j)
{
  luaL_Buffer b;
  size_t n = strlen(j->target);
  char *path = luaL_buffinitsize(L, &b, n);
  memcpy(path, j->target, n);
  etoro_job_mask(j, path, n);
  luaL_pushresultsize(&b, n);
  lua_setfield(L, -2, "path");
}

static void push_event(lua_State *L, const struct etoro_event *event)
{
  const struct etoro_job *j = event->job;
  lua_createtable(L, 0, 15);
  letoro_set_text(L, "kind", etoro_event_name(event->kind));
  letoro_set_text(L, "method", j->method);
  set_path(L, j);
  letoro_set_text(L, "request_id", j->request_id);
  letoro_set_text(L, "pool", j->pool->rule.name);
  letoro_set_number(L, "at", event->at);
  letoro_set_number(L, "elapsed", event->elapsed);
  letoro_set_integer(L, "attempt", event->attempt);
  if (event->kind == ETORO_EVENT_RETRIED || event->kind == ETORO_EVENT_WAITED)
    letoro_set_number(L, "wait", event->wait);
  if (event->kind == ETORO_EVENT_RETRIED || event->kind == ETORO_EVENT_DONE) {
    if (event->status)
      letoro_set_integer(L, "status", event->status);
    if (event->code)
      letoro_set_text(L, "code", etoro_code_name(event->code));
  }
  if (event->kind == ETORO_EVENT_DONE) {
    letoro_set_integer(L, "bytes_up", (lua_Integer)j->body_len);
    letoro_set_integer(L, "bytes_down", (lua_Integer)j->reply.len);
    if (j->http_version)
      letoro_set_number(L, "http_version", j->http_version / 10.0);
    push_timing(L, j);
  }
}

/* engine:event() -> event | nil: the oldest that nobody has read, with the
   client it belongs to as a second value's address */
static int engine_event(lua_State *L)
{
  struct etoro_engine *e = checkengine(L);
  struct letoro_job *u;
  struct etoro_event event;
  if (!etoro_engine_has_event(e))
    return 0;
  u = letoro_new_job(L, 1); /* owns what comes next */
  if (!etoro_engine_event(e, &event))
    return 0;
  u->core = event.job;
  push_event(L, &event);
  lua_pushlightuserdata(L, event.job->client);
  return 2;
}

/* engine:stats() -> { calls, finished, attempts, resends, bytes_up,
   bytes_down, live } */
static int engine_stats(lua_State *L)
{
  struct etoro_stats stats;
  etoro_engine_stats(checkengine(L), &stats);
  lua_createtable(L, 0, 7);
  letoro_set_integer(L, "calls", (lua_Integer)stats.calls);
  letoro_set_integer(L, "finished", (lua_Integer)stats.finished);
  letoro_set_integer(L, "attempts", (lua_Integer)stats.attempts);
  letoro_set_integer(L, "resends", (lua_Integer)stats.resends);
  letoro_set_integer(L, "bytes_up", (lua_Integer)stats.bytes_up);
  letoro_set_integer(L, "bytes_down", (lua_Integer)stats.bytes_down);
  letoro_set_integer(L, "live", (lua_Integer)stats.live);
  return 1;
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
  *letoro_bare_secret(L) = etoro_secret_keep(s);
  lua_setfield(L, -2, name);
}

/* A table of what is there of them; c may be NULL. */
static void push_credentials(lua_State *L, struct etoro_credentials *c)
{
  lua_createtable(L, 0, 2);
  if (!c)
    return;
  push_credential(L, "x-api-key", etoro_credentials_api_key(c));
  push_credential(L, "x-user-key", etoro_credentials_user_key(c));
  push_credential(L, "authorization", etoro_credentials_bearer(c));
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
  letoro_set_text(L, "method", j->method);
  letoro_set_text(L, "target", j->url + strlen(j->client->base.origin));
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
  push_credentials(L, j->credentials);
  lua_setfield(L, -2, "credentials");
  return 2;
}

/* engine:credentials(client) -> { ["x-api-key"], ["x-user-key"],
   authorization }, sealed: what a stream of the manual wire logs in with. No
   other wire's clients give their keys away. */
static int engine_credentials(lua_State *L)
{
  const struct letoro_engine *u = letoro_check_engine(L);
  const struct letoro_client *c = luaL_checkudata(L, 2, LETORO_CLIENT_TYPE);
  luaL_argcheck(L, c->core && c->engine->core == u->core, 2,
                "a client of another engine");
  luaL_argcheck(L, etoro_engine_is_manual(u->core), 1,
                "its wire is the world");
  push_credentials(L, c->core->credentials);
  return 1;
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
  struct etoro_answer answer;
  int rc;
  answer.status = (int)luaL_checkinteger(L, 3);
  answer.headers = luaL_checklstring(L, 4, &answer.headers_len);
  answer.body = luaL_checklstring(L, 5, &answer.body_len);
  rc = etoro_engine_answer(e, j, &answer);
  if (rc)
    return letoro_fail(L, rc, "the job is not under way");
  lua_pushboolean(L, 1);
  return 1;
}

/* How a manual wire may say that an attempt failed. */
static enum etoro_code checkfailure(lua_State *L, int index)
{
  static const enum etoro_code codes[] = { ETORO_CODE_LOST, ETORO_CODE_TIMEOUT,
                                           ETORO_CODE_REFUSED,
                                           ETORO_CODE_TRUNCATED };
  const char *given =
      luaL_optstring(L, index, etoro_code_name(ETORO_CODE_LOST));
  size_t i;
  for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (!strcmp(given, etoro_code_name(codes[i])))
      return codes[i];
  luaL_argerror(L, index, lua_pushfstring(L, "invalid option '%s'", given));
  return ETORO_CODE_LOST; /* not reached */
}

/* engine:fail(job, "lost" | "timeout" | "refused" | "truncated", sent) */
static int engine_fail(lua_State *L)
{
  struct etoro_engine *e = checkengine(L);
  struct etoro_job *j = takenjob(L, e);
  enum etoro_code code = checkfailure(L, 3);
  int rc = etoro_engine_fail(e, j, code, lua_toboolean(L, 4));
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

static const luaL_Reg functions[] = { { "engine", core_engine },
                                      { NULL, NULL } };

static const luaL_Reg engine_methods[] = {
  { "advance", engine_advance },
  { "alarm", engine_alarm },
  { "answer", engine_answer },
  { "client", letoro_engine_client },
  { "close", engine_close },
  { "credentials", engine_credentials },
  { "event", engine_event },
  { "fail", engine_fail },
  { "journal", letoro_engine_journal },
  { "next_done", engine_next_done },
  { "now", engine_now },
  { "pollfd", engine_pollfd },
  { "run", engine_run },
  { "stats", engine_stats },
  { "step", engine_step },
  { "stream", letoro_engine_stream },
  { "take", engine_take },
  { "timeout", engine_timeout },
  { "unix", engine_unix },
  { "untaken", engine_untaken },
  { NULL, NULL },
};

static const luaL_Reg engine_metamethods[] = { { "__gc", engine_close },
                                               { NULL, NULL } };

void letoro_open_engine(lua_State *L)
{
  letoro_type(L, LETORO_ENGINE_TYPE, engine_methods, engine_metamethods);
  letoro_open_submit(L);
  luaL_setfuncs(L, functions, 0);
}
