/* Journals: files that intents are written to before they are carried out. */
#include "binding/ljournal.h"

#include <string.h>

#include "binding/lfields.h"
#include "binding/lsecret.h"
#include "binding/ltype.h"
#include "core/engine/engine.h"
#include "core/status.h"

#define JOURNAL_TYPE "etoro.core.Journal"

struct ljournal {
  struct etoro_journal *core; /* one holder; NULL before open and after gc */
};

static struct etoro_journal *checkjournal(lua_State *L)
{
  const struct ljournal *u = luaL_checkudata(L, 1, JOURNAL_TYPE);
  luaL_argcheck(L, u->core != NULL, 1, "the journal is gone");
  return u->core;
}

int letoro_engine_journal(lua_State *L)
{
  const struct letoro_engine *owner = letoro_check_engine(L);
  size_t n;
  const char *path = luaL_checklstring(L, 2, &n);
  char why[ETORO_JOURNAL_WHY_MAX];
  struct ljournal *u;
  int rc;
  luaL_argcheck(L, strlen(path) == n, 2, "a path holds no zero byte");
  if (etoro_engine_is_foreign(owner->core))
    return letoro_fail(L, ETORO_ECLOSED, NULL);
  u = lua_newuserdatauv(L, sizeof *u, 0);
  u->core = NULL; /* __gc may run from the next line on */
  luaL_setmetatable(L, JOURNAL_TYPE);
  rc = etoro_journal_open(&u->core, path, etoro_random_system, NULL, why);
  return rc ? letoro_fail(L, rc, why) : 1;
}

void letoro_field_journal(lua_State *L, int index, struct etoro_request *r)
{
  const struct ljournal *u;
  r->intent = letoro_field_text(L, index, "intent", &r->intent_len);
  if (!r->intent)
    return;
  lua_getfield(L, index, "journal");
  u = luaL_checkudata(L, -1, JOURNAL_TYPE);
  luaL_argcheck(L, u->core != NULL, index, "the journal is gone");
  r->journal = u->core;
  lua_pop(L, 1);
}

/* journal:append(line) -> true | nil, message, "invalid" | "closed"; written
   some time later */
static int journal_append(lua_State *L)
{
  struct etoro_journal *j = checkjournal(L);
  size_t n;
  const char *line = luaL_checklstring(L, 2, &n);
  int rc = etoro_journal_append(j, line, n);
  if (rc)
    return letoro_fail(L, rc, rc == ETORO_EINVAL ? "not one line" : NULL);
  lua_pushboolean(L, 1);
  return 1;
}

/* journal:sync(seconds | nil) -> true | nil, message: waits until all lines
   are on the disk; the message is about one that is not */
static int journal_sync(lua_State *L)
{
  struct etoro_journal *j = checkjournal(L);
  char reason[ETORO_REASON_MAX];
  int error =
      etoro_journal_sync(j, luaL_optnumber(L, 2, ETORO_JOURNAL_PATIENCE));
  if (!error) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, etoro_journal_file_reason(reason, error));
  return 2;
}

/* journal:who(secret) -> string: its salted fingerprint */
static int journal_who(lua_State *L)
{
  const struct etoro_journal *j = checkjournal(L);
  const struct etoro_secret *secret = letoro_to_secret(L, 2);
  char who[ETORO_JOURNAL_WHO_LEN + 1];
  int rc;
  luaL_argcheck(L, secret != NULL, 2, "a secret expected");
  rc = etoro_journal_who(j, secret, who);
  if (rc)
    return letoro_fail(L, rc, NULL);
  lua_pushstring(L, who);
  return 1;
}

/* journal:is(path) -> boolean: it is open, and the path is its file's */
static int journal_is(lua_State *L)
{
  const struct etoro_journal *j = checkjournal(L);
  lua_pushboolean(L, etoro_journal_is(j, luaL_checkstring(L, 2)));
  return 1;
}

/* journal:path() -> string | nil: absolute; nil once it is closed */
static int journal_path(lua_State *L)
{
  lua_pushstring(L, etoro_journal_path(checkjournal(L)));
  return 1;
}

/* journal:close(): writes what waits, and lets go of the file */
static int journal_close(lua_State *L)
{
  etoro_journal_close(checkjournal(L));
  return 0;
}

static int journal_gc(lua_State *L)
{
  struct ljournal *u = luaL_checkudata(L, 1, JOURNAL_TYPE);
  struct etoro_journal *j = u->core;
  u->core = NULL;
  etoro_journal_free(j);
  return 0;
}

static const luaL_Reg methods[] = {
  { "append", journal_append },
  { "close", journal_close },
  { "is", journal_is },
  { "path", journal_path },
  { "sync", journal_sync },
  { "who", journal_who },
  { NULL, NULL },
};

static const luaL_Reg metamethods[] = { { "__gc", journal_gc },
                                        { NULL, NULL } };

void letoro_open_journal(lua_State *L)
{
  letoro_type(L, JOURNAL_TYPE, methods, metamethods);
}
