/* The sandbox's prices: lines, and bars of them. */
#include "binding/lmarket.h"

#include <math.h>
#include <string.h>

#include "binding/lfields.h"
#include "binding/ltype.h"
#include "core/limits.h"
#include "core/market/bars.h"
#include "core/market/walk.h"
#include "core/status.h"

#define LINE_TYPE "etoro.core.PriceLine"

/* core.noise(start, wave, k) -> number from -1 to 1 */
static int core_noise(lua_State *L)
{
  lua_pushnumber(L, etoro_walk_noise((int64_t)luaL_checkinteger(L, 1),
                                     (int)luaL_checkinteger(L, 2),
                                     (int64_t)luaL_checkinteger(L, 3)));
  return 1;
}

/* core.price_line{ start, middle, lively, spread, digits } -> line */
static int core_price_line(lua_State *L)
{
  struct etoro_walk *l;
  double start, digits;
  luaL_checktype(L, 1, LUA_TTABLE);
  start = letoro_field_number(L, 1, "start", -1);
  digits = letoro_field_number(L, 1, "digits", -1);
  luaL_argcheck(L, start >= 0 && start < 2147483647, 1, "bad start");
  luaL_argcheck(L, digits >= 0 && digits <= ETORO_WALK_DIGITS, 1,
                "bad digits");
  l = lua_newuserdatauv(L, sizeof *l, 0);
  memset(l, 0, sizeof *l);
  l->start = (int64_t)start;
  l->digits = (int)digits;
  l->middle = letoro_field_number(L, 1, "middle", 1);
  l->lively = letoro_field_number(L, 1, "lively", 1);
  l->spread = letoro_field_number(L, 1, "spread", 0);
  luaL_setmetatable(L, LINE_TYPE);
  return 1;
}

static double check_time(lua_State *L, int index)
{
  double t = luaL_checknumber(L, index);
  luaL_argcheck(L, fabs(t) <= ETORO_WALK_TIME_MAX, index, "bad time");
  return t;
}

/* line:quote(time) -> bid, ask */
static int line_quote(lua_State *L)
{
  struct etoro_walk *l = letoro_self(L, LINE_TYPE);
  double bid, ask, scale = etoro_walk_scale(l);
  etoro_walk_quote(l, check_time(L, 2), &bid, &ask);
  lua_pushnumber(L, bid / scale);
  lua_pushnumber(L, ask / scale);
  return 2;
}

/* line:pin(time, price?) holds the middle price from then on, or lets it walk
   again */
static int line_pin(lua_State *L)
{
  struct etoro_walk *l = letoro_self(L, LINE_TYPE);
  double at = check_time(L, 2), price = luaL_optnumber(L, 3, 0);
  luaL_argcheck(L, price >= 0 && price <= 1e9, 3, "bad price");
  if (etoro_walk_pin(l, at, price))
    return luaL_error(L, "not enough memory");
  return 0;
}

/* What is asked of line:bars. */
struct bars {
  int64_t from, width, count, id;
  double now;
  int64_t price_id; /* at from; what changes hands goes by it */
  enum {
    UNTOLD,
    NONE,
    SOME
  } volume;
  int is_ascending;
};

/* What was seen in the bars, prices in steps. */
struct range {
  double high, low, open, close;
  int64_t volume;
};

static int64_t field_integer(lua_State *L, const char *name)
{
  lua_Integer v;
  lua_getfield(L, 2, name);
  v = luaL_checkinteger(L, -1);
  lua_pop(L, 1);
  return (int64_t)v;
}

static void read_bars(lua_State *L, struct bars *b)
{
  luaL_checktype(L, 2, LUA_TTABLE);
  b->from = field_integer(L, "from");
  b->width = field_integer(L, "width");
  b->count = field_integer(L, "count");
  b->id = field_integer(L, "id");
  b->is_ascending = letoro_field_flag(L, 2, "ascending");
  b->now = letoro_field_number(L, 2, "now", 0);
  lua_getfield(L, 2, "volume");
  b->volume = lua_isnil(L, -1) ? UNTOLD : lua_toboolean(L, -1) ? SOME : NONE;
  b->price_id = b->volume == SOME ? (int64_t)luaL_checkinteger(L, -1) : 0;
  lua_pop(L, 1);
  luaL_argcheck(L, b->id >= 0, 2, "bad id");
  luaL_argcheck(L, b->width > 0 && b->width <= 366 * 86400, 2, "bad width");
  luaL_argcheck(L, b->count > 0 && b->count <= ETORO_WALK_BARS_MAX, 2,
                "bad count");
  luaL_argcheck(L,
                fabs((double)b->from) <= ETORO_WALK_TIME_MAX
                    && fabs(b->now) <= ETORO_WALK_TIME_MAX,
                2, "bad time");
}

static int64_t volume_of(const struct bars *b, int64_t from)
{
  int64_t rest = (b->price_id + (from - b->from) * 4) % 90000;
  if (b->volume != SOME)
    return b->volume == NONE ? 0 : -1;
  return 1000 + (rest < 0 ? rest + 90000 : rest);
}

/* The bar so many places before the newest. */
static void add_bar(lua_State *L, luaL_Buffer *text, struct etoro_walk *l,
                    const struct bars *b, int64_t place, struct range *seen)
{
  int64_t from = b->from - place * b->width, volume = volume_of(b, from);
  struct etoro_bar bar;
  size_t n;
  if (b->width == ETORO_BAR_MINUTE && b->now < (double)(from + b->width))
    etoro_bar_form(&bar, l, (double)from, b->now);
  else
    etoro_bar_make(&bar, l, (double)from,
                   fmin((double)(from + b->width), b->now));
  n = etoro_bar_write(luaL_prepbuffsize(text, ETORO_BAR_ROOM), &bar, l, from,
                      (uint64_t)b->id, volume);
  if (!n)
    luaL_error(L, "no calendar has that time");
  luaL_addsize(text, n);
  seen->high = fmax(seen->high, bar.high);
  seen->low = fmin(seen->low, bar.low);
  if (volume > 0)
    seen->volume += volume;
  if (place == b->count - 1)
    seen->open = bar.open;
  if (place == 0)
    seen->close = bar.close;
}

/* line:bars{ from, width, count, now, id, volume?, ascending? } -> text, high,
   low, open, close, volume: the newest bar begins at from and may still be
   forming; text is their list in JSON. volume is the price's id at from, false
   where nothing changes hands, nil where it is not told. */
static int line_bars(lua_State *L)
{
  struct etoro_walk *l = letoro_self(L, LINE_TYPE);
  double scale = etoro_walk_scale(l);
  struct range seen = { 0, HUGE_VAL, 0, 0, 0 };
  struct bars b;
  luaL_Buffer text;
  int64_t i;
  read_bars(L, &b);
  luaL_buffinit(L, &text);
  luaL_addchar(&text, '[');
  for (i = 0; i < b.count; i++) {
    if (i)
      luaL_addchar(&text, ',');
    add_bar(L, &text, l, &b, b.is_ascending ? b.count - 1 - i : i, &seen);
  }
  luaL_addchar(&text, ']');
  luaL_pushresult(&text);
  lua_pushnumber(L, seen.high / scale);
  lua_pushnumber(L, seen.low / scale);
  lua_pushnumber(L, seen.open / scale);
  lua_pushnumber(L, seen.close / scale);
  lua_pushinteger(L, (lua_Integer)seen.volume);
  return 6;
}

static int line_gc(lua_State *L)
{
  etoro_walk_free(luaL_checkudata(L, 1, LINE_TYPE));
  return 0;
}

static const luaL_Reg functions[] = { { "noise", core_noise },
                                      { "price_line", core_price_line },
                                      { NULL, NULL } };

static const luaL_Reg methods[] = { { "bars", line_bars },
                                    { "pin", line_pin },
                                    { "quote", line_quote },
                                    { NULL, NULL } };

static const luaL_Reg metamethods[] = { { "__gc", line_gc }, { NULL, NULL } };

void letoro_open_market(lua_State *L)
{
  letoro_type(L, LINE_TYPE, methods, metamethods);
  luaL_setfuncs(L, functions, 0);
}
