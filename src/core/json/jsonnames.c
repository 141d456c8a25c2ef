#include "core/json/jsonnames.h"

#include <string.h>

#include "core/bytes/secretname.h"

unsigned etoro_names_slot(const struct etoro_names *names, const char *p,
                          size_t n, int *is_known)
{
  uint32_t hash = (uint32_t)n;
  const struct etoro_name *name;
  unsigned slot;
  size_t i;
  for (i = 0; i < n; i++)
    hash = (hash ^ (unsigned char)p[i]) * UINT32_C(16777619);
  slot = (hash ^ hash >> 16) % ETORO_NAMES_MAX;
  name = &names->slot[slot];
  *is_known = name->len == n + 1 && !memcmp(name->text, p, n + 1);
  return slot;
}

void etoro_names_keep(struct etoro_names *names, unsigned slot, const char *p,
                      size_t n)
{
  struct etoro_name *name = &names->slot[slot];
  memcpy(name->text, p, n + 1);
  name->len = (uint8_t)(n + 1);
  name->is_secret = (uint8_t)etoro_secretname_is(p, n);
  name->fields = 0;
}

int etoro_names_guess_other(const struct etoro_names *names, const char *p,
                            const char *end)
{
  unsigned other = names->slot[names->last].other;
  return etoro_names_is(names, other, p, end) ? (int)other : -1;
}
