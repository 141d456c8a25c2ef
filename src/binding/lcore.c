/* etoro.core: the roof, which opens the parts and which none of them knows.
   Also holds the functions that belong to none of them. */
#include "binding/lclient.h"
#include "binding/ldecode.h"
#include "binding/lencode.h"
#include "binding/lengine.h"
#include "binding/lform.h"
#include "binding/ljob.h"
#include "binding/ljournal.h"
#include "binding/ljson.h"
#include "binding/lreply.h"
#include "binding/lmarket.h"
#include "binding/lquote.h"
#include "binding/lsecret.h"
#include "binding/lstream.h"
#include "binding/ltext.h"
#include "binding/ltype.h"
#include "binding/lwatch.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes/file.h"
#include "core/net/headers.h"
#include "core/net/lenient.h"
#include "core/bytes/ids.h"
#include "core/bytes/reason.h"
#include "core/limits.h"
#include "core/names.h"
#include "core/status.h"
#include "core/net/unpack.h"
#include "core/net/uri.h"
#include "core/ws/frames.h"

/* libcurl's process-wide set-up; never undone, since other states and other
   libraries of the host may use it. */
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* core.uuid() -> string */
static int core_uuid(lua_State *L)
{
  unsigned char bytes[16];
  char text[ETORO_UUID_LEN + 1];
  int rc = etoro_random_system(NULL, bytes, sizeof bytes);
  if (rc)
    return letoro_fail(L, rc, NULL);
  etoro_uuid_format(text, bytes);
  lua_pushlstring(L, text, ETORO_UUID_LEN);
  return 1;
}

/* core.is_uuid(text) -> boolean */
static int core_is_uuid(lua_State *L)
{
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_pushboolean(L, etoro_uuid_valid(text, n));
  return 1;
}

static int buf_gc(lua_State *L)
{
  etoro_buf_free(lua_touserdata(L, 1));
  return 0;
}

/* core.escape(text, "segment" | "query" | "list") -> string | nil, message */
static int core_escape(lua_State *L)
{
  static const char *const parts[] = { ETORO_URI_PARTS(ETORO_TEXT) NULL };
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  int rc, part = luaL_checkoption(L, 2, "query", parts);
  struct etoro_buf *out;
  if (n <= ETORO_ESCAPED_MAX
      && etoro_uri_is_plain(text, n, (enum etoro_uri_part)part)) {
    lua_settop(L, 1);
    return 1;
  }
  out = lua_newuserdatauv(L, sizeof *out, 0);
  etoro_buf_init(out, ETORO_ESCAPED_MAX);
  luaL_setmetatable(L, "etoro.buf");
  rc = etoro_uri_encode(out, text, n, (enum etoro_uri_part)part);
  if (rc)
    return letoro_fail(L, rc, rc == ETORO_EINVAL ? "must not be empty" : NULL);
  lua_pushlstring(L, out->data ? out->data : "", out->len);
  etoro_buf_free(out);
  return 1;
}

/* core.path_steps(path) -> list of its steps, as the most lenient of servers
   would read them */
static int core_path_steps(lua_State *L)
{
  size_t n, len, at = 0;
  const char *step, *path = luaL_checklstring(L, 1, &n);
  char *read = lua_newuserdatauv(L, n + 1, 0);
  lua_Integer count = 0;
  lua_createtable(L, 8, 0);
  n = etoro_lenient_path(read, path, n);
  while ((len = etoro_lenient_step(read, n, &at, &step)) > 0) {
    if (len == 2 && step[0] == '.' && step[1] == '.') {
      lua_pushnil(L); /* one back */
      lua_rawseti(L, -2, count);
      count -= count > 0;
    } else {
      lua_pushlstring(L, step, len);
      lua_rawseti(L, -2, ++count);
    }
  }
  return 1;
}

/* core.base(url) -> { origin, path, https, loopback } | nil, message */
static int core_base(lua_State *L)
{
  struct etoro_base base;
  const char *why = NULL;
  int rc = etoro_base_parse(&base, luaL_checkstring(L, 1), &why);
  if (rc)
    return letoro_fail(L, rc, why);
  lua_createtable(L, 0, 4);
  lua_pushstring(L, base.origin);
  lua_setfield(L, -2, "origin");
  lua_pushstring(L, base.path);
  lua_setfield(L, -2, "path");
  lua_pushboolean(L, base.is_https);
  lua_setfield(L, -2, "https");
  lua_pushboolean(L, base.is_loopback);
  lua_setfield(L, -2, "loopback");
  return 1;
}

/* core.is_header(name, value) -> boolean */
static int core_is_header(lua_State *L)
{
  size_t n, v;
  const char *name = luaL_checklstring(L, 1, &n);
  const char *value = luaL_checklstring(L, 2, &v);
  lua_pushboolean(L, etoro_header_name_valid(name, n)
                         && etoro_header_value_valid(value, v));
  return 1;
}

/* core.http_date(text) -> seconds since 1970 | nil */
static int core_http_date(lua_State *L)
{
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  double at = etoro_http_date(text, n);
  if (at < 0)
    lua_pushnil(L);
  else
    lua_pushnumber(L, at);
  return 1;
}

static int push_clock(lua_State *L, clockid_t id)
{
  struct timespec t;
  clock_gettime(id, &t);
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
  return 1;
}

/* core.now() -> seconds since 1970 */
static int core_now(lua_State *L)
{
  return push_clock(L, CLOCK_REALTIME);
}

/* core.monotonic() -> seconds on a clock that is never set */
static int core_monotonic(lua_State *L)
{
  return push_clock(L, CLOCK_MONOTONIC);
}

/* The close of a file handle that core.open_file has made. */
static int close_file(lua_State *L)
{
  luaL_Stream *s = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  return luaL_fileresult(L, fclose(s->f) == 0, NULL);
}

/* Pushes a file that is closed, until it is not. */
static luaL_Stream *push_file(lua_State *L)
{
  luaL_Stream *s = lua_newuserdatauv(L, sizeof *s, 0);
  s->f = NULL;
  s->closef = NULL;
  luaL_setmetatable(L, LUA_FILEHANDLE);
  return s;
}

/* The file on top as Lua's own of an open descriptor, or why there is none. */
static int give_file(lua_State *L, luaL_Stream *s, int rc, int fd,
                     const char *mode, const char *why)
{
  char reason[ETORO_REASON_MAX];
  if (!rc) {
    s->f = fdopen(fd, mode);
    s->closef = s->f ? close_file : NULL;
    if (s->f)
      return 1;
    why = etoro_reason(reason, errno);
    close(fd);
  } else if (rc == ETORO_EIO)
    why = etoro_reason(reason, errno);
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

/* core.open_file(path) -> file, as io.open gives it for reading | nil, reason;
   regular files only: reading anything else may wait for ever */
static int core_open_file(lua_State *L)
{
  size_t n;
  const char *path = luaL_checklstring(L, 1, &n);
  const char *why = "a path holds no zero byte";
  struct stat info;
  int fd = -1, rc = ETORO_EINVAL;
  luaL_Stream *s = push_file(L);
  if (strlen(path) == n)
    rc = etoro_file_open(&fd, &info, path, &why);
  return give_file(L, s, rc, fd, "rb", why);
}

/* core.append_file(path) -> file, as io.open gives it for "a+b" | nil, reason;
   regular files that nobody else has open like this; a new one is its owner's
   alone */
static int core_append_file(lua_State *L)
{
  size_t n;
  const char *path = luaL_checklstring(L, 1, &n);
  const char *why = "a path holds no zero byte";
  int fd = -1, rc = ETORO_EINVAL;
  luaL_Stream *s = push_file(L);
  if (strlen(path) == n)
    rc = etoro_file_append(&fd, path, &why);
  return give_file(L, s, rc, fd, "a+b", why);
}

/* core.cut_file(file, bytes) -> true | nil, reason: leaves an open file no more
   than so many bytes; what is written behind that is added to them */
static int core_cut_file(lua_State *L)
{
  const luaL_Stream *s = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  lua_Integer size = luaL_checkinteger(L, 2);
  luaL_argcheck(L, s->closef != NULL, 1, "the file is closed");
  luaL_argcheck(L, size >= 0, 2, "bytes");
  return luaL_fileresult(L, !ftruncate(fileno(s->f), (off_t)size), NULL);
}

/* core.has_path(file) -> boolean: an open file can still be found; false for
   one that was removed */
static int core_has_path(lua_State *L)
{
  const luaL_Stream *s = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  struct stat info;
  luaL_argcheck(L, s->closef != NULL, 1, "the file is closed");
  lua_pushboolean(L, !fstat(fileno(s->f), &info) && info.st_nlink > 0);
  return 1;
}

/* core.make_dir(path) -> true | nil, message; one that is there will do */
static int core_make_dir(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  char reason[ETORO_REASON_MAX];
  struct stat found;
  int error = mkdir(path, 0700) ? errno : 0;
  if (error == EEXIST && !stat(path, &found))
    error = S_ISDIR(found.st_mode) ? 0 : ENOTDIR;
  if (!error) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path, etoro_reason(reason, error));
  return 2;
}

/* core.write_file(path, text) -> true | nil, message; in the place of a file that
   is there, and on the disk */
static int core_write_file(lua_State *L)
{
  size_t n;
  const char *path = luaL_checkstring(L, 1);
  const char *text = luaL_checklstring(L, 2, &n);
  char reason[ETORO_REASON_MAX];
  int rc = etoro_file_replace(path, text, n);
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

static void add_feature(lua_State *L, const char *name, int is_there)
{
  lua_pushboolean(L, is_there != 0);
  lua_setfield(L, -2, name);
}

/* core.features() -> table of what the libraries beneath can do */
static int core_features(lua_State *L)
{
  const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
  lua_newtable(L);
  lua_pushstring(L, v->version);
  lua_setfield(L, -2, "libcurl");
  lua_pushstring(L, v->ssl_version ? v->ssl_version : "none");
  lua_setfield(L, -2, "tls");
  add_feature(L, "http2", v->features & CURL_VERSION_HTTP2);
  add_feature(L, "gzip", strstr(etoro_unpack_offer(), "gzip") != NULL);
  add_feature(L, "brotli", strstr(etoro_unpack_offer(), "br") != NULL);
  add_feature(L, "async_dns", v->features & CURL_VERSION_ASYNCHDNS);
  add_feature(L, "quick_exit", v->version_num >= 0x075700);
  add_feature(L, "websocket", etoro_frames_can());
  return 1;
}

static const luaL_Reg functions[] = {
  { "append_file", core_append_file },
  { "base", core_base },
  { "cut_file", core_cut_file },
  { "escape", core_escape },
  { "features", core_features },
  { "has_path", core_has_path },
  { "http_date", core_http_date },
  { "is_header", core_is_header },
  { "is_uuid", core_is_uuid },
  { "make_dir", core_make_dir },
  { "open_file", core_open_file },
  { "monotonic", core_monotonic },
  { "now", core_now },
  { "path_steps", core_path_steps },
  { "uuid", core_uuid },
  { "write_file", core_write_file },
  { NULL, NULL },
};

static const luaL_Reg buf_methods[] = { { NULL, NULL } };

static const luaL_Reg buf_metamethods[] = { { "__gc", buf_gc },
                                            { NULL, NULL } };

__attribute__((visibility("default"))) int luaopen_etoro_core(lua_State *L);

int luaopen_etoro_core(lua_State *L)
{
  luaL_checkversion(L);
  pthread_once(&curl_once, start_curl);
  luaL_newlib(L, functions);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  letoro_type(L, "etoro.buf", buf_methods, buf_metamethods);
  letoro_open_secret(L);
  letoro_open_json(L);
  letoro_open_decode(L);
  letoro_open_reply(L);
  letoro_open_encode(L);
  letoro_open_text(L);
  letoro_open_form(L);
  letoro_open_journal(L);
  letoro_open_job(L);
  letoro_open_client(L);
  letoro_open_stream(L);
  letoro_open_engine(L);
  letoro_open_market(L);
  letoro_open_quote(L);
  letoro_open_watch(L);
  return 1;
}
