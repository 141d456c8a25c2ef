/* What lua-cjson leaves to do before an encode: exact decimals. */
#include "binding/ljson.h"
#include "binding/ltype.h"

#include <math.h>

#include "core/bytes/decimal.h"
#include "core/status.h"

/* core.json_number(float) -> string: the shortest plain decimal that reads
   back as the same double; raises for inf and nan */
static int core_json_number(lua_State *L)
{
  double v = luaL_checknumber(L, 1);
  char out[ETORO_DECIMAL_MAX];
  size_t n;
  luaL_argcheck(L, isfinite(v), 1, "not a finite number");
  n = etoro_decimal_shortest(out, v);
  if (!n)
    return letoro_fail(L, ETORO_ENOMEM, NULL);
  lua_pushlstring(L, out, n);
  return 1;
}

static const luaL_Reg functions[] = {
  { "json_number", core_json_number },
  { NULL, NULL },
};

void letoro_open_json(lua_State *L)
{
  luaL_setfuncs(L, functions, 0);
}
