/* Text and numbers as protocols and files mean them. What Lua's own string
   library, tonumber and < make of them is up to the process's locale, which
   the host may change at any time. */
#include "binding/ltext.h"
#include "binding/ltype.h"

#include <math.h>
#include <string.h>

#include "core/bytes/ascii.h"
#include "core/bytes/decimal.h"
#include "core/bytes/reason.h"
#include "core/limits.h"
#include "core/status.h"

static int push_mapped(lua_State *L, char (*map)(char))
{
  size_t i, n;
  const char *text = luaL_checklstring(L, 1, &n);
  luaL_Buffer b;
  char *out;
  for (i = 0; i < n && map(text[i]) == text[i]; i++)
    continue;
  if (i == n) { /* most often: no new string */
    lua_settop(L, 1);
    return 1;
  }
  out = luaL_buffinitsize(L, &b, n);
  memcpy(out, text, i);
  for (; i < n; i++)
    out[i] = map(text[i]);
  luaL_pushresultsize(&b, n);
  return 1;
}

/* core.lower(text) -> text: A to Z alone become a to z */
static int core_lower(lua_State *L)
{
  return push_mapped(L, etoro_lower);
}

/* core.upper(text) -> text */
static int core_upper(lua_State *L)
{
  return push_mapped(L, etoro_upper);
}

/* core.before(a, b) -> boolean: for sorting; numbers by value and in front of
   texts, texts by their bytes */
static int core_before(lua_State *L)
{
  size_t na, nb;
  const char *a, *b;
  int order, is_a = lua_type(L, 1) == LUA_TNUMBER;
  if (is_a || lua_type(L, 2) == LUA_TNUMBER) {
    lua_pushboolean(L, lua_type(L, 2) == LUA_TNUMBER
                           ? is_a && lua_compare(L, 1, 2, LUA_OPLT)
                           : is_a);
    return 1;
  }
  a = luaL_tolstring(L, 1, &na);
  b = luaL_tolstring(L, 2, &nb);
  order = memcmp(a, b, na < nb ? na : nb);
  lua_pushboolean(L, order ? order < 0 : na < nb);
  return 1;
}

/* core.precedes(date, limit) -> boolean: whether a date is surely before a
   moment that is written as 2026-12-31T23:59:59. Only what is written like
   that, with a fraction perhaps, in UTC, of a year after 999, is sure. */
static int core_precedes(lua_State *L)
{
  size_t n = 0, m, second = sizeof "2026-12-31T23:59:59" - 1;
  const char *date =
      lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &n) : NULL;
  const char *limit = luaL_checklstring(L, 2, &m);
  lua_pushboolean(L, date && m == second && n >= second && date[0] != '0'
                         && date[10] == 'T'
                         && (n == second || date[n - 1] == 'Z')
                         && memcmp(date, limit, second) < 0);
  return 1;
}

static int is_blank(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether the n bytes are a whole number that 64 bits hold. */
static int to_integer(const char *text, size_t n, lua_Integer *out)
{
  const lua_Unsigned most = LUA_MAXINTEGER;
  int is_negative = n && *text == '-';
  size_t i = n && (*text == '-' || *text == '+');
  lua_Unsigned v = 0;
  if (i == n)
    return 0;
  for (; i < n; i++) {
    lua_Unsigned digit = (lua_Unsigned)(text[i] - '0');
    if (!etoro_is_digit(text[i])
        || v > (most + (lua_Unsigned)is_negative - digit) / 10)
      return 0;
    v = v * 10 + digit;
  }
  *out = (lua_Integer)(is_negative ? 0 - v : v);
  return 1;
}

/* core.number(value) -> number | nil: what a decimal text says, blanks around
   it apart; a number is itself, any other value nil */
static int core_number(lua_State *L)
{
  size_t n;
  const char *text;
  lua_Integer whole;
  double v;
  int rc;
  luaL_checkany(L, 1);
  luaL_argcheck(L, lua_isnoneornil(L, 2), 2, "numbers are decimal");
  lua_settop(L, 1);
  if (lua_type(L, 1) == LUA_TNUMBER)
    return 1;
  if (lua_type(L, 1) != LUA_TSTRING) {
    lua_pushnil(L);
    return 1;
  }
  text = lua_tolstring(L, 1, &n);
  for (; n && is_blank(text[n - 1]); n--)
    ;
  for (; n && is_blank(*text); n--)
    text++;
  if (to_integer(text, n, &whole)) {
    lua_pushinteger(L, whole);
    return 1;
  }
  rc = etoro_decimal_read(&v, text, n);
  if (rc == ETORO_ENOMEM)
    return letoro_fail(L, rc, NULL);
  if (rc)
    lua_pushnil(L);
  else
    lua_pushnumber(L, v);
  return 1;
}

static int push_written(lua_State *L, const char *text, size_t n)
{
  if (!n)
    return letoro_fail(L, ETORO_ENOMEM, NULL);
  lua_pushlstring(L, text, n);
  return 1;
}

static int push_strange(lua_State *L, double v)
{
  const char *name = isnan(v) ? "-nan" : "-inf"; /* as C writes them */
  lua_pushstring(L, signbit(v) ? name : name + 1);
  return 1;
}

/* core.fixed(number, digits) -> text with so many digits behind the point */
static int core_fixed(lua_State *L)
{
  char out[ETORO_DECIMAL_MAX];
  double v = luaL_checknumber(L, 1);
  lua_Integer digits = luaL_checkinteger(L, 2);
  luaL_argcheck(L, digits >= 0 && digits <= ETORO_FIXED_DIGITS_MAX, 2,
                "0 to 20 expected");
  if (!isfinite(v))
    return push_strange(L, v);
  return push_written(L, out, etoro_decimal_fixed(out, v, (int)digits));
}

/* core.figure(number, digits | nil) -> text: an integer whole, a float with at
   most so many significant digits (14), as %g writes it */
static int core_figure(lua_State *L)
{
  char out[ETORO_DECIMAL_MAX];
  double v = luaL_checknumber(L, 1);
  lua_Integer digits = luaL_optinteger(L, 2, ETORO_FIGURE_DIGITS);
  luaL_argcheck(L, digits >= 1 && digits <= ETORO_FIGURE_DIGITS_MAX, 2,
                "1 to 17 expected");
  if (lua_isinteger(L, 1)) {
    lua_pushvalue(L, 1);
    lua_tolstring(L, -1, NULL);
    return 1;
  }
  if (!isfinite(v))
    return push_strange(L, v);
  return push_written(L, out, etoro_decimal_general(out, v, (int)digits));
}

/* core.text(value) -> text: what Lua's tostring gives under the C locale */
static int core_text(lua_State *L)
{
  char out[ETORO_DECIMAL_MAX];
  size_t n;
  double v;
  luaL_checkany(L, 1);
  if (lua_type(L, 1) == LUA_TSTRING) {
    lua_settop(L, 1);
    return 1;
  }
  if (lua_type(L, 1) != LUA_TNUMBER || lua_isinteger(L, 1)) {
    luaL_tolstring(L, 1, NULL);
    return 1;
  }
  v = lua_tonumber(L, 1);
  if (!isfinite(v))
    return push_strange(L, v);
  n = etoro_decimal_general(out, v, ETORO_FIGURE_DIGITS);
  if (n && strspn(out, "-0123456789") == n) {
    out[n++] = '.'; /* it looks like an integer */
    out[n++] = '0';
  }
  return push_written(L, out, n);
}

/* core.reason(errno) -> text: what io.open and its like mean by their third
   value */
static int core_reason(lua_State *L)
{
  char out[ETORO_REASON_MAX];
  lua_pushstring(L, etoro_reason(out, (int)luaL_checkinteger(L, 1)));
  return 1;
}

static const luaL_Reg functions[] = {
  { "before", core_before }, { "figure", core_figure },
  { "fixed", core_fixed },   { "lower", core_lower },
  { "number", core_number }, { "precedes", core_precedes },
  { "reason", core_reason }, { "text", core_text },
  { "upper", core_upper },   { NULL, NULL },
};

void letoro_open_text(lua_State *L)
{
  luaL_setfuncs(L, functions, 0);
}
