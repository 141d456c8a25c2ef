/* Clients: one set of keys at one base URL. */
#include "binding/lclient.h"

#include <string.h>

#include "binding/lfields.h"
#include "binding/lsecret.h"
#include "core/engine/engine.h"
#include "core/limits.h"
#include "core/status.h"

#define ENGINE_SLOT 1

static void readoptions(lua_State *L, int index,
                        struct etoro_client_options *o)
{
  struct etoro_secret *proxy;
  luaL_checkstack(L, 24, NULL); /* each secret leaves its holder there */
  memset(o, 0, sizeof *o);
  o->base_url = letoro_field_text(L, index, "base_url", NULL);
  luaL_argcheck(L, o->base_url != NULL, index, "base_url is missing");
  o->who.api_key = letoro_field_secret(L, index, "api_key");
  o->who.user_key = letoro_field_secret(L, index, "user_key");
  o->who.bearer = letoro_field_secret(L, index, "bearer");
  o->who.client_id = letoro_field_text(L, index, "client_id", NULL);
  o->who.client_secret = letoro_field_secret(L, index, "client_secret");
  o->is_renewable = letoro_field_flag(L, index, "renewable");
  o->ca_file = letoro_field_text(L, index, "ca_file", NULL);
  proxy = letoro_field_secret(L, index, "proxy");
  o->proxy = proxy ? etoro_secret_data(proxy) : NULL;
  o->proxy_len = proxy ? etoro_secret_len(proxy) : 0;
  o->user_agent = letoro_field_text(L, index, "user_agent", NULL);
  if (!o->user_agent)
    o->user_agent = "lua-etoro";
  o->connect_timeout = letoro_field_number(L, index, "connect_timeout",
                                           ETORO_DEFAULT_CONNECT_TIMEOUT);
  o->max_connections = (long)letoro_field_number(
      L, index, "max_connections", ETORO_DEFAULT_MAX_CONNECTIONS);
  o->max_body = (size_t)letoro_field_number(L, index, "max_body",
                                            ETORO_DEFAULT_MAX_BODY);
  o->wants_events = letoro_field_flag(L, index, "events");
  o->is_demo = letoro_field_flag(L, index, "demo");
  o->is_dry = letoro_field_flag(L, index, "dry_run");
}

static void readrule(lua_State *L, int index, struct etoro_pool_rule *r)
{
  size_t n;
  const char *name;
  lua_getfield(L, index, "name");
  name = luaL_checklstring(L, -1, &n);
  if (n >= sizeof r->name)
    luaL_error(L, "the pool's name is too long");
  memcpy(r->name, name, n + 1);
  lua_pop(L, 1);
  r->limit = (int)letoro_field_number(L, index, "limit", 0);
  r->reserve = (int)letoro_field_number(L, index, "reserve", 0);
  r->window = letoro_field_number(L, index, "window", ETORO_DEFAULT_WINDOW);
  r->most = (int)letoro_field_number(L, index, "most", 0);
  r->is_paced = letoro_field_flag(L, index, "pace");
}

/* The rules of options.pools, in a userdata on the stack. */
static struct etoro_pool_rule *readrules(lua_State *L, int index, size_t *n)
{
  struct etoro_pool_rule *rules;
  size_t i;
  lua_getfield(L, index, "pools");
  *n = lua_istable(L, -1) ? (size_t)lua_rawlen(L, -1) : 0;
  rules = lua_newuserdatauv(L, (*n + 1) * sizeof *rules, 0);
  memset(rules, 0, (*n + 1) * sizeof *rules);
  for (i = 0; i < *n; i++) {
    lua_rawgeti(L, -2, (lua_Integer)i + 1);
    luaL_checktype(L, -1, LUA_TTABLE);
    readrule(L, lua_gettop(L), &rules[i]);
    lua_pop(L, 1);
  }
  return rules;
}

static const struct letoro_client *readclient(lua_State *L, int index,
                                              const char *name)
{
  lua_getfield(L, index, name);
  return lua_isnil(L, -1) ? NULL : luaL_checkudata(L, -1, LETORO_CLIENT_TYPE);
}

/* The other clients that options name. A parent is one of this engine: what a
   parent process made has halts of its own. Whoever drives a manual wire would
   get to see the keys of a client of the world. */
static void readfamily(lua_State *L, int index,
                       const struct letoro_engine *owner,
                       struct etoro_client_options *o)
{
  const struct letoro_client *parent = readclient(L, index, "parent");
  const struct letoro_client *keys_of = readclient(L, index, "keys_of");
  luaL_argcheck(L,
                !keys_of || keys_of->engine == owner
                    || !etoro_engine_is_manual(owner->core),
                index, "keys_of is a client of another engine");
  o->parent = parent && parent->engine == owner ? parent->core : NULL;
  o->keys_of = keys_of ? keys_of->core : NULL;
}

/* engine:client(options) -> client | nil, message, "invalid" */
int letoro_engine_client(lua_State *L)
{
  const struct letoro_engine *owner = letoro_check_engine(L);
  struct etoro_engine *e = owner->core;
  struct etoro_client_options options;
  struct letoro_client *u;
  struct etoro_pool_rule *rules;
  size_t nrules;
  char why[ETORO_CLIENT_WHY_MAX];
  int rc;
  luaL_checktype(L, 2, LUA_TTABLE);
  readoptions(L, 2, &options); /* may raise */
  rules = readrules(L, 2, &nrules);
  readfamily(L, 2, owner, &options);
  /* Before the client is made: nothing may raise while only C holds it.
     Options point into strings and secrets that are on the stack. */
  u = lua_newuserdatauv(L, sizeof *u, 1);
  u->core = NULL;
  u->engine = lua_touserdata(L, 1);
  luaL_setmetatable(L, LETORO_CLIENT_TYPE);
  lua_pushvalue(L, 1);
  /* The engine must outlive its clients: a collector takes both in any
     order. */
  lua_setiuservalue(L, -2, ENGINE_SLOT);
  rc = etoro_client_new(&u->core, &options, etoro_engine_now(e), why);
  if (!rc)
    rc = etoro_engine_admit(e, u->core, rules, nrules);
  return rc ? letoro_fail(L, rc, *why ? why : NULL) : 1;
}

static struct letoro_client *checkclient(lua_State *L)
{
  struct letoro_client *u = letoro_self(L, LETORO_CLIENT_TYPE);
  luaL_argcheck(L, u->core != NULL, 1, "the client is closed");
  return u;
}

/* client:wants_token() -> boolean: a call waits for a bearer token */
static int client_wants_token(lua_State *L)
{
  const struct letoro_client *u = checkclient(L);
  lua_pushboolean(L,
                  u->engine->core
                      && etoro_engine_wants_token(u->engine->core, u->core));
  return 1;
}

/* client:set_token(token, lifetime | nil) -> true | nil, message; lifetime in
   seconds */
static int client_set_token(lua_State *L)
{
  const struct letoro_client *u = checkclient(L);
  struct etoro_secret *s = letoro_to_secret(L, 2);
  double lifetime = luaL_optnumber(L, 3, 0);
  double at = 0;
  int rc;
  if (!s) {
    size_t n;
    const char *text = luaL_checklstring(L, 2, &n);
    /* A function of the user's has given a plain string: it is sealed at once,
       but that string was Lua's already. */
    rc = etoro_secret_new(letoro_bare_secret(L), text, n);
    if (rc)
      return letoro_fail(L, rc, NULL);
    s = letoro_to_secret(L, -1);
  }
  if (lifetime > 0 && u->engine->core)
    /* By the engine's clock, which a box may drive. */
    at = etoro_engine_now(u->engine->core) + lifetime;
  rc = etoro_client_renew(u->core, s, at);
  if (rc)
    return letoro_fail(L, rc,
                       "the token is empty or holds a line break or "
                       "another control character");
  if (u->engine->core)
    etoro_engine_renewed(u->engine->core);
  lua_pushboolean(L, 1);
  return 1;
}

/* client:halt(on): writes but cancel and close end with the code "halted",
   also those of clients made with it as their parent */
static int client_halt(lua_State *L)
{
  const struct letoro_client *u = checkclient(L);
  if (u->engine->core)
    etoro_engine_halt(u->engine->core, u->core, lua_toboolean(L, 2));
  return 0;
}

/* client:budget() -> { [pool] = { limit, left, reserve, resets_in,
   paused_for } }; limit 0: no budget */
static int client_budget(lua_State *L)
{
  const struct letoro_client *u = checkclient(L);
  struct etoro_pool *p;
  double now;
  lua_newtable(L);
  if (!u->engine->core)
    return 1;
  now = etoro_engine_now(u->engine->core);
  for (p = u->core->account->pools; p; p = p->next) {
    struct etoro_pool_view view;
    etoro_pool_look(p, now, &view);
    lua_createtable(L, 0, 5);
    letoro_set_integer(L, "limit", view.limit);
    letoro_set_integer(L, "left", view.left);
    letoro_set_integer(L, "reserve", view.reserve);
    if (view.resets_in >= 0)
      letoro_set_number(L, "resets_in", view.resets_in);
    if (view.paused_for > 0)
      letoro_set_number(L, "paused_for", view.paused_for);
    lua_setfield(L, -2, p->rule.name);
  }
  return 1;
}

/* client:address() -> light userdata: what its events name it by */
static int client_address(lua_State *L)
{
  lua_pushlightuserdata(L, checkclient(L)->core);
  return 1;
}

/* client:masked(text) -> text: with asterisks for the client's own secrets */
static int client_masked(lua_State *L)
{
  const struct etoro_client *c = checkclient(L)->core;
  luaL_Buffer b;
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  char *copy = luaL_buffinitsize(L, &b, n);
  if (n)
    memcpy(copy, text, n);
  etoro_client_mask(c, copy, n);
  luaL_pushresultsize(&b, n);
  return 1;
}

/* client:close(); its calls end with the code "closed" */
static int client_close(lua_State *L)
{
  const struct letoro_client *u = letoro_self(L, LETORO_CLIENT_TYPE);
  if (u->core && u->engine->core)
    etoro_engine_dismiss(u->engine->core, u->core);
  return 0;
}

static int client_gc(lua_State *L)
{
  struct letoro_client *u = letoro_self(L, LETORO_CLIENT_TYPE);
  struct etoro_client *c = u->core;
  u->core = NULL;
  /* One holder less: jobs under way keep it until they end. */
  etoro_client_free(c);
  return 0;
}

static const luaL_Reg methods[] = {
  { "address", client_address },
  { "budget", client_budget },
  { "close", client_close },
  { "halt", client_halt },
  { "masked", client_masked },
  { "set_token", client_set_token },
  { "wants_token", client_wants_token },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = { { "__gc", client_gc },
                                        { NULL, NULL } };

void letoro_open_client(lua_State *L)
{
  letoro_type(L, LETORO_CLIENT_TYPE, methods, metamethods);
}
