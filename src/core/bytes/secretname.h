/* The names under which JSON and forms carry secrets, in any spelling: letters
   in either case, with or without _ - . or a blank between them. */
#ifndef ETORO_SECRETNAME_H
#define ETORO_SECRETNAME_H

#include <stddef.h>

/* 1 when a name may be one, by its last two letters: this is asked of every
   string of an answer. All of them end as "token", "key" or "secret" do. */
static inline int etoro_secretname_hint(const char *end)
{
  char last = (char)(end[-1] | 0x20);
  return (end[-2] | 0x20) == 'e'
         && (last == 'n' || last == 't' || last == 'y' || last == 'r');
}

/* 1 when the n bytes are such a name. */
int etoro_secretname_is(const char *name, size_t n);

/* 1 when what lies between start and end ends with such a name. */
int etoro_secretname_ends(const char *start, const char *end);

/* 1 when c may stand between the letters of one. */
int etoro_secretname_gap(char c);

#endif
