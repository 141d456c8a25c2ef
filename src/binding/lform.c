/* Forms: bodies that are built in C because they carry secrets. */
#include "binding/lform.h"

#include <string.h>

#include "binding/lsecret.h"
#include "binding/ltype.h"
#include "core/net/form.h"
#include "core/engine/job.h"
#include "core/status.h"

#define FORM_TYPE "etoro.form"

static int form_gc(lua_State *L)
{
  etoro_form_free(luaL_checkudata(L, 1, FORM_TYPE));
  return 0;
}

/* Adds the pair at the top. */
static int add_pair(lua_State *L, struct etoro_form *f)
{
  struct etoro_secret *secret;
  const char *name, *value;
  size_t n;
  luaL_checktype(L, -1, LUA_TTABLE);
  lua_rawgeti(L, -1, 1);
  name = luaL_checkstring(L, -1);
  lua_rawgeti(L, -2, 2);
  /* A secret goes from its userdata into the form, past Lua's strings. */
  secret = letoro_to_secret(L, -1);
  if (secret)
    return etoro_form_add_secret(f, name, secret);
  value = luaL_checklstring(L, -1, &n);
  return etoro_form_add(f, name, value, n);
}

void letoro_field_form(lua_State *L, int index, struct etoro_request *r)
{
  struct etoro_form *f;
  lua_Integer i;
  int rc = ETORO_OK;
  if (lua_getfield(L, index, "form") == LUA_TNIL)
    return;
  luaL_checktype(L, -1, LUA_TTABLE);
  /* The userdata owns the form from here on: what is added below may raise,
     and its end wipes the body. It stays on the stack until the core has
     copied it. */
  f = lua_newuserdatauv(L, sizeof *f, 0);
  etoro_form_init(f);
  luaL_setmetatable(L, FORM_TYPE);
  for (i = 1; !rc && lua_rawgeti(L, -2, i) != LUA_TNIL; i++) {
    rc = add_pair(L, f);
    /* The pair, its name and its value. */
    lua_pop(L, 3);
  }
  if (rc)
    luaL_error(L, rc == ETORO_ENOMEM ? "not enough memory"
                                     : "the form is too large");
  lua_pop(L, 1);
  r->body = f->body.data;
  r->body_len = f->body.len;
  r->content_type = ETORO_FORM_TYPE;
  r->secrets = f->secrets;
  r->nsecrets = f->nsecrets;
}

static const luaL_Reg methods[] = { { NULL, NULL } };

static const luaL_Reg metamethods[] = { { "__gc", form_gc }, { NULL, NULL } };

void letoro_open_form(lua_State *L)
{
  letoro_type(L, FORM_TYPE, methods, metamethods);
}
