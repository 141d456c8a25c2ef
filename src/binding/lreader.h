/* Between the two halves of the decoder: what reads strings, numbers and words,
   and what reads lists and objects. Lua code may run whenever something is made
   for Lua (a collector's finalizers), and may decode in turn: so nothing that
   the decoder shares is relied on beyond such a place. */
#ifndef ETORO_LREADER_H
#define ETORO_LREADER_H

#include "binding/lcompat.h"

#include <string.h>

#include "core/bytes/buf.h"
#include "core/json/jsonlex.h"
#include "core/json/jsonnames.h"

/* What stays from one text to the next, one for each Lua state. */
struct letoro_decoder {
  struct etoro_names names;
  struct etoro_buf scratch; /* strings whose escapes are undone */
  int owed; /* KB that were made while the collector was held still */
};

struct letoro_reader {
  lua_State *L;
  struct letoro_decoder *d;
  const char *text; /* what is read; a zero byte behind it, at end */
  const char *end;
  const char *raw; /* the same with what was masked: for secrets */
  const char *p;
  const char *why; /* what is wrong at p; static */
  int names;       /* index on the stack */
  int list_type;   /* the same */
  int keep_null;   /* in objects, too */
  int is_plain;    /* nothing is sealed or masked */
  int depth;
  int secrets;
};

/* All that read give ETORO_OK with one value pushed, or a status with any. */

/* A value that is no list or object. */
int letoro_read_scalar(struct letoro_reader *r);

/* The same under a secret's name, read where nothing has been masked. */
int letoro_read_sealed(struct letoro_reader *r);

/* Pushes the string between p and end, which has escapes. */
int letoro_push_escaped(struct letoro_reader *r, const char *p,
                        const char *end);

/* ETORO_ESYNTAX, and why: what is wrong; at the reader's place, where the end
   and a zero byte have words of their own; a string that breaks off at q. */
int letoro_read_fails(struct letoro_reader *r, const char *why);
int letoro_read_fails_here(struct letoro_reader *r, const char *why);
int letoro_string_fails(struct letoro_reader *r, const char *q);

static inline void letoro_skip_space(struct letoro_reader *r)
{
  const char *p = r->p;
  while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
    p++;
  r->p = p;
}

/* The closing quote of the string whose content starts at p; the place at which
   it breaks off when it has none, or holds what no string may. */
static inline const char *letoro_string_end(const char *p, const char *end,
                                            int *has_escapes)
{
  *has_escapes = 0;
  for (;;) {
    p = etoro_json_string_stop(p, end);
    if (*p != '\\' || !p[1])
      return p;
    *has_escapes = 1;
    p += 2;
  }
}

/* 1 when the n bytes are at p. */
static inline int letoro_is_at(const struct letoro_reader *r, const char *p,
                               const char *word, size_t n)
{
  return (size_t)(r->end - r->p) >= n && !memcmp(p, word, n);
}

#endif
