#include "core/engine/codes.h"

#include "core/names.h"

const char *etoro_state_name(enum etoro_state state)
{
  static const char *const texts[] = { ETORO_STATES(ETORO_TEXT) };
  return texts[state];
}

const char *etoro_code_name(enum etoro_code code)
{
  static const char *const texts[] = { ETORO_CODES(ETORO_TEXT) };
  return texts[code];
}
