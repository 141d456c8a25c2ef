#ifndef ETORO_LJSON_H
#define ETORO_LJSON_H

#include "binding/lcompat.h"

/* As long as the marks of a scan can make n bytes. */
#define LETORO_SCAN_MAX(n) (4 * (n) + 4096)

/* Scans n bytes and pushes text, secrets or nil, needs_restore: 3; or the
   failure of letoro_fail. The bytes must stay owned while it runs. */
int letoro_scan(lua_State *L, const char *text, size_t n, size_t max);

#endif
