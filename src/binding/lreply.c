/* Replies: what the bytes say, and how they may be shown. */
#include "binding/lreply.h"
#include "binding/ldecode.h"
#include "binding/ltype.h"

#include "core/bytes/buf.h"
#include "core/engine/job.h"
#include "core/json/jsonhide.h"

#define BYTES_TYPE "etoro.bytes"
#define HIDDEN_MAX(n) (4 * (n) + 4096)

/* A buffer in a userdata, so that an error frees it. */
static struct etoro_buf *new_bytes(lua_State *L, size_t max)
{
  struct etoro_buf *b = lua_newuserdatauv(L, sizeof *b, 0);
  etoro_buf_init(b, max);
  luaL_setmetatable(L, BYTES_TYPE);
  return b;
}

static int bytes_gc(lua_State *L)
{
  etoro_buf_free(luaL_checkudata(L, 1, BYTES_TYPE));
  return 0;
}

int letoro_decode_reply(lua_State *L, const struct etoro_job *j, int keep_null)
{
  const struct etoro_buf *reply = &j->reply;
  struct letoro_source s = { 0 };
  struct etoro_buf *masked;
  int n;
  if (!reply->len) {
    lua_pushnil(L);
    return 1;
  }
  s.text = s.raw = reply->data;
  s.len = reply->len;
  s.keep_null = keep_null;
  if (!etoro_job_is_repeated(j, reply->data, reply->len))
    return letoro_decode(L, &s);
  masked = new_bytes(L, reply->len);
  if (etoro_buf_add(masked, reply->data, reply->len))
    return luaL_error(L, "not enough memory");
  etoro_job_mask(j, masked->data, masked->len);
  s.text = masked->data;
  n = letoro_decode(L, &s);
  etoro_buf_free(masked);
  return n;
}

/* Pushes the n bytes with their secrets hidden, and those of a job. */
static void push_hidden(lua_State *L, const char *text, size_t n,
                        const struct etoro_job *j)
{
  struct etoro_buf *b = new_bytes(L, HIDDEN_MAX(n));
  if (etoro_json_hide(b, text, n))
    luaL_error(L, "not enough memory");
  if (j && b->len)
    etoro_job_mask(j, b->data, b->len);
  lua_pushlstring(L, b->data ? b->data : "", b->len);
  etoro_buf_free(b);
}

void letoro_push_shown(lua_State *L, const struct etoro_job *j, size_t most)
{
  const struct etoro_buf *reply = &j->reply;
  push_hidden(L, reply->data, reply->len < most ? reply->len : most, j);
}

/* core.hidden(text) -> text as it may be shown, JSON above all: "****" for what
   stands under the names of secrets */
static int core_hidden(lua_State *L)
{
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  push_hidden(L, text, n, NULL);
  return 1;
}

static const luaL_Reg functions[] = { { "hidden", core_hidden },
                                      { NULL, NULL } };

static const luaL_Reg methods[] = { { NULL, NULL } };
static const luaL_Reg metamethods[] = { { "__gc", bytes_gc }, { NULL, NULL } };

void letoro_open_reply(lua_State *L)
{
  letoro_type(L, BYTES_TYPE, methods, metamethods);
  luaL_setfuncs(L, functions, 0);
}
