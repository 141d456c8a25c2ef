/* The strings of values: who asks for the same thing once more gets most of them
   once more, and one that is kept need not be hashed by Lua. */
#ifndef ETORO_JSONVALUES_H
#define ETORO_JSONVALUES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/limits.h"

struct etoro_value {
  uint8_t len; /* 0: the slot is free */
  char text[ETORO_VALUE_ROOM];
};

/* Each string that was not kept costs one of credit, each that was gives some:
   where all is new, as in most long lists, looking ends soon. Zeroed, it is
   empty. */
struct etoro_values {
  struct etoro_value slot[ETORO_VALUES_MAX];
  int credit;
  unsigned turn; /* which of two slots the next one goes to */
};

/* A text begins: a few of its strings are looked for in any case. */
static inline void etoro_values_start(struct etoro_values *values)
{
  if (values->credit < ETORO_VALUES_TRIED)
    values->credit = ETORO_VALUES_TRIED;
}

/* 1 when a string of n bytes should be looked for. What is shorter costs Lua
   little, what is longer it does not hash. */
static inline int etoro_values_want(const struct etoro_values *values,
                                    size_t n)
{
  return n >= sizeof(uint64_t) && n <= ETORO_VALUE_ROOM && values->credit > 0;
}

/* The first of the two slots that such a string may be in: by its first bytes,
   its last ones, and those between, since ids differ anywhere and dates in the
   midst. */
static inline unsigned etoro_values_pair(const char *p, size_t n)
{
  uint64_t first, mid, last;
  memcpy(&first, p, sizeof first);
  memcpy(&mid, p + (n - sizeof mid) / 2, sizeof mid);
  memcpy(&last, p + n - sizeof last, sizeof last);
  first ^= (mid << 21 | mid >> 43) ^ (last << 42 | last >> 22);
  first = (first ^ first >> 32) * UINT64_C(0x9e3779b97f4a7c15);
  return (unsigned)(first >> 48) % (ETORO_VALUES_MAX / 2) * 2;
}

static inline int etoro_values_is(const struct etoro_values *values,
                                  unsigned slot, const char *p, size_t n)
{
  const struct etoro_value *one = &values->slot[slot];
  return one->len == n && !memcmp(one->text, p, n);
}

/* The string's slot; *is_known: it is kept there. */
static inline unsigned etoro_values_find(struct etoro_values *values,
                                         const char *p, size_t n,
                                         int *is_known)
{
  unsigned slot = etoro_values_pair(p, n);
  *is_known = 1;
  if (!etoro_values_is(values, slot, p, n)
      && !etoro_values_is(values, ++slot, p, n)) {
    *is_known = 0;
    values->credit--;
    return slot - (values->turn++ & 1);
  }
  if (values->credit < ETORO_VALUES_MAX)
    values->credit += ETORO_VALUES_GAIN;
  return slot;
}

static inline void etoro_values_keep(struct etoro_values *values,
                                     unsigned slot, const char *p, size_t n)
{
  struct etoro_value *one = &values->slot[slot];
  memcpy(one->text, p, n);
  one->len = (uint8_t)n;
}

#endif
