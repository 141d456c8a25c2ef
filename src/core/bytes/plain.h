/* The C locale for the calling thread, for as long as something is written or
   read that must be the same for everybody. */
#ifndef ETORO_PLAIN_H
#define ETORO_PLAIN_H

#include <locale.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

struct etoro_plain {
  locale_t own, before;
};

/* 1, or 0 when memory is short: then there is nothing to leave. */
static inline int etoro_plain_enter(struct etoro_plain *p)
{
  p->own = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!p->own)
    return 0;
  p->before = uselocale(p->own);
  return 1;
}

static inline void etoro_plain_leave(struct etoro_plain *p)
{
  uselocale(p->before);
  freelocale(p->own);
}

#endif
