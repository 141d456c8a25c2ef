/* Sealed secrets: values that prove who is calling and show a mask. */
#include "binding/lsecret.h"
#include "binding/ltype.h"

#include <errno.h>
#include <string.h>

#include "core/bytes/digest.h"
#include "core/bytes/ids.h"
#include "core/bytes/keylook.h"
#include "core/bytes/mask.h"
#include "core/bytes/reason.h"
#include "core/limits.h"
#include "core/net/program.h"
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

struct etoro_secret **letoro_bare_secret(lua_State *L)
{
  return &newsecret(L)->core;
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

/* core.secret_file(path) -> secret, mode | nil, message */
static int core_secret_file(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  const char *why = NULL;
  unsigned mode = 0;
  int rc = etoro_secret_file(&newsecret(L)->core, path, &mode, &why);
  int error = errno;
  char reason[ETORO_REASON_MAX];
  if (rc)
    return letoro_fail(L, rc,
                       rc == ETORO_EIO ? etoro_reason(reason, error) : why);
  lua_pushinteger(L, (lua_Integer)mode);
  return 2;
}

/* core.secret_line(fd) -> secret | nil, message */
static int core_secret_line(lua_State *L)
{
  int fd = (int)luaL_checkinteger(L, 1);
  const char *why = NULL;
  int rc = etoro_secret_line(&newsecret(L)->core, fd, &why);
  int error = errno;
  char reason[ETORO_REASON_MAX];
  if (rc)
    return letoro_fail(L, rc,
                       rc == ETORO_EIO ? etoro_reason(reason, error) : why);
  return 1;
}

/* The words of a list at 1, ended by NULL, in memory of Lua's that is left on the
   stack. */
static char **push_words(lua_State *L)
{
  lua_Integer n, i;
  char **words;
  luaL_checktype(L, 1, LUA_TTABLE);
  n = luaL_len(L, 1);
  luaL_argcheck(L, n > 0 && n < ETORO_PROGRAM_WORDS_MAX, 1, "1 to 31 words");
  words = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *words, 0);
  for (i = 0; i < n; i++) {
    lua_rawgeti(L, 1, i + 1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "words expected");
    /* Programs take words that are not const; the list holds them. */
    memcpy(&words[i], &(const char *){ lua_tostring(L, -1) }, sizeof *words);
    lua_pop(L, 1);
  }
  words[n] = NULL;
  return words;
}

/* core.run_program(words, seconds, input?) -> integer|"untold", secret? | nil, message:
   what it ends with and what it printed; input is a secret */
static int core_run_program(lua_State *L)
{
  double seconds = luaL_checknumber(L, 2);
  struct etoro_secret *input =
      lua_isnoneornil(L, 3) ? NULL : letoro_to_secret(L, 3);
  char **words = push_words(L);
  struct lsecret *u = newsecret(L);
  const char *why = NULL;
  int status = -1, error, rc;
  char reason[ETORO_REASON_MAX];
  rc = etoro_program_run(&u->core, &status, words, input, seconds, &why);
  error = errno;
  if (rc)
    return letoro_fail(L, rc,
                       rc == ETORO_EIO ? etoro_reason(reason, error) : why);
  if (status == ETORO_PROGRAM_UNTOLD)
    lua_pushliteral(L, "untold");
  else
    lua_pushinteger(L, status);
  if (!u->core)
    return 1;
  lua_pushvalue(L, -2);
  return 2;
}

/* core.key_look(secret) -> string: what the key looks like, see keylook.h */
static int core_key_look(lua_State *L)
{
  const struct etoro_secret *s = letoro_to_secret(L, 1);
  const char *look;
  luaL_argcheck(L, s != NULL, 1, "a secret expected");
  look = etoro_key_look(etoro_secret_data(s), etoro_secret_len(s));
  if (!look)
    return letoro_fail(L, ETORO_ENOMEM, NULL);
  lua_pushstring(L, look);
  return 1;
}

/* core.is_secret(value) -> boolean */
static int core_is_secret(lua_State *L)
{
  luaL_checkany(L, 1);
  lua_pushboolean(L, luaL_testudata(L, 1, SECRET_TYPE) != NULL);
  return 1;
}

/* Pushes a secret that holds n bytes as base64url. */
static int push_base64url(lua_State *L, const void *bytes, size_t n)
{
  struct lsecret *u = newsecret(L);
  struct etoro_buf text;
  int rc;
  etoro_buf_init(&text, 2 * n + 4);
  rc = etoro_base64url(&text, bytes, n);
  if (!rc)
    rc = etoro_secret_new(&u->core, text.data, text.len);
  etoro_buf_free(&text);
  return rc;
}

/* core.random_token(n) -> secret: n random bytes as base64url */
static int core_random_token(lua_State *L)
{
  lua_Integer n = luaL_checkinteger(L, 1);
  unsigned char bytes[ETORO_RANDOM_MAX];
  int rc;
  luaL_argcheck(L, n > 0 && n <= ETORO_RANDOM_MAX, 1, "1 to 256 expected");
  rc = etoro_random_system(NULL, bytes, (size_t)n);
  if (!rc)
    rc = push_base64url(L, bytes, (size_t)n);
  etoro_wipe(bytes, sizeof bytes);
  return rc ? letoro_fail(L, rc, NULL) : 1;
}

/* core.masked(text) -> text: with asterisks for what stands behind the names
   of secrets, as JSON, forms and the like write them */
static int core_masked(lua_State *L)
{
  luaL_Buffer b;
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  char *copy = luaL_buffinitsize(L, &b, n);
  if (n)
    memcpy(copy, text, n);
  etoro_mask_named(copy, n, ETORO_MASK_TEXT);
  luaL_pushresultsize(&b, n);
  return 1;
}

static struct etoro_secret *checkcore(lua_State *L)
{
  struct etoro_secret *s = letoro_to_secret(L, 1);
  luaL_argcheck(L, s != NULL, 1, "a secret expected");
  return s;
}

/* core.fingerprint(secret) -> string: its SHA-256 as base64url, which is the
   S256 challenge of a PKCE code verifier */
static int core_fingerprint(lua_State *L)
{
  const struct etoro_secret *s = checkcore(L);
  unsigned char digest[ETORO_SHA256_LEN];
  int rc;
  etoro_sha256(digest, etoro_secret_data(s), etoro_secret_len(s));
  rc = push_base64url(L, digest, sizeof digest);
  if (rc)
    return letoro_fail(L, rc, NULL);
  s = letoro_to_secret(L, -1);
  lua_pushlstring(L, etoro_secret_data(s), etoro_secret_len(s));
  return 1;
}

/* core.claims(secret) -> JSON text | nil, message: the middle part of a signed
   token; the signature is not looked at */
static int core_claims(lua_State *L)
{
  const struct etoro_secret *s = checkcore(L);
  struct lsecret *u = newsecret(L);
  const char *text = strchr(etoro_secret_data(s), '.');
  const char *end = text ? strchr(text + 1, '.') : NULL;
  struct etoro_buf claims;
  int rc;
  if (!end)
    return letoro_fail(L, ETORO_ESYNTAX, "not a signed token");
  text++;
  etoro_buf_init(&claims, ETORO_CLAIMS_MAX);
  rc = etoro_base64url_decode(&claims, text, (size_t)(end - text));
  if (!rc)
    rc = etoro_secret_new(&u->core, claims.data, claims.len);
  etoro_buf_free(&claims);
  if (rc)
    return letoro_fail(L, rc, "not a signed token");
  lua_pushlstring(L, etoro_secret_data(u->core), etoro_secret_len(u->core));
  return 1;
}

/* secret:reveal() -> string */
static int secret_reveal(lua_State *L)
{
  const struct lsecret *u = checksecret(L);
  lua_pushlstring(L, etoro_secret_data(u->core), etoro_secret_len(u->core));
  return 1;
}

/* secret:save(path) -> true | nil, message: with a line end, in the place of a file
   that is there, its owner's alone, and on the disk */
static int secret_save(lua_State *L)
{
  const struct lsecret *u = checksecret(L);
  size_t n;
  const char *path = luaL_checklstring(L, 2, &n);
  char reason[ETORO_REASON_MAX];
  int rc;
  luaL_argcheck(L, n > 0 && strlen(path) == n, 2, "a path without zero bytes");
  rc = etoro_secret_save(u->core, path);
  if (!rc) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path,
                  rc == ETORO_EIO ? etoro_reason(reason, errno)
                                  : "not enough memory");
  return 2;
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
  { "claims", core_claims },           { "fingerprint", core_fingerprint },
  { "is_secret", core_is_secret },     { "key_look", core_key_look },
  { "masked", core_masked },           { "random_token", core_random_token },
  { "run_program", core_run_program }, { "secret", core_secret },
  { "secret_env", core_secret_env },   { "secret_file", core_secret_file },
  { "secret_line", core_secret_line }, { NULL, NULL },
};

static const luaL_Reg methods[] = {
  { "matches", secret_matches },
  { "reveal", secret_reveal },
  { "save", secret_save },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = {
  { "__concat", secret_concat },
  { "__eq", secret_eq },
  { "__gc", secret_gc },
  { "__tostring", secret_tostring },
  { NULL, NULL },
};

void letoro_open_secret(lua_State *L)
{
  letoro_type(L, SECRET_TYPE, methods, metamethods);
  luaL_setfuncs(L, functions, 0);
}
