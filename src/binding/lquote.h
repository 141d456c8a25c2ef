#ifndef ETORO_LQUOTE_H
#define ETORO_LQUOTE_H

#include "binding/lcompat.h"

/* Where pushes are merged; places on the stack. */
struct letoro_quotes {
  int quotes;  /* by instrument */
  int waiting; /* which of them wait for their reader */
  lua_Number now;   /* seconds since 1970 when it came */
  lua_Number heard; /* the same on a clock that nobody sets */
};

enum letoro_pushed {
  LETORO_PUSH_OTHER, /* it is another text, and nothing is done */
  LETORO_PUSH_OLD,   /* nothing new */
  LETORO_PUSH_ADDED, /* to a quote that waits; pushes that */
  LETORO_PUSH_NEW    /* to one that did not, and waits now; pushes that */
};

/* Merges a push that holds one message of an instrument in the quotes, and
   nothing else. Behind the n bytes stands a zero byte. May raise for want of
   memory. */
enum letoro_pushed letoro_quote_push(lua_State *L, const char *text, size_t n,
                                     const struct letoro_quotes *to);

/* Adds what merges pushed prices to the module table at the top. */
void letoro_open_quote(lua_State *L);

#endif
