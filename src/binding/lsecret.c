/* Sealed secrets: values that prove who is calling and show a mask. */
#include "binding/lcore.h"

#include <errno.h>
#include <string.h>

#include "core/status.h"

#define SECRET_TYPE "etoro.Secret"
#define MASK "etoro.secret(****)"

struct lsecret {
  struct etoro_secret *core; /* one holder; NULL only while being made */
};

static struct lsecret *newsecret(lua_State *L)
{
  struct lsecret *u = lua_newuserdatauv(L, sizeof *u, 0);
  u->core = NULL; /* __gc may run from the next line on */
  luaL_setmetatable(L, SECRET_TYPE);
  return u;
}

static struct lsecret *checksecret(lua_State *L)
{
  struct lsecret *u = luaL_checkudata(L, 1, SECRET_TYPE);
  luaL_argcheck(L, u->core != NULL, 1, "the secret is gone");
  return u;
}

void letoro_push_secret(lua_State *L, struct etoro_secret *s)
{
  newsecret(L)->core = s;
}

struct etoro_secret *letoro_to_secret(lua_State *L, int index)
{
  const struct lsecret *u = luaL_testudata(L, index, SECRET_TYPE);
  return u ? u->core : NULL;
}

/* core.secret(text) -> secret */
static int core_secret(lua_State *L)
{
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  int rc = etoro_secret_new(&newsecret(L)->core, text, n);
  return rc ? letoro_fail(L, rc, NULL) : 1;
}

/* core.secret_env(name) -> secret | nil when it is unset or empty */
static int core_secret_env(lua_State *L)
{
  const char *name = luaL_checkstring(L, 1);
  struct lsecret *u = newsecret(L);
  int rc = etoro_secret_env(&u->core, name);
  if (rc)
    return letoro_fail(L, rc, NULL);
  if (!u->core)
    lua_pushnil(L);
  return 1;
}

/* core.secret_file(path) -> secret | nil, message */
static int core_secret_file(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  int rc = etoro_secret_file(&newsecret(L)->core, path);
  int error = errno;
  if (rc == ETORO_EIO)
    return letoro_fail(L, rc, strerror(error));
  if (rc == ETORO_EINVAL)
    return letoro_fail(L, rc, "the file is empty");
  return rc ? letoro_fail(L, rc, NULL) : 1;
}

/* core.is_secret(value) -> boolean */
static int core_is_secret(lua_State *L)
{
  luaL_checkany(L, 1);
  lua_pushboolean(L, luaL_testudata(L, 1, SECRET_TYPE) != NULL);
  return 1;
}

/* secret:reveal() -> string */
static int secret_reveal(lua_State *L)
{
  const struct lsecret *u = checksecret(L);
  lua_pushlstring(L, etoro_secret_data(u->core), etoro_secret_len(u->core));
  return 1;
}

/* secret:matches(text) -> boolean */
static int secret_matches(lua_State *L)
{
  const struct lsecret *u = checksecret(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  lua_pushboolean(L, etoro_secret_equal(u->core, text, n));
  return 1;
}

/* __tostring */
static int secret_tostring(lua_State *L)
{
  lua_pushliteral(L, MASK);
  return 1;
}

/* __concat: the mask takes the secret's place */
static int secret_concat(lua_State *L)
{
  int i;
  lua_settop(L, 2);
  for (i = 1; i <= 2; i++)
    luaL_tolstring(L, i, NULL);
  lua_concat(L, 2);
  return 1;
}

/* __eq(a, b): the same text */
static int secret_eq(lua_State *L)
{
  const struct lsecret *a = luaL_checkudata(L, 1, SECRET_TYPE);
  const struct lsecret *b = luaL_checkudata(L, 2, SECRET_TYPE);
  lua_pushboolean(L, a->core && b->core
                       && etoro_secret_equal(a->core,
                                             etoro_secret_data(b->core),
                                             etoro_secret_len(b->core)));
  return 1;
}

static int secret_gc(lua_State *L)
{
  struct lsecret *u = luaL_checkudata(L, 1, SECRET_TYPE);
  struct etoro_secret *s = u->core;
  u->core = NULL;
  etoro_secret_free(s);
  return 0;
}

static const luaL_Reg functions[] = {
  { "is_secret", core_is_secret },
  { "secret", core_secret },
  { "secret_env", core_secret_env },
  { "secret_file", core_secret_file },
  { NULL, NULL }
};

static const luaL_Reg methods[] = {
  { "matches", secret_matches },
  { "reveal", secret_reveal },
  { NULL, NULL }
};

static const luaL_Reg metamethods[] = {
  { "__concat", secret_concat },
  { "__eq", secret_eq },
  { "__gc", secret_gc },
  { "__tostring", secret_tostring },
  { NULL, NULL }
};

void letoro_open_secret(lua_State *L)
{
  letoro_type(L, SECRET_TYPE, methods, metamethods);
  luaL_setfuncs(L, functions, 0);
}
