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
#include "core/json/jsonvalues.h"
#include "core/status.h"

/* What stays from one text to the next, one for each Lua state. */
struct letoro_decoder {
  struct etoro_names names;
  struct etoro_values values;
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
  int values;      /* the same */
  int list_type;   /* the same */
  int keep_null;   /* in objects, too */
  int is_plain;    /* nothing is sealed or masked */
  int depth;
  int used; /* slots of Lua's stack, at most, and those that there are */
  int room;
  int secrets;
};

/* All that read give ETORO_OK with one value pushed, or a status with any. */

/* A number or a word. */
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

/* Pushes the n bytes at p: the string that is kept where there is one. */
static inline void letoro_push_value(struct letoro_reader *r, const char *p,
                                     size_t n)
{
  struct etoro_values *values = &r->d->values;
  unsigned slot;
  int is_known;
  if (!etoro_values_want(values, n)) {
    lua_pushlstring(r->L, p, n);
    return;
  }
  slot = etoro_values_find(values, p, n, &is_known);
  if (is_known) {
    lua_rawgeti(r->L, r->values, (lua_Integer)slot + 1);
    return;
  }
  lua_pushlstring(r->L, p, n);
  lua_pushvalue(r->L, -1);
  lua_rawseti(r->L, r->values, (lua_Integer)slot + 1);
  etoro_values_keep(values, slot, p, n);
}

/* The string at p, where most have no escapes. */
static inline int letoro_read_string(struct letoro_reader *r)
{
  int has_escapes, rc = ETORO_OK;
  const char *start = r->p + 1;
  const char *q = etoro_json_string_end(start, r->end, &has_escapes);
  if (*q != '"')
    return letoro_string_fails(r, q);
  if (has_escapes)
    rc = letoro_push_escaped(r, start, q);
  else
    letoro_push_value(r, start, (size_t)(q - start));
  r->p = q + 1;
  return rc;
}

static inline void letoro_skip_space(struct letoro_reader *r)
{
  const char *p = r->p;
  while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
    p++;
  r->p = p;
}

/* 1 when the n bytes are at p. */
static inline int letoro_is_at(const struct letoro_reader *r, const char *p,
                               const char *word, size_t n)
{
  return (size_t)(r->end - r->p) >= n && !memcmp(p, word, n);
}

#endif
